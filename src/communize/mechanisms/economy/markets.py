"""Labour markets: places grouped by contact, and who stands in which market this month."""

import numpy as np

from communize.declare.registry import CONTESTED, TAKEN
from communize.kernels import decisions
from communize.kernels import draws as d
from communize.kernels.draws import kernel
from communize.kernels.matching import sort_by_key
from communize.mechanisms.base import State
from communize.mechanisms.economy.core import UNEMPLOYED


@kernel
def find(parent, place):
    """The place that stands for the group of `place`; shortens the way to it."""
    while parent[place] != place:
        parent[place] = parent[parent[place]]
        place = parent[place]
    return place


@kernel
def group_places(residents, in_order, smallest, contact, parent):
    """Join every group of fewer than `smallest` residents to the group of the strongest contact of one of its places.

    `in_order` are the places by size, the smallest first; `contact` is (offsets, neighbours, weights). `parent` is written.
    """
    offsets, neighbours, weights = contact
    size = residents.astype(np.int64)
    for p in range(parent.size):
        parent[p] = p
    joined = True
    while joined:
        joined = False
        for p in in_order:
            root = find(parent, p)
            if size[root] >= smallest:
                continue
            best, strongest = -1, 0.0
            for j in range(offsets[p], offsets[p + 1]):
                other = find(parent, neighbours[j])
                if other != root and weights[j] > strongest:
                    best, strongest = other, weights[j]
            if best >= 0:
                larger, smaller = (root, best) if size[root] > size[best] else (best, root)
                parent[smaller] = larger
                size[larger] += size[smaller]
                joined = True


@kernel
def stand_in_market(start, stop, block, people, sites, of_place, contact, commuting, key, day, market):
    """The market of each person this month: of the site of work or study, else of the home; seekers may look in a contact place.

    People whose notice has run out leave their site, unless it is contested or held by a measure.

    Parameters
    ----------
    people
        (home, work, position); work is changed.
    sites
        (place, mode).
    of_place
        Market of each place.
    contact
        (offsets, neighbours, cumulative weights).
    commuting
        Share of seekers who look in a contact place.
    """
    home, work, position = people
    place_of, mode = sites
    offsets, neighbours, weights = contact
    for i in range(start, stop):
        s = work[i]
        if position[i] == UNEMPLOYED:
            if s >= 0 and mode[s] != CONTESTED and mode[s] != TAKEN:
                work[i] = s = -1
        if s >= 0:
            market[i] = of_place[place_of[s]]
            continue
        place = place_of[home[i]]
        if position[i] == UNEMPLOYED and offsets[place + 1] > offsets[place]:
            if d.uniform(key, i, day, decisions.ECONOMY_SEEK, 0) < commuting:
                u = d.uniform(key, i, day, decisions.ECONOMY_SEEK, 1) * weights[offsets[place + 1] - 1]
                place = neighbours[d.first_above(weights, offsets[place], offsets[place + 1] - 1, u)]
        market[i] = of_place[place]


class Markets:
    """The labour markets of a society; they depend on places and contact alone.

    Parameters
    ----------
    state
        The state.
    smallest_people
        Places with fewer residents, or with one agent, join the market of their strongest contact.
    one
        Whether all places are one market instead.

    Attributes
    ----------
    of_place
        Market of each place, int32 (places,).
    lead
        Largest place of each market, int64 (markets,).
    identity
        What tells the draws of the markets apart, int64 (markets,): that of its largest place.
    """

    def __init__(self, state: State, smallest_people: float, one: bool = False):
        society, places = state.society, state.places
        contact, identity = society.contact, society.place_list.identity
        parent = np.empty(len(places), np.int64)
        by_size = np.lexsort((identity, places.residents))
        group_places(places.residents, by_size, max(2.0, smallest_people / state.scale), (contact.offsets, contact.neighbours, contact.weights), parent)
        roots = np.array([0 if one else find(parent, p) for p in range(len(places))], np.int64)
        self.lead = np.unique(roots)
        self.of_place = np.searchsorted(self.lead, roots).astype(np.int32)
        for p in by_size:  # the largest place leads
            self.lead[self.of_place[p]] = p
        self.identity = np.asarray(identity, np.int64)[self.lead]
        running = np.cumsum(contact.weights, dtype=np.float64)
        before = np.concatenate([[0.0], running])[contact.offsets[:-1]]
        within = running - np.repeat(before, np.diff(contact.offsets))
        self._contact = (contact.offsets, contact.neighbours, within)

    def __len__(self) -> int:
        return self.lead.size

    def gather(self, state: State, commuting: float, day: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """People by market this month: offsets (markets + 1,), rows of people, and where each person stands among them."""
        people, sites, n = state.people, state.sites, len(state.people)
        market = np.empty(n, np.int32)
        state.pool.for_blocks(
            stand_in_market, n, (people.home, people.work, people.position), (sites.place, sites.mode), self.of_place, self._contact,
            commuting, state.key, day, market)  # fmt: skip
        order = np.empty(n, np.int32)
        rows = np.arange(n, dtype=np.int32)
        offsets = sort_by_key(rows, market, len(self), order)
        slot = np.empty(n, np.int32)
        slot[order] = rows
        return offsets, order, slot
