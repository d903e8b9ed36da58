"""Wright's model alone, through the public run: what each month of the market leaves people with, and figures of many months."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from estimators import (
    discrete_exponent,
    exponential_rate,
    falls,
    gini,
    hill,
    kurtosis,
    lag_one,
    spread_ratio,
    tail_exponent,
)

import communize as cz
from communize.declare.registry import POSITIONS

STABLE, UNEMPLOYED, OWNER = (POSITIONS.index(name) for name in ("stable", "unemployed", "owner"))
YEAR = 12
DAILY = {"economy.month_days": 1}  # a month a day: the same law, other draws, and no days to wait
FLOWS = (
    "gdp",
    "wages",
    "profit",
    "wage_share",
    "demises",
    "founded",
    "hired",
    "dismissed",
    "short_payments",
    "gini_money",
    "unemployment",
)


def case(changes: dict[str, Any] | None = None) -> cz.Scenario:
    """The case of the library with values changed by dotted path."""
    return cz.load("wright-2005").replace(changes or {})


def separate(changes: dict[str, Any] | None = None) -> cz.Scenario:
    """The case with a market for each place, and no contact between places."""
    alone = {"economy.markets.enabled": True, "economy.markets.smallest": 1, "society.contact.neighbours": 0}
    return case(DAILY | alone | (changes or {}))


def society_of(
    sizes: Sequence[int],
    money: Sequence[int] | int,
    scenario: cz.Scenario,
    at: Sequence[tuple[float, float]] | None = None,
) -> cz.Society:
    """Unemployed people in places of these sizes, one after the other in the table, with the money of each.

    Places lie on a grid around the earth, or at the latitudes and longitudes `at`.
    """
    n, home = len(sizes), np.repeat(np.arange(len(sizes)), sizes)
    side = math.isqrt(n - 1) + 1
    spots = (
        np.array(at)
        if at is not None
        else np.column_stack(np.divmod(np.arange(n), side)) * (160 / side, 358 / side) - (80, 179)
    )
    return cz.Society.from_tables(
        people={"home": home, "position": ["unemployed"] * home.size, "money": np.broadcast_to(money, home.size)},
        sites={"kind": ["neighbourhood"] * n, "place": np.arange(n)},
        places={"name": [f"place {i}" for i in range(n)], "latitude": spots[:, 0], "longitude": spots[:, 1], "population": sizes},
        ties={"a": np.zeros(0, int), "b": np.zeros(0, int)}, parameters=scenario.society)  # fmt: skip


def employers(simulation: cz.Simulation) -> np.ndarray:
    """Row of the person for whom each works, the own one for employers, -1 for nobody."""
    work, owner = simulation.people.work, simulation.sites.owner
    return np.where(work >= 0, owner[np.maximum(work, 0)], -1)


def coins(simulation: cz.Simulation) -> int:
    """All coins there are."""
    state = simulation.state
    return int(simulation.people.money.sum()) + int(state.demand.value.sum()) + int(state.economy.treasury[0])


def check_classes(employer: np.ndarray, position: np.ndarray) -> None:
    """Everybody is in one class: employees work for an employer, every employer has some, the rest are unemployed."""
    own = employer == np.arange(employer.size)
    employee = (employer >= 0) & ~own
    assert np.array_equal(position, np.where(own, OWNER, np.where(employee, STABLE, UNEMPLOYED)))
    assert np.array_equal(np.unique(employer[employee]), np.flatnonzero(own))


@dataclass
class Months:
    """What each month left; rows of all arrays are months.

    `money`, `income` (coins received, for employers less the wages paid) and `employer` (as from `employers`) have a column a
    person, `pools` one a market; `flows` are series on the days of the market.
    """

    money: np.ndarray
    income: np.ndarray
    employer: np.ndarray
    pools: np.ndarray
    flows: dict[str, np.ndarray]

    def after(self, first: int) -> "Months":
        """The months from `first` on."""
        flows = {name: values[first:] for name, values in self.flows.items()}
        return Months(self.money[first:], self.income[first:], self.employer[first:], self.pools[first:], flows)

    def of_market(self, market: int, people: int, first: int) -> "Months":
        """A market of `people` neighbours in the table from row `first` on; flows are known of all markets together alone."""
        rows = slice(first, first + people)
        employer = np.where(self.employer[:, rows] >= 0, self.employer[:, rows] - first, -1)
        return Months(self.money[:, rows], self.income[:, rows], employer, self.pools[:, [market]], {})

    @property
    def owns(self) -> np.ndarray:
        return self.employer == np.arange(self.employer.shape[1], dtype=self.employer.dtype)

    @property
    def works(self) -> np.ndarray:
        return (self.employer >= 0) & ~self.owns

    @property
    def staff(self) -> np.ndarray:
        """Employees of each person."""
        months, people = self.employer.shape
        cell = (np.arange(months) * people)[:, None] + self.employer
        return np.bincount(cell[self.works], minlength=months * people).reshape(months, people)


def yearly(values: np.ndarray) -> np.ndarray:
    """Sums over whole years of months."""
    return values.reshape(-1, YEAR, *values.shape[1:]).sum(axis=1)


def observe(
    scenario: cz.Scenario, seed: int, months: int, society: cz.Society | None = None, threads: int = 1
) -> Months:
    """Run so many months; after each of them all coins must be there, and everybody in one class."""
    simulation = cz.Simulation(scenario, seed, society=society, threads=threads)
    economy = next(mechanism for mechanism in simulation.mechanisms if mechanism.name == "economy")
    n, month_days, before = len(simulation.people), economy.parameters.month_days, coins(simulation)
    money, income = np.empty((months, n), np.int64), np.empty((months, n), np.int64)
    employer, pools = np.empty((months, n), np.int32), np.empty((months, len(simulation.state.demand)), np.int64)
    for month in range(months):
        for _ in range(month_days):
            simulation.step()
        people = simulation.people
        money[month], income[month], employer[month] = people.money, people.income, employers(simulation)
        pools[month] = simulation.state.demand.value
        assert coins(simulation) == before
        assert people.money.min() >= 0
        check_classes(employer[month], people.position)
    series = simulation.series.isel(day=slice(month_days - 1, None, month_days))
    return Months(money, income, employer, pools, {name: series[name].to_numpy().astype(float) for name in FLOWS})


# Figures of a run. Targets are those of `validation.md` 1.3: the mean of 24 runs of 500 years, the standard deviation of a run of 100
# years and the standard error of that mean, the deviation of a run of 500 years by the root of 24; where one of the deviations is not
# given, the other times, or by, the root of 5.


def target(mean: float, deviation: float | None, long: float | None) -> tuple[float, float, float]:
    if deviation is None:
        deviation = long * math.sqrt(5)
    return mean, deviation, (deviation / math.sqrt(5) if long is None else long) / math.sqrt(24)


TARGETS = {
    "workers": target(0.7091, 0.0070, 0.0035),
    "capitalists": target(0.1213, 0.0032, 0.0012),
    "unemployed": target(0.1696, 0.0053, 0.0029),
    "SD of yearly workers": target(0.068, 0.007, 0.004),
    "firms": target(121.4, 2.0, 0.7),
    "mean firm size": target(5.845, 0.12, 0.045),
    "P(size = 1)": target(0.4167, 0.0038, None),
    "P(size = 2)": target(0.1871, 0.0014, None),
    "P(size = 3)": target(0.1018, 0.0013, None),
    "P(size > 10)": target(0.0967, 0.002, None),
    "P(size > 100)": target(0.00595, 0.0005, None),
    "largest firm": target(162, 12, 5),
    "exponent of sizes, MLE from 2": target(0.929, 0.006, 0.0025),
    "wage share": target(0.5390, 0.0051, 0.0016),
    "SD of yearly wage share": target(0.0516, 0.006, 0.0024),
    "GDP a year": target(599_920, 3600, 1020),
    "SD of GDP log growth": target(0.0837, 0.012, 0.004),
    "kurtosis of GDP log growth": target(5.0, 1.4, 1.1),
    "lag-1 autocorrelation of GDP": target(-0.007, None, 0.047),
    "mean recession": target(1.518, 0.095, 0.06),
    "demises a month": target(17.92, 0.19, 0.08),
    "SD of demises": target(5.24, None, 0.08),
    "wages that fall short": target(0.0230, 0.0003, 0.0001),
    "Gini of money": target(0.703, 0.006, 0.003),
    "money of capitalists": target(0.503, 0.007, 0.004),
    "money of workers": target(0.427, 0.007, 0.004),
    "money of unemployed": target(0.071, 0.007, 0.004),
    "rate of workers' money": target(0.01699, 0.0002, 0.00012),
    "tail of capitalists' money": target(1.261, 0.054, 0.023),
    "tail of receipts": target(1.265, 0.031, 0.014),
    "Hill, highest 1 % of receipts": target(1.373, 0.048, 0.020),
    "Hill, highest 5 % of receipts": target(1.151, 0.021, 0.008),
    "firm growth, SD": target(1.571, None, 0.011),
    "firm growth, mean size": target(1.204, None, 0.009),
}  # fmt: skip


def figures(run: Months) -> dict[str, float]:
    """All figures of a run of one market, whole years of it."""
    return class_figures(run) | money_figures(run) | income_figures(run) | growth_figures(run) | flow_figures(run)


def class_figures(run: Months) -> dict[str, float]:
    """Classes and sizes of firms, pooled over months."""
    works, owns, staff = run.works, run.owns, run.staff
    sizes = staff[staff > 0]
    return {
        "workers": works.mean(), "capitalists": owns.mean(), "unemployed": (run.employer < 0).mean(),
        "SD of yearly workers": works[YEAR - 1 :: YEAR].mean(axis=1).std(ddof=1),
        "firms": owns.sum(axis=1).mean(), "mean firm size": sizes.mean(), **{f"P(size = {s})": (sizes == s).mean() for s in (1, 2, 3)},
        "P(size > 10)": (sizes > 10).mean(), "P(size > 100)": (sizes > 100).mean(), "largest firm": staff.max(axis=1).mean(),
        "exponent of sizes, MLE from 2": discrete_exponent(sizes),
    }  # fmt: skip


def money_figures(run: Months) -> dict[str, float]:
    """Who holds the money, at the ends of years; the shares of classes month by month."""
    ends = slice(YEAR - 1, None, YEAR)
    held = run.money.sum(axis=1)
    part = {
        name: float(((run.money * who).sum(axis=1) / held).mean())
        for name, who in (("capitalists", run.owns), ("workers", run.works), ("unemployed", run.employer < 0))
    }
    return {
        "Gini of money": float(np.mean([gini(money) for money in run.money[ends]])), **{f"money of {name}": share for name, share in part.items()},
        "rate of workers' money": exponential_rate(run.money[ends][run.works[ends]], 50, 300),
        "tail of capitalists' money": tail_exponent(run.money[ends][run.owns[ends]], 1000, 10_000),
    }  # fmt: skip


def income_figures(run: Months) -> dict[str, float]:
    """Yearly incomes: of employers after wages, as `people.income` has them; and receipts, their revenue before wages.

    Wages are taken to be paid by the employer of the month's end, which is right for 88 % of them: those dismissed since are missed.
    """
    months, people = run.employer.shape
    cell, works = (np.arange(months) * people)[:, None] + run.employer, run.works
    paid = np.bincount(cell[works], weights=run.income[works], minlength=months * people).reshape(months, people)
    net, receipts = yearly(run.income), np.rint(yearly(run.income + paid))
    return {
        "Gini of net incomes": float(np.mean([gini(np.maximum(0, year)) for year in net])), "Gini of receipts": float(np.mean([gini(np.maximum(0, year)) for year in receipts])),
        "tail of net incomes": tail_exponent(net, 3000, 60_000), "tail of receipts": tail_exponent(receipts, 3000, 60_000),
        "Hill, highest 1 % of receipts": hill(receipts.ravel(), 0.01), "Hill, highest 5 % of receipts": hill(receipts.ravel(), 0.05),
    }  # fmt: skip


def growth_figures(run: Months) -> dict[str, float]:
    """Growth of firms: logarithms of employees at the end of a year against those a year before, where there are some at both."""
    first, last = run.staff[YEAR - 1 :: YEAR][:-1], run.staff[YEAR - 1 :: YEAR][1:]
    both = (first > 0) & (last > 0)
    growth = np.log(last[both] / first[both])
    return {
        "firm growth, SD": growth.std(), "firm growth, mean size": np.abs(growth).mean(),
        "firm growth, SD against mean size": spread_ratio(growth), "firm growth, kurtosis": kurtosis(growth),
    }  # fmt: skip


def flow_figures(run: Months) -> dict[str, float]:
    """Product, wages, recessions and demises."""
    flows = run.flows
    gdp, wages = yearly(flows["gdp"]), yearly(flows["wages"])
    growth, everything = np.diff(np.log(gdp)), float(run.money[0].sum() + run.pools[0].sum())
    lengths = falls(gdp)
    return {
        "wage share": (wages / gdp).mean(), "wage share, pooled": wages.sum() / gdp.sum(), "SD of yearly wage share": (wages / gdp).std(ddof=1),
        "GDP a year": gdp.mean(), "GDP against 6 (M - V)": gdp.mean() / (6 * (everything - run.pools.sum(axis=1).mean())), "pool V": run.pools.sum(axis=1).mean(),
        "SD of GDP log growth": growth.std(ddof=1), "kurtosis of GDP log growth": kurtosis(growth), "lag-1 autocorrelation of GDP": lag_one(gdp),
        "mean recession": lengths.mean() if lengths.size else math.nan,
        "demises a month": flows["demises"].mean(), "SD of demises": flows["demises"].std(ddof=1),
        "wages that fall short": np.average(flows["short_payments"], weights=flows["wages"]),
        "profit against wages": gdp.sum() / wages.sum() - 1,
    }  # fmt: skip


def allowed(name: str, runs: int, years: float = 100) -> float:
    """How far the mean of so many runs may lie from a target: 3 sqrt(SD^2 / n + se^2)."""
    _, deviation, error = TARGETS[name]
    return 3 * math.sqrt(deviation**2 * 100 / years / runs + error**2)
