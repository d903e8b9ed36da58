"""One thing switched off at a time: every opposing mechanism, every channel, every lever, beside the scenario as it is.

``python -m communize.experiment.switches`` runs `communising` with each switch and the same seeds, and prints the table of the documentation: what
was expected of the direction before the first run (`EXPECTED`), the paired difference with its 95 % interval, and whether the two agree.
"""

import argparse
import math
from typing import Any

import numpy as np

from communize.experiment.compare import paired
from communize.experiment.processes import in_processes

WIDEST, LAST, OUTSIDE = "most people in measures", "people in measures, last 90 days", "people outside exchange, last 90 days"
FIGURES = (WIDEST, LAST, OUTSIDE, "R", "lambda, pooled", "kappa, lowest")
UP, DOWN, EITHER = 1, -1, 0

# What is switched: the changes, and the direction expected of the people in measures in the last 90 days (committed before the first run).
SWITCHES: dict[str, tuple[dict[str, Any], int]] = {
    "force off": ({"force.enabled": False}, UP),
    "mediation off": ({"mediation.enabled": False}, UP),
    "pincers off": ({"pincers.enabled": False}, UP),
    "fronts off": ({"fronts.enabled": False}, EITHER),
    "segmentation off": ({"segmentation.enabled": False}, UP),
    "siding off": ({"siding.enabled": False}, UP),
    "upkeep off": ({"upkeep.enabled": False}, DOWN),
    "concessions off": ({"acts.rate_concession": 0.0}, UP),
    "ebb off": ({"dissolution.ebb": 0.0}, UP),
    "isolation off": ({"dissolution.isolation": 0.0}, UP),
    "fatigue off": ({"struggle.fatigue_weight": 0.0}, UP),
    "reinvention off": ({"measures.reinvention.enabled": False}, DOWN),
    "adoption off": ({"measures.adoption.enabled": False}, DOWN),
    "adaptation off": ({"measures.adaptation.enabled": False}, EITHER),
    "grafting off": ({"measures.grafting.enabled": False}, EITHER),
    "rallying of people off": ({"rallying.people": False}, DOWN),
    "rallying of sites off": ({"rallying.sites": False}, DOWN),
    "co-ordination off": ({"measures.coordination.enabled": False}, DOWN),
    "coupling of contents off": ({"contents.coupling": 0.0}, EITHER),
    "selling off": ({"provisioning.free.selling": False}, EITHER),
    "free mode off": ({"provisioning.free.enabled": False}, DOWN),
    "crisis off": ({"provisioning.crisis": []}, DOWN),
    "f0 = 0": ({"measures.fit_floor": 0.0}, DOWN),
    "a_horizon = 0": ({"struggle.weight_horizon": 0.0}, DOWN),
    "f0 = 0 and a_horizon = 0": ({"measures.fit_floor": 0.0, "struggle.weight_horizon": 0.0}, DOWN),
}


def figures_of(case: str, changes: dict[str, Any], seed: int, people: int, days: int) -> dict[str, float]:
    """The figures of one run, and its outcome."""
    from communize.scenario.scenario import load
    from communize.store.running import run

    done = run(load(case).replace({"society.people": people} | changes), days=days, seed=seed, threads=1)
    series, n = done.series, done.info["people"]
    inside = series["participants"].sum("place").to_numpy() / n if "participants" in series else np.zeros(days)
    last = slice(-90, None)

    def of(name: str, reduce: Any) -> float:
        values = series[name].to_numpy().astype(float) if name in series else np.array([np.nan])
        return float(reduce(values)) if np.isfinite(values).any() else math.nan

    return {
        WIDEST: float(inside.max()), LAST: float(inside[last].mean()), OUTSIDE: of("outside_exchange", lambda v: np.nanmean(v[last])),
        "R": of("generalisation_number", lambda v: v[np.isfinite(v)][-1]), "lambda, pooled": of("reproduction_ratio_pooled", lambda v: np.nanmean(v[last])),
        "kappa, lowest": of("commodity_reproduction", np.nanmin), "outcome": done.outcome.name,
    }  # fmt: skip


def table(case: str, people: int, days: int, seeds: range, workers: int = 2) -> Any:
    """A data frame: one row a switch and seed, first the scenario as it is (`switch` "as it is")."""
    import pandas as pd

    named = [("as it is", {}), *((name, changes) for name, (changes, _) in SWITCHES.items())]
    jobs = [(name, (case, changes, seed, people, days)) for name, changes in named for seed in seeds]
    found = in_processes(figures_of, [job for _, job in jobs], workers)
    return pd.DataFrame([{"switch": name, "seed": job[2], **figures} for (name, job), figures in zip(jobs, found)])


def compared(frame: Any) -> list[dict[str, Any]]:
    """For each switch the paired differences of every figure with their 95 % intervals, and whether the direction was the expected one."""
    base = frame[frame["switch"] == "as it is"].set_index("seed")
    rows = []
    for name, (_, expected) in SWITCHES.items():
        own = frame[frame["switch"] == name].set_index("seed")
        row: dict[str, Any] = {"switch": name, "outcomes": dict(own["outcome"].value_counts())}
        for figure in FIGURES:
            of = paired(base[figure].to_numpy(float), own.loc[base.index, figure].to_numpy(float))
            row[figure] = (of["difference"], of["low"], of["high"])
        _, low, high = row[LAST]
        sign = UP if low > 0 else DOWN if high < 0 else EITHER
        row["verdict"] = "no difference seen" if sign == EITHER else "open" if expected == EITHER else "as expected" if sign == expected else "**against expectation**"
        row["expected"] = {UP: "more", DOWN: "fewer", EITHER: "open"}[expected]
        rows.append(row)
    return rows


def markdown(frame: Any) -> str:
    """The table of the documentation."""
    base = frame[frame["switch"] == "as it is"]
    usual = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in base["outcome"].value_counts().items())
    lines = [
        f"As it is: {', '.join(f'{figure} {base[figure].mean():.3g}' for figure in FIGURES)}; {usual}.", "",
        f"| switched | {' | '.join(FIGURES)} | expected | found | outcomes |", "|---" * (len(FIGURES) + 4) + "|",
    ]  # fmt: skip
    for row in compared(frame):
        cells = [f"{mean:+.3f} ({low:+.3f} to {high:+.3f})" if math.isfinite(mean) else "none" for mean, low, high in (row[figure] for figure in FIGURES)]
        outcomes = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in row["outcomes"].items())
        lines.append(f"| {row['switch']} | {' | '.join(cells)} | {row['expected']} | {row['verdict']} | {outcomes} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", default="communising")
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=540)
    parser.add_argument("--seeds", type=int, default=16)
    parser.add_argument("--out", default="", help="write one row a run to this file as well")
    options = parser.parse_args()
    frame = table(options.case, options.people, options.days, range(1, options.seeds + 1))
    if options.out:
        frame.to_csv(options.out, index=False)
    print(markdown(frame))


if __name__ == "__main__":
    main()
