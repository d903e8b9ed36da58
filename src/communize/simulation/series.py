"""The daily series of a run, recorded from what mechanisms observe."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from communize.declare.errors import InputError, nearest_name
from communize.declare.registry import ACTIVITIES, CAUSES, CHANNELS, CONTENTS, LOCI, POSITIONS, SCOPES, Output

FIXED_DIMS = {
    "locus": LOCI, "activity": ACTIVITIES, "position": POSITIONS, "channel": CHANNELS, "cause": CAUSES, "scope": SCOPES, "relation": CONTENTS,
}  # fmt: skip
UNITS_OF_TIME = "day"


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

    def add(self, outputs: Iterable[Output]) -> None:
        """Record these variables from now on; the days before are missing."""
        for output in outputs:
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
        """Append a day; a variable that nobody reported is missing: not a number, or 0 for integers."""
        for name, output in self.outputs.items():
            data = self._data[name]
            if self.n_days >= data.shape[0]:
                larger = np.zeros((max(32, 2 * self.n_days), *data.shape[1:]), data.dtype)
                larger[: self.n_days] = data[: self.n_days]
                self._data[name] = data = larger
            data[self.n_days] = values.get(name, _missing(output))
        self.n_days += 1

    def __getitem__(self, name: str) -> np.ndarray:
        return self._data[name][: self.n_days]

    def copy(self) -> "Recorder":
        """An independent copy."""
        twin = Recorder(self.sizes)
        twin.n_days, twin.outputs = self.n_days, dict(self.outputs)
        twin._data = {name: data.copy() for name, data in self._data.items()}
        return twin

    def dataset(self, society, start) -> Any:
        """The series as an `xarray.Dataset` with dims day, place, ...; every variable with units and long_name."""
        import xarray as xr

        places = society.place_list
        days = np.datetime64(start) + np.arange(self.n_days)
        coords: dict[str, Any] = {
            "day": ("day", np.arange(self.n_days), {"long_name": "day of the run", "units": UNITS_OF_TIME}),
            "date": ("day", days.astype("datetime64[ns]"), {"long_name": "date"}),
            "place": ("place", np.arange(len(places)), {"long_name": "place", "units": "row of places.parquet"}),
            "name": ("place", places.name.astype(object), {"long_name": "name of the place"}),
            "region": ("place", places.region.astype(object), {"long_name": "region of the place"}),
        }
        used = {dim for output in self.outputs.values() for dim in output.dims}
        for dim, labels in FIXED_DIMS.items():
            if dim in used:
                coords[dim] = (dim, np.array(labels, dtype=object), {"long_name": dim})
        variables = {
            name: (("day", *output.dims), self[name].copy(), {"units": output.unit, "long_name": output.meaning})
            for name, output in self.outputs.items()
        }
        return xr.Dataset(variables, coords)


def _missing(output: Output) -> float:
    return float("nan") if np.dtype(output.dtype).kind == "f" else 0
