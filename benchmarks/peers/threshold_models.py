"""The threshold model of `settings` in each package, until nothing changes; adapters as in `sir_models`.

The final set does not depend on the order in which people adopt, so that all must end with the very same people.
`result` gives their number and a digest of their rows.
"""

import hashlib

import numpy as np
from settings import PHI

INACTIVE, ACTIVE = 0, 1


def final_set(rows, people):
    """Number of the adopters, and a digest that tells whether two packages ended with the same ones."""
    active = np.zeros(people, bool)
    active[np.asarray(rows, np.int64)] = True
    return {"active": int(active.sum()), "set": hashlib.blake2b(np.packbits(active).tobytes(), digest_size=8).hexdigest()}


class Communize:
    """Response `threshold` on shares over ties alone; nobody leaves. Everything else is off."""

    def __init__(self, graph):
        import communize as cz

        struggle = {
            "response": "threshold", "threshold_on": "share", "nerve": PHI, "nerve_sd_site": 0.0, "nerve_sd_place": 0.0,
            "nerve_sd_person": 0.0, "rate_leaving": 0.0, "rate_leaving_alone": 0.0, "seed": [{"rows": graph.seeds.tolist()}],
            "weight_ties": 1.0, "weight_work": 0.0, "weight_neighbourhood": 0.0, "weight_place": 0.0,
        }  # fmt: skip
        self.scenario = cz.Scenario({"scenario": {"name": "threshold", "only": ["struggle"]}, "struggle": struggle})
        self.society, self.people = cz.Society.from_graph((graph.people, graph.a, graph.b)), graph.people

    def start(self, seed):
        import communize as cz

        self.simulation = cz.Simulation(self.scenario, seed=seed, society=self.society, threads=1)

    def run(self):
        simulation, before = self.simulation, -1
        while (active := int(simulation.places.active.sum())) != before:
            before = active
            simulation.step()

    def result(self):
        from communize.declare.registry import IN_STRUGGLE

        rows = np.flatnonzero(self.simulation.people.activity == IN_STRUGGLE)
        return {**final_set(rows, self.people), "hash": self.simulation.state_hash()}


class Numba:
    """`full_scan.threshold`."""

    def __init__(self, graph):
        self.graph, (self.offsets, self.neighbours) = graph, graph.rows()

    def start(self, seed):
        self.active = np.zeros(self.graph.people, np.int8)
        self.active[self.graph.seeds] = ACTIVE

    def run(self):
        import full_scan

        full_scan.threshold(self.offsets, self.neighbours, self.active, PHI)

    def result(self):
        return final_set(np.flatnonzero(self.active), self.graph.people)


class Scipy:
    """A sparse matrix times the vector of the active, until nobody is added."""

    def __init__(self, graph):
        from scipy import sparse

        offsets, neighbours = graph.rows()
        self.graph, n = graph, graph.people
        self.matrix = sparse.csr_array((np.ones(neighbours.size, np.int8), neighbours, offsets), shape=(n, n))
        degree = np.diff(offsets)
        self.needed = np.where(degree > 0, np.ceil(PHI * degree), 127).astype(np.int8)

    def start(self, seed):
        self.active = np.zeros(self.graph.people, bool)
        self.active[self.graph.seeds] = True

    def run(self):
        before = -1
        while (count := np.count_nonzero(self.active)) != before:
            before = count
            self.active |= self.matrix @ self.active.astype(np.int8) >= self.needed

    def result(self):
        return final_set(np.flatnonzero(self.active), self.graph.people)


class Mesa:
    """One agent a cell of a `mesa.discrete_space.Network`; the set of inactive agents decides. No data collector."""

    def __init__(self, graph):
        self.graph, self.nx_graph = graph, graph.networkx()

    def start(self, seed):
        import mesa

        class Person(mesa.discrete_space.FixedAgent):
            def __init__(self, model, cell):
                super().__init__(model)
                self.cell, self.state, self.contacts = cell, INACTIVE, []

            def decide(self):
                if self.contacts and sum([other.state for other in self.contacts]) >= PHI * len(self.contacts):
                    self.model.newly.append(self)

        class Threshold(mesa.Model):
            def __init__(self, graph, seeds, seed):
                super().__init__(seed=seed)
                self.network, self.newly = mesa.discrete_space.Network(graph, capacity=1, random=self.random), []
                people = Person.create_agents(self, graph.number_of_nodes(), list(self.network.all_cells))
                self.rows = list(people)
                for person in self.rows:
                    person.contacts = [cell.agents[0] for cell in person.cell.connections.values()]
                for i in seeds:
                    self.rows[i].state = ACTIVE
                self.inactive = self.agents.select(lambda person: person.state == INACTIVE)

            def step(self):
                self.newly.clear()
                self.inactive.do("decide")
                for person in self.newly:
                    person.state = ACTIVE
                    self.inactive.discard(person)

        self.model = None
        mesa.Agent._ids.clear()  # it keeps every model alive
        self.model = Threshold(self.nx_graph, self.graph.seeds.tolist(), seed)

    def run(self):
        self.model.step()
        while self.model.newly:
            self.model.step()

    def result(self):
        return final_set([i for i, person in enumerate(self.model.rows) if person.state == ACTIVE], self.graph.people)


class Ndlib:
    """`ThresholdModel`, which adopts at a share of at least the threshold, all at once."""

    def __init__(self, graph):
        self.graph, self.nx_graph = graph, graph.networkx()

    def start(self, seed):
        from ndlib.models import ModelConfig
        from ndlib.models.epidemics import ThresholdModel

        self.model = ThresholdModel(self.nx_graph, seed=seed)
        config = ModelConfig.Configuration()
        for i in range(self.graph.people):
            config.add_node_configuration("threshold", i, PHI)
        config.add_model_initial_configuration("Infected", self.graph.seeds.tolist())
        self.model.set_initial_status(config)
        self.model.iteration(node_status=False)  # the first one only reports the start

    def run(self):
        while self.model.iteration(node_status=False)["status_delta"][ACTIVE]:
            pass

    def result(self):
        return final_set([i for i, state in self.model.status.items() if state == ACTIVE], self.graph.people)


class Eon:
    """`Gillespie_complex_contagion`: one after another in continuous time; only the final set is comparable."""

    def __init__(self, graph):
        self.graph, self.nx_graph = graph, graph.networkx()

    def start(self, seed):
        self.rng = np.random.default_rng(seed)
        self.first = dict.fromkeys(range(self.graph.people), "S") | dict.fromkeys(self.graph.seeds.tolist(), "I")

    def run(self):
        import EoN

        def rate(graph, node, status, *_):
            if status[node] == "I" or not graph.degree(node):
                return 0.0
            return float(sum(status[other] == "I" for other in graph.neighbors(node)) >= PHI * graph.degree(node))

        def inactive_contacts(graph, node, status, *_):
            return [other for other in graph.neighbors(node) if status[other] == "S"]

        self.history = EoN.Gillespie_complex_contagion(
            self.nx_graph, rate, lambda *_: "I", inactive_contacts, self.first, ("S", "I"), tmax=float("inf"),
            rng=self.rng, return_full_data=True)  # fmt: skip

    def result(self):
        final = self.history.get_statuses(time=self.history.t()[-1])
        return final_set([i for i, state in final.items() if state == "I"], self.graph.people)
