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
OWNER = POSITIONS.index("owner")
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
def count_middle(home, work, position, measure, members, site_place, small, out):
    """People of each position of MIDDLE who are in no measure, by place; of owners those at whose site fewer than `small` others are."""
    for i in range(home.size):
        if measure[i] >= 0:
            continue
        for k in range(len(MIDDLE)):
            if position[i] == MIDDLE[k] and not (MIDDLE[k] == OWNER and work[i] >= 0 and members[work[i]] - 1 >= small):
                out[site_place[home[i]], k] += 1


class Siding(Mechanism):
    """The nearer what comes free to what they have to lose, the more they join; the others are a source of mediation."""

    name = "siding"
    phase = "counter_forces"
    reads = (
        "people.position", "people.affordability", "people.home", "people.work", "people.measure", "places.free_coverage",
        "places.open_to_others", "places.residents", "sites.place", "sites.members",
    )  # fmt: skip
    writes = ("places.siding", "places.middle", "siding.means")
    columns = (
        *CONDITIONS, *SIDING,
        Column("places", "free_coverage", "float32", "share", "coverage of needs in free access for those who draw", (0, 1)),
        Column("places", "open_to_others", "float64", "share", "how far people outside measures may draw", (0, 1)),
        Column("places", "middle", "float32", "share", "farmers, managers and small owners among residents who side with the order that pays them", (0, 1)),
        Column("siding", "means", "float64", "share", "what each position can pay, mean", (0, 1), 1.0, dims=(len(POSITIONS),)),
    )  # fmt: skip
    undone = ("places.siding", "places.middle")
    outputs = (Output("siding", "share", "factor on the hazard of rallying of farmers, managers and owners, mean over people", may_lack=True),)

    class Parameters(MechanismParameters):
        """How often what they have to lose is counted, and which owners are small."""

        every_days: int = parameter(10, unit="day", range=(1, 100_000), source="definition", meaning="days between counts of what each position can pay")
        small: float = parameter(50.0, unit="person", range=(0, 1e9), plausible=(10, 250), source="https://eur-lex.europa.eu/eli/reco/2003/361/oj", meaning="staff from which the firm of an owner is large, who is then no source of mediation (small enterprises of the European Union)")

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
            outside = np.zeros((len(places), len(MIDDLE)), np.int64)
            count_middle(
                people.home, people.work, people.position, people.measure, state.sites.members, state.sites.place,
                self.parameters.small / state.scale, outside)  # fmt: skip
            with_order = 1.0 - places.siding[:, list(MIDDLE)].astype(np.float64)
            places.middle[:] = (with_order * outside).sum(axis=1) / np.maximum(1, places.residents)

    def observe(self, state: State) -> dict:
        places = state.places
        whole = places.residents.sum()
        factor = places.siding[:, list(MIDDLE)].mean(axis=1)
        return {"siding": float((factor * places.residents).sum() / whole) if whole else float("nan")}
