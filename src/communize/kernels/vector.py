"""Draws for whole arrays of entities: what a mechanism is handed as ``draws``."""

from dataclasses import dataclass

import numpy as np

from communize.kernels import draws as d
from communize.kernels.draws import kernel


@kernel
def fill_uniform(out, entities, key, day, decision, draw):
    for row in range(entities.size):
        out[row] = d.uniform(key, entities[row], day, decision, draw)


@kernel
def fill_uniform_range(out, key, day, decision, draw):
    n = out.size
    for block in range((n + 3) >> 2):
        words = d.shared_block(key, block, day, decision, draw)
        start = block << 2
        out[start] = d.to_unit(words[0])
        if start + 1 < n:
            out[start + 1] = d.to_unit(words[1])
        if start + 2 < n:
            out[start + 2] = d.to_unit(words[2])
        if start + 3 < n:
            out[start + 3] = d.to_unit(words[3])


@kernel
def fill_normal(u):
    for row in range(u.size):
        u[row] = d.normal_quantile(u[row])


@kernel
def fill_poisson(out, means, entities, key, day, decision, draw):
    for row in range(entities.size):
        out[row] = d.poisson(means[row], key, entities[row], day, decision, draw)


@kernel
def fill_binomial(out, n, p, entities, key, day, decision, draw):
    for row in range(entities.size):
        out[row] = d.binomial(n[row], p[row], key, entities[row], day, decision, draw)


@kernel
def fill_categorical(out, cumulative, u):
    total = cumulative[-1]
    for row in range(u.size):
        out[row] = np.searchsorted(cumulative, u[row] * total, side="right")


@dataclass(frozen=True)
class Draws:
    """Counter-based draws bound to a seed, a decision number and a day.

    `entities` is a number n (the entities 0 .. n - 1) or an integer array of stable identities below 2**32. Repeated calls
    with the same arguments give the same numbers; a second, independent number of the same entity on the
    same day takes another `draw` (0 .. 2**31 - 1).
    """

    key: np.uint64
    decision: int
    day: int

    def _entities(self, entities) -> np.ndarray:
        if np.ndim(entities) == 0:
            return np.arange(int(entities), dtype=np.int64)
        return np.ascontiguousarray(entities, dtype=np.int64)

    def uniform(self, entities, draw: int = 0) -> np.ndarray:
        """Uniform numbers in (0, 1), float64, one an entity."""
        if np.ndim(entities) == 0:
            out = np.empty(int(entities))
            fill_uniform_range(out, self.key, self.day, self.decision, draw)
            return out
        ids = self._entities(entities)
        out = np.empty(ids.size)
        fill_uniform(out, ids, self.key, self.day, self.decision, draw)
        return out

    def bernoulli(self, p, entities, draw: int = 0) -> np.ndarray:
        """Booleans, true with probability `p` (scalar or one an entity)."""
        return self.uniform(entities, draw) < p

    def normal(self, entities, draw: int = 0) -> np.ndarray:
        """Standard normal numbers, float64."""
        out = self.uniform(entities, draw)
        fill_normal(out)
        return out

    def poisson(self, mean, entities, draw: int = 0) -> np.ndarray:
        """Poisson numbers, int64; `mean` scalar or one an entity."""
        ids = self._entities(entities)
        out = np.empty(ids.size, np.int64)
        means = np.ascontiguousarray(np.broadcast_to(np.asarray(mean, float), ids.shape))
        fill_poisson(out, means, ids, self.key, self.day, self.decision, draw)
        return out

    def binomial(self, n, p, entities, draw: int = 0) -> np.ndarray:
        """Binomial numbers, int64; `n` and `p` scalars or one an entity."""
        ids = self._entities(entities)
        out = np.empty(ids.size, np.int64)
        sizes = np.ascontiguousarray(np.broadcast_to(np.asarray(n, np.int64), ids.shape))
        probabilities = np.ascontiguousarray(np.broadcast_to(np.asarray(p, float), ids.shape))
        fill_binomial(out, sizes, probabilities, ids, self.key, self.day, self.decision, draw)
        return out

    def categorical(self, weights, entities, draw: int = 0) -> np.ndarray:
        """Indices drawn in proportion to `weights` (1-D, non-negative, not all zero), int64."""
        cumulative = np.cumsum(np.asarray(weights, float))
        if not cumulative.size or not 0 < cumulative[-1] < np.inf:
            raise ValueError("weights must be at least one, non-negative, finite and not all zero")
        u = self.uniform(entities, draw)
        out = np.empty(u.size, np.int64)
        fill_categorical(out, cumulative, u)
        return out
