"""The State's dues and what is observed of a month, against plain Python."""

import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from oracles import uniform

from communize.declare.registry import (
    CAMPUS,
    COMMODITY,
    CONTESTED,
    DECILES,
    FARM,
    NEIGHBOURHOOD,
    POSITIONS,
    SIZE_CLASSES,
    STATE_SITE,
    TAKEN,
    WORKPLACE,
)  # fmt: skip
from communize.kernels import decisions
from communize.mechanisms.economy import accounts, treasury

STABLE, PRECARIOUS, UNEMPLOYED, EXCLUDED, STUDENT, FARMER, MANAGER, OWNER, STATE_FORCE = range(len(POSITIONS))
SEED, DAY = 2**43 + 1, 89
KEY = np.uint64(SEED)


def country(seed=1, n=2_000):
    """People at sites of all kinds and modes, some stopped for a part of the month, with rises of pay."""
    rng = np.random.default_rng(seed)
    kind = np.tile(np.array([NEIGHBOURHOOD, WORKPLACE, FARM, CAMPUS, STATE_SITE, STATE_SITE], np.int8), 5)
    homes, works = np.flatnonzero(kind == NEIGHBOURHOOD), np.flatnonzero(kind != NEIGHBOURHOOD)
    people = rng.choice(homes, n).astype(np.int32), np.where(rng.random(n) < 0.7, rng.choice(works, n), -1).astype(np.int32), rng.integers(0, 9, n).astype(np.int8)
    mode = rng.choice([COMMODITY, CONTESTED, TAKEN], kind.size, p=[0.6, 0.2, 0.2]).astype(np.int8)
    site_open, level = np.where(rng.random(kind.size) < 0.5, rng.random(kind.size), 1.0), rng.choice([1.0, 1.1, 0.0, 3.0], kind.size).astype(np.float32)
    return people, (kind, mode, site_open, level)


FACTORS, BENEFITS = np.ones(9), np.zeros(9)
FACTORS[[PRECARIOUS, MANAGER, STATE_FORCE]] = 0.8, 1.8, 1.3
BENEFITS[[UNEMPLOYED, EXCLUDED, STUDENT]] = 0.5, 0.45, 0.3


def owed(i, people, sites, mean_wage):
    """What the State owes somebody, before it is rounded, and whether it is a wage."""
    (home, work, position), (kind, mode, site_open, level) = people, sites
    what, site = position[i], work[i]
    if what == STATE_FORCE:
        return mean_wage * 1.3, True
    if what in (STABLE, PRECARIOUS, MANAGER):
        public = site >= 0 and kind[site] == STATE_SITE and mode[site] != TAKEN
        return (mean_wage * FACTORS[what] * float(level[site]) * site_open[site] if public else 0.0), public
    return mean_wage * BENEFITS[what] * float(level[home[i]]), False


@pytest.mark.parametrize("most", [1e18, 40.0])
def test_what_the_state_owes(most):
    people, sites = country()
    due = np.empty(2_000, np.int64)
    total, wages = treasury.find_dues(0, 2_000, 0, people, sites, (50.0, FACTORS, BENEFITS, most), KEY, DAY, due)
    wanted, of_wages, seen = [], 0, Counter()
    for i in range(2_000):
        x, wage = owed(i, people, sites, 50.0)
        x = min(x, most)
        coins = math.floor(x) + (uniform(SEED, i, DAY, decisions.ECONOMY_DUE, 0) < x - math.floor(x))
        wanted.append(coins)
        of_wages += coins if wage else 0
        seen[int(people[2][i]), bool(coins)] += 1
    assert due.tolist() == wanted
    assert (total, wages) == (sum(wanted), of_wages)
    for what in (FARMER, OWNER):
        assert (what, True) not in seen
    for what in (STABLE, PRECARIOUS, MANAGER, UNEMPLOYED, EXCLUDED, STUDENT, STATE_FORCE):
        assert seen[what, True] > 10


def test_dues_are_right_on_average():
    """Rounded by a draw: the sum is that of what is owed within the noise of the rounding."""
    people, sites = country(n=20_000)
    due = np.empty(20_000, np.int64)
    total, _ = treasury.find_dues(0, 20_000, 0, people, sites, (1.0, FACTORS, BENEFITS, 1e18), KEY, DAY, due)
    wanted = sum(owed(i, people, sites, 1.0)[0] for i in range(20_000))
    assert abs(total - wanted) < 4.5 * math.sqrt(20_000 / 4)


