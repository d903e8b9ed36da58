"""Sectors of the commodity mode: their table, their labour, and whether they can renew themselves (`model.md` sections 4.1 and 4.4)."""

from pathlib import Path
from typing import Any

import numpy as np

from communize.declare.errors import InputError, nearest_name
from communize.declare.files import exists
from communize.declare.registry import FARM, STATE_SITE, TAKEN, WORKPLACE, Column
from communize.kernels.draws import kernel
from communize.mechanisms.base import State
from communize.mechanisms.provisioning import commodity
from communize.mechanisms.provisioning.needs import shift_of_needs
from communize.mechanisms.provisioning.settings import ProvisioningParameters

WINDOW = 30  # days over which commodity reproduction is averaged
DEFAULT_INVENTORY_DAYS = 20.0
BINDING = ("labour", "inputs", "surplus", "taxes")  # what binds commodity reproduction
LABOUR, INPUTS = range(2)
NONE = float("nan")

COLUMNS = (
    Column("industry", "output", "float64", "day of consumption", "output of the sector on the day", (0, None)),
    Column("industry", "demand", "float64", "day of consumption", "orders and final demand of the day", (0, None)),
    Column("industry", "possible", "float64", "day of consumption", "output that labour allows", (0, None)),
    Column("industry", "supply", "float64", "share", "share of what is ordered that is delivered", (0, 1), 1.0),
    Column("industry", "labour_at_start", "float64", "agent", "people who worked in the sector at the start", (0, None)),
    Column("inventory", "stock", "float64", "day of consumption", "inventory of an input, by supplying and using sector", (0, None)),
    Column("renewal", "parts", "float64", "1", "labour and inputs against what renewal needs, on each of the last 30 days", (0, None), NONE, dims=(2,), may_lack=True),
)


@kernel
def labour_by_sector(sites, stopped, employed, working):
    """People who work in each sector of the commodity mode, and those at work today, written.

    Parameters
    ----------
    sites
        (kind, sector, mode, place, members, active, participants, held).
    stopped
        Share of the work that stops, by place and sector.
    """
    kind, sector, mode, place, members, active, participants, held = sites
    employed[:], working[:] = 0.0, 0.0
    for s in range(kind.size):
        if (kind[s] != WORKPLACE and kind[s] != FARM and kind[s] != STATE_SITE) or mode[s] >= TAKEN:
            continue
        k, n = sector[s], members[s]
        away = min(n, active[s] + participants[s] + held[s])
        employed[k] += n
        working[k] += (n - away) * (1.0 - stopped[place[s], k])


@kernel
def renewal(coefficients, critical, final, base, labour_at_start, working, slack, supply, orders, stock_before, needed, out):
    """Labour and inputs of the commodity mode against what renewing its final demand needs, written to `out` (2,); at most 1000.

    Inputs count what is delivered and a thirtieth of the inventory; of inputs that are not critical a lack does not bind.
    """
    n = base.size
    commodity.gross_output(coefficients, final, base, 1e-9 * base.max(), needed)
    have = need = 0.0
    for k in range(n):
        have += working[k] * (1.0 + slack)
        need += labour_at_start[k] * needed[k] / base[k] if base[k] > 0.0 else 0.0
    out[LABOUR] = min(1000.0, have / need) if need > 0.0 else 1000.0
    least = 1000.0
    for i in range(n):
        for j in range(n):
            wanted = coefficients[i, j] * needed[j]
            if wanted > 0.0 and critical[i, j] > commodity.CRITICAL:
                least = min(least, (supply[i] * orders[i, j] + stock_before[i, j] / WINDOW) / wanted)
    out[INPUTS] = least


