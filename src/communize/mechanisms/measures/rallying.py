"""Rallying: people join measures near them and leave them; sites whose members take part elsewhere join (`rules.md` section 5)."""

import math

import numpy as np

from communize.declare.parameters import parameter
from communize.declare.registry import (
    CONTENTS,
    IN_MEASURE,
    IN_STRUGGLE,
    NEIGHBOURHOOD,
    ROUTINE,
    TAKEN,
    Column,
    Output,
)  # fmt: skip
from communize.declare.registry import RALLYING as BY_RALLYING
from communize.kernels import decisions
from communize.kernels import draws as d
from communize.kernels.blocks import BLOCK, gather
from communize.kernels.draws import kernel
from communize.kernels.prefetch import AHEAD, prefetch
from communize.kernels.stretches import STRETCH, list_drawn, new_lists
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State
from communize.mechanisms.measures import records, rules, taking_part
from communize.mechanisms.measures.surroundings import Surroundings, shares_of_residents
from communize.mechanisms.opponents.segmentation import SEGMENTATION, hostility
from communize.mechanisms.opponents.siding import SIDING
from communize.mechanisms.provisioning import PROVISION, mean_shortage

STRANGERS, WAGE_LABOUR, GENDER = (CONTENTS.index(name) for name in ("strangers", "wage_labour", "gender"))
FEW = 1 << 12  # people in a block of those who choose


@kernel
def shares_of_sites(instance, participants, eligible, out):
    """Participants of each taken site against its members who can take part, at most 1; 0 where no measure is in force."""
    highest = 0.0
    for s in range(out.size):
        out[s] = min(1.0, participants[s] / max(1, eligible[s])) if instance[s] >= 0 else 0.0
        highest = max(highest, out[s])
    return highest


@kernel
def parts_of(i, home, work, tied, ties, site_share, place_share, weights, parts):
    """Write the parts (work, home, place, ties) of what draws a person to measures; returns their sum over the weights present."""
    w = work[i]
    degree = ties[i + 1] - ties[i]
    bottom = weights[1] + weights[2]
    parts[0], parts[1], parts[2], parts[3] = 0.0, weights[1] * site_share[home[i]], weights[2] * place_share, 0.0
    if w >= 0:
        parts[0] = weights[0] * site_share[w]
        bottom += weights[0]
    if degree > 0:
        parts[3] = weights[3] * tied[i] / degree
        bottom += weights[3]
    return parts.sum() / bottom if bottom > 0.0 else 0.0


@kernel
def find_rallying(
    start, stop, block, people, offsets, site_place, site_share, place_share, lack, siding, takes_part, weights, law, key, day, found):  # fmt: skip
    """People of [start, stop) who are drawn to a measure, written to ``found[start:]``; returns how many.

    `law` = (rate, highest share of participants of a site or place, largest lack). The hazard is rate * influence * attraction,
    the influence being the weighted mean of shares of participants at the work site, in the neighbourhood, in the place and
    among ties; `lack` is what is missing of needs in each place, `siding` a factor by place and position. The draw comes first: the rest is looked up only where it is
    below an upper bound of the probability.
    """
    home, work, position, group, activity, tied, horizon = people
    rate, highest, largest_lack = law
    count, parts, lists = 0, np.empty(4), new_lists()
    rows, drawn = lists[:2]
    free, most = 1 << ROUTINE | 1 << IN_STRUGGLE, rate * max(1.0, highest)
    for first in range(start, stop, STRETCH):
        n = list_drawn(activity[first : min(first + STRETCH, stop)], free, most, key, first, day, decisions.RALLY, lists)
        for k in range(n):
            if k + AHEAD < n:
                prefetch(offsets, rows[k + AHEAD])
                prefetch(site_share, work[rows[k + AHEAD]])
            i, u = rows[k], drawn[k]
            bound = rate * rules.attraction(largest_lack, horizon[i]) * (highest if tied[i] == 0 else 1.0)
            if u >= bound or not takes_part[position[i], group[i]]:
                continue
            p = site_place[home[i]]
            influence = parts_of(i, home, work, tied, offsets, site_share, place_share[p], weights, parts)
            if u < 1.0 - math.exp(-rate * influence * rules.attraction(lack[p], horizon[i]) * siding[p, position[i]]):
                found[start + count] = i
                count += 1
    return count


@kernel
def count_groups(start, stop, part, group, home, work, measure, n_groups, out):
    """Count those of [start, stop) who take part at each site (its members, and who joined there) by group in ``out[part]``."""
    count = out[part]
    for i in range(start, stop):  # without a branch: who takes part where is hard to predict
        g, h, w, at = min(group[i], n_groups - 1), home[i], work[i], measure[i]
        count[h, g] += at >= 0
        count[w, g] += (at >= 0) & (w >= 0) & (w != h)
        count[at, g] += (at >= 0) & (at != h) & (at != w)


