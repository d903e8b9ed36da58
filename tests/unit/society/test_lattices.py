"""Rings, tori and rewired ties."""

import networkx as nx
import numpy as np
import pytest

import communize as cz
from communize.declare.errors import InputError
from communize.society.parameters import SocietyParameters
from communize.society.ties import TieParameters, Ties


def made(n, seed=0, **ties) -> Ties:
    parameters = SocietyParameters.model_validate({"people": n, "places": {"count": 1}, "ties": ties})
    return cz.Society.synthesise(parameters, seed=seed).ties


def graph_of(ties: Ties) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(range(ties.offsets.size - 1))
    for i in graph:
        graph.add_edges_from((i, int(j)) for j in ties.neighbours[ties.offsets[i] : ties.offsets[i + 1]])
    return graph


def same(graph, other):
    return set(map(frozenset, graph.edges)) == set(map(frozenset, other.edges))


@pytest.mark.parametrize(("n", "degree"), [(11, 2), (12, 4), (20, 10), (9, 8)])
def test_a_ring_is_that_of_networkx(n, degree):
    assert same(graph_of(made(n, form="ring", mean_degree=degree)), nx.circulant_graph(n, range(1, degree // 2 + 1)))


@pytest.mark.parametrize(("width", "height"), [(3, 3), (4, 5), (7, 3)])
def test_a_torus_is_the_grid_of_networkx_without_edges(width, height):
    four = nx.convert_node_labels_to_integers(nx.grid_2d_graph(height, width, periodic=True), ordering="sorted")
    assert same(graph_of(made(width * height, form="torus", mean_degree=4, width=width)), four)
    eight = nx.strong_product(nx.cycle_graph(height), nx.cycle_graph(width))
    eight = nx.convert_node_labels_to_integers(eight, ordering="sorted")
    assert same(graph_of(made(width * height, form="torus", mean_degree=8, width=width)), eight)


def test_a_torus_without_width_is_a_square():
    assert same(graph_of(made(36, form="torus", mean_degree=8)), graph_of(made(36, form="torus", mean_degree=8, width=6)))


@pytest.mark.parametrize("ties", [{"form": "ring", "mean_degree": 8}, {"form": "torus", "mean_degree": 4}, {"mean_degree": 6.0, "clustering": 0.3}])
def test_swaps_keep_degrees_and_make_neither_loops_nor_repeats(ties):
    before, after = made(2500, **ties), made(2500, **ties, rewired=0.4)
    np.testing.assert_array_equal(before.offsets, after.offsets)
    for i in range(2500):
        row = after.neighbours[after.offsets[i] : after.offsets[i + 1]]
        assert np.all(np.diff(row) > 0)
        assert i not in row
    graph = graph_of(after)
    assert all(graph.has_edge(j, i) for i, j in graph.edges)
    kept = len(set(map(frozenset, graph.edges)) & set(map(frozenset, graph_of(before).edges))) / before.n_ties
    # each of n swaps takes two of m ties at random: a tie is left alone with probability (1 - 2/m)^n = exp(-0.4), some come back
    assert kept == pytest.approx(np.exp(-0.4), abs=4 * np.sqrt(0.25 / before.n_ties) + 0.01)


def test_rewiring_all_of_a_ring_ends_its_clustering_and_depends_on_the_seed():
    ring, one, two = (graph_of(made(3000, seed, form="ring", mean_degree=8, rewired=share)) for seed, share in ((0, 0.0), (1, 1.0), (2, 1.0)))
    assert nx.average_clustering(ring) == pytest.approx(9 / 14)
    assert nx.average_clustering(one) < 0.2
    assert not same(one, two)


def test_a_graph_that_allows_no_swap_is_left_as_it_is():
    assert same(graph_of(made(9, form="ring", mean_degree=8, rewired=1.0)), nx.complete_graph(9))


@pytest.mark.parametrize(
    ("n", "ties", "path"),
    [
        (10, {"form": "ring", "mean_degree": 3}, "society.ties.mean_degree"),
        (10, {"form": "ring", "mean_degree": 2.5}, "society.ties.mean_degree"),
        (10, {"form": "ring", "mean_degree": 10}, "society.ties.mean_degree"),
        (16, {"form": "torus", "mean_degree": 6}, "society.ties.mean_degree"),
        (17, {"form": "torus", "mean_degree": 4}, "society.ties.width"),
        (16, {"form": "torus", "mean_degree": 4, "width": 5}, "society.ties.width"),
        (6, {"form": "torus", "mean_degree": 4, "width": 3}, "society.ties.width"),
    ],
)
def test_what_a_form_does_not_have_is_named(n, ties, path):
    with pytest.raises(InputError) as caught:
        made(n, **ties)
    assert caught.value.path == path


def test_the_ties_of_one_person_are_none():
    assert made(1, form="ring", mean_degree=4).neighbours.size == 0
    assert TieParameters().form == "drawn"
