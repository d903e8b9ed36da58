"""Stylised facts over several seeds: sizes and durations of struggles beside strikes in the United States; measures.

``python -m communize.experiment.facts restructured --seeds 50 --people 50000`` prints quantiles of struggles at
workplaces and of all others, and what becomes of measures beside `rules.md` section 4.

References
----------
Federal Mediation and Conciliation Service, work stoppages 1984 to 2020, as compiled at
https://github.com/labordata/fmcs-work-stoppage: cases known to mediators, not a census.
"""

import argparse
from typing import Any

import numpy as np

from communize.scenario.scenario import Scenario, load
from communize.simulation.simulation import Simulation
from communize.store.frames import instances_frame, struggles_frame

QUANTILES = (0.5, 0.75, 0.9, 0.99)
STRIKES = {"duration_days": (19.0, 51.0, 128.0, 436.0), "peak_people": (88.0, float("nan"), 600.0, 6298.0)}


def struggles_over_seeds(scenario: Scenario, seeds: range) -> Any:
    """All ended struggles of `scenario` over `seeds`, as one data frame with the column `seed`."""
    import pandas as pd

    frames = []
    for seed in seeds:
        simulation = Simulation(scenario, seed).run(scenario.days)
        frame = struggles_frame(simulation)
        active = simulation.recorder["active"].sum(axis=1) / simulation.society.place_list.population.sum()
        frames.append(frame[frame["ended"] >= 0].assign(seed=seed, mean_active=active.mean(), peak_active=active.max()))
    return pd.concat(frames, ignore_index=True)


def quantile_table(frame: Any) -> Any:
    """Quantiles of size and duration, at workplaces and elsewhere, beside the strikes."""
    import pandas as pd

    rows = []
    at_work = frame["locus"] != "reproduction"
    for name, part in (("workplaces", frame[at_work]), ("elsewhere", frame[~at_work])):
        for column, real in STRIKES.items():
            found = np.quantile(part[column], QUANTILES) if len(part) else [float("nan")] * 4
            rows.append({"struggles": name, "n": len(part), "of": column} | {f"q{q:g}": round(float(x), 1) for q, x in zip(QUANTILES, found)})
            if name == "workplaces":
                rows.append({"struggles": "US strikes", "n": 14_317, "of": column} | {f"q{q:g}": x for q, x in zip(QUANTILES, real)})
    return pd.DataFrame(rows)


def measures_over_seeds(scenario: Scenario, seeds: range) -> Any:
    """All measures of `scenario` over `seeds`: one data frame with the columns `seed`, and by seed `struggles`,
    `struggles_with` (struggles that carried one) and `most` (largest share of people in measures).
    """
    import pandas as pd

    frames = []
    for seed in seeds:
        simulation = Simulation(scenario, seed).run(scenario.days)
        frame = instances_frame(simulation)
        most = simulation.recorder["participants"].sum(axis=1).max() / simulation.society.place_list.population.sum()
        carried = frame["struggle"][frame["struggle"] >= 0].nunique()
        if not len(frame):
            frame = frame.reindex([0])
        frames.append(frame.assign(seed=seed, struggles=len(simulation.struggles), struggles_with=carried, most=most))
    return pd.concat(frames, ignore_index=True)


def measures_in_words(frame: Any) -> list[str]:
    """The stylised facts of measures (`rules.md` section 4) as lines of text."""
    runs = frame.groupby("seed")[["struggles", "struggles_with", "most"]].first()
    known = frame[frame["instance"].notna()]
    over = known[known["ended"] >= 0]
    life = np.quantile(over["duration_days"], QUANTILES) if len(over) else [float("nan")] * 4
    return [
        f"struggles that carried a measure: {runs['struggles_with'].sum() / max(1, runs['struggles'].sum()):.0%}",
        f"measures per seed: {len(known) / len(runs):.0f}, by channel {dict(known['channel'].value_counts())}",
        "lifetimes, days: " + ", ".join(f"q{q:g} {x:.0f}" for q, x in zip(QUANTILES, life)) + f", longest {known['duration_days'].max():.0f}",
        f"endings: {dict(over['cause'].value_counts())}",
        f"largest share of people in measures: {runs['most'].max():.4f}, median over seeds {runs['most'].median():.4f}",
    ]


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", nargs="?", default="restructured")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--set", action="append", default=[], metavar="PATH=NUMBER")
    options = parser.parse_args()
    changes: dict[str, Any] = {"society.people": options.people}
    changes |= {path: float(value) for path, value in (item.split("=") for item in options.set)}
    scenario, seeds = load(options.scenario).replace(changes), range(1, options.seeds + 1)
    frame = struggles_over_seeds(scenario, seeds)
    print(quantile_table(frame).to_string(index=False))
    print("ends:", dict(frame["end"].value_counts()))
    print(f"people in struggle: mean {frame['mean_active'].mean():.4f}, highest {frame['peak_active'].max():.4f}; struggles per seed {len(frame) / options.seeds:.0f}")
    if scenario.tables.measures.enabled:
        print("\n".join(measures_in_words(measures_over_seeds(scenario, seeds))))


if __name__ == "__main__":
    main()
