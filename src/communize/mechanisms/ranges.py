"""Every column within the range that it declares, checked in turns, and reports of what is not."""

import functools
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from communize.declare.errors import InvariantViolation
from communize.declare.registry import Column, Table
from communize.kernels import ranges
from communize.mechanisms.base import Mechanism, State

dtype_of = functools.cache(np.dtype)  # to understand a name takes long
HAZARDS = ("probability", "1/day")  # units of columns that are checked whole every day


class Reports:
    """Violations with the mechanisms that write the column in question."""

    def __init__(self, mechanisms: Iterable[Mechanism]):
        self.writers: dict[str, list[str]] = {}
        for mechanism in mechanisms:
            for path in mechanism.writes:
                self.writers.setdefault(path, []).append(type(mechanism).__name__)

    def violation(self, invariant: str, message: str, day: int, table: str, column: str = "", **facts: Any) -> InvariantViolation:
        """A violation that has to do with a table, or a column of it."""
        path = f"{table}.{column}" if column else table
        return InvariantViolation(invariant, f"{path}: {message}", day=day, table=table, column=column or None, writers=self.writers.get(path, []), **facts)

    def at(self, invariant: str, message: str, state: State, day: int, path: str, rows: np.ndarray, expected: Any, **facts: Any) -> InvariantViolation:
        """A violation of the column `path` at the first of `rows`, with the values of that row in all columns."""
        name, column = path.split(".")
        table, row = state.tables[name], int(rows[0])
        whole = {other.name: values[row] for other, values in table.columns() if not other.dims}
        found = getattr(table, column)[row]
        return self.violation(
            invariant, f"{message} (row {row})", day, name, column, row=row, found=found, expected=expected, wrong_rows=int(rows.size),
            values=whole, **facts)  # fmt: skip


