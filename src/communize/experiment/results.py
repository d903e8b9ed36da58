"""What many runs gave: one table, and one dataset over the dimensions that were varied."""

import itertools
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from communize.declare.errors import InputError, nearest_name
from communize.experiment.figures import NUMBERS, UNITS
from communize.experiment.folder import JOURNAL, cannot_write, read_journal, read_plan
from communize.experiment.plan import address_of, plain
from communize.experiment.workers import Done

TABLE, DATASET = "runs.parquet", "dataset.zarr"
TEXTS = ("status", "reason", "outcome", "state_hash", "scenario_hash", "version", "address")
IN_TABLE_ALONE = ("reason", "state_hash", "scenario_hash", "version", "address")
ROWS_AT_ONCE = 10_000


class Results:
    """What many runs gave.

    Attributes
    ----------
    table
        Data frame, one row a (point, seed) that was run: `point`, the varied paths, `seed`, `status` (``done`` or ``failed``),
        `reason`, figures (not a number where not computed).
    plan
        What was asked for: name, points, seeds, days, version and so on, as in `sweep.json`.
    series
        Daily series that were asked for, by name: float64 (row of the table, day).
    stopped
        Runs by point where a rule said that they are enough.
    """

    def __init__(self, plan: dict[str, Any], table: Any, series: dict[str, np.ndarray] | None = None, stopped: dict[int, int] | None = None):
        self.plan, self.table, self.series, self.stopped = plan, table, series or {}, stopped or {}

    def __repr__(self) -> str:
        points = self.table["point"].nunique()
        return f"<Results {self.plan['name']}: {points} point{'s' if points != 1 else ''}, {len(self.done)} runs done, {len(self.failed)} failed>"

    @property
    def done(self) -> Any:
        """The rows of runs that were done."""
        return self.table[self.table["status"] == "done"]

    @property
    def failed(self) -> Any:
        """The rows of runs that failed, with their reasons."""
        return self.table[self.table["status"] == "failed"]

    def at(self, where: dict[str, Any] | None = None, *, point: int | None = None) -> "Results":
        """The results of some points: by values at varied paths, or by number.

        Raises
        ------
        InputError
            There is no such path, or no run there.
        """
        keep = np.ones(len(self.table), bool)
        if point is not None:
            keep &= self.table["point"].to_numpy() == point
        for path, value in (where or {}).items():
            if path not in self.plan["paths"]:
                raise InputError("at", path, f"a path that was varied: {', '.join(self.plan['paths']) or 'there is none'}", nearest_name(path, self.plan["paths"]))
            keep &= (self.table[path] == plain(value)).to_numpy()
        if not keep.any():
            raise InputError("at", where if point is None else point, f"a point that was run (there are {self.table['point'].nunique()})")
        series = {name: values[keep] for name, values in self.series.items()}
        return Results(self.plan, self.table[keep].reset_index(drop=True), series, self.stopped)

    @property
    def dataset(self) -> Any:
        """An `xarray.Dataset` over the varied paths where the points are a full grid, else over `point`; and over `seed`.

        Daily series that were asked for have the dim `day` as well. What was not run, or failed, is not a number.
        """
        return dataset_of(self.plan, self.table, self.series)

    def to_parquet(self, target: str | Path) -> None:
        """Write the table as Parquet: a file, or any address that fsspec knows (``s3://...``, ``gs://...``)."""
        self.table.to_parquet(_local(target))

    def to_zarr(self, target: str | Path) -> None:
        """Write the dataset as Zarr: a folder, or any address that fsspec knows."""
        self.dataset.to_zarr(_local(target), mode="w", consolidated=False)


def _local(target: str | Path) -> str:
    """The target; of a local one without ``file://``, and with the folders above it made."""
    text = str(target).removeprefix("file://")
    if "://" not in text:
        Path(text).parent.mkdir(parents=True, exist_ok=True)
    return text


