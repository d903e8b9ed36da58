"""People whom the scenario puts into struggle on a day: the first to move, where what follows is to be studied."""

import datetime

import numpy as np
from pydantic import model_validator

from communize.declare.errors import InputError
from communize.declare.parameters import Parameters, parameter
from communize.declare.registry import ROUTINE
from communize.kernels import decisions
from communize.kernels.vector import Draws
from communize.mechanisms.base import State


class Seed(Parameters):
    """People in struggle from a day on: `[[struggle.seed]]`; drawn among those who can take part, or named by row."""

    date: datetime.date | None = parameter(None, unit="date", source="see the scenario", meaning="day on which they begin; the first if neither date nor day is given")
    day: int | None = parameter(None, unit="day", range=(0, 100_000), source="see the scenario", meaning="instead of a date: day of the run")
    place: str | None = parameter(None, unit="name or id", source="see the scenario", meaning="place in which they live; the whole society if left out")
    share: float | None = parameter(None, unit="share", range=(0, 1), source="see the scenario", meaning="share of the people who could join there")
    people: float | None = parameter(None, unit="person", range=(0, 1e10), source="see the scenario", meaning="instead of a share: number of people")
    rows: list[int] = parameter([], unit="person row", source="see the scenario", meaning="instead of either: people by row (of a given society), from 0")
    with_ties: bool = parameter(False, unit="yes/no", source="see the scenario", meaning="whether all their ties begin with them")
    what: str = parameter("", unit="text", source="see the scenario", meaning="what moved them")
    source: str = parameter("assumed", unit="text", source="see the scenario", meaning="URL, DOI or assumed")

    @model_validator(mode="after")
    def _one_of_each(self) -> "Seed":
        if self.date is not None and self.day is not None:
            raise ValueError("a date or a day, not both")
        if (self.share is not None) + (self.people is not None) + bool(self.rows) != 1:
            raise ValueError("one of share, people and rows")
        if self.rows and self.place is not None:
            raise ValueError("rows or a place, not both")
        if self.rows and (min(self.rows) < 0 or len(set(self.rows)) != len(self.rows)):
            raise ValueError("different rows, from 0")
        return self


def resolve(state: State, number: int, seed: Seed) -> tuple[int, int, Seed]:
    """Day and place row (-1 for the whole society) of seed `number`.

    Raises
    ------
    InputError
        No such place or person, or a date before the start.
    """
    path, places = f"struggle.seed[{number}]", state.society.place_list
    place = -1 if seed.place is None else places.require(seed.place, f"{path}.place")
    if place >= 0 and state.places.residents[place] == 0:
        raise InputError(f"{path}.place", seed.place, "a place where somebody lives (nobody does at this number of people)")
    n = len(state.people) or int(state.places.residents.sum())  # where a scenario is only checked no people are made
    if max(seed.rows, default=0) >= n:
        raise InputError(f"{path}.rows", max(seed.rows), f"rows of people, 0 to {n - 1}")
    day = 0 if seed.date is None and seed.day is None else state.day_of_event(seed)
    if day < 0:
        raise InputError(f"{path}.date", str(seed.date), f"a date on or after the start, {state.start}")
    return day, place, seed


def able(state: State, rows: np.ndarray) -> np.ndarray:
    """Those of the people `rows` who could join a struggle today."""
    people = state.people
    can = state.society.takes_part[people.position[rows], people.group[rows]]
    return rows[can & (people.activity[rows] == ROUTINE) & (people.removed[rows] == 0)]


def choose(state: State, number: int, place: int, seed: Seed, day: int, key: np.uint64) -> np.ndarray:
    """Rows of the people of a seed, ascending: only those who could join today."""
    people, sites = state.people, state.sites
    if seed.rows:
        chosen, wanted = able(state, np.array(seed.rows)), len(seed.rows)
    else:
        candidates = np.arange(len(people)) if place < 0 else np.flatnonzero(sites.place[people.home] == place)
        candidates = able(state, candidates)
        wanted = round(seed.share * candidates.size) if seed.share is not None else max(1, round((seed.people or 0.0) / state.scale))
        if seed.people == 0:
            wanted = 0
        u = Draws(key, decisions.SEED_PERSON, day).uniform(candidates, number)
        chosen = candidates[np.argpartition(u, wanted)[:wanted]] if wanted < candidates.size else candidates
    if chosen.size < wanted:
        state.notes.append(f"struggle.seed[{number}]: {chosen.size} of {wanted} agents began, as no more could join")
    if seed.with_ties and chosen.size:
        ties = state.society.ties
        around = [ties.neighbours[ties.offsets[i] : ties.offsets[i + 1]] for i in chosen]
        chosen = able(state, np.concatenate([chosen, *around]))
    return np.unique(chosen)
