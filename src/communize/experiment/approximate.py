"""Approximate Bayesian computation: rejection, regression adjustment, and sequential Monte Carlo by pyABC.

All three see a model as a function from parameters and seeds to values, and keep the draws of the prior whose values lie nearest to
the data. Parameters stand as positions in the unit cube of the prior.

References
----------
Beaumont et al. 2002, doi 10.1093/genetics/162.4.2025 (regression adjustment); Toni et al. 2009, doi 10.1098/rsif.2008.0172 (sequential
Monte Carlo); Klinger et al. 2018, doi 10.1093/bioinformatics/bty361 (pyABC).
"""

import contextlib
import datetime
import logging
import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from communize.declare.errors import CommunizeError
from communize.experiment.priors import Prior

METHODS = ("abc-smc", "rejection", "regression")
MISSING = "pyABC is not installed; it comes with: pip install 'communize[calibrate]' (or use --method regression, which needs nothing more)"
LOWEST_RATE = 0.005  # share of proposals that a population of pyABC must accept, or it ends with the last whole one
SEEDS = 2**31
OUTSIDE = 0.01  # of `_surprise`: below it the data are outside of what the prior gives


@dataclass(frozen=True)
class Problem:
    """What is fitted.

    Attributes
    ----------
    simulate
        From positions in the unit cube (runs, parameters) and seeds (runs,) to values (runs, values); NaN where a run failed.
    values
        The data, (values,).
    parts
        Number of the series that each value belongs to, (values,).
    features
        From the values of runs, and the data, to the scale of comparison.
    """

    prior: Prior
    simulate: Callable[[np.ndarray, np.ndarray], np.ndarray]
    values: np.ndarray
    parts: np.ndarray
    features: Callable[[np.ndarray, np.ndarray], np.ndarray] = lambda found, values: np.atleast_2d(found)
    goal: Callable[[np.ndarray], np.ndarray] = lambda values: values

    def distances(self, found: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """Distances of runs from the data, float64 (runs,); infinite where a run has no number."""
        squares = ((self.features(found, self.values) - self.goal(self.values)) / scale[self.parts]) ** 2
        means = np.column_stack([squares[:, self.parts == k].mean(axis=1) for k in range(scale.size)])
        total = np.sqrt(means.mean(axis=1))
        return np.where(np.isfinite(total), total, np.inf)

    def scales(self, found: np.ndarray) -> np.ndarray:
        """How far runs of the prior differ, by series: the median over values of the median absolute deviation, float64 (series,)."""
        sample = self.features(found, self.values)
        whole = sample[np.isfinite(sample).all(axis=1)]
        scale = np.ones(int(self.parts.max()) + 1)
        for k in range(scale.size if len(whole) else 0):
            values = whole[:, self.parts == k]
            deviation = np.median(np.abs(values - np.median(values, axis=0)), axis=0)
            spread = float(np.median(deviation[deviation > 0])) if (deviation > 0).any() else float(values.std())
            scale[k] = spread if spread > 0 else 1.0
        return scale


@dataclass(frozen=True)
class Fitted:
    """Draws of the posterior: positions in the unit cube, weights that add up to 1, distances and seeds of their runs.

    `populations` holds a row for each: `population`, `epsilon`, `runs`, `accepted`.
    """

    units: np.ndarray
    weights: np.ndarray
    distances: np.ndarray
    seeds: np.ndarray
    scale: np.ndarray
    populations: list[dict[str, Any]]
    note: str = ""

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Independent draws in the unit cube, float64 (n, parameters)."""
        return self.units[rng.choice(len(self.units), n, p=self.weights)]


@dataclass(frozen=True)
class Reference:
    """Runs at independent draws of the prior: positions, seeds and values."""

    units: np.ndarray
    seeds: np.ndarray
    found: np.ndarray


def reference(problem: Problem, n: int, seed: int) -> Reference:
    """Run `n` independent draws of the prior, each with a seed of its own."""
    rng = np.random.default_rng([seed, 0])
    units, seeds = rng.random((n, len(problem.prior))), rng.integers(1, SEEDS, n)
    return Reference(units, seeds, problem.simulate(units, seeds))


def reject(problem: Problem, sample: Reference, particles: int, *, adjust: bool = False) -> Fitted:
    """Keep the nearest draws of a sample.

    With `adjust`, nearness is that of the parameters that the features predict (`_summaries`), and the draws are moved to where a local
    linear regression on these expects them at the data. On the distance alone the regression is too far from linear: the check on `sir` refused it.
    Where the data lie outside of the runs (`_surprise`), a regression would make up what no run shows: then nothing is moved, and the note says so.

    Raises
    ------
    CommunizeError
        Fewer runs than `particles` have a distance.
    """
    scale = problem.scales(sample.found)
    distances = problem.distances(sample.found, scale)
    apart = distances
    n = int(np.isfinite(distances).sum())
    if n < particles:
        raise CommunizeError(f"only {n} of {distances.size} runs of the prior have a distance from the data; {particles} are to be kept")
    note = ""
    if adjust:
        whole = np.isfinite(distances)
        features = (problem.features(sample.found, problem.values) - problem.goal(problem.values)) / scale[problem.parts]
        if _surprise(features[whole]) < OUTSIDE:
            adjust, note = False, "not adjusted: the data lie farther from every run of the prior than runs lie from each other; the model, with this prior, does not give such data"
    if adjust:
        summaries = np.full((distances.size, len(problem.prior)), np.inf)
        summaries[whole] = _summaries(features[whole], _logits(sample.units[whole]))
        apart = np.sqrt((summaries**2).sum(axis=1))
    nearest = np.argsort(apart, kind="stable")[:particles]
    units, weights = sample.units[nearest], np.full(particles, 1.0 / particles)
    if adjust:
        furthest = float(apart[nearest[-1]])
        weights = np.maximum(1.0 - (apart[nearest] / furthest) ** 2, 1e-6) if furthest > 0 else weights
        weights = weights / weights.sum()
        units = _adjusted(units, summaries[nearest], weights)
    row = {"population": 0, "epsilon": float(distances[nearest].max()), "runs": len(distances), "accepted": particles}
    return Fitted(units, weights, distances[nearest], sample.seeds[nearest], scale, [row], note)


def _surprise(features: np.ndarray, most: int = 200) -> float:
    """Share of runs that lie at least as far from the nearest other run as the data (at 0) lie from theirs."""
    from scipy.spatial.distance import cdist

    rows = np.random.default_rng(0).permutation(len(features))[:most]
    apart = cdist(features[rows], features)
    apart[np.arange(rows.size), rows] = np.inf
    return float(np.mean(apart.min(axis=1) >= np.sqrt((features**2).sum(axis=1)).min()))


def _logits(units: np.ndarray) -> np.ndarray:
    inside = np.clip(units, 1e-9, 1 - 1e-9)
    return np.log(inside / (1 - inside))


def _summaries(features: np.ndarray, logits: np.ndarray, most: int = 5) -> np.ndarray:
    """The logits that runs' features (0 at the data) predict, less those that the data predict, (runs, parameters).

    Least squares on powers and products of the first principal components, as many as there are 10 runs for each term. What a
    parameter does not show in is predicted to be the same everywhere, so that it has no part in nearness.

    References
    ----------
    Fearnhead and Prangle 2012, doi 10.1111/j.1467-9868.2011.01010.x
    """
    centre = features.mean(axis=0)
    _, strength, axes = np.linalg.svd(features - centre, full_matrices=False)
    keep = min(int((strength > 1e-8 * max(float(strength[0]), 1e-300)).sum()), most)
    while keep > 1 and 10 * (1 + 2 * keep + keep * (keep + 1) // 2) > len(features):
        keep -= 1
    if not keep:
        return np.zeros_like(logits)
    scores = (features - centre) @ axes[:keep].T
    spread = scores.std(axis=0)
    pairs = np.triu_indices(keep)

    def terms(z: np.ndarray) -> np.ndarray:
        return np.column_stack([np.ones(len(z)), z, (z[:, :, None] * z[:, None, :])[:, pairs[0], pairs[1]], z**3])

    slopes = np.linalg.lstsq(terms(scores / spread), logits, rcond=1e-8)[0]
    return terms(scores / spread) @ slopes - terms(-(centre @ axes[:keep].T)[None] / spread) @ slopes


def _adjusted(units: np.ndarray, summaries: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Positions less what the regression of their logits on the summaries (0 at the data) explains."""
    logits, root = _logits(units), np.sqrt(weights)[:, None]
    design = np.column_stack([np.ones(len(units)), summaries])
    slopes = np.linalg.lstsq(root * design, root * logits, rcond=1e-8)[0][1:]
    moved = np.clip(logits - summaries @ slopes, -30.0, 30.0)
    return 1.0 / (1.0 + np.exp(-moved))


def smc(
    problem: Problem, sample: Reference, particles: int, populations: int, seed: int, *, alpha: float = 0.5, batch: int = 64,
    say: Callable[[dict[str, Any]], None] | None = None,
) -> Fitted:  # fmt: skip
    """Sequential Monte Carlo by pyABC, deterministic in `seed`: proposal number i of population t always has the same draws.

    So a calibration that was killed, begun again on the runs that it left, repeats the same steps without running them anew. `sample` gives the
    scale of the distance and the first threshold, its median distance.
    """
    try:
        import pyabc
    except ImportError:
        raise CommunizeError(MISSING) from None
    scale = problem.scales(sample.found)
    known = problem.distances(sample.found, scale)
    if np.isfinite(known).sum() < max(10, len(known) / 10):
        raise CommunizeError(f"only {int(np.isfinite(known).sum())} of {known.size} runs of the prior have a distance from the data")
    names = [f"x{k}" for k in range(len(problem.prior))]
    table: dict[tuple[Any, ...], float] = {}  # distances by seed and position
    now: dict[str, Any] = {"seed": 0, "recording": False}

    def key(theta: Any) -> tuple[Any, ...]:
        return (now["seed"], *(float(theta[name]) for name in names))

    def model(theta: Any) -> dict[str, float]:
        return {"distance": np.inf if now["recording"] else table[key(theta)], "seed": float(now["seed"])}

    class InOrder(pyabc.sampler.Sampler):
        """Proposes in this process, runs in batches, and accepts in the order of the proposals."""

        def sample_until_n_accepted(self, n, simulate_one, t, *, max_eval=np.inf, all_accepted=False, ana_vars=None):
            found, first = self._create_empty_sample(), 0
            while found.n_accepted < n and first < max_eval:
                numbers = range(first, first + batch)
                first += batch
                self._run(simulate_one, t, numbers)
                for number in numbers:
                    _seed(now, seed, t, number, recording=False)
                    found.append(simulate_one())
                    self.nr_evaluations_ = number + 1
                    if found.n_accepted == n:
                        break
            found.ok = found.n_accepted == n
            return found

        def _run(self, simulate_one: Any, t: int, numbers: range) -> None:
            keys = []
            for number in numbers:
                _seed(now, seed, t, number, recording=True)
                keys.append(key(simulate_one().parameter))
            values = problem.simulate(np.array([k[1:] for k in keys]), np.array([k[0] for k in keys], dtype=np.int64))
            table.update(zip(keys, problem.distances(values, scale).tolist()))

    first = float(np.median(known[np.isfinite(known)]))
    with _own_draws(), _silent():
        run = pyabc.ABCSMC(
            model, pyabc.Distribution(**{name: pyabc.RV("uniform", 0, 1) for name in names}), lambda x, y: x["distance"],
            population_size=particles, sampler=InOrder(), eps=pyabc.QuantileEpsilon(initial_epsilon=first, alpha=alpha))  # fmt: skip
        history = run.new("sqlite://", {"distance": 0.0, "seed": 0.0})
        rows: list[dict[str, Any]] = []
        run.initialize_components_before_run(
            minimum_epsilon=0.0, max_nr_populations=populations, min_acceptance_rate=LOWEST_RATE, max_total_nr_simulations=np.inf,
            max_walltime=None, min_eps_diff=0.0)  # fmt: skip
        for t in range(populations):
            epsilon = float(run.eps(t))
            if not run.run_generation(t)["successful"]:
                break
            rows.append({"population": t, "epsilon": epsilon, "runs": int(run.sampler.nr_evaluations_), "accepted": particles})
            if say is not None:
                say(rows[-1])
        if not rows:
            raise CommunizeError(f"no population was finished: fewer than {LOWEST_RATE:.1%} of the proposals came within {first:.3g}")
        frame, weights = history.get_distribution(t=rows[-1]["population"])
        kept = history.get_weighted_sum_stats(t=rows[-1]["population"])[1]
        history.done(end_time=datetime.datetime.now())  # closes its database
    units = frame[names].to_numpy()
    note = "" if len(rows) == populations else f"ended after population {len(rows) - 1}: fewer than {LOWEST_RATE:.1%} of the proposals were accepted"
    distances = np.array([float(one["distance"]) for one in kept])
    seeds = np.array([int(one["seed"]) for one in kept], dtype=np.int64)
    return Fitted(units, np.asarray(weights) / np.sum(weights), distances, seeds, scale, rows, note)


def _seed(now: dict[str, Any], seed: int, t: int, number: int, *, recording: bool) -> None:
    """Set all of pyABC's draws for one proposal, and the seed of its run."""
    words = np.random.SeedSequence([seed, 1, t, number]).generate_state(3)
    np.random.seed(int(words[0]))  # noqa: NPY002  # the generator that pyABC and SciPy draw from
    random.seed(int(words[1]))
    now["seed"], now["recording"] = int(words[2]) % SEEDS, recording


@contextlib.contextmanager
def _own_draws():
    legacy, plain = np.random.get_state(), random.getstate()  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(legacy)  # noqa: NPY002
        random.setstate(plain)


@contextlib.contextmanager
def _silent():
    """Keep pyABC's log and warnings from the user."""
    loggers = [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.split(".")[0] == "ABC"]
    levels = [one.level for one in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for one in loggers:
            one.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for one, level in zip(loggers, levels):
                one.setLevel(level)
