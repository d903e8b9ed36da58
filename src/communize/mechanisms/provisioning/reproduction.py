"""The reproduction ratio of what measures hold: of each component of linked places, and of the largest resolved by place (`model.md` section 4.3)."""

from typing import Any

import numpy as np

from communize.declare.registry import Column
from communize.mechanisms.base import State

NONE = float("nan")
ALIKE = 1e-6  # share by which what binds alike may differ

COLUMNS = (
    Column("places", "reproduction", "float32", "1", "pooled reproduction ratio of the linked places to which this one belongs", (0, None)),
    Column("tally", "ratio", "float64", "1", "reproduction ratio of the component with most participants, resolved by place", (0, None)),
    Column("tally", "ratio_pooled", "float64", "1", "the same as if nothing had to be moved: an upper bound", (0, None)),
    Column("tally", "ratio_strict", "float64", "1", "the pooled ratio if production needed every input", (0, None)),
    Column("tally", "ratio_imports", "float64", "1", "the pooled ratio if imported inputs were bought", (0, None)),
    Column("tally", "ratio_day", "int32", "day", "day on which it was last resolved, -1 for never", (-1, None), -1),
    Column("tally", "ratio_binds", "int32", "sector row", "sector that binds it most, -1 for none", (-1, None), -1),
    Column("tally", "ratio_binds_place", "int32", "place row", "place in which that sector binds it, -1 for none", (-1, None), -1),
)


def forget(state: State) -> None:
    """Nothing is held in common."""
    tally = state.tally
    state.places.reproduction[:] = 0
    tally.ratio[0] = tally.ratio_pooled[0] = tally.ratio_strict[0] = tally.ratio_imports[0] = 0.0
    tally.ratio_binds[0] = tally.ratio_binds_place[0] = -1


def solve(state: State, day: int, industry: Any, common: Any, p: Any) -> None:
    """Write the ratios of all components, and of the one with most participants resolved by place where that is due.

    What neighbourhoods make without plants and inputs counts as far as the labour that measures have there for each need; labour that
    could be reassigned from plants and finds nothing to do there does not, though it also works there (`free.produce`).

    Parameters
    ----------
    industry
        Coefficients and needs (`industry.Industry`).
    common
        What measures hold and who draws (`common.Common`).
    p
        How often and how exactly (`settings.Ratio`).
    """
    from communize.production.reproduction import pooled_ratio, pooled_ratios, reproduction_ratio

    tally, places = state.tally, state.places
    inside = common.drawers[:, 0] > 0
    if not inside.any():
        return forget(state)
    places.reproduction[:] = 0
    contact, linked = state.society.contact, state.contacts.linked
    component, n = _components(inside, contact, linked)
    labour = np.where(industry.per_worker > 0, 1.0 / np.maximum(industry.per_worker, 1e-300), 0.0)
    at_home = common.per_worker * common.p.home_productivity

    def held(rows: np.ndarray) -> dict[str, Any]:
        people, need = common.who_draws(rows)
        return {
            "capacity": common.plant[rows], "need": need, "people": people, "labour": labour, "own_labour": common.own[rows],
            "movable_labour": common.moving[rows].sum(axis=1), "without_inputs": common.home[rows] * at_home,
        }  # fmt: skip

    rows = np.flatnonzero(inside)
    given, pooled = held(rows), np.zeros(n)
    if (given["people"][:, None] * given["need"]).any():
        ratios = pooled_ratios(common.A, **given, group=component[rows])
        pooled = np.where(np.isfinite(ratios), ratios, 0.0)
    places.reproduction[inside] = pooled[component[inside]]
    largest = int(np.argmax(np.bincount(component[inside], weights=common.drawers[inside, 0], minlength=n)))
    rows = np.flatnonzero(component == largest)
    given = held(rows)
    since = day - tally.ratio_day[0]
    tally.ratio_pooled[0] = pooled[largest]
    if not (given["people"][:, None] * given["need"]).any():  # where nobody needs anything there is no ratio
        tally.ratio_strict[0] = tally.ratio_imports[0] = tally.ratio[0] = 0.0
        tally.ratio_binds[0] = tally.ratio_binds_place[0] = -1
        return
    tally.ratio_strict[0] = pooled_ratio(common.A_strict, **given)
    tally.ratio_imports[0] = pooled_ratio(common.A_domestic, **given)
    if tally.ratio_day[0] < 0 or since >= p.resolved_days or (pooled[largest] >= 1.0 and since >= p.every_days):
        found = reproduction_ratio(
            common.A, **given, links=_links(rows, component, largest, contact, linked, p.links), transport=common.carrying[rows], transport_use=np.ones(labour.size))  # fmt: skip
        tally.ratio[0], tally.ratio_day[0] = found.ratio, day
        tally.ratio_binds[0], tally.ratio_binds_place[0] = _binds_most(found, rows)
    tally.ratio[0] = min(tally.ratio[0], pooled[largest])


def _components(inside: np.ndarray, contact: Any, linked: np.ndarray) -> tuple[np.ndarray, int]:
    """Numbers of the components of places `inside` that links join, in the order of their first place, int64 (places,), -1 for others; how many."""
    start = np.repeat(np.arange(inside.size), np.diff(contact.offsets))
    edges = np.flatnonzero((linked != 0) & inside[start] & inside[contact.neighbours]) if linked.any() else np.zeros(0, np.int64)
    component = np.full(inside.size, -1, np.int64)
    found, component[inside] = np.unique(contact.components(edges)[inside], return_inverse=True)
    return component, found.size


def _binds_most(found: Any, rows: np.ndarray) -> tuple[int, int]:
    """Sector of which more would raise lambda most, and the first of `rows` in which that is so, -1 for none: what moves is worth the same in many, up to rounding."""
    named = [one for one in found.binding if one.sector is not None]
    if not named or named[0].place is None:
        return named[0].sector if named else -1, -1
    if not found.ratio > 0:
        return named[0].sector, int(rows[named[0].place])
    least = (1.0 - ALIKE) * named[0].rise
    return named[0].sector, int(rows[min(one.place for one in named if one.sector == named[0].sector and one.rise >= least)])


def _links(rows: np.ndarray, component: np.ndarray, number: int, contact: Any, linked: np.ndarray, strongest: int) -> np.ndarray:
    """Pairs of linked places of a component, as positions in `rows`, each once, int64 (links, 2); with `strongest` above 0, only those
    that are among that many strongest linked contacts of one of the two.
    """
    if not linked.any():
        return np.empty((0, 2), np.int64)
    at = np.full(component.size, -1, np.int64)
    at[rows] = np.arange(rows.size)
    start = np.repeat(np.arange(component.size), np.diff(contact.offsets))
    edges = np.flatnonzero((linked != 0) & (component[start] == number) & (component[contact.neighbours] == number))
    if strongest > 0:
        edges = contact.strongest(edges, strongest)
    pairs = np.sort(np.column_stack([at[start[edges]], at[contact.neighbours[edges]]]), axis=1)
    return np.unique(pairs, axis=0)
