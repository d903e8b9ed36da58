"""State force (`model.md` section 7.1, `rules.md` 1.15): limited, late, slow to move; it arrests and coerces.

The people whose position is state force are garrisoned where they live; a share of them is a mobile reserve.
What is deployed follows the threat as it was seen some days ago. What it lives on stands in `opponents.upkeep`.
"""

import datetime
import math
from typing import ClassVar

import numpy as np
from pydantic import model_validator

from communize.declare.errors import InputError
from communize.declare.parameters import Parameters, parameter
from communize.declare.registry import HELD, IN_MEASURE, IN_STRUGGLE, POSITIONS, ROUTINE, Column, Output
from communize.kernels import decisions
from communize.kernels.blocks import BLOCK, gather
from communize.kernels.draws import kernel
from communize.kernels.geography import EARTH_RADIUS_KM
from communize.kernels.stretches import STRETCH, list_drawn, new_lists
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State
from communize.mechanisms.measures import taking_part
from communize.mechanisms.measures.rules import eviction_hazard
from communize.mechanisms.opponents.fronts import CONFRONTED
from communize.mechanisms.opponents.upkeep import FORCE

STATE_FORCE = POSITIONS.index("state_force")
LONGEST_JOURNEY = 30  # days; journeys beyond take that long


@kernel
def arrest_probability(rate, force, active):
    """Probability that one active person is arrested in a day: each agent of force arrests `rate` people a day."""
    return 1.0 - math.exp(-rate * force / max(1.0, active))


@kernel
def arrest_probabilities(force, active, rate, out):
    """The arrest probability of each place; 0 where nobody is active."""
    for p in range(force.size):
        out[p] = arrest_probability(rate, force[p], active[p]) if active[p] > 0 else 0.0


@kernel
def find_arrested(start, stop, block, home, activity, site_place, probability, key, day, found):
    """People in motion (in struggle or in a measure) in [start, stop) who are arrested, written to ``found[start:]``; returns how many."""
    count, lists = 0, new_lists()
    rows, drawn = lists[:2]
    moving, highest = 1 << IN_STRUGGLE | 1 << IN_MEASURE, probability.max()
    for first in range(start, stop, STRETCH):
        for k in range(list_drawn(activity[first : min(first + STRETCH, stop)], moving, highest, key, first, day, decisions.ARREST, lists)):
            if drawn[k] < probability[site_place[home[rows[k]]]]:
                found[start + count] = rows[k]
                count += 1
    return count


@kernel
def find_released(start, stop, block, activity, probability, key, day, found):
    """People held in [start, stop) who are released, written to ``found[start:]``; returns how many."""
    count, lists = 0, new_lists()
    for first in range(start, stop, STRETCH):
        n = list_drawn(activity[first : min(first + STRETCH, stop)], 1 << HELD, probability, key, first, day, decisions.RELEASE, lists)
        found[start + count : start + count + n] = lists[0][:n]
        count += n
    return count


@kernel
def hold(rows, home, work, activity, measure, active, held, belonging, struggle, arrested, loss):
    """Put the people `rows` from struggle, or who have just left a measure at site `measure`, into the State's hands; counts them at
    their struggle.
    """
    for k in range(rows.size):
        i = rows[k]
        h, w = home[i], work[i]
        number = struggle[w] if w >= 0 else -1
        if measure[k] >= 0:
            number = struggle[measure[k]]
        elif number < 0:
            number = struggle[h]
        if number >= 0:
            arrested[number] += 1
        held[h] += 1
        if w >= 0:
            held[w] += 1
        if activity[i] == IN_STRUGGLE:
            active[h] -= 1
            if w >= 0:
                active[w] -= 1
        activity[i] = HELD
        belonging[i] = max(np.float32(-1.0), belonging[i] - np.float32(loss))


@kernel
def release(rows, home, work, activity, held):
    """Let the people `rows` go home."""
    for i in rows:
        activity[i] = ROUTINE
        held[home[i]] -= 1
        if work[i] >= 0:
            held[work[i]] -= 1


