"""The ranges that sensitivity and calibration draw parameters from: `[prior]` of a scenario, or ``path=low:high`` of one's own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from communize.declare.errors import InputError
from communize.scenario.scenario import Scenario


@dataclass(frozen=True)
class Range:
    """One parameter: uniform between `low` and `high`, or uniform in its logarithm; whole numbers are rounded."""

    path: str
    low: float
    high: float
    log: bool = False
    whole: bool = False

    def value(self, unit: np.ndarray) -> np.ndarray:
        """Values for positions in the range, 0 at its low end and 1 at its high end."""
        if self.log:
            found = self.low * (self.high / self.low) ** np.asarray(unit, float)
        else:
            found = np.asarray(unit, float) * (self.high - self.low) + self.low
        return np.rint(found) if self.whole else found

    def unit(self, value: np.ndarray) -> np.ndarray:
        """Positions in the range of values, 0 to 1 within it."""
        if self.log:
            return np.log(np.asarray(value, float) / self.low) / np.log(self.high / self.low)
        return (np.asarray(value, float) - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Prior:
    """Independent ranges of several parameters.

    Parameters
    ----------
    ranges
        The parameters, each a `Range` or ``(path, low, high)``.
    """

    ranges: tuple[Range, ...] = field(default=())

    def __init__(self, ranges: Iterable[Range | tuple[str, float, float]]):
        object.__setattr__(self, "ranges", tuple(r if isinstance(r, Range) else Range(*r) for r in ranges))

    def __len__(self) -> int:
        return len(self.ranges)

    @property
    def paths(self) -> list[str]:
        return [r.path for r in self.ranges]

    def values(self, unit: np.ndarray) -> np.ndarray:
        """Values of parameters from positions in the unit cube, float64 (points, parameters)."""
        unit = np.atleast_2d(unit)
        return np.column_stack([r.value(unit[:, k]) for k, r in enumerate(self.ranges)])

    def units(self, values: np.ndarray) -> np.ndarray:
        """Positions in the unit cube of values, float64 (points, parameters)."""
        values = np.atleast_2d(values)
        return np.column_stack([r.unit(values[:, k]) for k, r in enumerate(self.ranges)])

    def points(self, unit: np.ndarray) -> list[dict[str, Any]]:
        """Changes of the scenario from positions in the unit cube, as `Scenario.replace` takes them."""
        whole = [r.whole for r in self.ranges]
        return [
            {path: int(value) if w else float(value) for path, value, w in zip(self.paths, row, whole)} for row in self.values(unit)
        ]

    def sobol(self, n: int, seed: int) -> np.ndarray:
        """The first `n` points of a scrambled Sobol sequence, in the unit cube, float64 (n, parameters)."""
        from scipy.stats import qmc

        exponent = int(np.ceil(np.log2(max(2, n))))
        return qmc.Sobol(len(self), scramble=True, rng=np.random.default_rng(seed)).random_base2(exponent)[:n]

    def draws(self, n: int, seed: int) -> np.ndarray:
        """Independent draws in the unit cube, float64 (n, parameters)."""
        return np.random.default_rng(seed).random((n, len(self)))

    def to_dict(self) -> dict[str, Any]:
        return {r.path: [r.low, r.high, *(["log"] if r.log else [])] for r in self.ranges}


def prior_of(scenario: Scenario, assignments: Sequence[str] | dict[str, Any] | None = None, *, society_fixed: bool = False) -> Prior:
    """The prior of a scenario, or the one given.

    Parameters
    ----------
    assignments
        ``path=low:high`` or ``path=low:high:log``, or the same as ``{path: [low, high, "log"]}``; these alone are then varied.
        The scenario's `[prior]` if None or empty.
    society_fixed
        The society is made once and used again, so that nothing of it may vary.

    Raises
    ------
    InputError
        There is no prior, or a path or an end of a range is not allowed in the scenario.
    """
    where = "--prior" if assignments else "prior"
    entries = _parsed(assignments) if assignments else dict(scenario.tables.prior)
    if not entries:
        raise InputError("prior", "nothing", 'a scenario with [prior], such as "struggle.coupling" = [1.0, 4.0], or --prior path=low:high', None, scenario.file)
    return Prior([_range(scenario, where, path, list(entry), society_fixed) for path, entry in entries.items()])


def _parsed(assignments: Sequence[str] | dict[str, Any]) -> dict[str, Any]:
    if isinstance(assignments, dict):
        return assignments
    entries: dict[str, Any] = {}
    for text in assignments:
        path, equals, span = text.partition("=")
        parts = span.split(":")
        try:
            entries[path.strip()] = [float(parts[0]), float(parts[1]), *parts[2:]]
        except (ValueError, IndexError):
            equals = ""
        if not equals:
            raise InputError("--prior", text, "path=low:high or path=low:high:log, such as struggle.coupling=1:4")
    return entries


def _range(scenario: Scenario, where: str, path: str, entry: list[Any], society_fixed: bool) -> Range:
    from communize.scenario.problems import field_at, type_name
    from communize.scenario.tables import Tables

    file = scenario.file if where == "prior" else None
    numbers = [x for x in entry[:2] if isinstance(x, (int, float)) and np.isfinite(x)]
    if len(numbers) < 2 or len(entry) > 3 or not numbers[0] < numbers[1]:
        raise InputError(f"{where}.{path}", entry, "[lowest, highest], two numbers in order", None, file)
    low, high = map(float, numbers)
    if entry[2:] not in ([], ["log"]):
        raise InputError(f"{where}.{path}", entry[2], "log, or nothing", "log", file)
    if entry[2:] and low <= 0:
        raise InputError(f"{where}.{path}", low, "a lowest value above 0, for a range in logarithms", None, file)
    if society_fixed and path.startswith("society."):
        raise InputError(f"{where}.{path}", path, "a parameter of a mechanism, as the society is made once and used again", None, file)
    pieces: list[Any] = []
    for piece in path.replace("]", "").split("."):
        name, *indices = piece.split("[")
        pieces += [name, *(int(i) if i.isdecimal() else i for i in indices)]
    whole = type_name(field_at(Tables, tuple(pieces))) == "int"
    for end in (low, high):
        try:
            scenario.replace({path: int(end) if whole and end.is_integer() else end})
        except InputError as error:
            raise InputError(f"{where}.{path}", error.found, error.allowed, error.nearest, file) from None
    return Range(path, low, high, bool(entry[2:]), whole)
