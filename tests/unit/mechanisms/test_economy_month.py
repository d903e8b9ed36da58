"""A month of the labour markets against its twin in plain Python, bit for bit, on markets of every kind."""

from collections import Counter

import numpy as np
import pytest
from month_by_hand import FARMER, MANAGER, OWNER, PRECARIOUS, STABLE, UNEMPLOYED, Actor, Law, Month, Site

from communize.declare.registry import (
    COMMODITY,
    CONTESTED,
    FARM,
    HELD,
    IN_MEASURE,
    IN_STRUGGLE,
    POSITIONS,
    ROUTINE,
    STATE_SITE,
    TAKEN,
    WORKPLACE,
)  # fmt: skip
from communize.mechanisms.economy import core

N_POSITIONS, N_SECTORS = len(POSITIONS), 3
COUNTS = {
    core.REVENUE: "revenue", core.TAXES: "taxes", core.WAGES: "wages", core.PAYMENTS: "payments", core.SHORT_PAYMENTS: "short payments", core.HIRED: "hired",
    core.DISMISSED: "dismissed", core.FOUNDED: "founded", core.DEMISES: "demises", core.SPENT: "spent", core.PURCHASES: "purchases",
    core.OUTWARD: "outward", core.OUTSOURCED: "outsourced", core.DISPLACED: "displaced",
}  # fmt: skip


