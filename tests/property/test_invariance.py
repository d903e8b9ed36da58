"""What does not change a result: the order of places, names, mechanisms that do nothing, and how a run is cut into pieces.

Draws are keyed by row. So the order of places changes nothing where no draw belongs to a place, and the order of people and
sites nothing where nothing is drawn; elsewhere another order is another draw of the same distribution.
"""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp
from worlds import ECONOMY, MANY_MEASURES, lively

import communize as cz
from communize.declare.registry import POSITIONS, Column, Output
from communize.mechanisms.base import PHASES
from communize.production.tables import builtin
from communize.simulation.day import MECHANISMS
from communize.society.parameters import ContactParameters, SocietyParameters
from communize.society.ties import TieParameters

BUSY = {**MANY_MEASURES, **ECONOMY, "society.people": 1_200, "neutral.enabled": True}
MARKETS = {**ECONOMY, "economy.markets.smallest": 50.0, "economy.state.tax": 0.9}  # each place one; the State buys in all
ON = [
    mechanism.name for mechanism in MECHANISMS
    if mechanism.name not in ("shock", "civil_violence") and len(mechanism.Parameters.model_fields) > 1  # more than the switch
]  # fmt: skip


def simulation(scenario, days, seed=3, threads=1, **options):
    return cz.Simulation(scenario, seed=seed, threads=threads, **options).run(days)


def assert_same(one, other):
    """The same state and series; sectors may be called otherwise."""
    assert one.state_hash() == other.state_hash()
    xr.testing.assert_identical(one.series.drop_vars("sector", errors="ignore"), other.series.drop_vars("sector", errors="ignore"))


def market_of(sim):
    """The labour markets of a simulation."""
    return next(mechanism for mechanism in sim.mechanisms if mechanism.name == "economy")._markets


# --- threads ---


@pytest.mark.slow
@pytest.mark.parametrize("threads", [2, 3, 7])
def test_results_of_many_people_do_not_depend_on_the_threads(threads, on_one_thread):
    scenario, wanted = on_one_thread
    found = simulation(scenario, 25, threads=threads)
    assert len(found.people) > 4 * 65_536
    assert found.series.participants.values.max() > 100
    assert_same(found, wanted)


@pytest.fixture(scope="module")
def on_one_thread():
    scenario = lively(**{
        **MANY_MEASURES, **ECONOMY, "society.people": 300_000, "society.places.count": 60, "society.neighbourhood_size": 250.0, "incidents.rate": 0.003,
        "shock[0].day": 5, "measures.seed[0].count": 40, "neutral.enabled": True, "provisioning.fixed.level": [],
    })  # fmt: skip
    return scenario, simulation(scenario, 25)


# --- the order of rows ---

N_PLACES, PER_PLACE = 9, 60
# Nerves of places, links between places, and the struggle that a site joins because of the whole country are drawn by row of the place.
DRAWN_BY_PLACE = {"struggle.nerve_sd_place": 0.08, "measures.coordination.rate_link": 0.3, "struggle.uniform_share": 0.9, "provisioning.fixed.level": []}


def tables(nerve=False):
    """A society by hand: three neighbourhoods, three workplaces and a state site in each place; ties at random."""
    rng = np.random.default_rng(11)
    kinds = ["neighbourhood"] * 3 + ["workplace"] * 3 + ["state_site"]
    sites = pd.DataFrame({
        "kind": kinds * N_PLACES, "place": np.repeat(np.arange(N_PLACES), len(kinds)),
        "sector": [-1 if kind == "neighbourhood" else int(rng.integers(0, 10)) for kind in kinds * N_PLACES],
    })  # fmt: skip
    homes, works = (np.flatnonzero((sites["kind"] == "neighbourhood") == home) for home in (True, False))
    n = N_PLACES * PER_PLACE
    people = pd.DataFrame({
        "home": np.sort(rng.choice(homes, n)), "work": np.where(rng.random(n) < 0.8, rng.choice(works, n), -1),
        "position": rng.choice(["stable", "precarious", "unemployed", "student", "owner", "state_force"], n, p=[0.45, 0.2, 0.1, 0.1, 0.1, 0.05]),
        "belonging": rng.normal(0, 0.3, n).clip(-1, 1), "unmet": 0.125, "group": rng.integers(0, 4, n),
    })  # fmt: skip
    if nerve:
        people["nerve"] = rng.normal(0.25, 0.12, n)
    places = pd.DataFrame({
        "name": [f"p{i}" for i in range(N_PLACES)], "latitude": rng.uniform(45, 47, N_PLACES), "longitude": rng.uniform(1, 4, N_PLACES),
        "population": rng.integers(50, 90, N_PLACES),
    })  # fmt: skip
    a, b = rng.integers(0, n, (2, 3 * n))
    return {"people": people, "sites": sites, "places": places, "ties": pd.DataFrame({"a": a, "b": b})}


