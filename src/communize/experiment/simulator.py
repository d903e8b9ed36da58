"""Runs of a calibration: points and seeds in, the values on the fitted days out; on processes, and never the same run twice."""

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from communize.declare.errors import CommunizeError, InputError
from communize.experiment.observations import Observations
from communize.experiment.priors import Prior
from communize.scenario.scenario import Scenario

CACHE = "runs.sqlite"
_societies: dict[str, Any] = {}  # of this process, by the scenario's hash


@dataclass(frozen=True)
class Question:
    """What every run of a calibration is asked."""

    scenario: Scenario
    observations: Observations
    society_fixed: bool = False


@dataclass
class Simulator:
    """Makes the runs of a calibration.

    Parameters
    ----------
    question
        What is run and looked at.
    prior
        The parameters that positions in the unit cube stand for.
    folder
        Where finished runs are kept; in memory if None.
    workers, scheduler
        As in `communize.experiment.ensemble.perform`.
    progress
        Called with (runs made, failed among them).
    """

    question: Question
    prior: Prior
    folder: Path | None = None
    workers: int | None = None
    scheduler: str | None = None
    progress: Callable[[int, int], None] | None = None

    def __enter__(self) -> "Simulator":
        from communize.experiment.workers import Here, pool

        self.made, self.failed, self.reason, self._stack = 0, 0, "", contextlib.ExitStack()
        try:
            self._cache = sqlite3.connect(str(self.folder / CACHE) if self.folder else ":memory:", timeout=5.0)
            self._stack.callback(self._cache.close)
            self._cache.execute("CREATE TABLE IF NOT EXISTS runs (key TEXT PRIMARY KEY, found BLOB, reason TEXT)")
            self._cache.commit()
            self._pool = self._stack.enter_context(pool(self.workers, self.scheduler, 1_000_000))
            here = isinstance(self._pool, Here)
            self._client: Any = None if here else self._pool.client
            self._asked: Any = self.question if here else self._client.scatter(self.question, broadcast=True)
        except sqlite3.DatabaseError as error:
            self._stack.close()
            raise InputError("--out", str(self.folder), f"a folder that can be written, whose {CACHE} is whole ({error})") from None
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: Any) -> None:
        self._stack.close()

    def __call__(self, units: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        """Values of runs, float64 (runs, values); NaN where a run failed.

        Parameters
        ----------
        units
            Positions in the unit cube, (runs, parameters).
        seeds
            Seeds, (runs,).
        """
        points = self.prior.points(units)
        keys = [_key(point, int(seed)) for point, seed in zip(points, seeds)]
        known = self._known(keys)
        missing = [i for i, key in enumerate(keys) if key not in known]
        width = self.question.observations.values.size
        for i, (found, reason) in self._answers([(points[i], int(seeds[i])) for i in missing], missing):
            known[keys[i]] = np.full(width, np.nan) if found is None else found
            self._cache.execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?)", (keys[i], known[keys[i]].astype("<f8").tobytes(), reason))
            self.made, self.failed = self.made + 1, self.failed + (found is None)
            self.reason = reason or self.reason
            if self.made % 16 == 0:
                self._cache.commit()
            if self.progress is not None:
                self.progress(self.made, self.failed)
        self._cache.commit()
        return np.array([known[key] for key in keys]).reshape(len(keys), width)

    def _known(self, keys: list[str]) -> dict[str, np.ndarray]:
        known = {}
        for first in range(0, len(keys), 500):
            some = keys[first : first + 500]
            rows = self._cache.execute(f"SELECT key, found FROM runs WHERE key IN ({','.join('?' * len(some))})", some)
            known |= {key: np.frombuffer(found, "<f8") for key, found in rows}
        return known

    def _answers(self, jobs: list[tuple[dict[str, Any], int]], numbers: list[int]):
        if self._client is None:
            yield from ((i, answer(self._asked, *job)) for i, job in zip(numbers, jobs))
            return
        import distributed

        futures = {self._client.submit(answer, self._asked, *job, pure=False): i for i, job in zip(numbers, jobs)}
        for future in distributed.as_completed(list(futures), loop=self._client.loop):
            if future.status != "finished":
                raise CommunizeError(f"a run was lost: {future.exception() if future.status == 'error' else 'the scheduler is gone'}")
            yield futures[future], future.result()

    def series(self, units: np.ndarray, seeds: np.ndarray) -> list[list[np.ndarray] | None]:
        """For each run, each series of the data day by day; these runs are not kept."""
        jobs = list(zip(self.prior.points(units), map(int, seeds)))
        if self._client is None:
            return [curves(self._asked, *job) for job in jobs]
        return self._client.gather([self._client.submit(curves, self._asked, *job, pure=False) for job in jobs])


def answer(question: Question, point: dict[str, Any], seed: int) -> tuple[np.ndarray | None, str | None]:
    """What one run has on the fitted days; or None and the reason why not."""
    from communize.experiment.workers import reason_of

    try:
        series = _run(question, point, seed, question.observations.days_fitted)
        return question.observations.found(series), None
    except Exception as error:
        return None, reason_of(error)


def curves(question: Question, point: dict[str, Any], seed: int) -> list[np.ndarray] | None:
    """The variables of the data in one run, day by day."""
    from communize.experiment.observations import of_run

    try:
        series = _run(question, point, seed, question.observations.days_all)
    except CommunizeError:
        return None
    return [of_run(one, series) for one in question.observations.series]


def _run(question: Question, point: dict[str, Any], seed: int, days: int) -> Any:
    from communize.simulation.simulation import Simulation
    from communize.society.society import Society

    scenario = question.scenario
    society = None
    if question.society_fixed:
        if scenario.hash not in _societies:
            _societies.clear()
            _societies[scenario.hash] = Society.synthesise(scenario.society, seed=scenario.seed, threads=1)
        society = _societies[scenario.hash]
    simulation = Simulation(scenario.replace(point), seed, threads=1, society=society)
    simulation.run(days)
    return simulation.series


def _key(point: dict[str, Any], seed: int) -> str:
    return hashlib.blake2b(json.dumps([point, seed], sort_keys=True).encode(), digest_size=16).hexdigest()