class Markets:
    """Some markets with people, plants and pools at random, as the arrays of the kernel."""

    def __init__(self, seed, *, n_sectors=N_SECTORS, most=40, plain=False):
        self.rng = rng = np.random.default_rng(seed)
        self.n_markets, self.n_sectors, self.seed, self.day = int(rng.integers(1, 4)), n_sectors, int(rng.integers(2**63)), int(rng.integers(1, 900))
        sizes = rng.integers(1, most, self.n_markets)
        n, per_market = int(sizes.sum()), 7
        market = rng.permutation(np.repeat(np.arange(self.n_markets), sizes))
        self.order = np.argsort(market, kind="stable").astype(np.int32)
        self.offsets = np.append(0, np.cumsum(sizes)).astype(np.int64)
        self.slot = np.empty(n, np.int32)
        self.slot[self.order] = np.arange(n)
        self.identity = rng.integers(0, 2**31, self.n_markets)
        n_sites = per_market * self.n_markets
        self.kind = np.tile(np.array([WORKPLACE, WORKPLACE, WORKPLACE, WORKPLACE, FARM, FARM, STATE_SITE], np.int8), self.n_markets)
        self.mode = np.zeros(n_sites, np.int8) if plain else rng.choice([COMMODITY, CONTESTED, TAKEN], n_sites, p=[0.7, 0.2, 0.1]).astype(np.int8)
        self.sector = rng.integers(0, n_sectors, n_sites).astype(np.int8)
        self.open = np.ones(n_sites) if plain else np.where(rng.random(n_sites) < 0.3, rng.random(n_sites), 1.0)
        self.pay = np.ones(n_sites, np.float32) if plain else rng.choice([1.0, 1.25, 0.0, 1.7], n_sites, p=[0.7, 0.1, 0.1, 0.1]).astype(np.float32)
        self.power = np.ones(n_sites) if plain else rng.choice([1.0, 1.5, 4.0], n_sites)
        self.equipment = np.zeros(n_sites) if plain else rng.choice([0.0, 1.3], n_sites)
        self.displaced = np.zeros(n_sites, np.int32) if plain else rng.choice([0, 0, 1, 9], n_sites).astype(np.int32)
        self.owner = np.full(n_sites, -1, np.int32)
        self.work, self.position = np.full(n, -1, np.int32), np.full(n, UNEMPLOYED, np.int8)
        names = [STABLE, PRECARIOUS, UNEMPLOYED, MANAGER, FARMER, POSITIONS.index("excluded"), POSITIONS.index("student")]
        for i in rng.permutation(n):
            first = per_market * market[i]
            what = int(rng.choice(names, p=[0.3, 0.15, 0.25, 0.1, 0.1, 0.05, 0.05]))
            if what == FARMER:
                self.position[i], self.work[i] = what, first + rng.choice([4, 5])
            elif what in (STABLE, PRECARIOUS, MANAGER):
                site = int(first + rng.integers(7))
                if self.kind[site] != STATE_SITE and self.owner[site] < 0:  # the first at a plant owns it
                    self.owner[site], what = i, FARMER if self.kind[site] == FARM and rng.random() < 0.5 else OWNER
                self.position[i], self.work[i] = what, site
            elif what == UNEMPLOYED:
                self.work[i] = first + rng.integers(7) if rng.random() < 0.2 else -1
            else:
                self.position[i] = what
        self.activity = np.full(n, ROUTINE, np.int8) if plain else rng.choice([ROUTINE, IN_STRUGGLE, IN_MEASURE, HELD], n, p=[0.8, 0.1, 0.05, 0.05]).astype(np.int8)
        self.money = rng.integers(0, int(rng.choice([30, 200, 3000])), n)
        self.value = rng.integers(0, 2000, (self.n_markets, n_sectors)) * rng.integers(0, 2, (self.n_markets, n_sectors))
        budget = rng.random((self.n_markets, n_sectors))
        self.shares = np.cumsum(budget, axis=1) / budget.sum(axis=1, keepdims=True)
        self.purchases = np.zeros(self.n_markets, np.int64) if plain else rng.integers(0, 90, self.n_markets)
        self.allowed = np.ones(n_sectors, np.bool_)
        self.allowed[rng.integers(n_sectors)] = n_sectors == 1
        self.law = self.draw_law(plain)

    def draw_law(self, plain):
        rng, factors = self.rng, np.ones(N_POSITIONS)
        if plain:
            return Law(10, 90, 1.0, 0.0, 1.0, 0.0, factors.tolist(), 0.0, 0.0, False)
        factors[[PRECARIOUS, MANAGER]] = rng.choice([0.5, 0.8]), rng.choice([1.0, 1.8])
        low, high = [(10, 90), (0, 1), (50, 50)][int(rng.integers(3))]
        shares = [(0.13, 0.3), (0.0, 0.0), (0.5, 0.5)][int(rng.integers(3))]
        return Law(
            low, high, float(rng.choice([0.0, 1.0, 2.0])), float(rng.choice([0.0, 1.0])), float(rng.choice([0.3, 1.0, 2.0])), float(rng.choice([0.0, 0.4, 1.0])),
            factors.tolist(), *shares, bool(rng.integers(2)), float(rng.choice([0.0, 0.3])), int(rng.integers(1, 4)), float(rng.choice([0.0, 0.5])),
            rng.choice([1.0, 0.6, 0.0], self.n_sectors, p=[0.7, 0.2, 0.1]).tolist())  # fmt: skip

    def by_hand(self):
        """The months of the markets in plain Python, before the kernel has changed anything."""
        sites = [
            Site(s, int(self.kind[s]), int(self.mode[s]), int(self.sector[s]), float(self.open[s]), float(self.pay[s]), float(self.power[s]), float(self.equipment[s]),
                 int(self.displaced[s])) for s in range(self.kind.size)]  # fmt: skip
        months = []
        for m in range(self.n_markets):
            people = [
                Actor(int(i), int(self.position[i]), int(self.activity[i]), int(self.money[i]), sites[self.work[i]] if self.work[i] >= 0 else None)
                for i in self.order[self.offsets[m] : self.offsets[m + 1]]]
            owners = {s: int(owner) for s, owner in enumerate(self.owner) if owner >= 0}
            months.append(Month(
                people, owners, self.value[m].tolist(), self.shares[m].tolist(), int(self.purchases[m]), self.allowed.tolist(), self.law, self.seed, self.day,
                int(self.identity[m])).run())  # fmt: skip
        return months, sites

    def compute(self):
        n, n_sites, law = self.work.size, self.kind.size, self.law
        self.spent, self.income = np.zeros(n, np.int64), np.zeros(n, np.int64)
        self.revenue, self.payroll, self.dismissed = np.zeros(n_sites), np.zeros(n_sites), np.zeros(n_sites, np.int64)
        self.employer, self.sector_of = np.empty(n, np.int32), np.empty(n, np.int16)
        self.counts = np.zeros((self.n_markets, core.N_COUNTS), np.int64)
        core.months(
            0, self.n_markets, 0, (self.offsets, self.order, self.identity),
            (self.work, self.position, self.activity, self.money, self.spent, self.income, self.slot),
            (self.owner, self.kind, self.mode, self.sector, self.open, self.pay, self.power, self.equipment, self.displaced, self.revenue, self.payroll, self.dismissed),
            self.value, self.shares, self.purchases, self.allowed,
            (law.low, law.high, law.to_hire, law.covered, law.to_keep, law.tax, np.array(law.factors), law.managers, law.precarious, law.precarious_first, law.outward,
             law.core_size, law.outsourcing, np.array(law.supply or [1.0] * self.n_sectors)),
            np.uint64(self.seed), self.day, self.employer, self.sector_of, self.counts)  # fmt: skip


