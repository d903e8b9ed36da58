"""Character of measures, chi (`model.md` section 6, `rules.md` section 5): an observable of an instance in its relations.

chi = resonance * (contribution + mean content) / 2. The contribution is measured by running again without the instance (`simulation.contribution`)
where it was sampled; elsewhere it is estimated as minus the change of antagonism in its place over the last 30 days. Measures of opposed sign may end
one another (`dissolution`); what they meet is chi as estimated, so that measuring changes nothing.
"""

import numpy as np

from communize.declare.parameters import parameter
from communize.declare.registry import CHARACTER_BINS, Column, Output
from communize.kernels.draws import kernel
from communize.kernels.prefetch import AHEAD, prefetch
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State
from communize.mechanisms.measures import records, rules
from communize.mechanisms.opponents.segmentation import ANTAGONISM

DAYS = 30
CHARACTER = (
    Column("instances", "character", "float32", "1", "chi, today or when it ended; not a number before its first evening", (-1, 1), float("nan"), may_lack=True),
    Column("instances", "character_met", "float32", "1", "the same with the contribution estimated, as other measures meet it; 0 before its first evening", (-1, 1)),
)


@kernel
def judge(start, stop, block, taken, place, instance, estimated, content, resonance, measured, columns):
    """Write (contribution, chi, chi as met) of the instances at ``taken[start:stop]``, in 32 bits; `estimated` contributions by place."""
    contribution, character, met = columns
    for j in range(start, stop):
        if j + AHEAD < stop:
            ahead = instance[taken[j + AHEAD]]
            prefetch(content, ahead)
            prefetch(resonance, ahead)
            prefetch(measured, ahead)
            prefetch(contribution, ahead)
            prefetch(character, ahead)
            prefetch(met, ahead)
        row, guess = instance[taken[j]], estimated[place[taken[j]]]
        if measured[row] == 0:
            contribution[row] = guess
        mean = rules.mean_content(content[row])
        character[row] = resonance[row] * (contribution[row] + mean) / np.float32(2.0)
        met[row] = resonance[row] * (guess + mean) / np.float32(2.0)


class Character(Mechanism):
    """Observes the character of the measures in force."""

    name = "character"
    phase = "reckoning"
    reads = (
        "sites.instance", "sites.participants", "sites.place", "instances.resonance", "instances.content", "instances.practice", "places.antagonism",
    )  # fmt: skip
    writes = ("instances.character", "instances.character_met", "instances.contribution", "instances.measured", "places.antagonism_before")
    columns = (
        *records.COLUMNS, *CHARACTER, ANTAGONISM,
        Column("instances", "contribution", "float32", "1", "contribution to the struggle against the commodity mode", (-1, 1)),
        Column("instances", "measured", "int8", "yes/no", "1 where the contribution was measured by running without it, 0 where it is estimated", (0, 1)),
        Column("places", "antagonism_before", "float32", "share", "antagonism of the last 30 days, by day of the month", (0, 1), dims=(DAYS,)),
    )  # fmt: skip
    undone = ("instances.character_met",)
    outputs = (
        Output("character", "1", "chi, mean over participants of measures", may_lack=True),
        Output("character_negative", "share", "participants of measures whose measure has a negative chi", may_lack=True),
        Output("character_distribution", "share", "participants by chi of their measure", ("character_bin",), may_lack=True),
        Output("both_signs", "practice", "practices in force of which one instance has a chi above and another one below 0"),
    )

    class Parameters(MechanismParameters):
        """How contributions are found."""

        scale: float = parameter(0.1, unit="share", range=(0.0001, 1), plausible=(0.02, 0.5), meaning="fall of antagonism in 30 days that counts as a contribution of 1")
        sample: int = parameter(0, unit="instance", range=(0, 1000), source="definition", meaning="instances whose contribution is measured each time by running on without them; each costs 30 days")
        every_days: int = parameter(90, unit="day", range=(1, 100_000), source="definition", meaning="days between such samples")

    parameters: "Character.Parameters"

    def setup(self, state: State) -> None:
        if state.day > 0 and (state.is_changed("character.enabled") or state.is_changed("segmentation.enabled")):
            state.places.antagonism_before[:] = state.places.antagonism[:, None]  # what the days before were is not known

    def step(self, state: State, day: int, draws: Draws) -> None:
        sites, instances, places = state.sites, state.instances, state.places
        slot = day % DAYS
        change = places.antagonism - places.antagonism_before[:, slot]
        places.antagonism_before[:, slot] = places.antagonism
        taken = np.flatnonzero(sites.instance >= 0)
        if not taken.size:
            return
        estimated = np.clip(-change / self.parameters.scale, -1.0, 1.0)
        state.pool.for_shares(
            judge, taken.size, taken, sites.place, sites.instance, estimated, instances.content, instances.resonance, instances.measured,
            (instances.contribution, instances.character, instances.character_met))  # fmt: skip

    def observe(self, state: State) -> dict:
        sites, instances = state.sites, state.instances
        taken = np.flatnonzero(sites.instance >= 0)
        nothing = np.full(len(CHARACTER_BINS), np.nan)
        rows, weight = sites.instance[taken], sites.participants[taken].astype(float)
        if not weight.sum():
            return {"character": float("nan"), "character_negative": float("nan"), "character_distribution": nothing, "both_signs": 0}
        chi, weight = instances.character[rows].astype(float), weight / weight.sum()
        bins = np.clip(((chi + 1.0) * len(CHARACTER_BINS) / 2.0).astype(np.int64), 0, len(CHARACTER_BINS) - 1)
        practice = instances.practice[rows]
        above, below = np.zeros(len(state.practices), np.bool_), np.zeros(len(state.practices), np.bool_)
        above[practice[chi > 0]] = below[practice[chi < 0]] = True
        return {
            "character": float((chi * weight).sum()), "character_negative": float(weight[chi < 0].sum()),
            "character_distribution": np.bincount(bins, weights=weight, minlength=len(CHARACTER_BINS)),
            "both_signs": int(np.count_nonzero(above & below)),
        }  # fmt: skip
