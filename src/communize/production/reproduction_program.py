"""Solving for lambda: in closed form where goods need no way, as a linear program where they have to be moved.

The closed form. With Y the gross output for lambda = 1, all goods of a place being made there, lambda is the smallest of
capacity_k / Y_k and of the labour bound: the lambda at which sum_k max(0, lambda l_k Y_k - own_k) = movable. That sum is the largest of
sum_S (lambda l_k Y_k - own_k) over sets S of sectors, hence lambda = min_S (movable + own_S) / (l Y)_S, and the smallest is reached on
a set of sectors whose own labour gives out first.

The program. Variables: x1, output with own labour, at most min(capacity, own / l); x2, output with movable labour, at most what plant
is left; f, what goes along each direction of a link; lambda. Each good is counted in a place's mean share of what lambda = bound takes of
it, labour likewise, so that all coefficients lie about 1 whatever the units:
    maximise lambda, x - A x + inflow - outflow >= lambda wants, sum_k l_k x2 <= movable, sum use f <= transport of the senders.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from communize.declare.errors import CommunizeError
from communize.production.reproduction_inputs import Economy

TIE = 1e-9  # constraints that would allow a lambda so little above (relative) bind as well
RESCALED_BELOW, RESCALED_ABOVE, RESCALINGS = 1e-2, 1e2, 12
TOLERANCE = 1e-9  # of HiGHS, in scaled units
SIMPLEX_UP_TO = 3000  # place-sectors


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


def bounds_alone(economy: Economy) -> np.ndarray:
    """Lambda of every place by itself, (P,): infinite where nobody draws."""
    gross = economy.table.totals(economy.wants)
    bounds = plant_bounds(economy.capacity, gross).min(axis=1)
    if economy.labour is not None:
        bounds = np.minimum(bounds, labour_bounds(economy.labour * gross, economy.own, economy.movable))
    return bounds


def solve_alone(economy: Economy) -> Solution:
    """One place by itself. Where several constraints bind at once, the duals are shared among them equally."""
    gross = economy.table.totals(economy.wants)[0]
    plants = plant_bounds(economy.capacity, gross[None])[0]
    by_labour, work = np.inf, np.zeros_like(gross)
    if economy.labour is not None:
        work = economy.labour * gross
        by_labour = labour_bounds(work[None], economy.own, economy.movable)[0]
    ratio = min(float(plants.min()), float(by_labour))
    bind = plants <= ratio * (1 + TIE)
    labour_binds = by_labour <= ratio * (1 + TIE)
    share = 1.0 / (bind.sum() + labour_binds)
    weights = np.zeros_like(gross)
    weights[bind] = share / gross[bind]
    movable = 0.0
    if labour_binds and economy.labour is not None:
        at_work = (work > 0) & (economy.own[0] <= ratio * work * (1 + TIE))
        movable = share / work[at_work].sum()
        weights[at_work] += movable * economy.labour[at_work]
    goods = economy.table.values(weights[None])
    return Solution(
        ratio, ratio * gross[None], np.zeros((0, gross.size)), goods, np.array([movable]), np.zeros(economy.transport.size), "closed form"
    )


def solve_linked(economy: Economy, bound: float, method: str = "auto") -> Solution:
    """Linked places, by HiGHS.

    Parameters
    ----------
    economy
        Places that goods can move between.
    bound
        A guess of lambda from above, as the pooled one; positive. Only the scale hangs on it.
    method
        A method of `scipy.optimize.linprog`, or auto: chosen by size.

    Raises
    ------
    CommunizeError
        HiGHS found no optimum.

    References
    ----------
    Huangfu and Hall (2018), https://doi.org/10.1007/s12532-017-0130-5.
    """
    program = Program(economy)
    scale = bound if np.isfinite(bound) else 1.0
    for attempt in range(RESCALINGS):
        found = program.solve(scale, method)
        if found is None:
            return program.unbounded()
        if RESCALED_BELOW <= found.ratio / scale <= RESCALED_ABOVE:
            return found
        if attempt == 0 and lacking(economy).any():
            return program.nothing()
        scale *= min(max(found.ratio / scale, 1e-6), 1e6)
    return found


def lacking(economy: Economy) -> np.ndarray:
    """Which goods a place wants and can by no means have, bool (P, K). Lambda is above 0 if and only if there is none.

    A plant works if it is there, has labour, and can have all its inputs; a place can have a good if it is made there or reaches it
    along links. The largest set of plants and goods of which this is true is found by striking out what fails. (Where places have
    different tables, only the "if" can fail.)
    """
    works = (economy.capacity > 0) & ((economy.reach > 0) | (economy.movable > 0)[:, None])
    sender, receiver, _, possible = economy.arcs()
    pattern = economy.table.pattern
    while True:
        there = works.copy()
        while True:
            wider = there.copy()
            np.logical_or.at(wider, receiver, there[sender] & possible)
            if (wider == there).all():
                break
            there = wider
        short = (~there).astype(np.float64)
        missing = (pattern.T @ short.T).T if economy.table.common else (pattern.T @ short.ravel()).reshape(short.shape)
        fewer = works & (missing == 0)
        if (fewer == works).all():
            return (economy.wants > 0) & ~there
        works = fewer


class Program:
    """The linear program of linked places; built once, scaled at each attempt."""

    def __init__(self, economy: Economy):
        from scipy.sparse import block_diag, csc_array, csr_array, kron

        self.economy = economy
        n_places, n_sectors = economy.shape
        total = economy.wants.sum(axis=0)
        everywhere = np.broadcast_to(total, economy.shape)
        gross = economy.table.totals(total[None] if economy.table.common else everywhere).max(axis=0)
        # In a mixture of tables a good may be needed that no single one needs.
        needed = economy.table.needed(np.broadcast_to(gross, economy.shape) > 0).any(axis=0)
        self.gross = np.where(gross > 0, gross, np.where(needed, gross[gross > 0].min(), 0.0))
        self.needed = np.flatnonzero(self.gross > 0)
        kept = self.needed.size
        row = np.full(n_sectors, -1)
        row[self.needed] = np.arange(kept)

        cell = (np.arange(n_places)[:, None] * n_sectors + self.needed).ravel()
        matrix = csr_array(economy.table.matrix)
        if economy.table.common:
            matrix = kron(csr_array(np.eye(n_places)), matrix[self.needed][:, self.needed], format="csc")
        else:
            matrix = csc_array(matrix[cell][:, cell])
        del block_diag
        self.matrix = matrix  # (cells, cells): inputs of each needed good in each place
        self.wants = economy.wants[:, self.needed]
        capacity, reach = economy.capacity[:, self.needed], economy.reach[:, self.needed]
        self.first = np.minimum(capacity, reach).ravel()
        with np.errstate(invalid="ignore"):
            self.second = np.where(capacity > reach, capacity - reach, 0.0).ravel()
        self.second[np.repeat(economy.movable <= 0, kept)] = 0.0
        self.columns_first, self.columns_second = np.flatnonzero(self.first > 0), np.flatnonzero(self.second > 0)
        sender, receiver, use, possible = economy.arcs()
        self.arc, self.good = np.nonzero(possible[:, self.needed])
        self.use = use[:, self.needed][self.arc, self.good]
        self.sender = sender[self.arc]
        self.leaves, self.arrives = self.sender * kept + self.good, receiver[self.arc] * kept + self.good

    def solve(self, scale: float, method: str) -> Solution | None:
        """One attempt with lambda counted in `scale`; None if lambda has no bound."""
        from scipy.optimize import linprog
        from scipy.sparse import block_array, coo_array, csc_array, diags_array, eye_array, vstack

        economy, kept = self.economy, self.needed.size
        n_places = economy.shape[0]
        cells, flows = n_places * kept, self.arc.size
        unit = np.tile(scale * self.gross[self.needed] / n_places, n_places)
        net = eye_array(cells, format="csc") - diags_array(1 / unit) @ self.matrix @ diags_array(unit)
        net = csc_array(net)
        number = np.arange(flows)
        moves = coo_array(
            (np.repeat([1.0, -1.0], flows), (np.concatenate([self.arrives, self.leaves]), np.tile(number, 2))), shape=(cells, flows)
        )
        wants = csc_array((scale * self.wants.ravel() / unit)[:, None])
        upper = [self.first[self.columns_first] / unit[self.columns_first], self.second[self.columns_second] / unit[self.columns_second]]
        n_second = self.columns_second.size
        blocks: list[list[Any]] = [[-net[:, self.columns_first], -net[:, self.columns_second], -moves, wants]]
        limits, labour_unit, transport_unit = [np.zeros(cells)], 1.0, 1.0
        working = np.zeros(0, dtype=np.int64)
        if n_second:
            labour = np.tile(economy.labour[self.needed], n_places) * unit  # type: ignore
            labour_unit = labour.sum() / n_places
            working = np.flatnonzero(np.isfinite(economy.movable) & (economy.movable > 0))
            place = self.columns_second // kept
            row = np.full(n_places, -1)
            row[working] = np.arange(working.size)
            there = row[place] >= 0
            used = coo_array(
                (labour[self.columns_second][there] / labour_unit, (row[place][there], np.flatnonzero(there))), shape=(working.size, n_second)
            )
            blocks.append([None, used, None, None])
            limits.append(economy.movable[working] / labour_unit)
        moving = np.flatnonzero(np.isfinite(economy.transport) & (economy.transport > 0)) if (self.use > 0).any() else working[:0]
        if moving.size:
            cost = self.use * unit[self.good]
            transport_unit = cost.max()
            row = np.full(economy.transport.size, -1)
            row[moving] = np.arange(moving.size)
            payer = row[np.minimum(self.sender, economy.transport.size - 1)]
            there = (payer >= 0) & (cost > 0)
            used = coo_array((cost[there] / transport_unit, (payer[there], number[there])), shape=(moving.size, flows))
            blocks.append([None, None, used, None])
            limits.append(economy.transport[moving] / transport_unit)
        inequalities = block_array(blocks, format="csr")
        top = np.concatenate([*upper, np.full(flows + 1, np.inf)])
        objective = np.zeros(top.size)
        objective[-1] = -1.0
        del vstack
        found = None
        for way in self.methods(method):
            found = linprog(
                objective, A_ub=inequalities, b_ub=np.concatenate(limits), bounds=np.column_stack([np.zeros(top.size), top]), method=way,
                options={"primal_feasibility_tolerance": TOLERANCE, "dual_feasibility_tolerance": TOLERANCE},
            )  # fmt: skip
            if found.status in (0, 3):
                break
        if found is None or found.status not in (0, 3):
            raise CommunizeError(f"reproduction ratio: HiGHS found no optimum: {getattr(found, 'message', method)}")
        if found.status == 3:
            return None
        return self.solution(found, scale, unit, working, moving, labour_unit, transport_unit)

    def methods(self, method: str) -> tuple[str, ...]:
        """The methods to try, in order."""
        if method != "auto":
            return (method,)
        small = self.wants.size <= SIMPLEX_UP_TO
        return ("highs-ds", "highs-ipm") if small else ("highs-ipm", "highs-ds")

    def solution(self, found: Any, scale: float, unit: np.ndarray, working: Any, moving: Any, labour_unit: float, transport_unit: float) -> Solution:
        """What HiGHS found, in the units that came in."""
        economy, kept = self.economy, self.needed.size
        n_places, n_sectors = economy.shape
        n_first, n_second = self.columns_first.size, self.columns_second.size
        made = np.zeros(unit.size)
        made[self.columns_first] += found.x[:n_first]
        made[self.columns_second] += found.x[n_first : n_first + n_second]
        output = np.zeros(economy.shape)
        output[:, self.needed] = (made * unit).reshape(n_places, kept)
        flows = np.zeros(economy.use.shape)
        moved = found.x[n_first + n_second : -1] * unit[self.good]
        n_links = len(economy.links)
        np.add.at(flows, (self.arc % max(n_links, 1), self.needed[self.good]), np.where(self.arc < n_links, moved, -moved))
        duals = -found.ineqlin.marginals * scale
        cells = unit.size
        goods = np.zeros(economy.shape)
        goods[:, self.needed] = np.maximum(duals[:cells] / unit, 0.0).reshape(n_places, kept)
        movable, transport = np.zeros(n_places), np.zeros(economy.transport.size)
        movable[working] = duals[cells : cells + working.size] / labour_unit
        transport[moving] = duals[cells + working.size :] / transport_unit
        return Solution(-found.fun * scale, output, flows, goods, movable, transport, "optimal")
