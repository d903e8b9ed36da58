"""One run of each outcome class, from documented parameter regions, and how often each region gives which class.

``python -m communize.experiment.outcomes --seeds 5`` prints the table of the documentation.
"""

import argparse
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from communize.experiment.courses import WITHOUT_LEVERS
from communize.experiment.figures import value_of
from communize.experiment.processes import in_processes


@dataclass(frozen=True)
class Region:
    """A scenario with values changed, in which a class of outcomes comes up.

    Parameters
    ----------
    aims_at
        The class that it was written for; runs may end otherwise, and the table says how many do.
    case, changes
        What is run.
    why
        The region in words.
    """

    aims_at: str
    case: str
    why: str
    changes: dict[str, Any] = field(default_factory=dict)


def deep(fall: float) -> list[dict[str, Any]]:
    """A crisis from the first day."""
    return [{"day": 0, "fall": fall, "what": "a fall of wages and benefits", "source": "assumed, 0.3 to 0.9"}]


REGIONS = (
    Region("no_spark", "communising", "the same crisis, but nothing that anybody takes to the street for",
           {"shock": [], "incidents.enabled": False, "struggle.spontaneous": 0.0, "economy.dismissals.enabled": False}),
    Region("integration", "restructured", "strong mediation, and most of what is demanded is conceded",
           {"acts.rate_concession": 1.0, "mediation.strength": 2.0}),
    Region("exhaustion", "communising", "only those who found a measure take part in it",
           {"rallying.people": False}),
    Region("repression", "communising", "75 times the arrests, forty times the evictions, force at once and people held for three months",
           {"force.rate_arrest": 1.5, "force.rate_eviction": 10.0, "force.deployment_delay": 0, "force.held_days": 90.0}),
    Region("recuperation", "communising", "mediation three times as strong, fifty times as many offers of a legal status, practices that suspend much",
           {"mediation.rate_offer": 1.0, "mediation.strength": 3.0, "measures.reinvention.content_mean": 0.7}),
    Region("counter_revolution", "communising", "new practices reproduce more relations than they suspend",
           {"measures.reinvention.content_mean": -0.5}),
    Region("unresolved", "communising", "the crisis as it is, over after 40 days",
           {"run.days": 40}),
    Region("rupture", "communising", "a deeper crisis, quick adoption and rallying, no ebb, weak force, practices that suspend much, and more that neighbourhoods can make",
           {"provisioning.crisis": deep(0.6), "measures.adoption.rate": 4.0, "rallying.rate": 1.0, "dissolution.ebb": 0.0, "dissolution.isolation": 0.02,
            "force.rate_arrest": 0.005, "force.rate_eviction": 0.05, "provisioning.free.home_productivity": 0.3, "measures.reinvention.content_mean": 0.6}),
)  # fmt: skip


def run_of(region: Region, seed: int, people: int, levers: bool) -> dict[str, Any]:
    """Outcome and the three numbers of one run."""
    from communize.scenario.scenario import load
    from communize.store.running import run

    changes = {"society.people": people} | region.changes | ({} if levers else WITHOUT_LEVERS)
    done = run(load(region.case).replace(changes), seed=seed, threads=1)
    inside = done.series["participants"].sum("place").to_numpy() / people if "participants" in done.series else np.zeros(1)

    return {
        "region": region.aims_at, "seed": seed, "levers": levers, "outcome": done.outcome.name, "day": done.outcome.day, "R": done.outcome.generalisation_number,
        "lambda": value_of(done, "reproduction_ratio:max"), "pooled": value_of(done, "reproduction_ratio_pooled:max"), "kappa": value_of(done, "commodity_reproduction:min"),
        "most": float(inside.max()), "last": float(inside[-1]),
    }  # fmt: skip


def table(people: int, seeds: int, only: list[str] | None = None, workers: int = 2) -> Any:
    """A data frame, one row a region, set of levers and seed."""
    import pandas as pd

    jobs = [(region, seed, people, levers) for region in REGIONS if not only or region.aims_at in only for levers in (True, False) for seed in range(1, seeds + 1)]
    return pd.DataFrame(in_processes(run_of, jobs, workers))


def markdown(frame: Any) -> str:
    """The table of the documentation: means over seeds, and every outcome with its count."""
    lines = ["| region | levers | outcomes | R, last | lambda, highest | pooled | kappa, lowest | most in measures | at the end |", "|---" * 9 + "|"]
    for (region, levers), part in frame.groupby(["region", "levers"], sort=False):
        outcomes = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in part["outcome"].value_counts().items())
        cells = [f"{part[name].mean():.2f}" if part[name].notna().any() else "none" for name in ("R", "lambda", "pooled", "kappa")]
        lines.append(
            f"| {region.replace('_', ' ')} | {'as they are' if levers else 'both 0'} | {outcomes} | {' | '.join(cells)} | {part['most'].mean():.1%} | {part['last'].mean():.1%} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--region", action="append", default=[], help="only these; repeatable")
    parser.add_argument("--out", default="")
    options = parser.parse_args()
    frame = table(options.people, options.seeds, options.region)
    if options.out:
        frame.to_csv(options.out, index=False)
    print(markdown(frame))


if __name__ == "__main__":
    main()
