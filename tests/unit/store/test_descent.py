"""Descent as a graph and in Newick, parsed with a small parser of its own; and the tables of instances and practices."""

import re
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from worlds import MANY_MEASURES, lively

import communize as cz
from communize.declare.registry import CAUSES, CHANNELS, CONTENTS, FORMS, KINDS, SCOPES
from communize.store.descent import descent_graph, newick


@pytest.fixture(scope="module")
def run():
    return cz.run(lively(**MANY_MEASURES), days=40, seed=2, threads=1)


def parse_newick(text):
    """Edges (parent, child, length) of a tree in Newick format; the unnamed root is the empty name."""
    assert text.endswith(";")
    tokens = re.findall(r"[(),;]|[^(),;]+", text)
    edges, open_nodes, closed = [], [], []
    for token, following in zip(tokens, [*tokens[1:], ""]):
        if token == "(":
            open_nodes.append([])
        elif token == ")":
            closed = open_nodes.pop()
            if following in ",);":  # an unnamed node
                assert following == ";"
                edges += [("", name, length) for name, length in closed]
                closed = []
        elif token not in ",;":
            name, length = token.split(":")
            assert re.fullmatch(r"[pi]\d+", name)
            edges += [(name, child, far) for child, far in closed]
            closed = []
            open_nodes[-1].append((name, int(length)))
    assert not open_nodes
    return edges


def test_the_small_parser():
    edges = parse_newick("((p2:3,(p4:1)p3:2)p0:5,p1:0);")
    assert set(edges) == {("p0", "p2", 3), ("p0", "p3", 2), ("p3", "p4", 1), ("", "p0", 5), ("", "p1", 0)}


@pytest.mark.parametrize("of", ["practices", "instances"])
def test_the_tree_is_the_graph_is_the_table(of, run):
    frame, began = getattr(run, of), {"practices": "day", "instances": "began"}[of]
    graph = descent_graph(run, of)
    assert isinstance(graph, nx.DiGraph)
    assert nx.is_forest(graph)
    assert set(graph) == set(range(len(frame)))
    assert graph.graph == {"of": of, "name": "lively", "seed": 2}
    wanted = {(int(parent), row) for row, parent in enumerate(frame["parent"]) if parent >= 0}
    assert set(graph.edges) == wanted
    assert len(wanted) > 20
    for parent, child, values in graph.edges(data=True):
        assert values["channel"] == frame["channel"][child]
        assert values["days"] == frame[began][child] - frame[began][parent] >= 0
    for node, values in graph.nodes(data=True):
        assert values == frame.loc[node].to_dict()
    edges = parse_newick(newick(run, of))
    name = {row: f"{of[0]}{row}" for row in range(len(frame))}
    assert {(parent, child) for parent, child, _ in edges} == {(name.get(parent, ""), name[row]) for row, parent in enumerate(frame["parent"])}
    assert len(edges) == len(frame)
    for parent, child, length in edges:
        row = int(child[1:])
        assert length == frame[began][row] - (frame[began][int(parent[1:])] if parent else 0)


def made_up(parents, days):
    frame = pd.DataFrame({"parent": parents, "day": days, "channel": "adaptation"})
    return SimpleNamespace(practices=frame, instances=frame.rename(columns={"day": "began"}), scenario=SimpleNamespace(name="x"), seed=1)


@pytest.mark.parametrize("of", ["practices", "instances"])
def test_a_long_chain_needs_no_recursion(of):
    n = 5_000
    run = made_up(np.arange(n) - 1, np.arange(n) * 2)
    assert nx.dag_longest_path_length(descent_graph(run, of), weight=None) == n - 1
    edges = parse_newick(newick(run, of))
    assert len(edges) == n
    assert {length for parent, _, length in edges if parent} == {2}
    assert ("", f"{of[0]}0", 0) in edges


def test_a_star_and_many_origins():
    edges = parse_newick(newick(made_up([-1, 0, 0, 0, -1, -1], [4, 4, 6, 9, 5, 7])))
    assert set(edges) == {("", "p0", 4), ("p0", "p1", 0), ("p0", "p2", 2), ("p0", "p3", 5), ("", "p4", 5), ("", "p5", 7)}


def test_without_measures_there_is_no_tree_and_an_empty_graph():
    run = cz.run(lively(**{"measures.enabled": False}), days=3, seed=1, threads=1)
    assert len(descent_graph(run)) == len(descent_graph(run, "instances")) == 0
    with pytest.raises(ValueError, match="no practices"):
        newick(run)
    with pytest.raises(ValueError, match="allowed: practices, instances"):
        newick(run, "struggles")
    with pytest.raises(ValueError, match="struggles"):
        descent_graph(run, "struggles")


# --- the tables ---


@pytest.fixture(scope="module")
def simulation():
    return cz.Simulation(lively(**MANY_MEASURES, **{"society.people": 6_000, "society.scale": 3.0}), seed=2, threads=1).run(30)


def test_one_row_an_instance_in_people(simulation):
    from communize.store.frames import instances_frame

    frame, table = instances_frame(simulation), simulation.instances
    assert len(frame) == len(table) > 50
    assert frame["instance"].tolist() == list(range(len(table)))
    for name, labels in (("channel", CHANNELS), ("cause", CAUSES), ("scope", SCOPES)):
        assert frame[name].tolist() == [labels[code] for code in getattr(table, name)]
    for name in ("practice", "parent", "beside", "struggle", "began", "ended", "site", "births"):
        assert frame[name].tolist() == getattr(table, name).tolist(), name
    assert frame["kind"].tolist() == [KINDS[simulation.sites.kind[site]] for site in table.site]
    assert frame["place"].tolist() == simulation.society.place_list.name[table.place].tolist()
    assert frame["duration_days"].tolist() == [(last if last >= 0 else 30) - first for first, last in zip(table.began, table.ended)]
    for name, column in (("founders_people", "founders"), ("peak_people", "peak"), ("person_days", "person_days")):
        assert frame[name].tolist() == (getattr(table, column) * 3.0).tolist()
    for number, name in enumerate(CONTENTS):
        np.testing.assert_array_equal(frame[f"content_{name}"], table.content[:, number])
    assert (frame["peak_people"] >= frame["founders_people"]).all()


def test_one_row_a_practice_with_its_needs_in_words(simulation):
    from communize.store.frames import practices_frame

    frame, table = practices_frame(simulation), simulation.practices
    assert len(frame) == len(table) > 10
    sectors = simulation.society.sectors
    assert frame["needs"].tolist() == [" ".join(sectors[k] for k in row if k >= 0) for row in table.needs.tolist()]
    assert "food energy_water" in set(frame["needs"])
    assert frame["form"].tolist() == [FORMS[code] for code in table.form]
    assert frame["instances"].tolist() == [int((simulation.instances.practice == row).sum()) for row in range(len(table))]
    assert frame["critical_mass_people"].tolist() == (table.mass * 3.0).tolist()
    assert frame["origin"].tolist() == table.origin.tolist()


def test_places_count_what_began_there(simulation):
    from communize.store.frames import places_frame

    frame = places_frame(simulation)
    assert frame["instances_begun"].sum() == len(simulation.instances)
    assert frame["instances_begun"].tolist() == [int((simulation.instances.place == place).sum()) for place in range(len(frame))]
    np.testing.assert_array_equal(frame["generalisation_number"], simulation.places.generalisation)
    assert np.isfinite(frame["generalisation_number"]).any()
