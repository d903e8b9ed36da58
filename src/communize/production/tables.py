"""Input-output tables: what is used in making what, and where the rest goes.

Notation: Z[i, j] is the flow from sector i to sector j in a year, x output, A[i, j] = Z[i, j] / x[j]. Rows add up to output:
domestic flows, households, government, investment and exports. Columns do so as well: domestic and imported flows, taxes on products
and value added.

Built in are ten-sector tables for the society's own sectors, in `data/`: figures added up from the national tables of WIOD, release
of 2016, CC BY 4.0 (Timmer, Dietzenbacher, Los, Stehrer and de Vries 2015, https://doi.org/10.1111/roie.12178), as
`production/remake.py` does it. WIOD has no Argentina: Brazil stands in for it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from communize.declare.errors import InputError, nearest_name
from communize.declare.files import is_file
from communize.production.aggregation import aggregation_matrix
from communize.production.leontief import TOLERANCE, spectral_radius

MATRICES = ("domestic", "imported")
VECTORS = ("households", "households_imported", "government", "investment", "exports", "taxes", "value_added", "output")
MAY_BE_NEGATIVE = ("investment", "taxes", "value_added")  # stocks run down, subsidies, losses
BALANCE_TOLERANCE = 1e-3  # share of a sector's own output; the built-in tables, added up from figures rounded to a million USD, stay below it


@dataclass(frozen=True, eq=False)
class Flows:
    """A table as a file gives it: shapes and numbers are checked, nothing else. `aggregate` makes an `InputOutput` of it.

    Attributes
    ----------
    name
        What the table is called.
    sectors
        Names of the K sectors or industries.
    domestic, imported
        Inputs from the row's sector at home or abroad to the column's sector at home, float64 (K, K), in `unit`, at least 0.
    households, households_imported
        Consumption of households and of the non-profit institutions that serve them, float64 (K,), at least 0.
    government, investment, exports
        The rest of final demand for domestic product, float64 (K,). Investment is gross fixed capital formation and the change of
        stocks, and may be negative.
    value_added, output
        Value added and gross output of each sector at basic prices, float64 (K,).
    unit
        Unit of all flows, in words.
    year
        Year of the flows; None if it is not known.
    source
        URL or DOI.
    taxes
        Taxes less subsidies on the products that each sector uses, and margins of international transport, float64 (K,); zero if
        not given. Columns do not balance without them.
    note
        What else one must know.
    file
        Where it was read from, for messages.
    """

    name: str
    sectors: tuple[str, ...]
    domestic: np.ndarray
    imported: np.ndarray
    households: np.ndarray
    households_imported: np.ndarray
    government: np.ndarray
    investment: np.ndarray
    exports: np.ndarray
    value_added: np.ndarray
    output: np.ndarray
    unit: str
    year: int | None
    source: str
    taxes: np.ndarray = field(default_factory=lambda: np.zeros(0))
    note: str = ""
    file: str | None = None

    def __post_init__(self) -> None:
        sectors = tuple(self.sectors)
        if not sectors or not all(isinstance(name, str) and name for name in sectors):
            raise InputError("sectors", self.sectors, "the names of at least one sector", None, self.file)
        for name in sectors:
            if sectors.count(name) > 1:
                raise InputError(
                    "sectors", f"{name!r} {sectors.count(name)} times", "every sector once", None, self.file
                )
        object.__setattr__(self, "sectors", sectors)
        n = len(sectors)
        if np.size(self.taxes) == 0:
            object.__setattr__(self, "taxes", np.zeros(n))
        for column in MATRICES + VECTORS:
            shape = (n, n) if column in MATRICES else (n,)
            try:
                values = np.array(getattr(self, column), dtype=np.float64)
            except (TypeError, ValueError):
                raise InputError(column, getattr(self, column), f"numbers of shape {shape}", None, self.file) from None
            if values.shape != shape:
                raise InputError(
                    column,
                    f"numbers of shape {values.shape}",
                    f"shape {shape}, as there are {n} sectors",
                    None,
                    self.file,
                )
            self._require(column, values, np.isfinite(values), "a finite number")
            values.setflags(write=False)
            object.__setattr__(self, column, values)

    def _require(self, column: str, values: np.ndarray, right: np.ndarray, allowed: str) -> None:
        """An error that names the first cell that is not right."""
        if not right.all():
            cell = np.unravel_index(int(np.argmin(right)), right.shape)
            path = ".".join((column, *(self.sectors[k] for k in cell)))
            raise InputError(path, float(values[cell]), allowed, None, self.file)

    def aggregate(
        self, mapping: Mapping[str, str] | None, order: Iterable[str] | None = None, name: str | None = None
    ) -> InputOutput:
        """The table with its sectors added up to those that `mapping` names for each, in the order of `order`.

        Parameters
        ----------
        mapping
            New sector of every old one; None keeps the sectors.
        order
            All new sectors in their order; that in which they first occur if it is not given.
        name
            Name of the new table; the old one if it is not given.

        Raises
        ------
        InputError
            A sector that the table or `order` lacks, or one left out; or the sums are no table that can be used (`InputOutput`).
        """
        sectors, to = aggregation_matrix(self.sectors, mapping, order, self.file)
        given = {entry.name: getattr(self, entry.name) for entry in fields(Flows)}
        given |= {column: to @ given[column] @ to.T for column in MATRICES} | {
            column: to @ given[column] for column in VECTORS
        }
        return InputOutput(**given | {"sectors": sectors, "name": name or self.name})


@dataclass(frozen=True, eq=False)
class InputOutput(Flows):
    """A table that can be used: nothing negative that must not be, output everywhere, and more made than used up.

    The fields are those of `Flows`; arrays are read-only.

    Raises
    ------
    InputError
        A flow is negative (a change of stocks may be), a sector has no output, or the domestic coefficients have a spectral
        radius of 1 or more. The message names the file and the cell.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        for column in MATRICES + VECTORS:
            if column not in (*MAY_BE_NEGATIVE, "output"):
                values = getattr(self, column)
                self._require(column, values, values >= 0, "at least 0")
        self._require(
            "output", self.output, self.output > 0, "above 0; a sector without output must be put together with another"
        )
        radius = spectral_radius(self.A)
        if radius >= 1.0 - TOLERANCE:
            largest = int(np.argmax(self.A.sum(axis=0)))
            raise InputError(
                "domestic", f"a spectral radius of {radius:.6g}, and inputs of {self.A[:, largest].sum():.6g} for one unit of {self.sectors[largest]!r}",
                "a spectral radius below 1: a system that makes more than it uses up", None, self.file)  # fmt: skip

    @cached_property
    def A(self) -> np.ndarray:
        """Domestic input of the row's sector for one unit of the column's, float64 (K, K)."""
        return _fixed(self.domestic / self.output)

    @cached_property
    def A_imported(self) -> np.ndarray:
        """Imported input of the row's sector for one unit of the column's, float64 (K, K)."""
        return _fixed(self.imported / self.output)

    @cached_property
    def A_total(self) -> np.ndarray:
        """Domestic and imported input of the row's sector for one unit of the column's, float64 (K, K)."""
        return _fixed(self.A + self.A_imported)

    @cached_property
    def final(self) -> np.ndarray:
        """Final demand for domestic product: households, government, investment, exports; float64 (K,)."""
        return _fixed(self.households + self.government + self.investment + self.exports)

    def imbalances(self) -> tuple[np.ndarray, np.ndarray]:
        """What is too much in each row and in each column, as a share of the sector's output, float64 (K,) each."""
        rows = self.domestic.sum(axis=1) + self.final - self.output
        columns = self.domestic.sum(axis=0) + self.imported.sum(axis=0) + self.taxes + self.value_added - self.output
        return rows / self.output, columns / self.output

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What is odd about the table but does not prevent its use, one sentence each."""
        where = f"{self.file}: " if self.file else ""
        found = []
        for side, share in zip(("row", "column"), self.imbalances()):
            for k in np.flatnonzero(np.abs(share) > BALANCE_TOLERANCE):
                found.append(f"{where}the {side} {self.sectors[k]!r} adds up to {1 + share[k]:.4f} of output")
        for k in np.flatnonzero(self.value_added < 0):
            found.append(f"{where}value_added.{self.sectors[k]} is negative ({self.value_added[k]:g})")
        radius = spectral_radius(self.A_total)
        if radius >= 1.0 - TOLERANCE:
            found.append(
                f"{where}with imported inputs counted in, the spectral radius is {radius:.6g}: without imports it could not go on"
            )
        return tuple(found)

    def for_sectors(self, wanted: Iterable[str], path: str = "sectors") -> InputOutput:
        """The same table with its sectors in the order of `wanted`, which must name all of them; `InputError` at `path` if not."""
        order = tuple(wanted)
        for name in order:
            if name not in self.sectors:
                raise InputError(
                    path,
                    name,
                    f"the sectors of {self.name}: {', '.join(self.sectors)}",
                    nearest_name(name, self.sectors),
                    self.file,
                )
        for name in self.sectors:
            if name not in order:
                raise InputError(
                    path,
                    f"no {name!r}",
                    f"all sectors of {self.name}: {', '.join(self.sectors)}",
                    nearest_name(name, order),
                    self.file,
                )
        return self.aggregate(None, order)


def _fixed(values: np.ndarray) -> np.ndarray:
    values.setflags(write=False)
    return values


# --- tables as TOML ---

TEXTS = ("name", "unit", "source", "note")
OPTIONAL = ("taxes", "note", "year")


def read_toml(file: str | Path) -> InputOutput:
    """A table from a file as those in `production/data`: vectors in the order of `sectors`, flows one line a supplying sector.

    Raises
    ------
    InputError
        The file cannot be read, an entry is missing or unknown, or the table cannot be used (`InputOutput`).
    """
    text = str(file)
    given = load_toml(text)
    sectors = given.get("sectors")
    if not isinstance(sectors, list) or not all(isinstance(name, str) for name in sectors):
        raise InputError("sectors", sectors, "a list of names", None, text)
    known = ("sectors", "year", *TEXTS, *MATRICES, *VECTORS)
    for key in given:
        if key not in known:
            raise InputError(key, given[key], ", ".join(known), nearest_name(key, known), text)
    for key in known:
        if key not in given and key not in OPTIONAL:
            raise InputError(key, "nothing", "an entry of this name", None, text)
    for key in TEXTS:
        if not isinstance(given.get(key, ""), str):
            raise InputError(key, given[key], "text", None, text)
    if type(given.get("year", 0)) is not int:
        raise InputError("year", given["year"], "a whole number", None, text)
    values: dict[str, Any] = {key: given.get(key, "") for key in TEXTS} | {"year": given.get("year")}
    values |= {key: matrix_of_rows(given[key], sectors, key, text) for key in MATRICES}
    values |= {key: _row(given[key], len(sectors), key, text) for key in VECTORS if key in given}
    return InputOutput(sectors=tuple(sectors), file=text, **values)


def load_toml(file: str) -> dict[str, Any]:
    """The entries of a TOML file, or an `InputError`."""
    if not is_file(file):
        raise InputError("", file, "a TOML file that exists")
    try:
        return tomllib.loads(Path(file).read_bytes().decode())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError("", str(error), "a TOML file", None, file) from None


def matrix_of_rows(rows: Any, sectors: list[str], path: str, file: str | None) -> np.ndarray:
    """A table of TOML with one row a sector as float64 (K, K), or an `InputError` that names the row."""
    if not isinstance(rows, dict):
        raise InputError(path, rows, "one row a sector", None, file)
    for name in rows:
        if name not in sectors:
            raise InputError(f"{path}.{name}", name, ", ".join(sectors), nearest_name(name, sectors), file)
    for name in sectors:
        if name not in rows:
            raise InputError(f"{path}.{name}", "nothing", "a row for every sector", None, file)
    return np.array([_row(rows[name], len(sectors), f"{path}.{name}", file) for name in sectors])


def _row(values: Any, n: int, path: str, file: str | None) -> np.ndarray:
    if not isinstance(values, list) or len(values) != n:
        found = f"{len(values)} values" if isinstance(values, list) else values
        raise InputError(path, found, f"{n} numbers, one a sector", None, file)
    for number, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > 1e300:
            raise InputError(f"{path}[{number}]", value, "a number", None, file)
    return np.array(values, dtype=np.float64)


def toml_text(table: Flows, comment: str = "") -> str:
    """The table as `read_toml` reads it."""
    lines = [f"# {line}" for line in comment.splitlines()]
    lines += [f"{key} = {quoted(getattr(table, key))}" for key in TEXTS if getattr(table, key)]
    lines += [f"year = {table.year}"] if table.year is not None else []
    lines += [f"sectors = [{', '.join(map(quoted, table.sectors))}]", ""]
    lines += [f"{key} = {numbers_text(getattr(table, key))}" for key in VECTORS]
    for key in MATRICES:
        lines += ["", f"[{key}]", *rows_text(table.sectors, getattr(table, key))]
    return "\n".join(lines) + "\n"


def rows_text(sectors: Iterable[str], matrix: np.ndarray) -> list[str]:
    """One line of TOML a sector."""
    return [
        f"{name if name.isidentifier() and name.isascii() else quoted(name)} = {numbers_text(row)}"
        for name, row in zip(sectors, matrix)
    ]


def numbers_text(values: np.ndarray) -> str:
    """Numbers as a list of TOML, whole ones without a point."""
    return f"[{', '.join(str(int(value)) if float(value).is_integer() else repr(float(value)) for value in values)}]"


def quoted(text: str) -> str:
    """Text as TOML has it."""
    import json

    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


# --- built-in tables ---


def _files() -> dict[str, Path]:
    folder = Path(str(resources.files("communize.production") / "data"))
    return {path.stem: path for path in sorted(folder.glob("[A-Z][A-Z][A-Z]-[0-9][0-9][0-9][0-9].toml"))}


def builtin_names() -> tuple[str, ...]:
    """Names of the built-in tables: code of the country and year."""
    return tuple(_files())


def builtin(name: str) -> InputOutput:
    """A built-in table of ten sectors, in millions of US dollars of its year.

    Raises
    ------
    InputError
        No such table.
    """
    files = _files()
    if name not in files:
        raise InputError(
            "table", name, f"{', '.join(files)} (Brazil stands in for Argentina)", nearest_name(name, files)
        )
    return replace(read_toml(files[name]), file=f"communize/production/data/{name}.toml")
