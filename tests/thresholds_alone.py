"""Struggle with the response `threshold` alone, through the public run, and threshold models in plain Python beside it.

Rounds count as in the literature: seeds are there in round 0, and who joins on day d of the run joins in round d + 1, moved by
those who were there after round d.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np

import communize as cz
from communize.declare.registry import IN_STRUGGLE


def case(name: str, **changes: Any) -> cz.Scenario:
    """A case of the library; `changes` by dotted path, with two underscores for a dot."""
    return cz.load(name).replace({path.replace("__", "."): value for path, value in changes.items()})


def given_nerves(on: str = "share", **changes: Any) -> cz.Scenario:
    """Thresholds that the user's table of people gives, in places alone unless `changes` say otherwise."""
    return case("kuran-1991", struggle__nerves=[], struggle__threshold_on=on, **changes)


def separate_places(n_places: int, size: int) -> dict[str, Any]:
    """Changes of a scenario that give it places of `size` people each that know nothing of one another."""
    return {
        "society.people": n_places * size, "society.places.count": n_places, "society.places.size_exponent": 0.0,
        "society.contact.neighbours": 0, "struggle.away_share": 0.0,
    }  # fmt: skip


def in_motion(simulation: cz.Simulation) -> np.ndarray:
    return simulation.people.activity == IN_STRUGGLE


def joining_rounds(simulation: cz.Simulation, seeds: Iterable[int] = (), most: int = 20_000) -> np.ndarray:
    """Round in which each person joins, -1 for never: run until a day on which nobody does."""
    joined, n = np.full(len(simulation.people), -1), -1
    while n < (n := int((joined >= 0).sum())):
        simulation.step()
        joined[in_motion(simulation) & (joined < 0)] = simulation.day
        assert simulation.day < most
    joined[list(seeds)] = 0
    return joined


def until_still(simulation: cz.Simulation, most: int = 20_000) -> np.ndarray:
    """People in motion after each day, run until a day on which nobody joins."""
    path = [0]
    while simulation.day == 0 or path[-1] > path[-2]:
        simulation.step()
        path.append(int(simulation.places.active.sum()))
        assert simulation.day < most
    return np.array(path[1:])


def on_ties(nerve: float, seeds: Iterable[int], on: str = "share", **changes: Any) -> cz.Scenario:
    """Thresholds on ties alone, with people in struggle from the first day by row."""
    rows = [int(row) for row in seeds]
    return case(
        "watts-2002", struggle__nerve=nerve, struggle__threshold_on=on,
        struggle__seed=[{"rows": rows}] if rows else [], **changes)  # fmt: skip


def society_of(graph: Any) -> cz.Society:
    """A society whose ties are a graph, everybody of which can take part."""
    return cz.Society.from_graph(graph, parameters=case("watts-2002").society)


def neighbours_of(n: int, edges: Iterable[tuple[int, int]]) -> list[set[int]]:
    """Neighbours of each node; loops and repeats fall out."""
    near = [set() for _ in range(n)]
    for a, b in edges:
        if a != b:
            near[a].add(b)
            near[b].add(a)
    return near


def plain_rounds(near: list[set[int]], thresholds: list[Fraction], seeds: Iterable[int], on: str) -> np.ndarray:
    """Round in which each node joins, -1 for never, in whole numbers and fractions: nothing is rounded."""
    joined = dict.fromkeys(seeds, 0)
    for number in range(1, len(near) + 2):
        new = []
        for node in set(range(len(near))) - set(joined):
            active = sum(other in joined for other in near[node])
            exposure = active if on == "count" else Fraction(active, max(1, len(near[node])))
            if exposure >= thresholds[node]:
                new.append(node)
        if not new:
            break
        joined |= dict.fromkeys(new, number)
    return np.array([joined.get(node, -1) for node in range(len(near))])