def reordered(given, table, order):
    """The same tables with the rows of one of them in another order, and what names these rows changed with them."""
    given = {name: frame.copy() for name, frame in given.items()}
    given[table] = given[table].iloc[order].reset_index(drop=True)
    now = np.append(np.argsort(order), -1)  # the last for -1, none
    named = {"places": (("sites", ("place",)),), "sites": (("people", ("home", "work")),), "people": (("ties", ("a", "b")),)}
    for other, columns in named[table]:
        for column in columns:
            given[other][column] = now[given[other][column]]
    return given


def made(given):
    return cz.Society.from_tables(
        **given, parameters=SocietyParameters(ties=TieParameters(degree_distribution="none"), contact=ContactParameters(neighbours=4, cutoff_km=500.0)))


def orders(table, seed=4):
    return np.random.default_rng(seed).permutation(len(tables()[table]))


@pytest.mark.parametrize("changes", [{}, {"neutral.enabled": True}, {"rallying.people": False}, MARKETS], ids=str)
def test_the_order_of_places_changes_nothing(changes):
    """Every mechanism at work. Whole numbers are the same; sums of floats over places may differ in the last digit."""
    scenario, order = lively(**{**MANY_MEASURES, **DRAWN_BY_PLACE, "incidents.rate": 0.01, **changes}), orders("places")
    one, other = (simulation(scenario, 40, society=made(t)) for t in (tables(), reordered(tables(), "places", order)))
    for name in ("joined", "left", "arrests", "incidents", "rallied"):
        assert one.series[name].values.sum() > 0 or changes, name
    assert one.series.foundings.values.sum() > 20
    if changes == MARKETS:
        assert one.series.purchases.values.sum() > 0
        assert len(set(market_of(one).of_place)) == N_PLACES
    for name in one.state.tables:
        for column, values in one.state.tables[name].columns():
            twin = getattr(other.state.tables[name], column.name)
            if name in ("provision", "demand"):
                values, twin = (v.reshape(-1, 10) for v in (values, twin))
            if name == "antagonism":
                values, twin = (v.reshape(N_PLACES, -1) for v in (values, twin))
            if name in ("places", "provision", "antagonism") or (name == "demand" and len(values)):
                values = values[order]
            if name == "contacts":
                continue  # pairs of places in the order of places; all of them unlinked
            if column.unit == "place row":
                twin = np.append(order, -1)[twin]
            if values.dtype.kind == "f":
                np.testing.assert_allclose(values, twin, rtol=1e-5, atol=1e-7, err_msg=column.path)
            else:
                np.testing.assert_array_equal(values, twin, column.path)
    for name, series in one.series.data_vars.items():
        wanted, found = series.values, other.series[name].values
        wanted = wanted[:, order] if "place" in series.dims else wanted
        np.testing.assert_allclose(wanted, found, rtol=1e-5, atol=1e-7, err_msg=str(name))


def test_the_order_of_a_file_of_places_changes_no_bit(tmp_path):
    """Its rows are sorted when they are read, so that people are made in the same order too."""
    frame, runs = tables()["places"].assign(population=[300 + 50 * k for k in range(N_PLACES)]), []
    for name, rows in (("one", frame), ("other", frame.sample(frac=1.0, random_state=3))):
        rows.to_csv(tmp_path / f"{name}.csv", index=False)
        values = {"society.places.source": "table", "society.places.file": str(tmp_path / f"{name}.csv"), "provisioning.fixed.level": [], "measures.seed": []}
        runs.append(simulation(lively(**{**MANY_MEASURES, **values}), 20))
    assert runs[0].state_hash() == runs[1].state_hash()
    for name in runs[0].series.data_vars:
        np.testing.assert_array_equal(runs[0].series[name], runs[1].series[name], str(name))


