"""Limit case: the rules of Wright (2005) to the letter, for a few people and coins.

Thousands of places that know nothing of one another are as many markets of two to four people. After each month what they hold, the
pool, and who works for whom must follow the law of the Markov chain that the rules make (`tests/wright_chain.py`, written from
`validation.md` 1.1, https://arxiv.org/abs/cond-mat/0401053), in all its states; the same figures reject every near reading of the rules.
"""

import functools
import itertools
import math
import operator

import numpy as np
import pytest
from scipy.stats import chi2
from wright_alone import employers, separate, society_of
from wright_chain import Chain, Rules

import communize as cz

ALPHA = 1e-4  # of each of some sixty comparisons


def changes_of(rules: Rules) -> dict[str, float]:
    return {
        "economy.wage_low": rules.low, "economy.wage_high": rules.high, "economy.hiring": rules.hiring,
        "economy.hiring_staff": rules.hiring_staff, "economy.firing": rules.firing,
    }  # fmt: skip


@functools.cache
def chain_of(rules: Rules, n: int = 3, coins: int = 9) -> Chain:
    return Chain(n, coins, rules)


@functools.cache
def paths(
    rules: Rules, starts: tuple[tuple[int, ...], ...], months: int, seeds: int, n_markets: int = 2000
) -> list[np.ndarray]:
    """States of markets after 0, 1, ... months: employer of each person in the market (-1: none), money of each, pool."""
    n, scenario, found = len(starts[0]), separate(changes_of(rules)), []
    society = society_of([n] * n_markets, np.resize(np.array(starts), (n_markets, n)).ravel(), scenario)
    for seed in range(1, seeds + 1):
        simulation, path = cz.Simulation(scenario, seed, society=society, threads=1), []
        for month in range(months + 1):
            if month:
                simulation.step()
            boss = employers(simulation).reshape(n_markets, n)
            boss = np.where(boss >= 0, boss - n * np.arange(n_markets)[:, None], -1)
            assert boss.max() < n
            path.append(
                np.column_stack([boss, simulation.people.money.reshape(n_markets, n), simulation.state.demand.value])
            )
        found.append(path)
    return [np.concatenate(states) for states in zip(*found)]


def rows(chain: Chain, path: np.ndarray) -> np.ndarray:
    """The chain's number of each state."""
    distinct, which = np.unique(path, axis=0, return_inverse=True)
    numbers = []
    for state in distinct.tolist():
        boss, held = state[: chain.n], tuple(state[chain.n :])
        lists = tuple(tuple(i for i in range(chain.n) if boss[i] == e != i) for e in range(chain.n))
        numbers.append(chain.row_of[lists, held])
    return np.array(numbers)[which.ravel()]


def misfit(observed: np.ndarray, expected: np.ndarray) -> float:
    """The p of a chi-square test, cells of expected numbers below 5 taken together; 0 where something impossible came up."""
    if observed[expected < 1e-9].any():
        return 0.0
    large = expected >= 5
    seen, due = np.append(observed[large], observed[~large].sum()), np.append(expected[large], expected[~large].sum())
    if due[-1] < 5:
        seen, due = np.append(seen[:-2], seen[-2:].sum()), np.append(due[:-2], due[-2:].sum())
    return float(chi2.sf(((seen - due) ** 2 / due).sum(), due.size - 1))


def fits(chain: Chain, found: list[np.ndarray], after: tuple[int, ...]) -> list[float]:
    """The p of the law after so many months, given where the markets began."""
    law, month, result = np.bincount(rows(chain, found[0]), minlength=len(chain.states)).astype(float), 0, []
    for later in after:
        law, month = chain.after(law, later - month), later
        result.append(misfit(np.bincount(rows(chain, found[later]), minlength=law.size), law))
    return result


EQUAL, UNEQUAL = ((3, 3, 3),), ((3, 3, 3), (9, 0, 0), (1, 2, 6), (0, 4, 5))
CASES = [
    pytest.param(Rules(1, 3), EQUAL, id="Wright"),
    pytest.param(Rules(1, 2), UNEQUAL, id="mean wage 1.5, unequal"),
    pytest.param(Rules(2, 2), UNEQUAL, id="one wage, unequal"),
    pytest.param(Rules(0, 4), ((8, 0),), id="two people"),
    pytest.param(Rules(1, 5, firing=0.5), UNEQUAL, id="firing below the mean wage"),
    pytest.param(Rules(0, 2, firing=1.5, hiring=0.5, hiring_staff=1.0), UNEQUAL, id="all of firing and hiring"),
]


@pytest.mark.parametrize(("rules", "starts"), CASES)
def test_every_state_comes_up_as_often_as_the_rules_say(rules, starts):
    """After 1, 2 and 12 months, in 6,000 markets."""
    chain = chain_of(rules, len(starts[0]), sum(starts[0]))
    assert min(fits(chain, paths(rules, starts, 12, 3), (1, 2, 12))) > ALPHA


NEAR = {
    "firing rounds up": ({"kept": math.ceil}, {}),
    "as much as the mean wage is enough to hire": ({"enough": operator.ge}, {}),
    "the seeker may meet himself": ({"hires_self": True}, {}),
    "the actor may be the consumer": ({"spends_self": True}, {}),
    "who was just hired does not sell": ({"hired_samples": False}, {}),
    "a short wage is what is left": ({"redraws": False}, {"low": 0, "high": 5, "firing": 0.1}),
}


@pytest.mark.parametrize("name", NEAR)
def test_near_readings_of_the_rules_are_told_apart(name):
    """Each of the readings that leave class shares as they are, and the one that does not, is rejected by the same test."""
    wrong, setting = NEAR[name]
    rules = {"low": 1, "high": 3} | setting
    found = paths(Rules(**rules), EQUAL, 12, 3)
    assert min(fits(chain_of(Rules(**rules)), found, (1, 12))) > ALPHA
    assert min(fits(chain_of(Rules(**rules, **wrong)), found, (1, 12))) < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize(("rules", "starts"), CASES)
def test_months_follow_from_months(rules, starts):
    """In 6,000 markets over 60 months: where each goes from where it stands, in all states at once."""
    chain = chain_of(rules, len(starts[0]), sum(starts[0]))
    found = [rows(chain, path) for path in paths(rules, starts, 60, 3)]
    month, size = chain.month.toarray(), len(chain.states)
    moves = np.zeros((size, size), np.int32)
    for before, after in itertools.pairwise(found):
        np.add.at(moves, (before, after), 1)
    score, freedom = 0.0, 0
    for state in np.flatnonzero(moves.sum(axis=1) >= 200):
        expected = moves[state].sum() * month[state]
        assert not moves[state][expected < 1e-9].any()
        large = expected >= 5
        if large.sum() < 2 or expected[~large].sum() < 5:
            continue
        seen, due = (
            np.append(moves[state][large], moves[state][~large].sum()),
            np.append(expected[large], expected[~large].sum()),
        )
        score, freedom = score + ((seen - due) ** 2 / due).sum(), freedom + due.size - 1
    print(f"{freedom} degrees of freedom, p = {chi2.sf(score, freedom):.3f}")
    assert freedom > 100
    assert chi2.sf(score, freedom) > ALPHA


@pytest.mark.slow
def test_four_people():
    """36,135 states: firms of three, and two firms at a time."""
    rules = Rules(1, 3)
    chain = Chain(4, 8, rules)
    found = fits(chain, paths(rules, ((2, 2, 2, 2), (5, 1, 1, 1), (0, 0, 4, 4)), 12, 8), (1, 3, 12))
    print(found)
    assert min(found) > ALPHA
