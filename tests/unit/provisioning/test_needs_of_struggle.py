"""Being in struggle shifts what people need: what they buy, draw and lack, by hand."""

import numpy as np
import provision_by_hand as by_hand
import pytest
from measure_labs import lab, mechanism_of, practice, put, step, take
from worlds import MANY_MEASURES, lively

import communize as cz
from communize.declare.registry import IN_MEASURE, IN_STRUGGLE
from communize.mechanisms.provisioning import by_place_and_sector
from communize.mechanisms.provisioning.needs import shift_of_needs

SECTORS = ("food", "energy_water", "construction", "transport")
NEED, BESIDE = (1.5, 1.0, 1.5, 1.0), (1.5, 0.0, 0.5, 1.0)
DEMAND = np.array([0.4, 0.3, 0.2, 0.1])
A = np.zeros((4, 4))
A[1, 0] = 0.5
FARM, HOME = 0, 1
N = 40
USUAL, IN_IT = (np.array(by_hand.weights_of(NEED, beside)) for beside in ((0, 0, 0, 0), BESIDE))
SHIFTED = np.array(by_hand.needs_in_struggle(DEMAND.tolist(), NEED, BESIDE))  # of the days of consumption that somebody needs


def town(pays=1.0, struggling=0, beside=BESIDE, shifts=True, **production):
    """Forty people in one neighbourhood, of whom four in turn work on a farm and in plants of the other sectors; the last `struggling` are in struggle."""
    people = [(HOME, [FARM, 2, 3, 4][i % 4]) for i in range(N)]
    sectors = {name: {"share": 0.25, "need": need, "struggle_need": more} for name, need, more in zip(SECTORS, NEED, beside)}
    sim = lab(
        people, ["workplace", "neighbourhood", "workplace", "workplace", "workplace"], sector_of=[0, -1, 1, 2, 3], on=("provisioning", "measures"),
        society={"sectors": sectors, "commuting": 0.0, "care_burden": 0.0, "struggle_shifts_needs": shifts},
        provisioning={"table": "", "coefficients": A.tolist(), "demand": DEMAND.tolist(), "inputs": "leontief", "slack": 1.0, "stock_days": 10.0, "notice_days": 1,
                      "ratio": {"enabled": False}, **production})  # fmt: skip
    sim.people.affordability[:] = sim.places.means[:] = sim.state.tally.means_at_start[0] = pays
    if struggling:
        put(sim, np.arange(N - struggling, N), IN_STRUGGLE)
    return sim


def days(sim, n=1):
    for _ in range(n):
        step(sim, "provisioning")
        sim.state.day += 1
    return sim


def common_of(sim):
    return mechanism_of(sim, "provisioning")._common


# --- what somebody in struggle needs ---


def test_needs_of_a_struggle_are_shifted_not_added():
    sim = town()
    weights = mechanism_of(sim, "provisioning")._weights
    np.testing.assert_allclose(weights, [USUAL, IN_IT], rtol=1e-12)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-12)
    assert SHIFTED.sum() == pytest.approx(1)
    industry = mechanism_of(sim, "provisioning")._industry
    np.testing.assert_allclose(industry.need + industry.shift, SHIFTED, rtol=1e-12)
    # food, with 1.5 of the 3 that a struggle needs, where these are 3 of 8
    assert SHIFTED[0] == pytest.approx(0.4 * 5 / 8 + 3 / 8 * 0.5)
    assert IN_IT[0] == pytest.approx(3 / 8)
    for unchanged in (town(shifts=False), town(beside=(0, 0, 0, 0))):
        assert not shift_of_needs(unchanged.state, DEMAND).any()
        np.testing.assert_array_equal(*mechanism_of(unchanged, "provisioning")._weights)


