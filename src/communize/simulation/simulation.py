"""The simulation: a society, the mechanisms of the day, and the loop over days."""

import contextlib
import datetime
import json
import os
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from communize.declare.errors import CommunizeError, InputError, InvariantViolation
from communize.declare.registry import Table
from communize.kernels.blocks import Pool
from communize.kernels.decisions import USER, user_decision
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, State
from communize.mechanisms.invariants import WHOLE_DAYS, Invariants
from communize.mechanisms.measures.character import Character
from communize.simulation import snapshot
from communize.simulation.contribution import contributions, sampled
from communize.simulation.day import MECHANISMS, in_order
from communize.simulation.series import FIXED_DIMS, Recorder
from communize.society.parameters import SocietyParameters
from communize.society.society import Society


class Plan(Protocol):
    """What a simulation needs to know of a scenario."""

    @property
    def start(self) -> datetime.date: ...
    @property
    def society(self) -> SocietyParameters: ...
    @property
    def seed(self) -> int: ...
    @property
    def threads(self) -> int: ...
    file: str | None
    @property
    def hash(self) -> str: ...
    def mechanisms(self) -> list[Mechanism]: ...
    def record(self, seed: int) -> dict[str, Any]: ...
    def replace(self, changes: dict[str, Any]) -> "Plan": ...


class UndeclaredWrite(CommunizeError):
    """A mechanism changed a column that it does not declare in `writes` (found in audit mode)."""


def n_threads(wanted: int) -> int:
    """Threads to use: `wanted`, or with 0 those that the process may run on."""
    if wanted > 0:
        return wanted
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


