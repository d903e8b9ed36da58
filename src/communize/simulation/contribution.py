"""What one measure contributes, by running on without it: all other draws are the same (`rules.md` section 5, chi)."""

from typing import TYPE_CHECKING, Any

import numpy as np

from communize.declare.errors import InputError
from communize.declare.registry import REMOVED
from communize.kernels import decisions
from communize.kernels.vector import Draws
from communize.mechanisms.measures.character import DAYS
from communize.mechanisms.measures.dissolution import dissolve

if TYPE_CHECKING:
    from communize.simulation.simulation import Simulation

NOT_AGAIN = {"character.sample": 0}


def sampled(sim: "Simulation", count: int, day: int) -> np.ndarray:
    """Rows of `count` instances in force, drawn uniformly, int64."""
    rows = np.sort(sim.state.sites.instance[sim.state.sites.instance >= 0])
    u = Draws(sim.state.key, decisions.SAMPLE, day).uniform(rows, 0)
    return np.sort(rows[np.argsort(u, kind="stable")[:count]]).astype(np.int64)


def contributions(sim: "Simulation", rows: Any, days: int = DAYS) -> np.ndarray:
    """Contribution of the instances `rows` over the next `days` days, float64 (instances,), -1 to 1.

    The simulation goes on in a branch as it is, and in one more branch for each instance, ended on this day for no cause of the model. The
    contribution is the difference in people in struggle and in people who live mainly outside exchange, summed over days, divided by the
    days and the people of the instance. The simulation itself is not changed.

    Raises
    ------
    InputError
        A row of no instance in force.
    """
    state, rows = sim.state, np.asarray(rows, np.int64)
    sites = np.array([_site(sim, int(row)) for row in rows], np.int64)
    with_it = _lived(sim.branch(NOT_AGAIN), days)
    out = np.zeros(rows.size)
    for k, site in enumerate(sites):
        twin = sim.branch(NOT_AGAIN)
        people = max(1, int((state.people.measure == site).sum()))
        dissolve(twin.state, twin.state.day, sites[k : k + 1], np.array([REMOVED]))
        out[k] = np.clip((with_it - _lived(twin, days)) / (people * days), -1.0, 1.0)
    return out


def _site(sim: "Simulation", row: int) -> int:
    there = np.flatnonzero(sim.state.sites.instance == row)
    if row < 0 or not there.size:
        raise InputError("rows", row, "a row of `instances` that is in force (ended is -1)")
    return int(there[0])


def _lived(sim: "Simulation", days: int) -> float:
    """Person-days in struggle and, where there is provisioning, mainly outside exchange over the next days, in agents."""
    total, provided = 0.0, "outside_exchange" in sim.recorder.outputs
    for _ in range(days):
        sim.step()
        total += float(sim.state.places.active.sum())
        if provided:
            total += float(np.nan_to_num(sim.recorder["outside_exchange"][-1])) * len(sim.people)
    return total
