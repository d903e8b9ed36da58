"""Mediation (`model.md` 7.2): unions, parties, media and negotiation turn struggles back into demands and offer measures a legal status."""

import numpy as np

from communize.declare.parameters import parameter
from communize.declare.registry import CONTENTS, Column, Output
from communize.kernels import decisions
from communize.kernels import draws as d
from communize.kernels.draws import kernel
from communize.kernels.prefetch import AHEAD, prefetch
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State
from communize.mechanisms.measures import records, rules

REFUSING = CONTENTS.index("mediation")
CONCEDED = tuple(CONTENTS.index(name) for name in ("exchange", "wage_labour", "hierarchy", "mediation"))
MEDIATION = (
    Column("places", "mediation", "float32", "1", "strength of mediation", (0, None)),
    Column("instances", "shelter", "float32", "share", "part of the hazard of eviction that its legal status takes off", (0, 1)),
)


@kernel
def count_attached(home, belonging, site_place, out):
    """Residents of each place with positive belonging."""
    for i in range(home.size):
        out[site_place[home[i]]] += belonging[i] > 0.0


@kernel
def offer(start, stop, block, taken, place, instance, content, shelter, mediation, rate, loss, status, key, day):
    """Offer a legal status to measures at ``taken[start:stop]`` that have none; returns how many were offered one and accepted.

    An offer is refused with probability (1 + c) / 2 of the content mediation. Who accepts loses `loss` of exchange, wage labour,
    hierarchy and mediation.
    """
    offered, accepted = 0, 0
    for j in range(start, stop):
        if j + AHEAD < stop:
            prefetch(shelter, instance[taken[j + AHEAD]])
        s = taken[j]
        row = instance[s]
        if shelter[row] > 0.0 or d.uniform(key, s, day, decisions.OFFER, 0) >= 1.0 - np.exp(-rate * mediation[place[s]]):
            continue
        offered += 1
        if d.uniform(key, s, day, decisions.OFFER, 1) < rules.suspended(content[row, REFUSING]):
            continue
        accepted += 1
        shelter[row] = status
        for c in CONCEDED:
            content[row, c] = max(-1.0, content[row, c] - loss)
    return offered, accepted


class Mediation(Mechanism):
    """Where people belong and the middle strata side with order, struggles are turned into demands and measures are offered a status."""

    name = "mediation"
    phase = "counter_forces"
    reads = (
        "people.home", "people.belonging", "sites.place", "sites.instance", "places.residents", "places.middle", "places.active", "places.participants",
        "places.horizon",
    )  # fmt: skip
    writes = (
        "places.mediation", "places.attached", "places.most_moving", "instances.shelter", "instances.content", "tally.offers", "tally.accepted",
        "days.offers", "days.accepted",
    )  # fmt: skip
    columns = (
        *records.COLUMNS, *MEDIATION,
        Column("places", "attached", "float32", "share", "residents with positive belonging", (0, 1)),
        Column("places", "most_moving", "float32", "agent", "most people in motion, fading", (0, None)),
        Column("places", "middle", "float32", "share", "farmers, managers and small owners among residents who side with the order that pays them", (0, 1)),
        Column("tally", "offers", "int64", "offer", "offers of a legal status so far", (0, None)),
        Column("tally", "accepted", "int64", "offer", "offers accepted so far", (0, None)),
        Column("days", "offers", "int64", "offer", "offers of a legal status on the day", (0, None)),
        Column("days", "accepted", "int64", "offer", "offers accepted on the day", (0, None)),
    )
    undone = ("places.mediation",)
    outputs = (
        Output("mediation", "1", "strength of mediation, mean over people"),
        Output("offers", "offer", "offers of a legal status to measures on the day"),
        Output("accepted", "offer", "such offers accepted on the day"),
        Output("legal_instances", "instance", "measures in force that have a legal status"),
    )

    class Parameters(MechanismParameters):
        """What mediation rests on, and what it does; how far it helps concessions stands in `acts`."""

        strength: float = parameter(1.0, unit="1", range=(0, 100), plausible=(0, 3), meaning="mediation where all residents have positive belonging")
        middle: float = parameter(1.0, unit="1", range=(0, 100), plausible=(0, 3), meaning="mediation added where all residents are farmers, managers or small owners who side with order")
        rate_offer: float = parameter(0.02, unit="1/day", range=(0, 100), plausible=(0.005, 0.1), meaning="hazard that a measure is offered a legal status where mediation is 1")
        loss: float = parameter(0.25, unit="1", range=(0, 2), plausible=(0.1, 0.5), meaning="fall of the contents exchange, wage labour, hierarchy and mediation by accepting")
        shelter: float = parameter(0.5, unit="share", range=(0.001, 1), plausible=(0.2, 0.9), meaning="part of the hazard of eviction that a legal status takes off")
        follows_ebb: bool = parameter(False, unit="yes/no", source="definition", meaning="whether mediation doubles where a movement has ebbed away and no horizon is left (true by construction that mediations return)")
        ebb_half_life_days: float = parameter(180.0, unit="day", range=(0.1, 10_000), plausible=(30, 720), meaning="half-life of the memory of most people in motion, where it follows the ebb")
        every_days: int = parameter(10, unit="day", range=(1, 100_000), source="definition", meaning="days between counts of belonging by place")

    parameters: "Mediation.Parameters"

    def step(self, state: State, day: int, draws: Draws) -> None:
        p, people, places, sites = self.parameters, state.people, state.places, state.sites
        residents = np.maximum(1, places.residents)
        if day % p.every_days == 0:
            attached = np.zeros(len(places), np.int64)
            count_attached(people.home, people.belonging, sites.place, attached)
            places.attached[:] = attached / residents
        places.mediation[:] = p.strength * places.attached + p.middle * places.middle
        moving = places.active + places.participants
        places.most_moving[:] = np.maximum(moving, places.most_moving * 2.0 ** (-1.0 / p.ebb_half_life_days))
        if p.follows_ebb:
            ebb = 1.0 - np.where(places.most_moving > 0, moving / np.maximum(places.most_moving, 1e-9), 1.0)
            places.mediation *= 1.0 + ebb * (1.0 - places.horizon)
        counts: list[tuple[int, int]] = []
        taken = np.flatnonzero(sites.instance >= 0)
        if taken.size and p.rate_offer > 0:
            instances = state.instances
            counts = state.pool.for_shares(
                offer, taken.size, taken, sites.place, sites.instance, instances.content, instances.shelter, places.mediation, p.rate_offer, p.loss, p.shelter,
                draws.key, day)  # fmt: skip
        state.days.offers[0], state.days.accepted[0] = (sum(pair[k] for pair in counts) for k in (0, 1))
        state.tally.offers[0] += state.days.offers[0]
        state.tally.accepted[0] += state.days.accepted[0]

    def observe(self, state: State) -> dict:
        places, whole = state.places, max(1, int(state.places.residents.sum()))
        rows = state.sites.instance[state.sites.instance >= 0]
        return {
            "mediation": float((places.mediation * places.residents).sum() / whole),
            "offers": state.days.offers[0], "accepted": state.days.accepted[0], "legal_instances": int((state.instances.shelter[rows] > 0).sum()),
        }  # fmt: skip
