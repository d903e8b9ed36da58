"""Kernels of the free mode against plain Python, on random places, and by hand."""

import numpy as np
import provision_by_hand as by_hand
import pytest

from communize.declare.registry import ABANDONED, COMMODITY, CONTESTED, DESTROYED, MAX_NEEDS, TAKEN
from communize.mechanisms.provisioning import free, reproduction
from communize.society.places import Contact


def tally_of(n):
    return np.zeros((free.N_TALLIES, n))


# --- stocks of sites ---


def test_stocks_of_sites_refill_in_the_commodity_mode_alone():
    rng = np.random.default_rng(1)
    n, days, per_worker = 300, np.array([10.0, 3.0, 20.0]), np.array([2.0, 0.5, 0.0])
    sector = rng.integers(-1, 3, n).astype(np.int8)
    mode = rng.choice([COMMODITY, CONTESTED, TAKEN, ABANDONED, DESTROYED], n).astype(np.int8)
    members, eligible = rng.integers(0, 30, n).astype(np.int32), rng.integers(0, 30, n).astype(np.int32)
    active = (eligible * rng.random(n)).astype(np.int32)
    stock = (rng.uniform(0, 700, n) * (rng.random(n) < 0.8)).astype(np.float32)
    inherited = rng.random(n).astype(np.float32)
    makes = np.append(per_worker > 0, False)[sector]
    wanted = [
        by_hand.kept(float(stock[s]), days[sector[s]], per_worker[sector[s]], members[s], mode[s], active[s], eligible[s]) if sector[s] >= 0 else stock[s]
        for s in range(n)
    ]  # fmt: skip
    found = np.where(makes & np.isin(mode, (COMMODITY, CONTESTED)), 1.0, inherited)  # whatever stands in a site of the commodity mode is found there
    free.keep_stocks((sector, mode, members, active, eligible, stock, inherited), per_worker, days, False)
    np.testing.assert_allclose(stock, wanted, rtol=1e-6)
    np.testing.assert_array_equal(inherited, found.astype(np.float32))
    assert 0 < (found == 1).sum() < n


def test_an_empty_stock_is_full_again_after_twice_its_days():
    days, per_worker = np.array([10.0]), np.array([2.0])
    one = lambda value: np.full(1, value, np.int32)  # noqa: E731
    stock = np.zeros(1, np.float32)
    sites = (np.zeros(1, np.int8), np.zeros(1, np.int8), one(6), one(0), one(6), stock, np.zeros(1, np.float32))
    for _ in range(19):
        free.keep_stocks(sites, per_worker, days, False)
    assert stock[0] == pytest.approx(114)
    free.keep_stocks(sites, per_worker, days, False)
    free.keep_stocks(sites, per_worker, days, False)
    assert stock[0] == pytest.approx(120)
    half = (sites[0], np.full(1, CONTESTED, np.int8), one(6), one(3), one(6), stock, sites[-1])
    stock[0] = 0
    free.keep_stocks(half, per_worker, days, False)
    assert stock[0] == pytest.approx(3)  # half of those who could are in struggle
    free.keep_stocks(half, per_worker, days, True)
    assert stock[0] == pytest.approx(120)


# --- seizing ---


def test_a_site_adds_its_share_once_a_measure():
    place, sector = np.array([0, 1, 1, 0], np.int32), np.array([0, 1, -1, 2], np.int8)
    instance, seized = np.array([0, 1, 2, 3], np.int32), np.full(4, -1, np.int32)
    stock, found = np.array([8.0, 6.0, 5.0, 4.0], np.float32), np.array([1.0, 0.5, 1.0, 1.0], np.float32)
    common, inherited, tally, taken = np.zeros((2, 3)), np.zeros((2, 3)), tally_of(3), np.arange(4, dtype=np.int32)
    common[0, 0] = 0.5
    freed = np.array([1.0, 0.25, 1.0, 1.0, 0.5])
    sites = (place, sector, instance, stock, found, seized)
    seizable = np.array([True, True, False])
    free.seize(taken, sites, freed, seizable, common, inherited, tally)
    np.testing.assert_allclose(common * inherited, [[8, 0, 0], [0, 0.75, 0]])  # half a day had been made there before, half of the other stock was
    common[0, 0] -= 0.5
    assert common.tolist() == [[8, 0, 0], [0, 1.5, 0]]  # one has no sector, another sector cannot be taken
    assert stock.tolist() == [0, 4.5, 5, 4]
    assert seized.tolist() == [0, 1, 2, 3]
    stock[:] = 8
    free.seize(taken, sites, freed, seizable, common, inherited, tally)
    assert common.sum() == 9.5  # the same measures take nothing more
    instance[1] = 4
    free.seize(taken, sites, freed, seizable, common, inherited, tally)
    assert common.tolist() == [[8, 0, 0], [0, 5.5, 0]]  # another measure takes its share of what is there
    assert tally[free.SEIZED].tolist() == [8, 5.5, 0]
    assert tally.sum() == 13.5


