"""What a branch keeps of the state, and what it draws anew."""

import networkx as nx
import numpy as np
import pytest
from alone import struggle_alone
from worlds import ECONOMY, lively

import communize as cz
from communize.declare.registry import POSITIONS


class Calm(cz.Mechanism):
    """Sets the nerve of everybody on day 0."""

    phase = "economy"
    writes = ("people.nerve",)

    class Parameters(cz.Parameters):
        nerve: float = cz.parameter(0.0, unit="1", range=(-10, 10), source="definition", meaning="nerve of all")

    def step(self, state, day, draws):
        if day == 0:
            state.people.nerve[:] = self.parameters.nerve


def test_nerves_that_a_mechanism_sets_move_everybody():
    """They are looked at when they change, not only as they were drawn."""
    sim = cz.Simulation(
        struggle_alone(people=20_000, struggle__response="threshold", struggle__threshold_on="count", struggle__nerve=1.0).with_mechanism(Calm), seed=1)
    sim.run(2)
    assert (sim.people.activity == 1).all()


def test_a_branch_keeps_nerves_unless_it_changes_their_law():
    scenario = struggle_alone(struggle__response="threshold", struggle__threshold_on="count", struggle__nerve=1.0, struggle__nerve_sd_person=0.5)
    sim = cz.Simulation(scenario.with_mechanism(Calm, nerve=5.0), seed=1).run(3)
    np.testing.assert_array_equal(sim.branch().people.nerve, 5.0)
    np.testing.assert_array_equal(sim.branch({"struggle.rate_leaving": 0.1}).people.nerve, 5.0)
    fresh = cz.Simulation(scenario.replace({"struggle.nerve": 2.0}), seed=1)
    np.testing.assert_array_equal(sim.branch({"struggle.nerve": 2.0}).people.nerve, fresh.people.nerve)


class Everybody(cz.Mechanism):
    """On day 1 all become stable, who can take part."""

    phase = "economy"
    writes = ("people.position", "sites.eligible", "places.eligible")

    def step(self, state, day, draws):
        if day == 1:
            state.people.position[:] = POSITIONS.index("stable")
            state.sites.eligible[:] = state.sites.members
            state.places.eligible[:] = state.places.residents


def test_ties_to_people_who_can_take_part_follow_their_positions():
    changes = {f"society__positions__{name}__takes_part": name != "state_force" for name in POSITIONS}
    scenario = struggle_alone(struggle__response="threshold", struggle__nerve=0.9, struggle__seed=[{"day": 2, "rows": [0]}], **changes)
    graph = nx.path_graph(60)
    nx.set_node_attributes(graph, {node: "stable" if node == 0 else "state_force" for node in graph}, "position")
    society = cz.Society.from_graph(graph, parameters=scenario.society)
    sim = cz.Simulation(scenario.with_mechanism(Everybody), seed=1, society=society).run(3)
    assert sim.branch().run(6).state_hash() == sim.run(6).state_hash()


def test_seeds_before_a_branch_are_noted():
    sim = cz.Simulation(struggle_alone(struggle__response="contacts"), seed=1).run(3)
    branch = sim.branch({"struggle.seed": [{"people": 10}]}).run(2)
    assert branch.notes() == ["struggle.seed[0]: day 0 lies before the branch: it does not begin"]


def test_a_branch_cannot_change_the_lattice():
    sim = cz.Simulation(cz.load("epstein-2002").replace({"society.people": 74}), seed=1).run(2)
    with pytest.raises(cz.InputError, match=r"civil_violence\.width"):
        sim.branch({"civil_violence.width": 80})


def test_a_folder_holds_runs_of_one_society(tmp_path):
    scenario = struggle_alone(days=2)
    cz.run(scenario, society=cz.Society.from_graph(nx.cycle_graph(10))).save(tmp_path / "run")
    cz.run(scenario, society=cz.Society.from_graph(nx.cycle_graph(10))).save(tmp_path / "run")
    with pytest.raises(cz.InputError, match="society_hash"):
        cz.run(scenario, society=cz.Society.from_graph(nx.cycle_graph(12))).save(tmp_path / "run")


def test_a_lively_branch_without_changes_goes_on():
    sim = cz.Simulation(lively(**{"struggle.response": "threshold", "struggle.nerve": 0.2, "struggle.leaving_for_good": 0.3}), seed=2).run(20)
    assert sim.branch().run(10).state_hash() == sim.run(10).state_hash()


@pytest.mark.parametrize(("response", "weight_place", "only_ties"), [("logistic", 0.25, 0), ("threshold", 0.25, 0), ("threshold", 0.0, 0), ("contacts", 0.0, 0), ("threshold", 0.0, 1)])
def test_what_a_mechanism_keeps_follows_people_who_change_sites_and_positions(response, weight_place, only_ties):
    """A branch counts everything anew: it goes on as the trunk does, whatever months have changed since the trunk counted."""
    changes = {"struggle.response": response, "struggle.weight_place": weight_place, "struggle.nerve": 0.9 if response == "logistic" else 0.15, "struggle.rate_contact": 0.3,
               "struggle.seed": [{"day": 2, "share": 0.05}]}  # fmt: skip
    if only_ties:
        changes |= {"struggle.weight_work": 0.0, "struggle.weight_neighbourhood": 0.0}
    positions = {f"society.positions.{name}.takes_part": name not in ("unemployed", "state_force") for name in POSITIONS}
    sim = cz.Simulation(lively(**{**ECONOMY, **changes, **positions}), seed=2, threads=1)
    n_sites, joined = len(sim.sites), 0
    for _ in range(4):
        sim.run(7)
        twin = sim.branch()
        assert twin.run(7).state_hash() == sim.run(7).state_hash()
        joined += sim.series.joined.values[-14:].sum()
    assert len(sim.sites) > n_sites
    assert joined > 50