class Simulation:
    """A run, step by step.

    Parameters
    ----------
    scenario
        A `cz.Scenario`.
    seed
        Seed of all draws, 0 .. 2**64 - 1; the scenario's if omitted.
    threads
        Threads to use; the scenario's if omitted. Results do not depend on it.
    society
        A society made elsewhere (`Society.from_tables`), of which a copy is run; synthesised from the scenario if omitted.
    audit
        Check after every mechanism that it changed only what it declares, and that every invariant holds, which are otherwise
        checked at the end of the day (slow; for tests of mechanisms). It can be switched on and off between days.

    Attributes
    ----------
    society_hash
        Hash of a society made elsewhere, None for one that is synthesised.
    begun_from
        Of a branch from a checkpoint: its day, the hashes of the scenario and the state there, and the changes; else None.
    state, day, people, sites, places, struggles, instances, practices
        The state and its tables: NumPy views, declared in the registry.
    """

    def __init__(
        self, scenario: Plan, seed: int | None = None, *, threads: int | None = None,
        society: Society | None = None, audit: bool = False,
    ):  # fmt: skip
        self.scenario, self.audit, self._made_elsewhere = scenario, audit, society is not None
        self.society_hash = None if society is None else society.hash()
        self.begun_from: dict[str, Any] | None = None
        self.seed = scenario.seed if seed is None else int(seed)
        if not 0 <= self.seed < 2**64:
            raise InputError("run.seed", seed, "0 to 2**64 - 1")
        self.threads = n_threads(scenario.threads if threads is None else threads)
        try:
            if society is None:
                society = Society.synthesise(scenario.society, seed=self.seed, threads=self.threads)
            else:
                society = society.copy()
            self._prepare(State(society, np.uint64(self.seed), scenario.start, pool=Pool(self.threads)))
        except InputError as error:
            raise error.in_file(scenario.file) from None
        self.recorder = Recorder(self._sizes())
        self._record_outputs()

    def _prepare(self, state: State) -> None:
        self.state = state
        self.mechanisms = in_order(self.scenario.mechanisms())
        for mechanism in (*MECHANISMS, *self.mechanisms):
            with naming(mechanism):
                state.ensure(mechanism.columns)
        if np.any(state.sites.instance >= 0) and not any(mechanism.name == "measures" for mechanism in self.mechanisms):
            allowed = "true while measures are in force (measures.founding = false ends all founding)"
            raise InputError("measures.enabled", False, allowed)
        state.written = frozenset(path for mechanism in self.mechanisms for path in mechanism.writes)
        state.unannounced = frozenset(path for mechanism in self.mechanisms if not mechanism.announces for path in mechanism.writes)
        if state.changed is not None:
            at_work = {mechanism.name for mechanism in self.mechanisms}
            for stopped in MECHANISMS:
                if stopped.name not in at_work and state.is_changed(f"{stopped.name}.enabled"):
                    state.undo(path for path in stopped.undone if path not in state.written)
        for mechanism in self.mechanisms:
            mechanism.setup(state)
        self.invariants: Invariants | None = None  # from the first day on: what is put into the state by hand before is the start
        self._decisions, self._regrouped = [decision_of(type(mechanism)) for mechanism in self.mechanisms], state.regrouped

    def _record_outputs(self) -> None:
        for mechanism in self.mechanisms:
            with naming(mechanism):
                self.recorder.add(mechanism.outputs)

    def _sizes(self) -> dict[str, int]:
        sizes = {name: len(labels) for name, labels in FIXED_DIMS.items()}
        sizes["place"], sizes["sector"] = len(self.state.places), len(self.state.society.sectors)
        return sizes

    @property
    def day(self) -> int:
        """Number of days done."""
        return self.state.day

    @property
    def society(self) -> Society:
        return self.state.society

    @property
    def people(self) -> Table:
        return self.state.people

    @property
    def sites(self) -> Table:
        return self.state.sites

    @property
    def places(self) -> Table:
        return self.state.places

    @property
    def struggles(self) -> Table:
        return self.state.struggles

    @property
    def instances(self) -> Table:
        return self.state.instances

    @property
    def practices(self) -> Table:
        return self.state.practices

    def notes(self) -> list[str]:
        """What a user should know and no figure shows: of the scenario at this scale, and of the run so far."""
        return [note for mechanism in self.mechanisms for note in mechanism.notes(self.state)] + self.state.notes

    @property
    def series(self) -> Any:
        """The daily series so far, an `xarray.Dataset`."""
        return self.recorder.dataset(self.society, self.state.start)

    def step(self) -> None:
        """Do one day: each mechanism in the order of the day, then the invariants and the record of the day.

        Raises
        ------
        InvariantViolation
            An invariant does not hold; the simulation stays at the day on which that was found.
        """
        state, day, key = self.state, self.state.day, self.state.key
        if self.invariants is None:
            recount_days = next((m.parameters.recount_days for m in self.mechanisms if m.name == "reckoning"), WHOLE_DAYS)
            self.invariants = Invariants(state, self.mechanisms, recount_days)
        mechanism = None
        try:
            of_decision = {decision: Draws(key, decision, day) for decision in set(self._decisions)}
            for mechanism, decision in zip(self.mechanisms, self._decisions):
                draws = of_decision[decision]
                if self.audit:
                    self._audited_step(mechanism, day, draws)
                else:
                    mechanism.step(state, day, draws)
                if state.regrouped != self._regrouped:
                    self._regroup()
            mechanism = None
            self.invariants.check(state, day)
            values: dict[str, Any] = {}
            for mechanism in self.mechanisms:
                values.update(mechanism.observe(state))
            mechanism = None
            self.recorder.record(values)
        except InvariantViolation as violation:
            raise self._explained(violation, mechanism) from None
        state.day += 1
        self._measure_contributions()

    def _measure_contributions(self) -> None:
        """Where `character.sample` asks for it, run on without some instances and keep what they contribute."""
        wanted = next((m.parameters for m in self.mechanisms if isinstance(m, Character) and m.parameters.sample > 0), None)
        if wanted is None or self.day % wanted.every_days:
            return
        rows = sampled(self, wanted.sample, self.day)
        instances = self.state.instances
        if rows.size:
            instances.contribution[rows], instances.measured[rows] = contributions(self, rows), 1

    def _regroup(self) -> None:
        """Let every mechanism count anew after people changed sites or positions."""
        self._regrouped = self.state.regrouped
        for mechanism in self.mechanisms:
            mechanism.regroup(self.state)

    def run(self, days: int, progress: Callable[[int], None] | None = None) -> "Simulation":
        """Do `days` more days, and check every invariant in full after the last; `progress` is called with the number done after each.

        Raises
        ------
        InvariantViolation
            An invariant does not hold.
        """
        self.recorder.reserve(days)
        for done in range(1, days + 1):
            self.step()
            if progress is not None:
                progress(done)
        if days > 0:
            self.check_everything()
        return self

    def check_everything(self) -> None:
        """Check every invariant in full, once a day has been done."""
        if self.invariants is not None:
            try:
                self.invariants.check(self.state, self.state.day - 1, everything=True)
            except InvariantViolation as violation:
                raise self._explained(violation, None) from None

    def _explained(self, violation: InvariantViolation, mechanism: Mechanism | None) -> InvariantViolation:
        """The violation with what a maintainer needs to find it again."""
        scenario, day = self.scenario, violation.facts.get("day", self.state.day)
        file, last_good = scenario.file, violation.facts.get("last_good")
        good = max(0, day if "last_good" not in violation.facts else 0 if last_good is None else last_good + 1)
        start = "SCENARIO" if file is None or self._made_elsewhere else f"cz.load({file!r})"
        society = ", society=SOCIETY" if self._made_elsewhere else ""
        audit = f"sim = cz.Simulation({start}, seed={self.seed}{society}).run({good}); sim.audit = True; sim.run({day - good + 1})"
        note = "the society was made outside the scenario" if self._made_elsewhere else None
        if self.begun_from and self.begun_from["changes"]:
            note = f"the run began from a checkpoint of day {self.begun_from['day']} of another, with {self.begun_from['changes']}"
        series = violation.facts.get("series")
        writers = [type(m).__name__ for m in self.mechanisms if any(output.name == series for output in m.outputs)] if series else []
        return violation.add(
            day=day, after=f"{mechanism.phase}: {type(mechanism).__name__}" if mechanism is not None else "the whole day",
            seed=self.seed, scenario=getattr(scenario, "name", None), scenario_hash=getattr(scenario, "hash", None), file=file,
            version=metadata.version("communize"), state_hash=self.state_hash(), threads=self.threads, people=len(self.people), writers=writers,
            command=f"communize run {file} --seed {self.seed} --days {day + 1}" if file and note is None else None,
            python=f"import communize as cz; {audit}",
            note=note)  # fmt: skip

    def branch(self, changes: dict[str, Any] | None = None) -> "Simulation":
        """A simulation that goes on from today with changed parameters and the same draws.

        Parameters
        ----------
        changes
            Values by dotted path, as in ``Scenario.replace``.

        Raises
        ------
        InputError
            A change of the society, the seed or the start date, which are settled when a run starts.
        """
        changes = changes or {}
        refuse_settled(changes)
        twin = object.__new__(Simulation)
        twin.scenario, twin.audit, twin.seed, twin.threads = self.scenario.replace(changes), self.audit, self.seed, self.threads
        twin._made_elsewhere, twin.society_hash, twin.begun_from = self._made_elsewhere, self.society_hash, self.begun_from
        state = self.state.copy()
        state.changed = frozenset(changes)
        twin._prepare(state)
        twin.recorder = self.recorder.copy()
        twin._record_outputs()
        return twin

    def save_checkpoint(self, path: str | Path) -> Path:
        """Write the state after the days done, the series so far and the scenario to a file (`from_checkpoint`).

        Every invariant is checked in full before.

        Raises
        ------
        InputError
            The file cannot be written.
        InvariantViolation
            An invariant does not hold.
        """
        self.check_everything()
        try:
            snapshot.save(self, Path(path))
        except (OSError, ValueError) as error:
            raise InputError("", getattr(error, "strerror", None) or str(error), "a file that can be written", None, str(path)) from None
        return Path(path)

    @classmethod
    def from_checkpoint(
        cls, path: str | Path, changes: dict[str, Any] | None = None, *, scenario: Plan | None = None, threads: int | None = None,
    ) -> "Simulation":  # fmt: skip
        """A simulation that goes on from a checkpoint: to the same bits as if it had never stopped, or with changed parameters.

        Parameters
        ----------
        path
            A file that `save_checkpoint` or a run wrote.
        changes
            Values by dotted path, as in `branch`. With None it is the same run; with changes, be there none in them, a run
            of its own whose `begun_from` says where it comes from.
        scenario
            The scenario of the checkpoint, for one that cannot be read from it, with a mechanism from no file or module.
        threads
            Threads to use; the scenario's if omitted.

        Raises
        ------
        InputError
            The file is damaged, or of another version; the scenario has changed since; or a change is refused, as in `branch`.
        """
        held = snapshot.Snapshot(Path(path), scenario)
        refuse_settled(changes or {})
        twin = object.__new__(cls)
        twin.scenario, twin.audit, twin.seed = held.scenario.replace(changes or {}), False, held.seed
        twin.threads = n_threads(twin.scenario.threads if threads is None else threads)
        twin._made_elsewhere, twin.society_hash = held.society_hash is not None, held.society_hash
        state = held.state(twin.threads)
        twin.begun_from = held.begun_from
        if changes is not None:
            twin.begun_from = {
                "day": held.day, "scenario_hash": held.scenario.hash, "state_hash": state.hash(),
                "changes": json.loads(json.dumps(changes, default=str)), "before": held.begun_from,
            }  # fmt: skip
        state.changed = frozenset(changes or {})
        try:
            twin._prepare(state)
        except InputError as error:
            raise error.in_file(str(path)) from None
        if not changes:
            held.put_back(state)
        twin.recorder = held.recorder(twin._sizes())
        twin._record_outputs()
        return twin

    def state_hash(self) -> str:
        """Hash over all state arrays: 32 hexadecimal digits."""
        return self.state.hash()

    def _audited_step(self, mechanism: Mechanism, day: int, draws: Draws) -> None:
        before = {path: values.copy() for path, values in self.state.arrays()}
        lengths = {name: len(table) for name, table in self.state.tables.items()}
        mechanism.step(self.state, day, draws)
        starts = {column.path: column.start for table in self.state.tables.values() for column, _ in table.columns()}
        for path, values in self.state.arrays():
            if path in mechanism.writes:
                continue
            table = path.split(".")[0]
            grown = len(self.state.tables[table]) > lengths.get(table, 0) if table in self.state.tables else False
            if grown and any(written.startswith(f"{table}.") for written in mechanism.writes):
                # who may write some column of a table may lengthen it; the rest of the new rows keeps its start values
                before[path] = np.concatenate([before[path], np.full_like(values[len(before[path]) :], starts[path])])
            if path not in before or not np.array_equal(before[path], values, equal_nan=values.dtype.kind == "f"):
                raise UndeclaredWrite(f"{type(mechanism).__name__} changed {path}, which is not among its writes")
        if self.invariants is not None:
            self.invariants.check(self.state, day, everything=True)


def refuse_settled(changes: dict[str, Any]) -> None:
    """Raise an `InputError` for a change of what is settled when a run starts."""
    for path in changes:
        if path.split(".")[0] == "society" or path in ("run.seed", "scenario.start"):
            raise InputError(path, changes[path], "a parameter of a mechanism: the society is settled when a run starts")


@contextlib.contextmanager
def naming(mechanism: Mechanism | type[Mechanism]) -> Iterator[None]:
    """Let an `InputError` about a declaration name the mechanism that made it."""
    try:
        yield
    except InputError as error:
        name = mechanism.__name__ if isinstance(mechanism, type) else type(mechanism).__name__
        raise InputError(f"{name}: {error.path}", error.found, error.allowed, error.nearest) from None


def decision_of(mechanism: type[Mechanism]) -> int:
    """Decision number of a mechanism: 0 for those of the package, which number their decisions themselves."""
    if mechanism in MECHANISMS:
        return 0
    number = user_decision(f"{mechanism.__module__}:{mechanism.__qualname__}")
    assert number >= USER
    return number
