"""Incidents that arise by themselves at sites (`rules.md` 1.7)."""

import math

from communize.declare.parameters import parameter
from communize.declare.registry import COMMODITY, Column, Output
from communize.kernels import decisions
from communize.kernels import draws as d
from communize.kernels.draws import kernel
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State
from communize.mechanisms.struggle import rules


@kernel
def draw_incidents(members, mode, unmet, incident, scale, rate, size, exponent, decay, key, day):
    """Let incidents fade and draw new ones; returns the number of new ones.

    The size is Pareto (Lomax) distributed: size * (u ** (-1 / exponent) - 1).
    """
    count = 0
    for s in range(members.size):
        incident[s] *= decay
        if mode[s] != COMMODITY or members[s] == 0:
            continue
        p = rules.incident_probability(rate, members[s] * scale, unmet)
        if d.uniform(key, s, day, decisions.INCIDENT, 0) < p:
            incident[s] += d.pareto(d.uniform(key, s, day, decisions.INCIDENT_SIZE, 0), size, exponent) - size
            count += 1
    return count


class Incidents(Mechanism):
    """Dismissals, accidents, insults, rises of rent: pressure that appears at single sites and fades."""

    name = "incidents"
    phase = "struggle"
    reads = ("sites.members", "sites.mode", "people.unmet")
    writes = ("sites.incident", "days.incidents")
    columns = (
        Column("sites", "incident", "float32", "pressure", "pressure from the site's own incidents", (0, None)),
        Column("days", "incidents", "int64", "incident", "incidents that began on the day", (0, None)),
    )
    outputs = (Output("incidents", "incident", "incidents that began on the day"),)

    class Parameters(MechanismParameters):
        """How often, how large, how long."""

        rate: float = parameter(0.0008, unit="1/day", range=(0, 1), plausible=(0.0002, 0.003), meaning="incidents of a site of 50 people without unmet needs")
        size: float = parameter(0.5, unit="pressure", range=(0, 20), plausible=(0.2, 1), meaning="scale of the size")
        exponent: float = parameter(1.6, unit="1", range=(0.1, 20), plausible=(1.2, 2.5), meaning="exponent of the tail of sizes")
        decay_days: float = parameter(9.0, unit="day", range=(0.01, 10_000), plausible=(3, 30), meaning="time in which the pressure falls to 1/e")

    parameters: "Incidents.Parameters"

    def step(self, state: State, day: int, draws: Draws) -> None:
        p, sites = self.parameters, state.sites
        unmet = float(state.people.unmet.mean(dtype="float64"))
        state.days.incidents[0] = draw_incidents(
            sites.members, sites.mode, unmet, sites.incident, state.scale, p.rate, p.size, p.exponent,
            math.exp(-1.0 / p.decay_days), draws.key, day)  # fmt: skip

    def observe(self, state: State) -> dict:
        return {"incidents": state.days.incidents[0]}
