"""Belonging: class membership lived as an identity (+1) or as an outer constraint (-1) (`rules.md` section 5)."""

import math

import numpy as np

from communize.declare.parameters import parameter
from communize.declare.registry import IN_STRUGGLE, POSITIONS, Output
from communize.kernels.draws import kernel
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State

FIXED_POINT = 1 << 20
STABLE, PRECARIOUS = POSITIONS.index("stable"), POSITIONS.index("precarious")


@kernel
def drift_of_belonging(start, stop, block, position, step, unpaid, service, rate, debt, income, belonging):
    """Move belonging by its position's daily step, and down for who was not paid and for what of the income goes to debt; clipped to [-1, 1].

    Parameters
    ----------
    step
        Daily step of each position where wages are paid.
    unpaid
        Daily step besides of wage workers without any income, or not a number where no month has been computed.
    service
        Share of a debt due every month, 0 where there is no credit.
    rate
        Daily step down where all income goes to debt.

    What is not a number stays so, for the invariants to find.
    """
    months = not math.isnan(unpaid)
    for person in range(start, stop):
        change = step[position[person]]
        if months and income[person] <= 0.0 and (position[person] == STABLE or position[person] == PRECARIOUS):
            change += np.float32(unpaid)
        if service > 0.0 and debt[person] > 0:
            change -= np.float32(rate * min(1.0, debt[person] * service / max(1.0, income[person])))
        moved = belonging[person] + change
        moved = np.float32(1.0) if moved > np.float32(1.0) else moved
        belonging[person] = np.float32(-1.0) if moved < np.float32(-1.0) else moved
    return 0


@kernel
def sum_of_belonging(start, stop, block, activity, belonging):
    """Sum of belonging, number of people in struggle and their sum; sums in fixed point."""
    total, count, inside = 0, 0, 0
    for person in range(start, stop):
        value = np.int64(belonging[person] * FIXED_POINT)
        total += value
        if activity[person] == IN_STRUGGLE:
            count += 1
            inside += value
    return total, count, inside


class Belonging(Mechanism):
    """Drifts up with stable work where it is indexed and recognised, down with precarious, unpaid or no work and with debt.

    Settlements, refusals, arrests and evictions change belonging where they happen (`acts`, `force`, `dissolution`).
    """

    name = "belonging"
    phase = "reckoning"
    reads = ("people.position", "people.activity", "people.income", "people.debt", "economy.regime", "economy.revenue", "economy.service")
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
        people, economy = state.people, state.economy
        unpaid = -float(rate) if economy.revenue[0] > 0 else float("nan")
        state.pool.for_blocks(
            drift_of_belonging, len(people), people.position, step, unpaid, float(economy.service[0]), float(rate), people.debt, people.income,
            people.belonging)  # fmt: skip

    def observe(self, state: State) -> dict:
        people, n = state.people, len(state.people)
        sums = state.pool.for_blocks(sum_of_belonging, n, people.activity, people.belonging)
        total, count, inside = (sum(part) for part in zip(*sums)) if sums else (0, 0, 0)
        return {
            "belonging": total / n / FIXED_POINT if n else float("nan"),
            "belonging_active": inside / count / FIXED_POINT if count else float("nan"),
        }
