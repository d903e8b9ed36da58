"""Fitting the parameters of `[prior]` to data by approximate Bayesian computation, and looking whether the result predicts them."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from communize.declare.errors import InputError, nearest_name
from communize.experiment.approximate import METHODS, Fitted, Problem, reference, reject, smc
from communize.experiment.observations import Observations, Series, observations, slope
from communize.experiment.posterior import Posterior
from communize.experiment.priors import Prior, prior_of
from communize.experiment.simulator import Question, Simulator
from communize.scenario.check import check_length
from communize.scenario.scenario import Scenario, load

ASKED = "asked.json"
FEWEST_PARTICLES, FEWEST_SAMPLES = 20, 50
WORDS = {"scenario_hash": "the scenario", "version": "the version of communize", "days": "the days to run", "series": "the series and days fitted",
         "society_fixed": "--one-society"}  # fmt: skip


def calibrate(
    scenario: str | Path | Scenario, data: Any = None, method: str = "abc-smc", *, figures: Sequence[str] | None = None, populations: int = 5,
    particles: int = 200, samples: int | None = None, prior: Sequence[str] | dict[str, Any] | None = None, days: int | None = None, seed: int = 1,
    out: str | Path | None = None, society_fixed: bool = False, predictive: int = 100, workers: int | None = None, scheduler: str | None = None,
    progress: Callable[[int, int], None] | None = None, say: Callable[[str], None] | None = None,
) -> Posterior:  # fmt: skip
    """Fit parameters of a scenario to data.

    Parameters
    ----------
    data
        A CSV or Parquet file, or a data frame: a column `date` or `day`, columns named after variables of the series, and `place` if
        they are of places. The scenario's `[observed]` counts if omitted.
    method
        ``abc-smc`` (pyABC), ``rejection``, or ``regression``: rejection with a local linear adjustment.
    figures
        Columns to fit; all if omitted.
    populations, particles
        Of ``abc-smc``; the others keep the nearest `particles`.
    samples
        Runs at independent draws of the prior. The others choose among them (10 x particles if omitted); ``abc-smc`` takes its scale
        from them (as many as particles).
    prior
        As `prior_of` takes it; the scenario's `[prior]` if omitted.
    out
        Folder for the posterior and all runs; begun again after it was killed, it makes no run anew.
    society_fixed
        Make the society once, with the scenario's seed, and use it for every run.
    predictive
        Runs with draws of the posterior that are set beside the data.

    Raises
    ------
    InputError
        No prior, data that do not fit the scenario, too few samples, or a folder of another calibration.
    CommunizeError
        pyABC is not installed, or too few runs have a distance.
    """
    loaded, question, chosen = prepare(scenario, data, method, figures, particles, populations, samples, prior, days, society_fixed, predictive)
    folder = None if out is None else claim_folder(Path(out), question)
    with Simulator(question, chosen, folder, workers, scheduler, progress) as simulator:
        problem = problem_of(question.observations, chosen, simulator)
        fitted = fit(problem, method, particles, populations, samples, seed, say)
        draws = _frame(fitted, chosen)
        info = {
            "scenario": loaded.name, "scenario_hash": loaded.hash, "method": method, "seed": seed, "particles": particles, "populations": fitted.populations,
            "samples": _samples(method, samples, particles), "prior": chosen.to_dict(), "whole": [r.path for r in chosen.ranges if r.whole],
            "distance": "root mean square of signed square roots, by series over its median absolute deviation in the prior; root mean square over series",
            "scales": {s.name: float(x) for s, x in zip(question.observations.series, fitted.scale)},
            "data": question.observations.source, "data_hash": question.observations.digest, "days_fitted": question.observations.days_fitted,
            "society_fixed": society_fixed, "runs_made": simulator.made, "runs_failed": simulator.failed, "a_failure": simulator.reason,
            "note": fitted.note, "versions": _versions(method),
        }  # fmt: skip
        result = Posterior(draws, chosen, info)
        result.predictive = predict(result, question.observations, simulator, predictive, seed)
    info["coverage"] = coverage(result.predictive)
    if folder is not None:
        from communize.experiment.fitting_page import write_calibration

        result.save(folder)
        write_calibration(result, folder / "calibration.html")
    return result


def prepare(
    scenario: Any, data: Any, method: str, figures: Sequence[str] | None, particles: int, populations: int, samples: int | None, prior: Any,
    days: int | None, society_fixed: bool, predictive: int = 0,
) -> tuple[Scenario, Question, Prior]:  # fmt: skip
    """Everything that can be wrong is found here, before the first run."""
    if method not in METHODS:
        raise InputError("--method", method, ", ".join(METHODS), nearest_name(method, METHODS))
    if particles < FEWEST_PARTICLES:
        raise InputError("--particles", particles, f"{FEWEST_PARTICLES} or more")
    if populations < 1:
        raise InputError("--populations", populations, "1 or more")
    fewest = max(FEWEST_SAMPLES, particles) if method != "abc-smc" else FEWEST_SAMPLES
    if samples is not None and samples < fewest:
        raise InputError("--samples", samples, f"{fewest} or more" + (", of which the nearest particles are kept" if method != "abc-smc" else ""))
    if predictive < 0:
        raise InputError("--predictive", predictive, "0 or more")
    loaded = load(scenario).replace({} if days is None else {"run.days": days})
    check_length(loaded)
    chosen = prior_of(loaded, prior, society_fixed=society_fixed)
    return loaded, Question(loaded, observations(loaded, data, figures), society_fixed), chosen


def problem_of(data: Observations, prior: Prior, simulate: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Problem:
    """The fit of a prior to observations."""
    from communize.experiment.observations import transform

    return Problem(prior, simulate, data.values, data.parts, data.features, transform)


def fit(
    problem: Problem, method: str, particles: int, populations: int, samples: int | None, seed: int, say: Callable[[str], None] | None = None,
) -> Fitted:  # fmt: skip
    """Fit by one of the methods."""
    sample = reference(problem, _samples(method, samples, particles), seed)
    if method != "abc-smc":
        return reject(problem, sample, particles, adjust=method == "regression")

    def tell(row: dict[str, Any]) -> None:
        if say is not None:
            say(f"population {row['population'] + 1} of {populations}: distance below {row['epsilon']:.4g}, {row['accepted']} of {row['runs']} proposals accepted")

    return smc(problem, sample, particles, populations, seed, say=tell)


def _samples(method: str, samples: int | None, particles: int) -> int:
    return samples or (max(FEWEST_SAMPLES, particles) if method == "abc-smc" else 10 * particles)


def _frame(fitted: Fitted, prior: Prior) -> Any:
    import pandas as pd

    frame = pd.DataFrame(prior.values(fitted.units), columns=prior.paths)
    last = fitted.populations[-1]["population"]
    return frame.assign(weight=fitted.weights, distance=fitted.distances, seed=fitted.seeds, population=last)


def claim_folder(folder: Path, question: Question) -> Path:
    """Make the folder, or find that it holds runs that can be used again.

    Raises
    ------
    InputError
        It cannot be written, or holds runs of something else.
    """
    from communize.experiment.folder import write_atomically
    from communize.simulation.snapshot import version

    data = question.observations
    asked = {
        "scenario_hash": question.scenario.hash, "version": version(), "days": data.days_fitted, "society_fixed": question.society_fixed,
        "series": [[s.variable, s.place, s.days[s.fitted].tolist()] for s in data.series],
    }  # fmt: skip
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / ASKED
        if not file.exists():
            if any(folder.iterdir()):
                raise InputError("--out", str(folder), f"a folder that does not exist yet, is empty, or holds a calibration ({ASKED})")
            write_atomically(file, json.dumps(asked, indent=1) + "\n")
            return folder
        there = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError("--out", str(folder), f"a folder that can be written ({getattr(error, 'strerror', None) or error})") from None
    different = [words for key, words in WORDS.items() if not isinstance(there, dict) or there.get(key) != asked[key]]
    if different:
        raise InputError("--out", str(folder), f"a folder that does not hold a different calibration ({', '.join(different)} differ)")
    return folder


def predict(posterior: Posterior, data: Observations, simulator: Simulator, n: int, seed: int) -> Any:
    """Runs with draws of the posterior and new seeds beside the data, held-out days included; None without any.

    Returns
    -------
    pandas.DataFrame
        One row a series and day: `q05`, `median`, `q95` over the runs, `data` (NaN on days without), `fitted`.
    """
    import pandas as pd

    rng = np.random.default_rng([seed, 2])
    rows = rng.choice(len(posterior.draws), n, p=posterior.weights)
    units = posterior.prior.units(posterior.values[rows])
    runs = [one for one in simulator.series(units, rng.integers(1, 2**31, n)) if one is not None] if n else []
    frames = []
    for k, one in enumerate(data.series if runs else ()):
        curves = np.array([_scaled(one, run[k]) for run in runs])
        curves = curves[np.isfinite(curves).all(axis=1)]
        if not len(curves):
            continue
        low, middle, high = np.quantile(curves, (0.05, 0.5, 0.95), axis=0)
        values, fitted = np.full(low.size, np.nan), np.zeros(low.size, bool)
        values[one.days], fitted[one.days] = one.values, one.fitted
        frames.append(pd.DataFrame({"series": one.name, "day": np.arange(low.size), "q05": low, "median": middle, "q95": high, "data": values, "fitted": fitted}))
    return pd.concat(frames, ignore_index=True) if frames else None


def _scaled(one: Series, curve: np.ndarray) -> np.ndarray:
    if not one.scaled:
        return curve
    days = one.days[one.fitted]
    return one.background + float(slope(one, curve[None, days], one.values[one.fitted])[0]) * curve


def coverage(predictive: Any) -> dict[str, dict[str, Any]]:
    """Share of the data inside the 90 % band, by series, for fitted and held-out days."""
    found: dict[str, dict[str, Any]] = {}
    if predictive is None:
        return found
    known = predictive[predictive["data"].notna()]
    for name, part in known.groupby("series", sort=False):
        inside = (part["data"] >= part["q05"]) & (part["data"] <= part["q95"])
        found[str(name)] = {
            word: {"days": int(rows.sum()), "inside": float(inside[rows].mean())}
            for word, rows in (("fitted", part["fitted"]), ("held out", ~part["fitted"]))
            if rows.any()
        }
    return found


def _versions(method: str) -> dict[str, str]:
    from importlib import metadata

    return {name: metadata.version(name) for name in ("communize", "numpy", "scipy", "pandas", *(["pyabc"] if method == "abc-smc" else []))}


