"""Segmentation (`model.md` 7.5, `rules.md` section 5): measures of one group that provide for their own raise antagonism in the others.

Divisions are three: the society's groups, what people live on (work, no work, land), and where they live (town, country). Each person is on one
side of each. Antagonism is symmetric, between two sides of one division in one place.
"""

import numpy as np

from communize.declare.parameters import parameter
from communize.declare.registry import CONTENTS, DIVISIONS, POSITIONS, ROUTINE, Column, Output
from communize.kernels import decisions
from communize.kernels.draws import kernel
from communize.kernels.prefetch import AHEAD, prefetch
from communize.kernels.stretches import STRETCH
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State
from communize.mechanisms.measures import records, rules, taking_part
from communize.mechanisms.measures.surroundings import Surroundings, shares_of_residents
from communize.mechanisms.opponents.upkeep import FORCE

STRANGERS = CONTENTS.index("strangers")
LIVELIHOODS = ("work", "no_work", "land")
LIVELIHOOD = np.array([
    LIVELIHOODS.index("no_work" if name in ("unemployed", "excluded", "student") else "land" if name == "farmer" else "work") for name in POSITIONS
])  # fmt: skip
SETTLEMENTS = ("town", "country")
OTHER_SIDES = len(LIVELIHOODS) + len(SETTLEMENTS)
NEGLIGIBLE = 1e-6
ANTAGONISM = Column("places", "antagonism", "float32", "share", "antagonism, of the division where it is largest", (0, 1))
SEGMENTATION = (
    Column("antagonism", "against", "float32", "share", "antagonism of participants of a place against people of a side, by place and side", (0, 1)),
    Column("places", "settlement", "int8", "code", "town or country, index into SETTLEMENTS", (0, len(SETTLEMENTS) - 1)),
)


def division_of_sides(n_groups: int) -> np.ndarray:
    """The division of each side, rows of DIVISIONS: groups, then livelihoods, then town and country."""
    return np.repeat(np.arange(len(DIVISIONS)), (n_groups, len(LIVELIHOODS), len(SETTLEMENTS)))


def settle(residents: np.ndarray, country: float) -> np.ndarray:
    """Which places are country: the smallest ones, as long as no more than the share `country` of people live in them; int8 (places,)."""
    order = np.argsort(residents, kind="stable")
    out = np.zeros(residents.size, np.int8)
    out[order] = (np.cumsum(residents[order]) <= country * residents.sum()) & (residents[order] > 0)
    return out


@kernel
def hostility(against, group, position, settlement):
    """Antagonism of the participants of a place (its row `against`) against a person: of the divisions, the largest."""
    n_groups = against.size - OTHER_SIDES
    out = against[min(group, n_groups - 1)]
    out = max(out, against[n_groups + LIVELIHOOD[position]])
    return max(out, against[n_groups + len(LIVELIHOODS) + settlement])


@kernel
def compose(start, stop, part, group, position, home, measure, settlement, number, n_groups, out):
    """Count the participants [start, stop) of each taken site by side in ``out[part]``; `number` is a site's row there, `settlement` that of
    its place.
    """
    count, rows, numbers = out[part], np.empty(STRETCH, np.uint32), np.empty(STRETCH, np.int32)
    for first in range(start, stop, STRETCH):
        n = 0
        for i in range(first, min(first + STRETCH, stop)):  # without a branch: who takes part is hard to predict
            rows[n], numbers[n] = i, number[measure[i]]
            n += (measure[i] >= 0) & (number[measure[i]] >= 0)
        for k in range(n):
            if k + AHEAD < n:
                prefetch(count, numbers[k + AHEAD])
            i, j = rows[k], numbers[k]
            count[j, min(group[i], n_groups - 1)] += 1
            count[j, n_groups + LIVELIHOOD[position[i]]] += 1
            count[j, n_groups + len(LIVELIHOODS) + settlement[home[i]]] += 1


