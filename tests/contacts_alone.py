"""Struggle with the response `contacts` and everything else switched off, for limit cases through the public run.

Probabilities a day: b that one person in motion moves another, g of leaving. A day moves before it removes, and both follow from the
state that the day found, so that somebody in motion is so on L days, P(L = l) = g (1 - g)^(l - 1), l = 1, 2, ..., and moves a given
contact with probability T = sum over l of P(L = l) (1 - (1 - b)^l) = b / (1 - (1 - b) (1 - g)).
"""

import math
from collections.abc import Sequence

import numpy as np

import communize as cz
from communize.declare.registry import IN_STRUGGLE

LONGEST_RATE = 10.0  # the highest rate of leaving that a scenario may have
ONE_DAY = -math.expm1(-LONGEST_RATE)  # its probability a day: all but 1 in 22,000 stay for one day alone
NOBODY = np.zeros(0, np.int64)


def rate(probability: float) -> float:
    """Rate a day of a daily probability."""
    return LONGEST_RATE if probability == ONE_DAY else -math.log1p(-probability)


def transmissibility(b: float, g: float) -> float:
    return b / (1 - (1 - b) * (1 - g))


def contact_probability(t: float, g: float) -> float:
    """The b for which `transmissibility` is `t`."""
    return t * g / (1 - t * (1 - g))


def contacts(b: float, g: float, days: int = 60, **changes) -> cz.Scenario:
    """The library's case `sir` with ties alone; `changes` by dotted path, with two underscores for a dot."""
    values = {"scenario.days": days, "struggle.rate_contact": rate(b), "struggle.rate_leaving": rate(g)}
    return cz.load("sir").replace(values | {path.replace("__", "."): value for path, value in changes.items()})


def by(source: str, rate_contact: float, g: float, days: int = 60, **changes) -> cz.Scenario:
    """The same without ties, in complete mixing on one source of influence: `place`, `neighbourhood` or `work`."""
    alone = {"struggle__weight_ties": 0.0, f"struggle__weight_{source}": 1.0, "struggle__rate_contact": rate_contact}
    return contacts(0.5, g, days, society__ties__degree_distribution="none", **(alone | changes))


def rows(people) -> dict[str, list[dict]]:
    """A seed of these rows of people on the first day, as an argument of `contacts`."""
    return {"struggle__seed": [{"rows": np.asarray(people).tolist()}]}


def share(value: float) -> dict[str, list[dict]]:
    return {"struggle__seed": [{"share": value}]}


def homes(home: np.ndarray, a: np.ndarray = NOBODY, b: np.ndarray = NOBODY, **more) -> cz.Society:
    """A society of one place from the neighbourhood of each person and the two ends of each tie."""
    n_homes, people, sites = int(home.max()) + 1, {"home": home} | more, ["neighbourhood"]
    kinds = sites * n_homes + ["workplace"] * (int(np.max(more["work"])) + 1 - n_homes if "work" in more else 0)
    return cz.Society.from_tables(people=people, sites={"kind": kinds}, ties={"a": a, "b": b}, parameters=contacts(0.5, 0.5).society)


def graph(n: int, a: np.ndarray, b: np.ndarray) -> cz.Society:
    return cz.Society.from_graph((n, a, b), parameters=contacts(0.5, 0.5).society)


def copies(n_copies: int, n: int, edges: Sequence[tuple[int, int]]) -> tuple[int, np.ndarray, np.ndarray]:
    """Many copies of a small graph of `n` nodes as one graph; node i of copy c has the row c * n + i."""
    ends, first = np.array(edges, np.int64).reshape(-1, 2), n * np.arange(n_copies)[:, None]
    return n_copies * n, (first + ends[:, 0]).ravel(), (first + ends[:, 1]).ravel()


def simulate(scenario: cz.Scenario, society: cz.Society | None = None, seed: int = 1, threads: int = 1) -> cz.Simulation:
    """The finished simulation of the scenario's days."""
    return cz.Simulation(scenario, seed, society=society, threads=threads).run(scenario.days)


def until_over(scenario: cz.Scenario, society: cz.Society | None = None, seed: int = 1, most: int = 3000) -> cz.Simulation:
    """The simulation run until nobody is in motion."""
    simulation = cz.Simulation(scenario, seed, society=society, threads=1)
    while simulation.day < most:
        simulation.run(20)
        if not simulation.places.active.any():
            return simulation
    raise AssertionError(f"still in motion after {most} days")


def in_motion(simulation: cz.Simulation) -> np.ndarray:
    return simulation.people.activity == IN_STRUGGLE


def ever(simulation: cz.Simulation) -> np.ndarray:
    """Who has been in motion, where all leave for good."""
    return in_motion(simulation) | (simulation.people.removed == 1)


def active(simulation: cz.Simulation) -> np.ndarray:
    """People in motion after each day, over all places."""
    return simulation.series["active"].sum("place").to_numpy()