def shares_of(rng, shape, dtype=float):
    return rng.choice([0.0, 0.3, 1.0], shape).astype(dtype)


def share_is_one(inherited):
    return bool(((inherited >= 0) & (inherited <= 1)).all())


def test_what_is_taken_over_keeps_what_of_it_was_found_as_in_plain_python():
    rng = np.random.default_rng(2)
    for _ in range(100):
        n_places, n, n_sites = 3, 3, 12
        place, sector = rng.integers(0, n_places, n_sites).astype(np.int32), rng.integers(-1, n, n_sites).astype(np.int8)
        instance = rng.permutation(n_sites).astype(np.int32)
        seized = np.where(rng.random(n_sites) < 0.3, instance, -1).astype(np.int32)
        there = (rng.uniform(0, 50, n_sites) * (rng.random(n_sites) < 0.8)).astype(np.float32)
        found, freed, seizable = shares_of(rng, n_sites, np.float32), rng.choice([0.0, 0.5, 1.0], n_sites), rng.random(n) < 0.8
        stock, inherited = rng.uniform(0, 50, (n_places, n)) * (rng.random((n_places, n)) < 0.7), shares_of(rng, (n_places, n))
        taken = np.flatnonzero(rng.random(n_sites) < 0.8).astype(np.int32)
        left, wanted, of_it = by_hand.taken_over(
            [(place[s], sector[s], instance[s], float(there[s]), float(there[s] * found[s]), seized[s]) for s in taken], freed.tolist(), seizable.tolist(),
            stock.tolist(), (stock * inherited).tolist())  # fmt: skip
        before, tally = stock.sum(axis=0), tally_of(n)
        free.seize(taken, (place, sector, instance, there, found, seized), freed, seizable, stock, inherited, tally)
        np.testing.assert_allclose(there[taken], left, rtol=1e-6, atol=1e-5)
        np.testing.assert_allclose(stock, wanted, rtol=1e-6, atol=1e-5)
        np.testing.assert_allclose(stock * inherited, of_it, rtol=1e-6, atol=1e-5)
        np.testing.assert_allclose(tally[free.SEIZED], stock.sum(axis=0) - before, rtol=1e-6, atol=1e-5)
        assert share_is_one(inherited)


def test_a_stock_that_is_empty_has_the_share_of_what_comes_in():
    assert free.mixed(0.0, 0.7, 5.0, 0.2) == 0.2
    assert free.mixed(0.0, 0.7, 0.0, 0.2) == 0.7  # nothing came
    assert free.mixed(3.0, 1.0, 1.0, 0.0) == 0.75
    assert free.mixed(3.0, 0.0, 1.0, 1.0) == 0.25
    assert all(free.mixed(a, 1.0, b, 1.0) <= 1.0 for a, b in np.random.default_rng(0).exponential(size=(2000, 2)))


# --- people and labour ---


