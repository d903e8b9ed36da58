"""Practices as a scenario states them: for seeds, and for the experimental broadcast from one centre."""

import datetime
from typing import Literal

import numpy as np
from pydantic import field_validator, model_validator

from communize.declare.errors import InputError, WrongEntry, nearest_name
from communize.declare.parameters import Parameters, parameter
from communize.declare.registry import CONTENTS, FORMS, KINDS, MAX_NEEDS, SCOPES
from communize.mechanisms.base import State


class Practice(Parameters):
    """A practice: what it provides for, what it suspends, how many it needs."""

    needs: list[str] = parameter(unit="sector", source="see the scenario", meaning="sectors that it provides for, one to three")
    content: dict[str, float] = parameter(
        {}, unit="1", source="see the scenario", meaning="what it suspends (+1) or reproduces (-1), by relation; 0 where nothing is said")  # fmt: skip
    critical_mass: float | None = parameter(None, unit="person", range=(1, 1e6), source="see the scenario", meaning="participants that it needs; measures.critical_mass if left out")
    form: Literal["assembly", "diffuse", "spontaneous"] = parameter("spontaneous", unit="name", source="see the scenario", meaning="form of decision")
    scope: Literal["site", "place", "between_places"] = parameter("site", unit="name", source="see the scenario", meaning="scope")

    @field_validator("needs")
    @classmethod
    def _one_to_three(cls, needs: list[str]) -> list[str]:
        if not 1 <= len(needs) <= MAX_NEEDS or len(set(needs)) != len(needs):
            raise ValueError(f"1 to {MAX_NEEDS} different sectors: a practice provides for something")
        return needs

    @field_validator("content")
    @classmethod
    def _known_relations(cls, content: dict[str, float]) -> dict[str, float]:
        for name, value in content.items():
            if name not in CONTENTS:
                raise WrongEntry(name, value, f"relations among {', '.join(CONTENTS)}", nearest_name(name, CONTENTS))
            if not -1 <= value <= 1:
                raise WrongEntry(name, value, "-1 (reproduces the relation) to 1 (suspends it)")
        return content

    def rows(self, state: State, path: str) -> tuple[np.ndarray, np.ndarray]:
        """Needs (3,) int8 and content (contents,) float32; an `InputError` at `path` for an unknown sector."""
        sectors = state.society.sectors
        needs = np.full(MAX_NEEDS, -1, np.int8)
        for slot, name in enumerate(self.needs):
            if name not in sectors:
                raise InputError(f"{path}.needs", name, f"sectors of the society: {', '.join(sectors)}", nearest_name(name, sectors))
            needs[slot] = sectors.index(name)
        return needs, np.array([self.content.get(name, 0.0) for name in CONTENTS], np.float32)

    @property
    def codes(self) -> tuple[int, int]:
        """Codes of scope and form."""
        return SCOPES.index(self.scope), FORMS.index(self.form)


class Seed(Practice):
    """Measures that the scenario puts somewhere: `[[measures.seed]]`."""

    date: datetime.date | None = parameter(None, unit="date", source="see the scenario", meaning="day on which they begin")
    day: int | None = parameter(None, unit="day", range=(0, 100_000), source="see the scenario", meaning="instead of a date: day of the run")
    place: str | None = parameter(None, unit="name or id", source="see the scenario", meaning="place; drawn over the whole society if left out")
    kind: Literal["any", "workplace", "farm", "campus", "neighbourhood", "state_site"] = parameter("any", unit="name", source="see the scenario", meaning="kind of site")
    count: int = parameter(1, unit="instance", range=(1, 10_000_000), source="see the scenario", meaning="number of instances")
    sites: list[int] = parameter([], unit="site row", source="see the scenario", meaning="sites by row (of a society made from tables), one instance at each, instead of place, kind and count")
    distinct: bool = parameter(False, unit="yes/no", source="see the scenario", meaning="whether each is a practice of its own")
    people: float | None = parameter(None, unit="person", range=(1, 1e9), source="see the scenario", meaning="participants of each; its critical mass if left out")
    what: str = parameter("", unit="text", source="see the scenario", meaning="what was done")
    source: str = parameter("assumed", unit="text", source="see the scenario", meaning="URL, DOI or assumed")

    @model_validator(mode="after")
    def _one_of_each(self) -> "Seed":
        if (self.date is None) == (self.day is None):
            raise ValueError("either a date or a day")
        if self.sites:
            if min(self.sites) < 0 or len(set(self.sites)) != len(self.sites):
                raise ValueError("sites: different rows from 0")
            if self.place is not None or self.kind != "any" or self.count != 1:
                raise ValueError("either sites, or place, kind and count")
        return self

    @property
    def kind_code(self) -> int:
        """Index into KINDS, -1 for any."""
        return -1 if self.kind == "any" else KINDS.index(self.kind)
