"""`scenario.only`: the mechanisms that work, all others being off."""

import pytest
from worlds import lively

import communize as cz


def working(scenario):
    return {mechanism.name for mechanism in scenario.mechanisms()}


def test_only_the_mechanisms_named_work_and_the_reckoning():
    assert working(lively(**{"scenario.only": ["struggle", "force"]})) == {"shock", "struggle", "force", "reckoning"}


def test_a_mechanism_that_is_off_by_default_works_where_it_is_named():
    assert "neutral" in working(lively(**{"scenario.only": ["measures", "neutral"]}))


def test_none_named_leaves_every_switch_as_it_is():
    assert working(lively(**{"scenario.only": []})) == working(lively())


def test_it_can_be_changed_later_and_is_inherited(tmp_path):
    first = lively(**{"scenario.only": ["struggle"]})
    assert working(first.replace({"scenario.only": ["acts", "struggle"]})) == {"shock", "struggle", "acts", "reckoning"}
    (tmp_path / "mine.toml").write_text('[scenario]\nname = "mine"\nbased_on = "sir"\n')
    assert working(cz.load(tmp_path / "mine.toml")) == {"shock", "struggle", "reckoning"}


def test_it_equals_the_switches_and_decides_the_hash():
    only = cz.load("restructured").replace({"scenario.only": ["struggle"], "society.people": 2_000})
    every = working(cz.load("restructured")) - {"shock", "reckoning", "struggle"}
    switched = cz.load("restructured").replace({"society.people": 2_000} | {f"{name}.enabled": False for name in every})
    assert cz.run(only, days=5).info["state_hash"] == cz.run(switched, days=5).info["state_hash"]
    assert only.hash == switched.hash != cz.load("restructured").replace({"society.people": 2_000}).hash


def test_the_resolved_scenario_runs_again(tmp_path):
    first = cz.run(cz.load("watts-2002").replace({"society.people": 500}), days=3)
    first.save(tmp_path / "one")
    again = cz.run(tmp_path / "one" / "scenario.toml")
    assert again.info["state_hash"] == first.info["state_hash"]
    assert again.scenario.hash == first.scenario.hash


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scenario.only": ["strugle"]}, ["scenario.only[0]", "'strugle'", "did you mean struggle?"]),
        ({"scenario.only": ["struggle", 3]}, ["scenario.only[1]", "found 3"]),
        ({"scenario.only": "struggle"}, ["scenario.only", "found 'struggle'"]),
        ({"scenario.only": ["struggle"], "acts.enabled": True}, ["acts.enabled", "found True", "does not name acts"]),
        ({"scenario.only": ["acts"], "acts.enabled": False}, ["acts.enabled", "found False", "names acts"]),
        ({"scenario.only": ["reckoning"]}, ["scenario.only[0]", "'reckoning'"]),
    ],
)
def test_contradictions_are_named(changes, words):
    values = {"scenario": {"name": "x"}}
    for path, value in changes.items():
        table, key = path.split(".")
        values.setdefault(table, {})[key] = value
    with pytest.raises(cz.InputError) as caught:
        cz.Scenario(values, "mine.toml")
    assert all(word in str(caught.value) for word in ["mine.toml", *words]), str(caught.value)
