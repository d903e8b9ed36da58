"""The small parts of a month of the market, each against plain Python: drawing, hiring, dismissing, paying, demand."""

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from oracles import philox4x32

from communize.declare.registry import HELD, IN_MEASURE, IN_STRUGGLE, POSITIONS, ROUTINE
from communize.kernels import decisions
from communize.mechanisms.economy import core

STABLE, PRECARIOUS, UNEMPLOYED, MANAGER, OWNER = (POSITIONS.index(name) for name in ("stable", "precarious", "unemployed", "manager", "owner"))
WORD = 2**32
KEY, DAY = 2**40 + 17, 59


# --- drawing ---


@pytest.mark.parametrize("most", [0, 1, 2, 9, 10**6, 2**40 + 1, 2**52 - 1])
def test_a_number_up_to_the_most_is_a_share_of_the_cells(most):
    """Every number has a stretch of the 2**52 midpoints as long as those of the others."""
    rng = np.random.default_rng(most % 97)
    words = [(0, 0), (WORD - 1, WORD - 1), *rng.integers(0, WORD, (200, 2)).tolist()]
    for high, low in words:
        bits = (high << 20) ^ (low >> 12)
        wanted = int(Fraction(2 * bits + 1, 2**53) * (most + 1))
        found = core.up_to(most, np.uint64(high), np.uint64(low))
        assert 0 <= found <= most
        assert abs(found - wanted) <= (most >= 2**50)  # the product of a float of 53 bits may be rounded up beyond
    assert core.up_to(most, np.uint64(0), np.uint64(0)) == 0 or most > 2**51
    assert core.up_to(most, np.uint64(WORD - 1), np.uint64(WORD - 1)) == most


def test_up_to_takes_the_upper_bits_of_the_low_word_alone():
    assert core.up_to(2**52 - 1, np.uint64(0), np.uint64(1 << 12)) - core.up_to(2**52 - 1, np.uint64(0), np.uint64(0)) == 1
    assert core.up_to(2**52 - 1, np.uint64(0), np.uint64(4095)) == core.up_to(2**52 - 1, np.uint64(0), np.uint64(0))


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 40])
def test_a_fenwick_tree_draws_a_row_by_its_weight(n):
    rng, size = np.random.default_rng(n), 1
    while size < n + 1:
        size *= 2
    tree, weights = np.zeros(size, np.int64), [0] * n
    for _ in range(30):
        row = int(rng.integers(n))
        change = int(rng.integers(-weights[row], 6))
        weights[row] += change
        core.add_weight(tree, row, change)
        rows = [row for row, weight in enumerate(weights) for _ in range(weight)]
        assert [core.row_of(tree, target) for target in range(len(rows))] == rows


def test_a_sector_is_drawn_by_cumulative_shares():
    cumulative = np.array([0.25, 0.25, 0.75, 1.0])
    assert [core.choose_sector(cumulative, np.uint32(u * WORD)) for u in (0.0, 0.2499, 0.2501, 0.7499, 0.7501, 0.9999)] == [0, 0, 2, 2, 3, 3]
    assert core.choose_sector(cumulative, np.uint32(WORD - 1)) == 3
    assert core.choose_sector(np.array([1.0]), np.uint32(WORD - 1)) == 0


# --- demand ---


def test_coins_where_nobody_produces_go_to_the_other_pools_in_proportion():
    value = np.array([[10, 100, 7, 0], [5, 5, 5, 5], [9, 0, 0, 9]], np.int64)
    core.move_idle_demand(value, np.array([[1.0, 0.0, 3.0, 0.0], [0.1, 0.2, 0.3, 0.4], [0.0, 0.5, 0.0, 0.0]]))
    assert value.tolist() == [[35, 0, 82, 0], [5, 5, 5, 5], [0, 18, 0, 0]]


def test_no_coin_is_lost_or_split_where_shares_do_not_come_out_even():
    rng = np.random.default_rng(2)
    for _ in range(200):
        value = rng.integers(0, 10 ** int(rng.integers(1, 16)), (1, 5))
        weights = np.where(rng.random((1, 5)) < 0.5, rng.random((1, 5)), 0.0)
        weights[0, rng.integers(5)] = 0.3
        before, idle = value.copy(), value[weights == 0].sum()
        core.move_idle_demand(value, weights)
        assert value.sum() == before.sum()
        assert np.all(value[weights == 0] == 0)
        given = (value - before)[weights > 0]
        np.testing.assert_allclose(given, idle * weights[weights > 0] / weights.sum(), atol=1 + 1e-12 * float(idle))
        assert np.all(given >= 0)