def varied_of(plan: dict[str, Any], point: int) -> dict[str, Any]:
    """The values of a point at every varied path; the scenario's own where this one does not change it."""
    return {path: plain(plan["points"][point].get(path, plan["own"].get(path))) for path in plan["paths"]}


def collect(plan: dict[str, Any], records: Iterable[Done], stopped: dict[int, int] | None = None) -> Results:
    """Results of the runs recorded so far, in the order of points and seeds."""
    import pandas as pd

    where: dict[str, list[tuple[int, int]]] = {}
    for (point, digest), (number, seed) in itertools.product(enumerate(plan["digests"]), enumerate(plan["seeds"])):
        where.setdefault(address_of(digest, seed, plan["days"], plan["version"]), []).append((point, number))
    varied = [varied_of(plan, point) for point in range(len(plan["points"]))]
    frames, series, keys, seen = [], {name: [] for name in plan["series"]}, [], {}
    for records_at_once in _batches(records):
        rows = []
        for record in records_at_once:
            for point, number in where.get(record["address"], ()):
                seen[point, number] = len(keys)  # the later line of a repeated run counts
                keys.append((point, number))
                rows.append({"point": point, **varied[point], **record["row"], "address": record["address"]})
                for name, values in series.items():
                    values.append(record["series"].get(name))
        if rows:
            frames.append(_typed(pd.DataFrame(rows), plan))
    columns = ["point", *plan["paths"], "seed", "status", "reason"]
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
    order = [seen[key] for key in sorted(seen)]
    frame = _typed(frame.iloc[order].reset_index(drop=True), plan)
    arrays = {name: _padded([values[row] for row in order], plan["days"]) for name, values in series.items()}
    return Results(plan, frame[[*columns, *(name for name in frame if name not in columns)]], arrays, stopped)


def _batches(records: Iterable[Done]) -> Iterator[list[Done]]:
    stream = iter(records)
    while batch := list(itertools.islice(stream, ROWS_AT_ONCE)):
        yield batch


def _typed(frame: Any, plan: dict[str, Any]) -> Any:
    """The frame with figures as float64, texts as text, and every varied path as one type."""
    numbers = [name for name in (*NUMBERS, *plan["figures"], "seconds", "outcome_day") if name in frame]
    frame = frame.astype(dict.fromkeys(numbers, "float64"))
    for name in (*TEXTS, *plan["paths"]):
        if name not in frame:
            continue
        kinds = {type(value) for value in frame[name] if value is not None}
        if name in TEXTS or not (kinds <= {int, float} or kinds == {bool}):
            frame[name] = frame[name].astype("object").where(frame[name].notna(), None).map(lambda v: v if v is None or isinstance(v, str) else str(v)).astype("str")
    return frame


def _padded(rows: list[np.ndarray | None], days: int) -> np.ndarray:
    """Daily series as one array; not a number where a run has none."""
    values = np.full((len(rows), days), np.nan)
    for number, row in enumerate(rows):
        if row is not None:
            values[number, : len(row)] = row
    return values


def grid_of(plan: dict[str, Any], points: list[int]) -> dict[str, list[Any]] | None:
    """The values by path, if these points are a full grid; None otherwise."""
    rows = [tuple(varied_of(plan, point).values()) for point in points]
    values = [list(dict.fromkeys(column)) for column in zip(*rows)]
    full = bool(plan["paths"]) and len(set(rows)) == len(rows) == np.prod([len(column) for column in values])
    return dict(zip(plan["paths"], map(_sorted, values))) if full and not any(None in column for column in values) else None


def _sorted(values: list[Any]) -> list[Any]:
    return sorted(values) if all(isinstance(value, (int, float)) for value in values) or all(isinstance(value, str) for value in values) else [str(v) for v in values]


