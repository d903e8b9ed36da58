"""Wright's model for a few people and coins as a Markov chain that is solved exactly, from the rules as `validation.md` 1.1 words them.

A state is what everybody holds, the pool of demand, and for each employer the employees in the order in which they are paid. That
order matters only where money does not last for all: it is the newest first, those of earlier months by row.
"""

import itertools
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, identity
from scipy.sparse.linalg import matrix_power

Lists = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Rules:
    """Wages and the readings of the rules that could be mistaken for one another; the defaults are Wright's."""

    low: int
    high: int
    hiring: float = 1.0
    hiring_staff: float = 0.0
    firing: float = 1.0
    enough: Callable = operator.gt
    kept: Callable = math.floor
    redraws: bool = True  # a wage that the employer cannot pay is drawn anew, not paid as far as it can be
    hires_self: bool = False  # the seeker is among those who may be met
    spends_self: bool = False  # the actor may be the consumer
    hired_samples: bool = True  # who was just hired draws revenue in the same application

    @property
    def mean_wage(self) -> float:
        return (self.low + self.high) / 2


def structures(n: int) -> list[Lists]:
    """All ways in which n people can work for one another, employees in every order."""
    found = []
    for boss in itertools.product(range(-1, n), repeat=n):
        if any(b == i or (b >= 0 and boss[b] >= 0) for i, b in enumerate(boss)):
            continue
        lists = [list(itertools.permutations(i for i in range(n) if boss[i] == e)) for e in range(n)]
        found += list(itertools.product(*lists))
    return found


def splits(coins: int, parts: int) -> list[tuple[int, ...]]:
    """All ways to divide coins into parts."""
    if parts == 1:
        return [(coins,)]
    return [(first, *rest) for first in range(coins + 1) for rest in splits(coins - first, parts - 1)]


