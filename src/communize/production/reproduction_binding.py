"""Which constraints hold lambda where it is, by name, and what it would take to loosen each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from communize.production.reproduction_alone import Solution
from communize.production.reproduction_inputs import Economy
from communize.production.reproduction_program import possible, ways_of_goods

LISTED_ABOVE = 1e-6  # share of the largest rise below which a constraint is not said to bind


@dataclass(frozen=True)
class Binding:
    """One constraint that holds lambda where it is.

    Parameters
    ----------
    kind
        plant, labour (a sector's own, in a place), movable labour (of a place), transport (labour of a place that sends; where lambda
        is 0, of a good that cannot reach a place), or input (where lambda is 0, of a good that only other sectors use).
    place, sector
        Names, or rows where none were given; None where the constraint has none.
    limit
        What there is: output, or labour.
    dual
        By how much lambda would rise per unit more of it. Where several constraints bind at once, lambda rises only if all are
        loosened, and the duals are one way to share the rise among them.
    rise
        `dual` times what lambda = 1 takes of it altogether: what counts for the order, and does not depend on units.
    share
        `dual` times `limit` over lambda: shares of all constraints add up to 1, less what is made without inputs (its dual is that of
        goods). Not a number where lambda is 0.
    """

    kind: str
    place: Any
    sector: Any
    limit: float
    dual: float
    rise: float
    share: float

    def __str__(self) -> str:
        what = "own labour" if self.kind == "labour" else self.kind
        if self.kind == "transport":
            return (
                what
                if self.place is None
                else f"transport from {self.place}"
                if self.sector is None
                else f"transport of {self.sector} to {self.place}"
            )
        return (
            what
            + (f" of {self.sector}" if self.sector is not None else "")
            + (f" in {self.place}" if self.place is not None else "")
        )


@dataclass(frozen=True, eq=False)
class Duals:
    """Rise of lambda per unit of each limit, float64, at least 0; shapes without P for one place given without an axis for places.

    Parameters
    ----------
    plant, labour
        (P, K), per unit of output that plant allows, and per unit of a sector's own labour.
    movable, transport
        (P,), per unit of labour; transport of one number for all: (1,).
    goods
        (P, K), per unit of a good brought in from elsewhere.
    """

    plant: np.ndarray
    labour: np.ndarray
    movable: np.ndarray
    transport: np.ndarray
    goods: np.ndarray


def duals_of_limits(economy: Economy, members: np.ndarray, solution: Solution) -> Duals:
    """Duals of limits from those of goods and labour.

    What plant k of place p yields for a unit is v = p_k - (A'p)_k. Where its plant ends before its own labour, plant takes it all. Where
    own labour ends first, a unit more of it frees movable labour, or works where there was none, and plant takes what is left after
    paying movable labour. With no movable or transport labour at all, the first unit goes where it yields most.
    Where a unit of nothing alone would do, since lambda hangs on what is made without inputs, and neither plant nor labour is there, it is
    the plant that counts.
    """
    n_places = economy.shape[0]
    goods, movable = np.zeros(economy.shape), np.zeros(n_places)
    goods[members], movable[members] = solution.goods, solution.movable
    left = np.maximum(economy.table.added(goods), 0.0)
    left[left < 1e-12 * goods] = 0.0
    capacity, reach, some = economy.capacity, economy.reach, (economy.movable > 0)[:, None]
    beyond = (capacity > reach) | ((capacity == reach) & (some | (reach <= 0)))
    beyond &= economy.labour > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        yields = np.where(beyond, left / economy.labour, 0.0)
        first = np.where(capacity > reach, yields, 0.0).max(axis=1)
        movable = np.where(some[:, 0], movable, first)
        wage = np.where(some, movable[:, None], np.inf) * economy.labour
        plant = np.where(beyond, np.maximum(left - wage, 0.0), left)
    labour = np.where(beyond, np.minimum(yields, movable[:, None]), 0.0)
    transport = _transport(economy, members, solution.transport, goods)
    if not (plant.any() or labour.any() or movable.any() or transport.any()):
        plant = np.where(capacity <= 0, left, 0.0)
    return Duals(plant, labour, movable, transport, goods)


def _transport(economy: Economy, members: np.ndarray, solved: np.ndarray, goods: np.ndarray) -> np.ndarray:
    shared = economy.transport.size == 1
    duals, first = np.zeros(economy.transport.size), np.zeros(economy.transport.size)
    duals[[0] if shared else members] = solved
    sender, receiver, use, _ = economy.arcs()
    if len(sender):
        with np.errstate(divide="ignore", invalid="ignore"):
            gain = np.where(np.isfinite(use) & (use > 0), (goods[receiver] - goods[sender]) / use, 0.0).max(axis=1)
        np.maximum.at(first, np.zeros_like(sender) if shared else sender, gain)
    return np.where(economy.transport > 0, duals, first)


def binding_constraints(
    economy: Economy, duals: Duals, linked: np.ndarray, gross: np.ndarray, ratio: float
) -> list[Binding]:
    """Constraints with a dual above 0, in order of their rise: duals times what lambda = 1 takes in the linked places."""
    taken = gross[linked]
    work = economy.labour * taken
    entries = [
        ("plant", economy.capacity, duals.plant, taken),
        ("labour", economy.own, duals.labour, work),
        ("movable labour", economy.movable, duals.movable, work.sum(axis=1)),
        ("transport", economy.transport, duals.transport, _sent_once(economy, linked, len(gross))),
    ]
    rises = [dual * takes for _, _, dual, takes in entries]
    least = LISTED_ABOVE * max(float(rise.max()) for rise in rises)
    found = []
    for (kind, limit, dual, _), rise in zip(entries, rises, strict=True):
        placed = not (economy.flat or (kind == "transport" and limit.size == 1))
        for cell in map(tuple, np.argwhere(rise > least)):
            place = economy.places[cell[0]] if placed else None
            sector = economy.sectors[cell[1]] if len(cell) == 2 else None
            there = float(limit[cell])
            share = float(dual[cell]) * there / ratio if np.isfinite(there) else 0.0
            found.append(Binding(kind, place, sector, there, float(dual[cell]), float(rise[cell]), share))
    return sorted(found, key=lambda one: -float(f"{one.rise:.9e}"))  # rounding breaks no tie


def _sent_once(economy: Economy, linked: np.ndarray, n_components: int) -> np.ndarray:
    """Transport labour for sending all that lambda = 1 wants once along a mean link of the component; of the shape of transport."""
    if not len(economy.links):
        return np.zeros(economy.transport.size)
    component = linked[economy.links[:, 0]]
    wants, use = np.zeros((n_components, economy.shape[1])), np.zeros((n_components, economy.shape[1]))
    np.add.at(wants, linked, economy.wants)
    np.add.at(use, component, np.where(np.isfinite(economy.use), economy.use, 0.0))
    use /= np.maximum(np.bincount(component, minlength=n_components), 1)[:, None]
    once = (use * wants).sum(axis=1)
    return once[linked] if economy.transport.size > 1 else once.max(keepdims=True)


def what_lacks(economy: Economy, linked: np.ndarray, members: np.ndarray, takes: np.ndarray) -> list[Binding]:
    """What holds lambda of some places at 0: sectors without plant, else without labour, else what a place cannot have.

    Duals and rises share one unit of lambda among all that lacks: lambda rises only when the last of it is there. `takes` is what
    lambda = 1 takes in all linked places, (K,), 0 of goods that are made without inputs there.
    """
    group = np.flatnonzero(linked == linked[members[0]])
    needed = takes > 0
    there = economy.capacity[group] > 0
    staffed = (economy.reach[group] > 0) | (economy.movable[group] > 0)[:, None]
    wanted = np.any(economy.wants[group], axis=0)
    missing = needed & ~there.any(axis=0)
    idle = needed & ~missing & ~np.any(there & staffed, axis=0)
    place = None if economy.flat or group.size > 1 else economy.places[group[0]]
    cells = [("plant" if wanted[k] else "input", place, k, takes[k]) for k in np.flatnonzero(missing)]
    cells += [("labour", place, k, takes[k] * economy.labour[k]) for k in np.flatnonzero(idle)]
    if not cells:
        inner = np.flatnonzero(np.isin(economy.links, members).all(axis=1))
        cells = list(_traced(economy.of(members, inner), _movable(economy, members)))
    n = len(cells)
    return [
        Binding(kind, where, economy.sectors[k], 0.0, float(1 / (n * amount)), 1 / n, float("nan"))
        for kind, where, k, amount in cells
    ]


def _movable(economy: Economy, members: np.ndarray) -> np.ndarray:
    """Which goods could be brought to these places if there were transport labour, bool (members, K)."""
    out = np.zeros(economy.shape, dtype=bool)
    for end in (0, 1):
        np.logical_or.at(out, economy.links[:, end], np.isfinite(economy.use))
    return out[members]


def _traced(part: Economy, movable: np.ndarray) -> Iterator[tuple[str, Any, int, float]]:
    """From what people want and cannot have back, input by input, to what is not there."""
    n_sectors = part.shape[1]
    from scipy.sparse.csgraph import breadth_first_order

    _, there = possible(part)
    ways = ways_of_goods(part)
    staffed = (part.reach > 0) | (part.movable > 0)[:, None]
    wanted = (part.wants > 0) & ~there
    todo = [(int(p), int(k)) for p, k in np.argwhere(wanted)]
    seen = set(todo)
    inputs = part.table.pattern.tocsc()
    while todo:
        p, k = todo.pop()
        kind = "plant" if wanted[p, k] else "input"
        if part.capacity[p, k] > 0 and not staffed[p, k]:
            kind = "labour"
        elif part.capacity[p, k] > 0:
            column = k if part.table.common else p * n_sectors + k
            for row in inputs.indices[inputs.indptr[column] : inputs.indptr[column + 1]]:
                cell = (p, int(row) % n_sectors)
                if not there[cell] and cell not in seen:
                    seen.add(cell)
                    todo.append(cell)
            continue
        elif movable[p, k]:
            kind = "transport"
            start = p * n_sectors + k
            sources = breadth_first_order(ways, start, return_predecessors=False)
            makers = [(int(cell) // n_sectors, k) for cell in sources if part.capacity.flat[cell] > 0]
            if makers:  # it would come if it were made
                todo += [cell for cell in makers if cell not in seen]
                seen.update(makers)
                continue
        yield kind, part.places[p], k, float("nan")
