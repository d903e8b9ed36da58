"""How contents drift while a measure is in force (`rules.md` section 2)."""

import numpy as np

from communize.declare.parameters import parameter
from communize.declare.registry import CONTENTS, Output
from communize.kernels.draws import kernel
from communize.kernels.prefetch import AHEAD, prefetch
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State
from communize.mechanisms.measures import records, rules


@kernel
def drift_contents(start, stop, block, rows, content, coupling, back):
    """Let the contents of the instances ``rows[start:stop]`` drift; `back` is the pull upward of each (psi+ * resonance * activity)."""
    n = content.shape[1]
    old = np.empty(n)
    for j in range(start, stop):
        if j + AHEAD < stop:
            prefetch(content, rows[j + AHEAD])
        total = 0.0
        for c in range(n):
            old[c] = content[rows[j], c]
            total += old[c]
        for c in range(n):
            others = (total - old[c]) / (n - 1)
            content[rows[j], c] = rules.drift(old[c], others, coupling, back[j])


@kernel
def sum_contents(rows, content):
    """Sums of the contents of instances `rows`, float64 (contents,)."""
    total = np.zeros(content.shape[1])
    for j in range(rows.size):
        if j + AHEAD < rows.size:
            prefetch(content, rows[j + AHEAD])
        for c in range(content.shape[1]):
            total[c] += content[rows[j], c]
    return total


class Contents(Mechanism):
    """Relations left in force pull the others down; activity that resonates draws all up."""

    name = "contents"
    phase = "measures"
    reads = ("sites.instance", "sites.participants", "sites.members", "instances.resonance")
    writes = ("instances.content",)
    columns = records.COLUMNS
    outputs = (Output("content", "1", "what measures suspend (+1) or reproduce (-1), mean over measures in force", ("relation",), may_lack=True),)

    class Parameters(MechanismParameters):
        """Speeds of the drift."""

        coupling: float = parameter(0.003, unit="1/day", range=(0, 1), plausible=(0, 0.02), meaning="pull of a content down to the mean of the others (psi_c)")
        back: float = parameter(0.0, unit="1/day", range=(0, 1), plausible=(0, 0.006), meaning="rise of all contents at full resonance and activity (psi+)")

    parameters: "Contents.Parameters"

    def step(self, state: State, day: int, draws: Draws) -> None:
        p, sites = self.parameters, state.sites
        taken = np.flatnonzero(sites.instance >= 0)
        if not taken.size or (p.coupling == 0 and p.back == 0):
            return
        back = np.zeros(taken.size)
        if p.back > 0:
            activity = np.minimum(1.0, sites.participants[taken] / np.maximum(1, sites.members[taken]))
            back = p.back * state.instances.resonance[sites.instance[taken]] * activity
        state.pool.for_shares(drift_contents, taken.size, sites.instance[taken], state.instances.content, p.coupling, back)

    def observe(self, state: State) -> dict:
        rows = state.sites.instance[state.sites.instance >= 0]
        if not rows.size:
            return {"content": np.full(len(CONTENTS), np.nan)}
        return {"content": sum_contents(rows, state.instances.content) / rows.size}
