"""What State force lives on: pay, supply, roads, and that its people stay."""

import numpy as np
import pytest
from measure_labs import close, lab, put, step, take

from communize.declare.registry import IN_MEASURE, SCOPES

SECTORS = {name: {"share": 0.25} for name in ("food", "energy_water", "construction", "transport")}
FOOD, ENERGY, CONSTRUCTION, TRANSPORT = range(4)


def barracks(n=10, n_places=2, on=("upkeep",), force=None, **law):
    """Places of `n` residents and one plant of each sector, where four force agents stand; two more are in reserve."""
    people, kinds, places, sectors = [], [], [], []
    for place in range(n_places):
        first = 5 * place
        people += [(first, first + 1 + k % 4) for k in range(n)]
        kinds += ["neighbourhood", *["workplace"] * 4]
        sectors += [-1, FOOD, ENERGY, CONSTRUCTION, TRANSPORT]
        places += [place] * 5
    sim = lab(people, kinds, place_of=places, sector_of=sectors, on=on, society={"sectors": SECTORS, "commuting": 0.0}, upkeep=law,
              force={"deployment_delay": 0, **(force or {})})  # fmt: skip
    sim.places.force[:] = sim.places.garrison[:] = 4.0
    sim.state.force.reserve[0] = 2.0
    return sim


def supply(sim, **values):
    """Deliveries by sector, all whole but those that are given."""
    if not len(sim.state.industry):
        sim.state.industry.grow(4)
    sim.state.industry.supply[:] = 1.0
    for name, value in values.items():
        sim.state.industry.supply[list(SECTORS).index(name)] = value


def strength(sim):
    force = sim.state.force
    return float(sim.places.force.sum(dtype=float) + sim.places.arriving.sum(dtype=float) + force.reserve[0] + force.deserted[0] - force.recruited[0])


# --- readiness ---


@pytest.mark.parametrize(("paid", "due", "share"), [(0, 0, 1.0), (80, 80, 1.0), (20, 80, 0.25), (0, 80, 0.0)])
def test_readiness_goes_half_of_the_way_to_its_pay_in_a_half_life(paid, due, share):
    sim = barracks(half_life_days=8.0, rate_desertion=0.0)
    sim.state.economy.paid[0], sim.state.economy.due[0] = paid, due
    sim.run(24)
    np.testing.assert_allclose(sim.series.force_readiness.values[[7, 15, 23]], share + (1 - share) * np.array([0.5, 0.25, 0.125]), rtol=1e-6)


def test_money_that_the_state_has_besides_pays_nobody():
    sim = barracks(half_life_days=0.1)
    sim.state.economy.paid[0], sim.state.economy.due[0], sim.state.economy.treasury[0], sim.state.economy.taxes[0] = 10, 20, 10**9, 10**9
    sim.run(2)
    assert sim.series.force_readiness.values[-1] == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(("lacking", "share"), [({}, 1.0), ({"food": 0.3}, 0.3), ({"food": 0.8, "transport": 0.4}, 0.4), ({"construction": 0.0}, 1.0)])
def test_the_least_of_what_it_needs_decides(lacking, share):
    sim = barracks(half_life_days=0.1)
    supply(sim, **lacking)
    sim.run(3)
    assert sim.state.force.readiness[0] == pytest.approx(share, abs=1e-6)


def test_the_lesser_of_pay_and_supply_decides():
    for pay, delivered in ((0.2, 0.7), (0.7, 0.2)):
        sim = barracks(half_life_days=0.1)
        supply(sim, food=delivered)
        sim.state.economy.paid[0], sim.state.economy.due[0] = 100 * pay, 100
        sim.run(3)
        assert sim.state.force.readiness[0] == pytest.approx(0.2, abs=1e-3)


def test_with_no_needs_named_supply_does_not_matter():
    sim = barracks(needs=[], half_life_days=0.1)
    supply(sim, food=0.0)
    sim.run(3)
    assert (sim.series.force_readiness.values == 1).all()


def test_without_provisioning_and_economy_force_is_always_ready():
    sim = barracks()
    sim.run(20)
    assert (sim.series.force_readiness.values == 1).all()
    assert sim.series.desertions.values.sum() == 0
    assert sim.places.force.tolist() == [4.0, 4.0]


def test_readiness_comes_back_to_exactly_one():
    sim = barracks(half_life_days=2.0, rate_desertion=0.0)
    supply(sim, food=0.1)
    sim.run(10)
    supply(sim)
    sim.run(100)
    assert sim.state.force.readiness[0] == 1.0


# --- desertion ---


