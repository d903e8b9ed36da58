"""A month of a labour market in plain Python, one actor after the other: the twin of `core.months`, written from the model text.

It shares with the package the numbers of the decisions and, being bit for bit the same, the order of additions of floats.
"""

from collections import Counter
from dataclasses import dataclass, field

from oracles import philox4x32

from communize.declare.registry import FARM, HELD, IN_MEASURE, POSITIONS, ROUTINE, TAKEN, WORKPLACE
from communize.kernels import decisions

STABLE, PRECARIOUS, UNEMPLOYED, MANAGER, OWNER, FARMER = (
    POSITIONS.index(name) for name in ("stable", "precarious", "unemployed", "manager", "owner", "farmer"))  # fmt: skip
WORD = 2**32


def unit(word):
    return (word + 0.5) * 2.0**-32


def up_to(most, high, low):
    return min(most, int((float((high << 20) ^ (low >> 12)) + 0.5) * 2.0**-52 * (most + 1)))


def rounded(x, u):
    return int(x) + (u < x - int(x))


def largest_of(most, draws, high, low):
    """A number up to `most` as the largest of `draws` uniform ones would be."""
    if draws == 1.0:
        return up_to(most, high, low)
    return min(most, int(((float((high << 20) ^ (low >> 12)) + 0.5) * 2.0**-52) ** (1.0 / draws) * (most + 1)))


@dataclass(eq=False)
class Site:
    """A plant of the market: its sector, how much of the month it worked, the level of its wages, its machines, and what the month brings."""

    number: int
    kind: int
    mode: int
    sector: int
    open: float
    pay: float
    power: float = 1.0  # of its machines to sell
    equipment: float = 0.0  # what that of one more worker costs, in mean wages
    displaced: int = 0  # employees whom it replaces
    revenue: int = 0
    payroll: int = 0
    dismissed: int = 0


@dataclass(eq=False)
class Actor:
    """Somebody of the market. `role` is seeker, holder (of a firm), employee, lone (a farmer by himself) or None, who only spends."""

    row: int
    position: int
    activity: int
    money: int
    site: Site | None
    role: str | None = None
    boss: "Actor | None" = None
    staff: list["Actor"] = field(default_factory=list)  # the last hired first
    weight: float = 0.0  # of their wages, against the mean wage
    firm: Site | None = None  # plant of the firm, None for a firm of this month
    sector: int = 0
    spent: int = 0
    income: int = 0

    @property
    def present(self):
        return self.activity not in (HELD, IN_MEASURE)

    @property
    def free(self):
        return self.activity == ROUTINE


@dataclass
class Law:
    """Wages, what it takes to hire and to keep somebody, taxes and contracts."""

    low: int
    high: int
    to_hire: float
    covered: float
    to_keep: float
    tax: float
    factors: list[float]
    managers: float
    precarious: float
    precarious_first: bool
    outward: float = 0.0  # share of spending that goes to other markets
    core_size: int = 1  # staff from which work is given to others, and how often
    outsourcing: float = 0.0
    supply: list[float] = field(default_factory=list)  # share of what is ordered that each sector delivers


