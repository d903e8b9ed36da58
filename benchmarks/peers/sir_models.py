"""The SIR of `settings` in each package.

An adapter is made once for a graph (`__init__`) and set up once for each run (`start`); only `run` is timed. `result` gives
how many were ever infected. Where a package offers several ways, the fastest that we know is taken.
"""

import numpy as np
import settings
from settings import BETA, GAMMA, SIR_STEPS

SUSCEPTIBLE, INFECTED, RECOVERED = 0, 1, 2


class Communize:
    """Response `contacts` over ties alone; who leaves never joins again. Everything else is off; daily series are kept."""

    def __init__(self, graph):
        import communize as cz

        struggle = {
            "response": "contacts", "rate_contact": settings.HAZARD_CONTACT, "rate_leaving": settings.HAZARD_RECOVERY,
            "rate_leaving_alone": 0.0, "leaving_for_good": 1.0, "contested_share": 1.0, "seed": [{"rows": graph.seeds.tolist()}],
            "weight_ties": 1.0, "weight_work": 0.0, "weight_neighbourhood": 0.0, "weight_place": 0.0,
        }  # fmt: skip
        self.scenario = cz.Scenario({"scenario": {"name": "sir", "days": SIR_STEPS, "only": ["struggle"]}, "struggle": struggle})
        self.society = cz.Society.from_graph((graph.people, graph.a, graph.b))

    def start(self, seed):
        import communize as cz

        self.simulation = cz.Simulation(self.scenario, seed=seed, society=self.society, threads=1)

    def run(self):
        self.simulation.run(SIR_STEPS)

    def result(self):
        from communize.declare.registry import IN_STRUGGLE

        people = self.simulation.people
        infected = np.count_nonzero((people.activity == IN_STRUGGLE) | (people.removed == 1))
        return {"infected": int(infected), "hash": self.simulation.state_hash()}


class Numba:
    """`full_scan.sir`."""

    def __init__(self, graph):
        self.graph, (self.offsets, self.neighbours) = graph, graph.rows()
        self.p_infection = 1.0 - (1.0 - BETA) ** np.arange(np.diff(self.offsets).max() + 1)

    def start(self, seed):
        self.rng, self.state = np.random.default_rng(seed), np.zeros(self.graph.people, np.int8)
        self.state[self.graph.seeds] = INFECTED

    def run(self):
        import full_scan

        self.state = full_scan.sir(self.offsets, self.neighbours, self.state, self.p_infection, GAMMA, SIR_STEPS, self.rng)

    def result(self):
        return {"infected": int(np.count_nonzero(self.state != SUSCEPTIBLE))}


class Scipy:
    """A sparse matrix times the vector of the infected; draws only for who has an infected contact or is infected."""

    def __init__(self, graph):
        from scipy import sparse

        offsets, neighbours = graph.rows()
        self.graph, n = graph, graph.people
        self.matrix = sparse.csr_array((np.ones(neighbours.size, np.int8), neighbours, offsets), shape=(n, n))
        self.p_infection = 1.0 - (1.0 - BETA) ** np.arange(np.diff(offsets).max() + 1)

    def start(self, seed):
        self.rng, self.state = np.random.default_rng(seed), np.zeros(self.graph.people, np.int8)
        self.state[self.graph.seeds] = INFECTED

    def run(self):
        state, rng = self.state, self.rng
        for _ in range(SIR_STEPS):
            infected = state == INFECTED
            contacts = self.matrix @ infected.astype(np.int8)
            exposed = np.flatnonzero((contacts > 0) & (state == SUSCEPTIBLE))
            ill = np.flatnonzero(infected)
            state[ill[rng.random(ill.size) < GAMMA]] = RECOVERED
            state[exposed[rng.random(exposed.size) < self.p_infection[contacts[exposed]]]] = INFECTED

    def result(self):
        return {"infected": int(np.count_nonzero(self.state != SUSCEPTIBLE))}


