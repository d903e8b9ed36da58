"""What of a simulation a checkpoint holds, and a simulation made of it again.

Held are the columns of all tables, the series so far, and what else of the state lasts from day to day. Ties, contact and the list
of places are made again from the scenario and the seed and compared by a hash; of a society made elsewhere they are held too.
"""

import importlib
from collections.abc import Iterator
from dataclasses import asdict, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from communize.declare.errors import InputError
from communize.declare.registry import Column, Output, Table, hash_arrays
from communize.kernels.blocks import Pool
from communize.mechanisms.base import State
from communize.simulation import checkpoint
from communize.simulation.series import Recorder
from communize.society.parameters import SocietyParameters
from communize.society.places import Contact, PlaceList
from communize.society.society import Society
from communize.society.ties import Ties

if TYPE_CHECKING:
    from communize.simulation.simulation import Simulation

TEXTS = ("name", "place_id", "region")  # of a place list, beside its numbers
SETTLED = ("people", "sites", "places")


def version() -> str:
    """Version of the package."""
    return metadata.version("communize")


def save(simulation: "Simulation", path: Path) -> None:
    """Write a checkpoint of the day that is done.

    Raises
    ------
    OSError
        It cannot be written.
    """
    state, society = simulation.state, simulation.society
    scenario: Any = simulation.scenario
    tables = {
        name: {"rows": len(table), "columns": [asdict(column) for column in table.declarations()]} for name, table in state.tables.items()
    }  # fmt: skip
    description = {
        "version": version(), "scenario_hash": scenario.hash, "seed": simulation.seed, "day": state.day,
        "society_hash": simulation.society_hash, "begun_from": simulation.begun_from,
        "reader": f"{type(scenario).__module__}:{type(scenario).__qualname__}", "scenario": scenario.record(simulation.seed),
        "notes": state.notes, "regrouped": state.regrouped, "tables": tables,
        "outputs": [asdict(output) for output in simulation.recorder.outputs.values()], "fixed": fingerprint(society),
    }  # fmt: skip
    if simulation.society_hash is not None:
        description["society"] = {
            "parameters": society.parameters.model_dump(mode="json"), "given": sorted(society.given),
            "texts": {name: [values.dtype.str, values.tolist()] for name, values in vars(society.place_list).items() if name in TEXTS},
        }  # fmt: skip
    checkpoint.write(path, description, _arrays(simulation))


def _arrays(simulation: "Simulation") -> Iterator[tuple[str, np.ndarray]]:
    for table in simulation.state.tables.values():
        for column, values in table.columns():
            yield column.path, values
    for name in simulation.recorder.outputs:
        yield f"series/{name}", simulation.recorder[name]
    if simulation.society_hash is not None:
        for name, values in _fixed_arrays(simulation.society):
            yield f"society/{name}", values


def _fixed_arrays(society: Society) -> Iterator[tuple[str, np.ndarray]]:
    """The numbers of a society that never change and stand in no table."""
    for what in ("ties", "contact", "place_list"):
        for name, values in vars(getattr(society, what)).items():
            if isinstance(values, np.ndarray) and name not in TEXTS:
                yield f"{what}.{name}", values


def fingerprint(society: Society) -> str:
    """Hash over what a checkpoint does not hold and the scenario makes again: ties, contact, the list of places."""
    texts = "\n".join(str(text) for name in TEXTS for text in getattr(society.place_list, name))
    return hash_arrays([*_fixed_arrays(society), ("texts", np.frombuffer(texts.encode(), np.uint8))])


