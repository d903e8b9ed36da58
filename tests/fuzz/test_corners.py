"""Societies and calendars at the edge of what there can be: they run, and all holds."""

import datetime
import json
import time
import warnings

import numpy as np
import pandas as pd
import pytest
from inputs import clean, run_and_check, run_checked, save_and_read, strict_json, well_said, within

import communize as cz
from communize.declare.registry import POSITIONS
from communize.report.page import render
from communize.report.words import summary_in_words
from communize.scenario.check import check_scenario
from communize.simulation.day import MECHANISMS

ALIVE = {
    "measures.requires_struggle": False, "measures.critical_mass": 1.0, "measures.reinvention.rate": 1.0, "incidents.rate": 0.5, "struggle.spontaneous": 1.0,
    "struggle.nerve": 0.0, "struggle.contested_people": 0.0, "society.places.count": 3, "society.people": 40, "economy.month_days": 2,
}  # fmt: skip
ALONE = {"economy.enabled": False}  # one person is no labour market


def alive(**changes):
    """A tiny society in which struggles and measures begin every day and months are short, with values changed by dotted path."""
    return cz.load("restructured").replace({**ALIVE, **changes})


def all_in(name):
    """Everybody in one position."""
    return {"society.positions": {position: {"share": float(position == name)} for position in POSITIONS}}


def production(n):
    """A table for n sectors of the user's own."""
    return {"provisioning.table": "", "provisioning.coefficients": [[0.5 / n] * n] * n, "provisioning.demand": [1.0] * n}


SOCIETIES = {
    "one person": {"society.people": 1, **ALONE},
    "one agent for many": {"society.people": 10**6, "society.scale": 1e6, **ALONE},
    "forty agents for many": {"society.people": 40 * 10**6, "society.scale": 1e6},
    "two people": {"society.people": 2, "society.places.count": 2},
    "fewer people than places": {"society.people": 5, "society.places.count": 60},
    "one place": {"society.places.count": 1},
    "places without neighbours": {"society.contact.neighbours": 0},
    "places out of sight": {"society.contact.cutoff_km": 0.0},
    "one group": {"society.groups": {"all": 1.0}},
    "sixteen groups": {"society.groups": {f"g{k}": 1 / 16 for k in range(16)}},
    "a group that nobody is in": {"society.groups": {"all": 1.0, "none": 0.0}, "society.taking_part": ["none"]},
    "nobody can take part": {"society.positions": {name: {"share": float(name == "stable"), "takes_part": False} for name in POSITIONS}},
    "tiny sectors": {"society.sectors": {f"s{k}": {"share": 0.01, "size_minimum": 1.0, "size_maximum": 1.0} for k in range(100)}, **production(100)},
    "one sector": {"society.sectors": {"all": {"share": 1.0}}, **production(1)},
    "no need": {"society.sectors": {"all": {"share": 1.0, "need": 0.0}}, **production(1)},
    "everybody alone at home": {"society.neighbourhood_size": 1.0, "society.neighbourhood_spread": 0.0},
    "everybody in one house": {"society.neighbourhood_size": 1e6},
    "no ties": {"society.ties.degree_distribution": "none"},
    "more ties than people": {"society.ties.mean_degree": 200.0, "society.ties.clustering": 0.8},
    "everybody commutes": {"society.commuting": 1.0},
    "one labour market": {"economy.markets.enabled": False},
    "a market each": {"economy.markets.smallest": 1.0},
    "wages as high as can be": {"economy.wage_low": 2_000, "economy.wage_high": 2_000, "economy.hiring": 1.9},
    "wages of nothing": {"economy.wage_low": 0, "economy.wage_high": 1},
    "taxes of nothing": {"economy.state.tax": 0.0},
    "taxes on everything": {"economy.state.tax": 1.0},
    "benefits beyond all money": {"economy.state.excluded": 100.0, "economy.state.unemployed": 100.0, "economy.state.reserve": 1000.0},
    "coins as many as can be": {"society.money": 10**9, "economy.wage_low": 10**9, "economy.wage_high": 10**9},
    "sites of one worker": {"society.sectors": {"all": {"share": 1.0, "size_minimum": 1.0, "size_maximum": 1.0, "size_exponent": 5.0}}, **production(1)},
    "every rate at its highest": {"struggle.rate_joining": 10.0, "struggle.rate_leaving": 10.0, "incidents.rate": 1.0, "acts.rate": 10.0, "acts.rate_concession": 10.0,
                                  "force.rate_arrest": 10.0, "force.rate_eviction": 100.0, "rallying.rate": 1000.0, "measures.reinvention.rate": 1000.0},
    "nothing at work": {f"{mechanism.name}.enabled": False for mechanism in MECHANISMS if "enabled" in mechanism.Parameters.model_fields and mechanism.name != "shock"},
    **{f"everybody {name}": all_in(name) for name in POSITIONS},
}  # fmt: skip


