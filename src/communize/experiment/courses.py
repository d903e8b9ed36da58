"""Five courses that a crisis can take: `communising` with a few values changed, over several seeds.

``python -m communize.experiment.courses --seeds 3`` prints the table of the documentation, with and without the two levers that
could decide a result alone (the floor of fit and the pull of the horizon).
"""

import argparse
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from communize.scenario.scenario import Scenario, load
from communize.store.run import Run
from communize.store.running import run

WITHOUT_LEVERS = {"measures.fit_floor": 0.0, "struggle.weight_horizon": 0.0}


@dataclass(frozen=True)
class Course:
    """One course: the values that make it, and why these."""

    name: str
    changes: dict[str, Any] = field(default_factory=dict)
    why: str = ""


COURSES = (
    Course("no spark", {"shock": [], "incidents.enabled": False, "struggle.spontaneous": 0.0},
           "the same want, but nothing that anybody takes to the street for"),
    Course("ephemeral measures, waves", {"shock": [], "provisioning.need": 0.3, "provisioning.coverage": 0.5, "measures.adoption.rate": 0.8},
           "a milder crisis without the shock; measures provide for half of what is essential"),
    Course("exhaustion", {"provisioning.coverage": 0.5},
           "the deep crisis; measures provide for half of what is essential, and people leave"),
    Course("repression", {"force.rate_arrest": 0.4, "force.rate_eviction": 4.0, "force.deployment_delay": 1},
           "twenty times the arrests, sixteen times the evictions, and force a day behind instead of five"),
    Course("wide generalisation", {}, "the scenario as it is"),
)  # fmt: skip


def scenario_of(course: Course, *, people: int, levers: bool = True) -> Scenario:
    """The scenario of a course."""
    return load("communising").replace({"society.people": people, **course.changes, **({} if levers else WITHOUT_LEVERS)})


def summary_of(result: Run) -> dict[str, Any]:
    """What the table shows of one run: shares are of all people."""
    people = result.info["people"]
    inside = result.series["participants"].sum("place").to_numpy() / people
    over = result.instances["duration_days"][result.instances["ended"] >= 0]
    return {
        "outcome": result.outcome.name, "instances": len(result.instances),
        "struggles_with_measures": result.instances["struggle"][result.instances["struggle"] >= 0].nunique() / max(1, len(result.struggles)),
        "R": result.outcome.generalisation_number, "R_foundings": result.outcome.generalisation_number_of_foundings, "R_peak": result.outcome.peak_generalisation_number,
        "active_peak": float((result.series["active"].sum("place") / people).max()),
        "inside_peak": float(inside.max()), "inside_last": float(inside[-1]), "waves": waves(inside),
        "life_median": float(over.median()) if len(over) else None,
        "life_p99": float(over.quantile(0.99)) if len(over) else None,
    }  # fmt: skip


def waves(share: np.ndarray, level: float = 0.001) -> int:
    """Rises of the share of people in measures, averaged over 14 days, from below `level` to twice it."""
    smooth = np.convolve(share, np.ones(14) / 14, mode="valid") if share.size >= 14 else share
    count, low = 0, True
    for value in smooth:
        if low and value > 2 * level:
            count, low = count + 1, False
        elif value < level:
            low = True
    return count


def _one(job: tuple[Course, int, int, bool]) -> dict[str, Any]:
    course, seed, people, levers = job
    result = run(scenario_of(course, people=people, levers=levers), seed=seed, threads=1)
    return {"course": course.name, "seed": seed, "levers": levers, **summary_of(result)}


def table(people: int = 100_000, seeds: int = 3, workers: int = 2) -> Any:
    """One row a course, set of levers and seed, as a data frame; each run in a process of its own."""
    import pandas as pd

    jobs = [(course, seed, people, levers) for course in COURSES for levers in (True, False) for seed in range(1, seeds + 1)]
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as processes:
        return pd.DataFrame(list(processes.map(_one, jobs)))


def _range(values: Any, digits: int = 2, percent: bool = False) -> str:
    known = [float(value) * (100 if percent else 1) for value in values if value is not None and np.isfinite(value)]
    if not known:
        return "none"
    low, high = f"{min(known):,.{digits}f}", f"{max(known):,.{digits}f}"
    return (low if low == high else f"{low} to {high}") + (" %" if percent else "")


def markdown(frame: Any) -> str:
    """The table of the documentation: each cell the lowest and highest of the seeds."""
    lines = [
        "| course | levers | outcome | R at the end | of foundings alone | highest R | struggles with measures | most people in measures | at the end | waves | median life, days |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for (course, levers), part in frame.groupby(["course", "levers"], sort=False):
        outcomes = ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in part["outcome"].value_counts().items())
        lines.append(
            f"| {course} | {'as they are' if levers else 'both 0'} | {outcomes} | {_range(part['R'])} | {_range(part['R_foundings'])} | {_range(part['R_peak'])} "
            f"| {_range(part['struggles_with_measures'], 0, True)} | {_range(part['inside_peak'], 1, True)} | {_range(part['inside_last'], 1, True)} "
            f"| {_range(part['waves'], 0)} | {_range(part['life_median'], 1)} |")  # fmt: skip
    return "\n".join(lines) + "\n"


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    print(markdown(table(options.people, options.seeds, options.workers)))


if __name__ == "__main__":
    main()
