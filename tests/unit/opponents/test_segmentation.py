"""Segmentation: how antagonism rises and falls, what it does to joining, and whom the State recruits."""

import math

import numpy as np
import pytest
from measure_labs import CONTENTS, assert_counted, close, lab, mechanism_of, put, set_shortage, step, take

from communize.declare.registry import IN_MEASURE, POSITIONS
from communize.mechanisms.opponents import segmentation
from communize.mechanisms.opponents.segmentation import (
    LIVELIHOOD,
    LIVELIHOODS,
    OTHER_SIDES,
    SETTLEMENTS,
    division_of_sides,
    settle,
)

STRANGERS = CONTENTS.index("strangers")
TWO = {"groups": {"one": 0.5, "other": 0.5}}
NO_FADING = {"half_life_days": 1e5, "fanned": 0.0, "recruiting": 0.0}


def town(groups, *, position=None, n_sites=2, on=("measures", "segmentation"), society=None, work=None, seed=1, **law):
    """One place of neighbourhoods with a person of each of `groups`, in turn."""
    n = len(groups)
    kinds = ["neighbourhood"] * n_sites
    sim = lab([(person % n_sites, -1) for person in range(n)], kinds, on=on, position=position, seed=seed,
              society={**TWO, **(society or {})}, segmentation={**NO_FADING, **law})  # fmt: skip
    sim.people.group[:] = groups
    mechanism_of(sim, "segmentation").setup(sim.state)
    return sim


def between(sim, place=0):
    sides = len(sim.society.groups) + OTHER_SIDES
    return sim.state.antagonism.between.reshape(len(sim.places), sides, -1)[place, :, :sides]


def against(sim):
    return sim.state.antagonism.against.reshape(len(sim.places), -1)


# --- the formula ---


def by_hand(places, residents, n_groups, law, before, present, shared):
    """A day of antagonism from the words: `places` are lists of (counts by side, content strangers)."""
    rise, fall, fan, keep = law
    after, held = [], []
    for p, measures in enumerate(places):
        n_sides = len(before[p])
        divisions = [range(n_groups), range(n_groups, n_groups + 3), range(n_groups + 3, n_sides)]
        everybody = sum(sum(counts[:n_groups]) for counts, _ in measures)
        A = [row[:] for row in before[p]]
        for division in divisions:
            for g in division:
                for h in division:
                    if g == h:
                        continue
                    change = 0.0
                    for counts, c in measures:
                        n = sum(counts[:n_groups])
                        if n == 0:
                            continue
                        share = [x / n for x in counts]
                        part = n / max(everybody, residents[p])
                        for one, other in ((g, h), (h, g)):
                            kept = share[one] * (1 - share[other]) * (present[p][other] - shared[p][other]) * (1 - c) / 2
                            change += part * (rise * kept - fall * share[one] * (share[other] + shared[p][other]))
                    a = (before[p][g][h] * (1 + fan) + change) * keep
                    A[g][h] = 0.0 if a < 1e-6 and everybody == 0 else min(1.0, max(0.0, a))
        after.append(A)
        row = [0.0] * n_sides
        for division in divisions:
            whole = sum(counts[g] for counts, _ in measures for g in division)
            for h in division:
                if whole:
                    row[h] = sum(counts[g] * A[g][h] for counts, _ in measures for g in division if g != h) / whole
        held.append(row)
    return after, held


