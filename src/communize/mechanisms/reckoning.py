"""The end of a day: people counted by activity and position, sites by mode."""

import numpy as np

from communize.declare.parameters import parameter
from communize.declare.registry import MODES, Output
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State
from communize.mechanisms.invariants import count_people


class Reckoning(Mechanism):
    """Counts people by activity and position, and sites. The invariants of the day are checked whether it is on or off."""

    name = "reckoning"
    phase = "reckoning"
    reads = ("people.activity", "people.position", "sites.mode")
    outputs = (
        Output("people", "person", "people by activity and position", ("activity", "position")),
        Output("sites_by_mode", "site", "sites by mode", ("mode",)),
        Output("held", "person", "people held by the State", ("place",)),
    )

    class Parameters(MechanismParameters):
        """How often counts are compared with recounts."""

        recount_days: int = parameter(30, unit="day", range=(1, 100_000), source="definition", meaning="days between recounts")

    parameters: "Reckoning.Parameters"

    def step(self, state: State, day: int, draws: Draws) -> None:
        """Nothing: what is reported is counted with the invariants, after the last mechanism."""

    def observe(self, state: State) -> dict:
        scale = np.float32(state.scale)
        if state.counted is None or state.counted[0] != state.day:
            state.counted = (state.day, count_people(state))
        return {"people": state.counted[1] * scale, "sites_by_mode": np.bincount(state.sites.mode, minlength=len(MODES)), "held": state.places.held * scale}
