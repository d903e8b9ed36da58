"""Calibration of the default, `restructured`, to the stylised facts of `rules.md` section 4, by the rule of decision 30.

``python -m communize.experiment.default_calibration --points 128`` runs a Sobol sample of `PRIOR`, prints the best points and writes all to
``--out``; ``--judge FILE --best 8 --seeds 8 --people 50000`` runs the best of such a file again with other seeds, with the interval by which
their distance differs from that of the shipped values.
"""

import argparse
import math
from typing import Any

import numpy as np

from communize.experiment.facts import QUANTILES, STRIKES
from communize.experiment.processes import in_processes

PRIOR: dict[str, tuple[float, float]] = {
    "struggle.coupling": (4.0, 5.6),
    "struggle.temperature": (0.12, 0.2),
    "struggle.nerve_sd_site": (0.0, 0.4),
    "struggle.nerve_sd_place": (0.0, 0.3),
    "struggle.fatigue_gain": (0.01, 0.09),
    "struggle.fatigue_half_life_days": (30.0, 180.0),
    "struggle.rate_leaving": (0.03, 0.2),
    "incidents.rate": (0.0002, 0.002),
    "incidents.exponent": (1.1, 2.2),
    "incidents.decay_days": (5.0, 40.0),
    "dissolution.spent": (0.001, 0.02),
    "dissolution.isolation": (0.0, 0.2),
    "rallying.rate_leaving": (0.005, 0.05),
}
STOPPAGES = {of: dict(zip(QUANTILES, quantiles)) for of, quantiles in STRIKES.items()}
DURATIONS = {q: STOPPAGES["duration_days"][q] for q in (0.5, 0.75, 0.9)}
SIZES = {q: STOPPAGES["peak_people"][q] for q in (0.5, 0.9)}
HEARD_OF = 20.0  # people from which a model struggle at work is compared with these
CARRYING, LIFE, TAIL = (0.05, 0.5), (3.0, 20.0), 10.0  # share of struggles with a measure; median life, days; 99th percentile against it
ACTIVE, TIPPED = 0.02, 0.05  # mean share of people in struggle, largest share in measures


def facts_of(changes: dict[str, float], seed: int, people: int, days: int) -> dict[str, Any]:
    """Durations, sizes and lifetimes of one run."""
    from communize.scenario.scenario import load
    from communize.simulation.simulation import Simulation
    from communize.store.frames import instances_frame, struggles_frame

    scenario = load("restructured").replace({"society.people": people, "provisioning.ratio.enabled": False} | changes)
    sim = Simulation(scenario, seed, threads=1).run(days)
    struggles, instances = struggles_frame(sim), instances_frame(sim)
    at_work = struggles[(struggles["ended"] >= 0) & (struggles["locus"] != "reproduction")]
    over = instances[instances["ended"] >= 0]
    return {
        "durations": at_work["duration_days"].to_numpy(float), "sizes": at_work["peak_people"].to_numpy(float), "lives": over["duration_days"].to_numpy(float),
        "struggles": len(struggles), "carrying": instances["struggle"][instances["struggle"] >= 0].nunique(),
        "active": float(sim.recorder["active"].sum(axis=1).mean() / people), "most": float(sim.recorder["participants"].sum(axis=1).max() / people),
    }  # fmt: skip


def summary(runs: list[dict[str, Any]]) -> dict[str, float]:
    """The figures that are compared, over all runs of a point."""
    durations, sizes, lives = (np.concatenate([run[name] for run in runs]) for name in ("durations", "sizes", "lives"))
    heard = sizes[sizes >= HEARD_OF]
    out = {f"duration q{q:g}": float(np.quantile(durations, q)) if durations.size > 20 else math.nan for q in DURATIONS}
    out |= {f"size q{q:g}": float(np.quantile(heard, q)) if heard.size > 20 else math.nan for q in SIZES}
    out["carrying"] = sum(run["carrying"] for run in runs) / max(1, sum(run["struggles"] for run in runs))
    out["life q0.5"] = float(np.median(lives)) if lives.size > 20 else math.nan
    out["life tail"] = float(np.quantile(lives, 0.99) / max(1.0, np.median(lives))) if lives.size > 20 else math.nan
    out["longest life"] = float(lives.max(initial=0.0))
    out["active"], out["most"] = float(np.mean([run["active"] for run in runs])), float(max(run["most"] for run in runs))
    out["struggles"] = sum(run["struggles"] for run in runs) / len(runs)
    return out