@pytest.mark.parametrize("seed", range(6))
def test_a_day_of_antagonism_by_hand(seed):
    rng = np.random.default_rng(seed)
    n_groups, n_places, n_measures = int(rng.integers(1, 5)), 4, 9
    sides = n_groups + 5
    where = np.sort(rng.integers(0, n_places - 1, n_measures))  # one place has none
    by_place = np.searchsorted(where, np.arange(n_places + 1))
    composition = np.zeros((n_measures, sides))
    for j in range(n_measures):
        n = int(rng.integers(0, 12))
        composition[j, :n_groups] = rng.multinomial(n, np.full(n_groups, 1 / n_groups))
        composition[j, n_groups : n_groups + 3] = rng.multinomial(n, [0.5, 0.3, 0.2])
        composition[j, n_groups + 3 :] = rng.multinomial(n, [0.8, 0.2])
    content, residents = rng.uniform(-1, 1, (n_measures, len(CONTENTS))), np.array([3, 50, 400, 0])
    start = rng.choice([0.0, 1e-7, 0.3, 0.99], (n_places, sides, sides))
    start = np.triu(start, 1) + np.triu(start, 1).transpose(0, 2, 1)
    present, shared = np.ones((n_places, sides)), np.zeros((n_places, sides))
    present[:, -2:] = rng.uniform(0.3, 1, (n_places, 2))
    shared[:, -2:] = present[:, -2:] * rng.uniform(0, 1, (n_places, 2))
    law = (0.3, 0.2, 0.05, 0.97)
    found, held = start.copy(), np.zeros((n_places, sides))
    change, inside = np.zeros(start.shape), np.zeros(held.shape)
    division = division_of_sides(n_groups)
    segmentation.keep_out(
        0, n_places, 0, by_place, np.arange(n_measures), np.arange(n_measures), content, composition, residents, division, (present, shared), law[:2], change, inside)  # fmt: skip
    segmentation.estrange(change, inside, division, law[2:], found, held)
    wanted, towards = by_hand(
        [[(composition[j].tolist(), float(content[j, STRANGERS])) for j in np.flatnonzero(where == p)] for p in range(n_places)],
        residents.tolist(), n_groups, law, start.tolist(), present.tolist(), shared.tolist())  # fmt: skip
    for block in (slice(0, n_groups), slice(n_groups, n_groups + 3), slice(n_groups + 3, sides)):
        np.testing.assert_allclose(found[:, block, block], np.array(wanted)[:, block, block], atol=1e-12)
    np.testing.assert_allclose(held, towards, atol=1e-12)
    np.testing.assert_array_equal(found, found.transpose(0, 2, 1))
    assert found.min() >= 0 <= found.max() <= 1


def test_a_measure_of_one_group_for_its_own_estranges_the_other():
    """All four of one group in a measure that keeps all from the other four: 0.1 times half of the residents a day."""
    sim = town([0] * 4 + [1] * 4, rise=0.1)
    take(sim, 0, people=[range(4)], strangers=-1.0)
    sim.run(3)
    assert between(sim)[0, 1] == pytest.approx(3 * 0.1 * 0.5, rel=1e-4)
    assert sim.places.antagonism[0] == pytest.approx(0.15, rel=1e-4)
    assert sim.series.antagonism_mean.values == pytest.approx([0.05, 0.1, 0.15], rel=1e-4)
    assert against(sim)[0, :2] == pytest.approx([0.0, 0.15], rel=1e-4)


@pytest.mark.parametrize("c", [-1.0, 0.0, 1.0])
def test_openness_to_strangers_lowers_the_rise(c):
    sim = town([0] * 4 + [1] * 4, rise=0.1)
    take(sim, 0, people=[range(4)], strangers=c)
    sim.run(1)
    assert between(sim)[0, 1] == pytest.approx(0.05 * (1 - c) / 2, abs=1e-6)


def test_contact_in_common_measures_lowers_it():
    sim = town([0] * 4 + [1] * 4, rise=0.0, fall=0.1)
    take(sim, 0, people=[[0, 1, 4, 5]])
    between(sim)[0, 1] = between(sim)[1, 0] = 0.5
    sim.run(2)
    assert between(sim)[0, 1] == pytest.approx(0.5 - 2 * 0.1 * 0.5 * 2 * 0.25, rel=1e-4)


def test_it_fades_with_its_half_life_and_is_fanned_where_it_exists():
    for law, factor in (({"half_life_days": 10.0}, 2**-0.1), ({"fanned": 0.02}, 1.02 * 2 ** (-1 / 1e5))):
        sim = town([0, 1] * 4, **law)
        sim.state.force.reserve[0] = 1.0
        between(sim)[0, 1] = between(sim)[1, 0] = 0.4
        sim.run(5)
        assert between(sim)[0, 1] == pytest.approx(0.4 * factor**5, rel=1e-4)


