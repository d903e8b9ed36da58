"""Lambda of places by themselves, where goods need no way: in closed form.

With Y the gross output for lambda = 1, all goods of a place being made there, lambda is the smallest of
capacity_k / Y_k and of the labour bound: the lambda at which sum_k max(0, lambda l_k Y_k - own_k) = movable. That sum is the largest of
sum_S (lambda l_k Y_k - own_k) over sets S of sectors, hence lambda = min_S (movable + own_S) / (l Y)_S, and the smallest is reached on
a set of sectors whose own labour gives out first.

What is made without inputs, g, spares output: the least that serves lambda is the least x with x = max(0, A x + lambda wants - g), so
that what is left over of one good is an input of others. It is the largest, over sets M of sectors, of the x with x = A x + lambda
wants - g in M and 0 elsewhere: lambda Y^M - T^M, where Y^M and T^M are the gross outputs in M for wants and for g. So lambda is the
smallest over M of what the closed form says of Y^M with plant capacity + T^M and own labour own + l T^M. It is found from above, by
taking for M what the output at the lambda found so far asks for, until that is M: as in Howard's policy iteration, each step lowers
lambda or raises the least output, and some steps suffice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from communize.production.reproduction_inputs import Economy

TIE = 1e-9  # constraints that would allow a lambda so little above (relative) bind as well
NO_OUTPUT = 1e-12  # of what a good is asked for and made without inputs: less is not said to be lacking, or left over
STEPS = 64  # at most, beside one for each sector; rounding alone could ask for as many


@dataclass(frozen=True, eq=False)
class Solution:
    """Lambda of linked places, what is made and moved, and how lambda would change (duals)."""

    ratio: float
    output: np.ndarray  # (P, K)
    flows: np.ndarray  # (E, K), from first to second
    goods: np.ndarray  # (P, K), rise of lambda per unit of a good brought in from elsewhere
    movable: np.ndarray  # (P,), per unit of movable labour
    transport: np.ndarray  # (P,) or (1,), per unit of transport labour
    status: str


def labour_bounds(work: np.ndarray, own: np.ndarray, movable: np.ndarray) -> np.ndarray:
    """The largest lambda with sum_k max(0, lambda work_k - own_k) <= movable, in each row: work and own (N, K), movable (N,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        gives_out = np.where(work > 0, own / work, np.inf)
        order = np.argsort(gives_out, axis=1)
        work_of_first = np.cumsum(np.take_along_axis(work, order, axis=1), axis=1)
        own_of_first = np.cumsum(np.take_along_axis(np.where(work > 0, own, 0.0), order, axis=1), axis=1)
        return np.where(work_of_first > 0, (movable[:, None] + own_of_first) / work_of_first, np.inf).min(axis=1)


def plant_bounds(capacity: np.ndarray, gross: np.ndarray) -> np.ndarray:
    """The lambda at which each plant is full, (N, K): infinite where nothing is needed."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(gross > 0, capacity / gross, np.inf)


def bounds_alone(economy: Economy, one_by_one: bool = False) -> np.ndarray:
    """Lambda of every place by itself, (P,): infinite where nobody draws. With `one_by_one` no bit hangs on the number of places."""
    return plans_alone(economy, one_by_one)[0]


def plans_alone(economy: Economy, one_by_one: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """`bounds_alone`, and the least output that does it, (P, K): 0 where nobody draws."""
    gross = economy.table.totals(economy.wants, one_by_one)
    bounds = plant_bounds(economy.capacity, gross).min(axis=1)
    bounds = np.minimum(bounds, labour_bounds(economy.labour * gross, economy.own, economy.movable))
    with np.errstate(invalid="ignore"):
        output = np.nan_to_num(gross * bounds[:, None], nan=0.0, posinf=0.0)
    spared = np.flatnonzero(economy.without_inputs.any(axis=1) & np.isfinite(bounds))
    if spared.size:
        piece = lowest_piece(economy.of(spared, np.zeros(0, dtype=np.int64)), gross[spared] > 0)
        bounds[spared], output[spared] = piece.ratio, piece.output
    return bounds, output


@dataclass(frozen=True, eq=False)
class Piece:
    """The set of sectors that decides lambda of each place, what they make, and the least output."""

    ratio: np.ndarray  # (P,)
    made: np.ndarray  # (P, K), the set
    gross: np.ndarray  # (P, K), output for lambda = 1 less `spared`
    spared: np.ndarray  # (P, K), what is made without inputs spares of it
    output: np.ndarray  # (P, K), at lambda


def lowest_piece(economy: Economy, needed: np.ndarray) -> Piece:
    """Where something is made without inputs; `needed` are the sectors that a place needs, directly or not, bool (P, K)."""
    table, wants, bare = economy.table, economy.wants, economy.without_inputs
    right, made = np.stack([wants, bare], axis=-1), needed
    ratio, set_, gross, spared = np.full(len(wants), np.inf), needed.copy(), np.zeros(wants.shape), np.zeros(wants.shape)
    output = np.zeros(wants.shape)
    todo = np.arange(len(wants))
    for _ in range(STEPS + wants.shape[1]):
        part = table.of(todo)
        takes, spares = np.moveaxis(np.maximum(part.within(made, right[todo]), 0.0), -1, 0)
        bound = plant_bounds(economy.capacity[todo] + spares, takes).min(axis=1)
        own = economy.own[todo] + economy.labour * spares
        bound = np.minimum(bound, labour_bounds(economy.labour * takes, own, economy.movable[todo]))
        fell = bound < ratio[todo]
        lower = todo[fell]
        ratio[lower], set_[lower], gross[lower], spared[lower] = bound[fell], made[fell], takes[fell], spares[fell]
        asked = ratio[todo, None] * takes
        net, wanted = asked - spares, ratio[todo, None] * wants[todo]
        inputs = part.inputs(net)
        least = NO_OUTPUT * np.where(made, asked + spares, np.abs(inputs) + wanted + bare[todo])
        again = np.where(made, net >= -least, inputs + wanted - bare[todo] > least)
        output[todo] = np.maximum(net, 0.0)
        moves = (again != made).any(axis=1)
        todo, made = todo[moves], again[moves]
        if not todo.size:
            break
    return Piece(ratio, set_, gross, spared, output)




def solve_alone(economy: Economy) -> Solution:
    """One place by itself. Where several constraints bind at once, the duals are shared among them equally."""
    whole = economy.table.totals(economy.wants)
    gross, spared, made, piece = whole[0], np.zeros(whole.size), None, None
    if economy.without_inputs.any():
        piece = lowest_piece(economy, whole > 0)
        gross, spared, made = piece.gross[0], piece.spared[0], piece.made
    plants = plant_bounds(economy.capacity + spared, gross[None])[0]
    work, own = economy.labour * gross, economy.own + economy.labour * spared
    by_labour = labour_bounds(work[None], own, economy.movable)[0]
    ratio = min(float(plants.min()), float(by_labour))
    bind = plants <= ratio * (1 + TIE)
    labour_binds = by_labour <= ratio * (1 + TIE)
    share = 1.0 / (bind.sum() + labour_binds)
    weights = np.zeros_like(gross)
    weights[bind] = share / gross[bind]
    movable = 0.0
    if labour_binds:
        at_work = (work > 0) & (own[0] <= ratio * work * (1 + TIE))
        movable = share / work[at_work].sum()
        weights[at_work] += movable * economy.labour[at_work]
    goods = economy.table.values(weights[None], made)
    return Solution(
        ratio,
        ratio * gross[None] if piece is None else piece.output,
        np.zeros((0, gross.size)),
        goods,
        np.array([movable]),
        np.zeros(economy.transport.size),
        "closed form",
    )
