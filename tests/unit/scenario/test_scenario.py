"""A scenario never changes, and neither does what it was made from."""

import copy

import communize as cz

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
