"""What State force lives on (`model.md` 7.1): pay, supply, roads, and that its people stay."""

from typing import ClassVar

import numpy as np

from communize.declare.parameters import parameter
from communize.declare.registry import NEIGHBOURHOOD, SCOPES, Column, Output
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State
from communize.mechanisms.provisioning.common import known_sector, known_sectors

WHOLE = 1.0 - 1e-9
FORCE = (
    Column("force", "readiness", "float64", "share", "what force can do of what it could, by pay and supply", (0, 1), 1.0),
    Column("places", "reach", "float32", "share", "how much of the movement of force there the taken part of transport leaves it", (0, 1), 1.0),
    Column("places", "resistance", "float32", "1", "divisor of evictions, less 1, by what is held of transport and communication in the places linked with it", (0, None)),
)


class Upkeep(Mechanism):
    """Force weakens as the State's pay and what is delivered fall short; people of it desert; taken transport slows it."""

    name = "upkeep"
    phase = "counter_forces"
    reads = (
        "economy.due", "economy.paid", "industry.supply", "places.participants", "places.residents", "places.horizon",
        "places.scope", "sites.sector", "sites.kind", "sites.members", "sites.instance", "sites.participants", "sites.place", "contacts.linked",
    )  # fmt: skip
    writes = (
        "force.readiness", "places.reach", "force.reserve", "force.deserted", "places.force", "places.garrison", "places.resistance",
        "days.desertions",
    )  # fmt: skip
    undone = ("force.readiness", "places.reach", "places.resistance")
    columns: ClassVar = (
        *FORCE,
        Column("places", "garrison", "float32", "agent", "State force that lives there, without the reserve", (0, None)),
        Column("force", "reserve", "float64", "agent", "mobile reserve not yet sent out", (0, None)),
        Column("force", "deserted", "float64", "agent", "people of force who deserted so far", (0, None)),
        Column("days", "desertions", "float64", "agent", "people of force who deserted on the day", (0, None)),
        Column("places", "scope", "int8", "code", "scope that is unlocked there, index into SCOPES", (0, len(SCOPES) - 1)),
    )
    outputs = (
        Output("force_readiness", "share", "what State force can do of what it could, by pay and supply"),
        Output("desertions", "person", "people of State force who deserted on the day"),
    )

    class Parameters(MechanismParameters):
        """What force needs."""

        needs: list[str] = parameter(["energy_water", "food", "transport"], unit="sector", source="definition", meaning="sectors whose deliveries force needs; the least decides")
        half_life_days: float = parameter(30.0, unit="day", range=(0.1, 10_000), plausible=(7, 90), meaning="time in which readiness goes half of the way to what pay and supply allow")
        rate_desertion: float = parameter(0.01, unit="1/day", range=(0, 10), plausible=(0, 0.05), meaning="hazard of desertion where readiness is 0")
        fraternising: float = parameter(0.02, unit="1/day", range=(0, 10), plausible=(0, 0.1), meaning="hazard of desertion added where all residents are in measures and the horizon is 1")
        transport: str = parameter("transport", unit="sector", source="definition", meaning="sector whose plants carry force, and messages; empty: none")
        cut: float = parameter(0.5, unit="share", range=(0, 1), plausible=(0, 1), meaning="part of its movement that force loses into places where all of transport is taken, with those linked to them")
        resistance: float = parameter(1.0, unit="1", range=(0, 100), plausible=(0, 3), meaning="rise of the divisor of evictions in places that co-ordinate, where all of transport and communication is held, in them and the places linked to them")

    parameters: "Upkeep.Parameters"

    def setup(self, state: State) -> None:
        p, default = self.parameters, type(self.parameters)()
        self._needs = np.flatnonzero(known_sectors(state, p.needs, default.needs, "upkeep.needs"))
        self._transport = known_sector(state, p.transport, default.transport, "upkeep.transport")

    def step(self, state: State, day: int, draws: Draws) -> None:
        p, places, force = self.parameters, state.places, state.force
        lives = min(self._paid(state), self._supplied(state))
        force.readiness[0] += (lives - force.readiness[0]) * (1.0 - 2.0 ** (-1.0 / p.half_life_days))
        if force.readiness[0] > WHOLE:
            force.readiness[0] = 1.0
        held = self._held(state)
        places.reach[:] = 1.0 - p.cut * held
        places.resistance[:] = p.resistance * held * (places.scope > 0)
        self._desert(state)

    @staticmethod
    def _paid(state: State) -> float:
        """Share of its dues that the State paid in the last month; 1 where it owes nothing or no economy is at work."""
        due = float(state.economy.due[0])
        return min(1.0, float(state.economy.paid[0]) / due) if due > 0 else 1.0

    def _supplied(self, state: State) -> float:
        supply = state.industry.supply if len(state.industry) else np.ones(0)  # nothing is computed without provisioning
        least = float(supply[self._needs].min(initial=1.0)) if supply.size else 1.0
        return 1.0 if least >= WHOLE else least

    def _held(self, state: State) -> np.ndarray:
        """Share of the workers of transport whose site is in a measure and who take part, among the places linked with each; (places,)."""
        sites, n = state.sites, len(state.places)
        if self._transport < 0 or not np.any(sites.instance >= 0):
            return np.zeros(n)
        component = state.society.contact.components(np.flatnonzero(state.contacts.linked))
        plants = (sites.sector == self._transport) & (sites.kind != NEIGHBOURHOOD)
        inside = np.where(sites.instance >= 0, np.minimum(sites.participants, sites.members), 0)[plants]
        at = component[sites.place[plants]]
        whole = np.bincount(at, weights=sites.members[plants], minlength=n)
        return (np.bincount(at, weights=inside, minlength=n) / np.maximum(1.0, whole))[component]

    def _desert(self, state: State) -> None:
        p, places, force = self.parameters, state.places, state.force
        weary = p.rate_desertion * (1.0 - force.readiness[0])
        met = p.fraternising * places.horizon * places.participants / np.maximum(1, places.residents)
        force_before = float(places.force.sum(dtype=np.float64) + force.reserve[0])
        if weary > 0 or met.any():
            stay = np.exp(-(weary + met)).astype(np.float32)
            places.force *= stay
            places.garrison *= stay
            force.reserve[0] *= np.exp(-weary)
        gone = max(0.0, force_before - float(places.force.sum(dtype=np.float64) + force.reserve[0]))
        force.deserted[0] += gone
        state.days.desertions[0] = gone

    def observe(self, state: State) -> dict:
        return {"force_readiness": state.force.readiness[0], "desertions": state.days.desertions[0] * state.scale}
