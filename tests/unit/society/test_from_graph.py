"""Societies from graphs."""

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp
from alone import struggle_alone

import communize as cz


def rows(society):
    ties = society.ties
    return [ties.neighbours[ties.offsets[i] : ties.offsets[i + 1]].tolist() for i in range(len(society.people))]


def test_a_graph_of_networkx_keeps_the_order_of_its_nodes():
    graph = nx.Graph([("c", "a"), ("a", "b"), ("b", "b")])
    assert rows(cz.Society.from_graph(graph)) == [[1], [0, 2], [1]]  # c, a, b; the loop is dropped


def test_matrices_and_pairs_give_the_same_society():
    graph = nx.gnm_random_graph(50, 120, seed=3)
    a, b = np.array(graph.edges).T
    wanted = rows(cz.Society.from_graph(graph))
    assert rows(cz.Society.from_graph(nx.to_scipy_sparse_array(graph))) == wanted
    assert rows(cz.Society.from_graph(sp.csr_matrix(nx.to_numpy_array(graph)))) == wanted
    assert rows(cz.Society.from_graph((50, np.r_[a, b], np.r_[b, a]))) == wanted  # repeats are dropped


def test_attributes_of_nodes_become_columns_and_nerves_stay_as_given():
    graph = nx.path_graph(4)
    nx.set_node_attributes(graph, {0: 0.5, 1: 0.1, 2: 0.2, 3: 0.9}, "nerve")
    nx.set_node_attributes(graph, "student", "position")
    society = cz.Society.from_graph(graph)
    sim = cz.Simulation(struggle_alone(struggle__nerve=7.0), society=society)
    np.testing.assert_array_equal(sim.people.nerve, np.array([0.5, 0.1, 0.2, 0.9], np.float32))
    np.testing.assert_array_equal(sim.people.position, 4)
    np.testing.assert_array_equal(sim.branch({"struggle.nerve": 3.0}).people.nerve, sim.people.nerve)
    with pytest.raises(cz.InputError, match=r"struggle\.nerves"):
        cz.Simulation(struggle_alone(struggle__nerves=[1.0]), society=society)


def test_a_run_says_that_the_society_was_given():
    run = cz.run(struggle_alone(), days=1, society=cz.Society.from_graph(nx.path_graph(5)))
    assert any("made outside the scenario" in note for note in run.info["notes"])
    assert run.info["agents"] == 5


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (nx.DiGraph([(0, 1)]), "undirected"),
        (sp.csr_matrix(np.array([[0, 1], [0, 0]])), "symmetric"),
        (sp.csr_matrix(np.ones((2, 3))), "square"),
        ([[0, 1]], "NetworkX graph"),
        ((2, [0], [5]), "0 to 1"),
        ((2, [0.5], [1.0]), "whole numbers"),
        ((65_537, np.zeros(65_536, int), np.arange(1, 65_537)), "person 0 with 65536 ties"),
    ],
)
def test_what_is_no_graph_is_refused(graph, words):
    with pytest.raises(cz.InputError, match=words):
        cz.Society.from_graph(graph)


def test_an_attribute_at_some_nodes_only_is_refused():
    graph = nx.path_graph(3)
    graph.nodes[1]["nerve"] = 0.5
    with pytest.raises(cz.InputError, match="1 of 3 nodes"):
        cz.Society.from_graph(graph)