@pytest.mark.parametrize("name", SOCIETIES)
def test_a_society_at_the_edge_runs(name, tmp_path):
    scenario = alive(**SOCIETIES[name])
    with within(), warnings.catch_warnings():
        warnings.simplefilter("error")
        sim = run_checked(scenario, 6)
        run = cz.run(scenario, days=6, threads=1)
        assert run.state_hash == sim.state_hash()
        if name in ("one person", "one agent for many", "fewer people than places", "nobody can take part", "nothing at work"):
            save_and_read(run, tmp_path, report=True)


def test_sites_without_members_and_with_one():
    tables = clean()
    empty = pd.DataFrame({"kind": ["workplace", "neighbourhood", "campus", "state_site", "farm"], "place": 1, "sector": [4, -1, 9, 9, 0]})
    tables["sites"] = pd.concat([tables["sites"], empty], ignore_index=True)
    tables["people"].loc[3, "work"] = len(tables["sites"]) - 5  # the only one at work there
    sim = run_and_check(cz.Society.from_tables(**tables), 20, **{"economy.core": False})
    assert (sim.sites.members == 0).sum() >= 4
    assert (sim.sites.members == 1).sum() >= 1
    first = len(tables["sites"]) - 5
    tables["people"].loc[7, "work"] = first + 3  # the only one at work at a site of the State, who has no owner to be
    society = cz.Society.from_tables(**tables)
    start = cz.Simulation(alive(), society=society)
    assert start.sites.owner[first] == start.people.work[3] == -1  # who had the workplace for himself employed nobody
    assert start.people.position[3] == POSITIONS.index("unemployed")
    sim = run_and_check(society, 20)
    assert sim.sites.members[first + 3] == 1


def test_a_society_of_one_by_hand():
    society = cz.Society.from_tables(people={"home": [0]}, sites={"kind": ["neighbourhood"]}, ties={"a": [0, 0], "b": [0, 0]})
    sim = run_and_check(society, 20, **ALONE)
    assert (len(sim.people), sim.society.ties.n_ties) == (1, 0)


@pytest.mark.parametrize("name", ["one person", "one agent for many"])
def test_one_person_is_no_labour_market(name):
    scenario = alive(**SOCIETIES[name] | {"economy.enabled": True})
    for act in (check_scenario, cz.Simulation):
        with pytest.raises(cz.InputError, match=r"found True; allowed: false, or labour markets of at least two people: place-1 is a market of one person") as caught:
            act(scenario)
        well_said(caught.value)
        assert caught.value.path == "economy.enabled"


def test_a_place_in_which_nobody_lives_and_ties_in_two_parts():
    tables = clean()
    tables["places"] = pd.concat([tables["places"], tables["places"].assign(name="empty", latitude=-80.0)], ignore_index=True)
    tables["ties"] = tables["ties"][tables["ties"]["a"] != 11]  # nobody of the first half knows anybody of the second
    sim = run_and_check(cz.Society.from_tables(**tables), 20)
    assert (sim.places.residents == 0).sum() == 3


# --- no days, many days ---


