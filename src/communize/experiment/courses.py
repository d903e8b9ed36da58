"""Five courses that a crisis can take: `communising` with a few values changed, over several seeds.

``python -m communize.experiment.courses --seeds 3`` prints the table of the documentation, with and without the two levers that
could decide a result alone (the floor of fit and the pull of the horizon).
"""

import argparse
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from communize.experiment.processes import in_processes
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


def _fall(share: float) -> list[dict[str, Any]]:
    """A fall of what people can pay, from the first day on."""
    return [{"day": 0, "fall": share, "what": "a fall of wages and benefits", "source": "assumed"}]


COURSES = (
    Course("no spark", {"shock": [], "incidents.enabled": False, "struggle.spontaneous": 0.0, "economy.dismissals.enabled": False},
           "the same want, but nothing that anybody takes to the street for"),
    Course("ephemeral measures, waves", {"shock": [], "provisioning.crisis": _fall(0.1), "measures.adoption.rate": 0.8},
           "a mild crisis without the shock, and slower adoption"),
    Course("exhaustion", {"rallying.people": False},
           "the deep crisis; only those who found a measure take part in it"),
    Course("repression", {"force.rate_arrest": 1.5, "force.rate_eviction": 10.0, "force.deployment_delay": 0, "force.held_days": 90.0},
           "75 times the arrests, forty times the evictions, force at once, and people held for three months"),
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
    pooled, resolved = (result.series[name].to_numpy() for name in ("reproduction_ratio_pooled", "reproduction_ratio"))
    kappa, exchange = monthly(result.series["commodity_reproduction"].to_numpy()), exchange_of(result.series, people)
    return {
        "outcome": result.outcome.name, "instances": len(result.instances),
        "struggles_with_measures": result.instances["struggle"][result.instances["struggle"] >= 0].nunique() / max(1, len(result.struggles)),
        "R": result.outcome.generalisation_number, "R_foundings": result.outcome.generalisation_number_of_foundings, "R_peak": result.outcome.peak_generalisation_number,
        "active_peak": float((result.series["active"].sum("place") / people).max()),
        "inside_peak": float(inside.max()), "inside_last": float(inside[-1]), "waves": waves(inside),
        "life_median": float(over.median()) if len(over) else None,
        "life_p99": float(over.quantile(0.99)) if len(over) else None,
        "lambda_pooled_peak": float(pooled.max()), "lambda_pooled_last": float(pooled[-1]),
        "lambda_peak": float(resolved.max()), "lambda_last": float(resolved[-1]),
        "kappa_low": float(kappa.min()), "kappa_last": float(kappa[-1]),
        "unmet_peak": float(result.series["unmet"].max()), "unmet_last": float(result.series["unmet"][-1]),
        "exchange_low": float(np.nanmin(exchange)) if np.isfinite(exchange).any() else None, "exchange_last": float(exchange[-1]),
    }  # fmt: skip


def monthly(kappa: np.ndarray, days: int = 30, settled: int = 90) -> np.ndarray:
    """Means of kappa over 30 days; the first three months are left out, in which the State's first accounts decide it, whatever people do."""
    known = kappa[settled:] if kappa.size >= settled + days else kappa
    window = min(days, known.size)
    return np.convolve(known, np.ones(window) / window, mode="valid")


def exchange_of(series: Any, people: float, least: float = 0.001) -> np.ndarray:
    """Bought share of what participants have, mean over them, by day; not a number where fewer than `least` of all people take part."""
    inside = series["participants"].to_numpy().astype(float)
    bought, total = (series["exchange_dependence"].to_numpy() * inside).sum(axis=1), inside.sum(axis=1)
    return np.where(total >= least * people, bought / np.maximum(total, 1.0), np.nan)


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


def _one(course: Course, seed: int, people: int, levers: bool) -> dict[str, Any]:
    result = run(scenario_of(course, people=people, levers=levers), seed=seed, threads=1)
    return {"course": course.name, "seed": seed, "levers": levers, **summary_of(result)}


def table(people: int = 100_000, seeds: int = 3, workers: int = 2) -> Any:
    """One row a course, set of levers and seed, as a data frame; each run in a process of its own."""
    import pandas as pd

    jobs = [(course, seed, people, levers) for course in COURSES for levers in (True, False) for seed in range(1, seeds + 1)]
    return pd.DataFrame(in_processes(_one, jobs, workers))


def _range(values: Any, digits: int = 2, percent: bool = False) -> str:
    known = [float(value) * (100 if percent else 1) for value in values if value is not None and np.isfinite(value)]
    if not known:
        return "none"
    low, high = f"{min(known):,.{digits}f}", f"{max(known):,.{digits}f}"
    return (low if low == high else f"{low} to {high}") + (" %" if percent else "")


def markdown(frame: Any) -> str:
    """The two tables of the documentation, measures and the three numbers: each cell the lowest and highest of the seeds."""
    measures = [
        "| course | levers | outcome | struggles with measures | most people in measures | at the end | waves | median life, days |",
        "|---|---|---|---|---|---|---|---|",
    ]
    numbers = [
        "| course | levers | R highest; last | R of foundings, last | λ resolved, highest; last | λ pooled, highest; last | κ lowest; last | exchange, last | unmet need, highest; last |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for (course, levers), part in frame.groupby(["course", "levers"], sort=False):
        outcomes = ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in part["outcome"].value_counts().items())
        head = f"| {course} | {'as they are' if levers else 'both 0'} "
        measures.append(
            f"{head}| {outcomes} | {_range(part['struggles_with_measures'], 0, True)} | {_range(part['inside_peak'], 1, True)} "
            f"| {_range(part['inside_last'], 1, True)} | {_range(part['waves'], 0)} | {_range(part['life_median'], 1)} |")  # fmt: skip
        pairs = (("R_peak", "R"), ("R_foundings",), ("lambda_peak", "lambda_last"), ("lambda_pooled_peak", "lambda_pooled_last"), ("kappa_low", "kappa_last"))
        shown = ["; ".join(_range(part[name]) for name in pair) for pair in pairs]
        shown += ["; ".join(_range(part[name], 0, True) for name in pair) for pair in (("exchange_last",), ("unmet_peak", "unmet_last"))]
        numbers.append(head + "| " + " | ".join(shown) + " |")
    return "\n".join(measures) + "\n\n" + "\n".join(numbers) + "\n"


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", help="write one row a run to this file as well")
    options = parser.parse_args()
    frame = table(options.people, options.seeds, options.workers)
    if options.out:
        frame.to_csv(options.out, index=False)
    print(markdown(frame))


if __name__ == "__main__":
    main()
