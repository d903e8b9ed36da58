"""Fitting the parameters of `[prior]` to the first counts of `[observed]`, and judging what was held out.

``python -m communize.experiment.fit banlieues-2005`` repeats the fit of a case; ``--judge N`` runs the scenario as
it ships with N seeds and prints its targets; with ``--set`` the best points of a fit instead. It stands beside
`communize.experiment.calibration` because decisions 10 and 11 fixed it before the runs that it judged.
"""

import argparse
from typing import Any

from communize.declare.errors import InputError
from communize.experiment.priors import prior_of
from communize.scenario.scenario import Scenario, load
from communize.simulation.simulation import Simulation
from communize.society.society import Society
from communize.store.running import run
from communize.store.targets import fit_observed


def distance(scenario: Scenario, changes: dict[str, float], society: Society, days: int) -> tuple[float, float]:
    """(root mean square over the fitted counts, events per person) of one point.

    `society` is used again: a prior may only vary parameters of mechanisms.
    """
    simulation = Simulation(scenario.replace(changes), society=society)
    simulation.run(days)
    fit = fit_observed(scenario, simulation.series)
    assert fit is not None and fit.root_mean_square is not None
    return fit.root_mean_square, fit.events_per_person


def fit(scenario: Scenario, n_points: int, seed: int, say: Any = None) -> list[dict[str, Any]]:
    """Run the prior's points over the fitted dates; the best first, those whose k is not accepted last.

    Raises
    ------
    InputError
        No prior, no observed counts, or a prior over the society.
    """
    observed = scenario.tables.observed
    if not scenario.tables.prior or not observed.fitted:
        raise InputError("prior", scenario.tables.prior, "a scenario with [prior] and with [observed] counts to fit", file=scenario.file)
    prior = prior_of(scenario, society_fixed=True)
    days = (observed.dates[observed.fitted - 1] - scenario.start).days + 1
    society = Society.synthesise(scenario.society, seed=scenario.seed, threads=2)
    rows = []
    for number, changes in enumerate(prior.points(prior.sobol(n_points, seed))):
        rms, k = distance(scenario, changes, society, days)
        rows.append({"point": number, "root_mean_square": rms, "events_per_person": k, **changes})
        if say is not None:
            say(number, rows[-1])
    low, high = observed.per_person
    return sorted(rows, key=lambda row: (not low <= row["events_per_person"] <= high, row["root_mean_square"]))


def judge(scenario: Scenario, seeds: range, points: list[dict[str, float]] | None = None) -> list[dict[str, Any]]:
    """Targets of the scenario for each seed and each of `points` (the scenario as it ships if None)."""
    rows = []
    for number, changes in enumerate(points or [{}]):
        for seed in seeds:
            result = run(scenario.replace(changes), seed=seed)
            rms = result.observed.root_mean_square if result.observed else None
            rows += [{"rank": number + 1, "seed": seed, **c.to_dict(), "root_mean_square": rms} for c in result.comparisons]
    return rows


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario")
    parser.add_argument("--points", type=int, default=512)
    parser.add_argument("--seed", type=int, default=2005)
    parser.add_argument("--judge", type=int, default=0, metavar="SEEDS")
    parser.add_argument("--out", help="CSV file for all points, or for the judgement")
    parser.add_argument("--set", metavar="CSV", help="judge the best 16 points of this file instead, as `--out` of a fit wrote it")
    options = parser.parse_args()
    import pandas as pd

    scenario = load(options.scenario)
    if options.judge:
        points = pd.read_csv(options.set).head(16)[list(scenario.tables.prior)].to_dict("records") if options.set else None
        frame = pd.DataFrame(judge(scenario, range(1, options.judge + 1), points))
        figures = frame.groupby("name", sort=False).agg(
            value=("value", "first"), mean=("found", "mean"), low=("found", "min"), high=("found", "max"),
            hits=("hit", "sum"), runs=("hit", "size"))  # fmt: skip
        print(figures.to_string())
    else:
        frame = pd.DataFrame(fit(scenario, options.points, options.seed, lambda n, row: print(n, f"{row['root_mean_square']:.1f}", flush=True)))
        print(frame.head(16).T.to_string())
    if options.out:
        frame.to_csv(options.out, index=False)


if __name__ == "__main__":
    main()
