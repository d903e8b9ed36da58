"""The neutral switch: a fixed number of instances of which, each day, one drawn uniformly is replaced (`rules.md` section 5).

With the other mechanisms of measures off this is the infinite-alleles Moran model, whose stationary state is Ewens' with
theta = N mu / (1 - mu) if the parent may be the instance that goes, (N - 1) mu / (1 - mu) if not.
"""

import numpy as np

from communize.declare.parameters import parameter
from communize.declare.registry import ADAPTATION, ADOPTION, CAUSES, CHANNELS, REPLACED
from communize.kernels import decisions
from communize.kernels import draws as d
from communize.kernels.draws import kernel
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State
from communize.mechanisms.measures import records


@kernel
def replace(rows, practice, mutation, may_be_parent, first_row, first_practice, key, day, out):
    """Replace one instance after another; returns the number of new practices.

    `rows` and `practice` hold the instance and the practice of each place in the fixed number, and are updated. For each
    replacement `out` gets: which, instance that goes, parent instance, practice, parent practice if it is new, else -1.
    """
    n = rows.size
    new = 0
    for k in range(out.shape[0]):
        gone = d.below(key, k, day, decisions.REPLACEMENT, 0, n)
        if may_be_parent:
            parent = d.below(key, k, day, decisions.REPLACEMENT, 1, n)
        else:
            parent = (gone + 1 + d.below(key, k, day, decisions.REPLACEMENT, 1, n - 1)) % n
        out[k, 0], out[k, 1], out[k, 2] = gone, rows[gone], rows[parent]
        born = practice[parent]
        out[k, 4] = -1
        if d.uniform(key, k, day, decisions.REPLACEMENT, 2) < mutation:
            out[k, 4] = born
            born = first_practice + new
            new += 1
        out[k, 3] = born
        practice[gone] = born
        rows[gone] = first_row + k
    return new


class Neutral(Mechanism):
    """Replaces exactly one instance in force a day by the child of another, a new practice with the probability of mutation."""

    name = "neutral"
    phase = "measures"
    reads = ("sites.place", "instances.practice", "instances.content", "practices.origin", "sites.participants")
    writes = (
        *(column.path for column in (*records.PRACTICES, *records.INSTANCES)), "sites.instance", "sites.began", "tally.begun",
        "tally.ended",
    )  # fmt: skip
    columns = records.COLUMNS

    class Parameters(MechanismParameters):
        """Replacement and mutation."""

        enabled: bool = parameter(False, unit="yes/no", source="definition", meaning="whether instances are replaced at random (switch rallying, dissolution and the channels off)")
        mutation: float = parameter(0.01, unit="probability", range=(0, 1), plausible=(0, 0.1), meaning="probability that the child is a new practice (mu)")
        may_be_parent: bool = parameter(False, unit="yes/no", source="definition", meaning="whether the instance that goes may be the parent")
        replacements: int = parameter(1, unit="1/day", range=(1, 1_000_000), source="definition", meaning="replacements a day")

    parameters: "Neutral.Parameters"

    def step(self, state: State, day: int, draws: Draws) -> None:
        p, sites, instances = self.parameters, state.sites, state.instances
        taken = np.flatnonzero(sites.instance >= 0)
        if taken.size < 2:
            return
        rows = sites.instance[taken].astype(np.int64)
        out = np.empty((p.replacements, 5), np.int64)
        first, fresh = len(instances), len(state.practices)
        replace(rows, instances.practice[rows].astype(np.int64), p.mutation, p.may_be_parent, first, fresh, draws.key, day, out)
        which, gone, parent, practice, changed = (out[:, column] for column in range(5))
        self._add_practices(state, day, changed[changed >= 0], sites.place[taken[which[changed >= 0]]])
        new = np.arange(instances.grow(p.replacements), len(instances))
        channel = np.where(changed >= 0, ADAPTATION, ADOPTION)
        instances.site[new], instances.place[new] = taken[which], sites.place[taken[which]]
        instances.practice[new], instances.parent[new], instances.began[new] = practice, parent, day
        instances.channel[new] = channel
        instances.content[new] = state.practices.content[practice]
        instances.founders[new] = instances.peak[new] = sites.participants[taken[which]]
        instances.ended[gone], instances.cause[gone] = day, REPLACED
        sites.instance[taken], sites.began[taken[which]] = rows, day
        state.tally.begun[0] += np.bincount(channel, minlength=len(CHANNELS))
        state.tally.ended[0] += np.bincount(np.full(gone.size, REPLACED), minlength=len(CAUSES))

    def _add_practices(self, state: State, day: int, parent: np.ndarray, place: np.ndarray) -> None:
        """New practices like their parents in all but their name; one may be the parent of the next."""
        table = state.practices
        rows = np.arange(table.grow(parent.size), len(table))
        like = parent.copy()  # the practice of before today that each goes back to
        for k in np.flatnonzero(parent >= rows[0] if parent.size else parent):
            like[k] = like[parent[k] - rows[0]]
        for column in ("needs", "family", "content", "scope", "form", "mass", "origin"):
            getattr(table, column)[rows] = getattr(table, column)[like]
        table.parent[rows], table.channel[rows], table.place[rows], table.day[rows] = parent, ADAPTATION, place, day
