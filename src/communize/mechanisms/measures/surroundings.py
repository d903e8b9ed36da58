"""What each place sees of measures: instances there, in contact places, linked, remembered."""

from dataclasses import dataclass, replace

import numpy as np

from communize.kernels.draws import kernel
from communize.kernels.synthesis import counting_sort
from communize.mechanisms.base import State


@kernel
def count_linked(offsets, neighbours, linked, n, out):
    """Instances in the places that each place is linked to."""
    for p in range(n.size):
        out[p] = 0.0
        for j in range(offsets[p], offsets[p + 1]):
            if linked[j]:
                out[p] += n[neighbours[j]]


@kernel
def add_ties(start, stop, block, home, work, offsets, total):
    """Ties of the members [start, stop) of each site, added up in the row `block` of `total`."""
    for i in range(start, stop):
        degree = offsets[i + 1] - offsets[i]
        total[block, home[i]] += degree
        if work[i] >= 0 and work[i] != home[i]:
            total[block, work[i]] += degree


@dataclass(frozen=True)
class Surroundings:
    """Measures as places see them at one moment.

    Attributes
    ----------
    sites
        Sites with a measure in force, by place.
    by_place
        Offsets of each place into `sites` (places + 1,).
    count
        Instances in force in each place.
    near
        Sum over contact places of contact W times instances there.
    linked
        Instances in linked places.
    """

    sites: np.ndarray
    by_place: np.ndarray
    count: np.ndarray
    near: np.ndarray
    linked: np.ndarray

    @classmethod
    def of(cls, state: State) -> "Surroundings":
        """The surroundings as the state is now; work in proportion to sites and places."""
        taken = np.flatnonzero(state.sites.instance >= 0)
        n = len(state.places)
        offsets, order = np.zeros(n + 1, np.int64), np.empty(taken.size, np.int32)
        counting_sort(state.sites.place[taken].astype(np.int32), n, offsets, order)
        count = np.diff(offsets)
        near = state.society.contact.mean(count.astype(float)) if taken.size else np.zeros(n)
        return cls(taken[order].astype(np.int32), offsets, count, near, np.zeros(n)).relinked(state)

    def relinked(self, state: State) -> "Surroundings":
        """The same measures with the links as they are now."""
        linked, contact = np.zeros(len(state.places)), state.society.contact
        if np.any(state.contacts.linked):
            count_linked(contact.offsets, contact.neighbours, state.contacts.linked, self.count, linked)
        return replace(self, linked=linked)


def ties_of_sites(state: State) -> np.ndarray:
    """Ties of the members of each site, int64 (sites,)."""
    people = state.people
    return state.pool.sum_of_parts(add_ties, len(people), (len(state.sites),), people.home, people.work, state.society.ties.offsets)


def shares_of_residents(state: State, side: np.ndarray, n: int) -> np.ndarray:
    """Share of the residents of each place on each of `n` sides, float64 (places, n); `side` is that of each person."""
    home = state.sites.place[state.people.home].astype(np.int64)
    count = np.bincount(home * n + side, minlength=len(state.places) * n).reshape(-1, n)
    return count / np.maximum(1, state.places.residents)[:, None]