@pytest.mark.parametrize("people", [1, 40])
def test_a_run_of_no_days_is_whole_and_says_so(people, tmp_path):
    seeds = [{"day": 0, "needs": ["food"]}]
    run = cz.run(alive(**{"society.people": people, "economy.enabled": people > 1, "measures.seed": seeds, "shock": [{"day": 0}], "observed": {"dates": [datetime.date(2005, 1, 1)], "counts": [1.0], "fitted": 1},
                          "target": [{"name": "x", "statistic": "peak_night", "value": 1.0, "tolerance": 1.0}]}), days=0, keep_people=True)  # fmt: skip
    assert run.days == 0
    assert run.outcome.name == "no_spark"
    assert all(series.sizes["day"] == 0 for series in run.series.data_vars.values())
    assert (len(run.struggles), len(run.instances)) == (0, 0)
    assert not run.comparisons[0].hit
    assert len(run.people) == people
    words = " ".join(summary_in_words(run))
    assert "was run for 0 days" in words
    assert "Outcome: no spark, for the run has no day." in words
    assert "for the run has no day" in render(run)
    save_and_read(run, tmp_path, report=True)
    figures = strict_json((tmp_path / "run" / "run.json").read_text())["figures"]
    assert (figures["peak_active"], figures["peak_day"], figures["people"]) == (0.0, 0, people)
    assert cz.run(tmp_path / "run" / "scenario.toml").state_hash == run.state_hash


def test_no_days_are_the_state_before_the_first():
    whole = alive()
    sim = cz.Simulation(whole, threads=1)
    assert cz.run(whole, days=0).state_hash == sim.state_hash()
    assert sim.run(3).state_hash() == cz.run(whole, days=3).state_hash


@pytest.mark.slow
def test_ten_thousand_days_take_no_longer_by_day_than_a_hundred():
    """A tiny society; the days are timed in blocks, and the fastest of the last are set beside the fastest of the first."""
    sim = cz.Simulation(alive(**{"society.people": 20, "measures.reinvention.rate": 0.01, "incidents.rate": 0.001}), threads=1).run(200)
    took = []
    with within(240):
        for _ in range(98):
            started = time.perf_counter()
            sim.run(100)
            took.append(time.perf_counter() - started)
    assert sim.day == 10_000
    assert min(took[-20:]) < 2.0 * min(took[:20]) + 0.02
    series = sim.series
    assert series.sizes["day"] == 10_000
    assert str(series["date"].to_numpy()[-1])[:10] == str(datetime.date(2005, 1, 1) + datetime.timedelta(days=9_999))


# --- calendars ---


@pytest.mark.parametrize("start", [
    datetime.date(1, 1, 1), datetime.date(1525, 3, 6), datetime.date(1677, 9, 20), datetime.date(1900, 2, 27), datetime.date(2000, 2, 28), datetime.date(2004, 2, 28),
    datetime.date(2005, 12, 30), datetime.date(2262, 4, 10), datetime.date(9999, 12, 27)])  # fmt: skip
def test_years_end_and_leap_days_come_on_their_dates(start, tmp_path):
    shock = {"date": start + datetime.timedelta(days=3), "magnitude": 1.0}
    run = cz.run(alive(**{"scenario.start": start, "shock": [shock], "force.emergency": [{"date": shock["date"]}]}), days=4)
    wanted = [str(start + datetime.timedelta(days=day)) for day in range(4)]
    assert [str(date)[:10] for date in run.series["date"].to_numpy()] == wanted
    np.testing.assert_array_equal(run.series["exception"], [0, 0, 0, 1])
    save_and_read(run, tmp_path, report=True)
    again = cz.read_run(tmp_path / "run")
    assert [str(date)[:10] for date in again.series["date"].to_numpy()] == wanted


@pytest.mark.parametrize(
    ("start", "days", "longest"), [(datetime.date(9999, 12, 30), 2, 1), (datetime.date(9999, 12, 31), 1, 0), (datetime.date(9900, 1, 1), 100_000, 36_523)])
def test_dates_beyond_the_last_year_are_refused(start, days, longest):
    late = alive(**{"scenario.start": start, "run.days": days})
    for act in (cz.run, check_scenario):
        with pytest.raises(cz.InputError, match=f"0 to {longest} days from {start}") as caught:
            act(late)
    assert caught.value.path == "run.days"
    assert cz.run(alive(**{"scenario.start": start, "run.days": 0})).days == 0


def test_a_summary_is_json_whatever_is_missing_from_it():
    observed = {"dates": [datetime.date(2005, 1, 1)], "counts": [3.0], "fitted": 0}
    run = cz.run(alive(observed=observed), days=2)
    assert run.observed.root_mean_square is None
    strict_json(json.dumps(run.summary(), default=str))
    assert "not a number" not in render(run)
