"""Belonging: class membership lived as an identity (+1) or as an outer constraint (-1) (`rules.md` section 5)."""

import numpy as np

from communize.declare.parameters import parameter
from communize.declare.registry import IN_STRUGGLE, POSITIONS, Output
from communize.kernels.draws import kernel
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State

FIXED_POINT = 1 << 20


@kernel
def drift_of_belonging(start, stop, block, position, step, belonging):
    """Move belonging by its position's daily step, clipped to [-1, 1]; returns nothing of its own.

    What is not a number stays so, for the invariants to find.
    """
    for person in range(start, stop):
        moved = belonging[person] + step[position[person]]
        moved = np.float32(1.0) if moved > np.float32(1.0) else moved
        belonging[person] = np.float32(-1.0) if moved < np.float32(-1.0) else moved
    return 0


@kernel
def sum_of_belonging(start, stop, block, activity, wanted, belonging):
    """(number of people, sum of belonging in fixed point) of those with activity `wanted`, or of all if it is -1."""
    count, total = 0, 0
    for person in range(start, stop):
        if wanted < 0 or activity[person] == wanted:
            count += 1
            total += np.int64(belonging[person] * FIXED_POINT)
    return count, total


class Belonging(Mechanism):
    """Drifts up with stable work where it is indexed and recognised, down with precarious work or none.

    Settlements, refusals and arrests change belonging where they happen (`acts`, `force`). Debt and unpaid wages
    will add to the drift with the economy.
    """

    name = "belonging"
    phase = "reckoning"
    reads = ("people.position", "people.activity", "economy.regime")
    writes = ("people.belonging",)
    outputs = (
        Output("belonging", "1", "belonging, mean over people"),
        Output("belonging_active", "1", "belonging, mean over people in struggle; not a number when there is none", may_lack=True),
    )

    class Parameters(MechanismParameters):
        """Speed of the drift."""

        rate: float = parameter(0.002, unit="1/day", range=(0, 1), plausible=(0.0005, 0.005), meaning="daily step, up or down")

    parameters: "Belonging.Parameters"

    def step(self, state: State, day: int, draws: Draws) -> None:
        rate = np.float32(self.parameters.rate)
        step = np.zeros(len(POSITIONS), np.float32)
        step[POSITIONS.index("stable")] = rate * np.float32(1.0 - state.economy.regime[0])
        for name in ("precarious", "unemployed", "excluded"):
            step[POSITIONS.index(name)] = -rate
        people = state.people
        state.pool.for_blocks(drift_of_belonging, len(people), people.position, step, people.belonging)

    def observe(self, state: State) -> dict:
        return {
            "belonging": self._mean(state, -1),
            "belonging_active": self._mean(state, IN_STRUGGLE),
        }

    @staticmethod
    def _mean(state: State, wanted: int) -> float:
        people = state.people
        sums = state.pool.for_blocks(sum_of_belonging, len(people), people.activity, wanted, people.belonging)
        count = sum(count for count, _ in sums)
        return sum(total for _, total in sums) / count / FIXED_POINT if count else float("nan")