def test_desertion_where_readiness_is_nothing():
    sim = barracks(half_life_days=0.1, rate_desertion=0.05)
    supply(sim, food=0.0)
    sim.state.force.readiness[0] = 0.0
    sim.run(10)
    stay = np.exp(-0.05 * 10)
    np.testing.assert_allclose(sim.places.force, 4 * stay, rtol=1e-5)
    np.testing.assert_allclose(sim.places.garrison, 4 * stay, rtol=1e-5)
    assert sim.state.force.reserve[0] == pytest.approx(2 * stay)
    assert sim.state.force.deserted[0] == pytest.approx(10 * (1 - stay), rel=1e-5) == pytest.approx(sim.series.desertions.values.sum(), rel=1e-5)
    assert strength(sim) == pytest.approx(10.0, rel=1e-6)


def test_force_fraternises_where_measures_and_horizon_are():
    sim = barracks(fraternising=0.2, on=("upkeep", "measures"))
    take(sim, 0, people=[range(5)])
    sim.places.horizon[:] = 0.6, 1.0
    step(sim, "upkeep", 0)
    np.testing.assert_allclose(sim.places.force, [4 * np.exp(-0.2 * 0.6 * 0.5), 4.0], rtol=1e-6)
    assert sim.state.force.reserve[0] == 2.0
    assert strength(sim) == pytest.approx(10.0, rel=1e-6)


@pytest.mark.parametrize("law", [{"rate_desertion": 0.0, "fraternising": 0.0}, {"enabled": False}])
def test_without_their_hazards_nobody_deserts(law):
    sim = barracks(half_life_days=0.1, on=("upkeep", "measures"), **law) if "enabled" not in law else barracks(on=("measures",))
    take(sim, 0, people=[range(10)])
    sim.places.horizon[:] = 1.0
    supply(sim, food=0.0)
    sim.run(5)
    assert sim.places.force.tolist() == [4.0, 4.0]
    assert sim.state.force.deserted[0] == 0.0
    assert (sim.state.force.readiness[0] == 1.0) == ("enabled" in law)


def test_no_force_no_desertion():
    sim = barracks()
    sim.places.force[:] = sim.places.garrison[:] = 0.0
    sim.state.force.reserve[0] = 0.0
    supply(sim, food=0.0)
    sim.run(20)
    assert sim.series.desertions.values.sum() == 0


# --- roads ---


def link(sim, *pairs):
    """Link pairs of places, each from its first end alone: the other may not have it among its contacts."""
    contact = sim.society.contact
    for p, q in pairs:
        first, last = contact.offsets[p], contact.offsets[p + 1]
        sim.state.contacts.linked[first:last][contact.neighbours[first:last] == q] = 1


def held(n_inside, scope, linked=True, **law):
    """A measure at the plant of transport of the first of two places, in which `n_inside` of its workers take part."""
    sim = barracks(n=8, on=("upkeep", "measures"), **law)  # two at each plant, four at all of transport
    sim.places.scope[:] = [SCOPES.index(name) for name in scope]
    if linked:
        link(sim, (0, 1))
    take(sim, 4, people=[[3, 7][:n_inside]])
    step(sim, "upkeep", 0)
    return sim


@pytest.mark.parametrize("n_inside", [0, 1, 2])
def test_taken_transport_slows_force_and_holds_evictions_off_where_places_co_ordinate(n_inside):
    sim = held(n_inside, ("site", "place"), cut=0.6, resistance=2.0)
    share = n_inside / 4
    np.testing.assert_allclose(sim.places.reach, 1 - 0.6 * share, rtol=1e-6)
    np.testing.assert_allclose(sim.places.resistance, [0.0, 2.0 * share], rtol=1e-6)


@pytest.mark.parametrize(("law", "reach", "resistance"), [({"cut": 0.0}, 1.0, 0.5), ({"resistance": 0.0}, 0.75, 0.0), ({"transport": ""}, 1.0, 0.0)])
def test_what_takes_the_effect_of_transport_away(law, reach, resistance):
    sim = held(2, ("place", "place"), **law)
    np.testing.assert_allclose(sim.places.reach, reach)
    np.testing.assert_allclose(sim.places.resistance, resistance)


def test_places_that_are_not_linked_count_alone():
    sim = held(1, ("place", "place"), linked=False, cut=0.6, resistance=2.0)
    np.testing.assert_allclose(sim.places.reach, [1 - 0.6 * 0.5, 1.0], rtol=1e-6)
    np.testing.assert_allclose(sim.places.resistance, [1.0, 0.0], rtol=1e-6)


