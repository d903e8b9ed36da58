"""The laws of joining and leaving: who moves today, by the response that the scenario chooses (`model.md` section 5)."""

from typing import Any

import numpy as np

from communize.kernels.blocks import BLOCK, gather
from communize.kernels.matching import sort_by_key
from communize.mechanisms.base import State
from communize.mechanisms.struggle import loops, responses

NOBODY = np.zeros(0, np.uint16)  # ties into measures where there are none

Movers = tuple[np.ndarray, np.ndarray]  # rows of people who join, and who leave


def risk_of_places(state: State, p: Any) -> np.ndarray:
    """Risk of taking part in each place, float64 (places,)."""
    places = state.places
    if not np.count_nonzero(places.force):  # several times faster than any() where places are few
        return np.zeros(len(places))
    moving = places.active + places.participants
    return 1.0 - np.exp(-p.deterrence * places.force * state.scale / (1.0 + moving * state.scale))


class Surroundings:
    """People in motion (in struggle or in measures) around each person: among ties, and in places.

    All of it follows from the activities of people; it is kept between days so that only changes need work.
    """

    def __init__(self, state: State, p: Any):
        n, ties = len(state.people), state.society.ties
        self.p = p
        self.tied = p.weight_ties > 0 and ties.neighbours.size > 0
        self.active_ties, self.counted = np.zeros(n, np.uint16), np.zeros(n, np.uint8)
        self.eligible_ties, self.eligible = np.zeros(n, np.int32), np.zeros(n, np.bool_)
        self.who_changes = bool({"people.position", "people.group"} & state.unannounced)
        self.count_eligible(state)

    def count_eligible(self, state: State) -> None:
        """Bring each person's number of ties to people who can take part up to date with who can now."""
        if self.tied:
            people, ties = state.people, state.society.ties
            loops.count_eligible_ties(
                ties.offsets, ties.neighbours, state.society.takes_part, people.position, people.group, self.eligible, self.eligible_ties)

    def moved(self, state: State, joined: np.ndarray, left: np.ndarray) -> None:
        """Count people who have just joined and left among the ties of others."""
        if self.tied:
            ties = state.society.ties
            responses.push_moved(joined, left, self.counted, ties.offsets, ties.neighbours, self.active_ties)

    def count_ties(self, state: State) -> None:
        """Bring the numbers of ties to people in struggle up to date with what other mechanisms did."""
        if self.who_changes:
            self.count_eligible(state)
        if self.tied:
            ties = state.society.ties
            responses.push(state.people.activity, self.counted, ties.offsets, ties.neighbours, self.active_ties)

    def of_places(self, state: State, share: bool = True) -> np.ndarray:
        """Share (or number) of people in motion, from the own place, its contact places and the whole country, float64 (places,)."""
        p, places = self.p, state.places
        own = (places.active + places.participants).astype(np.float64)
        whole = own.sum()
        if not share:
            own, whole = own * state.scale, whole * state.scale
        else:
            own, whole = np.minimum(1.0, own / np.maximum(1, places.eligible)), whole / max(1, places.eligible.sum())
        contact = state.society.contact
        others = (1 - p.uniform_share) * contact.mean(own) + p.uniform_share * whole
        influence = (1 - p.away_share) * own + p.away_share * others
        lone = np.diff(contact.offsets) == 0  # the weight of the contact places that a place lacks falls to the others
        there = 1 - p.away_share * (1 - p.uniform_share)
        influence[lone] = influence[lone] / there if there > 0 else own[lone]
        return influence


class Logistic:
    """The response `logistic`: pressure, influence, risk and fatigue against nerve, smoothly."""

    def __init__(self, state: State, p: Any, around: Surroundings):
        self.p, self.around, self.logs, self.takes_part = p, around, loops.log_table(), state.society.takes_part

    def regroup(self, state: State) -> None:
        """Nothing is kept between days."""

    def movers(self, state: State, risk: np.ndarray, day: int, key: np.uint64) -> Movers:
        """Rows of the people who join and who leave, each ascending; `risk` as `risk_of_places` gives it."""
        p, people, sites, places, around = self.p, state.people, state.sites, state.places, self.around
        quiet = (p.weight_coercion * places.coercion - p.weight_risk * risk).astype(np.float64)
        n = len(people)
        terms = np.empty((len(sites), 5))
        loops.site_terms(
            sites.active, sites.participants, sites.eligible, sites.place, sites.incident, sites.relief, sites.fatigue, sites.exploitation,
            quiet + places.shock + p.weight_horizon * (places.horizon * places.free_coverage), (p.fatigue_weight, p.weight_exploitation), terms)  # fmt: skip
        around.count_ties(state)
        found = np.empty(n, np.int32)
        counts = state.pool.for_blocks(
            loops.find_joiners, n,
            (people.home, people.work, people.position, people.group, people.activity, people.belonging, people.nerve, people.unmet, people.removed, people.debt,
             people.income),
            (around.active_ties, people.ties_in_measures, around.eligible_ties), sites.place, terms, (around.of_places(state), quiet),
            self.takes_part,
            (p.weight_work, p.weight_neighbourhood, p.weight_place, p.weight_ties, p.weight_need, p.weight_constraint, p.weight_debt * float(state.economy.service[0])),
            (p.coupling, p.temperature, p.rate_joining, p.spontaneous), self.logs, key, day, found)  # fmt: skip
        joined = gather(found, counts, n, BLOCK)
        counts = state.pool.for_blocks(
            loops.find_leavers, n, people.home, people.work, people.activity, sites.active + sites.participants, p.rate_leaving,
            p.rate_leaving_alone, key, day, found)  # fmt: skip
        return joined, gather(found, counts, n, BLOCK)