class Snapshot:
    """A checkpoint that has been read.

    Parameters
    ----------
    path
        The file.
    scenario
        Its scenario; read from the checkpoint if omitted.

    Raises
    ------
    checkpoint.Damaged
        The file is not whole.
    InputError
        It belongs to another version or another scenario.
    """

    def __init__(self, path: Path, scenario: Any = None):
        self.path = path
        self.held, self.arrays = checkpoint.read(path)
        self.day, self.seed, self.begun_from = self.held["day"], self.held["seed"], self.held["begun_from"]
        self.society_hash = self.held["society_hash"]
        if self.held["version"] != version():
            raise InputError("version", self.held["version"], f"{version()}, the version at work: only it continues its own runs", None, str(path))
        if scenario is None:
            module, _, name = self.held["reader"].partition(":")
            scenario = getattr(importlib.import_module(module), name).from_record(self.held["scenario"], path)
        if scenario.hash != self.held["scenario_hash"]:
            allowed = f"the scenario of the checkpoint ({self.held['scenario_hash']}); it, a table or a mechanism that it names has been changed since"
            raise InputError("scenario", f"a scenario with the hash {scenario.hash}", allowed, None, str(path))
        self.scenario = scenario

    def state(self, threads: int) -> State:
        """The state, with the society made again."""
        society, held = self._society(threads), self.held
        if fingerprint(society) != held["fixed"]:
            allowed = "the ties, contacts and places that the run began with; its scenario makes others now (another version of a package or of a table of places?)"
            raise InputError("society", "other ties, contacts or places", allowed, None, str(self.path))
        tables = {name: self._table(name) for name in held["tables"]}
        society = replace(society, **{name: tables[name] for name in SETTLED})
        return State(
            society, np.uint64(self.seed), self.scenario.start, self.day, tables, Pool(threads), list(held["notes"]),
            changed=frozenset(), regrouped=held["regrouped"])  # fmt: skip

    def _table(self, name: str) -> Table:
        held = self.held["tables"][name]
        table = Table(name, held["rows"])
        for fields in held["columns"]:
            column = Column(**{**fields, "range": tuple(fields["range"]), "dims": tuple(fields["dims"])})
            table.add(column, self.arrays[column.path].copy())
        return table

    def _society(self, threads: int) -> Society:
        if self.society_hash is None:
            return Society.synthesise(self.scenario.society, seed=self.seed, threads=threads)
        held, of = self.held["society"], {}
        for what in ("ties", "contact", "place_list"):
            of[what] = {key.partition(".")[2]: values for key, values in self.arrays.items() if key.startswith(f"society/{what}.")}
        texts = {name: np.array(entries, kind) for name, (kind, entries) in held["texts"].items()}
        people, sites, places = (self._table(name) for name in SETTLED)
        return Society(
            people, sites, places, Ties(**of["ties"]), Contact(**of["contact"]), PlaceList(**texts, **of["place_list"]),
            SocietyParameters.model_validate(held["parameters"]), frozenset(held["given"]))  # fmt: skip

    def recorder(self, sizes: dict[str, int]) -> Recorder:
        """The series so far."""
        recorder = Recorder(sizes)
        outputs = [Output(**{**fields, "dims": tuple(fields["dims"])}) for fields in self.held["outputs"]]
        recorder.restore(self.day, [(output, self.arrays[f"series/{output.name}"]) for output in outputs])
        return recorder

    def put_back(self, state: State) -> None:
        """Undo what `setup` of mechanisms wrote: they had been set up when the run began.

        Raises
        ------
        InputError
            Mechanisms have other columns than when the checkpoint was written, or `setup` adds rows to a table whenever it is called.
        """
        there = {column.path: values for table in state.tables.values() for column, values in table.columns()}
        for path in sorted(there.keys() ^ {path for path in self.arrays if "/" not in path}):
            found = f"the column {path} in {'the state' if path in there else 'the checkpoint'} alone"
            raise InputError("columns", found, "the columns of the source that wrote the checkpoint", None, str(self.path))
        for path, values in there.items():
            if values.shape != self.arrays[path].shape:
                found = f"{len(values)} rows of {path}, {len(self.arrays[path])} in the checkpoint"
                raise InputError("columns", found, "a mechanism whose setup adds rows only to a table that has none", None, str(self.path))
            values[...] = self.arrays[path]
