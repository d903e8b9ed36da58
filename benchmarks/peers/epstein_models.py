"""Epstein's civil violence as Mesa's own example has it, in Mesa and here; adapters as in `sir_models`.

`result` gives the shares of citizens that were active and jailed, as means over the steps of the run.
"""

import numpy as np
from settings import CITIZEN_DENSITY, COP_DENSITY


class Communize:
    """`epstein-2002` with the values of Mesa's example (its own text names them)."""

    def __init__(self, people, side, steps):
        import communize as cz

        density, self.steps = CITIZEN_DENSITY + COP_DENSITY, steps
        self.scenario = cz.load("epstein-2002").replace({
            "civil_violence.variant": "mesa", "civil_violence.neighbourhood": "von_neumann", "civil_violence.rounding": "round",
            "civil_violence.legitimacy": 0.8, "civil_violence.jail_days": 1000, "civil_violence.width": side,
            "civil_violence.height": side, "society.people": round(density * side * side),
            "society.positions.stable.share": CITIZEN_DENSITY / density, "society.positions.state_force.share": COP_DENSITY / density,
        })  # fmt: skip

    def start(self, seed):
        import communize as cz

        self.simulation = cz.Simulation(self.scenario, seed=seed, threads=1)

    def run(self):
        self.simulation.run(self.steps)

    def result(self):
        from communize.declare.registry import POSITIONS

        series = self.simulation.series
        citizens = np.count_nonzero(self.simulation.people.position != POSITIONS.index("state_force"))
        jailed = np.cumsum(series["arrests"].to_numpy() - series["releases"].to_numpy())
        return {
            "agents": len(self.simulation.people), "hash": self.simulation.state_hash(),
            "active": float(series["active"].sum("place").to_numpy().mean() / citizens), "jailed": float(jailed.mean() / citizens),
        }  # fmt: skip


class Mesa:
    """`mesa.examples.advanced.epstein_civil_violence`, without its data collector."""

    def __init__(self, people, side, steps):
        self.side, self.steps = side, steps

    def start(self, seed):
        import mesa
        from mesa.examples.advanced.epstein_civil_violence.model import Citizen, CitizenState, EpsteinCivilViolence

        class Uncollected(EpsteinCivilViolence):
            def __init__(self, **values):
                self.counts = []
                super().__init__(**values)

            def step(self):
                self.agents.shuffle_do("step")
                states = [citizen.state for citizen in self.agents_by_type[Citizen]]
                self.counts.append((states.count(CitizenState.ACTIVE), states.count(CitizenState.ARRESTED), len(states)))

        self.model = None
        mesa.Agent._ids.clear()  # it keeps every model alive
        self.model = Uncollected(
            width=self.side, height=self.side, citizen_density=CITIZEN_DENSITY, cop_density=COP_DENSITY, seed=seed)  # fmt: skip

    def run(self):
        for _ in range(self.steps):
            self.model.step()

    def result(self):
        active, jailed, citizens = np.array(self.model.counts, float).T
        return {"agents": len(self.model.agents), "active": float((active / citizens).mean()), "jailed": float((jailed / citizens).mean())}
