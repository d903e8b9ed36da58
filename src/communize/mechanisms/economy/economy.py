"""The economy of a month: markets, plants, the State's budget, and what they leave people with (`model.md` section 3)."""

from typing import Any

import numpy as np

from communize.declare.errors import InputError, InvariantViolation, nearest_name
from communize.declare.registry import (
    ACCOUNTS,
    CONTESTED,
    DECILES,
    POSITIONS,
    SIZE_CLASSES,
    STATE_SITE,
    TAKEN,
    WORKPLACE,
    Column,
    Output,
)
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, State
from communize.mechanisms.conditions import CONDITIONS, NONE
from communize.mechanisms.economy import accounts, accumulation, core, credit, plants, start, treasury
from communize.mechanisms.economy.markets import Markets
from communize.mechanisms.economy.settings import EconomyParameters, at
from communize.mechanisms.invariants import coins_of_tables

MOST_COINS = 2**52
MOST_DUE = 2.0**62  # so that what the State owes can be added up; more than there can be
MONTHS = 12.0  # of a year
YEAR = 12  # months over which revenue and wages of a site are averaged

MONTH = (
    ("revenue", "coin a month", "what was sold, taxes included"),
    ("profit", "coin a month", "revenue of firms after taxes less wages"),
    ("wages", "coin a month", "wages that firms paid"),
    ("taxes", "coin a month", "taxes paid"),
    ("due", "coin a month", "wages and benefits that the State owed"),
    ("paid", "coin a month", "of these, paid"),
    ("public_wages", "coin a month", "of what was paid, wages"),
    ("benefits", "coin a month", "of what was paid, benefits"),
    ("purchases", "coin a month", "what the State bought"),
    ("capital", "coin", "capital of all plants"),
    ("invested", "coin a month", "profit invested"),
    ("worn", "coin a month", "capital worn out"),
    ("outward", "coin a month", "spending that goes to other markets"),
    ("displaced", "agent a month", "employees displaced by investment"),
    ("outsourced", "agent a month", "hirings given to others"),
    ("hired", "agent a month", "people hired"),
    ("dismissed", "agent a month", "people dismissed"),
    ("founded", "firm a month", "firms founded"),
    ("demises", "firm a month", "firms that lost their last employee"),
    ("short_payments", "share", "wage payments for which the employer's money was not enough"),
    ("events", "event a month", "closures and dismissals that can start a struggle"),
)  # fmt: skip


