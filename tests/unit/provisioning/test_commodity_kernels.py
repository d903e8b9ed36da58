"""Kernels of the commodity mode against plain Python, on random economies, and by hand."""

import math

import numpy as np
import provision_by_hand as by_hand
import pytest

from communize.declare.registry import CAMPUS, CONTESTED, FARM, NEIGHBOURHOOD, STATE_SITE, TAKEN, WORKPLACE
from communize.mechanisms.provisioning import commodity, industry

RULES = commodity.RULES


def economy(rng, n=None):
    """Coefficients with gaps, ratings, inventories some of which are empty, and output at the start."""
    n = int(rng.integers(1, 8)) if n is None else n
    A = np.where(rng.random((n, n)) < 0.6, rng.uniform(0.01, 0.9 / n, (n, n)), 0.0)
    rating = rng.choice([0.0, 0.5, 1.0], (n, n))
    base = rng.uniform(0.5, 50, n)
    stock = np.where(rng.random((n, n)) < 0.8, A * base * rng.uniform(0, 20, (n, n)), 0.0)
    return A, rating, stock, base


# --- what inputs allow ---


@pytest.mark.parametrize("rule", RULES)
def test_inputs_allow_what_the_rule_says(rule):
    rng = np.random.default_rng(RULES.index(rule))
    for _ in range(200):
        A, rating, stock, base = economy(rng)
        limit = np.empty(base.size)
        commodity.allowed_by_inputs(RULES.index(rule), A, rating, stock, base, limit)
        wanted = [by_hand.limit_of_inputs(rule, A.tolist(), rating.tolist(), stock.tolist(), base.tolist(), j) for j in range(base.size)]
        np.testing.assert_allclose(limit, wanted, rtol=1e-12)


def test_the_four_rules_by_hand():
    """One user of three inputs, critical, important and not, with 2, 6 and 0 days of stock at an output of 10."""
    A, rating, base = np.zeros((4, 4)), np.zeros((4, 4)), np.full(4, 10.0)
    A[:3, 3], rating[:3, 3] = (0.1, 0.2, 0.1), (1.0, 0.5, 0.0)
    stock = A * 10.0 * np.array([2.0, 6.0, 0.0, 0.0])[:, None]
    found = {}
    for number, rule in enumerate(RULES):
        limit = np.empty(4)
        commodity.allowed_by_inputs(number, A, rating, stock, base, limit)
        assert np.isinf(limit[:3]).all()  # who uses nothing is not limited
        found[rule] = limit[3]
    assert found["leontief"] == 0
    assert found["weakly_critical"] == pytest.approx(20)
    assert found["half_critical"] == pytest.approx(min(20, 0.5 * (60 + 10)))
    assert found["linear"] == pytest.approx((2 + 12) / 0.4)
    stock[1, 3] = 0.0  # without the important input half of the output goes on
    limit = np.empty(4)
    commodity.allowed_by_inputs(commodity.HALF_CRITICAL, A, rating, stock, base, limit)
    assert limit[3] == pytest.approx(5)


def test_the_more_a_rule_asks_for_the_less_it_allows():
    rng = np.random.default_rng(9)
    for _ in range(100):
        A, rating, stock, base = economy(rng)
        stock = np.minimum(stock, A * base)  # at most a day each, so that half of the start is more
        limits = np.empty((3, base.size))
        for rule in range(3):
            commodity.allowed_by_inputs(rule, A, rating, stock, base, limits[rule])
        assert (limits[0] <= limits[1] + 1e-12).all()
        assert (limits[1] <= limits[2] + 1e-12).all()


# --- a day ---


@pytest.mark.parametrize("rule", RULES)
def test_days_of_production_follow_the_equations(rule):
    rng = np.random.default_rng(10 + RULES.index(rule))
    for _ in range(40):
        A, rating, stock, base = economy(rng)
        n = base.size
        target, final = A * base * rng.uniform(1, 20), rng.uniform(-4, 20, n) * (rng.random(n) < 0.8)  # negative where stocks are run down
        demand = base.copy()
        output, supply, limit, orders = np.empty(n), np.empty(n), np.empty(n), np.empty((n, n))
        twin, of_all = stock.tolist(), demand.tolist()
        for _ in range(6):
            capacity, sold = base * rng.uniform(0, 1.5, n), base * rng.uniform(0, 1, n) * (rng.random(n) < 0.3)
            commodity.day_of_production(
                RULES.index(rule), A, rating, target, 7.0, final, sold, capacity, base, stock, demand, output, supply, limit, orders)  # fmt: skip
            twin, of_all, made, delivered, ordered = by_hand.day_of_production(
                rule, A.tolist(), rating.tolist(), target.tolist(), 7.0, final.tolist(), capacity.tolist(), base.tolist(), twin, of_all, sold.tolist())  # fmt: skip
            for found, wanted in ((stock, twin), (demand, of_all), (output, made), (supply, delivered), (orders, ordered)):
                np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9)
            assert (output >= 0).all()
            assert (output <= capacity).all()
            assert (output <= demand).all()
            assert (stock >= 0).all()
            assert ((supply >= 0) & (supply <= 1)).all()


def test_nothing_asked_for_is_delivered_whole():
    n = 2
    supply, demand = np.empty(n), np.zeros(n)
    commodity.day_of_production(
        0, np.zeros((n, n)), np.ones((n, n)), np.zeros((n, n)), 10.0, np.zeros(n), np.zeros(n), np.ones(n), np.ones(n), np.zeros((n, n)), demand, np.empty(n),
        supply, np.empty(n), np.empty((n, n)))  # fmt: skip
    assert supply.tolist() == [1, 1]
    assert demand.tolist() == [0, 0]


# --- gross output ---


