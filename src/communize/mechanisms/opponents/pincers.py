"""The pincers of the commodity (`model.md` 7.3, `rules.md` section 2): what has to be bought pulls a measure back into exchange."""

import numpy as np

from communize.declare.parameters import parameter
from communize.declare.registry import CONTENTS, RECUPERATED, Column, Output
from communize.kernels.draws import kernel
from communize.kernels.prefetch import AHEAD, prefetch
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State
from communize.mechanisms.measures import dissolution, records, taking_part

COMMODITY_CONTENTS = tuple(CONTENTS.index(name) for name in ("exchange", "property", "wage_labour"))


@kernel
def squeeze(start, stop, block, taken, place, instance, content, sold, dependence, rate):
    """Pull exchange, property and wage labour of the measures at ``taken[start:stop]`` down by rate * dependence * (1 + c), and count up the days
    on which their mean is below 0.
    """
    for j in range(start, stop):
        if j + AHEAD < stop:
            prefetch(content, instance[taken[j + AHEAD]])
            prefetch(sold, instance[taken[j + AHEAD]])
        s = taken[j]
        row, total = instance[s], 0.0
        for c in COMMODITY_CONTENTS:
            moved = content[row, c] - rate * dependence[place[s]] * (1.0 + content[row, c])
            content[row, c] = max(-1.0, moved)
            total += content[row, c]
        sold[row] = sold[row] + 1 if total < 0.0 else 0


class Pincers(Mechanism):
    """Exchange dependence moves the contents exchange, property and wage labour; a measure that stays below 0 is a firm."""

    name = "pincers"
    phase = "counter_forces"
    reads = ("places.exchange_dependence", "sites.instance", *taking_part.READS)
    writes = ("instances.content", "instances.sold_days", *taking_part.WRITES, *records.WRITES_OF_ENDING)
    columns = (
        *records.COLUMNS,
        Column("places", "exchange_dependence", "float64", "share", "bought share of what participants of measures have", (0, 1)),
        Column("instances", "sold_days", "int32", "day", "days on end on which the mean of exchange, property and wage labour was below 0", (0, None)),
    )
    outputs = (Output("self_managed", "instance", "measures whose exchange, property and wage labour are below 0 on the mean: firms in all but name"),)

    class Parameters(MechanismParameters):
        """How hard exchange presses."""

        rate: float = parameter(0.012, unit="1/day", range=(0, 10), plausible=(0.003, 0.03), meaning="pull on the three contents where everything has to be bought (psi)")
        days: int = parameter(30, unit="day", range=(1, 100_000), source="definition", meaning="days below 0 after which a measure is a firm again")

    parameters: "Pincers.Parameters"

    def step(self, state: State, day: int, draws: Draws) -> None:
        p, sites, instances = self.parameters, state.sites, state.instances
        taken = np.flatnonzero(sites.instance >= 0)
        if not taken.size:
            return
        state.pool.for_shares(
            squeeze, taken.size, taken, sites.place, sites.instance, instances.content, instances.sold_days, state.places.exchange_dependence, p.rate)  # fmt: skip
        firms = taken[instances.sold_days[sites.instance[taken]] >= p.days]
        if firms.size:
            firms = firms[np.argsort(sites.instance[firms], kind="stable")]
            dissolution.dissolve(state, day, firms, np.full(firms.size, RECUPERATED))

    def observe(self, state: State) -> dict:
        rows = state.sites.instance[state.sites.instance >= 0]
        return {"self_managed": int((state.instances.sold_days[rows] > 0).sum())}
