"""Values as they are typed after --vary."""

import pytest

import communize as cz
from communize.experiment.vary import grid, parse_vary


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1:5:3", [1, 3, 5]), ("1:2:3", [1.0, 1.5, 2.0]), ("0:0.3:4", [0.0, 0.1, 0.2, 0.3]), ("5:1:3", [5, 3, 1]), ("1,2.5,4", [1, 2.5, 4]),
        ("true,false", [True, False]), ("logistic,threshold", ["logistic", "threshold"]), ('"a,b","c"', ["a,b", "c"]), ("[1,2],[3]", [[1, 2], [3]]), ("7", [7]),
    ],
)  # fmt: skip
def test_values(text, values):
    found = parse_vary([f"a.b={text}"])["a.b"]
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


@pytest.mark.parametrize("wrong", ["a.b", "=1,2", "a.b=", "a.b=1:2:1", "a.b=1:2:x", "a.b=x:2:3", "a.b=1:nan:3", "a.b=1:2:9999999"])
def test_wrong_values(wrong):
    with pytest.raises(cz.InputError, match="--vary"):
        parse_vary([wrong])


def test_a_path_or_a_value_twice():
    with pytest.raises(cz.InputError, match="each path once"):
        parse_vary(["a=1,2", "a=3"])
    with pytest.raises(cz.InputError, match="each value once"):
        grid({"a": [1, 2, 1]})
    with pytest.raises(cz.InputError, match="a list of values"):
        grid({"a": []})


def test_grid():
    assert grid({"a": [1, 2], "b": ["x", "y"]}) == [{"a": 1, "b": "x"}, {"a": 1, "b": "y"}, {"a": 2, "b": "x"}, {"a": 2, "b": "y"}]
    assert grid({}) == [{}]