class Ranges:
    """Where the columns of a state lie and what they may hold, for `kernels.ranges.first_outside`."""

    def __init__(self, state: State, reports: Reports):
        self._reports = reports
        self.describe(state, state.day)

    def refresh(self, state: State, day: int) -> None:
        """Take notice of columns that were added, of arrays that were replaced, and of tables that have rows now, since the last time."""
        known = self._tables == list(state.tables.values()) and self._described_columns == self._columns_with_rows()
        self.locate(state, day) if known else self.describe(state, day)

    def _columns_with_rows(self) -> list[int]:
        """Number of columns of each table, 0 where it has no rows, as the tables of idle mechanisms: there is nothing to check."""
        return [table.n_columns if len(table) else 0 for table in self._tables]

    def describe(self, state: State, day: int) -> None:
        """Write down what the columns are, for `ranges.first_outside`."""
        self._tables = list(state.tables.values())
        self._described_columns = self._columns_with_rows()
        number = {name: row for row, name in enumerate(state.tables)}
        self._columns: list[Column] = []
        self._tables_of_columns: list[Table] = []
        rows, floats, whole = [], [], []
        for table_number, table in enumerate(self._tables):
            for column, values in table.columns() if len(table) else ():
                limits = checked_range(column, values)
                if limits is None:
                    continue
                self._columns.append(column)
                self._tables_of_columns.append(table)
                of_rows = number.get(column.unit.removesuffix(" row") + "s", -1) if column.unit.endswith(" row") else -1
                dtype = values.dtype
                rows.append((
                    0, table_number, math.prod(column.dims), ranges.NUMBERS[dtype], of_rows, column.unit in HAZARDS, lacks(column)))  # fmt: skip
                floats.append(limits if dtype.kind == "f" else (0.0, 0.0))
                whole.append((0, 0) if dtype.kind == "f" else limits)
        low, high = np.array(floats).reshape(-1, 2).T.copy()
        whole_low, whole_high = np.array(whole, np.int64).reshape(-1, 2).T.copy()
        self._described = (np.array(rows, np.int64).reshape(-1, 7), low, high, whole_low, whole_high)
        self._arrays: list[Any] = [None] * len(self._columns)
        self.locate(state, day)

    def locate(self, state: State, day: int) -> None:
        """Write down where the columns lie; their arrays are held, so that they cannot go away while they are looked at."""
        addresses = self._described[0][:, ranges.ADDRESS]
        for at, (column, table) in enumerate(zip(self._columns, self._tables_of_columns)):
            values = getattr(table, column.name)
            if values is not self._arrays[at]:
                wanted = (len(table), *column.dims)
                if values.shape != wanted or values.dtype != dtype_of(column.dtype) or not values.flags.c_contiguous:
                    raise self._reports.violation(
                        "range", "the array was replaced by another, columns have to be changed in place", day, column.table, column.name,
                        found=f"{values.dtype} {values.shape}", expected=f"{column.dtype} {wanted}")  # fmt: skip
                self._arrays[at] = values
                addresses[at] = values.__array_interface__["data"][0]
        self._lengths = [len(table) for table in self._tables]
        self._room = [table.capacity for table in self._tables]
        self._rows = np.array(self._lengths, np.int64)

    def check(self, state: State, day: int, everything: bool, whole_day: int) -> None:
        """Check the rows whose turn it is, or all; `whole_day` is the last day on which all were."""
        lengths = [len(table) for table in self._tables]
        if lengths != self._lengths:
            if [table.capacity for table in self._tables] != self._room or self._columns_with_rows() != self._described_columns:
                self.refresh(state, day)
            else:
                self._lengths, self._rows[:] = lengths, lengths
        columns, floor, ceiling, whole_floor, whole_ceiling = self._described
        at = ranges.first_outside(columns, floor, ceiling, whole_floor, whole_ceiling, self._rows, day, everything)
        if at < 0:
            return
        column = self._columns[at]
        table = state.tables[column.table]
        limits = checked_range(column, getattr(table, column.name))
        assert limits is not None
        low, high = limits
        of_rows = columns[at, ranges.OF_ROWS]
        high = high if of_rows < 0 else min(high, int(self._rows[of_rows]) - 1)
        values = getattr(table, column.name).reshape(len(table), -1)
        outside = ~((values >= low) & (values <= high))
        if lacks(column):
            outside &= ~np.isnan(values)
        stated = of_rows >= 0 or column.range != (None, None)
        limits = [f"{'' if limit is None else f'{limit:g}'}" for limit in (column.range[0], high if of_rows >= 0 else column.range[1])]
        expected = f"{limits[0] or 'a finite number'} to {limits[1] or 'any finite number'}" if stated else "a finite number"
        size = max(-(-len(table) // ranges.BLOCKS), ranges.SMALL // values.shape[1], 1)
        turns = 1 if column.unit in HAZARDS else -(-len(table) // size)
        good = max(whole_day, day - turns)
        good = good if good >= 0 else None
        raise self._reports.at("range", "a value is outside the range of its column", state, day, column.path, np.flatnonzero(outside.any(axis=1)), expected, last_good=good)


def lacks(column: Column) -> bool:
    """Whether not a number stands for none in a column."""
    return column.may_lack or column.start != column.start


@functools.cache
def limits_of(dtype: np.dtype) -> tuple[Any, Any]:
    """Lowest and highest finite value of a dtype."""
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    return (float if dtype.kind == "f" else int)(limits.min), (float if dtype.kind == "f" else int)(limits.max)


def checked_range(column: Column, values: np.ndarray) -> tuple[Any, Any] | None:
    """Lowest and highest value that a column may hold, None where its dtype allows no others."""
    dtype = values.dtype
    if dtype not in ranges.NUMBERS or not values.flags.c_contiguous:
        return None
    least, most = limits_of(dtype)
    low = least if column.range[0] is None else max(least, column.range[0])
    high = most if column.range[1] is None else min(most, column.range[1])
    if dtype.kind == "f":
        return float(low), float(high)
    if (low, high) == (least, most) and not column.unit.endswith(" row"):
        return None
    return math.ceil(low), math.floor(high)
