"""On what terms participants have what measures hold: kernels against plain Python, by hand, and what days of them conserve."""

import numpy as np
import provision_by_hand as by_hand
import pytest
from measure_labs import lab, practice, put, step, take

from communize.declare.registry import CONTENTS, HELD, IN_MEASURE, IN_STRUGGLE, ROUTINE
from communize.mechanisms.provisioning import by_place_and_sector, free, terms

BUYS, CLAIM, OWN, PAID, FOUND = terms.BUYS, terms.CLAIM, terms.OWN, terms.PAID, terms.FOUND
N_PLACES, N_SITES = 3, 10


def sites_of(rng, n):
    """Random sites with measures and others, what people may claim there, and what of it they keep for members; nothing apart where no sector is."""
    found = {
        "taken": np.flatnonzero(rng.random(N_SITES) < 0.8).astype(np.int32), "place": rng.integers(0, N_PLACES, N_SITES).astype(np.int32),
        "sector": rng.integers(-1, n, N_SITES).astype(np.int8), "joined": rng.integers(0, 12, N_SITES) * (rng.random(N_SITES) < 0.8),
        "stock": (rng.uniform(0, 40, N_SITES) * (rng.random(N_SITES) < 0.7)).astype(np.float32), "terms": np.zeros((N_SITES, terms.N_TERMS)),
        "need": rng.uniform(0.1, 0.6, n), "restock": float(rng.choice([0.0, 1.0, 6.0])), "inherited": rng.choice([0.0, 0.3, 1.0], N_SITES).astype(np.float32),
    }  # fmt: skip
    found["stock"] *= found["sector"] >= 0
    found["terms"][:, CLAIM], found["terms"][:, BUYS] = rng.choice([0.0, 0.7, 1.0], N_SITES), rng.choice([0.0, 0.5, 1.0], N_SITES)
    found["terms"][:, [OWN, FOUND]] = 9.0
    found["reserves"] = (found["place"], found["sector"], found["stock"], found["inherited"])
    return found


# --- what a participant has ---


def test_what_a_participant_has_by_hand():
    assert terms.has(1.0, 0.0, 0.25) == 0.25
    assert terms.has(0.8, 0.0, 0.5) == 0.4
    assert terms.has(0.8, 0.2, 0.5) == pytest.approx(0.5)
    assert terms.has(0.8, 0.8, 1.0) == 0.8  # no more than is claimed
    assert terms.has(0.5, 0.5, 0.0) == 0.5
    assert terms.has(1.0, 0.3, 1.0) == 1.0


def test_nobody_has_less_than_what_is_their_own_nor_more_than_the_claim():
    rng = np.random.default_rng(0)
    for _ in range(200):
        claim, coverage = rng.random(2)
        own = claim * rng.random()
        found = terms.has(claim, own, coverage)
        assert found == pytest.approx(by_hand.had([coverage], claim, own, kept=0)[0])
        assert own <= found <= claim + 1e-12


# --- pay ---


@pytest.mark.parametrize("fall", [0.0, 0.4, 1.0])
def test_pay_is_counted_at_the_site_of_the_measure(fall):
    rng = np.random.default_rng(1)
    n = 400
    activity = rng.choice([ROUTINE, IN_MEASURE, HELD], n).astype(np.int8)
    measure = np.where(activity != ROUTINE, rng.integers(0, N_SITES, n), -1).astype(np.int32)
    affordability = rng.random(n).astype(np.float32)
    number, pays = np.full(N_SITES, 2, np.int64), np.full(N_SITES, 3 * terms.FIXED_POINT, np.int64)
    terms.count_pay(np.flatnonzero(measure >= 0), activity, measure, affordability, fall, number, pays)
    for s in range(N_SITES):
        here = [float(affordability[i]) * (1 - fall) for i in range(n) if activity[i] == IN_MEASURE and measure[i] == s]
        assert number[s] == 2 + len(here)
        assert pays[s] / terms.FIXED_POINT == pytest.approx(3 + sum(here), abs=n / terms.FIXED_POINT)


# --- what serves members alone ---


