"""What a sweep runs: points, seeds, and the address of every run."""

import dataclasses
import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from communize.declare.errors import InputError
from communize.experiment.figures import Figure, check_figures, check_series, name_of
from communize.experiment.workers import Job
from communize.scenario.check import check_comparisons, check_length
from communize.scenario.scenario import Scenario, load
from communize.simulation.snapshot import version

HIGHEST_SEED = 2**64


@dataclasses.dataclass(frozen=True)
class Plan:
    """Every point with every seed.

    Attributes
    ----------
    scenario
        The scenario that points change, its length set.
    points
        Values by dotted path.
    seeds
        The seeds of every point.
    """

    scenario: Scenario
    points: tuple[dict[str, Any], ...]
    seeds: tuple[int, ...]
    figures: tuple[Figure, ...] = ()
    series: tuple[str, ...] = ()

    @functools.cached_property
    def paths(self) -> tuple[str, ...]:
        """Paths that any point changes, in order of appearance."""
        return tuple(dict.fromkeys(path for point in self.points for path in point))

    @functools.cached_property
    def _own(self) -> dict[str, Any]:
        return {path: value_at(self.scenario.tables.model_dump(), path) for path in self.paths}

    @functools.cached_property
    def digests(self) -> tuple[str, ...]:
        """Hash of the resolved scenario of every point; equal for points that say the same in other words."""
        return tuple(self.scenario.replace(point).hash for point in self.points)

    def address(self, point: int, seed: int) -> str:
        """The name of a run."""
        return address_of(self.digests[point], seed, self.scenario.days, version())

    def job(self, point: int, seed: int) -> Job:
        """One run."""
        return Job(self.address(point, seed), seed, self.scenario, self.points[point], self.figures, self.series, version())

    @functools.cached_property
    def distinct(self) -> tuple[int, ...]:
        """The first point of each digest: what has to be run."""
        return tuple({digest: point for point, digest in reversed(list(enumerate(self.digests)))}.values())[::-1]

    def to_dict(self) -> dict[str, Any]:
        """What `sweep.json` holds."""
        return {
            "name": self.scenario.name, "scenario": self.scenario.file, "scenario_hash": self.scenario.hash, "version": version(),
            "days": self.scenario.days, "figures": [name_of(figure) for figure in self.figures], "series": list(self.series),
            "paths": list(self.paths), "points": [dict(point) for point in self.points], "own": {path: plain(value) for path, value in self._own.items()},
            "seeds": list(self.seeds), "digests": list(self.digests),
        }  # fmt: skip


def make_plan(
    scenario: str | Path | Scenario, points: Sequence[Mapping[str, Any]], *, seeds: int | Sequence[int] = 1, days: int | None = None,
    figures: Sequence[Figure] = (), series: Sequence[str] = (),
) -> Plan:  # fmt: skip
    """The plan of a sweep, every point of it validated.

    Raises
    ------
    InputError
        Any point, seed, figure or series that cannot be run.
    """
    loaded = load(scenario).replace({} if days is None else {"run.days": days})
    loaded = loaded.replace({"run.days": loaded.days})
    if not points:
        raise InputError("points", "none", "at least one point; {} is the scenario itself")
    for point in points:
        if "run.seed" in point:
            raise InputError("run.seed", point["run.seed"], "another path: every point is run with every seed (--seeds)")
        changed = loaded.replace(dict(point))
        check_length(changed)
        check_comparisons(changed)
    return Plan(
        loaded, tuple(dict(point) for point in points), seeds_of(seeds, loaded.seed), check_figures(loaded, figures), check_series(loaded, series))  # fmt: skip


def seeds_of(seeds: int | Sequence[int], first: int) -> tuple[int, ...]:
    """The seeds themselves: as many as asked for, counted from `first`, or those given."""
    if isinstance(seeds, bool) or (isinstance(seeds, int) and seeds < 1):
        raise InputError("seeds", seeds, "1 or more")
    chosen = tuple(range(first, first + seeds)) if isinstance(seeds, int) else tuple(int(seed) for seed in seeds)
    for seed in chosen:
        if not 0 <= seed < HIGHEST_SEED:
            raise InputError("seeds", seed, "0 to 2**64 - 1")
    if not chosen or len(set(chosen)) != len(chosen):
        raise InputError("seeds", list(chosen), "at least one seed, each once")
    return chosen


def address_of(scenario_hash: str, seed: int, days: int, of_version: str) -> str:
    """The name of a run: a hash of the resolved scenario, seed, length and version of the package."""
    text = json.dumps([scenario_hash, seed, days, of_version])
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def value_at(values: Any, path: str) -> Any:
    """The value at a dotted path, None where there is none."""
    for part in path.replace("]", "").replace("[", ".").split("."):
        if isinstance(values, list) and part.isdecimal() and int(part) < len(values):
            values = values[int(part)]
        elif isinstance(values, dict) and part in values:
            values = values[part]
        else:
            return None
    return values


def plain(value: Any) -> Any:
    """A value as a column can hold it: numbers, truth and text as they are, all else as JSON."""
    value = value.item() if hasattr(value, "item") else value
    return value if value is None or isinstance(value, (bool, int, float, str)) else json.dumps(value, default=str)