def test_participants_count_once_where_they_joined():
    rng = np.random.default_rng(3)
    n, n_sites, n_places = 500, 30, 6
    place = rng.integers(0, n_places, n_sites).astype(np.int32)
    instance = np.where(rng.random(n_sites) < 0.5, np.arange(n_sites), -1).astype(np.int32)
    taken = np.flatnonzero(instance >= 0)
    home = rng.integers(0, n_sites, n).astype(np.int32)
    measure = np.where(rng.random(n) < 0.6, rng.choice(taken, n), -1).astype(np.int32)
    group, carries = rng.integers(0, 4, n).astype(np.int8), np.array([False, True, False, True] + [False] * 12)
    joined, carers, dwelling = np.zeros(n_sites, np.int64), np.zeros(n_sites, np.int64), np.zeros(n_places)
    listed = np.empty(n, np.int32)
    who = listed[: free.list_participants(0, n, 0, measure, listed)]
    assert who.tolist() == np.flatnonzero(measure >= 0).tolist()
    free.count_participants(who, (home, measure, group), carries, place, instance, joined, carers, dwelling)
    assert joined.tolist() == [int((measure == s).sum()) for s in range(n_sites)]
    assert carers.tolist() == [sum(1 for i in range(n) if measure[i] == s and group[i] in (1, 3)) for s in range(n_sites)]
    assert dwelling.tolist() == [
        sum(1 for i in range(n) if measure[i] >= 0 and place[measure[i]] == p and instance[home[i]] >= 0) for p in range(n_places)]  # fmt: skip


def random_needs(rng, n, n_sectors):
    needs = np.full((n, MAX_NEEDS), -1, np.int8)
    for row in needs:
        chosen = rng.permutation(n_sectors)[: rng.integers(0, min(n_sectors, MAX_NEEDS) + 1)]
        row[: chosen.size] = chosen
    return needs


def test_labour_is_gathered_as_in_plain_python():
    rng = np.random.default_rng(5)
    for _ in range(60):
        n_places, n_sectors, n_sites = 3, int(rng.integers(1, 6)), 12
        per_worker = rng.uniform(0.5, 9, n_sectors) * (rng.random(n_sectors) < 0.8)
        place, sector = rng.integers(0, n_places, n_sites).astype(np.int32), rng.integers(-1, n_sectors, n_sites).astype(np.int8)
        joined, members = rng.integers(0, 30, n_sites) * (rng.random(n_sites) < 0.8), rng.integers(0, 30, n_sites).astype(np.int32)
        carers = np.floor(joined * rng.choice([0.0, 0.5, 1.0], n_sites)).astype(np.int64)
        taken = np.flatnonzero(rng.random(n_sites) < 0.7).astype(np.int32)
        needs, shares, mobility = random_needs(rng, taken.size, n_sectors), rng.choice([0.0, 0.3, 0.8, 1.0], (taken.size, 6)), rng.random()
        plant, own, moving, home = (np.full((n_places, n_sectors), 7.0) for _ in range(4))
        drawers, apart, claims = np.full((n_places, 3), 7.0), np.full(taken.size, 7.0), np.full(n_sites, 7.0)
        free.gather_labour(
            taken, (place, sector, joined, carers, members), needs, shares, (per_worker, mobility), plant, apart, own, moving, home, drawers, claims)  # fmt: skip
        sites = [
            (place[s], sector[s], joined[s], carers[s], members[s], [k for k in needs[t] if k >= 0], *shares[t]) for t, s in enumerate(taken)]  # fmt: skip
        twins = by_hand.labour_of(sites, n_places, per_worker.tolist(), mobility)
        for found, wanted in zip((plant, own, moving, home, drawers, apart, claims[taken]), twins):
            np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)
        assert (np.delete(claims, taken) == 7).all()
        assert ((claims[taken] >= 0) & (claims[taken] <= 1)).all()
        assert (apart <= members[taken] * np.append(per_worker, 0)[sector[taken]] + 1e-9).all()
        hours = sum(
            (joined[s] - carers[s] * (1 - shares[t, free.NOT_CARING])) * shares[t, free.NOT_DRAINED] for t, s in enumerate(taken) if (needs[t] >= 0).any())  # fmt: skip
        assert own.sum() + moving.sum() + home.sum() == pytest.approx(hours)


def labour_at_a_plant(needs=(0, 1, -1), sector=0, joined=10, carers=0, members=8, mobility=0.6, **given):
    """What is gathered of one taken site; `given` are shares by name, 1 of reassigned, freed and openness, and what is left, 0 by hours."""
    shares = np.ones((1, 6))
    shares[0, free.BY_HOURS] = 0
    for name, value in given.items():
        shares[0, getattr(free, name)] = value
    arrays = {name: np.full((1, 2), 7.0) for name in ("plant", "own", "moving", "home")}
    arrays |= {"drawers": np.full((1, 3), 7.0), "apart": np.full(1, 7.0), "claims": np.full(1, 7.0)}
    row = np.zeros(1, np.int32)
    sites = (row, np.full(1, sector, np.int8), np.array([joined]), np.array([carers]), np.array([members], np.int32))
    order = ("plant", "apart", "own", "moving", "home", "drawers", "claims")
    free.gather_labour(row, sites, np.array([needs], np.int8), shares, (np.array([3.0, 2.0]), mobility), *(arrays[name] for name in order))
    return {name: values[0].tolist() for name, values in arrays.items()}


