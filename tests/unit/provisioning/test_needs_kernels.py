"""What people lack and what is missing in places, against plain Python."""

import numpy as np
import provision_by_hand as by_hand
import pytest

from communize.declare.registry import HELD, IN_MEASURE, IN_STRUGGLE, ROUTINE
from communize.mechanisms.provisioning import needs, terms

N_PLACES, N_SITES, N = 4, 15, 400


def world(seed, n_sectors=3):
    """Random people, sites and what is bought and free."""
    rng = np.random.default_rng(seed)
    activity = rng.choice([ROUTINE, IN_STRUGGLE, IN_MEASURE, HELD], N, p=[0.4, 0.2, 0.35, 0.05]).astype(np.int8)
    found = {
        "home": rng.integers(0, N_SITES, N).astype(np.int32), "work": rng.integers(-1, N_SITES, N).astype(np.int32), "activity": activity,
        "measure": np.where(activity == IN_MEASURE, rng.integers(0, N_SITES, N), -1).astype(np.int32),
        "affordability": rng.random(N).astype(np.float32), "site_place": rng.integers(0, N_PLACES, N_SITES).astype(np.int32),
        "weights": rng.dirichlet(np.ones(n_sectors), 2), "at_work": float(rng.choice([0.0, 0.5, 1.0])), "supply": rng.choice([0.0, 0.4, 1.0], n_sectors),
        "free": rng.choice([0.0, 0.3, 1.0], (N_PLACES, n_sectors)), "open": np.array([0.0, 0.3, 1.0, 0.0]),
        "fall": float(rng.choice([0.0, 0.5])), "kept": rng.integers(-1, n_sectors, N_SITES).astype(np.int8), "dwelling": int(rng.integers(-1, n_sectors)),
        "group": rng.integers(0, 3, N).astype(np.int8), "carries": np.array([False, True, False]),
        "essential": rng.random(n_sectors) < 0.6, "terms": np.empty((N_SITES, terms.N_TERMS)),
    }  # fmt: skip
    found["terms"][:, terms.BUYS], found["terms"][:, terms.PAID] = rng.choice([0.0, 0.5, 1.0], N_SITES), rng.choice([0.0, 0.4, 1.0], N_SITES)
    found["terms"][:, terms.CLAIM] = rng.choice([0.3, 0.8, 1.0], N_SITES)
    found["terms"][:, terms.OF_CARERS] = rng.choice([0.0, 0.5, 1.0], N_SITES)
    found["terms"][:, terms.OF_OTHERS] = rng.choice([1.0, 1.2], N_SITES)
    found["terms"][:, terms.OWN] = found["terms"][:, terms.CLAIM] * rng.choice([0.0, 0.5, 1.0], N_SITES)
    return rng, found


def notice(w, first, last, unmet, weights=None, outside=None):
    outside = np.zeros(N, np.int8) if outside is None else outside
    people = (w["home"], w["work"], w["group"], w["activity"], w["measure"], w["affordability"], unmet, outside)
    needs.notice(
        first, last, people, w["carries"], w["site_place"], w["weights"] if weights is None else weights, w["essential"], w["supply"], w["free"], w["open"],
        w["at_work"], w["terms"], w["kept"], w["dwelling"], w["fall"])  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_people_notice_what_they_lack_and_whether_they_live_outside_exchange(seed):
    _, w = world(seed)
    unmet, outside = np.full(N, 0.125, np.float32), np.full(N, 9, np.int8)
    first, last, sure, elsewhere = 50, 350, 0, 0
    notice(w, first, last, unmet, outside=outside)
    for left in (slice(0, first), slice(last, N)):
        assert (unmet[left] == 0.125).all()
        assert (outside[left] == 9).all()
    for i in range(first, last):
        pays = float(w["affordability"][i]) * (1 - w["fall"])
        if w["activity"][i] == IN_MEASURE:
            s = w["measure"][i]
            p, row = w["site_place"][s], w["terms"][s]
            mine = row[terms.OF_CARERS if w["group"][i] == 1 else terms.OF_OTHERS]
            has = by_hand.had(w["free"][p], row[terms.CLAIM], row[terms.OWN], w["kept"][s], w["dwelling"], mine)
            how = {"inside": True, "buys": by_hand.bought_of(pays, row[terms.BUYS], row[terms.PAID])}
        else:
            p, works = w["site_place"][w["home"][i]], w["site_place"][w["work"][i]] if w["work"][i] >= 0 else -1
            away = (w["open"][works], w["free"][works]) if works not in (-1, p) else None
            has, how = by_hand.found_by_others((w["open"][p], w["free"][p]), away, w["at_work"], w["dwelling"]), {"inside": False, "openness": 1.0}
            elsewhere += away is not None
        weights = w["weights"][int(w["activity"][i] == IN_STRUGGLE)]
        assert unmet[i] == pytest.approx(by_hand.unmet_of(weights, w["supply"], pays, has, **how), abs=1e-6)
        free, met, least = by_hand.outside_of(weights, w["supply"], pays, has, w["essential"], **how)
        if abs(free - 0.5 * met) > 1e-9 and abs(least - 0.5) > 1e-9:  # rounding does not decide
            assert outside[i] == (free > 0.5 * met and least >= 0.5)
            sure += 1
    assert sure > 100
    assert elsewhere > 50


