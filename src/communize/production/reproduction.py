"""The reproduction ratio: which share of its own needs the taken part of production can sustain without exchange, and what binds.

lambda is the largest number for which outputs x exist with
    0 <= x_pk <= capacity_pk,    sum_k max(0, l_k x_pk - own_pk) <= movable_p,
    x - A x + g + inflow - outflow >= lambda need people,    sum of use f over what place p sends <= transport_p.
g is made without plants and inputs, as in gardens and kitchens, and need not be used. A holds what a unit of output takes, imports included and abolished sectors left out. Pooled, all goods and labour of linked places lie
in one heap; that has a closed form, and is never below lambda resolved by place, which decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from communize.declare.errors import InputError
from communize.production.reproduction_alone import bounds_alone, plans_alone, solve_alone
from communize.production.reproduction_binding import Binding, Duals, binding_constraints, duals_of_limits, what_lacks
from communize.production.reproduction_inputs import Economy, joined_components, read_economy
from communize.production.reproduction_program import nothing, solve_linked


@dataclass(frozen=True, eq=False, repr=False)
class Reproduction:
    """What `reproduction_ratio` found.

    Parameters
    ----------
    ratio
        lambda, at least 0; the smallest of all linked components in which people draw.
    pooled
        lambda if goods and labour of linked places lay in one heap: an upper bound.
    binding
        What binds, the constraint first that lambda would rise most with (`Binding.rise`).
    output
        (K,) or (P, K), output at lambda, one plan out of possibly many.
    flows
        (E, K), what goes from the first to the second place of each link, negative the other way; None without links.
    status
        closed form, or the method that solved the program (highs-ds, highs-ipm, interior-point); lacking where lambda is 0 because
        something that is wanted cannot be had at all.
    ratios
        (P,), lambda of the component that each place belongs to; infinite where nobody draws.
    duals
        Of `ratio`, for every constraint.
    imports_bought
        lambda if `imports` were bought, and not made; None without imports.
    """

    ratio: float
    pooled: float
    binding: list[Binding]
    output: np.ndarray
    flows: np.ndarray | None
    status: str
    ratios: np.ndarray
    duals: Duals
    imports_bought: float | None = None

    def __repr__(self) -> str:
        bind = "; ".join(f"{one} ({one.rise:.3g})" for one in self.binding[:5]) + (
            "; ..." if len(self.binding) > 5 else ""
        )
        return f"lambda {self.ratio:.4g} (pooled {self.pooled:.4g}, {self.status}); binding: {bind or 'nothing'}"


def reproduction_ratio(
    A: Any,
    capacity: Any,
    need: Any,
    people: Any,
    *,
    labour: Any = None,
    own_labour: Any = None,
    movable_labour: Any = None,
    links: Any = None,
    transport: Any = None,
    transport_use: Any = None,
    imports: Any = None,
    without_inputs: Any = None,
    sectors: Any = None,
    places: Any = None,
    method: str = "auto",
) -> Reproduction:
    """The largest share of its needs that what is taken can sustain, which constraints bind, and a plan that does it.

    Parameters
    ----------
    A
        (K, K), input of i for one unit of j, at least 0, spectral radius below 1: array, SciPy sparse, or a data frame with the
        sectors as rows and columns. Inputs that do not bind, as non-critical ones, and inputs from abolished sectors are 0. With P
        places the same table holds in each, or a block-diagonal (P K, P K).
    capacity
        (K,) for one place, (P, K) for P: most output per unit of time that taken plant allows; at least 0, may be infinite.
    need
        (K,) or (P, K): per person and unit of time, at least 0. What other sectors use is not need.
    people
        A number, or (P,): all who draw, not participants alone. Places without people draw nothing.
    labour
        (K,), labour per unit of output. Without it only plant binds.
    own_labour
        As capacity: labour that each sector of a place has of its own people.
    movable_labour
        A number, or (P,): labour that can work in any sector of its place.
    links
        (E, 2) whole numbers: pairs of places (rows) between which goods move, both ways. Without links nothing moves.
    transport
        (P,), labour there is for sending goods from each place; or one number for all places together. Without it and
        `transport_use` goods move freely along links.
    transport_use
        (K,), labour per unit sent along a link; or (E, K), where links differ, as by distance. Infinite: does not move.
    imports
        As A: imported inputs. They count as if they had to be made (are added to A); lambda with them bought is told as well.
    without_inputs
        As capacity, but finite: what is made per unit of time without plants, inputs and labour counted here, as in gardens, kitchens
        and workshops of neighbourhoods. It serves needs and is an input of others, can be sent, and need not be used.
    sectors, places
        Names, for messages and results. With `sectors` (or a data frame for A), whatever is (K,) may be a mapping from names (or a
        series); sectors that are left out have 0, but for `labour` and `transport_use`, which must be complete.
    method
        auto, highs-ds, highs-ipm or interior-point: how programs are solved.

    Returns
    -------
    Reproduction
        0 where nothing is taken, or something that is wanted cannot be had.

    Raises
    ------
    InputError
        Negative numbers, numbers that are not finite, shapes that do not fit, names that no sector has, labour missing, a table that
        uses up what it makes, nobody who draws, no need, or nothing that limits lambda.
    CommunizeError
        No solver found the optimum.

    References
    ----------
    Feasibility of a final demand: Leontief (1936), https://doi.org/10.2307/1927837; limits on plant and labour as in Dorfman, Samuelson
    and Solow (1958), Linear Programming and Economic Analysis, chapter 9.

    Examples
    --------
    >>> import communize as cz
    >>> one = cz.reproduction_ratio([[0.2, 0.3], [0.4, 0.1]], [25, 20], [0.1, 0.2], 100, sectors=["grain", "tools"])
    >>> round(one.ratio, 6), str(one.binding[0]), one.output.round(6).tolist()
    (0.6, 'plant of tools', [15.0, 20.0])
    """
    if method not in ("auto", "highs-ds", "highs-ipm", "interior-point"):
        raise InputError("method", method, "auto, highs-ds, highs-ipm or interior-point")
    given = {
        "labour": labour, "own_labour": own_labour, "movable_labour": movable_labour, "links": links, "transport": transport,
        "transport_use": transport_use, "without_inputs": without_inputs, "sectors": sectors, "places": places,
    }  # fmt: skip
    economy = read_economy(A, capacity, need, people, imports=imports, **given)
    found = _resolve(economy, method)
    if imports is None:
        return found
    bought = _resolve(read_economy(A, capacity, need, people, **given), method)
    return Reproduction(**{**vars(found), "imports_bought": bought.ratio})


def pooled_ratio(
    A: Any,
    capacity: Any,
    need: Any,
    people: Any,
    *,
    labour: Any = None,
    own_labour: Any = None,
    movable_labour: Any = None,
    imports: Any = None,
    without_inputs: Any = None,
    sectors: Any = None,
) -> float:
    """Lambda if all goods and labour of all places lay in one heap: closed form, exact, no program. Parameters as `reproduction_ratio`.

    The largest lambda with x_k <= plant_k and sum_k max(0, l_k x_k - own_k) <= movable, where x is the least output with
    x = max(0, A x + lambda need people - without_inputs); without the last, x = lambda (I - A)^-1 need people. Where places have different
    tables, the smallest coefficient of any place is taken, so that it stays an upper bound.
    """
    economy = read_economy(
        A, capacity, need, people, labour, own_labour, movable_labour, sectors=sectors, imports=imports, without_inputs=without_inputs
    )  # fmt: skip
    return _bounded(float(bounds_alone(economy.merged(np.zeros(economy.shape[0], dtype=np.int64)))[0]))


def pooled_ratios(
    A: Any,
    capacity: Any,
    need: Any,
    people: Any,
    group: Any,
    *,
    labour: Any = None,
    own_labour: Any = None,
    movable_labour: Any = None,
    without_inputs: Any = None,
) -> np.ndarray:
    """`pooled_ratio` of many heaps at once, the same to the last bit: (heaps,), infinite where nobody draws or needs anything.

    `group`, (P,), numbers the heap of each place, from 0. Other parameters as `reproduction_ratio`, for P places.
    """
    economy = read_economy(A, capacity, need, people, labour, own_labour, movable_labour, without_inputs=without_inputs)
    return bounds_alone(economy.merged(np.asarray(group, dtype=np.int64)), one_by_one=True)


def _bounded(ratio: float) -> float:
    if not np.isfinite(ratio):
        raise InputError(
            "capacity",
            ratio,
            "something that limits lambda: plant or labour is without end in every sector that is needed",
        )
    return ratio


def _resolve(economy: Economy, method: str) -> Reproduction:
    n_places = economy.shape[0]
    linked = joined_components(n_places, *economy.links.T)
    heaps = economy.merged(linked)
    gross = heaps.table.totals(heaps.wants)
    pooled = bounds_alone(heaps)

    # Where no transport labour is left, nothing moves.
    sender, receiver, _, goes = economy.arcs()
    way = goes.any(axis=1)
    reached = joined_components(n_places, sender[way], receiver[way])
    size = np.bincount(reached)
    if economy.transport.size == 1 and n_places > 1 and (size > 1).sum() > 1:
        raise InputError(
            "transport",
            float(economy.transport[0]),
            "a number for each place, since links join the places in more than one group",
        )
    none = np.zeros(0, dtype=np.int64)
    ratios, solutions = np.full(n_places, np.inf), {}
    output, flows = np.zeros(economy.shape), np.zeros(economy.use.shape)
    alone = np.flatnonzero(size[reached] == 1)
    singles = economy.of(alone, none)
    ratios[alone], output[alone] = plans_alone(singles)
    for component in np.flatnonzero(size > 1):
        members = np.flatnonzero(reached == component)
        if not economy.wants[members].any():
            continue
        links = np.flatnonzero((reached[economy.links] == component).all(axis=1))
        part = economy.of(members, links)
        bound = float(pooled[linked[members[0]]])
        solution = solve_linked(part, bound, method) if bound > 0 else nothing(part)
        ratios[members], solutions[component] = solution.ratio, solution
        output[members], flows[links] = solution.output, solution.flows
    ratio = _bounded(float(ratios.min()))
    with np.errstate(divide="ignore", invalid="ignore"):  # a plan may always be carried out in part
        part_of_plan = np.where(np.isfinite(ratios) & (ratios > 0), ratio / ratios, 0.0)
    output *= part_of_plan[:, None]
    flows *= part_of_plan[economy.links[:, :1]]

    lowest = reached[np.argmin(ratios)]
    members = np.flatnonzero(reached == lowest)
    if lowest in solutions:
        solution = solutions[lowest]
    else:
        solution = solve_alone(economy.of(members, none)) if ratio > 0 else nothing(economy.of(members, none))
    duals = duals_of_limits(economy, members, solution)
    if ratio > 0:
        binding = binding_constraints(economy, duals, linked, gross, ratio)
    else:
        heap = linked[members[0]]
        takes, bare = gross[heap], heaps.without_inputs[heap] > 0
        if bare.any():
            takes = heaps.table.within(~bare[None], heaps.wants[[heap], :, None])[0, :, 0]
        binding = what_lacks(economy, linked, members, takes)
    shaped = (lambda values: values[0]) if economy.flat else (lambda values: values)
    return Reproduction(
        ratio, max(float(pooled.min()), ratio), binding, shaped(output), flows if len(economy.links) else None, solution.status, ratios,
        Duals(shaped(duals.plant), shaped(duals.labour), duals.movable, duals.transport, shaped(duals.goods)),
    )  # fmt: skip