def test_a_founder_goes_where_demand_is():
    allowed, cumulative = np.array([True, False, True, True]), np.array([0.1, 0.5, 0.6, 1.0])
    value = np.array([3, 1000, 0, 1], np.int64)
    found = [core.sector_to_found(value, allowed, cumulative, np.uint64((k + 0.5) / 400 * WORD)) for k in range(400)]
    assert Counter(found) == {0: 300, 3: 100}


def test_a_founder_without_demand_goes_by_budgets_and_where_it_may_be():
    allowed, cumulative = np.array([True, False, True, True]), np.array([0.1, 0.5, 0.6, 1.0])
    empty = np.array([0, 50, 0, 0], np.int64)
    found = [core.sector_to_found(empty, allowed, cumulative, np.uint64(u * WORD)) for u in (0.05, 0.3, 0.55, 0.9)]
    assert found == [0, 0, 2, 3]  # not 1, where no firm can be: the first instead
    assert core.sector_to_found(np.zeros(1, np.int64), np.ones(1, np.bool_), np.ones(1), np.uint64(7)) == 0


# --- a book of employers ---


class Book:
    """Employers with lists of employees in plain Python, and the arrays of the kernels beside them."""

    def __init__(self, n, factors):
        self.n, self.factors, self.lists = n, factors, {a: [] for a in range(n)}
        self.boss, self.first, self.following, self.before = (np.full(n, -1, np.int32) for _ in range(4))
        self.count, self.weight = np.zeros(n, np.int32), np.zeros(n)
        self.pos, self.kind = np.full(n, UNEMPLOYED, np.int8), np.full(n, core.SEEKER, np.int8)
        self.money, self.income = np.zeros(n, np.int64), np.zeros(n, np.int64)

    @property
    def arrays(self):
        return self.boss, self.first, self.following, self.before, self.count, self.weight

    def hire(self, seeker, employer, position):
        core.hire(seeker, employer, position, self.factors[position], self.arrays, self.pos, self.kind)
        self.lists[employer].insert(0, seeker)

    def check(self):
        for a, staff in self.lists.items():
            found, j, last = [], int(self.first[a]), -1
            while j >= 0:
                assert self.before[j] == last
                found.append(j)
                last, j = j, int(self.following[j])
            assert found == staff
            assert self.count[a] == len(staff)
            assert self.weight[a] == pytest.approx(sum(self.factors[self.pos[j]] for j in staff), abs=1e-9)
            for j in staff:
                assert self.boss[j] == a
                assert self.kind[j] == core.EMPLOYEE
        employed = {j for staff in self.lists.values() for j in staff}
        assert all(self.boss[j] == -1 for j in range(self.n) if j not in employed)


FACTORS = np.ones(len(POSITIONS))
FACTORS[[PRECARIOUS, MANAGER]] = 0.75, 2.0


def test_who_is_hired_and_dismissed_is_on_one_list():
    rng, book = np.random.default_rng(3), Book(12, FACTORS)
    for _ in range(300):
        free = [j for j in range(2, 12) if book.boss[j] < 0]
        if free and rng.random() < 0.55:
            book.hire(int(rng.choice(free)), int(rng.integers(2)), int(rng.choice([STABLE, PRECARIOUS, MANAGER])))
        else:
            staff = [j for j in range(2, 12) if book.boss[j] >= 0]
            if staff:
                worker = int(rng.choice(staff))
                a, doing = int(book.boss[worker]), int(rng.choice([core.SEEKER, core.CONSUMER]))
                core.dismiss(worker, a, FACTORS[book.pos[worker]], book.arrays, book.pos, book.kind, UNEMPLOYED, doing)
                book.lists[a].remove(worker)
                assert (book.pos[worker], book.kind[worker]) == (UNEMPLOYED, doing)
        book.check()


def staffed(n=10, seed=0, absent=0.2):
    """An employer, actor 0, with employees of all contracts, some of them in a measure or held; rows of people are others."""
    rng, book = np.random.default_rng(seed), Book(n, FACTORS)
    for j in range(1, n):
        book.hire(j, 0, int(rng.choice([STABLE, PRECARIOUS, MANAGER])))
    rows = rng.permutation(500)[:n].astype(np.int32)
    activity = np.full(500, ROUTINE, np.int8)
    activity[rows[1:]] = rng.choice([ROUTINE, IN_STRUGGLE, HELD, IN_MEASURE], n - 1, p=[0.5, 0.5 - absent, absent / 2, absent / 2])
    present = (activity[rows] != HELD) & (activity[rows] != IN_MEASURE)
    book.money[:] = rng.integers(0, 90, n)
    return book, rows, activity, present