def distance(found: dict[str, float]) -> float:
    """How far the figures lie from the facts: squared logarithms of ratios; within a range, nothing. Infinite where too few happened."""
    if any(math.isnan(found[name]) for name in found):
        return math.inf

    def off(value: float, low: float, high: float) -> float:
        value = max(value, 1e-9)
        return math.log(low / value) ** 2 if value < low else math.log(value / high) ** 2 if value > high else 0.0

    total = sum(math.log(found[f"duration q{q:g}"] / real) ** 2 for q, real in DURATIONS.items())
    total += sum(math.log(found[f"size q{q:g}"] / real) ** 2 for q, real in SIZES.items())
    total += off(found["carrying"], *CARRYING) + off(found["life q0.5"], *LIFE) + off(found["life tail"], TAIL, math.inf)
    return total + 2.0 * off(found["active"], 0.0, ACTIVE) + 4.0 * off(found["most"], 0.0, TIPPED)


def points(n: int, seed: int = 30) -> list[dict[str, float]]:
    """A Sobol sample of the prior, the shipped values first."""
    from communize.experiment.priors import Prior

    prior = Prior([(path, low, high) for path, (low, high) in PRIOR.items()])
    return [{}, *prior.points(prior.sobol(n, seed))]


def against_shipped(runs: list[dict[str, Any]], shipped: list[dict[str, Any]], resamples: int = 400) -> tuple[float, float]:
    """95 % interval of the distance of `runs` less that of `shipped`, seeds of both drawn again together (a paired bootstrap)."""
    rng = np.random.default_rng(30)
    differences = []
    for _ in range(resamples):
        rows = rng.integers(0, len(runs), len(runs))
        differences.append(distance(summary([runs[k] for k in rows])) - distance(summary([shipped[k] for k in rows])))
    low, high = np.nanquantile(differences, [0.025, 0.975])
    return float(low), float(high)


def evaluate(all_points: list[dict[str, float]], seeds: range, people: int, days: int, compare: bool = False) -> Any:
    """A data frame: one row a point, its distance, figures and values; the best first. With `compare`, against the first point."""
    import pandas as pd

    jobs = [(point, seed, people, days) for point in all_points for seed in seeds]
    found = in_processes(facts_of, jobs)
    rows = []
    for number, point in enumerate(all_points):
        own = found[number * len(seeds) : (number + 1) * len(seeds)]
        figures = summary(own)
        row: dict[str, Any] = {"point": number, "distance": distance(figures)}
        if compare and number:
            row["low"], row["high"] = against_shipped(own, found[: len(seeds)])
        rows.append(row | figures | point)
    return pd.DataFrame(rows).sort_values("distance")


GEOGRAPHIES: dict[str, dict[str, Any]] = {
    "synthetic": {}, "towns of France": {"society.places": {"source": "gazetteer", "country": "FR", "minimum_population": 20_000}, "segmentation.country": 0.0},
}  # fmt: skip


def check(seeds: range, people: int, days: int) -> Any:
    """The shipped values on two geographies: one row each, and how many runs tipped."""
    import pandas as pd

    rows = []
    for name, changes in GEOGRAPHIES.items():
        runs = in_processes(facts_of, [(changes, seed, people, days) for seed in seeds])
        figures = summary(runs)
        rows.append({"geography": name, "distance": distance(figures), "tipped": sum(run["most"] > TIPPED for run in runs)} | figures)
    return pd.DataFrame(rows)


def main() -> None:
    """Command line of this module."""
    import pandas as pd

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=128)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--judge", default="")
    parser.add_argument("--best", type=int, default=8)
    parser.add_argument("--out", default="")
    parser.add_argument("--check", action="store_true", help="the shipped values on two geographies, nothing else")
    options = parser.parse_args()
    if options.check:
        found = check(range(options.first_seed, options.first_seed + options.seeds), options.people, options.days)
        print(found.round(3).T.to_string())
        return
    chosen = points(options.points)
    if options.judge:
        best = pd.read_csv(options.judge).nsmallest(options.best, "distance")
        chosen = [{}, *({path: float(row[path]) for path in PRIOR} for row in best.to_dict("records") if row["point"] != 0)]
    frame = evaluate(chosen, range(options.first_seed, options.first_seed + options.seeds), options.people, options.days, bool(options.judge))
    if options.out:
        frame.to_csv(options.out, index=False)
    print(frame.head(12).round(3).to_string(index=False))
    print("as shipped:", frame[frame["point"] == 0].round(3).to_dict("records"))


if __name__ == "__main__":
    main()
