"""Credit of households: what they borrow, pay and default on, and the ledger of it (`model.md` section 3).

A loan makes coins, paying it back unmakes them: money less what is owed is constant. A default is paid out of the bank's own coins as far
as they reach; the rest stays in the world and is counted as written off.
"""

import numpy as np

from communize.declare.registry import IN_MEASURE, Column
from communize.kernels import decisions
from communize.kernels import draws as d
from communize.kernels.draws import kernel
from communize.mechanisms.base import State
from communize.mechanisms.economy.settings import CreditParameters

LENT, INTEREST, REPAID, DEFAULTED, VOIDED, DESTROYED, SERVICE = range(7)  # coins of a month
N_COINS = 7
BORROWERS, DEFAULTERS = range(2)
NONE = float("nan")

COLUMNS = (
    Column("people", "standing", "int8", "month", "months without interest paid (positive), or months for which nobody lends after a default (negative)", (-120, 120)),
    Column("economy", "bank", "int64", "coin", "money of the bank", (0, None), money=1),
    Column("economy", "written_off", "int64", "coin", "defaulted and voided debts that the bank's own money did not cover, so far", (0, None), money=-1),
    Column("economy", "destroyed", "int64", "coin", "coins in accounts that measures voided, so far", (0, None), money=1),
    Column("economy", "tightness", "float64", "share", "credit limits against those of the start", (0, 1), 1.0),
    Column("economy", "debt", "float64", "coin", "debt of all households", (0, None)),
    Column("economy", "lent", "float64", "coin a month", "coins lent", (0, None)),
    Column("economy", "repaid", "float64", "coin a month", "coins paid back", (0, None)),
    Column("economy", "interest", "float64", "coin a month", "interest paid", (0, None)),
    Column("economy", "defaults", "float64", "coin a month", "debt on which households defaulted", (0, None)),
    Column("economy", "defaulters", "float64", "agent a month", "people who defaulted", (0, None)),
    Column("economy", "borrowers", "float64", "agent a month", "people who borrowed", (0, None)),
    Column("economy", "debt_service", "float64", "share", "interest and repayment against the income of those who owe", (0, None), NONE, may_lack=True),
    Column("economy", "borrowed_by_decile", "float64", "coin a month", "coins lent to each tenth of people by income", (0, None), dims=(10,)),
    Column("economy", "defaults_by_decile", "float64", "agent a month", "people of each tenth by income who defaulted", (0, None), dims=(10,)),
)


@kernel
def serve(start, stop, block, law, key, day, people, deciles, coins, of_deciles):
    """Those who owe pay interest and pay back; who cannot pay interest for some months defaults.

    Parameters
    ----------
    law
        (interest a month, share paid back a month, months to a default, months barred).
    people
        (money, debt, standing, income of the month before): the first three are changed.
    deciles
        Upper bounds of the lower nine tenths of incomes.
    coins, of_deciles
        What is counted, int64 (blocks, N_COINS) and (blocks, 2, 10).
    """
    interest_rate, back, default_months, barred_months = law
    money, debt, standing, income = people
    for i in range(start, stop):
        if standing[i] < 0:
            standing[i] += 1
        if debt[i] <= 0:
            continue
        interest = d.stochastic_round(debt[i] * interest_rate, d.uniform(key, i, day, decisions.ECONOMY_DEBT, 0))
        part = min(debt[i], d.stochastic_round(debt[i] * back, d.uniform(key, i, day, decisions.ECONOMY_DEBT, 1)))
        if money[i] < interest:
            standing[i] = max(0, standing[i]) + 1
            if standing[i] >= default_months:
                coins[block, DEFAULTED] += debt[i]
                of_deciles[block, DEFAULTERS, decile_of(deciles, income[i])] += 1
                debt[i] = 0
                standing[i] = -barred_months
            continue
        standing[i] = max(-127, min(0, standing[i]))
        money[i] -= interest
        part = min(part, money[i])
        money[i] -= part
        debt[i] -= part
        coins[block, INTEREST] += interest
        coins[block, REPAID] += part
        coins[block, SERVICE] += interest + part


@kernel
def decile_of(bounds, income):
    """Number of the tenth in which an income lies, 0 to 9."""
    k = 0
    while k < bounds.size and income > bounds[k]:
        k += 1
    return k


@kernel
def borrow(start, stop, block, law, people, spent, deciles, coins, of_deciles, coins_of_deciles):
    """Who is short of the basket borrows what is missing, up to a multiple of the month's income.

    Parameters
    ----------
    law
        (basket in coins, most debt in months of income).
    people
        (money, debt, standing, income of this month): money and debt are changed.
    spent
        What each spent this month.
    """
    basket, months = law
    money, debt, standing, income = people
    for i in range(start, stop):
        if standing[i] != 0:
            continue
        missing = np.int64(basket) - spent[i] - money[i]
        if missing <= 0 or income[i] <= 0:
            continue
        loan = min(missing, np.int64(min(months * income[i], 1e15)) - debt[i])
        if loan > 0:
            money[i] += loan
            debt[i] += loan
            coins[block, LENT] += loan
            k = decile_of(deciles, income[i])
            of_deciles[block, BORROWERS, k] += 1
            coins_of_deciles[block, k] += loan


