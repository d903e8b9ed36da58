"""What a mechanism is, and the state it works on."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from communize.declare.errors import InputError, InvariantViolation
from communize.declare.parameters import Parameters as _Parameters
from communize.declare.parameters import parameter
from communize.declare.registry import Column, Output, Table, hash_arrays
from communize.kernels import decisions, draws
from communize.kernels.blocks import Pool
from communize.kernels.ranges import any_outside
from communize.kernels.vector import Draws
from communize.society.society import Society

ONE_ROW = ("days", "economy", "force", "rupture", "siding", "tally")  # tables of numbers that exist once for the whole society
PHASES = ("economy", "provisioning", "counter_forces", "struggle", "measures", "reckoning")


class MechanismParameters(_Parameters):
    """Base of a mechanism's parameters: one key switches it."""

    enabled: bool = parameter(True, unit="yes/no", source="definition", meaning="whether the mechanism is at work")


@dataclass
class State:
    """All that changes during a run, and what mechanisms need to change it.

    Attributes
    ----------
    society
        People, sites, places, ties, contact.
    day
        Number of days done; during a step, the day at work (0 is the scenario's start date).
    start
        Date of day 0.
    tables
        People, sites and places of the society, and the tables that mechanisms add, by name; each is also an
        attribute: ``state.people.belonging``.
    notes
        What a user should know of this run and no figure shows, such as a seed that found no free site.
    counted
        A day, and the people by activity and position at its end, int64 (activities, positions).
    changed
        Paths of the parameters that a branch changes; None in a run of its own.
    written
        Columns that the mechanisms at work say they write.
    unannounced
        Of these, those that some mechanism writes which does not announce it (`Mechanism.announces`).
    regrouped
        How often people have changed sites or positions (`Mechanism.regroup`).
    """

    society: Society
    key: np.uint64
    start: datetime.date = datetime.date(2005, 1, 1)
    day: int = 0
    tables: dict[str, Table] = field(default_factory=dict)
    pool: Pool = field(default_factory=lambda: Pool(1))
    notes: list[str] = field(default_factory=list)
    counted: tuple[int, np.ndarray] | None = None
    changed: frozenset[str] | None = None
    written: frozenset[str] = frozenset()
    unannounced: frozenset[str] = frozenset()
    regrouped: int = 0

    def __post_init__(self) -> None:
        for name in ("people", "sites", "places"):
            self.tables.setdefault(name, getattr(self.society, name))
        for name in self.tables:
            self._expose(name)

    def _expose(self, name: str) -> None:
        """Make a table an attribute, which is found several times faster than through `__getattr__`."""
        if not hasattr(type(self), name):
            self.__dict__[name] = self.tables[name]

    def __getattr__(self, name: str) -> Table:
        tables = self.__dict__.get("tables", {})
        if name in tables:
            return tables[name]
        raise AttributeError(f"the state has no table {name!r} (it has {', '.join(tables)})")

    @property
    def scale(self) -> float:
        """People per agent."""
        return self.society.scale

    def ensure(self, columns: tuple[Column, ...]) -> None:
        """Add the columns that do not exist yet; a new table has one row if its name is in `ONE_ROW`, else none."""
        for column in columns:
            if column.table not in self.tables:
                self.tables[column.table] = Table(column.table, int(column.table in ONE_ROW))
                self._expose(column.table)
            table = self.tables[column.table]
            there = table.declared(column.name)
            if there is None:
                try:
                    table.add(column)
                except ValueError as error:
                    raise InputError(column.path, column.name, f"another name ({error})") from None
            elif (there.dtype, there.unit, there.dims) != (column.dtype, column.unit, column.dims):
                raise InputError(column.path, f"{column.dtype} in {column.unit}", f"{there.dtype} in {there.unit}, as it was declared before")

    def undo(self, paths: Iterable[str]) -> None:
        """Give columns their start values again."""
        for path in paths:
            table, name = path.split(".")
            column = self.tables[table].declared(name)
            if column is not None:
                getattr(self.tables[table], name)[:] = column.start

    def arrays(self) -> Iterator[tuple[str, np.ndarray]]:
        """Every state array by path, in a fixed order."""
        for name in sorted(self.tables):
            for column, values in sorted(self.tables[name].columns(), key=lambda pair: pair[0].name):
                yield column.path, values
        yield "ties.offsets", self.society.ties.offsets
        yield "ties.neighbours", self.society.ties.neighbours

    def day_of_event(self, event: Any) -> int:
        """Day number of something that the scenario puts on a `day` or a `date`."""
        return event.day if event.day is not None else (event.date - self.start).days

    def require_within(self, what: str, values: np.ndarray, low: float, high: float) -> None:
        """Stop the run if one of the floats `values` (a row a place or a site) is not a number from `low` to `high`.

        For hazards and probabilities that are no column of the state; a column states its range itself.
        """
        if any_outside(values, low, high, False):
            row = int(np.flatnonzero(~((values >= low) & (values <= high)))[0])
            raise InvariantViolation(
                "hazard", f"{what} of row {row} is {values[row]}", row=row, found=values[row], expected=f"{low:g} to {high:g}")

    def is_changed(self, path: str) -> bool:
        """Whether a parameter whose path begins so is new: in a branch those that it changes, else all."""
        return self.changed is None or any(other.startswith(path) or path.startswith(f"{other}.") for other in self.changed)

    def agents(self, people: float) -> int:
        """A count threshold stated in people as a number of agents, rounded by a draw; at least 1."""
        u = draws.uniform(self.key, int(round(people)), 0, decisions.COUNT_ROUNDING, 0)
        return max(1, int(draws.stochastic_round(people / self.scale, u)))

    def hash(self) -> str:
        """Hash over all state arrays and the day."""
        return hash_arrays([("day", np.int64(self.day).reshape(1)), *self.arrays()])

    def copy(self) -> "State":
        """An independent copy sharing ties, contact and threads."""
        society = self.society.copy()
        own = {"people": society.people, "sites": society.sites, "places": society.places}
        tables = {name: own.get(name) or table.copy() for name, table in self.tables.items()}
        return State(society, self.key, self.start, self.day, tables, self.pool, list(self.notes))


