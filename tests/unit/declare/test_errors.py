"""Messages for users: where, what was found, what is allowed, and the nearest name."""

import pickle

import pytest

from communize.declare.errors import CommunizeError, InputError, InvariantViolation, nearest_name


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            InputError("force.rate", -1, "0 to 1", nearest="force.rate_arrest", file="a.toml"),
            "a.toml: force.rate: found -1; allowed: 0 to 1 (did you mean force.rate_arrest?)",
        ),
        (InputError("force.rate", "x", "a number"), "force.rate: found 'x'; allowed: a number"),
        (InputError("", None, "a table", file="a.toml"), "a.toml: found None; allowed: a table"),
        (InputError("", [], "a table"), "input: found []; allowed: a table"),
    ],
)
def test_message_names_place_value_and_remedy(error, message):
    assert str(error) == message


def test_message_keeps_what_was_found_to_eighty_characters():
    assert f"found {'x' * 78!r};" in str(InputError("a", "x" * 78, "b"))
    found = str(InputError("a", "x" * 79, "b")).split("found ")[1].split(";")[0]
    assert found == "'" + "x" * 37 + "..." + "x" * 38 + "'"
    assert len(found) == 80


def test_in_file_adds_the_file_once():
    error = InputError("a.b", 3, "0 to 1", "a.c")
    named = error.in_file("x.toml")
    assert str(named) == "x.toml: a.b: found 3; allowed: 0 to 1 (did you mean a.c?)"
    assert named.in_file("y.toml").file == "x.toml"
    assert error.file is None


def test_errors_cross_processes():
    error = InputError("a.b", 3, "0 to 1", "a.c", "x.toml")
    twin = pickle.loads(pickle.dumps(error))
    assert type(twin) is InputError
    assert (str(twin), twin.path, twin.found) == (str(error), "a.b", 3)


def test_one_base_catches_all_errors_made_on_purpose():
    assert issubclass(InputError, CommunizeError)
    assert issubclass(InvariantViolation, CommunizeError)
    assert not issubclass(InvariantViolation, InputError)


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        ("wokers", "workers"),
        ("WORKERS", "workers"),
        ("rate arrest", "rate_arrest"),
        ("ratearest", "rate_arrest"),
        ("gdp", "GDP"),
        ("zzzz", None),
        ("", None),
        (7, None),
    ],
)
def test_nearest_name(typed, nearest):
    assert nearest_name(typed, iter(["workers", "walkers", "rate_arrest", "GDP"])) == nearest


def test_nearest_name_of_nothing_is_none():
    assert nearest_name("workers", []) is None
