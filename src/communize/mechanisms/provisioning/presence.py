"""Where people outside measures look for what they lack: where they live, and for a part where they work or study, if that is another place."""

from typing import Any

import numpy as np

from communize.kernels.draws import kernel
from communize.kernels.prefetch import AHEAD, prefetch
from communize.mechanisms.base import State


@kernel
def count_pairs(start, stop, part, rows, home, work, site_place, offsets, places, out):
    """Count those of ``rows[start:stop]`` who live in a place and work in another in ``out[part]``, by pair: ``places[offsets[p]:offsets[p + 1]]``,
    ascending, are the places where people of p work.
    """
    count, last = out[part], rows.size - 1
    for k in range(start, stop):
        ahead = rows[min(k + AHEAD, last)]
        prefetch(site_place, home[ahead])
        prefetch(site_place, work[ahead])
        i = rows[k]
        if work[i] < 0:
            continue
        p, q = site_place[home[i]], site_place[work[i]]
        if p != q:
            first, end = offsets[p], offsets[p + 1]
            while end - first > 1:
                middle = (first + end) // 2
                if places[middle] <= q:
                    first = middle
                else:
                    end = middle
            count[first] += 1


class Presence:
    """Who is where.

    Parameters
    ----------
    at_work
        Part of what they lack that those who work elsewhere look for there.
    at_home
        Row of the sector whose need is met at home alone, -1 for none.
    """

    def __init__(self, at_work: float, at_home: int):
        self.at_work, self.at_home = at_work, at_home
        self._residents: Any = None
        self._shares: Any = None
        self._stay = np.ones(0)

    def count(self, state: State) -> None:
        """Count who lives in one place and works in another."""
        from scipy.sparse import coo_array

        people, sites, n = state.people, state.sites, len(state.places)
        rows = np.flatnonzero(people.work >= 0)
        home, work = sites.place[people.home[rows]], sites.place[people.work[rows]]
        away = home != work
        self._residents = self._shares = None
        if self.at_work > 0.0 and away.any():
            self._residents = coo_array((np.ones(np.count_nonzero(away)), (home[away], work[away])), shape=(n, n)).tocsr()
            self._residents.sort_indices()

    def today(self, state: State, participants: np.ndarray) -> None:
        """Take notice of who takes part: `participants` are their rows, int32 (n,)."""
        if self._residents is None:
            return
        from scipy.sparse import csr_array

        people, places, of = state.people, state.places, self._residents
        inside = state.pool.sum_of_parts(
            count_pairs, participants.size, (of.nnz,), participants, people.home, people.work, state.sites.place, of.indptr, of.indices)  # fmt: skip
        outside = np.maximum(1, places.residents - places.participants)
        shares = (of.data - inside) * np.repeat(self.at_work / outside, np.diff(of.indptr))
        self._shares = csr_array((shares, of.indices, of.indptr), shape=of.shape)
        self._stay = np.maximum(0.0, 1.0 - self._shares.sum(axis=1))

    def looked_for(self, values: np.ndarray) -> np.ndarray:
        """What is looked for in each place, of what people of each lack, or how many look for something, (places, sectors) or (places,)."""
        if self._shares is None:
            return values
        out = self._shares.T @ values + (self._stay[:, None] if values.ndim > 1 else self._stay) * values
        return self._kept_at_home(out, values)

    def found(self, values: np.ndarray) -> np.ndarray:
        """Share that people of each place find of what they lack, of that of what is looked for in each, (places, sectors)."""
        if self._shares is None or not values.any():
            return values
        return self._kept_at_home(self._shares @ values + self._stay[:, None] * values, values)

    def _kept_at_home(self, out: np.ndarray, values: np.ndarray) -> np.ndarray:
        if self.at_home >= 0 and values.ndim > 1:
            out[:, self.at_home] = values[:, self.at_home]
        return out
