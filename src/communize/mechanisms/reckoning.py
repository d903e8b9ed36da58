"""The end of a day: counts and invariants."""

import numpy as np

from communize.declare.errors import InvariantViolation
from communize.declare.parameters import parameter
from communize.declare.registry import ACTIVITIES, HELD, IN_STRUGGLE, POSITIONS, Output
from communize.kernels.draws import kernel
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State


@kernel
def count_people(start, stop, block, activity, position, table):
    """People by block, activity and position."""
    for person in range(start, stop):
        table[block, activity[person], position[person]] += 1


class Reckoning(Mechanism):
    """Counts people and checks, cheaply, that nobody was lost and that counts equal recounts."""

    name = "reckoning"
    phase = "reckoning"
    reads = ("people.activity", "people.position", "people.home", "people.work", "people.money", "sites.active", "sites.held", "places.active", "places.held")
    outputs = (
        Output("people", "person", "people by activity and position", ("activity", "position")),
        Output("held", "person", "people held by the State", ("place",)),
    )

    class Parameters(MechanismParameters):
        """How often counts are compared with recounts."""

        recount_days: int = parameter(30, unit="day", range=(1, 100_000), source="definition", meaning="days between recounts")

    parameters: "Reckoning.Parameters"

    def setup(self, state: State) -> None:
        self._money = int(state.people.money.sum())

    def step(self, state: State, day: int, draws: Draws) -> None:
        self._table = self._count(state)
        if int(self._table.sum()) != len(state.people):
            raise InvariantViolation(f"day {day}: {self._table.sum()} people counted, {len(state.people)} live here")
        for activity, column in ((IN_STRUGGLE, "active"), (HELD, "held")):
            by_home, by_place = int(self._table[activity].sum()), int(getattr(state.places, column).sum())
            if by_home != by_place:
                raise InvariantViolation(f"day {day}: {by_home} people are {ACTIVITIES[activity]}, places count {by_place}")
        if day % self.parameters.recount_days == 0:
            self._recount(state, day)

    def _count(self, state: State) -> np.ndarray:
        people = state.people
        blocks = (len(people) + (1 << 16) - 1) >> 16
        table = np.zeros((blocks, len(ACTIVITIES), len(POSITIONS)), np.int64)
        state.pool.for_blocks(count_people, len(people), people.activity, people.position, table)
        return table.sum(axis=0)

    def _recount(self, state: State, day: int) -> None:
        people, sites = state.people, state.sites
        for activity, column in ((IN_STRUGGLE, "active"), (HELD, "held")):
            rows = np.flatnonzero(people.activity == activity)
            works = people.work[rows]
            found = np.bincount(people.home[rows], minlength=len(sites)) + np.bincount(works[works >= 0], minlength=len(sites))
            wrong = np.flatnonzero(found != getattr(sites, column))
            if wrong.size:
                s = int(wrong[0])
                raise InvariantViolation(
                    f"day {day}: site {s} counts {getattr(sites, column)[s]} members {ACTIVITIES[activity]}, a recount {found[s]}")
        if int(people.money.sum()) != self._money:
            raise InvariantViolation(f"day {day}: {people.money.sum()} coins, {self._money} at the start")

    def observe(self, state: State) -> dict:
        scale = np.float32(state.scale)
        return {"people": self._table * scale, "held": state.places.held * scale}
