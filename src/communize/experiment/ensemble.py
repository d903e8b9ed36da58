"""Many runs: every point of a plan with every seed, and their figures as one table."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from communize.experiment.figures import NUMBERS, Figure, name_of
from communize.experiment.plan import Plan, make_plan
from communize.experiment.workers import pool
from communize.scenario.scenario import Scenario


class Results:
    """What many runs gave.

    Attributes
    ----------
    table
        Data frame, one row a (point, seed): `point`, the varied paths, `seed`, `status` (``done`` or ``failed``), `reason`, figures.
    plan
        What was run.
    """

    def __init__(self, plan: Plan, table: Any):
        self.plan, self.table = plan, table

    def __repr__(self) -> str:
        done = int((self.table["status"] == "done").sum())
        return f"<Results {self.plan.scenario.name}: {len(self.plan.points)} points, {done} runs done, {len(self.table) - done} failed>"


def perform(
    scenario: str | Path | Scenario, points: Sequence[dict[str, Any]], *, seeds: int | Sequence[int] = 1, days: int | None = None,
    out: str | Path | None = None, scheduler: str | None = None, workers: int | None = None, figures: Sequence[Figure] | None = None,
    until: str | None = None, progress: Callable[[int, int, int], None] | None = None,
) -> Results:  # fmt: skip
    """Run every point with every seed.

    Parameters
    ----------
    points
        Values by dotted path, as `Scenario.replace` takes them; ``{}`` is the scenario itself.
    seeds
        Seeds of every point (common random numbers), or how many, counted from the scenario's own.
    workers
        Processes of this machine (one a core if omitted); 0 for this process alone, without Dask.
    figures
        Further figures, see `communize.experiment.figures`.
    """
    import pandas as pd

    plan = make_plan(scenario, points, seeds=seeds, days=days, figures=figures or ())
    jobs = list(itertools.chain.from_iterable(plan.jobs(point) for point in range(len(plan.points))))
    rows, failed = {}, 0
    with pool(workers, scheduler, len(jobs)) as workers_at_work:
        for done in workers_at_work.perform(jobs):
            row = done["row"]
            rows[row["point"], row["seed"]] = {**row, **plan.varied(row["point"])}
            failed += row["status"] == "failed"
            if progress is not None:
                progress(len(rows), failed, len(jobs))
    names = list(dict.fromkeys(("point", *plan.paths, "seed", "status", "reason", *(name for row in rows.values() for name in row))))
    table = pd.DataFrame([rows[key] for key in sorted(rows)], columns=names)
    numbers = [name for name in (*NUMBERS, *map(name_of, plan.figures), "seconds") if name in table]
    return Results(plan, table.astype({name: "float64" for name in numbers}))