@kernel
def get_in(i, target, p, people, sites, content, among, care):
    """Probability that person `i`, of place `p`, gets into the measure at site `target`: the product of three (`rules.md` section 2).

    Who is no member of a workplace or campus gets in as far as the content wage labour opens it. Who is of another group or place, as far as the
    content strangers opens it: to members and people of the place their group is known by `among` = (share among the participants of
    each site, its row, share among residents), to others it is not. Who carries unpaid care, as far as that leaves them time.
    """
    home, work, group = people
    place, kind, instance = sites
    present, number, residents = among
    carries, burden = care
    of, g = content[instance[target]], min(group[i], residents.shape[1] - 1)
    member = target == home[i] or target == work[i]
    probability = 1.0
    if not member and kind[target] != NEIGHBOURHOOD:
        probability *= rules.suspended(of[WAGE_LABOUR])
    familiar = 0.0
    if member or place[target] == p:
        familiar = rules.known(present[number[target], g], residents[place[target], g])
    probability *= rules.admitted(familiar, of[STRANGERS])
    if carries[g]:
        probability *= 1.0 - rules.bound_by_care(burden, of[GENDER])
    return probability


@kernel
def choose_measures(start, stop, block, rows, people, ties, sites, site_share, place_share, weights, surroundings, content, among, care, divided, key, day, at):
    """For each of the people `rows` the site of the measure they join, or -1 where it does not let them in (`get_in`).

    `surroundings` = (taken sites by place, offsets of each place, participants of the taken sites before each).
    `divided` = antagonism of each place against people of each side (places, sides), at any site, and which places are country.
    """
    home, work, activity, measure, tied, group, position = people
    offsets, neighbours = ties
    place = sites[0]
    taken, by_place, reached = surroundings
    against, settlement = divided
    parts = np.empty(4)
    for k in range(start, stop):
        i = rows[k]
        p = place[home[i]]
        parts_of(i, home, work, tied, offsets, site_share, place_share[p], weights, parts)
        drawn = d.categorical(parts, d.uniform(key, i, day, decisions.RALLY_TARGET, 0))
        u = d.uniform(key, i, day, decisions.RALLY_TARGET, 1)
        target = -1
        if drawn == 0:
            target = work[i]
        elif drawn == 1:
            target = home[i]
        elif drawn == 2:
            target = draw_by_participants(by_place[p], by_place[p + 1], taken, reached, u)
        elif drawn == 3:
            wanted, seen = np.int64(u * tied[i]), 0
            for j in range(offsets[i], offsets[i + 1]):
                if activity[neighbours[j]] == IN_MEASURE:
                    if seen == wanted:
                        target = measure[neighbours[j]]
                        break
                    seen += 1
        if target >= 0:
            probability = get_in(i, target, p, (home, work, group), sites, content, among, care)
            if probability < 1.0 and d.uniform(key, i, day, decisions.RALLY_TARGET, 2) >= probability:
                target = -1
        if target >= 0 and against.shape[1] > 0:
            hostile = hostility(against[place[target]], group[i], position[i], settlement[p])
            if hostile > 0.0 and d.uniform(key, i, day, decisions.RALLY_TARGET, 3) < hostile:
                target = -1
        at[k] = target


@kernel
def draw_by_participants(first, last, taken, reached, u):
    """A taken site among ``taken[first:last]`` in proportion to its participants, of whom there are ``reached[j]`` at sites before ``taken[j]``; -1 if there is none."""
    target, low, high = u * (reached[last] - reached[first]), first, last
    while low < high:
        middle = (low + high) // 2
        if target < reached[middle + 1] - reached[first]:
            high = middle
        else:
            low = middle + 1
    return np.int64(taken[low]) if low < last else np.int64(-1)


@kernel
def sites_to_join(mode, instance, participants, members, place, count, lowest, out):
    """Sites without a measure of which enough members take part elsewhere; returns how many."""
    n = 0
    for s in range(mode.size):
        if instance[s] < 0 and mode[s] < TAKEN and participants[s] > 0:
            if participants[s] >= rules.critical_mass(lowest, members[s], count[place[s]]):
                out[n] = s
                n += 1
    return n