@pytest.mark.parametrize(("garrison", "reserve", "readiness", "fanned"), [
    (0.0, 1.0, 1.0, 0.02), (1.0, 0.0, 1.0, 0.02), (1.0, 1.0, 0.25, 0.005), (1.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0)])  # fmt: skip
def test_a_state_fans_it_as_far_as_its_force_is_ready(garrison, reserve, readiness, fanned):
    sim = town([0, 1] * 4, fanned=0.02)
    sim.places.garrison[0], sim.state.force.reserve[0], sim.state.force.readiness[0] = garrison, reserve, readiness
    between(sim)[0, 1] = between(sim)[1, 0] = 0.4
    sim.run(3)
    assert between(sim)[0, 1] == pytest.approx(0.4 * ((1 + fanned) * 2 ** (-1 / 1e5)) ** 3, rel=1e-5)


def test_small_measures_in_large_places_are_not_forgotten():
    """Two of 4,000: 2.5e-6 a day, below what is forgotten where nobody takes part."""
    sim = town([0] * 2000 + [1] * 2000, rise=0.001)
    take(sim, 0, people=[[0, 2]], strangers=-1.0)
    sim.run(20)
    assert between(sim)[0, 1] == pytest.approx(20 * 0.001 * 2 / 4000, rel=1e-3)


def test_what_is_negligible_is_forgotten_where_nobody_takes_part():
    sim = town([0, 1] * 4)
    between(sim)[0, 1] = between(sim)[1, 0] = 5e-7
    sim.run(1)
    assert not sim.state.antagonism.between.any()
    assert not sim.state.antagonism.against.any()
    assert sim.places.antagonism[0] == 0


def test_antagonism_does_not_pass_one():
    sim = town([0] * 4 + [1] * 4, rise=10.0)
    take(sim, 0, people=[range(4)], strangers=-1.0)
    sim.run(2)
    assert between(sim)[0, 1] == 1.0


def test_the_order_of_groups_does_not_matter():
    rng = np.random.default_rng(1)
    groups = rng.integers(0, 3, 40)
    three = {"groups": {"a": 0.4, "b": 0.3, "c": 0.3}}
    found = []
    for order in ([0, 1, 2], [2, 0, 1]):
        sim = town(np.array(order)[groups], society=three, rise=0.2, fall=0.05)
        take(sim, [0, 1], people=[range(0, 16, 2), range(1, 12, 2)], strangers=-0.4)
        sim.run(10)
        found.append((between(sim)[np.ix_(order, order)], sim.places.antagonism.copy()))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-5)
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-5)


def test_people_with_and_without_work_and_on_the_land_are_sides_too():
    assert [LIVELIHOODS[LIVELIHOOD[POSITIONS.index(name)]] for name in ("stable", "owner", "unemployed", "student", "farmer")] == [
        "work", "work", "no_work", "no_work", "land"]  # fmt: skip
    sim = town([0] * 6, position=["stable"] * 3 + ["unemployed"] * 2 + ["farmer"], society={"groups": {"one": 1.0}}, rise=0.1)
    take(sim, 0, people=[range(3)], strangers=-1.0)
    sim.run(1)
    work, no_work, land = 1, 2, 3
    assert between(sim)[work, [no_work, land]] == pytest.approx([0.05, 0.05], rel=1e-4)
    assert between(sim)[no_work, land] == 0
    pairs = 2 * (3 * 2 + 3 * 1) * 0.05 / (2 * (3 * 2 + 3 * 1 + 2 * 1))  # of 11 pairs with different sides 9 are estranged
    assert sim.places.antagonism[0] == pytest.approx(pairs, rel=1e-4)


def test_one_group_alike_in_all_has_no_antagonism():
    sim = town([0] * 6, society={"groups": {"one": 1.0}}, rise=1.0)
    take(sim, 0, people=[range(3)], strangers=-1.0)
    sim.run(3)
    assert sim.places.antagonism.tolist() == [0.0]


