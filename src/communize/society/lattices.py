"""Regular graphs of ties, rewired or not: rings and tori of people in the order of their rows."""

import math
from typing import TYPE_CHECKING

import numpy as np

from communize.declare.errors import InputError
from communize.kernels import decisions
from communize.kernels import draws as d
from communize.kernels.draws import kernel

if TYPE_CHECKING:
    from communize.society.ties import TieParameters

ATTEMPTS_PER_SWAP, MOST_FAILURES = 200, 20_000  # a graph in which hardly any swap is possible, such as a complete one, is left after so many


def check_lattice(parameters: "TieParameters", n_people: int) -> int:
    """Width of the torus of so many people (0 for a ring).

    Raises
    ------
    InputError
        A degree that the form does not have, or people who do not fill a torus.
    """
    path, degree = "society.ties", parameters.mean_degree
    if n_people < 2:
        return 0
    if parameters.form == "ring":
        if degree % 2 or degree < 2 or degree >= max(3, n_people):
            raise InputError(f"{path}.mean_degree", degree, f"an even number from 2 to {max(2, n_people - 1)} on a ring of {n_people} agents")
        return 0
    if degree not in (4, 8):
        raise InputError(f"{path}.mean_degree", degree, "4 or 8 on a torus")
    width = parameters.width or math.isqrt(n_people)
    if n_people % width or min(width, n_people // width) < 3:
        raise InputError(f"{path}.width", parameters.width or "none", f"a divisor of the number of agents, {n_people}, with at least 3 on either side")
    return width


def lattice_edges(parameters: "TieParameters", n_people: int) -> tuple[np.ndarray, np.ndarray]:
    """Both ends of every tie of a ring or torus, int64.

    A ring ties everybody to the `mean_degree` / 2 nearest on either side; a torus of rows of `width` people to the four (von
    Neumann) or eight (Moore) around. See `check_lattice` for the errors.
    """
    width, half, people = check_lattice(parameters, n_people), int(parameters.mean_degree) // 2, np.arange(n_people)
    if not width:
        steps = [(people, (people + step) % n_people) for step in range(1, half + 1)]
    else:
        row, column = np.divmod(people, width)
        ways = ((0, 1), (1, 0), (1, 1), (1, -1))[:half]
        steps = [(people, (row + y) % (n_people // width) * width + (column + x) % width) for y, x in ways]
    return np.concatenate([a for a, _ in steps]), np.concatenate([b for _, b in steps])


@kernel
def holds(neighbours, first, last, other):
    """Index of `other` in ``neighbours[first:last]``, -1 if it is not there."""
    for j in range(first, last):
        if neighbours[j] == other:
            return j
    return -1


@kernel
def swap_ties(offsets, owner, neighbours, n_swaps, attempts, key):
    """Swap the ends of drawn pairs of ties, a-b and c-d to a-d and c-b, which keeps all degrees; returns how many were swapped.

    Pairs that would make a loop or a repeat are drawn again. Rows are not sorted afterwards.

    References
    ----------
    Maslov and Sneppen (2002), Specificity and stability in topology of protein networks.
    https://doi.org/10.1126/science.1065103
    """
    done, last = 0, 0
    for attempt in range(attempts):
        if done == n_swaps or attempt - last > MOST_FAILURES:
            break
        s = d.below(key, attempt, 0, decisions.TIE_REWIRING, 0, owner.size)
        t = d.below(key, attempt, 0, decisions.TIE_REWIRING, 1, owner.size)
        a, b, c, e = owner[s], neighbours[s], owner[t], neighbours[t]
        if a in (c, e) or b in (c, e):
            continue
        if holds(neighbours, offsets[a], offsets[a + 1], e) >= 0 or holds(neighbours, offsets[c], offsets[c + 1], b) >= 0:
            continue
        at_b = holds(neighbours, offsets[b], offsets[b + 1], a)
        at_e = holds(neighbours, offsets[e], offsets[e + 1], c)
        neighbours[s], neighbours[t], neighbours[at_b], neighbours[at_e] = e, b, c, a
        done, last = done + 1, attempt
    return done


def rewire(offsets: np.ndarray, neighbours: np.ndarray, share: float, key: np.uint64) -> None:
    """Rewire a share of the ties in place by swaps, two ties each; rows are left unsorted."""
    owner = np.repeat(np.arange(offsets.size - 1, dtype=np.int32), np.diff(offsets))
    n_swaps = round(share * owner.size / 4)
    swap_ties(offsets, owner, neighbours, n_swaps, ATTEMPTS_PER_SWAP * n_swaps, key)