def test_gross_output_is_leontiefs_inverse():
    rng = np.random.default_rng(4)
    for n in (1, 3, 10, 40):
        A = rng.uniform(0, 0.9 / n, (n, n))
        final, guess, out = rng.uniform(0, 5, n), rng.uniform(0, 100, n), np.empty(n)
        commodity.gross_output(A, final, guess, 1e-12, out)
        np.testing.assert_allclose(out, np.linalg.solve(np.eye(n) - A, final), rtol=1e-10)


# --- labour ---


def test_labour_by_sector_by_hand():
    sites = [  # kind, sector, mode, place, members, active, participants, held
        (WORKPLACE, 0, 0, 0, 10, 2, 1, 1), (WORKPLACE, 0, CONTESTED, 1, 8, 4, 0, 0), (FARM, 1, 0, 1, 5, 0, 0, 0),
        (STATE_SITE, 2, 0, 0, 20, 0, 9, 30), (WORKPLACE, 1, TAKEN, 0, 50, 0, 50, 0), (NEIGHBOURHOOD, -1, 0, 0, 100, 9, 9, 9), (CAMPUS, 2, 0, 1, 40, 0, 0, 0),
        (WORKPLACE, 1, 3, 0, 7, 0, 0, 0), (WORKPLACE, 1, 4, 0, 7, 0, 0, 0),
    ]  # fmt: skip
    kind, sector, mode, place, members, active, participants, held = (np.array(column, np.int32) for column in zip(*sites))
    stopped = np.array([[0.5, 0.0, 0.0], [0.25, 1.0, 0.0]])
    employed, working = np.full(3, 9.9), np.full(3, 9.9)
    industry.labour_by_sector((kind, sector, mode, place, members, active, participants, held), stopped, employed, working)
    assert employed.tolist() == [18, 5, 20]
    assert working.tolist() == [6 * 0.5 + 4 * 0.75, 0, 0]  # more away than members: nobody is there


# --- renewal ---


def renewed(A, rating, final, base, labour, working, slack, supply, orders, stock):
    out = np.empty(2)
    industry.renewal(A, rating, final, base, labour, working, slack, supply, orders, stock, np.empty(base.size), out)
    return out


def test_renewal_is_labour_and_inputs_against_what_the_final_demand_needs():
    rng = np.random.default_rng(6)
    for _ in range(50):
        n = int(rng.integers(1, 6))
        A, rating, stock, _ = economy(rng, n)
        full = rng.uniform(1, 9, n)
        base = np.linalg.solve(np.eye(n) - A, full)
        final, labour = full * rng.uniform(0.2, 1), rng.uniform(1, 50, n)
        working, supply = labour * rng.uniform(0, 1, n), rng.uniform(0, 1, n)
        orders = A * base * rng.uniform(0, 2, (n, n))
        needed = np.linalg.solve(np.eye(n) - A, final)
        have = (working * 1.25).sum() / (labour * needed / base).sum()
        least = min(
            [(supply[i] * orders[i, j] + stock[i, j] / 30) / (A[i, j] * needed[j]) for i in range(n) for j in range(n) if A[i, j] > 0 and rating[i, j] == 1],
            default=1000.0)  # fmt: skip
        found = renewed(A, rating, final, base, labour, working, 0.25, supply, orders, stock)
        np.testing.assert_allclose(found, (min(have, 1000), min(least, 1000)), rtol=1e-6)


def test_renewal_at_rest_and_without_demand():
    A, rating, final = np.array([[0.0, 0.5], [0.0, 0.0]]), np.ones((2, 2)), np.array([0.0, 4.0])
    base = np.linalg.solve(np.eye(2) - A, final)
    rest = (base, np.ones(2) * 7, np.ones(2) * 7, 0.0, np.ones(2), A * base, A * base * 30)
    np.testing.assert_allclose(renewed(A, rating, final, *rest), (1, 2), rtol=1e-9)  # a month's stock is as much again as is delivered
    np.testing.assert_allclose(renewed(A, 0 * rating, final, *rest), (1, 1000), rtol=1e-9)  # of what is not critical a lack does not bind
    found = renewed(A, rating, 0 * final, *rest)
    assert found.tolist() == [1000, 1000]
    half = renewed(A, rating, final, base, np.ones(2) * 7, np.array([7.0, 0.0]), 0.0, np.array([0.5, 1.0]), A * base, 0 * A)
    np.testing.assert_allclose(half, (0.5, 0.5), rtol=1e-9)


# --- kappa ---


class Numbers:
    def __init__(self, **values):
        self.__dict__.update(values)


def kappa(parts, surplus=math.nan, taxes=0.0, due=0.0):
    table = np.full((30, 2), np.nan)
    table[: len(parts)] = np.reshape(parts, (-1, 2))
    economy = Numbers(surplus=[surplus], taxes=[taxes], due=[due])
    return industry.commodity_reproduction(Numbers(renewal=Numbers(parts=table), economy=economy))


def test_kappa_is_the_smallest_part_and_says_which():
    assert kappa([(1.2, 1.5)]) == (pytest.approx(1.2), 0)
    assert kappa([(1.2, 1.5), (1.2, 0.5), (1.2, 0.4)]) == (pytest.approx(0.8), 1)  # means of the days that are known
    assert kappa([(1.2, 1.5)], surplus=-0.3) == (pytest.approx(-0.3), 2)
    assert kappa([(1.2, 1.5)], surplus=3.0, taxes=80.0, due=100.0) == (pytest.approx(0.8), 3)
    assert kappa([(1.2, 1.5)], surplus=3.0, taxes=0.0, due=0.0)[1] == 0  # no State, no taxes that could lack
    value, binding = kappa([])
    assert math.isnan(value)
    assert binding == -1