class Economy(Mechanism):
    """Once a month: wages, firms, demand and the State, person by person, in coins that are never lost."""

    name = "economy"
    phase = "economy"
    announces = True
    reads = ("people.home", "people.group", "people.activity", "people.measure", "industry.supply", "sites.kind", "sites.sector", "sites.mode", "sites.instance")
    writes = (
        "people.position", "people.work", "people.money", "people.income", "people.affordability", "people.unmet", "sites.owner", "sites.place", "sites.kind", "sites.sector",
        "sites.mode", "sites.generation", "sites.months", "sites.stopped", "sites.pay", "sites.regularised", "sites.revenue", "sites.payroll", "sites.exploitation", "sites.incident",
        "sites.members", "sites.eligible", "sites.active", "sites.participants", "sites.held", "sites.ties_in_measures", "places.eligible",
        "places.active", "places.participants", "places.held", "places.unemployment", "demand.value", "economy.regime", "economy.profit_rate",
        "economy.tax_surplus", "economy.treasury", "economy.wage_share", "economy.unemployment", "economy.firms", "economy.exploitation",
        "economy.gini_income", "economy.gini_money", "economy.deciles", "economy.unemployment_at_start", "economy.surplus", "economy.money_of",
        "people.debt", "economy.service", *(f"economy.{name}" for name, _, _ in MONTH), *(column.path for column in (*accumulation.COLUMNS, *credit.COLUMNS)),
    )  # fmt: skip
    columns = (
        *CONDITIONS,
        Column("sites", "generation", "int32", "firm", "firms that held the site before this one", (0, None)),
        Column("sites", "months", "int16", "month", "months of the present firm over which its accounts are averaged, at most 12", (0, 12)),
        Column("sites", "stopped", "int16", "day", "days of this month on which the site was contested or in a measure", (0, None)),
        Column("demand", "value", "int64", "coin", "pool of demand, by market and sector", (0, None), money=1),
        Column("places", "unemployment", "float32", "share", "unemployed among residents in the labour force", (0, 1)),
        Column("economy", "treasury", "int64", "coin", "money of the State", (0, None), money=1),
        Column("economy", "wage_share", "float64", "share", "wages in revenue, those of the State counted in both", (0, None), NONE, may_lack=True),
        Column("economy", "unemployment", "float64", "share", "unemployed in the labour force", (0, 1), NONE, may_lack=True),
        Column("economy", "firms", "int64", "firm", "firms by employees, see SIZE_CLASSES", (0, None), dims=(len(SIZE_CLASSES),)),
        Column("economy", "exploitation", "float64", "1", "surplus against wages, mean over employees of firms", (0, 10), NONE, may_lack=True),
        Column("economy", "gini_income", "float64", "1", "Gini coefficient of the month's incomes, losses as none", (0, 1), NONE, may_lack=True),
        Column("economy", "gini_money", "float64", "1", "Gini coefficient of money held", (0, 1), NONE, may_lack=True),
        Column("economy", "deciles", "float64", "coin a month", "mean income of each tenth of people", (None, None), NONE, dims=(len(DECILES),), may_lack=True),
        Column("economy", "unemployment_at_start", "float64", "share", "unemployed in the labour force at the start", (0, 1)),
        Column("economy", "surplus", "float64", "1", "surplus against wear and interest", (None, None), NONE, may_lack=True),
        Column("economy", "money_of", "int64", "coin", "money of households, firms, the bank, the State and markets", (0, None), dims=(len(ACCOUNTS),)),
        *accumulation.COLUMNS, *credit.COLUMNS,
        *(Column("economy", name, "float64", unit, meaning, (None if name == "profit" else 0, None)) for name, unit, meaning in MONTH if name != "revenue"),
    )
    outputs = (
        Output("profit_rate", "share", "surplus of firms after wear against capital and a year's wages, in the last month, a year", may_lack=True),
        Output("wage_share", "share", "wages in revenue in the last month, those of the State counted in both", may_lack=True),
        Output("unemployment", "share", "unemployed in the labour force", may_lack=True),
        Output("unemployment_of_place", "share", "unemployed among residents in the labour force", ("place",)),
        Output("exploitation", "1", "surplus against wages, mean over employees of firms", may_lack=True),
        Output("firms", "firm", "firms by number of employees (in agents)", ("size_class",), "int64"),
        Output("gini_income", "1", "Gini coefficient of the last month's incomes", may_lack=True),
        Output("gini_money", "1", "Gini coefficient of money held", may_lack=True),
        Output("income", "coin a month", "mean income of each tenth of people in the last month", ("decile",), may_lack=True),
        Output("regime", "1", "phi: 0 the earlier cycle, 1 the restructured relation"),
        Output("surplus", "1", "surplus of firms against wear and interest in the last month", may_lack=True),
        Output("debt", "coin", "debt of households", dtype="float64"),
        Output("lent", "coin a month", "coins lent to households, last month", dtype="float64"),
        Output("repaid", "coin a month", "coins that they paid back, last month", dtype="float64"),
        Output("interest", "coin a month", "interest that they paid, last month", dtype="float64"),
        Output("defaults", "coin a month", "debt on which they defaulted, last month", dtype="float64"),
        Output("defaulters", "person a month", "people who defaulted, last month"),
        Output("borrowers", "person a month", "people who borrowed, last month"),
        Output("debt_service", "share", "interest and repayment against the income of those who owe, last month", may_lack=True),
        Output("tightness", "share", "credit limits against those of the start"),
        Output("borrowed_by_decile", "coin a month", "coins lent to each tenth of people by income, last month", ("decile",)),
        Output("defaults_by_decile", "person a month", "people of each tenth by income who defaulted, last month", ("decile",)),
        Output("money", "coin", "money of households, firms (owners), the bank, the State and markets", ("account",), "float64"),
        Output("gdp", "coin a month", "revenue of the last month, taxes included", dtype="float64"),
        Output("tax_surplus", "share", "the State's taxes less its dues against its dues in the last month", may_lack=True),
        Output("treasury", "coin", "money of the State", dtype="float64"),
        *(Output(name, unit.replace("agent", "person"), f"{meaning}, last month", dtype="float64") for name, unit, meaning in MONTH if name != "revenue"),
    )  # fmt: skip

    Parameters = EconomyParameters  # pyright: ignore[reportAssignmentType]
    parameters: EconomyParameters

    # --- before the first day ---

    def setup(self, state: State) -> None:
        p, society = self.parameters, state.society
        self._changes = sorted(self._resolve(state, number, change) for number, change in enumerate(p.change))
        if state.is_changed("economy"):
            state.economy.regime[0] = self._regime(state.day)
        if not p.core:
            return
        self._credit = credit.Credit(p.credit, p.month_days)
        sectors = list(society.parameters.sectors.values())
        self._n_sectors = len(sectors) if p.sectors.enabled else 1
        self._budget = self._budget_of(state)
        self._founded_in = np.array([s.kind == "workplace" for s in sectors]) if p.sectors.enabled else np.ones(1, np.bool_)
        self._first_sector = next((k for k, s in enumerate(sectors) if s.kind == "workplace"), -1)
        if self._first_sector < 0:
            raise InputError("society.sectors", ", ".join(society.sectors), "at least one sector of the kind workplace, where somebody can employ")
        self._markets = Markets(state, p.markets.smallest, one=not p.markets.enabled)
        self._factors, self._benefits = np.ones(len(POSITIONS)), np.zeros(len(POSITIONS))
        for name in ("unemployed", "excluded", "student"):
            self._benefits[POSITIONS.index(name)] = getattr(p.state, name)
        self._factors[treasury.STATE_FORCE] = p.state.force_wage
        if p.contracts.enabled:
            self._factors[core.PRECARIOUS], self._factors[core.MANAGER] = p.contracts.precarious_wage, p.contracts.manager_wage
        self._mean_wage = 0.5 * (p.wage_low + p.wage_high)
        if not len(state.demand):
            self._start(state)
        elif len(state.demand) != len(self._markets) * self._n_sectors:
            path = "economy.markets" if state.is_changed("economy.markets") else "economy.sectors"
            raise InputError(path, getattr(p, path.split(".")[1]).enabled, "the markets and sectors that the run began with")

    @staticmethod
    def _resolve(state: State, number: int, change: Any) -> tuple[int, int, float]:
        day = state.day_of_event(change)
        if day < 0:
            raise InputError(f"economy.change[{number}].date", str(change.date), f"a date on or after the start, {state.start}")
        return day, change.over_days, change.regime

    def _regime(self, day: int) -> float:
        """The regime on a day: that of the start, moved by the changes so far, each evenly over its days."""
        now = self.parameters.regime
        for first, over, aim in self._changes:
            now += (aim - now) * min(1.0, max(0.0, (day - first + 1) / over))
        return now

    def _at(self, value: float | list[float], state: State) -> float:
        return at(value, float(state.economy.regime[0]))

    def _budget_of(self, state: State) -> np.ndarray:
        """Weight of each sector in what people spend; State sites sell nothing."""
        society, given = state.society, self.parameters.sectors.budget
        for name, weight in given.items():
            if name not in society.sectors:
                raise InputError("economy.sectors.budget", name, f"sectors of the society: {', '.join(society.sectors)}", nearest_name(name, society.sectors))
            if not 0 <= weight <= 1e6:
                raise InputError(f"economy.sectors.budget.{name}", weight, "0 to 1e+06")
        if not self.parameters.sectors.enabled:
            return np.ones(1)
        sold = [given.get(name, 0.0 if given else sector.share) if sector.kind != "state_site" else 0.0 for name, sector in society.parameters.sectors.items()]
        if sum(sold) <= 0:
            raise InputError("economy.sectors.budget", given, "a weight above 0 for a sector whose kind is not state_site")
        return np.array(sold) / sum(sold)

    def _start(self, state: State) -> None:
        p, people, sites = self.parameters, state.people, state.sites
        made = len(people) > 0  # `check` makes neither people nor contacts
        coins = int(people.money.sum()) if made else int(state.places.residents.sum()) * state.society.parameters.money
        if coins >= MOST_COINS:
            given = "money" in state.society.given
            path, found = ("people.money", f"{coins} coins") if given else ("society.money", state.society.parameters.money)
            raise InputError(path, found, f"coins of all people below 2**52 (they are {coins:.3g})")
        if coins <= self._mean_wage * p.hiring:
            raise InputError(
                "economy.wage_high", p.wage_high, f"a mean wage (now {self._mean_wage:g}) times economy.hiring below all money there is, {coins} coins; nobody could ever be hired")
        if made or state.places.residents.sum() == 1:
            self._check_markets(state)
        if not made:
            return
        state.demand.grow(len(self._markets) * self._n_sectors)
        market_of_site = self._markets.of_place[sites.place]
        start.assign_owners((people.work, people.position), (sites.kind, sites.owner), market_of_site, len(self._markets))
        if not p.equal_start:
            self._hand_out(state, coins)
        sites.stopped[:] = 0
        plants.count_again(state)
        self._observe_people(state, None)
        state.economy.unemployment_at_start[0] = np.nan_to_num(state.economy.unemployment[0])

    def _check_markets(self, state: State) -> None:
        residents = np.bincount(self._markets.of_place, weights=state.places.residents, minlength=len(self._markets))
        alone = np.flatnonzero(residents == 1)
        if alone.size:
            place = state.society.place_list.name[self._markets.lead[alone[0]]]
            raise InputError(
                "economy.enabled", True, f"false, or labour markets of at least two people: {place} is a market of one person, as it has no contact places (society.contact.cutoff_km)")

    def _hand_out(self, state: State, coins: int) -> None:
        p, people, sites = self.parameters, state.people, state.sites
        rest = coins
        if p.state.enabled:
            due, _, _ = self._dues(state, 0, np.ones(len(sites)))
            state.economy.treasury[0] = min(int(due * p.state.reserve), coins // 4)
            rest -= int(state.economy.treasury[0])
        bill = start.wage_bills(people.work, people.position, sites.owner, sites.kind, self._factors)
        start.hand_out(sites.owner, bill, self._mean_wage * p.working_capital, 0.6 * rest, rest, state.key, people.money)

    # --- every day ---

    def step(self, state: State, day: int, draws: Draws) -> None:
        p, sites = self.parameters, state.sites
        state.economy.regime[0] = self._regime(day)
        if not p.core:
            return
        sites.stopped += (sites.mode == CONTESTED) | (sites.mode == TAKEN)
        if (day + 1) % p.month_days == 0:
            self._month(state, day)
            sites.stopped[:] = 0

    def _month(self, state: State, day: int) -> None:
        p, people, sites, n, n_markets = self.parameters, state.people, state.sites, len(state.people), len(self._markets)
        before = self._coins(state)
        if sites.regularised.any():
            state.pool.for_blocks(plants.regularise, n, people.work, people.position, sites.regularised, state.key, day)
            sites.regularised[:] = 0
        site_open = np.clip(1.0 - sites.stopped / p.month_days, 0.0, 1.0)
        income, spent = np.zeros(n, np.int64), np.zeros(n, np.int64)
        last_income = people.income.astype(np.int64)
        bounds = accounts.bounds_of_deciles(last_income)
        purchases = self._spend_taxes(state, day, site_open, income)
        self._credit.serve(state, day, last_income, bounds)
        offsets, order, slot = self._markets.gather(state, state.society.parameters.commuting, day)
        was = people.position.copy()
        employer, sector_of = np.empty(n, np.int32), np.empty(n, np.int16)
        revenue, payroll, dismissed = np.zeros(len(sites)), np.zeros(len(sites)), np.zeros(len(sites), np.int64)
        counts = np.zeros((n_markets, core.N_COUNTS), np.int64)
        value = state.demand.value.reshape(n_markets, -1)
        power, equipment = accumulation.machines(state, p.accumulation, MONTHS * self._mean_wage)
        coming = self._of_markets(purchases + self._of_bank(state), offsets) + state.demand.spending.reshape(n_markets, -1)[:, 0]
        state.demand.spending[:] = 0
        state.economy.treasury[0] -= purchases
        state.pool.for_blocks(
            core.months, n_markets, (offsets, order, self._markets.identity),
            (people.work, people.position, people.activity, people.money, spent, income, slot),
            (sites.owner, sites.kind, sites.mode, np.maximum(sites.sector, 0) if p.sectors.enabled else np.zeros(len(sites), np.int8), site_open,
             self._wage_level(state, power), power, equipment, sites.displaced, revenue, payroll, dismissed),
            value, self._shares(state, value), coming, self._founded_in, self._law(state), state.key, day, employer, sector_of, counts,
            block=max(1, n_markets // 64))  # fmt: skip
        total = counts.sum(axis=0)
        state.economy.treasury[0] += total[core.TAXES]
        people.income[:] = income
        closed = self._settle(state, was, employer, sector_of)
        next_month = coming - counts[:, core.PURCHASES] + self._of_markets(int(total[core.OUTWARD]), offsets)
        market_of_site = self._markets.of_place[sites.place]
        invested = accumulation.month(
            state, p.accumulation, market_of_site, revenue, payroll, p.month_days, MONTHS * self._mean_wage, next_month)  # fmt: skip
        state.demand.spending.reshape(n_markets, -1)[:, 0] += next_month
        self._average(state, revenue, payroll, closed)
        state.economy.events[0] = self._events(state, dismissed)
        bounds = accounts.bounds_of_deciles(income)
        self._credit.borrow(state, income, spent, p.basket * self._mean_wage, self._at(p.credit.looseness, state), bounds)
        state.pool.for_blocks(accounts.afford, n, people.money, spent, p.basket * self._mean_wage, people.affordability)
        if "places.free_coverage" not in state.written:  # else provisioning says what people lack
            people.unmet[:] = 1.0 - people.affordability
        plants.count_again(state)
        self._observe_month(state, total, purchases, invested)
        self._observe_people(state, income)
        if self._coins(state) != before:
            raise InvariantViolation(
                "coins", f"the month made or lost {self._coins(state) - before:+d} coins", day=day, table="people", column="money",
                found=self._coins(state), expected=f"{before}, as before the month")  # fmt: skip

    def _law(self, state: State) -> tuple[Any, ...]:
        """Numbers of the month's rules at today's regime, as `core.months` takes them."""
        p = self.parameters
        managers, precarious, first = (p.contracts.managers, self._at(p.contracts.precarious, state), p.contracts.precarious_first) if p.contracts.enabled else (0.0, 0.0, False)
        outsourcing = self._at(p.outsourcing.probability, state) if p.outsourcing.enabled else 0.0
        return (
            p.wage_low, p.wage_high, p.hiring, self._at(p.hiring_staff, state), self._at(p.firing, state), p.state.tax if p.state.enabled else 0.0,
            self._factors, managers, precarious, first, self._at(p.circuits.outward, state) if p.circuits.enabled and len(self._markets) > 1 else 0.0,
            max(1, round(p.outsourcing.staff / state.scale)), outsourcing, self._supply(state))  # fmt: skip

    def _supply(self, state: State) -> np.ndarray:
        """Share of what is ordered that each sector delivers: what is not there is not bought."""
        whole = not self.parameters.sectors.enabled or len(state.industry) == 0
        return np.ones(self._n_sectors) if whole else state.industry.supply

    def _wage_level(self, state: State, power: np.ndarray) -> np.ndarray:
        """Level of wages at each site: what struggles won, what machines add where wages are indexed, and unemployment."""
        p, level = self.parameters, state.sites.pay.astype(np.float64)
        if p.accumulation.enabled:
            if p.indexation.enabled:
                level *= power ** self._at(p.indexation.share, state)
            if p.accumulation.reserve_army > 0 and np.isfinite(state.economy.unemployment[0]):
                more = state.economy.unemployment[0] - state.economy.unemployment_at_start[0]
                level *= min(2.0, max(0.2, 1.0 - p.accumulation.reserve_army * more))
        return level

    def _of_bank(self, state: State) -> int:
        """Coins that the bank spends this month: what it has above its reserve."""
        economy = state.economy
        coins = max(0, int(economy.bank[0]) - int(self.parameters.credit.reserve * economy.debt[0]))
        economy.bank[0] -= coins
        return coins

    @staticmethod
    def _coins(state: State) -> int:
        """Coins of all less what is owed: as `invariants` adds them up."""
        return int(state.people.money.sum()) + coins_of_tables(state)

    def _shares(self, state: State, value: np.ndarray) -> np.ndarray:
        """Cumulative budget shares of each market, of the sectors in which somebody produces; coins in the pools of others go to these."""
        if not self.parameters.sectors.enabled:
            return np.ones((len(self._markets), 1))
        sites, n = state.sites, self._n_sectors
        works = (sites.owner >= 0) & (sites.kind != STATE_SITE) & (sites.mode != TAKEN)
        key = self._markets.of_place[sites.place[works]].astype(np.int64) * n + np.maximum(sites.sector[works], 0)
        made = np.bincount(key, weights=sites.members[works], minlength=value.size).reshape(value.shape) > 0
        weights = np.where(made, self._budget, 0.0)
        empty = weights.sum(axis=1) <= 0
        weights[empty] = self._budget
        core.move_idle_demand(value, weights)
        cumulative = np.cumsum(weights, axis=1)
        return cumulative / cumulative[:, -1:]

    def _of_markets(self, coins: int, offsets: np.ndarray) -> np.ndarray:
        """Coins that the State spends in each market, in proportion to people (largest remainders), int64 (markets,)."""
        total = int(offsets[-1])
        parts = [divmod(size * coins, total) for size in np.diff(offsets).tolist()]
        each, rest = np.array(parts, np.int64).T.copy()
        each[np.lexsort((self._markets.identity, -rest))[: coins - int(each.sum())]] += 1
        return each

    # --- the State ---

    def _dues(self, state: State, day: int, site_open: np.ndarray) -> tuple[int, int, np.ndarray]:
        people, sites = state.people, state.sites
        due = np.empty(len(people), np.int64)
        sums = state.pool.for_blocks(
            treasury.find_dues, len(people), (people.home, people.work, people.position), (sites.kind, sites.mode, site_open, sites.pay),
            (self._mean_wage, self._factors, self._benefits, MOST_DUE / max(1, len(people))), state.key, day, due)  # fmt: skip
        return sum(a for a, _ in sums), sum(b for _, b in sums), due

    def _spend_taxes(self, state: State, day: int, site_open: np.ndarray, income: np.ndarray) -> int:
        """Pay wages and benefits out of the treasury, all in the same part where it is not enough; returns what is left to buy with."""
        p, people, economy = self.parameters.state, state.people, state.economy
        economy.due[0] = economy.paid[0] = 0
        if not p.enabled:
            return 0
        total, wages, due = self._dues(state, day, site_open)
        held = int(economy.treasury[0])
        part = 1.0 if total <= held else held / total
        paid = sum(state.pool.for_blocks(treasury.pay_dues, len(people), due, part, people.money, income))
        economy.due[0], economy.paid[0] = total, paid
        economy.public_wages[0] = paid * wages / max(1, total)
        economy.benefits[0] = paid - economy.public_wages[0]
        economy.treasury[0] = held - paid
        return max(0, held - paid - int(total * p.reserve))

    # --- plants and people after the month ---

    def _settle(self, state: State, was: np.ndarray, employer: np.ndarray, sector_of: np.ndarray) -> np.ndarray:
        """Firms that ended free their sites, new ones find theirs, and people go where they work; returns which sites closed."""
        p, people, sites = self.parameters, state.people, state.sites
        closed = np.zeros(len(sites), np.bool_)
        plants.end_firms((sites.owner, sites.mode, closed), people.work, employer, sector_of)
        sites.exploitation[closed] = sites.revenue[closed] = sites.payroll[closed] = sites.months[closed] = 0
        accumulation.close(state, p.accumulation, closed)
        founders = np.flatnonzero(sector_of >= 0).astype(np.int32)
        if founders.size:
            self._find_plants(state, founders, sector_of, employer)
        state.pool.for_blocks(plants.place_workers, len(people), employer, was, p.dismissals.enabled, people.position, sites.mode, people.work)
        return closed

    def _find_plants(self, state: State, founders: np.ndarray, sector_of: np.ndarray, employer: np.ndarray) -> None:
        people, sites, markets = state.people, state.sites, self._markets
        if not self.parameters.sectors.enabled:
            sector_of[founders] = self._first_sector
        staying = np.where((employer >= 0) & (employer != np.arange(len(people))), -1, people.work)
        attached = np.bincount(staying[staying >= 0], minlength=len(sites))
        home_place = sites.place[people.home[founders]]
        site = np.empty(founders.size, np.int32)
        n_sectors = len(state.society.sectors)
        lacking = plants.find_plants(
            founders, sector_of, home_place, markets.of_place[home_place], (sites.kind, sites.place, sites.sector, sites.owner, sites.mode),
            attached, markets.of_place, markets.lead, n_sectors, site)  # fmt: skip
        old = site[site >= 0]
        sites.generation[old] += 1
        if lacking:
            first = sites.grow(lacking)
            new = site < 0
            site[new] = np.arange(first, first + lacking, dtype=np.int32)
            rows = site[new]
            sites.kind[rows], sites.place[rows], sites.sector[rows] = WORKPLACE, home_place[new], sector_of[founders[new]]
        sites.owner[site] = founders
        people.work[founders] = site
        sites.incident[site] = 0

    def _average(self, state: State, revenue: np.ndarray, payroll: np.ndarray, closed: np.ndarray) -> None:
        """Revenue, wages and exploitation of sites, as means of about a year; a firm's first months count alike."""
        sites, p = state.sites, self.parameters
        n = revenue.size  # sites that there were at the start of the month
        held = (sites.owner[:n] >= 0) & ~closed
        sites.months[:n][held] = np.minimum(sites.months[:n][held] + 1, YEAR)
        keep = 1.0 - 1.0 / np.maximum(1, sites.months[:n])
        for mean, month in ((sites.revenue, revenue), (sites.payroll, payroll)):
            mean[:n] = np.where(held, keep * mean[:n] + (1.0 - keep) * month, mean[:n])
        surplus = np.clip((sites.revenue - sites.payroll) / np.maximum(sites.payroll, 1e-9), 0.0, 10.0)
        sites.exploitation[:] = np.where(sites.payroll > 0, surplus, 0.0)
        sites.pay[:] = 1.0 + (sites.pay - 1.0) * np.float32(2.0 ** (-p.month_days / p.pay_half_life_days))

    def _events(self, state: State, dismissed: np.ndarray) -> int:
        """Dismissals and closures that people at the site can rise against; returns how many."""
        p, sites = self.parameters.dismissals, state.sites
        if not p.enabled:
            return 0
        before = np.maximum(1, np.maximum(sites.members[: dismissed.size], dismissed))
        share = dismissed / before
        struck = np.flatnonzero((dismissed * state.scale >= p.least_people) & (share >= p.least_share))
        sites.incident[struck] += (p.pressure * share[struck]).astype(np.float32)
        return struck.size

    # --- what is reported ---

    def _observe_month(self, state: State, total: np.ndarray, purchases: int, invested: tuple[float, float]) -> None:
        economy = state.economy
        revenue, wages, taxes = float(total[core.REVENUE]), float(total[core.WAGES]), float(total[core.TAXES])
        economy.revenue[0], economy.wages[0], economy.taxes[0] = revenue, wages, taxes
        economy.profit[0] = revenue - taxes - wages
        economy.invested[0], economy.worn[0] = invested
        economy.capital[0] = state.sites.capital.sum()
        net = economy.profit[0] - economy.worn[0]
        advanced = economy.capital[0] / MONTHS + wages
        economy.profit_rate[0] = max(-1.0, net / advanced) if advanced > 0 else NONE
        costs = economy.worn[0] + economy.interest[0]
        economy.surplus[0] = economy.profit[0] / costs if costs > 0 else NONE
        public = float(economy.public_wages[0])
        economy.wage_share[0] = (wages + public) / (revenue + public) if revenue + public > 0 else NONE
        due = float(economy.due[0])
        economy.tax_surplus[0] = (taxes - due) / due if due > 0 and self.parameters.state.enabled else NONE
        economy.purchases[0] = purchases
        for name, code in (("outward", core.OUTWARD), ("displaced", core.DISPLACED), ("outsourced", core.OUTSOURCED),
            ("hired", core.HIRED), ("dismissed", core.DISMISSED), ("founded", core.FOUNDED), ("demises", core.DEMISES)):
            getattr(economy, name)[0] = total[code]
        economy.short_payments[0] = total[core.SHORT_PAYMENTS] / max(1, total[core.PAYMENTS])

    def _observe_people(self, state: State, income: np.ndarray | None) -> None:
        people, sites, places, economy = state.people, state.sites, state.places, state.economy
        count = np.zeros((len(places), len(POSITIONS)), np.int64)
        accounts.count_positions(people.home, people.position, sites.place, count)
        force = count[:, accounts.LABOUR_FORCE].sum(axis=1)
        places.unemployment[:] = count[:, core.UNEMPLOYED] / np.maximum(1, force)
        economy.unemployment[0] = count[:, core.UNEMPLOYED].sum() / force.sum() if force.sum() else NONE
        staff = np.zeros(len(sites), np.int64)
        accounts.staff_of_firms(people.work, people.position, sites.kind, sites.owner, staff)
        economy.firms[0] = accounts.by_size(staff)
        known = staff * (sites.months > 0)
        economy.exploitation[0] = float((known * sites.exploitation).sum() / known.sum()) if known.sum() else NONE
        owners = np.zeros(len(people), np.bool_)
        owners[sites.owner[sites.owner >= 0]] = True
        firms = int(people.money[owners].sum())
        economy.money_of[0] = (
            int(people.money.sum()) - firms, firms, economy.bank[0], economy.treasury[0], state.demand.value.sum() + state.demand.spending.sum())  # fmt: skip
        economy.gini_money[0] = accounts.gini(accounts.evenly(people.money))
        if income is not None:
            of_people = accounts.evenly(income)
            economy.gini_income[0] = accounts.gini(np.maximum(of_people, 0.0))
            economy.deciles[0] = accounts.means_of_deciles(of_people)

    def observe(self, state: State) -> dict[str, Any]:
        economy, scale = state.economy, state.scale
        values: dict[str, Any] = {
            name: getattr(economy, name)[0]
            for name in ("profit_rate", "wage_share", "unemployment", "exploitation", "firms", "gini_income", "gini_money", "tax_surplus", "treasury")
        }
        values |= {name: getattr(economy, name)[0] for name, _, _ in MONTH if name != "revenue"}
        credit_values = ("regime", "surplus", "debt", "lent", "repaid", "interest", "defaults", "defaulters", "borrowers", "debt_service", "tightness",
                         "borrowed_by_decile", "defaults_by_decile")  # fmt: skip
        values |= {name: getattr(economy, name)[0] for name in credit_values}
        for name in ("hired", "dismissed", "displaced", "outsourced", "defaulters", "borrowers", "defaults_by_decile"):
            values[name] = values[name] * scale
        values["money"] = economy.money_of[0]
        return values | {"gdp": economy.revenue[0], "income": economy.deciles[0], "unemployment_of_place": state.places.unemployment}
