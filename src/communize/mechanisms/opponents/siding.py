"""Managers, owners and farmers side with what feeds them (`model.md` 7.6, `rules.md` section 5)."""

import numpy as np

from communize.declare.parameters import parameter
from communize.declare.registry import POSITIONS, Column, Output
from communize.kernels.blocks import BLOCK
from communize.kernels.draws import kernel
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State
from communize.mechanisms.conditions import CONDITIONS

MIDDLE = tuple(POSITIONS.index(name) for name in ("farmer", "manager", "owner"))
SIDING = (
    Column("places", "siding", "float32", "share", "factor on the hazard of rallying, by position", (0, 1), 1.0, dims=(len(POSITIONS),)),
)


@kernel
def pay_by_position(start, stop, block, position, affordability, sums):
    """Add up what people of each position can pay: ``sums[block]`` = (people, sum) by position."""
    for i in range(start, stop):
        sums[block, position[i], 0] += 1.0
        sums[block, position[i], 1] += affordability[i]


@kernel
def count_middle(home, position, measure, site_place, out):
    """Managers and owners who are in no measure, by place."""
    for i in range(home.size):
        if (position[i] == MIDDLE[1] or position[i] == MIDDLE[2]) and measure[i] < 0:
            out[site_place[home[i]]] += 1


class Siding(Mechanism):
    """The nearer what comes free to what they have to lose, the more they join; the others are a source of mediation."""

    name = "siding"
    phase = "counter_forces"
    reads = (
        "people.position", "people.affordability", "people.home", "people.measure", "places.free_coverage", "places.open_to_others",
        "places.residents", "sites.place",
    )  # fmt: skip
    writes = ("places.siding", "places.middle", "siding.means")
    columns = (
        *CONDITIONS, *SIDING,
        Column("places", "free_coverage", "float32", "share", "coverage of needs in free access for those who draw", (0, 1)),
        Column("places", "open_to_others", "float64", "share", "how far people outside measures may draw", (0, 1)),
        Column("places", "middle", "float32", "share", "managers and owners among residents who side with the order that pays them", (0, 1)),
        Column("siding", "means", "float64", "share", "what each position can pay, mean", (0, 1), 1.0, dims=(len(POSITIONS),)),
    )  # fmt: skip
    undone = ("places.siding", "places.middle")
    outputs = (Output("siding", "share", "factor on the hazard of rallying of farmers, managers and owners, mean over people", may_lack=True),)

    class Parameters(MechanismParameters):
        """How often what they have to lose is counted."""

        every_days: int = parameter(10, unit="day", range=(1, 100_000), source="definition", meaning="days between counts of what each position can pay")

    parameters: "Siding.Parameters"

    def step(self, state: State, day: int, draws: Draws) -> None:
        people, places, means = state.people, state.places, state.siding.means[0]
        counted = day % self.parameters.every_days == 0
        if counted:
            sums = np.zeros((-(-len(people) // BLOCK), len(POSITIONS), 2))
            state.pool.for_blocks(pay_by_position, len(people), people.position, people.affordability, sums)
            total = sums.sum(axis=0)
            means[:] = np.where(total[:, 0] > 0, total[:, 1] / np.maximum(1.0, total[:, 0]), 1.0)
        free = np.clip(places.open_to_others * places.free_coverage, 0.0, 1.0)
        for position in MIDDLE:
            lose = (1.0 - free) * means[position]
            places.siding[:, position] = np.where(free > 0, free / np.maximum(1e-12, free + lose), 0.0)
        if counted:
            outside = np.zeros(len(places), np.int64)
            count_middle(people.home, people.position, people.measure, state.sites.place, outside)
            with_order = 1.0 - places.siding[:, MIDDLE[1]]
            places.middle[:] = with_order * outside / np.maximum(1, places.residents)

    def observe(self, state: State) -> dict:
        places = state.places
        whole = places.residents.sum()
        factor = places.siding[:, list(MIDDLE)].mean(axis=1)
        return {"siding": float((factor * places.residents).sum() / whole) if whole else float("nan")}