@pytest.mark.parametrize("name", ["restructured", "fordist-1968", "guadeloupe-2009"])
def test_the_shift_takes_as_much_as_it_gives_and_no_more_than_there_is(name):
    sim = cz.Simulation(cz.load(name).replace({"society.people": 2000, "society.places.count": 4}), seed=1, threads=1)
    mechanism = mechanism_of(sim, "provisioning")
    sectors = sim.society.parameters.sectors.values()
    need, beside = [s.need for s in sectors], [s.struggle_need for s in sectors]
    for usual, shift in ((mechanism._weights[0], mechanism._weights[1] - mechanism._weights[0]), (mechanism._industry.need, mechanism._industry.shift)):
        np.testing.assert_allclose(usual + shift, by_hand.needs_in_struggle(usual.tolist(), need, beside), rtol=1e-12, atol=1e-12)
        assert shift.sum() == pytest.approx(0, abs=1e-12)
        assert usual.sum() == pytest.approx(1)
        assert (usual + shift >= 0).all()
        assert shift.max() > 0.05


# --- what they buy ---


@pytest.mark.parametrize(("struggling", "pays", "fall"), [(0, 1.0, 0.0), (10, 1.0, 0.0), (10, 0.5, 0.0), (20, 0.8, 0.25), (40, 1.0, 0.0)])
def test_demand_shifts_with_the_share_of_people_in_struggle(struggling, pays, fall):
    """All can pay what they could at the start, less what a crisis takes; inventories are full, so that all else is as at rest."""
    crisis = [{"day": 0, "fall": fall}] if fall else []
    with_it, without = (days(town(pays, struggling, shifts=shifts, crisis=crisis)).state.industry.demand for shifts in (True, False))
    np.testing.assert_allclose(with_it - without, N * (1 - fall) * struggling / N * (SHIFTED - DEMAND), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(with_it.sum(), without.sum(), rtol=1e-12)  # nobody has more money to spend
    base = np.linalg.solve(np.eye(4) - A, DEMAND) * N
    np.testing.assert_allclose(without, A @ base + DEMAND * N * (1 - fall), rtol=1e-9)


@pytest.mark.parametrize("shifted", [0.0, 0.25, 1.0])
def test_of_what_is_ordered_here_demand_rises_by_the_shift(shifted):
    """A table with imports: of a day's need only a part is ordered from the sectors here."""
    sim = cz.Simulation(cz.load("restructured").replace({"society.people": 2000, "society.places.count": 4}), seed=1, threads=1)
    industry, none = mechanism_of(sim, "provisioning")._industry, np.zeros(10)
    sectors = sim.society.parameters.sectors.values()
    found = []
    for amount in (0.0, shifted):
        sim.state.industry.demand[:] = industry.base
        sim.state.inventory.stock[:] = industry.target.reshape(-1)
        industry.day(sim.state, 0, np.zeros((4, 10)), 1.0, amount, none, none)
        found.append(sim.state.industry.demand.copy())
    need = industry.need
    theirs = np.array(by_hand.needs_in_struggle(need.tolist(), [s.need for s in sectors], [s.struggle_need for s in sectors]))
    factor = np.divide(industry.households, need, out=np.zeros(10), where=need > 0)
    np.testing.assert_allclose(found[1] - found[0], shifted * (theirs - need) * factor, rtol=1e-9, atol=1e-9)


# --- what they lack ---


@pytest.mark.parametrize("stopped", range(4))
def test_people_in_struggle_lack_what_they_need(stopped):
    """One sector delivers nothing, and all can pay 0.8 of what they need."""
    sim = days(town(0.8, 10, stop=[{"day": 0, "sectors": [SECTORS[stopped]], "days": 9}]))
    supply = sim.state.industry.supply
    np.testing.assert_allclose(supply, np.arange(4) != stopped, atol=1e-9)
    for who, weights in ((slice(0, 30), USUAL), (slice(30, N), IN_IT)):
        np.testing.assert_allclose(sim.people.unmet[who], 1 - 0.8 * (1 - weights[stopped]), rtol=1e-6)
    missing = 1 - 0.8 * (1 - (0.75 * USUAL + 0.25 * IN_IT)[stopped])
    observed = mechanism_of(sim, "provisioning").observe(sim.state)
    assert observed["shortage"] == pytest.approx(missing, rel=1e-6)  # places see at once what people notice
    assert observed["shortage_of_place"] == pytest.approx([missing], rel=1e-6)
    assert observed["unmet"] == pytest.approx(missing, rel=1e-6)
    put(sim, np.arange(30, N), 0)
    days(sim)
    np.testing.assert_allclose(sim.people.unmet, 1 - 0.8 * (1 - USUAL[stopped]), rtol=1e-6)  # it is over


# --- what they draw ---


def held(struggling, food=1000.0, **given):
    """The farm is held by the ten who work there; who is outside can pay nothing and may draw of what is there of everything."""
    sim = town(0.0, struggling, free={"selling": False, "restock_days": 0.0, "home_productivity": 0.0, "dwelling": "", **given})
    rows = np.arange(0, N, 4)
    take(sim, [FARM], practice(sim, property=1.0, strangers=1.0, exchange=1.0), people=[rows])
    by_place_and_sector(sim.state, "stock")[:] = food
    return sim


@pytest.mark.parametrize(("struggling", "active"), [(0, 0), (10, 8), (20, 15)])
def test_who_is_in_struggle_draws_by_what_they_need(struggling, active):
    """Some of those who struggled have joined, and need the usual."""
    sim = days(held(struggling))
    assert sim.places.active[0] == active
    assert np.count_nonzero(sim.people.activity == IN_MEASURE) == 10
    np.testing.assert_allclose(sim.state.common.drawn, (N - active) * DEMAND + active * SHIFTED, rtol=1e-9)
    np.testing.assert_allclose(sim.people.unmet, 0.0, atol=1e-6)
    drawers, need = common_of(sim).who_draws(np.zeros(1, int))
    assert drawers[0] == pytest.approx(N)
    np.testing.assert_allclose(need[0] * N, (N - active) * DEMAND + active * SHIFTED, rtol=1e-9)


def test_what_others_have_free_weighs_as_they_need_it():
    """Food alone is there: members and others have it, those in struggle for more of what they need."""
    sim = held(12)
    by_place_and_sector(sim.state, "stock")[0, 1:] = 0.0
    sim.sites.stock[2:] = 0.0
    days(sim)
    active = sim.people.activity == IN_STRUGGLE
    assert active.sum() == 9
    np.testing.assert_allclose(sim.people.unmet, np.where(active, 1 - IN_IT[0], 1 - USUAL[0]), rtol=1e-6)
    share = active.sum() / N
    assert sim.places.met_inherited[0] + sim.places.met_made[0] == pytest.approx(N * (share * IN_IT[0] + (1 - share) * USUAL[0]))


# --- nothing else changes ---

QUIET = {"scenario.only": ["provisioning"], "society.people": 2000, "society.places.count": 4}


def test_nothing_changes_where_nobody_is_in_struggle():
    changes = {**QUIET, "provisioning.stop": [{"day": 2, "days": 5, "sectors": ["energy_water"]}]}
    one, other = (cz.Simulation(cz.load("restructured").replace({**changes, "society.struggle_shifts_needs": on}), seed=1, threads=1).run(12) for on in (True, False))
    assert not one.places.active.any()
    assert one.state_hash() == other.state_hash()
    assert float(one.series.shortage.max()) > 0.05


def test_without_needs_of_a_struggle_or_without_the_shift_runs_are_alike():
    busy = {**MANY_MEASURES, "provisioning.fixed": {}, "provisioning.stop": [{"day": 2, "days": 30, "share": 0.5}], "society.people": 1500}
    sectors = lively().society.sectors
    none = {f"society.sectors.{name}.struggle_need": 0.0 for name in sectors}
    assert sum(sector.struggle_need for sector in sectors.values()) > 0
    sims = [
        cz.Simulation(lively(**busy, **changes), seed=2, threads=1).run(25)
        for changes in (none, {"society.struggle_shifts_needs": False}, {**none, "society.struggle_shifts_needs": False}, {})
    ]  # fmt: skip
    hashes = [sim.state_hash() for sim in sims]
    assert hashes[0] == hashes[1] == hashes[2]
    assert hashes[3] != hashes[0]
    assert len(sims[3].instances) > 5
    assert sims[3].places.active.sum() > 20
