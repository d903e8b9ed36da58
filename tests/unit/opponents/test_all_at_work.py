"""All that opposes measures at work together: what is declared, switches, branches, threads."""

import numpy as np
import pytest
from measure_labs import assert_counted
from worlds import ECONOMY, MANY_MEASURES, OPPONENTS, lively

import communize as cz
from communize.declare.registry import POSITIONS

# A lively society in which each of them has something to do within days.
LIVELY = {
    **MANY_MEASURES, **ECONOMY, "society.people": 1_500, "provisioning.fixed.enabled": False, "provisioning.fixed.level": [], "pincers.days": 4, "pincers.rate": 0.1,
    "mediation.rate_offer": 0.5, "mediation.every_days": 2, "fronts.taken": 0.02, "fronts.held": 0.002, "fronts.fixing_days": 3.0, "segmentation.rise": 0.5,
    "segmentation.recruiting": 0.2, "upkeep.rate_desertion": 0.02, "upkeep.half_life_days": 5.0, "upkeep.fraternising": 0.2, "siding.every_days": 3,
    "character.sample": 1, "character.every_days": 20, "provisioning.stop": [{"day": 5, "days": 10, "sectors": ["energy_water"]}],
}  # fmt: skip
EFFECTS = {
    "upkeep": ("force.readiness", "force.deserted"), "siding": ("places.siding", "places.middle"), "mediation": ("places.mediation", "instances.shelter"),
    "pincers": ("instances.sold_days",), "fronts": ("contacts.front_days", "places.drain"),
    "segmentation": ("places.antagonism", "antagonism.against", "force.recruited"), "character": ("instances.character", "instances.measured"),
}  # fmt: skip


def simulation(days=0, threads=1, **changes):
    return cz.Simulation(lively(**{**LIVELY, **changes}), seed=4, threads=threads).run(days)


def column(sim, path):
    return dict(sim.state.arrays())[path]


def start_of(sim, path):
    table, name = path.split(".")
    return sim.state.tables[table].declared(name).start


@pytest.fixture(scope="module")
def all_of_them():
    return simulation(30)


@pytest.mark.parametrize("name", OPPONENTS)
def test_each_has_something_to_do(name, all_of_them):
    """What the tests here compare must be lively, else it proves nothing."""
    for path in EFFECTS[name]:
        values, start = column(all_of_them, path), start_of(all_of_them, path)
        assert np.any((values != start) & ~(np.isnan(values) & np.isnan(start))), path
    endings = all_of_them.series.endings.sum("day")
    assert endings.sel(cause="recuperated") > 0
    assert all_of_them.series.accepted.sum() > 0


def test_they_write_what_they_declare_and_every_invariant_holds(all_of_them):
    audited = cz.Simulation(lively(**LIVELY), seed=4, threads=1, audit=True).run(30)
    assert audited.state_hash() == all_of_them.state_hash()
    assert_counted(audited)


def test_communising_under_audit():
    sim = cz.Simulation(cz.load("communising").replace({"society.people": 3_000, "provisioning.ratio.enabled": False}), seed=1, threads=1, audit=True)
    assert {mechanism.name for mechanism in sim.mechanisms} >= set(OPPONENTS)
    sim.run(25)
    assert sim.series.participants.sum() > 0


def test_one_two_and_three_threads_give_the_same_bits(all_of_them):
    for threads in (2, 3):
        assert simulation(30, threads).state_hash() == all_of_them.state_hash()


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_where_there_are_several_blocks_of_people(threads, many):
    found = cz.Simulation(many.scenario, seed=5, threads=threads).run(6)
    assert found.state_hash() == many.state_hash()


@pytest.fixture(scope="module")
def many():
    scenario = lively(**{
        **LIVELY, "society.people": 150_000, "society.places.count": 30, "society.neighbourhood_size": 250.0, "incidents.rate": 0.003, "shock[0].day": 1,
        "measures.seed[0].count": 40, "measures.seed[0].day": 1, "neutral.enabled": False, "siding.every_days": 1, "character.sample": 0, "provisioning.stop": [],
    })  # fmt: skip
    sim = cz.Simulation(scenario, seed=5, threads=1).run(6)
    assert len(sim.people) > 2 * 65_536
    assert sim.places.antagonism.any()
    return sim