def test_labour_by_hand():
    """Ten people at a plant of sector 0, a practice for sectors 0 and 1, half of the labour left by a front, mobility 0.6, half reassignable."""
    found = labour_at_a_plant(REASSIGNED=0.5, NOT_DRAINED=0.5, OPENNESS=0.25)
    assert found["plant"] == [24, 0]
    assert found["own"] == [2.5 + 2.5 * 0.7, 0]
    assert found["moving"] == [0, 2.5 * 0.3]
    assert found["home"] == [0, 0]
    assert found["drawers"] == [10, 2.5, 10]
    assert found["apart"] == 0
    found = labour_at_a_plant(sector=-1, NOT_DRAINED=0.5, FREED=0.25)
    assert found["home"] == [2.5, 2.5]  # in a neighbourhood all do what the practice is for
    assert not any(found["plant"])
    assert found["apart"] == 0  # without a plant nothing is shut


def test_care_binds_those_who_carry_it_alone():
    """Four of ten care, and that leaves them three quarters of their time: nine days of work."""
    assert labour_at_a_plant(needs=(0, -1, -1), carers=4, NOT_CARING=0.75)["own"] == [9, 0]
    assert labour_at_a_plant(needs=(0, -1, -1), carers=0, NOT_CARING=0.75)["own"] == [10, 0]
    assert labour_at_a_plant(needs=(0, -1, -1), carers=10, NOT_CARING=0.0)["own"] == [0, 0]
    assert labour_at_a_plant(needs=(0, -1, -1), carers=4, NOT_CARING=0.75, NOT_DRAINED=0.5)["own"] == [4.5, 0]


@pytest.mark.parametrize(("by_hours", "claim"), [(0.0, 1.0), (0.5, 0.95), (1.0, 0.9)])
def test_by_hours_a_day_is_claimed_for_a_day_of_work(by_hours, claim):
    """Nine days of work by ten people, as above."""
    found = labour_at_a_plant(carers=4, NOT_CARING=0.75, BY_HOURS=by_hours)
    assert found["claims"] == pytest.approx(claim)
    assert found["drawers"] == pytest.approx([10, 10, 10 * claim])


def test_claims_that_nothing_lowers():
    assert labour_at_a_plant(carers=4, NOT_CARING=0.75, NOT_DRAINED=0.25, BY_HOURS=0.0)["claims"] == 1  # nobody counts hours
    assert labour_at_a_plant(BY_HOURS=1.0)["claims"] == 1  # all work all day
    assert labour_at_a_plant(joined=0, BY_HOURS=1.0, NOT_DRAINED=0.0)["claims"] == 1  # nobody is there
    assert labour_at_a_plant(BY_HOURS=1.0, NOT_DRAINED=0.0)["claims"] == 0  # all are at the front


@pytest.mark.parametrize(("freed", "apart"), [(1.0, 0), (0.75, 6), (0.0, 24)])
def test_what_property_does_not_free_of_a_plant_is_shut(freed, apart):
    found = labour_at_a_plant(FREED=freed)
    assert found["apart"] == apart
    assert found["plant"] == [24, 0]


# --- production in a place ---


def a_place(rng):
    n = int(rng.integers(1, 6))
    A = np.where(rng.random((n, n)) < 0.5, rng.uniform(0, 0.6, (n, n)), 0.0)
    critical = rng.random((n, n)) < 0.7
    per_worker = rng.uniform(0.5, 5, n) * (rng.random(n) < 0.85)
    labour = [rng.uniform(0, 20, (1, n)) * (rng.random((1, n)) < 0.8) for _ in range(4)]
    stock = rng.uniform(0, 30, (1, n)) * (rng.random((1, n)) < 0.8)
    return n, A, critical, per_worker, labour, stock


def nothing_shut(n):
    return np.zeros((1, n)), np.zeros((1, n))