class Chain:
    """The chain of n people and so many coins.

    Attributes
    ----------
    states
        (lists of employees, money of each person and the pool).
    row_of
        The number of each state.
    application
        Transition probabilities of one application of the rules.
    """

    def __init__(self, n: int, coins: int, rules: Rules):
        self.n, self.rules = n, rules
        self.states = [(lists, held) for lists in structures(n) for held in splits(coins, n + 1)]
        self.row_of = {state: row for row, state in enumerate(self.states)}
        self.application = (sum(self._application(a) for a in range(n)) / n).tocsr()
        self._in_order = self._matrix(lambda lists, held: [(1.0, tuple(tuple(sorted(staff)) for staff in lists), held)])

    @property
    def month(self) -> csr_matrix:
        """Transition probabilities of a month: n applications, then lists in the order of rows."""
        return matrix_power(self.application, self.n) @ self._in_order

    def after(self, law: np.ndarray, months: int) -> np.ndarray:
        """The law of the state so many months after a law."""
        for _ in range(months):
            for _ in range(self.n):
                law = law @ self.application
            law = law @ self._in_order
        return law

    def _matrix(self, outcomes: Callable) -> csr_matrix:
        rows, columns, chances = [], [], []
        for row, (lists, held) in enumerate(self.states):
            for chance, lists_after, held_after in outcomes(lists, held):
                rows.append(row)
                columns.append(self.row_of[lists_after, held_after])
                chances.append(chance)
        return csr_matrix((chances, (rows, columns)), shape=(len(self.states),) * 2)

    def _application(self, a: int) -> csr_matrix:
        steps = [self._hire(a), self._spend(a), self._sell(a), self._dismiss(a), self._pay(a)]
        if not self.rules.hired_samples:
            steps = [self._sell_before_hiring(a), *steps[3:]]
        product = steps[0]
        for step in steps[1:]:
            product = product @ step
        return product

    def _met(self, a: int, lists: Lists, held: tuple[int, ...]) -> list[tuple[float, int]]:
        """Whom a seeker meets, and how probably: nobody where a is no seeker, or where nobody holds money."""
        employees = set(itertools.chain(*lists))
        if a in employees or lists[a]:
            return []
        near = [c for c in range(self.n) if c not in employees and (c != a or self.rules.hires_self)]
        total = sum(held[c] for c in near)
        return [(held[c] / total, c) for c in near if held[c] > 0]

    def _hires(self, a: int, c: int, lists: Lists, held: tuple[int, ...]) -> bool:
        rules = self.rules
        return a != c and rules.enough(
            held[c], rules.hiring * rules.mean_wage * (1 + rules.hiring_staff * len(lists[c]))
        )

    def _hire(self, a: int) -> csr_matrix:
        def outcomes(lists, held):
            met = self._met(a, lists, held)
            if not met:
                return [(1.0, lists, held)]
            return [
                (p, put(lists, c, (a, *lists[c])) if self._hires(a, c, lists, held) else lists, held) for p, c in met
            ]

        return self._matrix(outcomes)

    def _spend(self, a: int) -> csr_matrix:
        def outcomes(lists, held):
            consumers = [b for b in range(self.n) if b != a or self.rules.spends_self]
            return [
                (1 / len(consumers) / (held[b] + 1), lists, moved(held, b, self.n, coins))
                for b in consumers
                for coins in range(held[b] + 1)
            ]

        return self._matrix(outcomes)

    def _sell(self, a: int) -> csr_matrix:
        def outcomes(lists, held):
            boss = next((e for e in range(self.n) if a in lists[e]), a if lists[a] else -1)
            if boss < 0:
                return [(1.0, lists, held)]
            return [
                (1 / (held[self.n] + 1), lists, moved(held, self.n, boss, coins)) for coins in range(held[self.n] + 1)
            ]

        return self._matrix(outcomes)

    def _sell_before_hiring(self, a: int) -> csr_matrix:
        """Hiring, spending and selling where somebody just hired does not sell: those who seek hire and spend, all others spend and sell."""
        seeks = self._matrix(
            lambda lists, held: [(float(not lists[a] and a not in itertools.chain(*lists)), lists, held)]
        )
        return seeks @ self._hire(a) @ self._spend(a) + (identity(len(self.states)) - seeks) @ self._spend(
            a
        ) @ self._sell(a)

    def _dismiss(self, a: int) -> csr_matrix:
        def outcomes(lists, held):
            keep = min(len(lists[a]), self.rules.kept(held[a] / (self.rules.mean_wage * self.rules.firing)))
            left = list(itertools.combinations(lists[a], keep))
            return [(1 / len(left), put(lists, a, staff), held) for staff in left]

        return self._matrix(outcomes)

    def _pay(self, a: int) -> csr_matrix:
        def outcomes(lists, held):
            laws = {held: 1.0}
            for j in lists[a]:
                after: dict[tuple[int, ...], float] = {}
                for before, chance in laws.items():
                    for p, wage in self._wages(before[a]):
                        paid = moved(before, a, j, wage)
                        after[paid] = after.get(paid, 0.0) + chance * p
                laws = after
            return [(chance, lists, paid) for paid, chance in laws.items()]

        return self._matrix(outcomes)

    def _wages(self, money: int) -> list[tuple[float, int]]:
        wages = range(self.rules.low, self.rules.high + 1)
        short = sum(wage > money for wage in wages) / len(wages)
        law = [(1 / len(wages), wage) for wage in wages if wage <= money]
        if not self.rules.redraws:
            return [*law, (short, money)]
        return [*law, *((short / (money + 1), wage) for wage in range(money + 1) if short > 0)]


def put(lists: Lists, row: int, staff: tuple[int, ...]) -> Lists:
    return (*lists[:row], staff, *lists[row + 1 :])


def moved(held: tuple[int, ...], giver: int, taker: int, coins: int) -> tuple[int, ...]:
    after = list(held)
    after[giver] -= coins
    after[taker] += coins
    return tuple(after)