def test_more_codes_of_groups_than_names():
    sim = town([0, 1, 7, 15] * 3, rise=0.1)
    take(sim, 0, people=[[0, 4, 8]], strangers=-1.0)
    sim.run(2)
    assert between(sim)[0, 1] > 0
    assert np.isfinite(sim.places.antagonism).all()


def test_a_place_without_residents_in_which_people_of_others_take_part():
    sim = lab([(0, 1)] * 4, ["neighbourhood", "workplace"], place_of=[0, 1], on=("measures", "segmentation"), society=TWO, segmentation={**NO_FADING, "rise": 0.1})
    take(sim, 1, people=[range(4)], strangers=-1.0)
    sim.run(1)
    assert between(sim, 1)[0, 1] == pytest.approx(0.1, rel=1e-4)  # not more than all of the provision is kept
    assert sim.places.antagonism.tolist() == [0.0, 0.0]


def test_the_mean_follows_people_who_change_sides():
    sim = town([0] * 4 + [1] * 4)
    between(sim)[0, 1] = between(sim)[1, 0] = 0.5
    sim.people.position[:4] = POSITIONS.index("unemployed")
    between(sim)[2, 3] = between(sim)[3, 2] = 0.8
    sim.step()
    assert sim.places.antagonism[0] == pytest.approx(0.5, rel=1e-3)
    sim.state.regrouped += 1
    sim.step()
    sim.step()
    assert sim.places.antagonism[0] == pytest.approx(0.8, rel=1e-3)


# --- town and country ---


def test_the_smallest_places_are_country():
    residents = np.array([50, 10, 30, 0, 10])
    assert settle(residents, 0.2).tolist() == [0, 1, 0, 0, 1]
    assert settle(residents, 0.19).tolist() == [0, 1, 0, 0, 0]
    assert settle(residents, 0.0).tolist() == [0] * 5
    assert settle(residents, 1.0).tolist() == [1, 1, 1, 0, 1]  # nobody lives there
    assert settle(np.array([7]), 0.5).tolist() == [0]


def town_and_village(commuters=0, *, measure_in=0, linked=False, **law):
    """A town of 80 and a village of 20, of whom some work in the town; a measure of everybody at the town's plant, or of all in the village."""
    sim = lab(
        [(0, 1)] * 80 + [(2, 1)] * commuters + [(2, -1)] * (20 - commuters), ["neighbourhood", "workplace", "neighbourhood"], place_of=[0, 0, 1], km=[0.0, 10.0],
        on=("measures", "segmentation"), society={"groups": {"one": 1.0}}, segmentation={**NO_FADING, "country": 0.25, **law})  # fmt: skip
    assert sim.places.settlement.tolist() == [SETTLEMENTS.index("town"), SETTLEMENTS.index("country")]
    take(sim, 1 if measure_in == 0 else 2, people=[range(80 + commuters) if measure_in == 0 else range(80, 100)], strangers=-1.0)
    sim.state.contacts.linked[:] = linked
    return sim


@pytest.mark.parametrize("place", [0, 1])
def test_what_a_measure_keeps_from_the_other_side_within_reach_estranges_it(place):
    """All in a closed measure: the rise, times one half, as half of what is in reach is of the other side."""
    sim = town_and_village(measure_in=place, rise=0.1)
    sim.run(2)
    assert between(sim, place)[-2, -1] == pytest.approx(2 * 0.1 * 0.5, rel=1e-4)
    assert between(sim, 1 - place)[-2, -1] == 0
    assert sim.places.antagonism_of[place].tolist() == pytest.approx([0.0, 0.0, 0.1], rel=1e-4)
    assert sim.places.antagonism[place] == pytest.approx(0.1, rel=1e-4)
    assert sim.series.antagonism_of.sel(division="settlement").values[-1] == pytest.approx(0.1 * (0.8, 0.2)[place], rel=1e-4)