@pytest.mark.parametrize("table", ["people", "sites", "places"])
@settings(max_examples=6, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6))
def test_no_order_changes_anything_where_nothing_is_drawn(table, seed):
    """Thresholds that are given: who joins, and when, follows from who is around, whatever the rows."""
    values = {
        "scenario": {"name": "drawn", "only": ["struggle"]},
        "struggle": {"response": "threshold", "rate_leaving": 0.0, "rate_leaving_alone": 0.0, "weight_ties": 0.25},
    }  # fmt: skip
    scenario, order = cz.Scenario(values), orders(table, seed)
    first, second = (cz.Simulation(scenario, seed=1, threads=1, society=made(t)) for t in (tables(True), reordered(tables(True), table, order)))
    moved = False
    for _ in range(25):
        first.step()
        second.step()
        wanted = {"people": first.people.activity, "sites": first.sites.active, "places": first.places.active}
        found = {"people": second.people.activity, "sites": second.sites.active, "places": second.places.active}
        for name, counts in wanted.items():
            np.testing.assert_array_equal(counts[order] if name == table else counts, found[name], name)
        moved |= 0.05 < first.people.activity.mean() < 0.95
    assert moved
    np.testing.assert_array_equal(first.series.joined, second.series.joined)


@pytest.mark.parametrize(("table", "runs"), [
    ("people", 16), ("places", 16), *(pytest.param(table, 150, marks=pytest.mark.slow) for table in ("people", "sites", "places")),
])  # fmt: skip
def test_another_order_is_another_draw_of_the_same_distribution(table, runs):
    """Two-sample Kolmogorov-Smirnov tests of what 25 days leave, over seeds; the seeds of the two samples differ."""
    scenario = lively(**{**MANY_MEASURES, "shock[0].day": 3, "provisioning.fixed.level": []})
    given = (tables(), reordered(tables(), table, orders(table)))
    samples = []
    for k, society in enumerate(map(made, given)):
        ended = [simulation(scenario, 25, seed=10_000 * k + seed, society=society) for seed in range(runs)]
        samples.append([
            [sim.series.joined.values.sum(), sim.series.active.sum("place").values.max(), sim.series.arrests.values.sum(), len(sim.instances), sim.people.horizon.mean()]
            for sim in ended
        ])  # fmt: skip
    for figure, (one, other) in enumerate(zip(np.array(samples[0]).T, np.array(samples[1]).T)):
        assert np.ptp(one) > 0, figure
        assert ks_2samp(one, other).pvalue > 0.002, figure


# --- names ---


def renamed(values):
    """The values with places, sectors and groups under other names, in the same order."""
    society = dict(values["society"])
    society["groups"] = {f"group {k}": share for k, share in enumerate(society["groups"].values())}
    society["carers"] = [f"group {k}" for k, name in enumerate(values["society"]["groups"]) if name in society["carers"]]
    society["sectors"] = {f"x{k}": sector for k, sector in enumerate(society["sectors"].values())}
    now = dict(zip(values["society"]["sectors"], society["sectors"]))
    measures = {**values["measures"], "seed": [{**seed, "needs": [now[need] for need in seed["needs"]]} for seed in values["measures"]["seed"]]}
    provisioning = dict(values["provisioning"])
    provisioning["essential"] = [now[name] for name in provisioning["essential"]]
    provisioning["stop"] = [{**stop, "sectors": [now[name] for name in stop["sectors"]]} for stop in provisioning["stop"]]
    provisioning["inventory_days"] = {now[name]: days for name, days in provisioning["inventory_days"].items()}
    provisioning["fixed"] = {**provisioning["fixed"], "need_of_sector": {now[k]: v for k, v in provisioning["fixed"]["need_of_sector"].items()}}
    free = provisioning["free"]
    names = {"value_only": [now[name] for name in free["value_only"]], "dwelling": now[free["dwelling"]], "transport": now[free["transport"]]}
    provisioning["free"] = free | names | {"seizable": [now[name] for name in free["seizable"]]}
    head = {**values["scenario"], "name": "anders", "title": "Another title"}
    upkeep = {**values["upkeep"], "needs": [now[name] for name in values["upkeep"]["needs"]], "transport": now[values["upkeep"]["transport"]]}
    return {**values, "society": society, "measures": measures, "provisioning": provisioning, "upkeep": upkeep, "scenario": head}


