"""A scenario never changes, and neither does what it was made from."""

import copy

import pytest

import communize as cz
from communize.scenario.check import check_scenario

VALUES = {"scenario": {"name": "mine"}, "measures": {"seed": [{"day": 1, "needs": ["food"], "count": 2}]}}


def test_changing_into_what_is_given_in_the_same_call_leaves_the_callers_values_alone():
    seeds = [{"day": 1, "needs": ["food"], "count": 2}]
    before = copy.deepcopy(seeds)
    scenario = cz.Scenario({"scenario": {"name": "mine"}}).replace({"measures.seed": seeds, "measures.seed[0].count": 7})
    assert scenario.tables.measures.seed[0].count == 7
    assert seeds == before


def test_a_scenario_keeps_its_values_whatever_becomes_of_what_it_was_made_from():
    values = copy.deepcopy(VALUES)
    scenario = cz.Scenario(values)
    set_before, hash_before = scenario.set_values(), scenario.hash
    values["measures"]["seed"][0]["count"] = 99
    values["scenario"]["name"] = "yours"
    assert (scenario.set_values(), scenario.hash) == (set_before, hash_before)
    assert scenario.replace({"run.seed": 3}).name == "mine"


def test_a_change_leaves_the_scenario_that_it_was_made_from_alone():
    scenario = cz.Scenario(copy.deepcopy(VALUES))
    hash_before = scenario.hash
    other = scenario.replace({"measures.seed[0].count": 5})
    assert (scenario.tables.measures.seed[0].count, other.tables.measures.seed[0].count) == (2, 5)
    assert scenario.hash == hash_before != other.hash


@pytest.mark.parametrize(("only", "core", "warned"), [([], True, False), (["economy"], True, False), (["economy"], False, True), (["measures"], True, True)])
def test_a_scenario_in_which_nothing_can_happen_is_warned_of(only, core, warned):
    found = check_scenario(cz.load("restructured").replace({"scenario.only": only, "economy.core": core}))["warnings"]
    assert ("struggle is switched off: nothing will happen" in found) == warned
