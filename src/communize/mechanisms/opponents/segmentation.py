"""Segmentation (`model.md` 7.5, `rules.md` section 5): measures of one group that provide for their own raise antagonism in the others.

Divisions are two: the society's groups, and what people live on (work, no work, land). Each person is on one side of each. Antagonism
is symmetric, between two sides of one division in one place.
"""

import numpy as np

from communize.declare.parameters import parameter
from communize.declare.registry import CONTENTS, POSITIONS, ROUTINE, Column, Output
from communize.kernels import decisions
from communize.kernels import draws as d
from communize.kernels.blocks import gather
from communize.kernels.draws import kernel
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State
from communize.mechanisms.measures import records, rules, taking_part
from communize.mechanisms.measures.surroundings import Surroundings
from communize.mechanisms.provisioning.free import list_participants

STRANGERS = CONTENTS.index("strangers")
LIVELIHOODS = ("work", "no_work", "land")
LIVELIHOOD = np.array([
    LIVELIHOODS.index("no_work" if name in ("unemployed", "excluded", "student") else "land" if name == "farmer" else "work") for name in POSITIONS
])  # fmt: skip
NEGLIGIBLE = 1e-6
SEGMENTATION = (Column("antagonism", "against", "float32", "share", "antagonism of participants of a place against people of a side, by place and side", (0, 1)),)


def number_of_sides(state: State) -> int:
    """Sides of all divisions: groups, then livelihoods."""
    return len(state.society.groups) + len(LIVELIHOODS)


@kernel
def compose(participants, group, position, livelihood, measure, number, n_groups, out):
    """Count participants of each taken site by side; `number` is a site's row in `out`."""
    for i in participants:
        j = number[measure[i]]
        if j >= 0:
            out[j, group[i]] += 1
            out[j, n_groups + livelihood[position[i]]] += 1


@kernel
def estrange(by_place, taken, instance, content, composition, residents, n_groups, law, between, against):
    """A day of antagonism in each place.

    For sides g and h of one division it rises by rise * (provision that instances of g keep from h, and of h from g), falls by fall * (contact in
    common instances), is fanned by fan * A, and fades. An instance of n participants with shares s keeps (n / whole) s_g (1 - s_h) (1 - c) / 2 from h,
    c its content strangers; contact in it is (n / whole) 2 s_g s_h; whole is the residents of the place, or its participants if these are more.
    `against` is the mean over participants of what their sides hold against each side. What is negligible is forgotten where nobody takes part.
    """
    rise, fall, fan, keep = law
    n_sides = composition.shape[1]
    kept, inside = np.empty((n_sides, n_sides)), np.empty(n_sides)
    for p in range(by_place.size - 1):
        first, last = by_place[p], by_place[p + 1]
        kept[:], inside[:] = 0.0, 0.0
        everybody = 0.0
        for j in range(first, last):
            for g in range(n_groups):
                everybody += composition[j, g]
        for j in range(first, last):
            n = 0.0
            for g in range(n_groups):
                n += composition[j, g]
            if n == 0.0:
                continue
            closed = 1.0 - rules.suspended(content[instance[taken[j]], STRANGERS])
            weight = n / max(everybody, residents[p])
            for g in range(n_sides):
                inside[g] += composition[j, g]
                for h in range(n_sides):
                    if g == h or (g < n_groups) != (h < n_groups):
                        continue
                    mine, theirs = composition[j, g] / n, composition[j, h] / n
                    kept[g, h] += weight * (rise * mine * (1.0 - theirs) * closed - fall * mine * theirs)
        for g in range(n_sides):
            for h in range(g):
                if (g < n_groups) != (h < n_groups):
                    continue
                a = between[p, g, h]
                a = (a + kept[g, h] + kept[h, g] + fan * a) * keep
                a = 0.0 if everybody == 0.0 and a < NEGLIGIBLE else min(1.0, max(0.0, a))
                between[p, g, h] = between[p, h, g] = a
        for h in range(n_sides):
            total = whole = 0.0
            for g in range(n_sides):
                if (g < n_groups) == (h < n_groups):
                    whole += inside[g]
                    if g != h:
                        total += inside[g] * between[p, g, h]
            against[p, h] = total / whole if whole > 0.0 else 0.0


@kernel
def find_recruited(participants, measure, site_place, probability, key, day, out):
    """Those of `participants` whom the State recruits today; returns how many."""
    count = 0
    for i in participants:
        if d.uniform(key, i, day, decisions.RECRUIT, 0) < probability[site_place[measure[i]]]:
            out[count] = i
            count += 1
    return count