@kernel
def keep_out(start, stop, block, by_place, taken, instance, content, composition, residents, division, reach, law, change, inside):
    """What measures do to antagonism in the places [start, stop) today: ``change`` from side g to side h (places, sides, sides), and participants `inside` by side.

    For sides g and h of one division, rise * (provision that instances of g keep from h) less fall * (contact in common instances). An
    instance of n participants with shares s keeps (n / whole) s_g (1 - s_h) (present_h - shared_h) (1 - c) / 2 from h, c its content strangers;
    contact in it is (n / whole) s_g (s_h + shared_h), from either side; whole is the residents of the place, or its participants if these are
    more. `reach` = (how far a side is present in reach of a place, how far measures share with it by links), each (places, sides).
    """
    rise, fall = law
    present, shared = reach
    n_sides = division.size
    begin, end = np.searchsorted(division, division), np.searchsorted(division, division, "right")  # of the division of each side
    share, apart = np.empty(n_sides), np.empty(n_sides)
    for p in range(start, stop):
        first, last = by_place[p], by_place[p + 1]
        for h in range(n_sides):
            apart[h] = max(0.0, present[p, h] - shared[p, h])
        everybody = 0.0
        for j in range(first, last):
            for g in range(n_sides):
                everybody += composition[j, g] if division[g] == 0 else 0
        for j in range(first, last):
            if j + AHEAD < last:
                prefetch(content, instance[taken[j + AHEAD]])
            n = 0.0
            for g in range(n_sides):
                n += composition[j, g] if division[g] == 0 else 0
            if n == 0.0:
                continue
            closed = 1.0 - rules.suspended(content[instance[taken[j]], STRANGERS])
            weight = n / max(everybody, residents[p])
            for g in range(n_sides):
                inside[p, g] += composition[j, g]
                share[g] = composition[j, g] / n
            for g in range(n_sides):
                mine = share[g]
                if mine == 0.0:
                    continue
                for h in range(begin[g], end[g]):
                    if g != h:
                        kept = mine * (1.0 - share[h]) * apart[h] * closed
                        change[p, g, h] += weight * (rise * kept - fall * mine * (share[h] + shared[p, h]))


@kernel
def estrange(change, inside, division, law, between, against):
    """A day of antagonism in each place: it changes by `change`, is fanned by fan * A, and fades.

    `against` is the mean over participants of what their sides hold against each side. What is negligible is forgotten where nobody takes part.
    """
    fan, keep = law
    n_sides = division.size
    for p in range(inside.shape[0]):
        empty = not inside[p].any()
        for g in range(n_sides):
            for h in range(g):
                if division[g] == division[h]:
                    a = between[p, g, h]
                    a = (a + change[p, g, h] + change[p, h, g] + fan * a) * keep
                    a = 0.0 if empty and a < NEGLIGIBLE else min(1.0, max(0.0, a))
                    between[p, g, h] = between[p, h, g] = a
        for h in range(n_sides):
            total = whole = 0.0
            for g in range(n_sides):
                if division[g] == division[h]:
                    whole += inside[p, g]
                    if g != h:
                        total += inside[p, g] * between[p, g, h]
            against[p, h] = total / whole if whole > 0.0 else 0.0


