"""The graphs that all packages get: drawn once from a fixed seed and kept as edge lists."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import settings

CACHE = Path(__file__).parent / ".cache"


class Graph(NamedTuple):
    """An undirected simple graph of `people`: the ends `a` < `b` of each edge, and the `seeds` of the model."""

    people: int
    a: np.ndarray
    b: np.ndarray
    seeds: np.ndarray

    def rows(self):
        """Adjacency rows (offsets int64, neighbours int32), each ascending."""
        ends = np.concatenate((self.a, self.b)).astype(np.int64)
        others = np.concatenate((self.b, self.a))
        order = np.argsort(ends * self.people + others)
        offsets = np.zeros(self.people + 1, np.int64)
        np.cumsum(np.bincount(ends, minlength=self.people), out=offsets[1:])
        return offsets, others[order].astype(np.int32)

    def networkx(self):
        """The same as a `networkx.Graph`."""
        import networkx as nx

        graph = nx.Graph()
        graph.add_nodes_from(range(self.people))
        graph.add_edges_from(zip(self.a.tolist(), self.b.tolist()))
        return graph


def random_graph(people, mean_degree):
    """G(n, p): a binomial number of edges, then as many different pairs, all alike likely."""
    rng = np.random.default_rng([settings.GRAPH_SEED, people, round(mean_degree * 1000)])
    wanted = rng.binomial(people * (people - 1) // 2, mean_degree / (people - 1))
    pairs = np.empty(0, np.int64)
    while pairs.size < wanted:
        a, b = rng.integers(0, people, (2, wanted - pairs.size + 1000))
        drawn = np.minimum(a, b) * people + np.maximum(a, b)
        pairs = np.unique(np.concatenate((pairs, drawn[a != b])))
    pairs = np.sort(rng.choice(pairs, wanted, replace=False, shuffle=False))
    seeds = np.sort(rng.choice(people, round(settings.SEED_SHARE * people), replace=False))
    return Graph(people, (pairs // people).astype(np.int32), (pairs % people).astype(np.int32), seeds.astype(np.int32))


def load(model, people):
    """The graph of a model at a size, from the cache if it is there."""
    mean_degree = {"sir": settings.SIR_MEAN_DEGREE, "threshold": settings.THRESHOLD_MEAN_DEGREE}[model]
    path = CACHE / f"graph-{settings.GRAPH_SEED}-{mean_degree:g}-{people}.npz"
    if path.exists():
        with np.load(path) as arrays:
            return Graph(people, arrays["a"], arrays["b"], arrays["seeds"])
    graph = random_graph(people, mean_degree)
    CACHE.mkdir(exist_ok=True)
    part = path.with_suffix(".part.npz")
    np.savez(part, a=graph.a, b=graph.b, seeds=graph.seeds)
    part.replace(path)
    return graph


def degrees(graph):
    """People by degree: those that are not seeds, and the seeds (for the prediction of `checks`)."""
    degree = np.bincount(np.concatenate((graph.a, graph.b)), minlength=graph.people)
    seeded = np.zeros(graph.people, bool)
    seeded[graph.seeds] = True
    size = int(degree.max()) + 1
    return {"others": np.bincount(degree[~seeded], minlength=size).tolist(), "seeds": np.bincount(degree[seeded], minlength=size).tolist()}
