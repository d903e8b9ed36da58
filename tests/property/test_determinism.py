"""The same bits: whatever the threads, beside what is switched off or idle, and for all whom a change does not reach."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from worlds import ECONOMY, MANY_MEASURES, lively

import communize as cz
from communize.declare.registry import Column
from communize.simulation.day import MECHANISMS
from communize.society.parameters import SocietyParameters
from communize.society.ties import TieParameters


def simulation(given, days, seed=3, threads=1, **options):
    return cz.Simulation(given, seed=seed, threads=threads, **options).run(days)


def assert_same(one, other):
    assert one.state_hash() == other.state_hash()
    xr.testing.assert_identical(one.series, other.series)


def test_the_run_that_is_compared_is_lively():
    series = simulation(lively(), 40).series
    for name in ("joined", "left", "arrests", "releases", "settlements", "refusals", "incidents", "spread", "exception"):
        assert series[name].values.sum() > 0, name


# --- threads, seeds ---


def test_results_do_not_depend_on_the_threads():
    given = lively(**{
        **MANY_MEASURES, **ECONOMY, "society.people": 140_000, "society.places.count": 40, "society.neighbourhood_size": 250.0, "incidents.rate": 0.003,
        "shock[0].day": 5, "measures.seed[0].count": 40, "neutral.enabled": True, "provisioning.fixed.level": [],
    })  # fmt: skip
    one, two = (simulation(given, 30, threads=threads) for threads in (1, 2))
    assert len(one.people) > 2 * 65_536
    assert one.society.ties.n_ties > 0
    for name in ("joined", "left", "arrests", "releases", "incidents", "spread", "rallied", "left_measures", "hired", "dismissed", "founded", "demises"):
        assert one.series[name].values.sum() > 0, name
    assert (one.series.foundings.sum("day") > 0).sum() >= 5  # channels
    assert one.series.participants.values.max() > 100
    assert_same(one, two)


def test_the_same_seed_gives_the_same_and_another_seed_another():
    one, again, other = (simulation(lively(), 25, seed=seed) for seed in (3, 3, 4))
    assert_same(one, again)
    assert one.state_hash() != other.state_hash()
    assert not np.array_equal(one.series.active, other.series.active)
    assert not np.array_equal(one.people.position, other.people.position)


def test_seeds_differ_in_the_days_too_and_not_only_in_the_society():
    made = [cz.Society.synthesise(lively().society, seed=3, threads=1) for _ in range(2)]
    one, other = (simulation(lively(**{"struggle.nerve_sd_site": 0.0, "struggle.nerve_sd_place": 0.0, "struggle.nerve_sd_person": 0.0}),
                             15, seed=seed, society=society) for seed, society in zip((3, 4), made))  # fmt: skip
    np.testing.assert_array_equal(one.people.position, other.people.position)
    assert not np.array_equal(one.series.joined, other.series.joined)


# --- mechanisms that are off, or idle ---


class Without:
    """A scenario from which one mechanism is left out."""

    def __init__(self, given, name):
        self._given, self._name = given, name

    def __getattr__(self, name):
        return getattr(self._given, name)

    def mechanisms(self):
        return [mechanism for mechanism in self._given.mechanisms() if mechanism.name != self._name]


@pytest.mark.parametrize("name", [mechanism.name for mechanism in MECHANISMS if mechanism.name != "shock"])
def test_a_mechanism_switched_off_is_a_mechanism_left_out(name):
    on = lively(**MANY_MEASURES, **{"neutral.enabled": True})
    off = simulation(on.replace({f"{name}.enabled": False}), 25)
    assert_same(off, simulation(Without(on, name), 25))
    if name not in ("reckoning", "civil_violence"):  # which change nothing: one only counts, the other is off unless it is wanted
        assert off.state_hash() != simulation(on, 25).state_hash()


class Idle(cz.Mechanism):
    """Draws numbers of every kind and writes nothing."""

    name = "idle"
    phase = "economy"
    reads = ("people.activity",)

    def step(self, state, day, draws):
        for draw in range(3):
            draws.uniform(len(state.people), draw)
        draws.normal(np.arange(5))
        draws.poisson(20.0, 10)
        draws.binomial(100, 0.4, 10)


@pytest.mark.parametrize("phase", ["economy", "struggle", "reckoning"])
def test_an_idle_mechanism_changes_nothing(phase):
    mechanism = type("Idle", (Idle,), {"phase": phase})
    assert_same(simulation(lively().with_mechanism(mechanism), 25), simulation(lively(), 25))


class Diary(cz.Mechanism):
    """Keeps a column of its own, which nobody else reads."""

    name = "diary"
    phase = "reckoning"
    writes = ("people.diary",)
    columns = (Column("people", "diary", "float64", "1", "a number of the day"),)

    def step(self, state, day, draws):
        state.people.diary[:] = draws.uniform(len(state.people))


def columns_of(sim):
    return {path: values.copy() for path, values in sim.state.arrays()}


def test_a_mechanism_with_a_column_of_its_own_changes_no_other():
    one, other = (columns_of(simulation(given, 25)) for given in (lively(), lively().with_mechanism(Diary)))
    assert set(other) - set(one) == {"people.diary"}
    for path, values in one.items():
        np.testing.assert_array_equal(values, other[path], path)


# --- one person more ---

N_PLACES, PER_HOME, PER_PLACE = 10, 25, 4


def tables(with_newcomer, position="owner"):
    """A society by hand; the newcomer lives alone in a place out of reach, without ties."""
    rng = np.random.default_rng(8)
    kind, place = [], []
    for p in range(N_PLACES):
        kind += ["neighbourhood"] * PER_PLACE + ["workplace"] * 3 + ["state_site"]
        place += [p] * (PER_PLACE + 4)
    kind, place = np.array(kind), np.array(place)
    homes, works = np.flatnonzero(kind == "neighbourhood"), np.flatnonzero(kind != "neighbourhood")
    home = np.repeat(homes, PER_HOME)
    n = home.size
    positions = rng.choice(
        ["stable", "precarious", "unemployed", "student", "manager", "owner", "state_force"], n, p=[0.4, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05])
    people = pd.DataFrame({
        "home": home, "work": np.where(rng.random(n) < 0.8, rng.choice(works, n), -1), "position": positions,
        "group": rng.integers(0, 4, n), "belonging": rng.normal(0, 0.3, n).clip(-1, 1), "unmet": 0.125, "money": 100,
    })  # fmt: skip
    sites = pd.DataFrame({"kind": kind, "place": place, "sector": np.where(kind == "neighbourhood", -1, rng.integers(0, 10, kind.size))})
    places = pd.DataFrame({
        "name": [f"p{i}" for i in range(N_PLACES)], "latitude": rng.uniform(45, 47, N_PLACES), "longitude": rng.uniform(1, 4, N_PLACES),
        "population": PER_HOME * PER_PLACE,
    })  # fmt: skip
    a, b = rng.integers(0, n, (2, 4 * n))
    ties = pd.DataFrame({"a": a, "b": b})
    if with_newcomer:
        new_home = {"home": len(sites), "work": -1, "position": position, "group": 0, "belonging": 0.0, "unmet": 0.125, "money": 100}
        people = pd.concat([people, pd.DataFrame([new_home])], ignore_index=True)
        sites = pd.concat([sites, pd.DataFrame([{"kind": "neighbourhood", "place": N_PLACES, "sector": -1}])], ignore_index=True)
        far = {"name": "far", "latitude": -45.0, "longitude": 170.0, "population": 1}
        places = pd.concat([places, pd.DataFrame([far])], ignore_index=True)
    return {"people": people, "sites": sites, "places": places, "ties": ties}


@pytest.mark.parametrize(
    ("position", "changes"),
    [("owner", {}), ("stable", {"struggle.uniform_share": 0.0, "force.enabled": False})], ids=["owner", "stable"],
)  # fmt: skip
def test_one_person_more_out_of_reach_changes_nothing_for_anybody_else(position, changes):
    """All mechanisms on but provisioning, whose sectors serve the whole society, for an owner. Who can take part counts in the country's share and draws force when in struggle: both off."""
    given = lively(**{"incidents.rate": 0.01, "provisioning.enabled": False, **changes})
    runs = []
    for with_newcomer in (False, True):
        society = cz.Society.from_tables(
            **tables(with_newcomer, position), parameters=SocietyParameters(ties=TieParameters(degree_distribution="none")))
        runs.append(simulation(given, 60, society=society))
    one, other = runs
    assert len(other.people) == len(one.people) + 1 == 1_001
    by_force = () if changes else ("arrests", "releases", "exception")
    for name in ("joined", "left", "settlements", "refusals", "incidents", "spread", *by_force):
        assert one.series[name].values.sum() > 0, name
    columns, others = columns_of(one), columns_of(other)
    assert columns.keys() == others.keys()
    for path, values in columns.items():
        twin = others[path]
        if path != "ties.offsets":
            twin = twin[: values.shape[0]]
        if path == "ties.offsets":
            twin = twin[:-1]
        np.testing.assert_array_equal(values, twin, path)
    for name in ("active", "contested_sites", "held", *(() if changes else ("force",))):
        np.testing.assert_array_equal(one.series[name], other.series[name][:, :N_PLACES], name)