@pytest.mark.parametrize("fixed", [True, False])
def test_names_of_scenario_sectors_and_groups_change_nothing(fixed):
    table = builtin("FRA-2005")
    production = {
        "table": "", "coefficients": table.A_total.tolist(), "demand": (table.households + table.households_imported).tolist(),
        "inventory_days": {"food": 3.0, "transport": 7.0}, "stop": [{"day": 5, "days": 8, "sectors": ["food", "energy_water"]}],
        "free": {"seizable": ["food", "textiles"]}, "fixed": {"enabled": fixed, "need": 0.4, "need_of_sector": {"food": 0.7}},
        "ratio": {"enabled": False},
    }  # fmt: skip
    scenario = lively(**{**BUSY, "provisioning": production})
    other = cz.Scenario(renamed(scenario.values()))
    assert set(other.tables.society.sectors) & set(scenario.tables.society.sectors) == set()
    one, two = simulation(scenario, 25), simulation(other, 25)
    assert len(one.instances) > 10
    assert_same(one, two)


def test_names_and_regions_of_places_change_nothing():
    given = tables()
    other = {**given, "places": given["places"].assign(name=[f"Ort {k % 3}" for k in range(N_PLACES)], region="elsewhere")}
    scenario = lively(**{**MANY_MEASURES, "provisioning.fixed.level": []})
    one, two = (simulation(scenario, 30, society=made(t)) for t in (given, other))
    assert one.state_hash() == two.state_hash()
    for name in one.series.data_vars:
        np.testing.assert_array_equal(one.series[name], two.series[name], str(name))


def test_the_name_of_a_users_mechanism_is_no_part_of_the_draws_of_others():
    runs = [simulation(lively(**BUSY).with_mechanism(type(name, (Bystander,), {"__module__": __name__})), 12) for name in ("One", "Other")]
    for path, values in runs[0].state.arrays():
        if "bystander" not in path:
            np.testing.assert_array_equal(values, dict(runs[1].state.arrays())[path], path)


# --- mechanisms that do nothing ---


class Bystander(cz.Mechanism):
    """Draws, keeps columns of its own in tables of others and in one of its own, and reports series."""

    writes = ("people.bystander", "sites.bystander", "bystanders.seen", "days.bystander")
    columns = (
        Column("people", "bystander", "float32", "1", "a number"), Column("sites", "bystander", "int64", "1", "another"),
        Column("bystanders", "seen", "int32", "day", "days"), Column("days", "bystander", "float64", "1", "a third"),
    )  # fmt: skip
    outputs = (Output("bystander", "1", "a number"), Output("bystander_by_place", "1", "numbers", ("place",), "int32"))

    def step(self, state, day, draws):
        state.people.bystander[:] = draws.uniform(len(state.people))
        state.sites.bystander[:] = draws.poisson(3.0, len(state.sites))
        state.bystanders.seen[state.bystanders.grow(3) :] = day
        state.days.bystander[0] = draws.normal(1)[0]

    def observe(self, state):
        return {"bystander": state.days.bystander[0], "bystander_by_place": np.arange(len(state.places))}


@pytest.fixture(scope="module")
def alone():
    return simulation(lively(**BUSY), 25)


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("audit", [False, True])
def test_a_mechanism_that_does_nothing_to_others_changes_nothing(phase, audit, alone):
    scenario = lively(**BUSY).with_mechanism(type("Bystander", (Bystander,), {"phase": phase, "__module__": __name__}))
    other = simulation(scenario, 8 if audit else 25, audit=audit)
    twin = alone if not audit else simulation(lively(**BUSY), 8)
    columns = dict(other.state.arrays())
    assert set(columns) - {path for path, _ in twin.state.arrays()} == set(Bystander.writes)
    for path, values in twin.state.arrays():
        np.testing.assert_array_equal(values, columns[path], path)
    xr.testing.assert_identical(twin.series, other.series.drop_vars(["bystander", "bystander_by_place"]))