def dataset_of(plan: dict[str, Any], table: Any, series: dict[str, np.ndarray]) -> Any:
    """The table and the daily series as one dataset."""
    import xarray as xr

    points = sorted({int(point) for point in table["point"]})
    seeds = sorted({int(seed) for seed in table["seed"]})
    grid = grid_of(plan, points)
    dims: dict[str, list[Any]] = {**(grid or {"point": points}), "seed": seeds}
    shape = tuple(len(values) for values in dims.values())
    row_of = {name: {value: k for k, value in enumerate(values)} for name, values in dims.items()}
    at = np.array([np.ravel_multi_index([row_of[name][_key(value, row_of[name])] for name, value in zip(dims, row)], shape)
                   for row in zip(*(table[name] for name in dims))], dtype=np.int64)  # fmt: skip
    variables: dict[str, Any] = {}
    for name in table:
        if name in dims or name in plan["paths"] or name == "point" or name in IN_TABLE_ALONE:
            continue
        text = name in TEXTS
        values = np.full(int(np.prod(shape)), "" if text else np.nan, dtype=object if text else np.float64)
        values[at] = ["" if value is None or value != value else value for value in table[name]] if text else table[name].to_numpy(np.float64)
        variables[str(name)] = (tuple(dims), values.reshape(shape), _attributes(str(name)))
    for name, rows in series.items():
        values = np.full((int(np.prod(shape)), plan["days"]), np.nan)
        values[at] = rows
        variables[f"daily_{name}"] = ((*dims, "day"), values.reshape(*shape, plan["days"]), {"units": UNITS.get(name, ""), "long_name": f"{name}, by day"})
    coords: dict[str, Any] = {name: (name, _coordinate(values), {"long_name": name}) for name, values in dims.items()}
    if series:
        coords["day"] = ("day", np.arange(plan["days"]), {"units": "day", "long_name": "day of the run"})
    if grid is None:
        for path in plan["paths"]:
            coords[path] = ("point", _coordinate([varied_of(plan, point)[path] for point in points]), {"long_name": path})
    about = {"name": plan["name"], "scenario_hash": plan["scenario_hash"], "version": plan["version"], "days": plan["days"]}
    return xr.Dataset(variables, coords, about)


def _key(value: Any, known: dict[Any, int]) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return value if value in known else str(value)


def _coordinate(values: list[Any]) -> np.ndarray:
    if all(isinstance(value, (bool, int, float)) for value in values):
        return np.array(values)
    return np.array(["" if value is None else str(value) for value in values], dtype=object)


def _attributes(name: str) -> dict[str, str]:
    return {"units": UNITS.get(name, ""), "long_name": name.replace("_", " ")}


def finish(folder: Path, plan: dict[str, Any], records: Iterable[Done]) -> None:
    """Write `runs.parquet` and `dataset.zarr` of a folder, each put in place when it is whole.

    Raises
    ------
    CommunizeError
        The disk is full, or cannot be written.
    """
    results = collect(plan, records)
    table, dataset = folder / f"{TABLE}.part", folder / f"{DATASET}.part"
    try:
        results.to_parquet(table)
        os.replace(table, folder / TABLE)
        shutil.rmtree(dataset, ignore_errors=True)
        if len(results.table):
            results.to_zarr(dataset)
            shutil.rmtree(folder / DATASET, ignore_errors=True)
            os.replace(dataset, folder / DATASET)
    except OSError as error:
        raise cannot_write(folder, error) from None


def read_ensemble(folder: str | Path) -> Results:
    """Read the folder of a sweep or ensemble, finished or not.

    Raises
    ------
    InputError
        There is no such folder, or it is damaged.
    """
    path = Path(folder)
    plan = read_plan(path)
    if not (path / JOURNAL).is_file():
        raise InputError("DIR", str(folder), f"a whole folder of a sweep (it has no {JOURNAL})")
    stopped = {int(point): n for point, n in plan.get("stopped", {}).items()}
    return collect(plan, read_journal(path), stopped)
