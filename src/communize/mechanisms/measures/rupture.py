"""Rupture: on how many days on end its conditions have held (`rules.md` 1.11). What measures lean on struggle for fades after it (`dissolution`)."""

import numpy as np

from communize.declare.parameters import parameter
from communize.declare.registry import Column, Output
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State
from communize.mechanisms.provisioning.industry import commodity_reproduction
from communize.mechanisms.provisioning.needs import coverage_of_participants, outside_exchange

DAYS, COVERED_DAYS = 180, 30
OUTSIDE, FORCE_PER_PARTICIPANT, COVERED = 0.5, 0.01, 0.9
SINCE = Column("rupture", "days", "int32", "day", "days on end on which the conditions of a rupture have held", (0, None))


class Rupture(Mechanism):
    """Looks every evening whether the conditions of a rupture hold; without force or provisioning they are not looked for."""

    name = "rupture"
    phase = "reckoning"
    reads = (
        "people.outside", "places.participants", "places.coverage", "places.force", "places.arriving", "force.reserve",
        "economy.taxes", "economy.due", "economy.surplus", "renewal.parts",
    )  # fmt: skip
    writes = ("rupture.days", "rupture.covered")
    undone = ("rupture.days", "rupture.covered")
    columns = (
        SINCE,
        Column("rupture", "covered", "float64", "share", "essential coverage of participants on the last days, by day of the month", (0, 1), float("nan"), (COVERED_DAYS,), may_lack=True),
    )
    outputs = (Output("rupture_days", "day", "days on end on which the conditions of a rupture have held"),)

    class Parameters(MechanismParameters):
        """Nothing but the switch: the conditions are a definition."""

        enabled: bool = parameter(True, unit="yes/no", source="definition", meaning="whether a rupture is looked for")

    parameters: "Rupture.Parameters"

    def setup(self, state: State) -> None:
        self._looks = {"places.arriving", "industry.supply"} <= state.written  # what force and provisioning alone write

    def step(self, state: State, day: int, draws: Draws) -> None:
        table = state.rupture
        if not self._looks:
            table.days[0], table.covered[:] = 0, np.nan
            return
        table.covered[0, day % COVERED_DAYS] = coverage_of_participants(state)
        table.days[0] = table.days[0] + 1 if self._holds(state) else 0

    def _holds(self, state: State) -> bool:
        places = state.places
        inside = float(places.participants.sum())
        if not inside or not outside_exchange(state) > OUTSIDE or not state.rupture.covered[0].mean() >= COVERED:
            return False
        force = float(places.force.sum(dtype=np.float64) + places.arriving.sum(dtype=np.float64) + state.force.reserve[0])
        return force < FORCE_PER_PARTICIPANT * inside and commodity_reproduction(state)[0] < 1

    def observe(self, state: State) -> dict:
        return {"rupture_days": state.rupture.days[0]}
