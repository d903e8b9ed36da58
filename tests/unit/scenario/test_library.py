"""Every case of the library: it loads, says where each of its values comes from, and runs."""

import pytest

import communize as cz
from communize.scenario.check import check_scenario
from communize.scenario.write import _beside, _source, resolved, to_toml

ASSUMED = {
    "argentina-2001": 30, "banlieues-2005": 22, "communising": 10, "fordist-1968": 54, "general-strike": 0, "guadeloupe-2009": 60, "pensions-2010": 35, "subprime-2007": 53, "greece-2008": 18, "restructured": 0, "centola-macy-2007": 0, "epstein-2002": 0, "granovetter-1978": 0,
    "kuran-1991": 0, "lang-de-sterck-2014": 0, "sir": 0, "watts-2002": 0, "wright-2005": 0,
}  # values that a case sets and marks as assumed


@pytest.mark.parametrize("name", cz.case_names())
def test_every_value_that_a_case_sets_has_a_source(name):
    scenario = cz.load(name)
    given = scenario.tables.scenario.sources
    rows = [row for row in resolved(scenario) if row["set"] and row["path"] not in ("prior", "society.people", "economy.regime")]
    for row in rows:
        assert row["source"], row["path"]
        stated = _source(row["path"], given)
        assert stated or row["path"].startswith(("target[", "observed.", "shock[", "force.emergency[", "provisioning.crisis[", "provisioning.stop[")), row["path"]
    assumed = sorted(row["path"] for row in rows if row["source"].startswith("assumed"))
    assert len(assumed) == ASSUMED[name], assumed
    for row in rows:
        if row["source"].startswith("assumed"):
            assert any(character.isdigit() for character in row["source"]) or "[prior]" in row["source"], row


def test_the_list_of_counts_is_complete():
    assert sorted(ASSUMED) == cz.case_names()


@pytest.mark.parametrize("name", cz.case_names())
def test_priors_name_parameters_and_hold_what_ships(name):
    scenario = cz.load(name)
    values = {row["path"]: row["value"] for row in resolved(scenario)}
    for path, (low, high, *_) in scenario.tables.prior.items():
        assert low <= values[path] <= high, path


@pytest.mark.parametrize("name", cz.case_names())
def test_check_and_a_few_days(name):
    scenario = cz.load(name)
    found = check_scenario(scenario)
    assert found["warnings"] == []
    run = cz.run(scenario.replace({"society.people": 60_000}), days=4)
    assert run.days == 4
    assert bool(run.comparisons) == bool(scenario.tables.target)


def test_a_value_written_out_and_read_again_is_the_same_scenario(tmp_path):
    for name in cz.case_names():
        scenario = cz.load(name)
        (tmp_path / "again.toml").write_text(to_toml(scenario), encoding="utf-8")
        again = cz.load(tmp_path / "again.toml")
        assert again.hash == scenario.hash
        assert again.tables.target == scenario.tables.target


def test_the_citation_of_a_table_is_not_its_kind_of_places():
    scenario = cz.load("banlieues-2005")
    assert _beside(scenario.society.places) is None
    assert _beside(scenario.tables.shock[0]).startswith("https://")
