"""Dissolution: why measures end (`model.md` section 6, `rules.md` 1.2, 1.3 and 1.5)."""

import math

import numpy as np

from communize.declare.parameters import parameter
from communize.declare.registry import (
    BELOW_MASS,
    CAUSES,
    CONTENTS,
    EBB,
    EVICTION,
    IN_FORCE,
    ISOLATION,
    NEED,
    OTHER_MEASURE,
    ROUTINE,
    SPENT,
    Column,
)  # fmt: skip
from communize.kernels import decisions
from communize.kernels import draws as d
from communize.kernels.draws import kernel
from communize.kernels.prefetch import AHEAD, prefetch
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State
from communize.mechanisms.measures import records, rules, rupture, taking_part
from communize.mechanisms.measures.character import CHARACTER
from communize.mechanisms.measures.surroundings import Surroundings
from communize.mechanisms.opponents.mediation import MEDIATION
from communize.mechanisms.provisioning import PROVISION

HIERARCHY = CONTENTS.index("hierarchy")


@kernel
def opposition(by_place, sites, instance, participants, character, out):
    """How far each instance meets opposed ones in its place: sum over those of the other sign of sqrt(|chi chi'|) n' / (n + sum n').

    chi is an instance's character as others meet it, n its participants; entries follow `sites`. A chi of 0 has no sign.
    """
    for p in range(by_place.size - 1):
        first, last = by_place[p], by_place[p + 1]
        weight, people = np.zeros(2), np.zeros(2)
        for j in range(first, last):
            chi = character[instance[sites[j]]]
            if chi != 0.0:
                sign = 1 if chi > 0.0 else 0
                weight[sign] += math.sqrt(abs(chi)) * participants[sites[j]]
                people[sign] += participants[sites[j]]
        for j in range(first, last):
            chi = character[instance[sites[j]]]
            other = 0 if chi > 0.0 else 1
            whole = participants[sites[j]] + people[other]
            out[j] = math.sqrt(abs(chi)) * weight[other] / whole if whole > 0.0 else 0.0


@kernel
def endings(start, stop, block, surroundings, opposed, sites, instances, places, law, key, day, causes):
    """Write for each of the taken sites [start, stop) the cause of its ending today, 0 for none, and count its people and its peak.

    The causes compete: an instance ends with probability 1 - exp(-sum of hazards) and its cause is drawn in proportion. An
    instance of today does not end yet.

    Parameters
    ----------
    surroundings
        (sites, instances in each place).
    opposed
        How far each meets opposed ones (`opposition`).
    sites
        (place, instance, participants, members, coverage).
    instances
        (began, practice, critical mass of each practice, resonance, contents, part of the hazard of eviction that a legal status takes off,
        peak, person-days); the last two are counted up.
    places
        (horizon, people in struggle and in measures as far as these count, people who can take part, their share in contact
        places, whether there are any, eviction).
    law
        (spent, isolation, need, ebb, how far measures carry, share that carries a measure fully, other measure, advantage of
        command).
    """
    taken, count = surroundings
    place, instance, participants, members, coverage = sites
    began, practice, mass, resonance, contents, shelter, peak, person_days = instances
    horizon, struggle, eligible, around, has_contacts, eviction = places
    spent, isolation, need, ebb, measures_carry, carrying, other, command = law
    hazards = np.zeros(len(CAUSES))
    for j in range(start, stop):
        if j + AHEAD < stop:
            ahead = instance[taken[j + AHEAD]]
            prefetch(began, ahead)
            prefetch(practice, ahead)
            prefetch(resonance, ahead)
            prefetch(contents, ahead)
            prefetch(shelter, ahead)
            prefetch(peak, ahead)
            prefetch(person_days, ahead)
        s = taken[j]
        row, p = instance[s], place[s]
        peak[row] = max(peak[row], participants[s])
        person_days[row] += participants[s]
        causes[j] = IN_FORCE
        if began[row] == day:
            continue
        if participants[s] < rules.critical_mass(mass[practice[row]], members[s], count[p] - 1):
            causes[j] = BELOW_MASS
            continue
        others = max(0.0, struggle[p] - measures_carry * participants[s]) / max(1.0, eligible[p])
        hazards[SPENT] = spent * (1.0 - horizon[p] * coverage[s])
        hazards[ISOLATION] = isolation * (1.0 - resonance[row])
        hazards[NEED] = need * (1.0 - coverage[s])
        hazards[EBB] = ebb * (1.0 - rules.carried(others, around[p], has_contacts[p], carrying))
        hazards[EVICTION] = eviction[p] * (1.0 - shelter[row]) / rules.resisting(contents[row, HIERARCHY], command)
        hazards[OTHER_MEASURE] = other * opposed[j]
        if d.uniform(key, s, day, decisions.ENDING, 0) < 1.0 - math.exp(-hazards.sum()):
            causes[j] = d.categorical(hazards, d.uniform(key, s, day, decisions.ENDING, 1))


