"""Solving for lambda where goods have to be moved: a linear program. Where they need no way, `reproduction_alone`.

The program. Variables: x1, output with own labour, at most min(capacity, own / l); x2, output with movable labour, at most what plant
is left; f, what goes along each direction of a link; lambda. Each good is counted in a place's mean share of what lambda = bound takes of
it, labour likewise, so that all coefficients lie about 1 whatever the units:
    maximise lambda, x - A x + g + inflow - outflow >= lambda wants, sum_k l_k x2 <= movable, sum use f <= transport of the senders.
g, what is made without inputs, need not be used: it is the limit of the rows of goods.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from communize.declare.errors import CommunizeError
from communize.production.interior_point import maximise_last
from communize.production.reproduction_alone import Solution
from communize.production.reproduction_inputs import Economy

RESCALED_BELOW, RESCALED_ABOVE, RESCALINGS = 1e-2, 1e2, 12
TOLERANCE = 1e-9  # of solvers, in scaled units
NEGLIGIBLE = 1e-13  # plant, as a share of what a place takes
SIMPLEX_UP_TO = 1500  # place-sectors. CPU seconds of simplex, HiGHS's and our interior point at 1,000: 0.2, 0.2, 0.04; at 6,000: 14, 6, 0.6


def solve_linked(economy: Economy, bound: float, method: str = "auto") -> Solution:
    """Linked places, as a linear program.

    Parameters
    ----------
    economy
        Places that goods can move between.
    bound
        A guess of lambda from above, as the pooled one; positive. Only the scale hangs on it.
    method
        A method of `scipy.optimize.linprog`, or interior-point, or auto: chosen by size.

    Raises
    ------
    CommunizeError
        No optimum was found.

    References
    ----------
    HiGHS: Huangfu and Hall (2018), https://doi.org/10.1007/s12532-017-0130-5.
    """
    works, there = possible(economy)
    if ((economy.wants > 0) & ~there).any():
        return nothing(economy)
    program = Program(economy, works, there)
    scale = bound if np.isfinite(bound) else 1.0
    found = None
    for _ in range(RESCALINGS):
        found = program.solve(scale, method)
        if not np.isfinite(found.ratio) or RESCALED_BELOW <= found.ratio / scale <= RESCALED_ABOVE:
            return found
        scale *= min(max(found.ratio / scale, 1e-6), 1e6)
    assert found is not None
    return found


def nothing(economy: Economy, ratio: float = 0.0, status: str = "lacking") -> Solution:
    """Lambda is 0, or infinite, without a program."""
    zero = np.zeros(economy.shape)
    return Solution(
        ratio,
        zero,
        np.zeros(economy.use.shape),
        zero,
        np.zeros(economy.shape[0]),
        np.zeros(economy.transport.size),
        status,
    )


def ways_of_goods(economy: Economy) -> Any:
    """From where a good can come to a place in one step: CSR (P K, P K), rows where it arrives."""
    from scipy.sparse import coo_array

    n_places, n_sectors = economy.shape
    sender, receiver, _, goes = economy.arcs()
    arc, good = np.nonzero(goes)
    cells = (receiver[arc] * n_sectors + good, sender[arc] * n_sectors + good)
    return coo_array((np.ones(arc.size), cells), shape=(n_places * n_sectors, n_places * n_sectors)).tocsr()


def possible(economy: Economy) -> tuple[np.ndarray, np.ndarray]:
    """Which plants can work at all, and which goods a place can have at all, bool (P, K) each.

    A plant works if it is there, has labour, and can have all its inputs; a place can have a good if it is made there, with or without
    inputs, or reaches it along links. The largest set of which this is true is found by striking out what fails. Lambda is above 0 if and only if everything
    wanted can be had: a little of everything can then be made, as the table is productive. (With different tables in different places
    only one direction holds: goods may be made in a circle that uses up more than it makes.)
    """
    works = (economy.capacity > 0) & ((economy.reach > 0) | (economy.movable > 0)[:, None])
    ways = ways_of_goods(economy)
    pattern = economy.table.pattern
    while True:
        there = (works | (economy.without_inputs > 0)).ravel()
        while True:
            wider = there | (ways @ there.astype(np.float64) > 0)
            if (wider == there).all():
                break
            there = wider
        there = there.reshape(works.shape)
        short = (~there).astype(np.float64)
        missing = (pattern.T @ short.T).T if economy.table.common else (pattern.T @ short.ravel()).reshape(short.shape)
        fewer = works & (missing == 0)
        if (fewer == works).all():
            return works, there
        works = fewer


class Program:
    """The linear program of linked places; built once, scaled at each attempt.

    Only what people need, directly or not, only plants that can work and goods that can be had are in it: so there is a plan that
    leaves room everywhere, as the interior point method wants.
    """

    def __init__(self, economy: Economy, works: np.ndarray, there: np.ndarray):
        from scipy.sparse import csc_array, csr_array, eye_array, kron

        self.economy = economy
        n_places, n_sectors = economy.shape
        total = economy.wants.sum(axis=0, keepdims=True)
        gross = economy.table.totals(total if economy.table.common else np.repeat(total, n_places, axis=0)).max(axis=0)
        # With different tables a mixture may need goods that no single one needs.
        needed = economy.table.needed(
            np.repeat(gross[None] > 0, n_places if not economy.table.common else 1, axis=0)
        ).any(axis=0)
        self.gross = np.where(needed & (gross <= 0), gross[gross > 0].min(), gross)
        self.sectors = np.flatnonzero(self.gross > 0)
        kept = self.sectors.size

        matrix = csr_array(economy.table.matrix)
        if economy.table.common:
            self.inputs = csc_array(kron(eye_array(n_places), matrix[self.sectors][:, self.sectors]))
        else:
            cell = (np.arange(n_places)[:, None] * n_sectors + self.sectors).ravel()
            self.inputs = csc_array(matrix[cell][:, cell])
        self.wants = economy.wants[:, self.sectors].ravel()
        self.works, self.there = works[:, self.sectors].ravel(), there[:, self.sectors].ravel()
        capacity, reach = economy.capacity[:, self.sectors], economy.reach[:, self.sectors]
        with np.errstate(invalid="ignore"):
            beyond = np.where((capacity > reach) & (economy.movable > 0)[:, None], capacity - reach, 0.0)
        self.first = np.where(self.works, np.minimum(capacity, reach).ravel(), 0.0)
        self.second = np.where(self.works, beyond.ravel(), 0.0)
        sender, receiver, use, goes = economy.arcs()
        goes = goes[:, self.sectors] & self.there.reshape(n_places, kept)[sender]
        self.arc, self.good = np.nonzero(goes)
        self.use = use[:, self.sectors][self.arc, self.good]
        self.sender = sender[self.arc]
        self.leaves, self.arrives = self.sender * kept + self.good, receiver[self.arc] * kept + self.good

    def solve(self, scale: float, method: str) -> Solution:
        """One attempt with lambda counted in `scale`."""
        from scipy.sparse import block_array, coo_array, csc_array, diags_array, eye_array

        economy, kept = self.economy, self.sectors.size
        n_places, flows = economy.shape[0], self.arc.size
        unit = np.tile(scale * self.gross[self.sectors] / n_places, n_places)
        first, second = self.first / unit, self.second / unit
        columns_first, columns_second = np.flatnonzero(first > NEGLIGIBLE), np.flatnonzero(second > NEGLIGIBLE)
        bare = economy.without_inputs[:, self.sectors].ravel() / unit
        upper = np.concatenate([first[columns_first], second[columns_second], np.full(flows + 1, np.inf)])
        if economy.table.common:  # nobody needs more than what all take, and plant without end lets points drift away
            most = 2 * RESCALED_ABOVE * n_places
            upper[: -flows - 1], bare = np.minimum(upper[: -flows - 1], most), np.minimum(bare, most)

        net: Any = csc_array(eye_array(unit.size) - diags_array(1 / unit) @ self.inputs @ diags_array(unit))
        sign, number = np.repeat([1.0, -1.0], flows), np.tile(np.arange(flows), 2)
        moves = coo_array((sign, (np.concatenate([self.arrives, self.leaves]), number)), shape=(unit.size, flows))
        wants = csc_array((scale * self.wants / unit)[:, None])
        rows = np.flatnonzero(self.there)
        balance: Any = block_array([[-net[:, columns_first], -net[:, columns_second], -moves, wants]], format="csr")
        work = np.tile(economy.labour[self.sectors], n_places) * unit
        labour, people_at_work = _limit(columns_second // kept, work[columns_second], economy.movable)
        payer = self.sender if economy.transport.size > 1 else np.zeros(flows, dtype=np.int64)
        carrying, carriers = _limit(payer, self.use * unit[self.good], economy.transport)
        blank = [
            coo_array((people_at_work.size, columns_first.size)),
            coo_array((carriers.size, columns_first.size + columns_second.size)),
        ]
        matrix = block_array(
            [[balance[rows]], [block_array([[blank[0], labour, coo_array((people_at_work.size, flows + 1))]])],
             [block_array([[blank[1], carrying, coo_array((carriers.size, 1))]])]], format="csr")  # fmt: skip
        limits = np.concatenate([bare[rows], economy.movable[people_at_work], economy.transport[carriers]])

        found = _optimum(matrix, limits, upper, method)
        if found is None:
            return nothing(economy, np.inf, "no bound")
        x, duals, way = found
        n_first, n_second = columns_first.size, columns_second.size
        made = np.zeros(unit.size)
        made[columns_first] += x[:n_first]
        made[columns_second] += x[n_first : n_first + n_second]
        output, goods = np.zeros(economy.shape), np.zeros(economy.shape)
        output[:, self.sectors] = (made * unit).reshape(n_places, kept)
        n_links = len(economy.links)
        flowing, moved = np.zeros(economy.use.shape), x[n_first + n_second : -1] * unit[self.good]
        np.add.at(flowing, (self.arc % n_links, self.sectors[self.good]), np.where(self.arc < n_links, moved, -moved))
        price = np.zeros(unit.size)
        price[rows] = duals[: rows.size] * scale / unit[rows]
        movable, transport = np.zeros(n_places), np.zeros(economy.transport.size)
        movable[people_at_work], transport[carriers] = np.split(duals[rows.size :] * scale, [people_at_work.size])
        goods[:, self.sectors] = self._prices_of_lacking(price, movable).reshape(n_places, kept)
        return Solution(x[-1] * scale, output, flowing, goods, movable, transport, way)

    def _prices_of_lacking(self, price: np.ndarray, movable: np.ndarray) -> np.ndarray:
        """Goods that a place cannot have are worth what a plant would yield there that lacks nothing else."""
        if self.there.all():
            return price
        from scipy.sparse import coo_array

        economy, kept = self.economy, self.sectors.size
        inputs = coo_array(self.inputs)
        lacks = np.bincount(inputs.col, weights=~self.there[inputs.row], minlength=price.size)
        left = price - self.inputs.T @ price
        idle = economy.reach[:, self.sectors].ravel() <= 0
        left -= np.where(idle, np.tile(economy.labour[self.sectors], movable.size) * np.repeat(movable, kept), 0.0)
        ready = (economy.capacity[:, self.sectors].ravel() > 0) & (lacks == 1) & (left > 0)
        use = ready[inputs.col] & ~self.there[inputs.row]
        price = price.copy()
        np.maximum.at(price, inputs.row[use], left[inputs.col[use]] / inputs.data[use])
        return price


def _limit(group: np.ndarray, cost: np.ndarray, limits: np.ndarray) -> tuple[Any, np.ndarray]:
    """Rows sum cost x <= limits, one a group, for the groups that have a finite and positive limit and something to pay."""
    from scipy.sparse import coo_array

    paid = cost > 0
    bound = np.flatnonzero(np.isfinite(limits) & (limits > 0) & (np.bincount(group[paid], minlength=limits.size) > 0))
    row = np.full(limits.size, -1)
    row[bound] = np.arange(bound.size)
    column = np.flatnonzero(paid & (row[group] >= 0))
    return coo_array((cost[column], (row[group[column]], column)), shape=(bound.size, group.size)), bound


def _optimum(
    matrix: Any, limits: np.ndarray, upper: np.ndarray, method: str
) -> tuple[np.ndarray, np.ndarray, str] | None:
    """The largest last variable, the duals of rows, and how they were found; None if there is no bound."""
    from scipy.optimize import linprog

    small = matrix.shape[0] <= SIMPLEX_UP_TO
    ways = (
        [method]
        if method != "auto"
        else ["highs-ds", "highs-ipm"]
        if small
        else ["interior-point", "highs-ipm", "highs-ds"]
    )
    objective = np.zeros(upper.size)
    objective[-1] = -1.0
    weight = 1.0 / np.maximum(limits, abs(matrix).max(axis=1).toarray().ravel())
    matrix.data *= np.repeat(weight, np.diff(matrix.indptr))
    limits = limits * weight
    failed = ""
    for way in ways:
        if way == "interior-point":
            found = maximise_last(matrix, limits, upper, TOLERANCE)
            if found is not None:
                return found[0], found[1] * weight, way
            failed += " interior-point: not solved;"
            continue
        answer = linprog(
            objective, A_ub=matrix, b_ub=limits, bounds=np.column_stack([np.zeros(upper.size), upper]), method=way,
            options={"primal_feasibility_tolerance": TOLERANCE, "dual_feasibility_tolerance": TOLERANCE},
        )  # fmt: skip
        if answer.status == 3:
            return None
        if answer.status == 0:
            return np.maximum(answer.x, 0.0), np.maximum(-answer.ineqlin.marginals, 0.0) * weight, way
        failed += f" {way}: {answer.message};"
    raise CommunizeError(f"reproduction ratio: no optimum was found:{failed[:-1]}")