def one_person(row_of_terms=None, group=0, inside=True):
    """Arguments of `notice` for one person, who can pay all, in a measure at the only site, or at home there; food, and all claim all."""
    row = np.zeros(1, np.int32)
    of = np.zeros((1, terms.N_TERMS))
    of[0, [terms.CLAIM, terms.OF_CARERS, terms.OF_OTHERS]] = 1.0
    for column, value in (row_of_terms or {}).items():
        of[0, column] = value
    unmet, outside = np.full(1, 9, np.float32), np.full(1, 9, np.int8)
    people = (
        row, np.full(1, -1, np.int32), np.full(1, group, np.int8), np.full(1, IN_MEASURE if inside else ROUTINE, np.int8), np.full(1, 0 if inside else -1, np.int32), np.ones(1, np.float32),
        unmet, outside)  # fmt: skip
    return people, row, of, unmet, outside


@pytest.mark.parametrize(("fall", "openness", "outside"), [(0.0, 1.0, 0), (0.6, 1.0, 1), (0.6, 0.5, 0), (0.6, 0.0, 0), (1.0, 1.0, 1), (1.0, 0.4, 0), (1.0, 0.6, 1)])
def test_others_live_outside_exchange_where_they_draw_most_of_what_they_have(fall, openness, outside):
    """They can pay 1 - fall, and have all that is missing where they may draw."""
    people, row, of, unmet, found = one_person(inside=False)
    needs.notice(
        0, 1, people, np.zeros(1, bool), row, np.ones((2, 1)), np.ones(1, bool), np.ones(1), np.ones((1, 1)), np.array([openness]), 0.5, of, np.full(1, -1, np.int8),
        -1, fall)  # fmt: skip
    assert unmet[0] == pytest.approx(fall * (1 - openness))
    assert found[0] == outside


@pytest.mark.parametrize(("group", "has"), [(0, 0.6), (1, 0.4)])
def test_by_hours_who_carries_care_has_less(group, has):
    """Half of the people claim 1.0, half two thirds of it by hours: 5/6 is the mean, of which 0.6 is there."""
    people, row, of, unmet, _ = one_person({terms.CLAIM: 5 / 6, terms.OF_CARERS: 0.8, terms.OF_OTHERS: 1.2}, group)
    for dwelling, lacks in ((-1, 1 - has), (0, 0.4)):  # housing is by use, whatever the hours
        needs.notice(
            0, 1, people, np.array([False, True]), row, np.ones((2, 1)), np.ones(1, bool), np.ones(1), np.array([[0.6]]), np.zeros(1), 0.5, of, np.full(1, -1, np.int8),
            dwelling, 0.0)  # fmt: skip
        assert unmet[0] == pytest.approx(lacks)


@pytest.mark.parametrize("buys", [1.0, 0.0])
def test_what_a_participant_lacks_by_hand(buys):
    """Need of food 0.6 and of housing 0.4, half of both there; by hours 0.8 is claimed, housing by use whole; of food 0.2 is the measure's own.

    Food had: 0.2 + 0.6 / 2 = 0.5; housing: 0.5. They can pay for half, and half of the rest is paid in goods: 0.75 of what is missing, where
    it is delivered: all food, half of the housing.
    """
    people, row, of, unmet, _ = one_person({terms.BUYS: buys, terms.CLAIM: 0.8, terms.OWN: 0.2, terms.PAID: 0.5})
    needs.notice(
        0, 1, people, np.zeros(1, bool), row, np.array([[0.6, 0.4], [0.0, 1.0]]), np.ones(2, bool), np.array([1.0, 0.5]), np.array([[0.5, 0.5]]), np.zeros(1), 0.5, of,
        np.zeros(1, np.int8), 1, 0.5)  # fmt: skip
    assert unmet[0] == pytest.approx(0.6 * 0.5 * 0.25 + 0.4 * 0.5 * (1 - 0.375) if buys else 0.5)  # nothing is bought, whatever could be paid


