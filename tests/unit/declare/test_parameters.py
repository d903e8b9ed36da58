"""Parameters: what is refused, and what is told about each."""

import math
from typing import Literal

import pytest
from pydantic import ValidationError

from communize.declare.parameters import Parameters, describe, parameter


class Inner(Parameters):
    share: float = parameter(0.5, unit="1", range=(0.0, 1.0))


class Example(Parameters):
    rate: float = parameter(
        0.2,
        unit="1/day",
        range=(0.0, 1.0),
        source="https://doi.org/10.1000/1",
        meaning="How often.",
        plausible=(0.1, 0.4),
    )
    n_people: int = parameter(10, unit="people", range=(1, None))
    below: float = parameter(-3.0, unit="1", range=(None, 0.0))
    free: float = parameter(1.0, unit="1")
    mode: Literal["all", "none"] = parameter("all", unit="name", source="definition")
    switch: bool = parameter(True, unit="name", source="definition")
    inner: Inner = parameter(Inner(), unit="table")
    weights: dict[str, float] = parameter({"a": 1.0}, unit="table")


class Needed(Parameters):
    name: str = parameter(unit="name")
    height: float = parameter(unit="m", range=(0.0, None))


def problem(model=Example, **values):
    """Type and place of the one problem that pydantic finds."""
    with pytest.raises(ValidationError) as caught:
        model(**values)
    (error,) = caught.value.errors()
    return error["type"], error["loc"]


def test_defaults_hold_if_nothing_is_said():
    example = Example()
    assert (example.rate, example.n_people, example.mode, example.switch) == (0.2, 10, "all", True)
    assert example.inner.share == 0.5
    assert example.weights == {"a": 1.0}


def test_values_within_range_are_kept():
    example = Example(rate=1.0, n_people=1, below=0.0, free=-1e300, mode="none", inner=Inner(share=0.0))
    assert (example.rate, example.n_people, example.below, example.free) == (1.0, 1, 0.0, -1e300)
    assert (example.mode, example.inner.share) == ("none", 0.0)


def test_a_whole_number_serves_as_a_float():
    assert Example(rate=1).rate == 1.0


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"rate": -1e-9}, "greater_than_equal"),
        ({"rate": 1.0000001}, "less_than_equal"),
        ({"n_people": 0}, "greater_than_equal"),
        ({"below": 1e-9}, "less_than_equal"),
        ({"rate": "0.3"}, "float_type"),
        ({"rate": None}, "float_type"),
        ({"n_people": 3.0}, "int_type"),
        ({"n_people": True}, "int_type"),
        ({"n_people": "3"}, "int_type"),
        ({"switch": 1}, "bool_type"),
        ({"switch": "true"}, "bool_type"),
        ({"mode": "some"}, "literal_error"),
        ({"free": math.nan}, "finite_number"),
        ({"free": math.inf}, "finite_number"),
        ({"free": -math.inf}, "finite_number"),
        ({"rates": 0.3}, "extra_forbidden"),
        ({"inner": 3}, "model_type"),
    ],
    ids=str,
)
def test_wrong_values_and_unknown_keys_are_refused(values, kind):
    (name,) = values
    assert problem(**values) == (kind, (name,))


def test_problems_inside_a_table_are_placed_there():
    assert problem(inner={"share": 2.0}) == ("less_than_equal", ("inner", "share"))
    assert problem(inner={"shares": 0.2}) == ("extra_forbidden", ("inner", "shares"))
    assert problem(weights={"a": math.nan}) == ("finite_number", ("weights", "a"))


def test_parameters_without_default_must_be_given():
    assert problem(Needed, height=1.0) == ("missing", ("name",))
    assert problem(Needed, name="x", height=-1.0) == ("greater_than_equal", ("height",))


def test_parameters_are_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        Example().rate = 0.3


def test_a_default_table_is_not_shared():
    Example().weights["b"] = 2.0
    try:
        assert Example().weights == {"a": 1.0}
    finally:
        Example().weights.pop("b", None)


def test_describe_tells_all_of_a_parameter():
    rows = {row["name"]: row for row in describe(Example)}
    assert list(rows) == ["rate", "n_people", "below", "free", "mode", "switch", "inner", "weights"]
    assert rows["rate"] == {
        "name": "rate",
        "default": 0.2,
        "required": False,
        "unit": "1/day",
        "range": (0.0, 1.0),
        "plausible": (0.1, 0.4),
        "source": "https://doi.org/10.1000/1",
        "meaning": "How often.",
        "annotation": float,
    }


def test_describe_fills_in_what_was_not_said():
    rows = {row["name"]: row for row in describe(Example)}
    assert rows["n_people"]["plausible"] == rows["n_people"]["range"] == (1, None)
    assert (rows["free"]["range"], rows["free"]["plausible"]) == (None, None)
    assert (rows["free"]["source"], rows["free"]["meaning"]) == ("assumed", "")
    assert rows["weights"]["default"] == {"a": 1.0}
    assert rows["inner"]["default"] == Inner()


def test_describe_tells_what_is_required():
    assert [row["required"] for row in describe(Needed)] == [True, True]
    assert not any(row["required"] for row in describe(Example))