@kernel
def void(rows, measure, site_instance, content, level, accounts, money, debt, coins):
    """Measures that suspend exchange far enough void the debts of their participants `rows`, and their accounts if `accounts`."""
    for i in rows:
        instance = site_instance[measure[i]] if measure[i] >= 0 else -1
        if instance < 0 or content[instance] <= level:
            continue
        coins[VOIDED] += debt[i]
        debt[i] = 0
        if accounts:
            coins[DESTROYED] += money[i]
            money[i] = 0


class Credit:
    """Credit of one economy; all that lasts is in the state."""

    def __init__(self, p: CreditParameters, month_days: int, block: int = 1 << 16):
        self.p, self.block = p, block
        self.law = (p.interest * month_days / 360.0, min(1.0, p.repayment * month_days / 30.0), p.default_months, min(p.barred_months, 120))

    def serve(self, state: State, day: int, income: np.ndarray, bounds: np.ndarray) -> None:
        """Interest, repayment and defaults of a month, out of what is held; `income` is that of the month before."""
        people, economy = state.people, state.economy
        for name in ("lent", "repaid", "interest", "defaults", "defaulters", "borrowers"):
            getattr(economy, name)[0] = 0
        economy.borrowed_by_decile[:] = economy.defaults_by_decile[:] = 0
        economy.service[0] = self.law[0] + self.law[1] if self.p.enabled else 0.0
        if not self.p.enabled:
            return
        self._void(state)
        owing = people.debt > 0
        earned = float(income[owing].sum())
        coins, of_deciles = self._counters(state)
        state.pool.for_blocks(
            serve, len(people), self.law, state.key, day, (people.money, people.debt, people.standing, income), bounds, coins, of_deciles)  # fmt: skip
        total = coins.sum(axis=0)
        economy.bank[0] += total[INTEREST]
        self._lose(state, int(total[DEFAULTED]))
        economy.interest[0], economy.repaid[0], economy.defaults[0] = total[INTEREST], total[REPAID], total[DEFAULTED]
        economy.defaults_by_decile[0] = of_deciles[:, DEFAULTERS].sum(axis=0)
        economy.defaulters[0] = economy.defaults_by_decile[0].sum()
        economy.debt_service[0] = total[SERVICE] / earned if earned > 0 else NONE
        owed = float(people.debt.sum()) + float(total[DEFAULTED])
        aim = np.exp(-self.p.tightening * total[DEFAULTED] / owed) if owed > 0 else 1.0
        economy.tightness[0] += self.p.recovery * (aim - economy.tightness[0]) if aim > economy.tightness[0] else aim - economy.tightness[0]

    def _lose(self, state: State, coins: int) -> None:
        """The bank loses a debt: its own coins are gone as far as they reach."""
        own = min(coins, int(state.economy.bank[0]))
        state.economy.bank[0] -= own
        state.economy.written_off[0] += coins - own

    def _void(self, state: State) -> None:
        people = state.people
        if self.p.void >= 1.0 or not state.places.participants.any():
            return
        coins = np.zeros(N_COINS, np.int64)
        rows = np.flatnonzero(people.activity == IN_MEASURE)
        void(
            rows, people.measure, state.sites.instance, state.instances.content[:, 0].copy(), self.p.void, self.p.void_accounts, people.money,
            people.debt, coins)  # fmt: skip
        self._lose(state, int(coins[VOIDED]))
        state.economy.destroyed[0] += coins[DESTROYED]

    def borrow(self, state: State, income: np.ndarray, spent: np.ndarray, basket: float, looseness: float, bounds: np.ndarray) -> None:
        """Loans of a month to who is short of the basket."""
        people, economy = state.people, state.economy
        if not self.p.enabled:
            return
        coins, of_deciles = self._counters(state)
        coins_of_deciles = np.zeros((coins.shape[0], 10), np.int64)
        state.pool.for_blocks(
            borrow, len(people), (basket, looseness * float(economy.tightness[0])), (people.money, people.debt, people.standing, income), spent, bounds,
            coins, of_deciles, coins_of_deciles)  # fmt: skip
        economy.lent[0], economy.debt[0] = coins[:, LENT].sum(), people.debt.sum()
        economy.borrowed_by_decile[0] = coins_of_deciles.sum(axis=0)
        economy.borrowers[0] = of_deciles[:, BORROWERS].sum()

    def _counters(self, state: State) -> tuple[np.ndarray, np.ndarray]:
        blocks = max(1, -(-len(state.people) // self.block))
        return np.zeros((blocks, N_COINS), np.int64), np.zeros((blocks, 2, 10), np.int64)