def words_of(row, step):
    return philox4x32((int(row), DAY, decisions.ECONOMY_PAY, step), (KEY % WORD, KEY // WORD))


def unit(word):
    return (word + 0.5) / WORD


@pytest.mark.parametrize("precarious_first", [False, True])
def test_too_many_are_dismissed_evenly_and_precarious_ones_first(precarious_first):
    """Selection sampling, in the order of the list: the next goes with the probability of those to go among those left."""
    seen = Counter()
    for seed in range(60):
        book, rows, activity, present = staffed(seed=seed)
        n_keep, step, tree = seed % 11, seed * 7, np.zeros(16, np.int64)
        here = [j for j in book.lists[0] if present[j]]
        excess = max(0, len(here) - n_keep)
        early = [j for j in here if precarious_first and book.pos[j] == PRECARIOUS]
        gone = []
        for group, out in ((early, min(excess, len(early))), ([j for j in here if j not in early], excess - min(excess, len(early)))):
            left = len(group)
            for j in group:
                if unit(words_of(rows[j], step)[3]) * left < out:
                    gone.append(j)
                    out -= 1
                left -= 1
            assert out == 0
        seen.update(early=len(set(gone) & set(early)), late=len(set(gone) - set(early)))
        found = core.reduce_staff(
            0, n_keep, rows, present, FACTORS, precarious_first, book.arrays, book.pos, book.kind, book.money, tree, np.uint64(KEY), DAY, step, activity)
        book.lists[0] = [j for j in book.lists[0] if j not in gone]
        book.check()
        seekers = [j for j in gone if activity[rows[j]] == ROUTINE]
        assert found == (len(gone), sum(book.money[seekers]))
        assert [core.row_of(tree, t) for t in range(int(book.money[seekers].sum()))] == [j for j in sorted(seekers) for _ in range(book.money[j])]
        for j in gone:
            assert book.pos[j] == UNEMPLOYED
            assert book.kind[j] == (core.SEEKER if j in seekers else core.CONSUMER)
        assert book.count[0] == max(min(len(here), n_keep), 0) + (~present).sum()
    assert seen["late"] > 20
    assert bool(seen["early"]) == precarious_first


def test_who_is_dismissed_is_drawn_evenly():
    """Each of eight goes as often as the others, with three to go."""
    gone = Counter()
    for seed in range(400):
        book = Book(9, FACTORS)
        for j in range(1, 9):
            book.hire(j, 0, STABLE)
        rows = np.arange(seed * 9, seed * 9 + 9, dtype=np.int32)
        core.reduce_staff(
            0, 5, rows, np.ones(9, np.bool_), FACTORS, False, book.arrays, book.pos, book.kind, book.money, np.zeros(16, np.int64), np.uint64(KEY), DAY, 5,
            np.zeros(400 * 9, np.int8))
        gone.update(np.flatnonzero(book.pos[1:] == UNEMPLOYED).tolist())
    assert sum(gone.values()) == 1200
    assert all(abs(gone[j] - 150) < 4.5 * np.sqrt(400 * 3 / 8 * 5 / 8) for j in range(8))


@pytest.mark.parametrize(("level", "worked", "low", "high"), [(1.0, 1.0, 10, 90), (1.3, 0.6, 10, 90), (0.0, 1.0, 10, 90), (1.0, 1.0, 0, 10**9), (1.1, 1.0, 7, 7)])
def test_wages_are_uniform_and_what_is_left_where_money_is_short(level, worked, low, high):
    seen = Counter()
    for seed in range(25):
        book, rows, _, present = staffed(seed=seed)
        step = seed + 3
        book.money[0] = [10**12, 4 * high, high // 3, 0][seed % 4]
        counts = np.zeros(core.N_COUNTS, np.int64)
        money, income = book.money.tolist(), [0] * 10
        short = 0
        for j in book.lists[0]:
            if not present[j]:
                continue
            first, second, third, _ = words_of(rows[j], step)
            wage = low + (first * (high - low + 1)) // WORD
            share = level * FACTORS[book.pos[j]] * worked
            if share != 1.0:
                whole = int(wage * share)
                wage = whole + (unit(third) < wage * share - whole)
            if wage > money[0]:
                short += 1
                wage = int(Fraction(2 * ((second << 20) ^ (third >> 12)) + 1, 2**53) * (money[0] + 1))
            money[0] -= wage
            money[j] += wage
            income[j] += wage
        law = (low, high, 1.0, 1.0, 0.5, 0.4, FACTORS, 0.1, 0.3, True)
        paid = core.pay_wages(0, rows, present, law, level, worked, book.arrays, book.pos, book.money, book.income, np.uint64(KEY), DAY, step, counts)
        assert book.money.tolist() == money
        assert book.income.tolist() == income
        assert paid == sum(income)
        assert counts[core.PAYMENTS] == present[1:].sum()
        assert counts[core.SHORT_PAYMENTS] == short
        assert min(money) >= 0
        seen.update(short=short, paid=paid > 0)
        assert np.all(book.income[~present] == 0)
    assert seen["short"] > 5 or level == 0.0
    assert seen["paid"] > 5 or level == 0.0
