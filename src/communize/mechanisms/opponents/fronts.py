"""Fronts (`model.md` 7.4, `rules.md` 1.14): where confrontation with force fixes on a boundary, measures harden and labour drains away."""

import numpy as np

from communize.declare.parameters import parameter
from communize.declare.registry import CONTENTS, EVICTION, Column, Output
from communize.kernels.draws import kernel
from communize.kernels.prefetch import AHEAD, prefetch
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State
from communize.mechanisms.measures import records

HARDENED = tuple(CONTENTS.index(name) for name in ("hierarchy", "division_of_labour"))
DRAIN = (Column("places", "drain", "float32", "share", "labour of participants that a front binds", (0, 1)),)
CONFRONTED = Column("places", "confronted", "int32", "day", "day of the last arrest or eviction there, -1 before the first", (-1, None), -1)


@kernel
def hold_fronts(offsets, neighbours, weights, near, taken, held, met, fixing, days, intensity):
    """Count the days of each front, a pair of near places of which the first is taken, the second held by force and one has `met` with it, and
    write the intensity in each taken place: share of near weight that faces force, times how far each front is fixed.
    """
    for p in range(taken.size):
        intensity[p] = 0.0
        whole = facing = 0.0
        for j in range(offsets[p], offsets[p + 1]):
            if not near[j]:
                continue
            whole += weights[j]
            q = neighbours[j]
            if taken[p] and held[q] and (met[p] or met[q]):
                days[j] += 1
                facing += weights[j] * min(1.0, days[j] / fixing)
            else:
                days[j] = 0
        if whole > 0.0:
            intensity[p] = facing / whole


@kernel
def harden(start, stop, block, taken, place, instance, content, intensity, rate):
    """Pull hierarchy and division of labour of the measures at ``taken[start:stop]`` down by rate * intensity * (1 + c)."""
    for j in range(start, stop):
        if j + AHEAD < stop:
            prefetch(content, instance[taken[j + AHEAD]])
        s = taken[j]
        row = instance[s]
        for c in HARDENED:
            content[row, c] = max(-1.0, content[row, c] - rate * intensity[place[s]] * (1.0 + content[row, c]))


class Fronts(Mechanism):
    """Pairs of near places, one mainly taken, one held by force, that confront each other: their days unmoved, what they harden and what they drain."""

    name = "fronts"
    phase = "counter_forces"
    reads = ("places.force", "places.participants", "places.residents", "sites.place", "sites.instance", "instances.ended", "instances.cause")
    writes = ("places.confronted", "contacts.front_days", "places.drain", "places.front", "instances.content")
    columns = (
        *records.COLUMNS, *DRAIN, CONFRONTED,
        Column("contacts", "front_days", "int32", "day", "days on end on which the pair is a front, 0 for none", (0, None)),
        Column("places", "front", "float32", "share", "intensity of the fronts of the place", (0, 1)),
    )  # fmt: skip
    undone = ("contacts.front_days", "places.drain", "places.front")
    outputs = (
        Output("fronts", "pair of places", "length of all fronts: near pairs of a taken place and one held by force that confront each other"),
        Output("front_days", "day", "how long they have not moved, mean over fronts", may_lack=True),
        Output("drain", "share", "labour of participants that fronts bind, mean over participants", may_lack=True),
    )

    class Parameters(MechanismParameters):
        """What a front is, and what it does."""

        near: int = parameter(6, unit="place", range=(1, 10_000), plausible=(3, 12), meaning="strongest contacts of a place with which it can have a front")
        taken: float = parameter(0.25, unit="share of residents", range=(0, 1), plausible=(0.1, 0.5), meaning="participants from which a place is mainly taken")
        held: float = parameter(0.01, unit="agent per resident", range=(0, 1), plausible=(0.005, 0.03), meaning="State force from which a place is held by it")
        confrontation_days: int = parameter(7, unit="day", range=(0, 100_000), plausible=(1, 60), meaning="days after an arrest or an eviction in one of the two places for which they confront each other; 0: confrontation is not asked for")
        fixing_days: float = parameter(30.0, unit="day", range=(0.1, 10_000), plausible=(7, 90), meaning="days after which a front that does not move is fixed")
        hardening: float = parameter(0.01, unit="1/day", range=(0, 10), plausible=(0, 0.05), meaning="pull on the contents hierarchy and division of labour at a fixed front on all sides (psi_f)")
        drain: float = parameter(0.3, unit="share of labour", range=(0, 1), plausible=(0, 0.6), meaning="labour of participants bound at a fixed front on all sides")

    parameters: "Fronts.Parameters"

    def setup(self, state: State) -> None:
        contact = state.society.contact
        if not len(state.contacts):
            state.contacts.grow(contact.neighbours.size)
        self._near = np.zeros(contact.neighbours.size, np.bool_)
        self._near[contact.strongest(np.arange(self._near.size), self.parameters.near)] = True

    def step(self, state: State, day: int, draws: Draws) -> None:
        p, places, sites, contact = self.parameters, state.places, state.sites, state.society.contact
        evicted = (state.instances.ended == day - 1) & (state.instances.cause == EVICTION)
        if evicted.any():
            at = state.instances.place[evicted]
            places.confronted[at] = np.maximum(places.confronted[at], day - 1)
        residents = np.maximum(1, places.residents)
        share = places.participants / residents
        taken = (share >= p.taken) & (places.participants > 0)
        if not taken.any():
            if places.front.any():
                state.contacts.front_days[:], places.front[:], places.drain[:] = 0, 0, 0
            return
        held = ~taken & (places.force >= p.held * residents) & (places.residents > 0)
        recently = (places.confronted >= 0) & (places.confronted >= day - p.confrontation_days)
        met = recently if p.confrontation_days else np.ones(len(places), np.bool_)
        intensity = np.empty(len(places))
        hold_fronts(
            contact.offsets, contact.neighbours, contact.weights, self._near, taken, held, met, p.fixing_days, state.contacts.front_days, intensity)  # fmt: skip
        places.front[:], places.drain[:] = intensity, p.drain * intensity
        rows = np.flatnonzero(sites.instance >= 0)
        state.pool.for_shares(harden, rows.size, rows, sites.place, sites.instance, state.instances.content, intensity, p.hardening)

    def observe(self, state: State) -> dict:
        days, places = state.contacts.front_days, state.places
        fronts = days > 0
        n, inside = int(fronts.sum()), places.participants.sum()
        return {
            "fronts": n, "front_days": float(days[fronts].mean()) if n else float("nan"),
            "drain": float((places.drain * places.participants).sum() / inside) if inside else float("nan"),
        }  # fmt: skip