def assert_the_same(markets):
    """Compute both, and compare all that a month leaves; returns what happened."""
    coins = markets.money.sum() + markets.value.sum()
    months, sites = markets.by_hand()
    markets.compute()
    for m, month in enumerate(months):
        assert markets.value[m].tolist() == month.pool
        assert {name: int(markets.counts[m, code]) for code, name in COUNTS.items()} == {name: month.counts[name] for name in COUNTS.values()}
        for person in month.people:
            i = person.row
            assert (markets.money[i], markets.position[i], markets.spent[i], markets.income[i]) == (person.money, person.position, person.spent, person.income)
            employer = {"employee": lambda p: p.boss.row, "holder": lambda p: p.row}.get(person.role, lambda p: -1 if p.position == UNEMPLOYED else -2)
            assert markets.employer[i] == employer(person)
            assert markets.sector_of[i] == (person.sector if person.role == "holder" and person.firm is None else -1)
    for site in sites:
        found = (markets.revenue[site.number], markets.payroll[site.number], markets.dismissed[site.number], markets.displaced[site.number])
        assert found == (site.revenue, site.payroll, site.dismissed, site.displaced)
    counts = sum((month.counts for month in months), Counter())
    assert markets.money.min() >= 0
    assert markets.value.min() >= 0
    assert markets.money.sum() + markets.value.sum() == coins + counts["purchases"] - counts["taxes"] - counts["outward"]
    return counts


def test_a_month_is_that_of_plain_python():
    seen = Counter()
    for seed in range(250):
        seen += assert_the_same(Markets(seed))
    wanted = (*COUNTS.values(), "too little to hire", "stopped", "alone", "precarious first")
    assert {name: seen[name] for name in wanted if seen[name] < 20} == {}


@pytest.mark.parametrize("n_sectors", [1, 3])
def test_a_month_without_extensions_is_that_of_plain_python(n_sectors):
    """Wright's rules alone: everybody in routine, contracts and wages alike, no State."""
    seen = Counter()
    for seed in range(12):
        seen += assert_the_same(Markets(1000 + seed, n_sectors=n_sectors, plain=True, most=60))
    assert min(seen[name] for name in ("hired", "dismissed", "founded", "demises", "wages", "revenue")) > 10
    assert not any(seen[name] for name in ("taxes", "purchases", "stopped", "outward", "outsourced", "displaced"))


def test_draws_of_a_large_market_are_made_in_batches():
    """More people than draws that are made at once: the last application of the month is as in plain Python too."""
    markets = next(markets for markets in (Markets(seed, most=2 * core.BATCH) for seed in range(99)) if np.diff(markets.offsets).max() > 1.5 * core.BATCH)
    assert_the_same(markets)


def test_markets_may_be_computed_in_any_order_and_one_by_one():
    for seed in range(40, 60):
        whole, parts = Markets(seed), Markets(seed)
        whole.compute()
        each = []
        for m in reversed(range(parts.n_markets)):
            one = Markets(seed)
            rows = one.order[one.offsets[m] : one.offsets[m + 1]]
            keep = np.arange(m, m + 1)
            one.order, one.offsets = rows, np.array([0, rows.size])
            one.slot[rows] = np.arange(rows.size)
            one.identity, one.value, one.shares, one.purchases, one.n_markets = one.identity[keep], one.value[keep], one.shares[keep], one.purchases[keep], 1
            one.compute()
            each.append((m, rows, one))
        for m, rows, one in each:
            for name in ("money", "position", "spent", "income", "employer", "sector_of"):
                np.testing.assert_array_equal(getattr(whole, name)[rows], getattr(one, name)[rows])
            np.testing.assert_array_equal(whole.counts[m], one.counts[0])
            np.testing.assert_array_equal(whole.value[m], one.value[0])