class Exposed:
    """The responses `threshold` and `contacts`: exposure to people in motion alone (see `responses`)."""

    def __init__(self, state: State, p: Any, around: Surroundings):
        self.p, self.around, self.bounds = p, around, responses.hazard_bounds()
        self.takes_part, people = state.society.takes_part, state.people
        if p.response == "contacts":
            self.what, self.rate = responses.CONTACTS, p.rate_contact
        else:
            self.what = responses.SHARE_THRESHOLD if p.threshold_on == "share" else responses.COUNT_THRESHOLD
            with np.errstate(divide="ignore"):
                self.rate = float(-np.log1p(-p.threshold_probability))
        self.everybody = bool(self.takes_part.all())
        self.holding = np.float32(np.inf if p.holding is None else p.holding)
        self.only_ties = p.weight_work == p.weight_neighbourhood == p.weight_place == 0
        n, n_sites = len(people), 1 if self.only_ties else len(state.sites)
        self.at_home, self.at_work = np.zeros((n_sites, 3)), np.zeros((n_sites, 3))
        self.mark = np.zeros((n >> responses.GROUP_BITS) + 1, np.uint8)
        self.members = None
        if not self.only_ties and p.weight_place == 0:
            self.members = members_by_site(people.home, people.work, n_sites)
        self.joined, self.left = np.empty(n, np.int32), np.empty(n, np.int32)

    def regroup(self, state: State) -> None:
        """Take notice of people who changed sites, and of new sites."""
        if self.members is not None:
            self.members = members_by_site(state.people.home, state.people.work, len(state.sites))
        if not self.only_ties and len(self.at_home) < len(state.sites):
            self.at_home, self.at_work = np.zeros((len(state.sites), 3)), np.zeros((len(state.sites), 3))

    def movers(self, state: State, risk: np.ndarray, day: int, key: np.uint64) -> Movers:
        """Rows of the people who join and who leave, each ascending."""
        p, people, sites, places, around = self.p, state.people, state.sites, state.places, self.around
        around.count_ties(state)
        measures = np.count_nonzero(places.participants) > 0
        moving = sites.active + sites.participants if measures else sites.active
        mark = self.mark
        mark[:] = 0
        if self.what != responses.CONTACTS:
            responses.mark_unmoved(people.nerve, mark)
        if not self.only_ties:
            by_share = self.what == responses.SHARE_THRESHOLD
            responses.exposure_of_sites(
                (sites.active, sites.participants, sites.eligible, sites.place), around.of_places(state, by_share),
                (p.weight_work, p.weight_neighbourhood, p.weight_place), by_share, float(state.scale), self.at_home, self.at_work)  # fmt: skip
            if self.members is not None:
                responses.mark_exposed(*self.members, moving, mark)
            elif moving.any():
                mark[:] = 1
        n = len(people)
        block = BLOCK if state.pool.threads > 1 else max(1, n)  # one call where there is one thread
        found = state.pool.for_blocks(
            responses.find_movers, n,
            (people.home, people.work, people.position, people.group, people.activity, people.nerve, people.removed),
            (around.active_ties, people.ties_in_measures if measures else NOBODY, around.eligible_ties), (self.at_home, self.at_work, moving), mark,
            (self.what, self.only_ties, float(p.weight_ties), self.rate, p.rate_leaving, p.rate_leaving_alone, self.holding,
             self.takes_part, self.everybody), self.bounds, key, day, self.joined, self.left, block=block)  # fmt: skip
        joined, left = ([pair[k] for pair in found] for k in (0, 1))
        return gather(self.joined, joined, n, block), gather(self.left, left, n, block)


def members_by_site(home: np.ndarray, work: np.ndarray, n_sites: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of people by site of home and of work: order, and offsets (sites + 1,)."""
    rows = np.arange(home.size, dtype=np.int32)
    working = work >= 0
    site = np.concatenate([home, work[working]])
    order = np.empty(site.size, np.int32)
    return order, sort_by_key(np.concatenate([rows, rows[working]]), site, n_sites, order)


LAWS = {"logistic": Logistic, "threshold": Exposed, "contacts": Exposed}
