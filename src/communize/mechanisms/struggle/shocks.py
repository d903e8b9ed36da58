"""Shocks: what the scenario puts on a date and at a place (a death, a law, a closure, a price rise)."""

import datetime
from typing import ClassVar

import numpy as np
from pydantic import model_validator

from communize.declare.errors import InputError, nearest_name
from communize.declare.parameters import Parameters, parameter
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State


class Shock(Parameters):
    """One shock: pressure = magnitude * 2 ** -(days since / half-life), in a place, a region, or everywhere."""

    date: datetime.date | None = parameter(None, unit="date", source="see the scenario", meaning="day on which it happens")
    day: int | None = parameter(None, unit="day", range=(0, 100_000), source="see the scenario", meaning="instead of a date: day of the run")
    place: str | None = parameter(None, unit="name or id", source="see the scenario", meaning="place that it strikes")
    region: str | None = parameter(None, unit="code", source="see the scenario", meaning="instead of a place: region that it strikes")
    magnitude: float = parameter(1.0, unit="pressure", range=(-20, 20), plausible=(0.2, 4), meaning="pressure on its first day")
    half_life_days: float = parameter(7.0, unit="day", range=(0.01, 10_000), plausible=(1, 60), meaning="half-life of that pressure")
    what: str = parameter("", unit="text", source="see the scenario", meaning="what happened")
    source: str = parameter("assumed", unit="text", source="see the scenario", meaning="URL, DOI or assumed")

    @model_validator(mode="after")
    def _one_of_each(self) -> "Shock":
        if (self.date is None) == (self.day is None):
            raise ValueError("either a date or a day")
        if self.place is not None and self.region is not None:
            raise ValueError("a place or a region, not both")
        return self


class Shocks(Mechanism):
    """Sets the pressure of shocks in each place."""

    name = "shock"
    phase = "struggle"
    writes = ("places.shock",)

    class Parameters(MechanismParameters):
        """The shocks of the scenario."""

        events: list[Shock] = parameter([], unit="table", source="see the scenario", meaning="the [[shock]] tables")

    parameters: "Shocks.Parameters"
    forgotten_after: ClassVar[float] = 40.0  # half-lives: 2 ** -40 of a pressure changes no float32 sum

    def setup(self, state: State) -> None:
        places = state.society.place_list
        self._events = []
        for number, event in enumerate(self.parameters.events):
            path = f"shock[{number}]"
            rows = slice(None)
            if event.place is not None:
                rows = np.array([places.require(event.place, f"{path}.place")])
                if state.places.residents[rows[0]] == 0:
                    raise InputError(f"{path}.place", event.place, "a place where somebody lives (nobody does at this number of people)")
            elif event.region is not None:
                rows = np.flatnonzero(places.region == event.region)
                if not rows.size:
                    regions = sorted(set(places.region))
                    raise InputError(f"{path}.region", event.region, ", ".join(regions[:40]), nearest_name(event.region, regions))
            day = state.day_of_event(event)
            if day < 0:
                raise InputError(f"{path}.date", str(event.date), f"a date on or after the start, {state.start}")
            self._events.append((day, rows, event.magnitude, event.half_life_days))

    def step(self, state: State, day: int, draws: Draws) -> None:
        shock = state.places.shock
        shock[:] = 0.0
        for start, rows, magnitude, half_life in self._events:
            age = (day - start) / half_life
            if 0 <= age < self.forgotten_after:
                shock[rows] += np.float32(magnitude * 2.0**-age)