class Industry:
    """The sectors of a society: coefficients and final demand, and a day of their production.

    Attributes
    ----------
    coefficients
        Domestic inputs (rows) per unit of output (columns), float64 (sectors, sectors).
    all_inputs
        The same with imported inputs.
    critical
        1 critical, 0.5 important, 0 not.
    households, others
        Final demand at the start: of people, which moves with what they can pay, and all other, float64 (sectors,).
    need, shift
        What one person needs in a day, float64 (sectors,), sum 1; what being in struggle adds to it (`needs.shift_of_needs`).
    base
        Output at the start.
    per_worker
        Output of one who works there, in a day.
    """

    def __init__(self, state: State, p: ProvisioningParameters):
        self.p, self.names = p, state.society.sectors
        n, people = len(self.names), max(1, len(state.people))
        self.people = people
        if p.table:
            self._from_table(state)
        else:
            self._from_numbers(n)
        total = self.need.sum()
        self.need = self.need / total
        self.shift = shift_of_needs(state, self.need)
        self.households, self.others = self.households * people / total, self.others * people / total
        self._of_households = np.divide(self.households, self.need * people, out=np.ones(n), where=self.need > 0)
        self.base = np.linalg.solve(np.eye(n) - self.coefficients, self.households + self.others)
        self.rule = commodity.RULES.index(p.inputs)
        for name in p.inventory_days:
            if name not in self.names:
                raise InputError("provisioning.inventory_days", name, f"sectors of the society: {', '.join(self.names)}", nearest_name(name, self.names))
        self.days = np.array([p.inventory_days.get(name, self.days[k]) for k, name in enumerate(self.names)])
        self.target = self.coefficients * self.base * self.days
        self._start(state)
        labour = state.industry.labour_at_start
        self.per_worker = np.where(labour > 0, self.base / np.maximum(labour, 1e-9), 0.0)
        self.orders, self._limit, self._needed = np.zeros((n, n)), np.empty(n), np.empty(n)

    def _from_table(self, state: State) -> None:
        from communize.production import criticality, readers, tables

        p = self.p
        if p.table in tables.builtin_names():
            table = tables.builtin(p.table)
        elif not exists(p.table):
            names = tables.builtin_names()
            raise InputError("provisioning.table", p.table, f"{', '.join(names)}, or a file that exists", nearest_name(Path(p.table).name, names))
        else:
            table = readers.read_table(p.table, p.aggregation or None, p.year)
        for name in sorted({*self.names} ^ {*table.sectors}):
            has = f"it has {', '.join(table.sectors)}"
            wanted = f"the society's sectors, {', '.join(self.names)}, and no others ({has}): see provisioning.aggregation, or table = \"\" and coefficients"
            raise InputError("provisioning.table", f"{p.table}, {'without' if name in self.names else 'with'} {name}", wanted, nearest_name(name, self.names if name in table.sectors else table.sectors))
        table = table.aggregate({name: name for name in table.sectors}, self.names)
        self.coefficients, self.all_inputs = table.A, table.A_total
        self.households = table.households.copy()
        self.others = table.final - table.households
        self.need = table.households + table.households_imported + table.government
        known = criticality.builtin_criticality()
        rated = set(self.names) <= set(known.sectors)  # sectors of the user's own are all taken for critical
        self.critical = known.for_sectors(self.names, "society.sectors").matrix if rated else np.ones((len(self.names),) * 2)
        days = criticality.builtin_inventory_days()
        self.days = np.array([days.get(name, DEFAULT_INVENTORY_DAYS) for name in self.names])

    def _from_numbers(self, n: int) -> None:
        from communize.production.leontief import spectral_radius

        p = self.p
        if len(p.coefficients) != n or any(len(row) != n for row in p.coefficients):
            found = f"{len(p.coefficients)} rows of {sorted({len(row) for row in p.coefficients})}"
            raise InputError("provisioning.coefficients", found, f"{n} rows of {n} numbers, one a sector of the society ({', '.join(self.names)})")
        if len(p.demand) != n:
            raise InputError("provisioning.demand", len(p.demand), f"{n} numbers, one a sector of the society ({', '.join(self.names)})")
        A, demand = np.array(p.coefficients, float), np.array(p.demand, float)
        if np.any(A < 0):
            i, j = np.argwhere(A < 0)[0]
            raise InputError(f"provisioning.coefficients[{i}][{j}]", float(A[i, j]), f"0 or more (input of {self.names[i]} to {self.names[j]})")
        if np.any(demand < 0) or demand.sum() <= 0:
            raise InputError("provisioning.demand", p.demand, "numbers of 0 or more, not all 0")
        radius = spectral_radius(A)
        if radius >= 1:
            j = int(np.argmax(A.sum(axis=0)))
            raise InputError("provisioning.coefficients", f"a spectral radius of {radius:.4g}", f"below 1, or no output is left over ({self.names[j]} uses most)")
        self.coefficients = self.all_inputs = A
        self.households, self.others, self.need = demand, np.zeros(n), demand
        self.critical, self.days = np.ones((n, n)), np.full(n, DEFAULT_INVENTORY_DAYS)

    def _start(self, state: State) -> None:
        n = len(self.names)
        if not len(state.industry):
            state.industry.grow(n)
            state.inventory.grow(n * n)
            state.renewal.grow(WINDOW)
            employed, working = np.zeros(n), np.zeros(n)
            labour_by_sector(_labour_of(state), np.zeros((len(state.places), n)), employed, working)
            state.industry.labour_at_start[:] = employed
            state.industry.output[:] = state.industry.demand[:] = state.industry.possible[:] = self.base
            state.inventory.stock[:] = self.target.reshape(-1)

    def without_labour(self, state: State) -> list[str]:
        """Sectors that must produce and in which nobody works at the start: their output is not limited by labour."""
        return [name for name, labour, output in zip(self.names, state.industry.labour_at_start, self.base) if labour == 0 and output > 0]

    def day(self, state: State, day: int, stopped: np.ndarray, spending: float, shifted: float, bought: np.ndarray, sold: np.ndarray) -> None:
        """Produce for a day.

        `stopped` is the share of work that stops by place and sector, `spending` what people spend against the start, `shifted` what of it
        people in struggle do, `bought` and `sold` what measures bought for goods and sold, by sector. What is bought is ordered here as far as
        households order here.
        """
        industry, n = state.industry, len(self.names)
        employed, working = np.zeros(n), np.zeros(n)
        labour_by_sector(_labour_of(state), stopped, employed, working)
        at_start = industry.labour_at_start
        industry.possible[:] = np.where(at_start > 0, self.base * (1.0 + self.p.slack) * working / np.maximum(at_start, 1e-9), self.base)
        other = shifted * self.people * self.shift + bought  # beside what people usually buy
        final = self.households * spending + self.others + other * self._of_households
        stock = state.inventory.stock.reshape(n, n)
        before = stock.copy()
        commodity.day_of_production(
            self.rule, self.coefficients, self.critical, self.target, self.p.restock_days, final, sold, industry.possible, self.base, stock,
            industry.demand, industry.output, industry.supply, self._limit, self.orders)  # fmt: skip
        renewal(
            self.coefficients, self.critical, final, self.base, at_start, working, self.p.slack, industry.supply, self.orders, before, self._needed,
            state.renewal.parts[day % WINDOW])  # fmt: skip


def _labour_of(state: State) -> tuple[Any, ...]:
    sites = state.sites
    return sites.kind, sites.sector, sites.mode, sites.place, sites.members, sites.active, sites.participants, sites.held


def commodity_reproduction(state: State) -> tuple[float, int]:
    """Kappa: the smallest of labour and inputs (means of the last 30 days), surplus against wear and interest, and taxes against what the
    State owes (of the last month), and which it is (index into `BINDING`).
    """
    parts, economy = state.renewal.parts, state.economy
    known = np.isfinite(parts[:, 0])
    if not known.any():
        return NONE, -1
    taxes = economy.taxes[0] / economy.due[0] if economy.due[0] > 0 else NONE
    all_parts = np.array([*parts[known].mean(axis=0), economy.surplus[0], taxes])
    return float(np.nanmin(all_parts)), int(np.nanargmin(all_parts))