class Dissolution(Mechanism):
    """Measures end: spent, isolated, in need, ebbing with the struggle, evicted, below mass, by another measure."""

    name = "dissolution"
    phase = "measures"
    reads = (
        *taking_part.READS, "sites.members", "places.eligible", "places.horizon", "sites.coverage", "places.eviction",
        "instances.resonance", "instances.content", "instances.began", "instances.practice", "practices.mass", "contacts.linked", "instances.shelter",
        "instances.character_met", "rupture.days",
    )  # fmt: skip
    writes = (*taking_part.WRITES, *records.WRITES_OF_ENDING, "instances.peak", "instances.person_days", "people.belonging")
    columns = (
        *records.COLUMNS, *PROVISION, *CHARACTER, MEDIATION[1], rupture.SINCE,
        Column("places", "eviction", "float32", "1/day", "hazard of eviction of each measure there", (0, None)),
    )  # fmt: skip

    class Parameters(MechanismParameters):
        """Hazards of ending."""

        spent: float = parameter(0.005, unit="1/day", range=(0, 1e6), plausible=(0.001, 0.02), meaning="hazard of being spent (delta_0), falling to 0 where horizon and coverage are 1")
        isolation: float = parameter(0.1, unit="1/day", range=(0, 1e6), plausible=(0, 0.3), meaning="hazard of an instance without resonance")
        need: float = parameter(0.05, unit="1/day", range=(0, 1e6), plausible=(0.01, 0.2), meaning="hazard where nothing essential is covered")
        ebb: float = parameter(0.05, unit="1/day", range=(0, 1e6), plausible=(0, 0.2), meaning="hazard where no struggle is left around (delta_struggle)")
        measures_carry: float = parameter(0.0, unit="share", range=(0, 1), plausible=(0, 1), meaning="how far people in other measures count as struggle around a measure, against people in struggle")
        carrying_share: float = parameter(0.05, unit="share", range=(0, 1), plausible=(0.01, 0.2), meaning="share of people in motion around that carries a measure fully")
        other_measure: float = parameter(0.02, unit="1/day", range=(0, 1e6), plausible=(0, 0.1), meaning="hazard of an instance that meets only wholly opposed ones (chi of 1 and -1)")
        ebb_half_life_days: float = parameter(60.0, unit="day", range=(0.1, 100_000), plausible=(10, 365), meaning="half-life with which the ebb fades once the conditions of a rupture have held for 180 days, as long as they hold")
        eviction_loss: float = parameter(0.02, unit="1", range=(0, 2), plausible=(0, 0.1), meaning="fall of belonging of the participants of a measure that is evicted")
        command_advantage: float = parameter(0.0, unit="1", range=(0, 10), plausible=(0, 1), meaning="advantage of command against eviction: the hazard is divided by 1 - this * c where the content hierarchy c is negative")

    parameters: "Dissolution.Parameters"

    def setup(self, state: State) -> None:
        self._has_contacts = np.diff(state.society.contact.offsets) > 0

    def step(self, state: State, day: int, draws: Draws) -> None:
        p, sites, places, instances = self.parameters, state.sites, state.places, state.instances
        seen = Surroundings.of(state)
        if not seen.sites.size:
            return
        taken = seen.sites
        opposed = np.zeros(taken.size)
        if p.other_measure > 0:
            opposition(seen.by_place, taken, sites.instance, sites.participants, instances.character_met, opposed)
        struggle = places.active + p.measures_carry * places.participants
        around = state.society.contact.mean(struggle / np.maximum(1, places.eligible))
        past = max(0, int(state.rupture.days[0]) - rupture.DAYS)
        causes = np.empty(taken.size, np.int64)
        state.pool.for_shares(
            endings, taken.size, (taken, seen.count), opposed, (sites.place, sites.instance, sites.participants, sites.members, sites.coverage),
            (instances.began, instances.practice, state.practices.mass, instances.resonance, instances.content, instances.shelter, instances.peak,
             instances.person_days),
            (places.horizon, struggle, places.eligible, around, self._has_contacts, places.eviction),
            (p.spent, p.isolation, p.need, p.ebb * 2.0 ** (-past / p.ebb_half_life_days), p.measures_carry, p.carrying_share, p.other_measure, p.command_advantage), draws.key, day, causes)  # fmt: skip
        ending = np.flatnonzero(causes != IN_FORCE)
        if ending.size:
            self._coerce(state, taken[causes == EVICTION])
            order = ending[np.argsort(sites.instance[taken[ending]], kind="stable")]
            dissolve(state, day, taken[order], causes[order])

    def _coerce(self, state: State, evicted: np.ndarray) -> None:
        """Lower the belonging of those who take part at the sites `evicted`."""
        people, over = state.people, np.zeros(len(state.sites), np.bool_)
        if evicted.size and self.parameters.eviction_loss > 0:
            over[evicted] = True
            who = np.flatnonzero((people.measure >= 0) & over[people.measure])
            people.belonging[who] = np.maximum(np.float32(-1.0), people.belonging[who] - np.float32(self.parameters.eviction_loss))


def dissolve(state: State, day: int, sites: np.ndarray, causes: np.ndarray) -> None:
    """End the measures at `sites`; participants go on at a site of their own that is in force, or back to routine."""
    over = np.zeros(len(state.sites), np.bool_)
    over[sites] = True
    left = taking_part.end_at(state, over)
    taking_part.leave(state, left, ROUTINE)
    records.end(state, day, sites, causes)