class Segmentation(Mechanism):
    """Antagonism between groups, and between those with and without work and on the land; State and capital fan it and recruit by it."""

    name = "segmentation"
    phase = "counter_forces"
    reads = (
        *taking_part.READS, "people.group", "people.position", "people.measure", "sites.instance", "instances.content", "places.residents",
        "places.garrison", "contacts.linked",
    )  # fmt: skip
    writes = (
        "antagonism.between", "antagonism.against", "places.antagonism", "days.recruited", "force.recruited", "force.reserve", *taking_part.WRITES,
    )  # fmt: skip
    columns = (
        *records.COLUMNS, *SEGMENTATION,
        Column("antagonism", "between", "float32", "share", "antagonism between two sides of a division, by place, side and side, in rows of `against`", (0, 1), dims=(16 + len(LIVELIHOODS),)),
        Column("places", "antagonism", "float32", "share", "antagonism, mean over pairs of residents who are on different sides", (0, 1)),
        Column("places", "garrison", "float32", "agent", "State force that lives there, without the reserve", (0, None)),
        Column("force", "reserve", "float64", "agent", "mobile reserve not yet sent out", (0, None)),
        Column("force", "recruited", "float64", "agent", "people whom the State has recruited out of measures", (0, None)),
        Column("days", "recruited", "int64", "agent", "people recruited out of measures on the day", (0, None)),
    )  # fmt: skip
    undone = ("antagonism.between", "antagonism.against", "places.antagonism")
    outputs = (
        Output("antagonism", "share", "antagonism, mean over pairs of residents who are on different sides", ("place",)),
        Output("antagonism_mean", "share", "the same, mean over people"),
        Output("recruited", "person", "people whom the State recruited out of measures on the day"),
    )

    class Parameters(MechanismParameters):
        """How antagonism rises, falls and is used; with it, joining across the division falls by 1 - antagonism."""

        rise: float = parameter(0.01, unit="1/day", range=(0, 10), plausible=(0.002, 0.05), meaning="rise where one side keeps all provision from another")
        fall: float = parameter(0.01, unit="1/day", range=(0, 10), plausible=(0.002, 0.05), meaning="fall where all are in common measures, half of either side")
        half_life_days: float = parameter(100.0, unit="day", range=(0.1, 100_000), plausible=(30, 400), meaning="half-life")
        fanned: float = parameter(0.005, unit="1/day", range=(0, 1), plausible=(0, 0.01), meaning="what State and capital add where it exists: this times antagonism")
        recruiting: float = parameter(0.001, unit="1/day", range=(0, 1), plausible=(0, 0.01), meaning="hazard that a participant is recruited by the State where antagonism is 1")

    parameters: "Segmentation.Parameters"

    def setup(self, state: State) -> None:
        n = len(state.places) * number_of_sides(state)
        if len(state.antagonism) != n:
            state.antagonism.grow(n - len(state.antagonism))
        self._may_change = bool({"people.home", "people.position", "people.group"} & state.unannounced)
        self.regroup(state)

    def regroup(self, state: State) -> None:
        """Count the residents of each place by side."""
        n, n_groups, sides = len(state.places), len(state.society.groups), number_of_sides(state)
        home = state.sites.place[state.people.home].astype(np.int64)
        count = np.zeros(n * sides)
        for side in (np.minimum(state.people.group, n_groups - 1), n_groups + LIVELIHOOD[state.people.position]):
            count += np.bincount(home * sides + side, minlength=count.size)
        self._shares = count.reshape(n, sides) / np.maximum(1, state.places.residents)[:, None]

    def step(self, state: State, day: int, draws: Draws) -> None:
        p, people, places, table = self.parameters, state.people, state.places, state.antagonism
        state.days.recruited[0] = 0
        seen = Surroundings.of(state)
        if not seen.sites.size and not table.between.any():
            return
        if self._may_change:
            self.regroup(state)
        n_groups, sides = len(state.society.groups), number_of_sides(state)
        number = np.full(len(state.sites), -1, np.int32)
        number[seen.sites] = np.arange(seen.sites.size)
        listed = np.empty(len(people), np.int32)
        counts = state.pool.for_blocks(list_participants, len(people), people.measure, listed)
        inside = gather(listed, counts, len(people)) if counts else listed
        composition = np.zeros((seen.sites.size, sides))
        group = np.minimum(people.group, n_groups - 1) if people.group.size and people.group.max() >= n_groups else people.group
        compose(inside, group, people.position, LIVELIHOOD, people.measure, number, n_groups, composition)
        between = np.ascontiguousarray(table.between.reshape(len(places), sides, -1)[:, :, :sides])
        against = table.against.reshape(len(places), sides)
        keep = 2.0 ** (-1.0 / p.half_life_days)
        estrange(
            seen.by_place, seen.sites, state.sites.instance, state.instances.content, composition, places.residents, n_groups,
            (p.rise, p.fall, p.fanned, keep), between, against)  # fmt: skip
        table.between.reshape(len(places), sides, -1)[:, :, :sides] = between
        self._mean(state, between, n_groups)
        if p.recruiting > 0 and inside.size and (state.force.reserve[0] > 0 or places.garrison.any()):  # a State without force recruits nobody
            self._recruit(state, inside, day, draws.key)

    def _mean(self, state: State, between: np.ndarray, n_groups: int) -> None:
        """Mean over pairs of residents on different sides of a division, the more divided one."""
        shares, means = self._shares, []
        for block in (slice(0, n_groups), slice(n_groups, None)):
            pairs = shares[:, block, None] * shares[:, None, block]
            pairs[:, np.arange(pairs.shape[1]), np.arange(pairs.shape[1])] = 0.0
            whole = pairs.sum(axis=(1, 2))
            means.append(np.where(whole > 0, (pairs * between[:, block, block]).sum(axis=(1, 2)) / np.maximum(whole, 1e-300), 0.0))
        state.places.antagonism[:] = np.clip(np.maximum(*means), 0.0, 1.0)

    def _recruit(self, state: State, inside: np.ndarray, day: int, key: np.uint64) -> None:
        """Who is recruited leaves the measure, and the State has one agent more."""
        probability = -np.expm1(-self.parameters.recruiting * state.places.antagonism.astype(float))
        if not probability.any():
            return
        out = np.empty(inside.size, np.int32)
        rows = out[: find_recruited(inside, state.people.measure, state.sites.place, probability, key, day, out)]
        taking_part.leave(state, rows, ROUTINE)
        state.force.reserve[0] += rows.size
        state.force.recruited[0] += rows.size
        state.days.recruited[0] = rows.size

    def observe(self, state: State) -> dict:
        places = state.places
        whole = max(1, int(places.residents.sum()))
        return {
            "antagonism": places.antagonism, "antagonism_mean": float((places.antagonism * places.residents).sum() / whole),
            "recruited": state.days.recruited[0] * state.scale,
        }