def test_those_who_work_in_town_and_links_bring_it_together():
    apart, mixed, linked = town_and_village(rise=0.1), town_and_village(20, rise=0.1), town_and_village(rise=0.1, fall=0.0, linked=True)
    for sim in (apart, mixed, linked):
        sim.run(1)
    s = 0.2  # a fifth come from the village: they keep nobody of their own out
    kept = (1 - s) * (1 - s) * 0.5 + s * s * 0.5
    assert between(mixed)[-2, -1] == pytest.approx(0.1 * kept - 0.01 * 2 * s * (1 - s), rel=1e-4)
    assert between(mixed)[-2, -1] < between(apart)[-2, -1] == pytest.approx(0.05, rel=1e-4)
    assert between(linked)[-2, -1] == 0  # a link shares all that there is
    linked = town_and_village(rise=0.0, fall=0.1, linked=True)
    between(linked)[-2, -1] = between(linked)[-1, -2] = 0.5
    linked.run(1)
    assert between(linked)[-2, -1] == pytest.approx(0.5 - 0.1 * 0.5, rel=1e-4)  # all of town, half of what is in reach is country


def test_without_country_there_is_no_such_division():
    sim = town_and_village(rise=0.1)
    sim.places.settlement[:] = 0
    sim.run(2)
    assert not between(sim)[-2:, -2:].any()


# --- joining ---


@pytest.mark.parametrize(("hostile", "group", "p"), [(0.0, 1, 1.0), (0.6, 1, 0.4), (1.0, 1, 0.0), (0.6, 0, 1.0), (0.6, "country", 0.4), (0.6, "town", 1.0)])
def test_joining_across_the_division_falls_by_the_antagonism(hostile, group, p):
    n = 1500
    sim = lab(
        [(0, -1)] * (200 + n), ["neighbourhood"], on=("measures", "rallying"), society={"horizon": 1.0, **TWO},
        rallying={"rate": 1e3, "rate_leaving": 0.0, "rate_leaving_need": 0.0})  # fmt: skip
    by_settlement = group in SETTLEMENTS
    sim.people.group[200:] = 0 if by_settlement else group
    sim.places.settlement[:] = SETTLEMENTS.index(group) if by_settlement else 0
    take(sim, 0, people=[range(200)], wage_labour=1.0, strangers=1.0)
    sim.state.antagonism.grow(2 + OTHER_SIDES)
    against(sim)[0, -1 if by_settlement else 1] = hostile
    set_shortage(sim, 1.0)
    step(sim, "rallying", 1)
    assert close((sim.people.measure[200:] >= 0).sum(), n, p)
    assert_counted(sim)


# --- recruiting ---


def recruits(n=2000, rate=0.2, antagonism=0.5, force=5.0, **law):
    """Participants of both groups in measures without rise or fall, in a place with antagonism."""
    sim = town([0, 1] * (n // 2), rise=0.0, fall=0.0, recruiting=rate, **law)
    take(sim, [0, 1], people=[range(0, n, 2), range(1, n, 2)])
    between(sim)[0, 1] = between(sim)[1, 0] = antagonism
    sim.state.force.reserve[0] = force
    return sim


def test_whom_the_state_recruits_leaves_the_measure_for_force():
    sim = recruits()
    sim.run(1)
    gone = 2000 - int((sim.people.activity == IN_MEASURE).sum())
    assert close(gone, 2000, 1 - math.exp(-0.2 * 0.5))
    assert sim.state.force.reserve[0] == 5.0 + gone
    assert sim.series.recruited.values.tolist() == [gone]
    sim.run(1)
    assert sim.state.force.recruited[0] == sim.series.recruited.values.sum() == 2000 - (sim.people.activity == IN_MEASURE).sum()
    assert_counted(sim)


@pytest.mark.parametrize("law", [{"rate": 0.0}, {"antagonism": 0.0}, {"force": 0.0}])
def test_without_rate_antagonism_or_force_nobody_is_recruited(law):
    sim = recruits(n=200, **law)
    sim.run(5)
    assert (sim.people.activity == IN_MEASURE).sum() == 200
    assert sim.state.force.reserve[0] == law.get("force", 5.0)


def test_nobody_inside_nobody_recruited():
    sim = recruits(n=20, rate=1.0)
    put(sim, range(20), 0)
    sim.run(3)
    assert sim.series.recruited.values.sum() == 0
