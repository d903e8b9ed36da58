"""Provisioning, given by the scenario: how much of each need is missing, and how well a measure's participants are provided for.

What people need and get is not computed in this version. The scenario states a level of need and of coverage, for all or
for single sectors, places and dates; other mechanisms read them from the columns of `PROVISION`, which a computed
provisioning will fill. The reproduction ratio is therefore not computed.
"""

import datetime

import numpy as np
from pydantic import model_validator

from communize.declare.errors import InputError, nearest_name
from communize.declare.parameters import Parameters, parameter
from communize.declare.registry import Column, Output
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State

PROVISION = (
    Column("provision", "shortage", "float32", "share", "what is missing of a need, by place and sector", (0, 1)),
    Column("places", "coverage", "float32", "share", "essential coverage of the participants of measures", (0, 1)),
    Column("places", "free_coverage", "float32", "share", "coverage of needs in free access for those who draw", (0, 1)),
)


def by_place_and_sector(state: State, name: str) -> np.ndarray:
    """A column of the table `provision`, which has one row a place and sector, as (places, sectors)."""
    n = len(state.places) * len(state.society.sectors)
    if len(state.provision) != n:
        state.provision.grow(n)
    return getattr(state.provision, name).reshape(len(state.places), -1)


def mean_shortage(state: State) -> np.ndarray:
    """What is missing of people's needs in each place, mean over needs by their weight, float64 (places,)."""
    weight = np.array([sector.need for sector in state.society.parameters.sectors.values()])
    return by_place_and_sector(state, "shortage") @ weight / max(1e-12, weight.sum())


class Level(Parameters):
    """A level of need or of coverage from a day on, until another one holds: `[[provisioning.level]]`."""

    date: datetime.date | None = parameter(None, unit="date", source="see the scenario", meaning="its first day")
    day: int | None = parameter(None, unit="day", range=(0, 100_000), source="see the scenario", meaning="instead of a date: day of the run")
    place: str | None = parameter(None, unit="name or id", source="see the scenario", meaning="place; everywhere if left out")
    need: float | None = parameter(None, unit="share", range=(0, 1), source="see the scenario", meaning="what is missing of every need")
    coverage: float | None = parameter(None, unit="share", range=(0, 1), source="see the scenario", meaning="essential coverage of participants")
    what: str = parameter("", unit="text", source="see the scenario", meaning="what happened")
    source: str = parameter("assumed", unit="text", source="see the scenario", meaning="URL, DOI or assumed")

    @model_validator(mode="after")
    def _one_of_each(self) -> "Level":
        if (self.date is None) == (self.day is None):
            raise ValueError("either a date or a day")
        return self


class Provisioning(Mechanism):
    """Writes the given need and coverage into the state."""

    name = "provisioning"
    phase = "provisioning"
    reads = ("sites.instance", "sites.place", "people.unmet")
    writes = ("provision.shortage", "places.coverage", "places.free_coverage")
    columns = PROVISION
    outputs = (
        Output("shortage", "share", "what is missing of people's needs, mean over people and needs (given)"),
        Output("unmet", "share", "unmet need, mean over people (given by position at the start)"),
        Output("coverage", "share", "essential coverage of participants, mean over people (given)"),
    )

    class Parameters(MechanismParameters):
        """Given levels; they are no results."""

        need: float = parameter(0.1, unit="share", range=(0, 1), plausible=(0, 0.6), meaning="what is missing of every need")
        need_of_sector: dict[str, float] = parameter({}, unit="share", plausible=(0, 1), meaning="what is missing of the need for single sectors, instead")
        coverage: float = parameter(0.5, unit="share", range=(0, 1), plausible=(0, 1), meaning="essential coverage of the participants of measures")
        level: list[Level] = parameter([], unit="table", source="see the scenario", meaning="levels that hold from a day on: [[provisioning.level]]")

    parameters: "Provisioning.Parameters"

    def setup(self, state: State) -> None:
        p, sectors, places = self.parameters, state.society.sectors, state.society.place_list
        by_place_and_sector(state, "shortage")
        self._needs = np.full(len(sectors), p.need)
        for name, value in p.need_of_sector.items():
            if name not in sectors:
                raise InputError("provisioning.need_of_sector", name, f"sectors of the society: {', '.join(sectors)}", nearest_name(name, sectors))
            if not 0 <= value <= 1:
                raise InputError(f"provisioning.need_of_sector.{name}", value, "0 to 1")
            self._needs[sectors.index(name)] = value
        self._levels = []
        for number, level in enumerate(p.level):
            path, day = f"provisioning.level[{number}]", state.day_of_event(level)
            if day < 0:
                raise InputError(f"{path}.date", str(level.date), f"a date on or after the start, {state.start}")
            rows = slice(None) if level.place is None else np.array([places.require(level.place, f"{path}.place")])
            self._levels.append((day, rows, level))
        self._levels.sort(key=lambda entry: entry[0])

    def step(self, state: State, day: int, draws: Draws) -> None:
        shortage, places = by_place_and_sector(state, "shortage"), state.places
        shortage[:] = self._needs
        places.coverage[:] = self.parameters.coverage
        for first, rows, level in self._levels:
            if first <= day:
                if level.need is not None:
                    shortage[rows] = level.need
                if level.coverage is not None:
                    places.coverage[rows] = level.coverage
        count = np.bincount(state.sites.place[state.sites.instance >= 0], minlength=len(places))
        places.free_coverage[:] = np.where(count > 0, places.coverage, 0.0)

    def observe(self, state: State) -> dict:
        residents = state.places.residents / max(1, state.places.residents.sum())
        unmet = float(state.people.unmet.mean(dtype=np.float64)) if len(state.people) else float("nan")
        return {"unmet": unmet, "shortage": float((mean_shortage(state) * residents).sum()), "coverage": float((state.places.coverage * residents).sum())}