def serve(w, apart, sale):
    n = w["need"].size
    served, wanted, lacks, tally = np.zeros((N_PLACES, n)), np.zeros((N_PLACES, n)), np.full(w["taken"].size, 9.0), np.zeros((free.N_TALLIES, n))
    terms.serve_members(w["taken"], w["reserves"], w["joined"], apart, sale, w["need"], w["restock"], w["terms"], served, lacks, wanted, tally)
    return served, lacks, wanted, tally


def test_members_are_served_first_as_in_plain_python():
    rng = np.random.default_rng(2)
    for _ in range(200):
        n = int(rng.integers(1, 5))
        w = sites_of(rng, n)
        taken, before = w["taken"], w["stock"].copy()
        apart = rng.uniform(0, 20, taken.size) * (rng.random(taken.size) < 0.6) * (w["sector"][taken] >= 0)
        sale = rng.choice([0.0, 3.0], taken.size)
        shares = w["inherited"].copy()
        served, lacks, wanted, tally = serve(w, apart, sale)
        rows, hand_served, hand_wanted = by_hand.served_apart(
            [(w["place"][s], w["sector"][s], float(before[s]), float(before[s] * shares[s]), w["joined"][s], w["terms"][s, CLAIM], apart[t])
             for t, s in enumerate(taken)],
            sale.tolist(), w["need"].tolist(), w["restock"], N_PLACES)  # fmt: skip
        of_it = np.zeros(n)
        for t, s in enumerate(taken):
            left, own, make, drew = rows[t]
            of_it[w["sector"][s]] += drew
            assert w["stock"][s] == pytest.approx(left, rel=1e-6, abs=1e-5)
            assert w["terms"][s, OWN] == pytest.approx(own, abs=1e-12)
            assert lacks[t] == pytest.approx(make, abs=1e-5)
        np.testing.assert_allclose(tally[free.INHERITED], of_it, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(tally[free.SERVED], served.sum(axis=0), rtol=1e-12)
        assert tally.sum() == pytest.approx(served.sum() + tally[free.INHERITED].sum())
        np.testing.assert_array_equal(w["inherited"], shares)  # what is drawn is of everything alike
        np.testing.assert_array_equal(w["terms"][taken, FOUND], shares[taken])
        np.testing.assert_allclose(served, hand_served, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(wanted, hand_wanted, atol=1e-4)
        np.testing.assert_allclose((before - w["stock"]).sum(), served.sum(), atol=1e-4)
        others = np.setdiff1d(np.arange(N_SITES), taken)
        assert (w["stock"][others] == before[others]).all()
        assert (w["terms"][others][:, [OWN, FOUND]] == 9).all()
        own, claim = w["terms"][taken, OWN], w["terms"][taken, CLAIM]
        assert ((own >= 0) & (own <= claim + 1e-12)).all()
        assert (w["stock"] >= 0).all()


def one_site(stock=0.0, joined=10, claim=1.0, buys=1.0, need=(0.5, 0.3), restock=1.0, sector=0, inherited=1.0):
    w = {
        "taken": np.zeros(1, np.int32), "place": np.zeros(1, np.int32), "sector": np.full(1, sector, np.int8), "joined": np.array([joined]),
        "stock": np.full(1, stock, np.float32), "terms": np.zeros((1, terms.N_TERMS)), "need": np.array(need), "restock": restock,
        "inherited": np.full(1, inherited, np.float32),
    }  # fmt: skip
    w["terms"][0, CLAIM], w["terms"][0, BUYS] = claim, buys
    w["reserves"] = (w["place"], w["sector"], w["stock"], w["inherited"])
    return w


def serve_one(w, apart, sale=0.0):
    served, wanted, lacks, tally = np.zeros((1, 2)), np.zeros((1, 2)), np.full(1, 9.0), np.zeros((free.N_TALLIES, 2))
    terms.serve_members(
        w["taken"], w["reserves"], w["joined"], np.array([apart]), np.array([sale], float), w["need"], w["restock"], w["terms"], served, lacks, wanted, tally)
    assert tally[free.INHERITED].tolist() == [served[0, 0] * w["inherited"][0], 0]
    return served[0, 0], w["terms"][0, OWN], float(w["stock"][0]), lacks[0], wanted[0, 0]


def test_members_are_served_by_hand():
    """Ten members need 5 a day, and hold what they draw tomorrow and on one day more."""
    assert serve_one(one_site(stock=20), 8.0) == (5, 1, 15, 0, 0)  # enough
    assert serve_one(one_site(stock=15), 8.0) == (5, 1, 10, 0, 0)  # just so
    assert serve_one(one_site(stock=9), 8.0) == (5, 1, 4, 6, 6)
    assert serve_one(one_site(stock=2), 8.0) == pytest.approx((2, 0.4, 0, 10, 10))
    assert serve_one(one_site(stock=15), 8.0, sale=2.0) == (5, 1, 10, 2, 2)  # for sale
    assert serve_one(one_site(stock=16), 8.0, sale=2.0) == (5, 1, 11, 1, 1)  # of which one is there
    assert serve_one(one_site(stock=20, claim=0.5), 8.0) == (2.5, 0.5, 17.5, 0, 0)
    assert serve_one(one_site(stock=2), 0.0) == (2, 0.4, 0, 0, 0)  # a stock that was kept lasts; nothing is made apart
    assert serve_one(one_site(stock=2, joined=0), 8.0) == (0, 0, 2, 0, 0)  # nobody is there
    assert serve_one(one_site(stock=2, claim=0.0), 8.0) == (0, 0, 2, 0, 0)
    assert serve_one(one_site(stock=0), 0.0) == (0, 0, 0, 0, 0)  # nothing is apart
    assert serve_one(one_site(stock=5, sector=-1), 0.0, sale=1.0) == (0, 0, 5, 0, 0)  # nothing is kept


def test_members_draw_of_what_was_found_and_what_was_made_alike():
    """Nine are there, three of them found; what is then made, six, was not."""
    w = one_site(stock=9, inherited=1 / 3)
    served, _, left, lacks, wanted = serve_one(w, 8.0)
    assert (served, left, lacks) == (5, 4, 6)
    assert w["terms"][0, FOUND] == w["inherited"][0] == np.float32(1 / 3)
    terms.keep_for_members(w["taken"], w["reserves"], np.array([lacks]), np.array([[wanted, 0.0]]), np.array([[6.0, 0.0]]))
    assert w["stock"][0] == 10
    assert w["inherited"][0] == pytest.approx(4 / 3 / 10)


def test_what_is_made_apart_goes_to_the_stocks_of_the_sites():
    rng = np.random.default_rng(3)
    for _ in range(100):
        n = int(rng.integers(1, 4))
        w = sites_of(rng, n)
        taken, before = w["taken"], w["stock"].copy()
        lacks = rng.uniform(0, 9, taken.size) * (rng.random(taken.size) < 0.7) * (w["sector"][taken] >= 0)
        wanted = np.zeros((N_PLACES, n))
        for t, s in enumerate(taken):
            if w["sector"][s] >= 0:
                wanted[w["place"][s], w["sector"][s]] += lacks[t]
        made, shares = wanted * rng.random((N_PLACES, n)), w["inherited"].copy()
        terms.keep_for_members(taken, w["reserves"], lacks, wanted, made)
        after = by_hand.shared_out(
            [(int(w["place"][s]), int(w["sector"][s]), float(before[s]), lacks[t]) for t, s in enumerate(taken)], made.tolist())  # fmt: skip
        np.testing.assert_allclose(w["stock"][taken], after, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(w["stock"] * w["inherited"], before * shares, rtol=1e-6, atol=1e-6)  # none of it was found
        unchanged = w["stock"] == before
        np.testing.assert_array_equal(w["inherited"][unchanged], shares[unchanged])
        assert ((w["inherited"] >= 0) & (w["inherited"] <= 1)).all()
        assert (w["stock"] - before).sum() == pytest.approx(made.sum(), abs=1e-4)


# --- sale ---


def sell(w, number, pays, surplus, supply, coverage, dwelling, stock):
    n = w["need"].size
    inside = np.bincount(w["place"][w["taken"]], weights=w["joined"][w["taken"]], minlength=stock.shape[0]).astype(float)
    unpaid, bought, sold, tally = np.full(N_SITES, 9.0, np.float32), np.full(n, 9.0), np.full(n, 9.0), np.zeros((free.N_TALLIES, n))
    terms.sell(
        w["taken"], w["reserves"], w["joined"], number, (np.asarray(pays) * terms.FIXED_POINT).astype(np.int64), inside, w["need"], np.asarray(supply, float),
        w["restock"], coverage, dwelling, w["terms"], surplus, stock, unpaid, bought, sold, tally)  # fmt: skip
    np.testing.assert_allclose(sold, tally[free.SOLD] + tally[free.SOLD_APART])
    return unpaid, bought - sold, tally[free.SOLD], tally[free.SOLD_APART]


@pytest.mark.parametrize("seed", range(200))
def test_surplus_is_sold_as_in_plain_python(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5))
    w = sites_of(rng, n)
    taken, before = w["taken"], w["stock"].copy()
    number = np.floor(w["joined"] * rng.choice([0.5, 1.0], N_SITES)).astype(np.int64)
    pays = np.floor(number * rng.choice([0.0, 0.4, 1.0], N_SITES) * 4) / 4  # exact in fixed point
    w["terms"][:, OWN] = w["terms"][:, CLAIM] * rng.choice([0.0, 0.5, 1.0], N_SITES)
    w["terms"][:, PAID] = 9.0
    surplus = rng.uniform(0, 9, (N_PLACES, n)) * (rng.random((N_PLACES, n)) < 0.6) * rng.choice([0.1, 1.0])
    stock = surplus + rng.uniform(0, 9, (N_PLACES, n)) * (rng.random((N_PLACES, n)) < 0.5)
    coverage, supply, dwelling = rng.choice([0.0, 0.5, 1.0], (N_PLACES, n)), rng.choice([0.0, 0.6, 1.0], n), int(rng.integers(-1, n))
    common, shares = stock.copy(), w["inherited"].copy()
    unpaid, traded, sold, sold_apart = sell(w, number, pays, surplus.copy(), supply, coverage, dwelling, stock)
    after, hand_stock, hand_unpaid, hand_sold, hand_apart, bought = by_hand.traded_for(
        [(int(w["place"][s]), int(w["sector"][s]), float(before[s]), int(w["joined"][s]), int(number[s]), float(pays[s]), *w["terms"][s, [BUYS, CLAIM, OWN]].tolist())
         for s in taken],
        surplus.tolist(), w["need"].tolist(), supply.tolist(), w["restock"], coverage.tolist(), dwelling, common.tolist())  # fmt: skip
    np.testing.assert_allclose(w["stock"][taken], [row[0] for row in after], rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(w["terms"][taken, PAID], [row[1] for row in after], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(stock, hand_stock, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(unpaid[taken], hand_unpaid, rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(sold, hand_sold, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(sold_apart, hand_apart, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(traded, np.subtract(bought, np.add(hand_sold, hand_apart)), rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(w["inherited"], shares)  # who sells sells of everything alike
    # whatever the numbers: what is sold is worth what is bought, and was there
    assert traded.sum() == pytest.approx(0, abs=1e-9 * max(1, (sold + sold_apart).sum()))
    np.testing.assert_allclose(stock.sum(axis=0) + sold, common.sum(axis=0), rtol=1e-9)
    of_sites = np.bincount(np.maximum(w["sector"], 0), weights=before.astype(float) - w["stock"], minlength=n)
    np.testing.assert_allclose(of_sites, sold_apart, rtol=1e-6, atol=1e-5)
    assert (stock >= 0).all()
    assert (w["stock"] >= 0).all()
    assert ((w["terms"][taken, PAID] >= 0) & (w["terms"][taken, PAID] <= 1 + 1e-12)).all()
    assert (w["terms"][np.setdiff1d(np.arange(N_SITES), taken), PAID] == 9).all()
    silent = taken[w["terms"][taken, BUYS] == 0]
    assert (w["terms"][silent, PAID] == 0).all()
    assert (w["stock"][silent] == before[silent]).all()


def sell_one(w, pays=0.0, surplus=(0.0, 0.0), supply=(1.0, 1.0), coverage=(1.0, 0.0), number=10, dwelling=-1):
    """(Paid in goods, stock of the site, that in common, the surplus that would do, bought less sold)."""
    stock = np.array([surplus], float)
    unpaid, traded, sold, apart = sell(w, np.array([number]), [pays], stock.copy(), supply, np.array([coverage], float), dwelling, stock)
    assert (sold + apart).sum() == pytest.approx(surplus[0] + surplus[1] - stock.sum() + apart.sum())
    return [*map(float, (w["terms"][0, PAID], w["stock"][0], *stock[0], unpaid[0], *traded))]


def test_a_sale_by_hand():
    """Ten people need 3 of what is missing, and hold food above what they draw on two days, 10: one for one."""
    assert sell_one(one_site(stock=12)) == pytest.approx([2 / 3, 10, 0, 0, 3, -2, 2])
    assert sell_one(one_site(stock=14)) == pytest.approx([1, 11, 0, 0, 3, -3, 3])  # one of four is left
    assert sell_one(one_site(stock=0), surplus=(1.0, 0.5)) == pytest.approx([0.5, 0, 0, 0, 3, -1, 1])  # of what is in common, also of what they lack
    assert sell_one(one_site(stock=11), surplus=(3.0, 0.0)) == pytest.approx([1, 10.25, 0.75, 0, 3, -3, 3])  # 3 of 4, from both alike


def test_what_people_can_pay_they_do_not_pay_in_goods():
    assert sell_one(one_site(stock=12), pays=5.0) == pytest.approx([1, 10.5, 0, 0, 1.5, -1.5, 1.5])
    assert sell_one(one_site(stock=12), pays=10.0) == [0, 12, 0, 0, 0, 0, 0]


def test_nothing_is_sold_for_what_is_not_delivered_or_not_missing():
    for case in ({"supply": (1.0, 0.0)}, {"coverage": (1.0, 1.0)}, {"number": 0}):
        assert sell_one(one_site(stock=12), **case) == [0, 12, 0, 0, 0, 0, 0]
    assert sell_one(one_site(stock=12), supply=(1.0, 0.5))[-2:] == pytest.approx([-1.5, 1.5])
    assert sell_one(one_site(stock=12, sector=-1)) == [0, 12, 0, 0, 3, 0, 0]  # nothing is kept at that site
    # half is claimed, of food the whole of it is there: what hours deny is not bought with it, but 3 of housing, which is by use, of 5.5 that they lack
    assert sell_one(one_site(stock=12, claim=0.5), dwelling=1) == pytest.approx([3 / 5.5, 9, 0, 0, 3, -3, 3])


def test_where_exchange_is_suspended_nothing_is_sold():
    assert sell_one(one_site(stock=12, buys=0.0), surplus=(4.0, 4.0)) == [0, 12, 4, 4, 0, 0, 0]


def test_half_suspended_half_is_offered_and_half_is_wanted():
    """Of 2 above what is held 1 is offered, for 1.5 that is wanted."""
    assert sell_one(one_site(stock=12, buys=0.5)) == pytest.approx([2 / 3, 11, 0, 0, 3, -1, 1])


def test_a_measure_sells_its_part_of_what_is_in_common_by_people():
    """Of two measures of 6 and 2 people in a place with a surplus of 8 the second buys nothing: 6 can be sold, of which 1.8 is wanted."""
    w = {
        "taken": np.arange(2, dtype=np.int32), "place": np.zeros(2, np.int32), "sector": np.full(2, -1, np.int8), "joined": np.array([6, 2]),
        "stock": np.zeros(2, np.float32), "terms": np.zeros((2, terms.N_TERMS)), "need": np.array([0.5, 0.3]), "restock": 1.0,
    }  # fmt: skip
    w["reserves"] = (w["place"], w["sector"], w["stock"], np.ones(2, np.float32))
    w["terms"][:, CLAIM], w["terms"][0, BUYS] = 1.0, 1.0
    for surplus, sold in ((8.0, 1.8), (1.6, 1.2)):
        stock = np.array([[surplus, 0.0]])
        _, traded, _, _ = sell(w, np.array([6, 2]), [0.0, 0.0], stock.copy(), [1.0, 1.0], np.array([[1.0, 0.0]]), -1, stock)
        assert traded.tolist() == pytest.approx([-sold, sold])
        assert stock[0, 0] == pytest.approx(surplus - sold)
        assert w["terms"][:, PAID].tolist() == pytest.approx([sold / 1.8, 0])


# --- by place ---


def test_terms_are_added_up_by_place_as_in_plain_python():
    rng = np.random.default_rng(5)
    for _ in range(50):
        n = int(rng.integers(1, 4))
        w = sites_of(rng, n)
        w["terms"][:, [OWN, PAID, FOUND]] = rng.random((N_SITES, 3))
        pays = np.floor(w["joined"] * rng.random(N_SITES) * 8) / 8
        sums, own, found = np.zeros((N_PLACES, 4)), np.zeros((N_PLACES, n)), np.zeros((N_PLACES, n))
        terms.by_place(w["taken"], w["place"], w["sector"], w["joined"], (pays * terms.FIXED_POINT).astype(np.int64), w["terms"], sums, own, found)
        hand_sums, hand_own, hand_found = by_hand.summed(
            [(w["place"][s], w["sector"][s], w["joined"][s], pays[s], *w["terms"][s, [BUYS, CLAIM, OWN, PAID, FOUND]]) for s in w["taken"]], N_PLACES, n)  # fmt: skip
        np.testing.assert_allclose(found, hand_found, rtol=1e-12)
        np.testing.assert_allclose(sums, hand_sums, rtol=1e-12)
        np.testing.assert_allclose(own, hand_own, rtol=1e-12)


# --- days of a town ---

FOOD, ENERGY, HOUSING, TRANSPORT = range(4)
SECTORS = ("food", "energy_water", "construction", "transport")
HOME, FARM, POWER, HAULIER, BAKERY = range(5)


def town(contents, *, n_places=2, pays=0.0, care_burden=0.0, taken=(FARM, POWER, HAULIER, BAKERY), needs=None, seed=0, **given):
    """Places of 12 people of two groups: two farms, a power plant and a haulier of three each, all `taken` with the given contents, one dict a site."""
    people, kinds, places, sectors = [], [], [], []
    for place in range(n_places):
        first = 5 * place
        people += [(first + HOME, first + site) for site in (FARM, POWER, HAULIER, BAKERY) for _ in range(3)]
        kinds += ["neighbourhood", *["workplace"] * 4]
        sectors += [-1, FOOD, ENERGY, TRANSPORT, FOOD]
        places += [place] * 5
    A = np.zeros((4, 4))
    A[ENERGY, FOOD] = A[FOOD, TRANSPORT] = 0.2
    society = {"sectors": {name: {"share": 0.25, "struggle_need": beside} for name, beside in zip(SECTORS, (2.0, 0.0, 0.5, 1.0))}, "commuting": 0.0, "care_burden": care_burden, "groups": {"women": 0.5, "men": 0.5}}
    sim = lab(
        people, kinds, place_of=places, sector_of=sectors, on=("provisioning", "measures"), society=society,
        provisioning={"table": "", "coefficients": A.tolist(), "demand": [0.5, 0.2, 0.2, 0.1], "inputs": "leontief", "slack": 0.5, "stock_days": 5.0,
                      "notice_days": 1, "ratio": {"enabled": False}, "free": given})  # fmt: skip
    sim.people.group[:] = np.arange(len(sim.people)) % 2
    sim.people.affordability[:] = sim.places.means[:] = sim.state.tally.means_at_start[0] = pays
    sites = [5 * place + site for place in range(n_places) for site in taken]
    for number, site in enumerate(sites):
        rows = np.flatnonzero(sim.people.home == site) if site % 5 == HOME else np.flatnonzero(sim.people.work == site)
        sector = "food" if site % 5 == HOME else SECTORS[sim.sites.sector[site]]
        take(sim, [site], practice(sim, needs=needs or (sector,), **contents[number % len(contents)]), people=[rows])
    return sim


def random_town(seed, **given):
    rng = np.random.default_rng(seed)
    names = ("exchange", "property", "wage_labour", "gender", "strangers", "division_of_labour")
    contents = [{name: float(rng.choice([-1.0, -0.5, 0.0, 0.5, 1.0])) for name in names} for _ in range(8)]
    return town(contents, pays=float(rng.choice([0.0, 0.3, 0.9])), care_burden=float(rng.choice([0.0, 0.5])), restock_days=float(rng.choice([1.0, 3.0])), **given)


def day(sim):
    step(sim, "provisioning")
    sim.state.day += 1


def held(sim):
    """In common, and at sites with measures, by sector."""
    at = (sim.sites.instance >= 0) & (sim.sites.sector >= 0)
    kept = np.bincount(sim.sites.sector[at], weights=sim.sites.stock[at].astype(float), minlength=4)
    return by_place_and_sector(sim.state, "stock").sum(axis=0), kept


def counted(sim):
    names = ("seized", "produced", "used", "drawn", "apart", "served", "sold", "sold_apart", "inherited")
    return {name: getattr(sim.state.common, name).copy() for name in names}


def found_of(sim):
    """What was found of what is in common and of what is at sites with measures, by sector."""
    at = (sim.sites.instance >= 0) & (sim.sites.sector >= 0)
    kept = np.bincount(sim.sites.sector[at], weights=(sim.sites.stock[at] * sim.sites.inherited[at]).astype(float), minlength=4)
    return (by_place_and_sector(sim.state, "stock") * by_place_and_sector(sim.state, "inherited")).sum(axis=0) + kept


def common_of(sim):
    return next(one for one in sim.mechanisms if one.name == "provisioning")._common


@pytest.mark.parametrize("seed", range(12))
def test_what_is_in_common_and_what_is_kept_are_conserved(seed):
    sim = random_town(seed)
    sold = 0.0
    for number in range(12):
        if number == 8:  # who sold sells no more, and the other way round
            sim.state.instances.content[:, CONTENTS.index("exchange")] *= -1
        (common, kept), before, found = held(sim), counted(sim), found_of(sim)
        day(sim)
        (common_after, kept_after), after = held(sim), counted(sim)
        of = {name: after[name] - before[name] for name in after}
        for values in of.values():
            assert (values >= 0).all()
        went = found - found_of(sim) - of["inherited"]  # beside what was drawn of it, some was used and sold, and none was made
        assert (went >= -1e-4 - 1e-6 * found).all()
        assert (went <= of["used"] + of["sold"] + of["sold_apart"] + 1e-4 + 1e-6 * found).all()
        assert (of["inherited"] <= of["drawn"] + of["served"] + 1e-9).all()
        assert (found_of(sim) <= sum(held(sim)) + 1e-9).all()
        came, went = of["seized"] + of["produced"] - of["apart"], of["used"] + of["drawn"] + of["sold"]
        np.testing.assert_allclose(common_after, common + came - went, rtol=1e-6, atol=1e-4)
        np.testing.assert_allclose(kept_after, kept - of["seized"] + of["apart"] - of["served"] - of["sold_apart"], rtol=1e-6, atol=1e-4)
        assert sim.state.common.sold_for_goods.sum() == pytest.approx(sim.state.common.bought_for_goods.sum(), abs=1e-6)
        terms_of = common_of(sim).terms
        shares = terms_of[:, [BUYS, CLAIM, OWN, PAID]]
        assert ((shares >= 0) & (shares <= 1 + 1e-12)).all()
        mine = terms_of[:, CLAIM, None] * terms_of[:, [terms.OF_CARERS, terms.OF_OTHERS]]
        assert ((mine >= 0) & (mine <= 1 + 1e-12)).all()
        assert (terms_of[:, OWN] <= terms_of[:, CLAIM] + 1e-12).all()
        sold += (of["sold"] + of["sold_apart"]).sum()
    assert sold > 0
    assert 0 < counted(sim)["inherited"].sum() < (counted(sim)["drawn"] + counted(sim)["served"]).sum()


@pytest.mark.parametrize("seed", range(8))
def test_what_is_had_is_what_was_found_and_what_was_made(seed):
    """Nobody can pay for anything, and nothing is sold: what people do not lack is free, for members, for others, and for those in struggle by their needs."""
    sim = random_town(seed, taken=(FARM, POWER), selling=False)
    sim.sites.stock[:] *= 0.3
    sim.people.affordability[:] = sim.places.means[:] = 0.0
    put(sim, np.flatnonzero(sim.people.measure < 0)[::2], IN_STRUGGLE)
    for _ in range(12):
        day(sim)
        met, places = 1.0 - sim.people.unmet, sim.places
        for p in range(2):
            here = sim.sites.place[sim.people.home] == p
            assert places.met_inherited[p] + places.met_made[p] == pytest.approx(met[here].sum(), abs=1e-4)
            assert min(places.met_inherited[p], places.met_made[p]) >= 0
    assert sim.places.met_made.max() > 0.1


def test_nothing_is_apart_where_property_is_suspended():
    sim = town([{"property": 1.0, "exchange": -1.0}], restock_days=1.0)
    for _ in range(5):
        day(sim)
    of = counted(sim)
    assert not of["apart"].any()
    assert not of["served"].any()
    assert of["produced"].sum() > 0
    assert of["sold"].sum() > 0
    assert not held(sim)[1].any()
    assert not common_of(sim).terms[:, OWN].any()


def test_nothing_is_sold_where_exchange_is_suspended():
    sim = town([{"exchange": 1.0, "property": -1.0}])
    sim.sites.stock[:] = 1.0
    for _ in range(5):
        day(sim)
    assert counted(sim)["apart"].sum() > 0
    assert not counted(sim)["sold"].any()
    assert not counted(sim)["sold_apart"].any()
    assert not sim.state.common.sold_for_goods.any()
    assert not sim.sites.unpaid.any()


def test_members_alone_have_what_is_kept():
    """Nothing is freed: the farms' people have food, the hauliers' transport, and none has another's; with 0.2 of each food per carried unit missing."""
    sim = town([{"property": -1.0, "exchange": 1.0, "strangers": 1.0}], home_productivity=0.0, restock_days=2.0)
    for _ in range(4):
        day(sim)
    assert not by_place_and_sector(sim.state, "coverage")[:, :2].any()
    weights = dict(zip(SECTORS, (0.5, 0.2, 0.2, 0.1)))
    work = sim.sites.sector[sim.people.work]
    for sector, weight in enumerate(weights.values()):
        np.testing.assert_allclose(sim.people.unmet[work == sector], 0.75, err_msg=str(weight))
    assert counted(sim)["seized"].sum() == counted(sim)["drawn"].sum() == 0
    np.testing.assert_allclose(counted(sim)["served"], 4 * np.array([12 * 0.5, 6 * 0.2, 0, 6 * 0.1]))


@pytest.mark.parametrize(("wage_labour", "claim"), [(1.0, 1.0), (0.0, 1.0), (-0.5, 0.875), (-1.0, 0.75)])
def test_who_works_less_claims_less_where_wages_rule(wage_labour, claim):
    """Half of the people of a home carry unpaid care, which takes half of their time; there is enough of everything."""
    sim = town([{"wage_labour": wage_labour, "gender": -1.0, "exchange": 1.0, "strangers": -1.0}], n_places=1, care_burden=0.5, taken=(HOME,), dwelling="")
    by_place_and_sector(sim.state, "stock")[:] = 100.0
    day(sim)
    assert common_of(sim).terms[HOME, CLAIM] == pytest.approx(claim)
    np.testing.assert_allclose(counted(sim)["drawn"], 12 * claim * np.array([0.5, 0.2, 0.2, 0.1]))
    lacks = 2 * (1 - claim)  # of those who carry it; the others work all day
    np.testing.assert_allclose(sim.people.unmet, np.where(sim.people.group == 0, lacks, 0.0), rtol=1e-6, atol=1e-7)
    assert sim.places.free_coverage[0] == pytest.approx(claim)
