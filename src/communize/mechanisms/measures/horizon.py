"""Horizon: how far other relations seem possible, person by person (`model.md` section 6)."""

import numpy as np

from communize.declare.parameters import parameter
from communize.declare.registry import CONTENTS, IN_MEASURE, Output
from communize.kernels.draws import kernel
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State
from communize.mechanisms.measures import records, rules
from communize.mechanisms.provisioning import PROVISION

HIERARCHY = CONTENTS.index("hierarchy")
NEGLIGIBLE = 1e-5


@kernel
def live_through(start, stop, block, home, activity, measure, site_place, success, seen, law, horizon):
    """Horizons of people of [start, stop) after a day; `success` is that of each site's measure, `seen` that which residents of
    a place witness.
    """
    begin, keep, gain = law
    for i in range(start, stop):
        inside, outside = success[measure[i]], seen[site_place[home[i]]]  # both, without a branch: who takes part is hard to predict
        lived = inside if activity[i] == IN_MEASURE else outside
        horizon[i] = rules.horizon_after(horizon[i], begin, keep, gain, lived)
    return 0


@kernel
def sum_by_place(home, activity, site_place, horizon, out):
    """Sum of horizons by place of residence; returns the sum over people in measures and their number."""
    inside, count = 0.0, 0
    place, total = site_place[home[0]], 0.0  # neighbours live side by side: the sum of a place is kept at hand as long as it is added to
    for i in range(home.size):
        p = site_place[home[i]]
        if p != place:
            out[place] = total
            place, total = p, out[p]
        total += horizon[i]
        inside += horizon[i] if activity[i] == IN_MEASURE else 0.0
        count += activity[i] == IN_MEASURE
    out[place] = total
    return inside, count


class Horizon(Mechanism):
    """Success raises the horizon of participants and of those who witness it; it fades with a half-life."""

    name = "horizon"
    phase = "measures"
    reads = (
        "people.home", "people.activity", "people.measure", "sites.place", "sites.instance", "sites.coverage", "places.participants",
        "places.residents", "instances.content",
    )  # fmt: skip
    writes = ("people.horizon", "places.horizon")
    columns = (*records.COLUMNS, *PROVISION)
    outputs = (
        Output("horizon", "share", "horizon, mean over people"),
        Output("horizon_of_place", "share", "horizon, mean over residents", ("place",)),
        Output("horizon_participants", "share", "horizon, mean over people in measures; not a number when there is none", may_lack=True),
    )

    class Parameters(MechanismParameters):
        """Gain, fading, witnesses."""

        gain: float = parameter(0.05, unit="1/day", range=(0, 1), plausible=(0.01, 0.4), meaning="rise by a day of full success, against what is left to 1")
        half_life_days: float = parameter(200.0, unit="day", range=(0.001, 1e6), plausible=(100, 600), meaning="half-life of what is above the start")
        witness: float = parameter(0.3, unit="share", range=(0, 1), plausible=(0, 1), meaning="what witnessing counts against taking part, where all around take part; 0: nobody recognises what is done")
        contact_share: float = parameter(0.3, unit="share", range=(0, 1), plausible=(0, 0.6), meaning="part of what is witnessed that comes from contact places")

    parameters: "Horizon.Parameters"

    def setup(self, state: State) -> None:
        self._start = state.society.parameters.horizon

    def step(self, state: State, day: int, draws: Draws) -> None:
        p, people, sites, places = self.parameters, state.people, state.sites, state.places
        taken = np.flatnonzero(sites.instance >= 0)
        self._inside = float("nan")
        if not taken.size and np.all(np.abs(places.horizon - self._start)[places.residents > 0] < NEGLIGIBLE):
            return
        success = np.zeros(len(sites))
        command = rules.suspended(state.instances.content[sites.instance[taken], HIERARCHY])
        success[taken] = sites.coverage[taken] * command
        lived = np.bincount(sites.place[taken], weights=success[taken], minlength=len(places)) / np.maximum(
            1, np.bincount(sites.place[taken], minlength=len(places)))  # fmt: skip
        own = lived * np.minimum(1.0, places.participants / np.maximum(1, places.residents))
        contact = state.society.contact
        others = contact.mean(own)
        others[np.diff(contact.offsets) == 0] = own[np.diff(contact.offsets) == 0]
        seen = p.witness * ((1 - p.contact_share) * own + p.contact_share * others)
        law = (self._start, 2.0 ** (-1.0 / p.half_life_days), p.gain)
        state.pool.for_blocks(
            live_through, len(people), people.home, people.activity, people.measure, sites.place, success, seen, law, people.horizon)  # fmt: skip
        total = np.zeros(len(places))
        inside, count = sum_by_place(people.home, people.activity, sites.place, people.horizon, total)
        if count:
            self._inside = inside / count
        places.horizon[:] = np.where(places.residents > 0, total / np.maximum(1, places.residents), self._start)

    def observe(self, state: State) -> dict:
        places = state.places
        whole = float((places.horizon.astype(float) * places.residents).sum() / max(1, places.residents.sum()))
        return {"horizon": whole, "horizon_of_place": places.horizon, "horizon_participants": self._inside}
