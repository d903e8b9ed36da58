"""Many runs: every point of a plan with every seed, each run once, nothing lost when the machine stops."""

import itertools
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from communize.declare.errors import InputError
from communize.experiment.figures import Figure
from communize.experiment.folder import PLAN, Folder, write_atomically
from communize.experiment.plan import Plan, make_plan
from communize.experiment.results import Results, collect, finish, read_ensemble
from communize.experiment.stopping import BATCH, Rounds, Rule, parse_rule
from communize.experiment.vary import grid
from communize.experiment.workers import pool
from communize.scenario.scenario import Scenario

Progress = Callable[[int, int, int], None]
Say = Callable[[str], None]


def perform(
    scenario: str | Path | Scenario, points: Sequence[Mapping[str, Any]], *, seeds: int | Sequence[int] = 1, days: int | None = None,
    out: str | Path | None = None, scheduler: str | None = None, workers: int | None = None, figures: Sequence[Figure] | None = None,
    series: Sequence[str] | None = None, until: str | None = None, retry_failed: bool = False, progress: Progress | None = None,
    say: Say | None = None,
) -> Results:  # fmt: skip
    """Run every point with every seed; the results are those of these points and seeds, whatever else the folder holds.

    Parameters
    ----------
    scenario
        A `Scenario`, the name of a case, or a TOML file.
    points
        Values by dotted path, as `Scenario.replace` takes them; ``{}`` is the scenario itself.
    seeds
        The seeds, the same at every point (common random numbers); or how many, counted from the scenario's own.
    days
        Length of every run; the scenario's if omitted.
    out
        A folder that keeps every finished run from the moment it arrives. What it holds already is not run again.
    scheduler
        Address of a Dask scheduler whose workers make the runs.
    workers
        Without a scheduler: processes of this machine, one a core if omitted; 0 for this process alone, without Dask.
    figures
        Further columns of the table: ``variable:reduction`` such as ``active:max``, ``module:function``, or a function of a `Run`
        that gives a number; see `communize.experiment.figures`.
    series
        Variables whose daily series are kept.
    until
        Stop a point when half the width of a figure's 95 % interval is small enough: ``active:max<5%``. `seeds` are then the most.
    retry_failed
        Run again what failed before; otherwise it stays failed.
    progress
        Called with (runs finished, failed among them, runs in all) at the start and after every run.
    say
        Called with what is going on, in words.

    Raises
    ------
    InputError
        A point, seed, figure or folder that cannot be used; nothing has been run then.
    CommunizeError
        The disk became full, or the scheduler is gone; what was finished before is kept.
    """
    rule = parse_rule(until)
    wanted = list(figures or ())
    if rule is not None and ":" in rule.figure and rule.figure not in wanted:
        wanted.append(rule.figure)
    plan = make_plan(scenario, points, seeds=seeds, days=days, figures=wanted, series=series or ())
    if rule is not None and len(plan.seeds) < BATCH:
        raise InputError("seeds", len(plan.seeds), f"{BATCH} or more with until: the interval is looked at after every {BATCH} runs")
    if out is not None:
        return _perform(plan, Path(out), rule, until, scheduler, workers, retry_failed, progress, say)
    with tempfile.TemporaryDirectory(prefix="communize-") as folder:
        return _perform(plan, Path(folder), rule, until, scheduler, workers, retry_failed, progress, say, keep=False)


def _perform(
    plan: Plan, path: Path, rule: Rule | None, until: str | None, scheduler: str | None, workers: int | None, retry_failed: bool,
    progress: Progress | None, say: Say | None, keep: bool = True,
) -> Results:  # fmt: skip
    with Folder(path, plan) as folder:
        finished, failed = _finished(folder, rule, retry_failed)
        rounds = Rounds(plan, finished, rule)
        total = len(plan.distinct) * len(plan.seeds)
        asked = {plan.address(point, seed) for point, seed in itertools.product(plan.distinct, plan.seeds)}
        n_done, n_failed = len(asked & finished.keys()), len(asked & failed)
        del asked
        if progress is not None:
            progress(n_done, n_failed, total)
        first = rounds()
        if first is not None:
            pending = itertools.chain([first], iter(rounds, object()))
            with pool(workers, scheduler, total - n_done, say) as workers_at_work:
                for done in workers_at_work.perform(lambda: next(pending), warm=first):
                    folder.append(done)
                    rounds.record(done["address"], done["row"])
                    n_done += 1
                    if done["row"]["status"] == "failed":
                        n_failed += 1
                        if say is not None:
                            say(f"failed, seed {done['row']['seed']}: {done['row']['reason']}")
                    if progress is not None:
                        progress(n_done, n_failed, total)
        asked_for = {**plan.to_dict(), "stopped": rounds.stopped, "until": until}
        if keep:
            content = {**folder.content, "stopped": rounds.stopped, "until": until}
            write_atomically(path / PLAN, json.dumps(content, indent=1, default=str) + "\n")
            finish(path, content, folder.records())
        return collect(asked_for, folder.records(), rounds.stopped)


def _finished(folder: Folder, rule: Rule | None, retry_failed: bool) -> tuple[dict[str, float | None], set[str]]:
    """What a folder holds already: the rule's figure by address, and which of them failed."""
    finished: dict[str, float | None] = {}
    failed: set[str] = set()
    for record in folder.records():
        address, row = record["address"], record["row"]
        failed.discard(address)
        if row["status"] == "failed":
            failed.add(address)
        finished[address] = row.get(rule.figure) if rule is not None and row["status"] == "done" else None
    if retry_failed:
        finished = {address: value for address, value in finished.items() if address not in failed}
        failed = set()
    return finished, failed


def ensemble(scenario: str | Path | Scenario, seeds: int | Sequence[int] = 20, **options: Any) -> Results:
    """Run one scenario with several seeds; the options are those of `perform`."""
    return perform(scenario, [{}], seeds=seeds, **options)


def sweep(scenario: str | Path | Scenario, vary: Mapping[str, Sequence[Any]], seeds: int | Sequence[int] = 1, **options: Any) -> Results:
    """Run a full grid: every combination of the values given by path, with every seed; the options are those of `perform`."""
    return perform(scenario, grid(vary), seeds=seeds, **options)


__all__ = ["Results", "ensemble", "grid", "perform", "read_ensemble", "sweep"]