class Emergency(Parameters):
    """A state of exception decreed for a period."""

    date: datetime.date | None = parameter(None, unit="date", source="see the scenario", meaning="its first day")
    day: int | None = parameter(None, unit="day", range=(0, 100_000), source="see the scenario", meaning="instead of a date: day of the run")
    days: int = parameter(30, unit="day", range=(1, 100_000), source="see the scenario", meaning="how long it lasts")
    what: str = parameter("", unit="text", source="see the scenario", meaning="what was decreed")
    source: str = parameter("assumed", unit="text", source="see the scenario", meaning="URL, DOI or assumed")

    @model_validator(mode="after")
    def _one_of_each(self) -> "Emergency":
        if (self.date is None) == (self.day is None):
            raise ValueError("either a date or a day")
        return self


class Force(Mechanism):
    """Deployment by threat seen with a delay, arrests, release, coercion, and the state of exception."""

    name = "force"
    phase = "counter_forces"
    reads = (
        "places.residents", "people.position", "people.home", "people.work", "sites.struggle", "sites.place",
        "sites.kind", "force.readiness", "places.reach", "places.resistance",
    )  # fmt: skip
    writes = (
        "people.measure", "people.ties_in_measures", "sites.participants", "sites.ties_in_measures", "places.participants",
        "places.eviction", "places.confronted",
        "places.force", "places.active", "places.held", "places.coercion", "places.threat_seen", "places.arriving",
        "places.garrison", "sites.active", "sites.held", "people.activity", "people.belonging", "struggles.arrested",
        "force.reserve", "force.exception", "days.arrests", "days.releases",
    )  # fmt: skip
    columns = (
        *FORCE, CONFRONTED,
        Column("places", "garrison", "float32", "agent", "State force that lives there, without the reserve", (0, None)),
        Column("places", "arriving", "float32", "agent", "State force on the way, by days until arrival", (0, None),
               dims=(LONGEST_JOURNEY,)),
        Column("places", "threat_seen", "float32", "agent", "threat of the past days, most recent first", (0, None),
               dims=(61,)),
        Column("sites", "struggle", "int32", "struggle row", "struggle that the site belongs to, -1 for none", (-1, None), -1),
        Column("struggles", "arrested", "int32", "agent", "people arrested out of it", (0, None)),
        Column("places", "eviction", "float32", "1/day", "hazard of eviction of each measure there", (0, None)),
        Column("force", "reserve", "float64", "agent", "mobile reserve not yet sent out", (0, None)),
        Column("force", "exception", "float64", "yes/no", "1 while a state of exception lasts", (0, 1)),
        Column("days", "arrests", "int64", "agent", "people arrested on the day", (0, None)),
        Column("days", "releases", "int64", "agent", "people released on the day", (0, None)),
    )  # fmt: skip
    outputs = (
        Output("force", "person", "State force present", ("place",)),
        Output("coercion", "share", "coercion, mean over people"),
        Output("arrests", "person", "people arrested on the day"),
        Output("releases", "person", "people released on the day"),
        Output("force_reserve", "person", "mobile reserve not sent out"),
        Output("exception", "yes/no", "1 while a state of exception lasts"),
    )
    undone = ("places.eviction", "places.coercion", "force.exception")
    threat_of_measures: ClassVar[float] = 3.0

    class Parameters(MechanismParameters):
        """How force is deployed and what it does. Its strength is the share of the position state_force."""

        deployment_delay: int = parameter(5, unit="day", range=(0, 60), plausible=(1, 60), meaning="age of the threat that deployment follows")
        move: float = parameter(0.25, unit="share/day", range=(0, 1), plausible=(0.1, 0.5), meaning="share of the force that can be moved in a day")
        reserve: float = parameter(0.15, unit="share", range=(0, 1), plausible=(0.05, 0.3), meaning="share of the force that is a mobile reserve")
        speed_km: float = parameter(400.0, unit="km/day", range=(1, 20_000), plausible=(200, 800), meaning="distance covered in a day")
        alert: float = parameter(0.5, unit="1", range=(0.001, 100), plausible=(0.1, 2), meaning="threat per force at which half of the force is deployed by threat")
        rate_eviction: float = parameter(0.25, unit="1/day", range=(0, 100), plausible=(0.1, 0.4), meaning="hazard of eviction of each measure of a place with one agent of force for each person in motion")
        rate_arrest: float = parameter(0.02, unit="1/day per agent of force", range=(0, 10), plausible=(0.005, 0.05), meaning="arrests by one agent of force")
        held_days: float = parameter(20.0, unit="day", range=(0.1, 10_000), plausible=(2, 60), meaning="mean time held")
        arrest_loss: float = parameter(0.02, unit="1", range=(0, 2), plausible=(0, 0.1), meaning="fall of belonging by an arrest")
        coercion_gain: float = parameter(0.01, unit="1 per arrest and 1,000 residents", range=(0, 10), plausible=(0.002, 0.05), meaning="rise of coercion, from 0, by arrests")
        coercion_half_life_days: float = parameter(30.0, unit="day", range=(0.1, 10_000), plausible=(7, 120), meaning="half-life of coercion")
        exception_level: float = parameter(0.05, unit="share of people", range=(0, 1), plausible=(0.01, 0.2), meaning="threat per person, as seen, from which a state of exception is declared")
        exception_factor: float = parameter(2.0, unit="1", range=(1, 100), plausible=(1, 4), meaning="factor on arrests, evictions and movement in a state of exception")
        exception_coercion: float = parameter(0.1, unit="share", range=(0, 1), plausible=(0, 0.3), meaning="coercion everywhere in a state of exception")
        emergency: list[Emergency] = parameter([], unit="table", source="see the scenario", meaning="states of exception decreed on a date: [[force.emergency]]")

    parameters: "Force.Parameters"

    def setup(self, state: State) -> None:
        self._decreed = []
        for number, event in enumerate(self.parameters.emergency):
            first = state.day_of_event(event)
            if first < 0:
                raise InputError(f"force.emergency[{number}].date", str(event.date), f"a date on or after the start, {state.start}")
            self._decreed.append((first, first + event.days))
        people, places = state.people, state.places
        if state.is_changed("force") and places.force.sum() + places.arriving.sum() + state.force.reserve[0] == 0:
            homes = state.sites.place[people.home[people.position == STATE_FORCE]]
            living = np.bincount(homes, minlength=len(places))
            places.garrison[:] = living * (1.0 - self.parameters.reserve)
            places.force[:] = places.garrison
            state.force.reserve[0] = living.sum() * self.parameters.reserve

    def step(self, state: State, day: int, draws: Draws) -> None:
        self._see(state)
        exception = self._declare(state, day)
        factor = self.parameters.exception_factor if exception else 1.0
        self._move(state, factor)
        self._arrest(state, day, draws.key, factor * float(state.force.readiness[0]))

    def _see(self, state: State) -> None:
        places = state.places
        seen = places.threat_seen
        seen[:, 1:] = seen[:, :-1].copy()
        seen[:, 0] = places.active
        seen[:, 0] += self.threat_of_measures * places.participants

    def _declare(self, state: State, day: int) -> bool:
        threat = state.places.threat_seen[:, self.parameters.deployment_delay].sum(dtype=np.float64)
        exception = threat > self.parameters.exception_level * len(state.people)
        exception = exception or any(first <= day < last for first, last in self._decreed)
        state.force.exception[0] = float(exception)
        return bool(exception)

    def _move(self, state: State, factor: float) -> None:
        """Journeys end; then force moves from where there is more than wanted to where there is less.

        Wanted is, with alert = threat / (threat + `alert` * strength): the garrisons and the reserve in the part
        1 - alert, and the whole strength by threat in the part alert. The reserve counts as one more place. Of
        what is missing in a place its reach can come in a day; the reserve can always be reached.
        """
        p, places, force = self.parameters, state.places, state.force
        places.force += places.arriving[:, 0]
        places.arriving[:, :-1] = places.arriving[:, 1:].copy()
        places.arriving[:, -1] = 0.0
        threat = places.threat_seen[:, p.deployment_delay].astype(np.float64)
        total_threat = threat.sum()
        present = np.append(places.force.astype(np.float64), force.reserve[0])
        under_way = np.append(places.arriving.sum(axis=1, dtype=np.float64), 0.0)
        strength = present.sum() + under_way.sum()
        if strength <= 0.0:
            return
        alert = total_threat / (total_threat + p.alert * strength)
        wanted = (1.0 - alert) * np.append(places.garrison.astype(np.float64), p.reserve * strength)
        if total_threat > 0:
            wanted[:-1] += alert * strength * threat / total_threat
        gap = wanted - present - under_way
        surplus, deficit = np.minimum(np.maximum(0.0, -gap), present), np.maximum(0.0, gap)
        reach = np.append(places.reach.astype(np.float64), 1.0)
        within = deficit * reach
        if within.any():
            can = min(1.0, p.move * factor * (within.sum() / deficit.sum())) * strength
            sent = min(can, surplus.sum(), within.sum())
            if sent > 0.0:
                self._send(state, surplus * (sent / surplus.sum()), within * (sent / within.sum()))

    def _send(self, state: State, leaving: np.ndarray, coming: np.ndarray) -> None:
        """Travel time: distance from the centre of what leaves (the reserve stands at the largest place)."""
        places, points = state.places, state.society.contact.points
        places.force[:] = np.maximum(0.0, places.force - leaving[:-1])
        state.force.reserve[0] = max(0.0, state.force.reserve[0] - leaving[-1] + coming[-1])
        largest = int(np.argmax(places.residents))
        centre = (leaving[:-1, None] * points).sum(axis=0) + leaving[-1] * points[largest]
        length = np.sqrt((centre * centre).sum())
        centre = centre / length if length > 0 else points[largest]
        distance = EARTH_RADIUS_KM * np.arccos(np.clip((points * centre).sum(axis=1), -1.0, 1.0))
        days = np.minimum(LONGEST_JOURNEY - 1, np.floor(distance / self.parameters.speed_km)).astype(np.int64)
        places.arriving[np.arange(len(places)), days] += coming[:-1].astype(np.float32)

    def _arrest(self, state: State, day: int, key: np.uint64, factor: float) -> None:
        p, people, sites, places = self.parameters, state.people, state.sites, state.places
        n, found = len(people), np.empty(len(people), np.int32)
        counts = state.pool.for_blocks(find_released, n, people.activity, 1.0 - math.exp(-1.0 / p.held_days), key, day, found)
        freed = gather(found, counts, n, BLOCK)
        active, probability = (places.active + places.participants).astype(np.float64), np.empty(len(places))
        arrest_probabilities(places.force, active, p.rate_arrest * factor, probability)
        state.require_within("the probability of arrest", probability, 0.0, 1.0)
        taken = found[:0]
        if active.any():
            counts = state.pool.for_blocks(
                find_arrested, n, people.home, people.activity, sites.place, probability, key, day, found)  # fmt: skip
            taken = gather(found, counts, n, BLOCK)
        release(freed, people.home, people.work, people.activity, sites.held)
        measure = people.measure[taken].copy()
        taking_part.leave(state, taken[measure >= 0], ROUTINE)
        hold(
            taken, people.home, people.work, people.activity, measure, sites.active, sites.held, people.belonging,
            sites.struggle, state.struggles.arrested, p.arrest_loss)  # fmt: skip
        places.eviction[:] = eviction_hazard(p.rate_eviction * factor, places.force, active) / (1.0 + places.resistance)
        places.active[:] = state.society.by_place(sites.active)
        places.held[:] = state.society.by_place(sites.held)
        state.days.arrests[0], state.days.releases[0] = taken.size, freed.size
        arrested = np.bincount(sites.place[people.home[taken]], minlength=len(places))
        places.confronted[arrested > 0] = day
        coercion = places.coercion * 2.0 ** (-1.0 / p.coercion_half_life_days)
        coercion += (1.0 - coercion) * -np.expm1(-p.coercion_gain * 1000.0 * arrested / np.maximum(1, places.residents))
        floor = p.exception_coercion * state.force.exception[0]
        places.coercion[:] = np.clip(np.maximum(coercion, floor), 0.0, 1.0)

    def observe(self, state: State) -> dict:
        scale, places = state.scale, state.places
        residents = max(1, int(places.residents.sum()))
        return {
            "force": places.force * np.float32(scale),
            "coercion": float((places.coercion * places.residents).sum() / residents),
            "arrests": state.days.arrests[0] * scale,
            "releases": state.days.releases[0] * scale,
            "force_reserve": state.force.reserve[0] * scale,
            "exception": state.force.exception[0],
        }
