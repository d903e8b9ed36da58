"""The daily series of a run, recorded from what mechanisms observe."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from communize.declare.errors import InputError, InvariantViolation, nearest_name
from communize.declare.registry import (
    ACCOUNTS,
    ACTIVITIES,
    CAUSES,
    CHANNELS,
    CHARACTER_BINS,
    CONTENTS,
    DECILES,
    DIVISIONS,
    LOCI,
    MODES,
    POSITIONS,
    SCOPES,
    SIZE_CLASSES,
    SOURCES_OF_PROVISION,
    Output,
)
from communize.kernels.ranges import F4, F8, NUMBERS, first_not_finite

FIXED_DIMS = {
    "locus": LOCI, "activity": ACTIVITIES, "position": POSITIONS, "channel": CHANNELS, "cause": CAUSES, "scope": SCOPES, "relation": CONTENTS,
    "account": ACCOUNTS, "decile": DECILES, "size_class": SIZE_CLASSES, "source": SOURCES_OF_PROVISION,
    "mode": MODES, "character_bin": CHARACTER_BINS, "division": DIVISIONS,
}  # fmt: skip
UNITS_OF_TIME = "day"
LEAST_ROOM, MOST_AHEAD = 32, 366  # days


class Recorder:
    """Arrays (day, ...) of every declared output, grown as days are recorded.

    Parameters
    ----------
    sizes
        Length of each dimension besides ``day``.
    """

    def __init__(self, sizes: dict[str, int]):
        self.sizes, self.n_days = sizes, 0
        self.outputs: dict[str, Output] = {}
        self._data: dict[str, np.ndarray] = {}
        self._reported: set[str] = set()  # what a mechanism at work declares
        self._room = 0  # days for which every array has room; 0 before the first day and when something was added

    def add(self, outputs: Iterable[Output]) -> None:
        """Record these variables from now on; the days before are missing."""
        self._room = 0
        for output in outputs:
            self._reported.add(output.name)
            if output.name in self.outputs:
                if self.outputs[output.name] != output:
                    raise InputError(f"outputs.{output.name}", output.meaning, "a name that no other variable has")
            else:
                for dim in output.dims:
                    if dim not in self.sizes:
                        raise InputError(f"outputs.{output.name}", dim, f"dims among {', '.join(self.sizes)}", nearest_name(dim, self.sizes))
                self.outputs[output.name] = output
                shape = (self.n_days, *(self.sizes[dim] for dim in output.dims))
                self._data[output.name] = np.full(shape, _missing(output), output.dtype)

    def record(self, values: dict[str, Any]) -> None:
        """Append a day; a variable that nobody reported is missing: not a number, or 0 for integers.

        Raises
        ------
        InvariantViolation
            A value that is not finite, and not a number only where the output says that this stands for none.
        """
        day = self.n_days
        if day >= self._room:
            self._make_room(1)
        given = values.get
        for name, data, missing in self._slots:
            data[day] = given(name, missing)
        if first_not_finite(*self._described, day) >= 0:
            self._check(values, day)
        self.n_days += 1

    def reserve(self, days: int) -> None:
        """Make room for so many more days at once, at most for a year."""
        days = min(days, MOST_AHEAD)
        if self.n_days + days > self._room:
            self._make_room(days)

    def _make_room(self, days: int) -> None:
        """Enlarge the arrays that have no room for `days` more, and describe them anew for `record`."""
        for name, data in self._data.items():
            if self.n_days + days > data.shape[0]:
                larger = np.zeros((max(LEAST_ROOM, 2 * self.n_days, self.n_days + days), *data.shape[1:]), data.dtype)
                larger[: self.n_days] = data[: self.n_days]
                self._data[name] = larger
        self._room = min((data.shape[0] for data in self._data.values()), default=2**62)
        self._slots = [(name, self._data[name], _missing(output)) for name, output in self.outputs.items()]
        floats = [(output, self._data[name], NUMBERS.get(self._data[name].dtype)) for name, output in self.outputs.items()]
        floats = [(output, data, number) for output, data, number in floats if number in (F4, F8)]
        limits = np.array([np.finfo(data.dtype).max for _, data, _ in floats], float)
        rows = [
            (data.ctypes.data, 0, data[0].size, number, -1, 0, output.may_lack or output.name not in self._reported)
            for output, data, number in floats
        ]  # fmt: skip
        self._described = (np.array(rows, np.int64).reshape(-1, 7), limits)

    def _check(self, values: dict[str, Any], day: int) -> None:
        """Raise for a value of the day that is not finite; what was not reported is not wrong."""
        for name, data, _ in self._slots:
            output = self.outputs[name]
            if name not in values or data.dtype.kind != "f":
                continue
            wrong = ~np.isfinite(data[day]) if not output.may_lack else np.isinf(data[day])
            if np.any(wrong):
                at = tuple(int(axis[0]) for axis in np.nonzero(wrong)) if output.dims else ()
                where = f" at {', '.join(f'{dim} {k}' for dim, k in zip(output.dims, at))}" if at else ""
                found = data[day][at]
                raise InvariantViolation(
                    "series", f"the series {name} is {found} on day {day}{where}", day=day, series=name, found=found,
                    expected="a finite number, or not a number for none" if output.may_lack else "a finite number (Output(..., may_lack=True) allows not a number for none)")  # fmt: skip

    def __getitem__(self, name: str) -> np.ndarray:
        return self._data[name][: self.n_days]

    def copy(self) -> "Recorder":
        """An independent copy."""
        twin = Recorder(self.sizes)
        twin.n_days, twin.outputs = self.n_days, dict(self.outputs)
        twin._data = {name: data.copy() for name, data in self._data.items()}
        return twin

    def restore(self, n_days: int, series: Iterable[tuple[Output, np.ndarray]]) -> None:
        """Take up the series of the first `n_days` days, in the order in which they were declared."""
        self.n_days = n_days
        for output, values in series:
            self.outputs[output.name], self._data[output.name] = output, values.copy()

    def dataset(self, society, start) -> Any:
        """The series as an `xarray.Dataset` with dims day, place, ...; every variable with units and long_name."""
        import xarray as xr

        places = society.place_list
        days = np.datetime64(start) + np.arange(self.n_days)
        dates = days.astype("datetime64[ns]")
        if np.any(dates.astype(days.dtype) != days):  # nanoseconds reach from 1677 to 2262; other years are written as text
            dates = np.datetime_as_string(days).astype(object)
        coords: dict[str, Any] = {
            "day": ("day", np.arange(self.n_days), {"long_name": "day of the run", "units": UNITS_OF_TIME}),
            "date": ("day", dates, {"long_name": "date"}),
            "place": ("place", np.arange(len(places)), {"long_name": "place", "units": "row of places.parquet"}),
            "name": ("place", places.name.astype(object), {"long_name": "name of the place"}),
            "region": ("place", places.region.astype(object), {"long_name": "region of the place"}),
        }
        used = {dim for output in self.outputs.values() for dim in output.dims}
        for dim, labels in {**FIXED_DIMS, "sector": society.sectors}.items():
            if dim in used:
                coords[dim] = (dim, np.array(labels, dtype=object), {"long_name": dim})
        variables = {
            name: (("day", *output.dims), self[name].copy(), {"units": output.unit, "long_name": output.meaning})
            for name, output in self.outputs.items()
        }
        return xr.Dataset(variables, coords)


def _missing(output: Output) -> float:
    return float("nan") if np.dtype(output.dtype).kind == "f" else 0