def other_values(name):
    """The parameters of a mechanism with as many numbers and switches changed as stay allowed; no economy where there was none."""
    scenario = lively(**{f"{name}.enabled": False})
    for field, value in getattr(scenario.tables, name).model_dump().items():
        if field in ("enabled", "core") or not isinstance(value, (bool, int, float)):
            continue
        for other in ((not value,) if isinstance(value, bool) else (value * 2 + type(value)(1), value / 2 if isinstance(value, float) else value + 1)):
            try:
                scenario = scenario.replace({f"{name}.{field}": other})
                break
            except cz.InputError:
                continue
    return scenario


@pytest.mark.parametrize("name", ON)
def test_a_mechanism_that_is_off_changes_nothing_whatever_its_parameters(name):
    """But for the pressure at which a struggle may be taken as carried, nothing of another mechanism is read from its table."""
    one, other = lively(**{f"{name}.enabled": False, "society.people": 800}), other_values(name).replace({"society.people": 800})
    assert one.tables.model_dump()[name] != other.tables.model_dump()[name]
    assert_same(simulation(one, 15), simulation(other, 15))


@pytest.mark.parametrize("name", ON)
def test_no_parameter_of_a_mechanism_is_part_of_the_society(name):
    one, other = (cz.Simulation(scenario, seed=5, threads=1) for scenario in (lively(), other_values(name).replace({f"{name}.enabled": True})))
    for table in ("people", "sites", "places"):
        for column, values in getattr(one.society, table).columns():
            if column.path not in ("people.nerve", "sites.stock") and column.table != "places":  # what mechanisms set at the start
                np.testing.assert_array_equal(values, getattr(getattr(other.society, table), column.name), column.path)
    np.testing.assert_array_equal(one.society.ties.neighbours, other.society.ties.neighbours)


def test_an_economy_changes_of_a_society_who_works_where_and_what_people_hold_alone():
    one, other = (cz.Simulation(scenario, seed=5, threads=1) for scenario in (lively(), lively(**ECONOMY)))
    changed = set()
    for table in ("people", "sites", "places"):
        for column, values in getattr(one.society, table).columns():
            if not np.array_equal(values, getattr(getattr(other.society, table), column.name), equal_nan=values.dtype.kind == "f"):
                changed.add(column.path)
    assert changed == {"people.position", "people.work", "people.nerve", "people.money", "sites.owner", "sites.stock", "sites.members", "sites.eligible", "places.eligible", "places.unemployment"}
    moved = one.people.position != other.people.position
    names = {POSITIONS[code] for code in one.people.position[moved]} | {POSITIONS[code] for code in other.people.position[moved]}
    assert names <= {"stable", "precarious", "manager", "owner", "unemployed"}


def test_without_arrests_everything_is_the_same_until_the_first():
    one, other = (simulation(lively(**{"force.rate_arrest": rate, "society.people": 1_200}), 25) for rate in (0.2, 0.0))
    first = int(np.flatnonzero(one.series.arrests.values)[0])
    assert first > 0
    xr.testing.assert_identical(one.series.isel(day=slice(0, first)), other.series.isel(day=slice(0, first)))


# --- pieces ---


@pytest.fixture(scope="module")
def whole():
    return simulation(lively(**BUSY), 40)


def test_forty_days_are_forty_times_one_day(whole):
    sim = cz.Simulation(lively(**BUSY), seed=3, threads=1)
    for _ in range(40):
        sim.step()
    assert_same(sim, whole)


@settings(max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(cuts=st.lists(st.integers(0, 40), max_size=4).map(sorted), branches=st.lists(st.booleans(), min_size=5, max_size=5))
def test_a_run_in_pieces_and_branches_is_the_same_run(cuts, branches, whole):
    sim = cz.Simulation(lively(**BUSY), seed=3, threads=1)
    for cut, branch in zip([*cuts, 40], branches):
        trunk = sim
        sim = sim.branch() if branch else sim
        sim.run(cut - sim.day)
        assert trunk is sim or trunk.day <= sim.day  # a trunk stands still while its branch grows
    assert_same(sim, whole)


def test_a_branch_leaves_its_trunk_alone(whole):
    sim = cz.Simulation(lively(**BUSY), seed=3, threads=1).run(13)
    sim.branch({"force.rate_arrest": 5.0}).run(20)
    assert_same(sim.run(27), whole)