def test_a_place_produces_as_in_plain_python():
    rng = np.random.default_rng(7)
    for _ in range(300):
        n, A, critical, per_worker, labour, stock = a_place(rng)
        wanted, productivity = rng.uniform(-5, 60, n), rng.choice([0.0, 0.15, 1.0])
        share_apart, wanted_apart = rng.choice([0.0, 0.4, 1.0], (1, n)), rng.choice([0.0, 3.0, 90.0], (1, n))
        before, inherited = stock[0].copy(), shares_of(rng, (1, n))
        had = before * inherited[0]
        after, of_it, output, apart, made, used = by_hand.production(
            A.tolist(), critical.tolist(), per_worker.tolist(), productivity, wanted.tolist(), share_apart[0].tolist(), wanted_apart[0].tolist(),
            *(part[0].tolist() for part in labour), before.tolist(), had.tolist())  # fmt: skip
        found, found_apart, tally = np.empty(n), np.empty(n), tally_of(n)
        plant, *others = labour
        free.produce(
            0, A, critical, per_worker, productivity, wanted, plant, (share_apart, wanted_apart), *others, stock, inherited, found, found_apart, np.empty(n),
            tally)  # fmt: skip
        np.testing.assert_allclose(stock[0] * inherited[0], of_it, rtol=1e-9, atol=1e-8)
        assert (stock[0] * inherited[0] <= had + 1e-9).all()  # nobody makes what was found
        assert share_is_one(inherited)
        np.testing.assert_allclose(found, output, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(found_apart, apart, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(stock[0], after, rtol=1e-9, atol=1e-8)
        np.testing.assert_allclose(tally[free.PRODUCED], made, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(tally[free.USED], used, rtol=1e-9, atol=1e-9)
        np.testing.assert_array_equal(tally[free.APART], found_apart)
        np.testing.assert_allclose(stock[0], before + tally[free.PRODUCED] - tally[free.APART] - tally[free.USED], rtol=1e-9, atol=1e-9)
        assert (stock >= 0).all()
        assert (found_apart <= np.minimum(found, wanted_apart[0]) + 1e-9).all()
        assert (found <= plant[0] + 1e-9).all()


def test_inputs_are_rationed_alike():
    """Two sectors need 3 and 6 of the same input, of which 4.5 are there: both make half."""
    A = np.array([[0.0, 0.3, 0.6], [0, 0, 0], [0, 0, 0]])
    plant, others = np.array([[0.0, 10.0, 10.0]]), [np.array([[0.0, 10.0, 10.0]]), np.zeros((1, 3)), np.zeros((1, 3))]
    stock, inherited, output, tally = np.array([[4.5, 0.0, 0.0]]), np.ones((1, 3)), np.empty(3), tally_of(3)
    free.produce(0, A, A > 0, np.ones(3), 0.0, np.full(3, 99.0), plant, nothing_shut(3), *others, stock, inherited, output, np.empty(3), np.empty(3), tally)
    assert output.tolist() == [0, 5, 5]
    np.testing.assert_allclose(stock, [[0, 5, 5]], atol=1e-12)
    assert inherited[0, 1:].tolist() == [0, 0]  # whatever it was made of
    uncritical = np.zeros((3, 3), bool)
    free.produce(0, A, uncritical, np.ones(3), 0.0, np.full(3, 99.0), plant, nothing_shut(3), *others, stock, inherited, output, np.empty(3), np.empty(3), tally)
    assert output.tolist() == [0, 10, 10]  # an input that is not critical does not bind


def test_plants_work_for_all_and_for_their_members():
    """A plant for ten, three tenths of it for members: they want two of the three; the others 99, or one. Half an input is there for each unit made."""
    for wanted, members_want, inputs, for_all, for_members in ((99, 2, 9, 7, 2), (1, 99, 9, 1, 3), (99, 99, 2.5, 3.5, 1.5), (-4, 2, 9, 0, 2), (99, 0, 9, 7, 0)):
        A = np.array([[0.0, 0.5], [0.0, 0.0]])
        ten = np.array([[0.0, 10.0]])
        shut = (np.array([[0.0, 0.3]]), np.array([[0.0, members_want]]))
        stock, output, apart, tally = np.array([[float(inputs), 0.0]]), np.empty(2), np.empty(2), tally_of(2)
        free.produce(
            0, A, A > 0, np.ones(2), 0.0, np.array([0.0, wanted]), ten, shut, ten, np.zeros((1, 2)), np.zeros((1, 2)), stock, np.zeros((1, 2)), output, apart,
            np.empty(2), tally)  # fmt: skip
        assert output.tolist() == pytest.approx([0, for_all + for_members])
        assert apart.tolist() == pytest.approx([0, for_members])
        np.testing.assert_allclose(stock, [[inputs - 0.5 * (for_all + for_members), for_all]], atol=1e-12)  # members' goods are not in common
        assert tally[free.APART].tolist() == apart.tolist()
        assert tally[free.PRODUCED].tolist() == output.tolist()


def test_neighbourhoods_produce_little_without_plants_and_inputs():
    plant, others = np.zeros((1, 1)), [np.zeros((1, 1)), np.array([[4.0]]), np.array([[6.0]])]
    stock, inherited, output, apart, tally = np.zeros((1, 1)), np.ones((1, 1)), np.empty(1), np.empty(1), tally_of(1)
    rest = (plant, nothing_shut(1), *others, stock, inherited, output, apart, np.empty(1), tally)
    free.produce(0, np.array([[0.5]]), np.ones((1, 1), bool), np.array([2.0]), 0.15, np.array([99.0]), *rest)
    assert output.tolist() == [0]
    assert stock[0, 0] == pytest.approx(10 * 2 * 0.15)  # labour that finds no plant works as in a neighbourhood
    assert inherited[0, 0] == 0  # a garden is made
    free.produce(0, np.array([[0.5]]), np.ones((1, 1), bool), np.array([2.0]), 0.15, np.array([0.5]), *rest)
    assert stock[0, 0] == pytest.approx(3.5)  # no more than is wanted
    assert apart.tolist() == [0]


def test_places_produce_what_they_draw_keep_need_as_inputs_and_sell():
    rng = np.random.default_rng(8)
    for _ in range(100):
        n, A, critical, per_worker, _, _ = a_place(rng)
        n_places, restock = 4, float(rng.choice([0.0, 7.0]))
        labour = [rng.uniform(0, 20, (n_places, n)) for _ in range(4)]
        stock, drawing, sale = rng.uniform(0, 30, (n_places, n)), rng.uniform(0, 9, (n_places, n)), rng.choice([0.0, 0.2, 3.0], n_places)
        shut = rng.choice([0.0, 0.4, 1.0], (n_places, n)), rng.choice([0.0, 3.0, 90.0], (n_places, n))
        before, tally, inherited = stock.copy(), tally_of(n), shares_of(rng, (n_places, n))
        output, apart, hold = (np.full((n_places, n), 5.0) for _ in range(3))
        live, shares = np.array([0, 2, 3], np.int32), inherited.copy()
        free.produce_in_places(live, A, critical, per_worker, 0.15, restock, drawing, sale, shut, tuple(labour), stock, inherited, output, apart, hold, tally)
        total = np.zeros(n)
        for p in live:
            plant, own, moving, home = (part[p].tolist() for part in labour)
            share_apart, wanted_apart = (part[p].tolist() for part in shut)
            holds = by_hand.wanted_in_place(drawing[p].tolist(), restock, A.tolist(), critical.tolist(), plant, own, moving, per_worker.tolist())
            wanted = [
                holds[k] - before[p, k] + float(sale[p]) * (plant[k] - plant[k] * share_apart[k]) for k in range(n)]  # fmt: skip
            after, of_it, made, made_apart, both, _ = by_hand.production(
                A.tolist(), critical.tolist(), per_worker.tolist(), 0.15, wanted, share_apart, wanted_apart, plant, own, moving, home, before[p].tolist(),
                (before[p] * shares[p]).tolist())  # fmt: skip
            np.testing.assert_allclose(stock[p] * inherited[p], of_it, rtol=1e-9, atol=1e-8)
            np.testing.assert_allclose(hold[p], holds, rtol=1e-9)
            np.testing.assert_allclose(stock[p], after, rtol=1e-9, atol=1e-8)
            np.testing.assert_allclose(output[p], made, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(apart[p], made_apart, rtol=1e-9, atol=1e-9)
            total += both
        np.testing.assert_array_equal(stock[1], before[1])
        np.testing.assert_array_equal(inherited[1], shares[1])
        assert share_is_one(inherited)
        assert (output[1] == 5).all()
        np.testing.assert_allclose(tally[free.PRODUCED], total, rtol=1e-9)


def test_what_is_to_be_sold_is_made_on_top():
    """Two plants for 6 and 4, of the second half is shut, draw 1 and 2 a day, nothing is held beyond the day: a tenth of the plants is for sale."""
    plant = np.array([[6.0, 4.0]])
    none, labour = np.zeros((2, 2)), (plant, np.full((1, 2), 9.0), np.zeros((1, 2)), np.zeros((1, 2)))
    stock, output, apart, hold, tally = np.array([[0.5, 0.0]]), np.empty((1, 2)), np.empty((1, 2)), np.empty((1, 2)), tally_of(2)
    shut = np.array([[0.0, 0.5]]), np.zeros((1, 2))
    free.produce_in_places(
        np.zeros(1, np.int32), none, none > 0, np.ones(2), 0.0, 0.0, np.array([[1.0, 2.0]]), np.array([0.1]), shut, labour, stock, np.zeros((1, 2)), output,
        apart, hold, tally)  # fmt: skip
    assert hold.tolist() == [[1, 2]]
    np.testing.assert_allclose(output, [[1 - 0.5 + 0.6, 2]])  # of the second all that is open
    np.testing.assert_allclose(stock, [[1.6, 2]])


# --- links ---


def test_goods_move_as_in_plain_python():
    rng = np.random.default_rng(11)
    for _ in range(100):
        n_places, n = 5, 3
        pairs = [[q for q in range(n_places) if q != p] for p in range(n_places)]
        linked = rng.random((n_places, n_places)) < 0.5
        offsets = np.arange(n_places + 1, dtype=np.int64) * (n_places - 1)
        neighbours = np.array([q for row in pairs for q in row], np.int32)
        flags = np.array([linked[p, q] for p, row in enumerate(pairs) for q in row]).astype(np.int8)
        stock = rng.uniform(0, 50, (n_places, n)) * (rng.random((n_places, n)) < 0.8)
        want = rng.uniform(0, 5, (n_places, n)) * (rng.random((n_places, n)) < 0.8)
        carrying = rng.uniform(0, 30, n_places) * (rng.random(n_places) < 0.7)
        order, per_link = rng.permutation(n_places), float(rng.choice([0.1, 0.5, 1.0]))
        inherited = shares_of(rng, (n_places, n))
        had = stock * inherited
        wanted, of_it, left, total = by_hand.moved(
            order.tolist(), [[q for q in row if linked[p, q]] for p, row in enumerate(pairs)], want.tolist(), carrying.tolist(), per_link, stock.tolist(),
            had.tolist())  # fmt: skip
        before, tally = stock.sum(axis=0), tally_of(n)
        free.move_goods(order, offsets, neighbours, flags, want, carrying, per_link, stock, inherited, tally)
        np.testing.assert_allclose(stock * inherited, of_it, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose((stock * inherited).sum(axis=0), had.sum(axis=0), rtol=1e-9, atol=1e-9)  # on the way nothing is made or lost
        assert share_is_one(inherited)
        np.testing.assert_allclose(stock, wanted, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(carrying, left, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(tally[free.MOVED], total, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(stock.sum(axis=0), before, rtol=1e-12)
        assert (stock > -1e-9).all()


def test_a_whole_difference_evens_coverage_out():
    """Stocks of 12, a quarter of it found, and 0 for 1 and 2 a day: 4 and 8, if 8 can be carried; else what can."""
    for can, wanted in ((99.0, [4, 8]), (8.0, [4, 8]), (3.0, [9, 3]), (0.0, [12, 0])):
        stock, inherited, carrying = np.array([[12.0], [0.0]]), np.array([[0.25], [1.0]]), np.array([can, 0.0])
        free.move_goods(
            np.arange(2), np.array([0, 1, 2]), np.array([1, 0], np.int32), np.ones(2, np.int8), np.array([[1.0], [2.0]]), carrying, 1.0, stock, inherited,
            tally_of(1))  # fmt: skip
        assert stock[:, 0].tolist() == wanted
        assert (stock * inherited)[:, 0].tolist() == [0.25 * amount for amount in wanted]


# --- drawing ---


def test_drawing_is_as_in_plain_python():
    rng = np.random.default_rng(12)
    for _ in range(200):
        n_places, n = 4, 4
        need = rng.uniform(0, 0.5, n) * (rng.random(n) < 0.8)
        people = rng.integers(0, 20, n_places).astype(float)
        inside = need * people[:, None] * rng.choice([0.0, 0.6, 1.0], (n_places, n))
        openness = rng.random(n_places) * (rng.random(n_places) < 0.7) * (people > 0)
        strangers, stock = rng.uniform(0, 9, (n_places, n)), rng.uniform(0, 15, (n_places, n)) * (rng.random((n_places, n)) < 0.8)
        dwelling = np.floor(people * rng.random(n_places))
        dwell = int(rng.integers(-1, n))
        before, coverage, open_to, tally = stock.copy(), np.full((n_places, n), 9.0), np.full(n_places, 9.0), tally_of(n)
        live, inherited = np.array([0, 1, 3], np.int32), shares_of(rng, (n_places, n))
        shares = inherited.copy()
        free.draw_from_stock(live, inside, openness, strangers, people, dwelling, need, dwell, stock, inherited, coverage, open_to, tally)
        np.testing.assert_array_equal(inherited, shares)  # of everything alike
        total, of_it = np.zeros(n), np.zeros(n)
        for p in live:
            after, share, taken = by_hand.drawn(
                need.tolist(), inside[p].tolist(), people[p], openness[p], strangers[p].tolist(), dwelling[p], dwell, before[p].tolist())  # fmt: skip
            np.testing.assert_allclose(stock[p], after, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(coverage[p], share, rtol=1e-9, atol=1e-9)
            assert open_to[p] == openness[p]
            total += taken
            of_it += [by_hand.gone_out(had, had * share, gone)[1] for had, share, gone in zip(before[p], shares[p], taken)]
        np.testing.assert_allclose(tally[free.DRAWN], total, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(tally[free.INHERITED], of_it, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose((before - stock).sum(axis=0), total, rtol=1e-9, atol=1e-9)
        assert (stock >= 0).all()
        assert ((coverage[live] >= 0) & (coverage[live] <= 1 + 1e-12)).all()
        assert (coverage[2] == 9).all()
        assert (stock[2] == before[2]).all()


def test_drawing_by_hand():
    """Ten people draw 3 of the first need and 2 of the second, in which four dwell; half of what others lack, 4 and 0, is drawn too."""
    stock, coverage, open_to, tally = np.array([[2.0, 0.6]]), np.zeros((1, 2)), np.zeros(1), tally_of(2)
    one = np.zeros(1, np.int32)
    free.draw_from_stock(
        one, np.array([[3.0, 2.0]]), np.array([0.5]), np.array([[4.0, 0.0]]), np.array([10.0]), np.array([4.0]), np.array([0.3, 0.2]), 1, stock,
        np.array([[0.75, 0.0]]), coverage, open_to, tally)  # fmt: skip
    np.testing.assert_allclose(coverage, [[2 / 5, 0.4 + 0.6 * 0.5]])
    np.testing.assert_allclose(tally[free.DRAWN], [2, 0.6])
    np.testing.assert_allclose(tally[free.INHERITED], [1.5, 0])
    np.testing.assert_allclose(stock, 0, atol=1e-12)


# --- linked components ---


def test_components_are_those_that_links_join():
    rng = np.random.default_rng(13)
    for _ in range(100):
        n = int(rng.integers(1, 15))
        adjacent = rng.random((n, n)) < 0.3
        np.fill_diagonal(adjacent, False)
        linked = adjacent & (rng.random((n, n)) < 0.6)  # a pair may be linked from one end alone
        inside = rng.random(n) < 0.7
        offsets = np.concatenate([[0], adjacent.sum(axis=1).cumsum()])
        neighbours = np.flatnonzero(adjacent.ravel()) % n
        flags = linked.ravel()[adjacent.ravel()].astype(np.int8)
        contact = Contact(offsets, neighbours.astype(np.int32), np.ones(neighbours.size), np.zeros((n, 3)))
        component, found = reproduction._components(inside, contact, flags)
        groups = by_hand.groups_of(inside.tolist(), [tuple(pair) for pair in np.argwhere(linked)])
        assert found == len(groups)
        for p in range(n):
            assert component[p] == (next(k for k, group in enumerate(groups) if p in group) if inside[p] else -1)
