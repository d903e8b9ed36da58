"""Every state column and every output variable, declared once.

From these declarations come the arrays of the state, the attributes of saved series, the tables in the
documentation and the checks.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

POSITIONS = (
    "stable", "precarious", "unemployed", "excluded", "student", "farmer", "manager", "owner", "state_force",
)  # fmt: skip
ACTIVITIES = ("routine", "struggle", "measure", "held")
KINDS = ("workplace", "farm", "campus", "neighbourhood", "state_site")
MODES = ("commodity", "contested", "taken", "abandoned", "destroyed")
LOCI = ("production", "circulation", "reproduction")
CONTENTS = (
    "exchange", "property", "wage_labour", "division_of_labour", "hierarchy", "gender", "strangers", "mediation",
)  # fmt: skip
STRUGGLE_ENDS = ("going_on", "settled", "ebbed", "repressed")
CHANNELS = ("reinvention", "adoption", "adaptation", "grafting", "rallying", "seeded", "broadcast")
SCOPES = ("site", "place", "between_places")
FORMS = ("assembly", "diffuse", "spontaneous")
CAUSES = (
    "in_force", "spent", "isolation", "need", "ebb", "eviction", "below_mass", "other_measure", "replaced",
    "recuperated", "removed",
)  # fmt: skip
DIVISIONS = ("group", "livelihood", "settlement")
CHARACTER_BINS = tuple(f"{(2 * k - 10) / 10} to {(2 * k - 8) / 10}" for k in range(10))
ACCOUNTS = ("households", "firms", "bank", "state", "markets")
DECILES = tuple(f"D{k}" for k in range(1, 11))
SIZE_CLASSES = ("1", "2", "3", "4-7", "8-15", "16-31", "32-63", "64-127", "128-255", "256-511", "512 or more")
SOURCES_OF_PROVISION = ("wage", "benefit", "credit", "inherited", "made", "goods", "dropped", "unmet")
MAX_NEEDS = 3  # needs that one practice provides for

ROUTINE, IN_STRUGGLE, IN_MEASURE, HELD = range(4)
WORKPLACE, FARM, CAMPUS, NEIGHBOURHOOD, STATE_SITE = range(5)
COMMODITY, CONTESTED, TAKEN, ABANDONED, DESTROYED = range(5)
REINVENTION, ADOPTION, ADAPTATION, GRAFTING, RALLYING, SEEDED, BROADCAST = range(7)
IN_FORCE, SPENT, ISOLATION, NEED, EBB, EVICTION, BELOW_MASS, OTHER_MEASURE, REPLACED, RECUPERATED, REMOVED = range(11)


@dataclass(frozen=True)
class Column:
    """One column of the state.

    `table` and `name` address it (``people.belonging``); `dims` are the dimensions after the table's own row;
    `start` is the value that every row has before anything is set. Every value must lie in `range` at the end of a day, and a
    float be a finite number; not a number stands for none where `may_lack` says so, or where it is the start value. Coins of all
    columns times their `money` (1 for coins that exist, -1 for coins that are owed) add up to the same sum on every day.
    """

    table: str
    name: str
    dtype: str
    unit: str
    meaning: str
    range: tuple[float | None, float | None] = (None, None)
    start: float = 0
    dims: tuple[int, ...] = ()
    may_lack: bool = False
    money: int = 0

    @property
    def path(self) -> str:
        return f"{self.table}.{self.name}"


@dataclass(frozen=True)
class Output:
    """One variable of a run's series: `dims` besides ``day``, unit and meaning.

    What is reported must be finite; with `may_lack` not a number stands for none.
    """

    name: str
    unit: str
    meaning: str
    dims: tuple[str, ...] = ()
    dtype: str = "float32"
    may_lack: bool = False


class Table:
    """Rows of one kind of entity as a struct of arrays: each column is an attribute, a NumPy array.

    A table may grow (`grow`); arrays are then replaced, with spare rows hidden, so hold the table, not its arrays.
    """

    def __init__(self, name: str, n_rows: int, columns: Iterable[Column] = ()):
        self._name, self._n, self._columns = name, int(n_rows), {}
        self._storage: dict[str, np.ndarray] = {}
        for column in columns:
            self.add(column)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __len__(self) -> int:
        return self._n

    def __repr__(self) -> str:
        return f"<Table {self._name}: {self._n} rows of {', '.join(self._columns)}>"

    def add(self, column: Column, values: np.ndarray | None = None) -> None:
        """Add a column, filled with `values` or with its start value."""
        if column.name in self._columns:
            raise ValueError(f"{column.path} is declared twice")
        if column.name.startswith("_") or hasattr(type(self), column.name):
            raise ValueError(f"{column.path}: {column.name} is a name of tables themselves")
        if values is None:
            capacity = next(iter(self._storage.values())).shape[0] if self._storage else self._n
            values = np.full((max(capacity, self._n), *column.dims), column.start, dtype=column.dtype)
        elif values.dtype != np.dtype(column.dtype) or values.shape != (self._n, *column.dims):
            raise ValueError(f"{column.path}: got {values.dtype} {values.shape}, declared {column.dtype}")
        values = np.ascontiguousarray(values)
        self._columns[column.name] = column
        self._storage[column.name] = values
        setattr(self, column.name, values[: self._n])

    def grow(self, n_more: int) -> int:
        """Append `n_more` rows of start values; returns the first new row."""
        first, self._n = self._n, self._n + int(n_more)
        for name, column in self._columns.items():
            store = self._storage[name]
            if self._n > store.shape[0]:
                larger = np.full((max(64, 2 * self._n), *column.dims), column.start, dtype=column.dtype)
                larger[:first] = store[:first]
                self._storage[name] = store = larger
            setattr(self, name, store[: self._n])
        return first

    def columns(self) -> Iterator[tuple[Column, np.ndarray]]:
        """Declared columns with their arrays, in the order of declaration."""
        for name, column in self._columns.items():
            yield column, getattr(self, name)

    def declarations(self) -> Iterable[Column]:
        """The declared columns alone."""
        return self._columns.values()

    def declared(self, name: str) -> Column | None:
        """The declaration of a column, None if the table has none of that name."""
        return self._columns.get(name)

    def copy(self) -> "Table":
        """An independent copy."""
        twin = Table(self._name, self._n)
        for column, values in self.columns():
            twin.add(column, values.copy())
        return twin

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return len(self._columns)

    @property
    def capacity(self) -> int:
        """Rows for which there is room; the arrays of the columns stay where they are until it changes."""
        return next(iter(self._storage.values())).shape[0] if self._storage else self._n

    @property
    def nbytes(self) -> int:
        """Bytes held by the columns."""
        return sum(values.nbytes for _, values in self.columns())


def hash_arrays(arrays: Iterable[tuple[str, Any]]) -> str:
    """Hash over named arrays in order: name, dtype, shape and bytes; 32 hexadecimal digits (BLAKE2b)."""
    digest = hashlib.blake2b(digest_size=16)
    for name, values in arrays:
        values = np.ascontiguousarray(values)
        digest.update(f"{name}:{values.dtype.str}:{values.shape};".encode())
        digest.update(memoryview(values.reshape(-1).view(np.uint8)))
    return digest.hexdigest()