@pytest.mark.parametrize(("activity", "weight"), [(ROUTINE, 0.6), (IN_STRUGGLE, 0.9), (HELD, 0.6), (IN_MEASURE, 0.6)])
def test_needs_weigh_as_what_people_do_has_it(activity, weight):
    """Food is delivered, housing is not, nothing is free; who has joined a measure needs the usual."""
    people, row, of, unmet, _ = one_person(inside=activity == IN_MEASURE)
    people[3][0] = activity
    of[0, terms.BUYS] = 1.0
    needs.notice(
        0, 1, people, np.zeros(1, bool), row, np.array([[0.6, 0.4], [0.9, 0.1]]), np.ones(2, bool), np.array([1.0, 0.0]), np.zeros((1, 2)), np.zeros(1), 0.5, of,
        np.full(1, -1, np.int8), -1, 0.0)  # fmt: skip
    assert unmet[0] == pytest.approx(1 - weight)


def test_nothing_lacks_to_whom_nothing_is_needed():
    _, w = world(0)
    unmet = np.full(N, 0.5, np.float32)
    notice(w, 0, N, unmet, weights=np.zeros((2, 3)))
    assert not unmet.any()


def test_who_lives_mainly_outside_exchange_by_hand():
    """Two needs alike; of both a share is free, nothing is bought: outside from one half on. What is bought counts against, what is missing of an essential too."""
    row, of, outside = np.zeros(1, np.int32), np.zeros((1, terms.N_TERMS)), np.zeros(1, np.int8)
    of[0, terms.CLAIM] = of[0, terms.OF_OTHERS] = 1.0
    people = (row, row, np.zeros(1, np.int8), np.full(1, IN_MEASURE, np.int8), row, np.ones(1, np.float32), np.zeros(1, np.float32), outside)
    for free, buys, essential, wanted in (
        ([0.5, 0.5], 0.0, [True, True], 1), ([0.4, 0.9], 0.0, [True, True], 0), ([0.4, 0.9], 0.0, [False, True], 1), ([0.5, 0.5], 1.0, [True, True], 0),
        ([0.6, 0.6], 1.0, [True, True], 1), ([0.0, 0.0], 0.0, [False, False], 0),
    ):  # fmt: skip
        of[0, terms.BUYS] = buys
        needs.notice(
            0, 1, people, np.zeros(1, bool), row, np.full((2, 2), 0.5), np.array(essential), np.ones(2), np.array([free]), np.zeros(1), 0.5, of, np.full(1, -1, np.int8), -1,
            0.0)  # fmt: skip
        assert outside[0] == wanted, (free, buys, essential)


@pytest.mark.parametrize("seed", range(8))
def test_sites_are_covered_as_in_plain_python(seed):
    rng, w = world(seed)
    number = rng.integers(0, 4, N_SITES)
    share = rng.random(N_SITES)
    pays = (number * share * terms.FIXED_POINT).astype(np.int64)
    taken = np.flatnonzero(rng.random(N_SITES) < 0.7)
    coverage = np.full(N_SITES, 0.25, np.float32)
    needs.cover_sites(
        taken, w["site_place"], w["kept"], number, pays, w["terms"], w["essential"], w["supply"], w["free"], w["dwelling"], coverage)  # fmt: skip
    for s in range(N_SITES):
        if s not in taken or number[s] == 0:
            assert coverage[s] == 0.25
            continue
        row, p = w["terms"][s], w["site_place"][s]
        has = by_hand.had(w["free"][p], row[terms.CLAIM], row[terms.OWN], w["kept"][s], w["dwelling"], 1.0)
        buys = by_hand.bought_of(share[s], row[terms.BUYS], row[terms.PAID])
        found = [h + (1 - h) * buys * delivered for h, delivered, needed in zip(has, w["supply"], w["essential"]) if needed]
        assert coverage[s] == pytest.approx(min(found, default=1.0), abs=2e-6)