@pytest.mark.parametrize("name", OPPONENTS)
def test_what_is_switched_off_leaves_no_trace(name):
    off = simulation(12, **{f"{name}.enabled": False})
    for path in EFFECTS[name]:
        values, start = column(off, path), start_of(off, path)
        assert np.all((values == start) | (np.isnan(values) & np.isnan(start))), path


def test_where_nothing_is_in_force_the_others_change_nothing():
    """All but mediation and upkeep, which act on struggles too, can be switched off without any other column changing."""
    quiet = {"measures.enabled": False, "neutral.enabled": False, "upkeep.enabled": False, "mediation.enabled": False}
    one = simulation(15, **quiet)
    other = simulation(15, **quiet, **{f"{name}.enabled": False for name in OPPONENTS if name not in ("upkeep", "mediation")})
    own = {"places.siding", "places.middle", "places.settlement", "siding.means"}
    for path, values in one.state.arrays():
        if path not in own and path.split(".")[0] not in ("antagonism", "contacts"):  # tables without rows where nothing needs them
            np.testing.assert_array_equal(values, column(other, path), path)


@pytest.mark.parametrize("day", [0, 7, 18])
def test_a_branch_goes_on_as_the_run_does(day, all_of_them):
    assert simulation(day).branch().run(30 - day).state_hash() == all_of_them.state_hash()


@pytest.mark.parametrize("name", OPPONENTS)
def test_a_branch_without_one_of_them_is_free_of_it_and_can_take_it_back(name):
    sim = simulation(15)
    twin = sim.branch({f"{name}.enabled": False})
    mechanism = next(m for m in sim.mechanisms if m.name == name)
    for path in mechanism.undone:
        assert np.all(column(twin, path) == start_of(twin, path)), path
    twin.run(3)
    for path in mechanism.undone:
        assert np.all(column(twin, path) == start_of(twin, path)), path
    again = twin.branch({f"{name}.enabled": True}).run(3)
    assert np.isfinite(column(again, "places.antagonism")).all()
    sim.run(1)  # the trunk is not touched


def test_a_users_column_is_kept_when_the_packages_mechanism_goes():
    class Ours(cz.Mechanism):
        phase = "counter_forces"
        writes = ("places.mediation",)

        def step(self, state, day, draws):
            state.places.mediation[:] = 7.0

    sim = cz.Simulation(lively(**LIVELY).with_mechanism(Ours), seed=3, threads=1).run(3)
    assert (sim.branch({"mediation.enabled": False}).places.mediation == 7.0).all()


def test_societies_of_one_place_without_ties_force_or_groups():
    """One place, nobody tied, no force, one group, and people of a table with a code of a group that has no name."""
    n = 120
    rng = np.random.default_rng(1)
    society = cz.Society.from_tables(
        people={"home": rng.integers(0, 3, n), "work": rng.choice([-1, 3, 4], n), "group": rng.integers(0, 3, n),
                "position": rng.choice([name for name in POSITIONS if name != "state_force"], n)},
        sites={"kind": ["neighbourhood"] * 3 + ["workplace"] * 2, "place": [0] * 5, "sector": [-1, -1, -1, 0, 3]},
        places={"name": ["here"], "latitude": [45.0], "longitude": [3.0]}, ties={"a": np.zeros(0, int), "b": np.zeros(0, int)})  # fmt: skip
    scenario = lively(**{**LIVELY, "provisioning.stop": [], "measures.critical_mass": 2.0, "measures.seed": [{"day": 0, "needs": ["food"], "people": 6.0}]})
    sim = cz.Simulation(scenario, seed=2, threads=1, society=society, audit=True).run(30)
    assert len(sim.instances) > 0
    assert sim.series.recruited.values.sum() == sim.series.desertions.values.sum() == 0
    assert sim.series.fronts.values.sum() == 0
