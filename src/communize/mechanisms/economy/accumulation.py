"""Fixed capital: investment out of profit, wear, and what machines do to sales and to labour (`model.md` section 3)."""

import numpy as np

from communize.declare.registry import Column
from communize.kernels.draws import kernel
from communize.mechanisms.base import State
from communize.mechanisms.economy.settings import AccumulationParameters

MONTHS = 12.0

COLUMNS = (
    Column("sites", "capital", "int64", "coin", "capital of the plant", (0, None)),
    Column("sites", "equipment", "float64", "coin of the start", "what the capital was worth at the prices of the start", (0, None)),
    Column("sites", "displaced", "int32", "agent", "employees whom investment displaces when their employer next looks", (0, None)),
    Column("demand", "spending", "int64", "coin", "what investors, the bank and other markets spend in the market next month; in the row of its first sector", (0, None), money=1),
    Column("economy", "price_of_capital", "float64", "1", "price of capital goods against the start", (0, 1), 1.0),
)


@kernel
def invest(sites, market_of_site, revenue, payroll, law, money, spending, totals):
    """Capital wears out, and owners invest a share of the month's profit, less where their profit rate is below the reference.

    Parameters
    ----------
    sites
        (owner, capital, equipment, displaced): all but the owner are changed.
    revenue, payroll
        Coins of this month by site.
    law
        (share of profit, reference profit rate a year, wear a month, price of capital goods, employees displaced per coin).
    money
        Of people; owners pay.
    spending
        Coins to be spent in each market next month, int64 (markets,): added to.
    totals
        (coins invested, worn out), added to.
    """
    owner, capital, equipment, displaced = sites
    share, reference, wear, price, per_coin = law
    for s in range(revenue.size):
        worn = np.int64(capital[s] * wear)
        capital[s] -= worn
        equipment[s] *= 1.0 - wear
        totals[1] += worn
        profit = revenue[s] - payroll[s]
        if owner[s] < 0 or profit <= 0.0:
            continue
        advanced = capital[s] / MONTHS + payroll[s]
        rate = profit / advanced if advanced > 0.0 else np.inf
        part = share if reference <= 0.0 else share * min(1.0, rate / reference)
        coins = min(money[owner[s]], np.int64(part * profit))
        money[owner[s]] -= coins
        capital[s] += coins
        equipment[s] += coins / price
        spending[market_of_site[s]] += coins
        totals[0] += coins
        displaced[s] = np.int32(min(2.0**31 - 1, displaced[s] + coins / price * per_coin + 0.5)) if per_coin > 0.0 else 0


def machines(state: State, p: AccumulationParameters, year_wage: float) -> tuple[np.ndarray, np.ndarray]:
    """What machines do at each site: the power to sell (1 without), and the money that one more worker's equipment needs in mean wages.

    `year_wage` is the mean wage of a year; both float64 (sites,).
    """
    n = len(state.sites)
    if not p.enabled:
        return np.ones(n), np.zeros(n)
    staff = np.maximum(1, state.sites.members - 1)
    years = state.sites.equipment / (staff * year_wage)
    value = state.sites.capital / (staff * year_wage)
    return np.minimum(p.most_power, 1.0 + p.power * years), p.deepening * value * MONTHS


def month(state: State, p: AccumulationParameters, market_of_site: np.ndarray, revenue: np.ndarray, payroll: np.ndarray, month_days: int, year_wage: float, spending: np.ndarray) -> tuple[float, float]:
    """A month of accumulation; returns coins invested and worn out."""
    if not p.enabled:
        return 0.0, 0.0
    sites, economy, totals = state.sites, state.economy, np.zeros(2, np.int64)
    wear = 1.0 - np.exp(-p.depreciation * month_days / 360.0)
    economy.price_of_capital[0] *= np.exp(-p.cheapening * month_days / 360.0)
    invest(
        (sites.owner, sites.capital, sites.equipment, sites.displaced), market_of_site, revenue, payroll,
        (p.share, p.reference, wear, float(economy.price_of_capital[0]), p.displaced / max(1e-9, year_wage)), state.people.money, spending, totals)  # fmt: skip
    return float(totals[0]), float(totals[1])


def close(state: State, p: AccumulationParameters, closed: np.ndarray) -> None:
    """What becomes of the capital of firms that ended: written off where the counter-tendency is on, else it waits for who takes the plant."""
    if p.enabled and p.devaluation:
        state.sites.capital[closed] = 0
    state.sites.displaced[closed] = 0