@pytest.mark.parametrize("part", [1.0, 0.5, 1 / 3, 0.0])
def test_all_are_paid_the_same_part(part):
    due = np.array([0, 1, 2, 3, 90, 10**12], np.int64)
    money, income = np.arange(6), np.full(6, 7, np.int64)
    paid = treasury.pay_dues(0, 6, 0, due, part, money, income)
    wanted = [coins if part == 1 else int(coins * part) for coins in due.tolist()]
    assert money.tolist() == [k + coins for k, coins in enumerate(wanted)]
    assert income.tolist() == [7 + coins for coins in wanted]
    assert paid == sum(wanted) <= part * int(due.sum())


# --- what is observed ---


def test_people_are_counted_by_place_and_position():
    people, _ = country()
    place, found = np.arange(30, dtype=np.int32) // 6, np.zeros((5, 9), np.int64)
    accounts.count_positions(people[0], people[2], place, found)
    wanted = Counter((int(place[h]), int(p)) for h, p in zip(people[0], people[2]))
    assert {(p, what): found[p, what] for p in range(5) for what in range(9) if found[p, what]} == wanted


def test_employees_of_firms_are_counted():
    (_, work, position), (kind, *_) = country()
    owner = np.where(np.arange(30) % 4, 3, -1).astype(np.int32)
    found = np.zeros(30, np.int64)
    accounts.staff_of_firms(work, position, kind, owner, found)
    for site in range(30):
        staff = sum(work[i] == site and position[i] in (STABLE, PRECARIOUS, MANAGER) for i in range(2_000))
        assert found[site] == (staff if kind[site] in (WORKPLACE, FARM) and owner[site] >= 0 else 0)


def test_affordability_is_the_part_of_the_basket_that_money_pays():
    money, spent = np.array([0, 10, 0, 15, 100, 30]), np.array([0, 0, 10, 15, 0, 0])
    pays = np.full(6, 9.0, np.float32)
    accounts.afford(0, 6, 0, money, spent, 30.0, pays)
    np.testing.assert_allclose(pays, [0, 1 / 3, 1 / 3, 1, 1, 1], rtol=1e-6)
    accounts.afford(0, 6, 0, money, spent, 0.0, pays)  # everybody can pay what costs nothing
    assert (pays == 1).all()


def test_firms_by_size():
    sizes = [0, *range(1, 600), 10**6]
    bounds = [1, 2, 3, 4, 8, 16, 32, 64, 128, 256, 512]
    wanted = [sum(low <= size < high for size in sizes) for low, high in zip(bounds, [*bounds[1:], math.inf])]
    assert accounts.by_size(np.array(sizes)).tolist() == wanted
    assert len(SIZE_CLASSES) == len(wanted)
    assert accounts.by_size(np.zeros(4, np.int64)).tolist() == [0] * 11
    for low, name in zip(bounds, SIZE_CLASSES):
        assert name.split("-")[0].split(" ")[0] == str(low)


def test_gini():
    for values in ([1], [0, 0, 1], [3, 3, 3, 3], [1, 2, 3, 4, 100], [0, 5, 5, 0, 1, 2]):
        n, total = len(values), sum(values)
        wanted = Fraction(sum(abs(a - b) for a in values for b in values), 2 * n * total)
        assert accounts.gini(np.random.default_rng(1).permutation(values).astype(float)) == pytest.approx(float(wanted), abs=1e-12)
    assert math.isnan(accounts.gini(np.zeros(3)))
    assert accounts.gini(np.array([0.0] * 9_999 + [1.0])) == pytest.approx(0.9999)


def test_means_of_tenths():
    assert accounts.means_of_deciles(np.arange(100.0)[::-1]).tolist() == [10 * k + 4.5 for k in range(10)]
    assert accounts.means_of_deciles(np.arange(13.0)).tolist() == pytest.approx([0.5, 2.5, 4.5, 6, 7, 8, 9, 10, 11, 12])
    assert np.isnan(accounts.means_of_deciles(np.arange(9.0))).all()
    assert len(DECILES) == 10


def test_of_very_many_evenly_spaced_ones_stand_for_all(monkeypatch):
    monkeypatch.setattr(accounts, "SORTED_AT_MOST", 10)
    assert accounts.evenly(np.arange(10)).tolist() == list(range(10))
    assert accounts.evenly(np.arange(11)).tolist() == [0, 2, 4, 6, 8, 10]
    assert accounts.evenly(np.arange(95)).size == 10
    assert accounts.evenly(np.arange(3, dtype=np.int64)).dtype == np.float64