def test_what_is_held_counts_in_all_places_linked_with_it_directly_or_by_others():
    """Five places in a row, of two workers of transport each: 0-1-2 are linked, 3 and 4 are another component."""
    sim = barracks(n=8, n_places=5, on=("upkeep", "measures"), cut=0.5, resistance=1.0)
    sim.places.scope[:] = [SCOPES.index(name) for name in ("place", "site", "place", "place", "site")]
    link(sim, (0, 1), (2, 1), (4, 3))
    take(sim, [4, 24], people=[[3, 7], [35]])
    step(sim, "upkeep", 0)
    share = np.array([2 / 6, 2 / 6, 2 / 6, 1 / 4, 1 / 4])
    np.testing.assert_allclose(sim.places.reach, 1 - 0.5 * share, rtol=1e-6)
    np.testing.assert_allclose(sim.places.resistance, share * [1, 0, 1, 1, 0], rtol=1e-6)


def test_other_plants_and_people_at_rest_hold_no_roads():
    sim = barracks(n=8, on=("upkeep", "measures"))
    take(sim, 1, people=[[0, 4]])
    step(sim, "upkeep", 0)
    assert (sim.places.reach == 1.0).all()


# --- what force does with it ---


def deployed(readiness=1.0, reach=1.0, resistance=0.0, n_places=2, **force):
    sim = barracks(n=300, n_places=n_places, on=("force",), force=force)
    sim.state.force.readiness[0], sim.places.reach[:], sim.places.resistance[:] = readiness, reach, resistance
    put(sim, range(100), 1)
    return sim


def test_half_a_readiness_evicts_and_arrests_half():
    full, half, none = (deployed(readiness=ready, rate_arrest=0.5, exception_level=1.0) for ready in (1.0, 0.5, 0.0))
    for sim in (full, half, none):
        step(sim, "force", 0)
    np.testing.assert_allclose(half.places.eviction, 0.5 * full.places.eviction, rtol=1e-6)
    assert full.places.eviction[0] > 0
    assert close(full.state.days.arrests[0], 100, 1 - np.exp(-0.5 * full.places.force[0] / 100))
    assert none.state.days.arrests[0] == none.places.eviction[0] == 0


def test_resistance_divides_evictions():
    full, half = deployed(), deployed(resistance=1.0)
    for sim in (full, half):
        step(sim, "force", 0)
    np.testing.assert_allclose(half.places.eviction, full.places.eviction / 2, rtol=1e-6)


def test_reach_limits_what_moves():
    moved = []
    for reach in (1.0, 0.5, 0.0):
        sim = deployed(reach=reach, move=0.1, exception_level=1.0)
        step(sim, "force", 0)
        moved.append(sim.places.arriving.sum())
    np.testing.assert_allclose(moved, [1.0, 0.5, 0.0], rtol=1e-6)  # a tenth of ten agents


@pytest.mark.parametrize("move", [0.1, 1.0])
def test_force_comes_less_to_where_its_reach_is_less(move):
    """Two places with a threat miss six each, which stand elsewhere; half of one can be reached."""
    sim = deployed(n_places=3, move=move, alert=0.001, exception_level=1.0)
    put(sim, range(600), 1)
    sim.places.force[:], sim.places.garrison[:], sim.state.force.reserve[0] = [4, 4, 8], [4, 4, 0], 4.0
    sim.places.reach[:] = [0.5, 1.0, 1.0]
    step(sim, "force", 0)
    came = sim.places.arriving.sum(axis=1)
    most = min(move * 20 * 0.75, 12 * 0.75, 12.0)
    np.testing.assert_allclose(came, [most / 3, most * 2 / 3, 0.0], rtol=1e-3, atol=1e-3)
    assert sim.places.force.sum() + came.sum() + sim.state.force.reserve[0] == pytest.approx(20.0, rel=1e-6)


def test_nothing_moves_to_where_force_has_no_reach():
    sim = deployed(n_places=3, move=1.0, exception_level=1.0)
    put(sim, range(600), 1)
    sim.places.reach[:] = 0.0
    step(sim, "force", 0)
    assert sim.places.arriving.sum() == 0


def test_everything_of_upkeep_is_undone_by_a_branch_without_it():
    sim = held(2, ("place", "place"))
    supply(sim, food=0.0)
    sim.run(5)
    sim.places.scope[:] = SCOPES.index("place")
    step(sim, "upkeep")
    assert sim.state.force.readiness[0] < 1
    assert sim.places.resistance.any()
    twin = sim.branch({"upkeep.enabled": False})
    assert twin.state.force.readiness[0] == 1.0
    assert (twin.places.reach == 1.0).all()
    assert not twin.places.resistance.any()
    assert twin.state.force.deserted[0] == sim.state.force.deserted[0]
    again = twin.branch({"upkeep.enabled": True})
    again.run(3)
    assert again.state.force.readiness[0] < 1
    assert (sim.people.activity == IN_MEASURE).sum() == 2