def test_pay_of_places_adds_up_residents():
    _, w = world(3)
    total = np.zeros(N_PLACES, np.int64)
    needs.pay_of_places(w["home"], w["site_place"], w["affordability"], total)
    wanted = [sum(float(w["affordability"][i]) for i in range(N) if w["site_place"][w["home"][i]] == p) for p in range(N_PLACES)]
    np.testing.assert_allclose(total / terms.FIXED_POINT, wanted, atol=N / terms.FIXED_POINT)


@pytest.mark.parametrize("seed", range(8))
def test_places_are_covered_as_in_plain_python(seed):
    rng, w = world(seed)
    weights, supply = w["weights"], w["supply"]
    n = supply.size
    residents, participants, struggling = np.array([50, 40, 30, 0]), np.array([10, 0, 30, 0]), np.array([30, 10, 0, 0])
    essential = rng.random(n) < 0.6
    sums = np.zeros((N_PLACES, 4))
    sums[[0, 2], 0] = 14, 26  # some take part elsewhere
    sums[:, 2], sums[:, 3] = sums[:, 0] * 0.4, sums[:, 0] * np.array([0.3, 0, 0.4, 0])
    pay, inside_free, others_free = rng.random(N_PLACES), *rng.choice([0.0, 0.2, 0.7, 1.0], (2, N_PLACES, n))
    inside_found, others_found = (free * rng.choice([0.0, 0.4, 1.0], (N_PLACES, n)) for free in (inside_free, others_free))
    shortage = np.full((N_PLACES, n), 9.0)
    needed = rng.random(n) < 0.7
    coverage, common, inherited, made, dropped, bought, spent, by_goods = (np.full(N_PLACES, 9.0) for _ in range(8))
    needs.cover_places(
        (participants, residents, struggling), pay, sums, weights, needed, essential, supply, w["fall"], (inside_free, inside_found), (others_free, others_found),
        shortage, coverage, common, inherited, made, dropped, bought, spent, by_goods)  # fmt: skip
    for p in range(N_PLACES):
        pays = pay[p] * (1 - w["fall"])
        spends = 0.4 if sums[p, 0] else 0.5 * pays
        has = inside_free[p]
        got = [(1 - f) * spends * s for f, s in zip(has, supply)]
        inside = participants[p] / residents[p] if residents[p] else 0
        without = [(1 - pays * s) * (1 - f) for f, s in zip(others_free[p], supply)]
        np.testing.assert_allclose(shortage[p], [inside * (1 - f - g) + (1 - inside) * o for f, g, o in zip(has, got, without)], atol=1e-6)
        assert coverage[p] == pytest.approx(min([f + g for f, g, e in zip(has, got, essential) if e], default=1.0), abs=1e-6)
        assert common[p] == pytest.approx((weights[0] * has).sum())
        paid = (weights[0] * got).sum()
        assert bought[p] == pytest.approx(paid / (paid + common[p]) if sums[p, 0] and paid + common[p] else 0.0, abs=1e-6)
        in_goods = 0.25 if p == 0 else 0.0
        assert spent[p] == pytest.approx((1 - common[p]) * sums[p, 3] / sums[p, 0] if sums[p, 0] else 0.0, abs=1e-6)
        assert by_goods[p] == pytest.approx(in_goods * paid, abs=1e-6)
        # person by person: participants of measures there, and who lives there and takes no part, in struggle or not
        kinds = [(sums[p, 0], weights[0], inside_free[p], inside_found[p])]
        for people, of_each in ((struggling[p], weights[1]), (residents[p] - participants[p] - struggling[p], weights[0])):
            lacks = [1 - pays * s for s in supply]
            kinds.append((people, of_each, *([lack * share for lack, share in zip(lacks, free[p])] for free in (others_free, others_found))))
        all_free, all_found, fallen_away = (
            sum(people * sum(weight * share for weight, share, there in zip(of_each, had[column], needed) if there == wanted) for people, of_each, *had in kinds)
            for column, wanted in ((0, True), (1, True), (0, False)))  # fmt: skip
        assert dropped[p] == pytest.approx(fallen_away, abs=1e-9)
        assert inherited[p] == pytest.approx(all_found, abs=1e-9)
        assert inherited[p] + made[p] == pytest.approx(all_free, abs=1e-9)
        assert min(inherited[p], made[p]) >= 0
