"""Who lives in one place and works in another draws in both, in hand-made towns."""

import numpy as np
import pytest
from measure_labs import lab, practice, step, take

from communize.mechanisms.provisioning import by_place_and_sector, needs
from communize.mechanisms.provisioning.presence import Presence

HOME, FARM, AWAY = 0, 1, 2  # neighbourhood and farm of the first town, neighbourhood of the second
HERE, THERE = 0, 1
SECTORS = ("food", "energy_water")
DEMAND = np.array([0.6, 0.4])
AT_WORK = 0.4
EIGHT, SIX, FOUR = np.arange(8), np.arange(8, 14), np.arange(14, 18)  # idle here; live there and work at the farm here; idle there


def towns(pays=0.0, at_work=AT_WORK, enabled=True, dwelling=""):
    """Eight people here, ten there, six of whom work at the farm here; nobody else works, and nothing is made at home."""
    people = [(HOME, -1)] * 8 + [(AWAY, FARM)] * 6 + [(AWAY, -1)] * 4
    sim = lab(
        people, ["neighbourhood", "workplace", "neighbourhood"], place_of=[HERE, HERE, THERE], sector_of=[-1, 0, -1],
        position=["stable" if work >= 0 else "unemployed" for _, work in people], on=("provisioning", "measures"),
        society={"sectors": {name: {"share": 0.5} for name in SECTORS}, "commuting": 0.0, "care_burden": 0.0},
        provisioning={"table": "", "coefficients": [[0.0, 0.0], [0.0, 0.0]], "demand": DEMAND.tolist(), "stock_days": 0.5, "notice_days": 1,
                      "ratio": {"enabled": False},
                      "free": {"enabled": enabled, "selling": False, "home_productivity": 0.0, "at_work": at_work, "restock_days": 0.0, "dwelling": dwelling}})  # fmt: skip
    sim.people.affordability[:] = sim.places.means[:] = sim.state.tally.means_at_start[0] = pays
    return sim


def hold_the_farm(sim, strangers=1.0):
    """Somebody who lives here has taken it; what it holds is free for all who come, as far as it is open to `strangers`."""
    take(sim, [FARM], practice(sim, needs=("food",), property=1.0, exchange=1.0, strangers=strangers), people=[EIGHT[:1]])
    step(sim, "provisioning")
    return by_place_and_sector(sim.state, "coverage")[:, 0]


def drawing(at_work, openness=1.0):
    """People who draw here: the participant, and, as far as it is open, seven others who live here and for a part six who work here."""
    return 1 + openness * (7 + at_work * 6)


@pytest.mark.parametrize("at_work", [0.0, AT_WORK, 1.0])
@pytest.mark.parametrize("openness", [1.0, 0.5])
def test_who_works_here_and_lives_there_draws_for_a_part_here(at_work, openness):
    sim = towns(at_work=at_work)
    stock = float(sim.sites.stock[FARM])
    assert stock > 0
    here, there = hold_the_farm(sim, strangers=2 * openness - 1)
    made = float(sim.state.common.produced[0])
    wanted = drawing(at_work, openness) * DEMAND[0]
    assert here == pytest.approx(min(1.0, (stock + made) / wanted))
    assert there == 0
    weight = needs.weights_of_needs(sim.state)[0]
    free = weight * openness * here
    np.testing.assert_allclose(sim.people.unmet[EIGHT[1:]], 1 - free, rtol=1e-6)
    np.testing.assert_allclose(sim.people.unmet[SIX], 1 - at_work * free, rtol=1e-6)
    np.testing.assert_allclose(sim.people.unmet[FOUR], 1, rtol=1e-6)


def test_what_all_there_lack_is_that_of_those_who_work_here_and_the_others_on_the_mean():
    sim = towns()
    here, _ = hold_the_farm(sim)
    shortage = by_place_and_sector(sim.state, "shortage")
    assert shortage[HERE, 0] == pytest.approx(1 - here)
    assert shortage[THERE, 0] == pytest.approx(1 - 0.6 * AT_WORK * here)
    assert shortage[THERE, 1] == pytest.approx(1)


def test_who_can_pay_for_more_draws_less():
    sim = towns(pays=0.5)
    stock = float(sim.sites.stock[FARM])
    here, _ = hold_the_farm(sim)
    supply = sim.state.industry.supply[0]
    wanted = DEMAND[0] * (1 + (drawing(AT_WORK) - 1) * (1 - 0.5 * supply))
    assert here == pytest.approx(min(1.0, (stock + float(sim.state.common.produced[0])) / wanted))


@pytest.mark.parametrize("inside", [[], [8], [8, 9, 10, 11, 12, 13], [14, 15, 16, 17], [0, 8, 14], [*range(8, 18)]])
def test_who_looks_where_is_counted_among_those_outside_measures(inside):
    sim = towns()
    presence = Presence(AT_WORK, at_home=1)
    presence.count(sim.state)
    sim.places.participants[:] = [np.sum(np.array(inside) < 8), np.sum(np.array(inside) >= 8)]
    presence.today(sim.state, np.array(inside, np.int32))
    outside = [i for i in range(8, 18) if i not in inside]
    share = AT_WORK * np.mean([i in SIX for i in outside]) if outside else 0.0
    np.testing.assert_allclose(presence.looked_for(np.array([[10.0, 3.0], [1.0, 5.0]])), [[10 + share, 3], [1 - share, 5]])
    np.testing.assert_allclose(presence.looked_for(np.array([8.0, 10.0])), [8 + 10 * share, 10 - 10 * share])
    np.testing.assert_allclose(presence.found(np.array([[0.5, 0.4], [0.1, 0.2]])), [[0.5, 0.4], [0.1 + 0.4 * share, 0.2]])


def test_nobody_looks_elsewhere_who_works_nowhere():
    sim, values = towns(), np.ones((2, 2))
    for at_work, nobody_works in ((0.0, False), (AT_WORK, True)):
        if nobody_works:
            sim.people.work[SIX] = -1
        presence = Presence(at_work, at_home=-1)
        presence.count(sim.state)
        presence.today(sim.state, np.zeros(0, np.int32))
        assert presence.looked_for(values) is values
        assert presence.found(values) is values


def test_housing_is_had_at_home():
    sim = towns(dwelling="energy_water")
    take(sim, [HOME], practice(sim, needs=("food",), exchange=1.0, strangers=1.0), people=[EIGHT])
    step(sim, "provisioning")
    np.testing.assert_allclose(by_place_and_sector(sim.state, "coverage")[HERE], [0, 1])
    np.testing.assert_allclose(sim.people.unmet[SIX], 1)
    weight = needs.weights_of_needs(sim.state)[1]
    np.testing.assert_allclose(sim.people.unmet[EIGHT], 1 - weight)


def test_needs_met_free_are_counted_where_people_have_them():
    sim = towns()
    sim.sites.stock[FARM] = 3.0
    take(sim, [FARM], practice(sim, needs=("food",), property=1.0, exchange=1.0, strangers=-1.0), people=[SIX])
    step(sim, "provisioning")
    weight, here = needs.weights_of_needs(sim.state)[0], by_place_and_sector(sim.state, "coverage")[HERE, 0]
    assert here > 0
    np.testing.assert_allclose(sim.places.met_inherited + sim.places.met_made, [6 * weight * here, 0])


def test_without_the_free_mode_nobody_looks_anywhere():
    sim = towns(enabled=False)
    hold_the_farm(sim)
    assert not by_place_and_sector(sim.state, "coverage").any()
    assert not sim.state.common.drawn.any()
