"""Simulation-based calibration: whether a way of fitting gives posteriors that are neither too narrow nor too wide.

Parameters are drawn from the prior, data are simulated with them and fitted, and the rank of the true value among draws of the
posterior is counted. If the posterior is right, all ranks are equally likely: many at both ends say too narrow, many in the middle too
wide, many at one end biased.

References
----------
Talts et al. 2018, arXiv:1804.06788.
"""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from communize.declare.errors import CommunizeError, InputError
from communize.experiment.approximate import Fitted, Problem, reference, reject, smc
from communize.experiment.calibration import prepare, problem_of
from communize.experiment.simulator import Simulator
from communize.scenario.scenario import Scenario

DRAWS = 19  # of each posterior, so that there are 20 ranks
LEVEL = 0.01  # probability that a right posterior is refused
FEWEST = 20


@dataclasses.dataclass(frozen=True)
class CalibrationCheck:
    """What the check found.

    Attributes
    ----------
    ranks
        Data frame, one row a data set: for each parameter the rank of the true value among the draws, 0 to `DRAWS`.
    table
        Data frame, one row a parameter: `chi2_p` and `ks_p` (probabilities of ranks at least as uneven), `mean_rank` (in the middle: 0.5),
        `spread` (standard deviation of the ranks over that of even ones: above 1 too narrow, below 1 too wide).
    passed
        Whether no test of any parameter refuses even ranks, at 1 % over all tests together.
    """

    ranks: Any
    table: Any
    passed: bool
    info: dict[str, Any] = dataclasses.field(default_factory=dict)


def uniformity(ranks: np.ndarray, draws: int = DRAWS, seed: int = 0) -> dict[str, float]:
    """Tests of even ranks 0 to `draws`: chi-square on bins of at least five expected, Kolmogorov-Smirnov on ranks spread within their step."""
    from scipy.stats import chisquare, kstest

    bins = max(b for b in range(2, draws + 2) if (draws + 1) % b == 0 and (b == 2 or ranks.size / b >= 5))
    counts = np.bincount(ranks * bins // (draws + 1), minlength=bins)
    position = (ranks + np.random.default_rng(seed).random(ranks.size)) / (draws + 1)
    return {
        "chi2_p": float(chisquare(counts).pvalue), "ks_p": float(kstest(position, "uniform").pvalue), "mean_rank": float(position.mean()),
        "spread": float(position.std() * np.sqrt(12.0)),
    }  # fmt: skip


def check_problem(
    problem: Problem, fit: Callable[[Problem, int], Fitted], n: int, *, as_data: Callable[[np.ndarray], np.ndarray] = lambda found: found,
    seed: int = 1, progress: Callable[[int, int], None] | None = None,
) -> CalibrationCheck:  # fmt: skip
    """Check a way of fitting on `n` data sets made with draws of the prior.

    Parameters
    ----------
    fit
        From a problem (with the simulated data) and the number of the data set to the posterior.
    as_data
        From the values of a run to data.
    """
    import pandas as pd

    truth = reference(problem, n, seed + 2**20)
    whole = np.flatnonzero(np.isfinite(truth.found).all(axis=1))
    if whole.size < FEWEST:
        raise CommunizeError(f"only {whole.size} of {n} data sets are whole: the other runs failed, or have days without a number")
    rng = np.random.default_rng([seed, 3])
    ranks = []
    for number, i in enumerate(whole.tolist()):
        try:
            fitted = fit(dataclasses.replace(problem, values=as_data(truth.found[i])), number)
        except CommunizeError as error:  # to leave it out would be to check only where it is easy
            raise CommunizeError(f"data set {number + 1} of {whole.size} cannot be fitted: {error}; more samples, or fewer particles") from None
        draws = fitted.draw(DRAWS, rng)
        below, level = (draws < truth.units[i]).sum(axis=0), (draws == truth.units[i]).sum(axis=0)
        ranks.append(below + rng.integers(0, level + 1))
        if progress is not None:
            progress(number + 1, whole.size)
    frame = pd.DataFrame(ranks, columns=problem.prior.paths)
    table = pd.DataFrame([{"parameter": path, **uniformity(frame[path].to_numpy(), seed=seed)} for path in frame])
    lowest = float(table[["chi2_p", "ks_p"]].min().min())
    return CalibrationCheck(frame, table, lowest * 2 * len(table) > LEVEL, {"data_sets": int(whole.size), "draws": DRAWS})


def calibration_check(
    scenario: str | Path | Scenario, n: int = 100, data: Any = None, method: str = "regression", *, figures: Sequence[str] | None = None,
    populations: int = 5, particles: int = 200, samples: int | None = None, prior: Any = None, days: int | None = None, seed: int = 1,
    out: str | Path | None = None, society_fixed: bool = False, workers: int | None = None, scheduler: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> CalibrationCheck:  # fmt: skip
    """Check a calibration before it is believed: the same scenario, prior, series and days, on `n` sets of simulated data.

    The values of `data` are not used, only its variables and days. ``rejection`` and ``regression`` choose among the same `samples` runs for every
    data set, so that `n` data sets cost `samples` + `n` runs; ``abc-smc`` costs `n` calibrations. Other arguments as in `calibrate`.
    """
    from communize.experiment.calibration import claim_folder

    if n < FEWEST:
        raise InputError("--check", n, f"{FEWEST} data sets or more")
    _, question, chosen = prepare(scenario, data, method, figures, particles, populations, samples, prior, days, society_fixed)
    folder = None if out is None else claim_folder(Path(out), question)
    with Simulator(question, chosen, folder, workers, scheduler) as simulator:
        problem = problem_of(question.observations, chosen, simulator)
        size = samples or (particles if method == "abc-smc" else 10 * particles)
        sample = reference(problem, size, seed)

        def fit(one: Problem, number: int) -> Fitted:
            if method == "abc-smc":
                return smc(one, sample, particles, populations, seed + number)
            return reject(one, sample, particles, adjust=method == "regression")

        found = check_problem(problem, fit, n, as_data=question.observations.as_data, seed=seed, progress=progress)
        found.info.update(scenario=question.scenario.name, method=method, samples=size, particles=particles, runs_made=simulator.made)
    if folder is not None:
        found.ranks.to_parquet(folder / "check.parquet", index=False)
        found.table.to_parquet(folder / "check_table.parquet", index=False)
    return found