class Mesa:
    """One agent a cell of a `mesa.discrete_space.Network`; the set of infected agents acts. No data collector.

    Contacts never change, so every agent keeps a list of them, made at set-up.
    """

    def __init__(self, graph):
        self.graph, self.nx_graph = graph, graph.networkx()

    def start(self, seed):
        import mesa

        class Person(mesa.discrete_space.FixedAgent):
            def __init__(self, model, cell):
                super().__init__(model)
                self.cell, self.state, self.contacts = cell, SUSCEPTIBLE, []

            def step(self):
                model, draw = self.model, self.random.random
                for other in self.contacts:
                    if other.state == SUSCEPTIBLE and draw() < BETA:
                        model.newly.append(other)
                if draw() < GAMMA:
                    self.state = RECOVERED

        class Sir(mesa.Model):
            def __init__(self, graph, seeds, seed):
                super().__init__(seed=seed)
                self.network, self.newly = mesa.discrete_space.Network(graph, capacity=1, random=self.random), []
                people = Person.create_agents(self, graph.number_of_nodes(), list(self.network.all_cells))
                for person in people:
                    person.contacts = [cell.agents[0] for cell in person.cell.connections.values()]
                rows = list(people)
                self.infected = mesa.agent.AgentSet([rows[i] for i in seeds], random=self.random)
                for person in self.infected:
                    person.state = INFECTED

            def step(self):
                self.infected.do("step")
                self.infected.select(lambda person: person.state == INFECTED, inplace=True)
                for person in self.newly:
                    person.state = INFECTED
                    self.infected.add(person)
                self.newly.clear()

        self.model = None
        mesa.Agent._ids.clear()  # it keeps every model alive
        self.model = Sir(self.nx_graph, self.graph.seeds.tolist(), seed)

    def run(self):
        for _ in range(SIR_STEPS):
            self.model.step()

    def result(self):
        return {"infected": sum(person.state != SUSCEPTIBLE for person in self.model.agents)}


class Ndlib:
    """`SIRModel`, whose law is the same: beta for each pair, gamma, all at once. Without the status of each person."""

    def __init__(self, graph):
        self.graph, self.nx_graph = graph, graph.networkx()

    def start(self, seed):
        from ndlib.models import ModelConfig
        from ndlib.models.epidemics import SIRModel

        self.model = SIRModel(self.nx_graph, seed=seed)
        config = ModelConfig.Configuration()
        config.add_model_parameter("beta", BETA)
        config.add_model_parameter("gamma", GAMMA)
        config.add_model_initial_configuration("Infected", self.graph.seeds.tolist())
        self.model.set_initial_status(config)
        self.model.iteration(node_status=False)  # the first one only reports the start

    def run(self):
        for _ in range(SIR_STEPS):
            self.counts = self.model.iteration(node_status=False)["node_count"]

    def result(self):
        return {"infected": int(self.counts[INFECTED] + self.counts[RECOVERED])}


class Eon:
    """`fast_SIR`: continuous time, event by event, with the hazards that give the same probabilities in a step."""

    def __init__(self, graph):
        self.graph, self.nx_graph = graph, graph.networkx()

    def start(self, seed):
        self.rng = np.random.default_rng(seed)

    def run(self):
        import EoN

        _, self.susceptible, _, _ = EoN.fast_SIR(
            self.nx_graph, settings.HAZARD_CONTACT, settings.HAZARD_RECOVERY, initial_infecteds=self.graph.seeds.tolist(),
            tmax=SIR_STEPS, rng=self.rng)  # fmt: skip

    def result(self):
        return {"infected": int(self.graph.people - self.susceptible[-1])}


class Starsim:
    """`ss.SIR` on an `ss.Network` of the given edges, with common random numbers, Starsim's default.

    The time infected is exponential; as states change at whole steps it is geometric, as everywhere else. Starsim ends
    infections before it transmits, so that a person infected in the run would transmit in one step less than it is infected:
    a step is added. Nobody dies. Everybody is an adult, because Starsim takes age 0 as unborn.
    """

    def __init__(self, graph):
        self.graph = graph

    def start(self, seed):
        import starsim as ss

        seeds = self.graph.seeds

        class Sir(ss.SIR):
            def init_post(self):
                ss.Disease.init_post(self)  # not the random seeds of ss.Infection
                self.set_prognoses(ss.uids(seeds))

            def set_progression(self, uids):
                super().set_progression(uids)
                if self.sim.initialized:
                    self.ti_recovered[uids] += 1

        class Contacts(ss.Network):
            def step(self):
                pass  # they never change

        ones = np.ones(self.graph.a.size, np.float32)
        people = ss.People(self.graph.people)
        people.age.default = 30.0
        network = Contacts(p1=self.graph.a, p2=self.graph.b, beta=ones, name="contacts")
        disease = Sir(
            beta=ss.probperday(BETA), p_death=ss.bernoulli(p=0.0),
            dur_inf=ss.expon(scale=ss.days(1.0 / settings.HAZARD_RECOVERY)))  # fmt: skip
        self.sim = ss.Sim(
            people=people, networks=network, diseases=disease, start=ss.days(0), stop=ss.days(SIR_STEPS - 1), dt=ss.days(1),
            rand_seed=seed, verbose=0, copy_inputs=False)  # fmt: skip
        self.sim.init()
        if len(self.sim.t.timevec) != SIR_STEPS:
            raise RuntimeError(f"Starsim would do {len(self.sim.t.timevec)} steps")

    def run(self):
        self.sim.run()

    def result(self):
        return {"infected": int(self.graph.people - np.count_nonzero(self.sim.diseases[0].susceptible.values))}