# --- a parameter that does not matter yet ---


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({"force.emergency": [{"day": 30, "days": 5}]}, 30),
        ({"shock": [{"day": 12, "magnitude": 1.0, "half_life_days": 5.0}, {"day": 20, "magnitude": 2.0}]}, 20),
        ({"shock[0].magnitude": 1.5}, 12),
        ({"provisioning.crisis": [{"day": 18, "fall": 0.9}]}, 18),
        ({"measures.seed": [{"day": 21, "needs": ["food"], "count": 3}]}, 21),
        ({"force.held_days": 6.0}, None),
    ],
)
def test_a_change_without_effect_before_a_day_leaves_the_days_before_alone(changes, first):
    level = {"force.exception_level": 1.0, "rallying.people": False}  # so that no exception is declared
    one, other = (simulation(given, 36, seed=4) for given in (lively(**level), lively(**level, **changes)))
    if first is None:  # nobody is released before somebody is arrested
        first = int(np.flatnonzero(one.series.arrests.values)[0]) + 1
    assert 0 < first < 36
    assert one.series.exception.values.sum() == 0
    assert one.series.participants.values.sum() > 0
    xr.testing.assert_identical(one.series.isel(day=slice(0, first)), other.series.isel(day=slice(0, first)))
    assert any(not one.series[name].isel(day=first).identical(other.series[name].isel(day=first)) for name in one.series) or "force.held_days" in changes
    assert one.state_hash() != other.state_hash()