@kernel
def draw_joined(members, people, number_of_site, instance, key, day, lowest, chosen):
    """For each site with a number: the instance in which one of `members` takes part, drawn uniformly (the lowest draw wins)."""
    home, work, measure = people
    for i in members:
        for side in range(2):
            s = home[i] if side == 0 else work[i]
            if s < 0 or number_of_site[s] < 0 or (side == 1 and s == home[i]):
                continue
            u = d.uniform(key, i, day, decisions.RALLY_SITE, side)
            if u < lowest[number_of_site[s]]:
                lowest[number_of_site[s]] = u
                chosen[number_of_site[s]] = instance[measure[i]]


class Rallying(Mechanism):
    """People join measures and leave them; sites join through members who take part elsewhere."""

    name = "rallying"
    phase = "measures"
    reads = (
        *taking_part.READS, "people.position", "people.group", "sites.members", "sites.eligible", "sites.kind", "sites.struggle",
        "places.eligible", "places.residents", "sites.coverage", "provision.shortage", "people.horizon", "places.scope", "instances.content", "instances.practice",
        "contacts.linked", "places.siding", "antagonism.against", "places.settlement",
    )  # fmt: skip
    writes = (
        *taking_part.WRITES, *records.WRITES_OF_BEGINNING, "sites.decided", "days.rallied", "days.left_measures",
    )  # fmt: skip
    columns = (
        *records.COLUMNS, *PROVISION, *SIDING, *SEGMENTATION,
        Column("days", "rallied", "int64", "agent", "people who joined a measure on the day", (0, None)),
        Column("days", "left_measures", "int64", "agent", "people who left a measure on the day of themselves", (0, None)),
    )  # fmt: skip
    outputs = (
        Output("rallied", "person", "people who joined a measure on the day, founders not counted"),
        Output("left_measures", "person", "people who left a measure on the day of themselves"),
    )

    class Parameters(MechanismParameters):
        """Joining and leaving."""

        people: bool = parameter(True, unit="yes/no", source="definition", meaning="whether people join measures that exist")
        sites: bool = parameter(True, unit="yes/no", source="definition", meaning="whether sites join through members who take part elsewhere")
        rate: float = parameter(0.25, unit="1/day", range=(0, 1000), plausible=(0.05, 1), meaning="hazard of joining where all around take part and everything is missing or seems possible (rho)")
        weight_work: float = parameter(0.25, unit="1", range=(0, 1), plausible=(0.05, 0.5), meaning="influence of the site of work")
        weight_neighbourhood: float = parameter(0.25, unit="1", range=(0, 1), plausible=(0.05, 0.5), meaning="influence of the neighbourhood")
        weight_place: float = parameter(0.25, unit="1", range=(0, 1), plausible=(0.05, 0.5), meaning="influence of the place")
        weight_ties: float = parameter(0.25, unit="1", range=(0, 1), plausible=(0.05, 0.5), meaning="influence of ties")
        rate_leaving: float = parameter(0.02, unit="1/day", range=(0, 1000), plausible=(0.005, 0.1), meaning="hazard of leaving where essential needs are covered (l0)")
        rate_leaving_need: float = parameter(0.4, unit="1/day", range=(0, 1000), plausible=(0.1, 1), meaning="added where nothing is covered, with the square of what is missing (l1)")

    parameters: "Rallying.Parameters"

    def setup(self, state: State) -> None:
        self._takes_part, self._carries = state.society.takes_part, state.society.carries
        self._may_change = bool({"people.home", "people.group"} & state.unannounced)
        self.regroup(state)

    def regroup(self, state: State) -> None:
        """Count the residents of each place by group."""
        n = len(state.society.groups)
        self._residents = shares_of_residents(state, np.minimum(state.people.group, n - 1), n)

    def step(self, state: State, day: int, draws: Draws) -> None:
        state.days.rallied[0] = state.days.left_measures[0] = 0
        if not np.any(state.sites.instance >= 0):
            return
        p, seen = self.parameters, Surroundings.of(state)
        joining, at = self._joining(state, seen, day, draws.key) if p.people and p.rate > 0 else (np.empty(0, np.int32),) * 2
        leaving = self._leaving(state, day, draws.key)
        taking_part.leave(state, leaving, ROUTINE)
        taking_part.enter(state, joining, at)
        state.days.rallied[0], state.days.left_measures[0] = joining.size, leaving.size
        if p.sites:
            self._join_sites(state, seen, day, draws.key)

    def _joining(self, state: State, seen: Surroundings, day: int, key: np.uint64) -> tuple[np.ndarray, np.ndarray]:
        p, people, sites, places, ties = self.parameters, state.people, state.sites, state.places, state.society.ties
        n = len(people)
        site_share = np.empty(len(sites))
        highest = shares_of_sites(sites.instance, sites.participants, sites.eligible, site_share)
        place_share = places.participants / np.maximum(1, places.eligible)
        weights = np.array([p.weight_work, p.weight_neighbourhood, p.weight_place, p.weight_ties])
        lack = mean_shortage(state)
        found = np.empty(n, np.int32)
        counts = state.pool.for_blocks(
            find_rallying, n, (people.home, people.work, people.position, people.group, people.activity, people.ties_in_measures, people.horizon),
            ties.offsets, sites.place, site_share, place_share, lack, places.siding, self._takes_part, weights,
            (p.rate, max(highest, float(place_share.max())), float(lack.max())), key, day, found)  # fmt: skip
        rows = gather(found, counts, n, BLOCK)
        if not rows.size:
            return rows, rows
        at = np.empty(rows.size, np.int32)
        state.pool.for_blocks(
            choose_measures, rows.size, rows, (people.home, people.work, people.activity, people.measure, people.ties_in_measures, people.group, people.position), (ties.offsets, ties.neighbours),
            (sites.place, sites.kind, sites.instance), site_share, place_share, weights,
            (seen.sites, seen.by_place, np.append(0, np.cumsum(sites.participants[seen.sites]))),
            state.instances.content, self._among(state, seen), (self._carries, state.society.parameters.care_burden),
            (self._against(state), places.settlement), key, day, at, block=FEW)  # fmt: skip
        return rows[at >= 0], at[at >= 0]

    def _among(self, state: State, seen: Surroundings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Share of each group among the participants of each taken site, a site's row there, and share among the residents of each place."""
        people, n = state.people, self._residents.shape[1]
        number = np.full(len(state.sites), -1, np.int32)
        number[seen.sites] = np.arange(seen.sites.size)
        if n == 1:
            return np.ones((seen.sites.size, 1)), number, self._residents
        if self._may_change:
            self.regroup(state)
        count = state.pool.sum_of_parts(
            count_groups, len(people), (len(state.sites), n), people.group, people.home, people.work, people.measure, n, dtype=np.int32)[seen.sites]  # fmt: skip
        total = count.sum(axis=1, keepdims=True)
        return np.where(total > 0, count / np.maximum(1, total), 1.0), number, self._residents

    @staticmethod
    def _against(state: State) -> np.ndarray:
        against = state.antagonism.against
        return against.reshape(len(state.places), -1) if against.any() else np.zeros((len(state.places), 0), np.float32)

    def _leaving(self, state: State, day: int, key: np.uint64) -> np.ndarray:
        p, taken = self.parameters, np.flatnonzero(state.sites.instance >= 0)
        coverage, probability = state.sites.coverage[taken].astype(float), np.zeros(len(state.sites))
        probability[taken] = 1.0 - np.exp(-rules.leaving_hazard(p.rate_leaving, p.rate_leaving_need, coverage))
        return taking_part.drawn(state, probability, decisions.LEAVE_MEASURE, day, key)

    def _join_sites(self, state: State, seen: Surroundings, day: int, key: np.uint64) -> None:
        sites, people, instances, practices = state.sites, state.people, state.instances, state.practices
        live = instances.practice[sites.instance[seen.sites]]
        rows = np.empty(len(sites), np.int64)
        n = sites_to_join(
            sites.mode, sites.instance, sites.participants, sites.members, sites.place, seen.count, int(practices.mass[live].min()), rows)  # fmt: skip
        if not n:
            return
        rows = rows[:n]
        number, chosen = np.full(len(sites), -1, np.int32), np.full(n, -1, np.int64)
        number[rows] = np.arange(n)
        draw_joined(
            taking_part.members(state, number, IN_MEASURE), (people.home, people.work, people.measure), number, sites.instance, key, day,
            np.full(n, 2.0), chosen)  # fmt: skip
        rows, chosen = rows[chosen >= 0], chosen[chosen >= 0]
        practice = instances.practice[chosen]
        mass = rules.critical_masses(practices.mass[practice], sites.members[rows], seen.count[sites.place[rows]])
        enough = sites.participants[rows] >= mass
        rows, chosen, practice = rows[enough], chosen[enough], practice[enough]
        if rows.size:
            new = records.begin(
                state, day, rows, practice, instances.content[chosen], BY_RALLYING, chosen, np.full(rows.size, -1),
                state.places.scope[sites.place[rows]])  # fmt: skip
            sites.decided[rows] = -1
            state.instances.founders[new] = state.instances.peak[new] = sites.participants[rows]

    def observe(self, state: State) -> dict:
        return {"rallied": state.days.rallied[0] * state.scale, "left_measures": state.days.left_measures[0] * state.scale}