class Mechanism:
    """One mechanism of the day.

    Subclasses set the class attributes below and write `step`. A mechanism keeps nothing of its own between
    days: all that lasts is in the state, so that a run can be branched, hashed and saved.

    Attributes
    ----------
    name
        Table of the scenario that holds its parameters.
    phase
        Phase of the day in which it works, one of `PHASES`.
    reads, writes
        Columns it reads and writes, as ``table.column``; a test mode of the simulation checks `writes`.
    columns
        State columns that it adds.
    outputs
        Series that it reports; `observe` returns their values after the day.
    undone
        Columns that other mechanisms read and that go back to their start values when a branch switches it off.
    announces
        Whether it counts `State.regrouped` up on each day on which it changes people's sites or positions, and on no other.
    Parameters
        Its parameters, a subclass of `cz.Parameters`.
    """

    name: ClassVar[str] = ""
    phase: ClassVar[str] = "reckoning"
    reads: ClassVar[tuple[str, ...]] = ()
    writes: ClassVar[tuple[str, ...]] = ()
    columns: ClassVar[tuple[Column, ...]] = ()
    outputs: ClassVar[tuple[Output, ...]] = ()
    undone: ClassVar[tuple[str, ...]] = ()
    announces: ClassVar[bool] = False

    class Parameters(MechanismParameters):
        """No parameters but the switch."""

    def __init__(self, parameters: Any = None):
        self.parameters = parameters if parameters is not None else self.Parameters()

    def setup(self, state: State) -> None:
        """Prepare the state before the first day; also called when a branch changes the parameters."""

    def regroup(self, state: State) -> None:
        """Bring up to date what `setup` counted, after people changed sites or positions, or sites were added."""

    def step(self, state: State, day: int, draws: Draws) -> None:
        """Do one day.

        Parameters
        ----------
        state
            The state, as the mechanisms before left it.
        day
            The day at work, 0 on the start date.
        draws
            Draws bound to the seed, this mechanism and this day.
        """
        raise NotImplementedError(f"{type(self).__name__} has no step")

    def notes(self, state: State) -> list[str]:
        """What a user should know of these parameters in this society and no figure shows."""
        return []

    def observe(self, state: State) -> dict[str, Any]:
        """Values of `outputs` at the end of the day: scalars, or arrays of the declared dims."""
        return {}