class Month:
    """A month of one market, with `people` in their order, the pool of each sector, and budget shares that add up, cumulated."""

    def __init__(self, people, owners, pool, budget, purchases, allowed, law, seed, day, identity):
        self.people, self.pool, self.budget, self.purchases, self.allowed, self.law = people, pool, budget, purchases, allowed, law
        self.address, self.day, self.identity, self.counts = (seed % WORD, seed // WORD), day, identity, Counter()
        self.mean = 0.5 * (law.low + law.high)
        self.enter(owners)

    def enter(self, owners):
        """Say who is what; `owners` has the row of the person who owns each plant, by number."""
        by_row = {person.row: person for person in self.people}
        for person in self.people:
            site = person.site if person.site is not None and person.site.mode != TAKEN else None
            owner = owners.get(site.number, -1) if site is not None and site.kind in (WORKPLACE, FARM) else -1
            if person.position == UNEMPLOYED:
                person.role = "seeker" if person.free else None
            elif owner == person.row:
                person.role, person.firm, person.sector = "holder", site, site.sector
            elif owner >= 0 and person.position in (STABLE, PRECARIOUS, MANAGER):
                self.hire(by_row[owner], person, person.position, last=True)
            elif site is not None and person.position == FARMER:
                person.role, person.firm, person.sector = "lone", site, site.sector
        for person in self.people:  # weights are added from the last of the list on
            person.weight = 0.0
            for worker in reversed(person.staff):
                person.weight += self.law.factors[worker.position]

    def words(self, *counter):
        return philox4x32(counter, self.address)

    def run(self):
        for step in range(len(self.people)):
            first = self.words(step, self.day, decisions.ECONOMY_STEP, self.identity)
            self.sales = self.words(step, self.day, decisions.ECONOMY_SALES, self.identity)
            self.step = step
            actor = self.people[first[0] * len(self.people) // WORD]
            if actor.role == "seeker":
                self.seek(actor)
            if len(self.people) > 1:
                self.spend(actor, first)
            if actor.role in ("employee", "holder", "lone") and actor.present:
                self.sell(actor)
            if actor.role == "holder" and actor.staff:
                self.dismiss_whom_money_does_not_keep(actor)
                if actor.staff:
                    self.pay(actor)
        return self

    # --- the rules ---

    def hire(self, boss, worker, position, last=False):
        worker.role, worker.position, worker.boss = "employee", position, boss
        boss.staff.insert(len(boss.staff) if last else 0, worker)
        boss.weight += self.law.factors[position]

    def level(self, boss):
        return boss.firm.pay if boss.firm is not None else 1.0

    def seek(self, actor):
        others = [person for person in self.people if person.role in ("seeker", "holder") and person is not actor]
        total = sum(person.money for person in others)
        if total == 0:
            return
        words, law = self.words(self.step, self.day, decisions.ECONOMY_HIRE, self.identity), self.law
        target = up_to(total - 1, words[0], words[1])
        for met in others:
            target -= met.money
            if target < 0:
                break
        if law.outsourcing > 0 and len(met.staff) >= law.core_size and unit(words[2]) < law.outsourcing:
            self.counts["outsourced"] += 1
            return
        equipment = met.firm.equipment if met.firm is not None else 0.0
        if met.money <= law.to_hire * self.mean * self.level(met) * (1.0 + equipment + law.covered * len(met.staff)):
            self.counts["too little to hire"] += 1
            return
        if met.role == "seeker":
            met.role, met.position, met.firm, met.sector = "holder", OWNER, None, self.sector_of_founder(words[2])
            self.counts["founded"] += 1
        u = unit(words[3])
        self.hire(met, actor, MANAGER if u < law.managers else PRECARIOUS if u < law.managers + law.precarious else STABLE)
        self.counts["hired"] += 1

    def sector_of_founder(self, word):
        pools = [coins if may else 0 for coins, may in zip(self.pool, self.allowed)]
        if sum(pools):
            target = unit(word) * float(sum(pools))
            for sector, coins in enumerate(pools):
                target -= coins
                if coins and target < 0.0:
                    return sector
            return max(k for k, coins in enumerate(pools) if coins)
        drawn = self.sector_of_spending(word)
        return drawn if self.allowed[drawn] else self.allowed.index(True)

    def sector_of_spending(self, word):
        u = unit(word)
        return next((k for k, share in enumerate(self.budget) if u < share), len(self.budget) - 1)

    def spend(self, actor, words):
        others = [person for person in self.people if person is not actor]
        spender = others[words[1] * len(others) // WORD]
        coins = up_to(spender.money, words[2], words[3])
        sector = self.sector_of_spending(self.sales[2]) if len(self.pool) > 1 else 0
        if self.law.supply and self.law.supply[sector] < 1.0:
            coins = int(coins * self.law.supply[sector])
        spender.money -= coins
        spender.spent += coins
        away = self.law.outward > 0 and unit(self.words(self.step, self.day, decisions.ECONOMY_TRADE, self.identity)[0]) < self.law.outward
        bought = self.purchases // len(self.people) + (self.step < self.purchases % len(self.people))
        self.pool[sector] += bought + (0 if away else coins)
        self.counts.update({"spent": coins, "purchases": bought, "outward": coins if away else 0})

    def sell(self, actor):
        boss = actor.boss if actor.role == "employee" else actor
        coins = largest_of(self.pool[boss.sector], boss.firm.power if boss.firm is not None else 1.0, self.sales[0], self.sales[1])
        if boss.firm is not None and boss.firm.open < 1.0:
            coins = int(coins * boss.firm.open)
            self.counts["stopped"] += 1
        self.pool[boss.sector] -= coins
        duty = rounded(coins * self.law.tax, unit(self.sales[3])) if self.law.tax > 0 else 0
        boss.money += coins - duty
        boss.income += coins - duty
        if boss.firm is not None and boss.role == "holder":
            boss.firm.revenue += coins - duty
        self.counts.update({"revenue": coins, "taxes": duty, "alone": actor.role == "lone"})

    def dismiss_whom_money_does_not_keep(self, boss):
        law = self.law
        price = self.mean * self.level(boss) * (boss.weight / len(boss.staff)) * law.to_keep
        kept = int(min(boss.money / price, 2.0**31)) if price > 0 else len(boss.staff)
        if boss.firm is not None and boss.firm.displaced:
            replaced = min(boss.firm.displaced, len(boss.staff) - 1)
            kept = min(kept, len(boss.staff) - replaced)
            boss.firm.displaced = 0
            self.counts["displaced"] += replaced
        if len(boss.staff) <= kept:
            return
        here = [worker for worker in boss.staff if worker.present]
        out = max(0, len(here) - kept)
        early = [worker for worker in here if law.precarious_first and worker.position == PRECARIOUS]
        quota = {True: min(out, len(early)), False: out - min(out, len(early))}
        left = {True: len(early), False: len(here) - len(early)}
        for worker in here:
            group = worker in early
            if quota[group] and unit(self.words(worker.row, self.day, decisions.ECONOMY_PAY, self.step)[3]) * left[group] < quota[group]:
                quota[group] -= 1
                boss.staff.remove(worker)
                boss.weight -= law.factors[worker.position]
                worker.role, worker.position, worker.boss = "seeker" if worker.free else None, UNEMPLOYED, None
                self.counts.update({"dismissed": 1, "precarious first": group and any(other.position != PRECARIOUS for other in here)})
                if boss.firm is not None:
                    boss.firm.dismissed += 1
            left[group] -= 1
        if not boss.staff and boss.position != FARMER:
            boss.role, boss.position, boss.firm = "seeker" if boss.free else None, UNEMPLOYED, None
            self.counts["demises"] += 1

    def pay(self, boss):
        law = self.law
        worked = 1.0 if boss.firm is None else boss.firm.open
        for worker in boss.staff:
            if not worker.present:
                continue
            words = self.words(worker.row, self.day, decisions.ECONOMY_PAY, self.step)
            wage = law.low + words[0] * (law.high - law.low + 1) // WORD
            share = self.level(boss) * law.factors[worker.position] * worked
            if share != 1.0:
                wage = rounded(wage * share, unit(words[2]))
            self.counts["payments"] += 1
            if wage > boss.money:
                self.counts["short payments"] += 1
                wage = up_to(boss.money, words[1], words[2])
            boss.money -= wage
            boss.income -= wage
            worker.money += wage
            worker.income += wage
            self.counts["wages"] += wage
            if boss.firm is not None:
                boss.firm.payroll += wage