def test_a_parameter_is_no_part_of_the_draws():
    """Two runs that differ in the rate of arrest draw alike: on day 0 whoever joins in one joins in the other."""
    one, other = (simulation(lively(**{"force.rate_arrest": rate}), 1) for rate in (0.1, 3.0))
    np.testing.assert_array_equal(one.people.activity, other.people.activity)
    assert one.people.activity.any()


# --- saved and run again ---


@pytest.mark.parametrize("changes", [{}, ECONOMY], ids=["no economy", "economy"])
def test_a_saved_run_runs_again_to_the_same_bits(changes, tmp_path):
    run = cz.run(lively(**changes), days=25, seed=11, threads=1)
    folder = run.save(tmp_path / "run")
    read = cz.read_run(folder)
    assert read.state_hash == run.state_hash
    assert (read.seed, read.days) == (11, 25)
    xr.testing.assert_equal(read.series, run.series)
    again = cz.run(folder / "scenario.toml", threads=2)
    assert again.state_hash == run.state_hash
    assert again.info["scenario_hash"] == run.info["scenario_hash"]
    xr.testing.assert_identical(again.series, run.series)
    pd.testing.assert_frame_equal(again.struggles, run.struggles)
    assert again.outcome == run.outcome == read.outcome


MECHANISM = '''
import communize as cz


class Hope(cz.Mechanism):
    name = "hope"
    phase = "measures"
    writes = ("people.horizon",)

    def step(self, state, day, draws):
        state.people.horizon[:] = draws.uniform(len(state.people))
'''


def test_a_saved_run_with_a_mechanism_from_a_file_runs_again(tmp_path):
    (tmp_path / "hope_of_mine.py").write_text(MECHANISM, encoding="utf-8")
    file = tmp_path / "mine.toml"
    file.write_text('[scenario]\nname = "mine"\n[society]\npeople = 300\n[[mechanism]]\nuse = "hope_of_mine.py:Hope"\n', encoding="utf-8")
    run = cz.run(file, days=3, seed=1, threads=1)
    folder = run.save(tmp_path / "runs" / "mine")
    assert cz.run(folder / "scenario.toml", threads=1).state_hash == run.state_hash


def test_a_saved_run_with_a_mechanism_from_python_runs_again_or_says_why_not(tmp_path):
    run = cz.run(lively(**{"society.people": 300}).with_mechanism(Diary), days=3, seed=1, threads=1)
    try:
        again = cz.run(run.save(tmp_path / "run") / "scenario.toml", threads=1)
    except cz.InputError:
        return
    assert again.state_hash == run.state_hash