class Segmentation(Mechanism):
    """Antagonism between groups, between those with and without work and on the land, between town and country; State and capital fan it and recruit by it."""

    name = "segmentation"
    phase = "counter_forces"
    reads = (
        *taking_part.READS, "people.group", "people.position", "people.measure", "people.activity", "sites.instance", "instances.content",
        "places.residents", "places.garrison", "force.readiness", "contacts.linked",
    )  # fmt: skip
    writes = (
        "antagonism.between", "antagonism.against", "places.antagonism", "places.antagonism_of", "places.settlement", "days.recruited",
        "force.recruited", "force.reserve", *taking_part.WRITES,
    )  # fmt: skip
    columns = (
        *records.COLUMNS, *SEGMENTATION, FORCE[0], ANTAGONISM,
        Column("antagonism", "between", "float32", "share", "antagonism between two sides of a division, by place, side and side, in rows of `against`", (0, 1), dims=(16 + OTHER_SIDES,)),
        Column("places", "antagonism_of", "float32", "share", "antagonism by division, mean over pairs of residents who are on different sides", (0, 1), dims=(len(DIVISIONS),)),
        Column("places", "garrison", "float32", "agent", "State force that lives there, without the reserve", (0, None)),
        Column("force", "reserve", "float64", "agent", "mobile reserve not yet sent out", (0, None)),
        Column("force", "recruited", "float64", "agent", "people whom the State has recruited out of measures", (0, None)),
        Column("days", "recruited", "int64", "agent", "people recruited out of measures on the day", (0, None)),
    )  # fmt: skip
    undone = ("antagonism.between", "antagonism.against", "places.antagonism", "places.antagonism_of")
    outputs = (
        Output("antagonism", "share", "antagonism, of the division where it is largest", ("place",)),
        Output("antagonism_mean", "share", "the same, mean over people"),
        Output("antagonism_of", "share", "antagonism by division, mean over people", ("division",)),
        Output("recruited", "person", "people whom the State recruited out of measures on the day"),
    )

    class Parameters(MechanismParameters):
        """How antagonism rises, falls and is used; with it, joining across the division falls by 1 - antagonism."""

        rise: float = parameter(0.01, unit="1/day", range=(0, 10), plausible=(0.002, 0.05), meaning="rise where one side keeps all provision from another")
        fall: float = parameter(0.01, unit="1/day", range=(0, 10), plausible=(0.002, 0.05), meaning="fall where all are in common measures, half of either side")
        half_life_days: float = parameter(100.0, unit="day", range=(0.1, 100_000), plausible=(30, 400), meaning="half-life")
        fanned: float = parameter(0.005, unit="1/day", range=(0, 1), plausible=(0, 0.01), meaning="what State and capital add at most where it exists: this times antagonism times the readiness of State force")
        recruiting: float = parameter(0.001, unit="1/day", range=(0, 1), plausible=(0, 0.01), meaning="hazard that a participant is recruited by the State where antagonism is 1")

        country: float = parameter(0.23, unit="share of people", range=(0, 1), plausible=(0, 0.5), source="https://data.worldbank.org/indicator/SP.RUR.TOTL.ZS?locations=FR", meaning="people who live in the country: in the smallest places; 0 for no division of town and country (France, 2005)")

    parameters: "Segmentation.Parameters"

    def setup(self, state: State) -> None:
        self._division = division_of_sides(len(state.society.groups))
        n = len(state.places) * self._division.size
        if state.day == 0 or state.is_changed("segmentation.enabled") or state.is_changed("segmentation.country"):
            state.places.settlement[:] = settle(state.places.residents, self.parameters.country)
        if len(state.antagonism) != n:
            state.antagonism.grow(n - len(state.antagonism))
        self._may_change = bool({"people.home", "people.position", "people.group"} & state.unannounced)
        self.regroup(state)

    def regroup(self, state: State) -> None:
        """Count the residents of each place by side, of the divisions within places."""
        people, n_groups = state.people, len(state.society.groups)
        groups = shares_of_residents(state, np.minimum(people.group, n_groups - 1), n_groups)
        self._shares = np.hstack([groups, shares_of_residents(state, LIVELIHOOD[people.position], len(LIVELIHOODS))])

    def step(self, state: State, day: int, draws: Draws) -> None:
        p, people, sites, places, table = self.parameters, state.people, state.sites, state.places, state.antagonism
        state.days.recruited[0] = 0
        seen = Surroundings.of(state)
        if not seen.sites.size and not table.between.any():
            return
        if self._may_change:
            self.regroup(state)
        division, n_groups = self._division, len(state.society.groups)
        number = np.full(len(sites), -1, np.int32)
        number[seen.sites] = np.arange(seen.sites.size)
        composition = state.pool.sum_of_parts(
            compose, len(people), (seen.sites.size, division.size), people.group, people.position, people.home, people.measure,
            places.settlement[sites.place], number, n_groups, dtype=np.int32) if seen.sites.size else np.zeros((0, division.size), np.int32)  # fmt: skip
        between = np.ascontiguousarray(table.between.reshape(len(places), division.size, -1)[:, :, : division.size])
        change, participants = np.zeros(between.shape), np.zeros(between.shape[:2])
        state.pool.for_shares(
            keep_out, len(places), seen.by_place, seen.sites, sites.instance, state.instances.content, composition, places.residents, division, self._reach(state),
            (p.rise, p.fall), change, participants, least=16)  # fmt: skip
        fan = p.fanned * float(state.force.readiness[0]) if self._has_force(state) else 0.0
        estrange(change, participants, division, (fan, 2.0 ** (-1.0 / p.half_life_days)), between, table.against.reshape(len(places), -1))
        table.between.reshape(len(places), division.size, -1)[:, :, : division.size] = between
        self._mean(state, between, n_groups)
        if p.recruiting > 0 and composition.any() and self._has_force(state):
            self._recruit(state, day, draws.key)

    @staticmethod
    def _has_force(state: State) -> bool:
        """Whether the State has any force: without it recruits nobody and fans nothing."""
        return bool(state.force.reserve[0] > 0 or state.places.garrison.any())

    def _reach(self, state: State) -> tuple[np.ndarray, np.ndarray]:
        """How far each side is present in reach of a place, and how far shared with by links: places are of one settlement, contact of both."""
        present, contact = np.ones((len(state.places), self._division.size)), state.society.contact
        shared = np.zeros(present.shape)
        linked = contact.weights * state.contacts.linked
        for h in range(len(SETTLEMENTS)):
            there = (state.places.settlement == h).astype(float)
            present[:, h - len(SETTLEMENTS)] = (there + contact.mean(there)) / 2.0
            if linked.any():
                shared[:, h - len(SETTLEMENTS)] = contact.mean(there, linked) / 2.0
        return present, shared

    def _mean(self, state: State, between: np.ndarray, n_groups: int) -> None:
        """Mean over pairs of residents on different sides, by division; all of a place are on one side of town and country."""
        shares, of = self._shares, state.places.antagonism_of
        for k, block in enumerate((slice(0, n_groups), slice(n_groups, shares.shape[1]))):
            pairs = shares[:, block, None] * shares[:, None, block]
            pairs[:, np.arange(pairs.shape[1]), np.arange(pairs.shape[1])] = 0.0
            whole = pairs.sum(axis=(1, 2))
            of[:, k] = np.clip(np.where(whole > 0, (pairs * between[:, block, block]).sum(axis=(1, 2)) / np.maximum(whole, 1e-300), 0.0), 0.0, 1.0)
        of[:, 2] = between[:, -2, -1]
        state.places.antagonism[:] = of.max(axis=1)

    def _recruit(self, state: State, day: int, key: np.uint64) -> None:
        """Who is recruited leaves the measure, and the State has one agent more."""
        probability = -np.expm1(-self.parameters.recruiting * state.places.antagonism.astype(float))
        if not probability.any():
            return
        rows = taking_part.drawn(state, probability[state.sites.place], decisions.RECRUIT, day, key)
        taking_part.leave(state, rows, ROUTINE)
        state.force.reserve[0] += rows.size
        state.force.recruited[0] += rows.size
        state.days.recruited[0] = rows.size

    def observe(self, state: State) -> dict:
        places = state.places
        whole = max(1, int(places.residents.sum()))
        return {
            "antagonism": places.antagonism, "antagonism_mean": float((places.antagonism * places.residents).sum() / whole),
            "antagonism_of": (places.antagonism_of * places.residents[:, None]).sum(axis=0) / whole, "recruited": state.days.recruited[0] * state.scale,
        }
