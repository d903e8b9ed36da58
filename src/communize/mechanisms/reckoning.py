"""The end of a day: counts and invariants."""

import numpy as np

from communize.declare.errors import InvariantViolation
from communize.declare.parameters import parameter
from communize.declare.registry import ACTIVITIES, HELD, IN_MEASURE, IN_STRUGGLE, POSITIONS, TAKEN, Output
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
    reads = ("people.activity", "people.position", "people.home", "people.work", "people.money", "people.measure", "sites.active", "sites.held", "sites.participants",
        "sites.instance", "sites.mode", "places.active", "places.held", "places.participants", "instances.ended", "instances.site")
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
        for activity, column in ((IN_STRUGGLE, "active"), (IN_MEASURE, "participants"), (HELD, "held")):
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
        self._recount_measures(state, day)
        if int(people.money.sum()) != self._money:
            raise InvariantViolation(f"day {day}: {people.money.sum()} coins, {self._money} at the start")

    def _recount_measures(self, state: State, day: int) -> None:
        people, sites, instances = state.people, state.sites, state.instances
        rows = np.flatnonzero(people.activity == IN_MEASURE)
        home, work, at = people.home[rows], people.work[rows], people.measure[rows]
        if np.any(people.measure[people.activity != IN_MEASURE] >= 0) or np.any(sites.instance[at] < 0):
            raise InvariantViolation(f"day {day}: people take part in measures that are not in force")
        counts = [home, work[(work >= 0) & (work != home)], at[(at != home) & (at != work)]]
        found = sum(np.bincount(count, minlength=len(sites)) for count in counts)
        taken = sites.instance >= 0
        if np.any(found != sites.participants) or np.any(taken != (sites.mode == TAKEN)):
            raise InvariantViolation(f"day {day}: sites count {sites.participants.sum()} participants, a recount {found.sum()}")
        if np.any(instances.ended[sites.instance[taken]] >= 0) or np.any(instances.site[sites.instance[taken]] != np.flatnonzero(taken)):
            raise InvariantViolation(f"day {day}: a site holds a measure that has ended or lies elsewhere")

    def observe(self, state: State) -> dict:
        scale = np.float32(state.scale)
        return {"people": self._table * scale, "held": state.places.held * scale}
