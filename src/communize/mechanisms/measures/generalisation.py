"""How measures generalise: R, diversity, origins, endings, and whether the aim of struggles has changed (`model.md` section 8)."""

import numpy as np

from communize.declare.parameters import parameter
from communize.declare.registry import CAUSES, CHANNELS, RALLYING, SCOPES, Column, Output
from communize.kernels.draws import kernel
from communize.kernels.vector import Draws
from communize.mechanisms.base import Mechanism, MechanismParameters, State
from communize.mechanisms.measures import records

WINDOW = 180  # days of the moving window; ages 0 to 179 are counted (`rules.md` section 5)


@kernel
def count_births(first, counted, day, instances, born, births, births_total, born_founded, births_founded):
    """Enter the instances from row `first` on into the cohorts of their parents; cohorts are rings of days.

    `counted` is the last day that was counted, usually yesterday.

    `instances` = (began, parent, beside, channel, root, births). The root of a site that joined (channel rallying) is that of the
    instance it joined, of any other instance itself: R of foundings is that of roots, whose children are the foundings that
    descend from them or from the sites that joined them.
    """
    began, parent, beside, channel, root, births_of = instances
    oldest = day - WINDOW + 1
    for other in range(max(counted + 1, oldest), day + 1):
        slot = other % WINDOW
        born[slot], born_founded[slot] = 0, 0
        for age in range(WINDOW):
            births[slot, age] = births_total[slot, age] = births_founded[slot, age] = 0
    for row in range(first, began.size):
        slot = began[row] % WINDOW
        root[row] = root[parent[row]] if channel[row] == RALLYING and parent[row] >= 0 else row
        if parent[row] >= 0:
            births_of[parent[row]] += 1
        if began[row] < oldest:
            continue
        born[slot] += 1
        if root[row] == row:
            born_founded[slot] += 1
        if parent[row] >= 0:
            source = began[root[parent[row]]]
            if root[row] == row and source >= oldest:
                births_founded[source % WINDOW, began[row] - source] += 1
        for source, recorded in ((parent[row], True), (beside[row], False)):
            if source < 0 or began[source] < oldest:
                continue
            age = began[row] - began[source]
            births_total[began[source] % WINDOW, age] += 1
            if recorded:
                births[began[source] % WINDOW, age] += 1


@kernel
def cohort_number(day, born, births):
    """Sum over ages of births at that age / instances of the window that reached it; -1 where the window holds none."""
    total = 0
    for slot in range(WINDOW):
        total += born[slot]
    if total == 0:
        return -1.0
    number = 0.0
    reached = total
    for age in range(WINDOW):
        if reached == 0:
            break
        count = 0
        for slot in range(WINDOW):
            count += births[slot, age]
        number += count / reached
        youngest = day - age
        if youngest >= 0:
            reached -= born[youngest % WINDOW]
    return number


@kernel
def cohort_by_place(first, day, place, began, parent, born, births, out):
    """R_descent of each place: children anywhere of the instances that began there; not a number where none began."""
    born[:], births[:] = 0, 0
    for row in range(first, began.size):
        born[place[row], began[row] % WINDOW] += 1
        source = parent[row]
        if source >= first:
            births[place[source], began[row] - began[source]] += 1
    for p in range(out.size):
        reached = born[p].sum()
        if reached == 0:
            out[p] = np.nan
            continue
        number = 0.0
        for age in range(WINDOW):
            if reached == 0:
                break
            number += births[p, age] / reached
            if day - age >= 0:
                reached -= born[p, (day - age) % WINDOW]
        out[p] = number


@kernel
def hill_numbers(labels, out):
    """Hill numbers of order 0, 1 and 2 of sorted labels: number, exp(entropy), 1 / sum of squared shares."""
    kinds, entropy, squares, run = 0, 0.0, 0.0, 1
    for k in range(1, labels.size + 1):
        if k < labels.size and labels[k] == labels[k - 1]:
            run += 1
            continue
        share = run / labels.size
        kinds += 1
        entropy -= share * np.log(share)
        squares += share * share
        run = 1
    out[0], out[1], out[2] = kinds, np.exp(entropy), 1.0 / squares


class Generalisation(Mechanism):
    """Observes how measures generalise; nothing acts on what it finds."""

    name = "generalisation"
    phase = "reckoning"
    reads = (
        "sites.instance", "instances.began", "instances.ended", "instances.parent", "instances.beside", "instances.practice",
        "instances.channel", "instances.cause", "instances.place", "instances.root", "instances.scope", "practices.origin", "practices.family", "practices.scope", "places.scope",
        "tally.begun", "tally.ended", "struggles.active", "struggles.participants", "struggles.demand", "struggles.rift", "struggles.ended",
    )  # fmt: skip
    writes = (
        "instances.births", "cohort.born", "cohort.over", "cohort.births", "cohort.births_total", "tally.seen", "tally.counted", "tally.begun_before",
        "tally.ended_before", "tally.begun_today", "tally.ended_today", "tally.generalisation", "places.generalisation",
        "cohort.born_founded", "cohort.births_founded", "instances.root",
    )  # fmt: skip
    columns = (
        *records.COLUMNS,
        Column("cohort", "born", "int64", "instance", "instances begun on a day of the window", (0, None)),
        Column("cohort", "over", "int64", "instance", "instances ended on a day of the window", (0, None)),
        Column("cohort", "births", "int64", "instance", "recorded descendants of the instances of that day, by their age in days", (0, None), dims=(WINDOW,)),
        Column("cohort", "births_total", "int64", "instance", "the same with reinventions beside them", (0, None), dims=(WINDOW,)),
        Column("cohort", "born_founded", "int64", "instance", "of those begun on that day, those that were founded and did not join", (0, None)),
        Column("cohort", "births_founded", "int64", "instance", "foundings that descend from them or from sites that joined them, by age in days", (0, None), dims=(WINDOW,)),
        Column("instances", "root", "int32", "instance row", "the founding that it goes back to: of a site that joined, that of the instance it joined", (-1, None), -1),
        Column("tally", "seen", "int64", "instance", "instances counted so far", (0, None)),
        Column("tally", "counted", "int64", "day", "last day counted, -1 for none", (-1, None), -1),
        Column("tally", "begun_before", "int64", "instance", "instances begun up to yesterday, by channel", (0, None), dims=(len(CHANNELS),)),
        Column("tally", "ended_before", "int64", "instance", "instances ended up to yesterday, by cause", (0, None), dims=(len(CAUSES),)),
        Column("tally", "begun_today", "int64", "instance", "instances begun today, by channel", (0, None), dims=(len(CHANNELS),)),
        Column("tally", "ended_today", "int64", "instance", "instances ended today, by cause", (0, None), dims=(len(CAUSES),)),
        Column("tally", "generalisation", "float64", "1", "R_descent, R_total and R of foundings; not a number where the window holds none", (0, None), float("nan"), (3,)),
        Column("places", "generalisation", "float32", "1", "R_descent of the place on its last count; not a number where none began", (0, None), float("nan")),
    )
    outputs = (
        Output("generalisation_number", "1", "R_descent: recorded descendants of an instance, cohorts of 180 days", may_lack=True),
        Output("generalisation_number_total", "1", "R_total: the same with reinventions beside it", may_lack=True),
        Output("generalisation_number_of_foundings", "1", "R of foundings: further foundings of a founding, directly or through sites that joined it", may_lack=True),
        Output("generalisation_number_by_place", "1", "R_descent of the instances that began in a place, counted every 30 days", ("place",), may_lack=True),
        Output("births_per_ending", "1", "instances begun per instance ended, over 180 days", may_lack=True),
        Output("foundings", "instance", "instances begun on the day, by channel", ("channel",), "int32"),
        Output("endings", "instance", "instances ended on the day, by cause", ("cause",), "int32"),
        Output("instances_by_channel", "instance", "instances in force, by channel", ("channel",), "int32"),
        Output("instances_by_scope", "instance", "instances in force, by the scope at which they can act", ("scope",), "int32"),
        Output("hill_0", "practice", "practices in force"),
        Output("hill_1", "practice", "Hill number of order 1 of practices in force", may_lack=True),
        Output("hill_2", "practice", "Hill number of order 2 of practices in force", may_lack=True),
        Output("origins_in_force", "practice", "independent origins of the practices in force"),
        Output("families_in_force", "family", "families (sets of needs) of the practices in force"),
        Output("origins_per_family", "practice", "independent origins per family in force, mean", may_lack=True),
        Output("aim_changed", "share", "struggles, weighted by size, in which rift and measures outweigh demands", may_lack=True),
    )

    class Parameters(MechanismParameters):
        """How often places are counted."""

        place_days: int = parameter(30, unit="day", range=(1, 100_000), source="definition", meaning="days between counts by place")

    parameters: "Generalisation.Parameters"

    def setup(self, state: State) -> None:
        if not len(state.cohort):
            state.cohort.grow(WINDOW)

    def step(self, state: State, day: int, draws: Draws) -> None:
        cohort, tally, instances = state.cohort, state.tally, state.instances
        first, counted = int(tally.seen[0]), int(tally.counted[0])
        count_births(
            first, counted, day, (instances.began, instances.parent, instances.beside, instances.channel, instances.root, instances.births),
            cohort.born, cohort.births, cohort.births_total, cohort.born_founded, cohort.births_founded)  # fmt: skip
        tally.seen[0], tally.counted[0] = len(instances), day
        for now, before, today in (("begun", "begun_before", "begun_today"), ("ended", "ended_before", "ended_today")):
            getattr(tally, today)[0] = getattr(tally, now)[0] - getattr(tally, before)[0]
            getattr(tally, before)[0] = getattr(tally, now)[0]
        if counted < day - 1:
            self._catch_up(state, counted, day)
        cohort.over[day % WINDOW] = tally.ended_today[0].sum()
        counts = ((cohort.born, cohort.births), (cohort.born, cohort.births_total), (cohort.born_founded, cohort.births_founded))
        for kind, (born, births) in enumerate(counts):
            number = cohort_number(day, born, births)
            tally.generalisation[0, kind] = number if number >= 0 else np.nan
        if day % self.parameters.place_days == self.parameters.place_days - 1 and len(instances):
            oldest = int(np.searchsorted(instances.began, day - WINDOW + 1))
            n = len(state.places)
            cohort_by_place(
                oldest, day, instances.place, instances.began, instances.parent, np.empty((n, WINDOW), np.int64),
                np.empty((n, WINDOW), np.int64), state.places.generalisation)  # fmt: skip

    def _catch_up(self, state: State, counted: int, day: int) -> None:
        """After days that nobody counted: what began and ended today alone, and the endings of the days between."""
        tally, instances = state.tally, state.instances
        tally.begun_today[0] = np.bincount(instances.channel[instances.began == day], minlength=len(CHANNELS))
        tally.ended_today[0] = np.bincount(instances.cause[instances.ended == day], minlength=len(CAUSES))
        for other in range(max(counted + 1, day - WINDOW + 1), day):
            state.cohort.over[other % WINDOW] = np.count_nonzero(instances.ended == other)

    def observe(self, state: State) -> dict:
        tally, cohort = state.tally, state.cohort
        over = int(cohort.over.sum())
        return {
            "generalisation_number": tally.generalisation[0, 0],
            "generalisation_number_total": tally.generalisation[0, 1],
            "generalisation_number_by_place": state.places.generalisation,
            "generalisation_number_of_foundings": tally.generalisation[0, 2],
            "births_per_ending": cohort.born.sum() / over if over else float("nan"),
            "foundings": tally.begun_today[0],
            "endings": tally.ended_today[0],
            "aim_changed": aim_changed(state),
            **self._in_force(state),
        }

    def _in_force(self, state: State) -> dict:
        rows = state.sites.instance[state.sites.instance >= 0]
        instances, practices = state.instances, state.practices
        practice = instances.practice[rows]
        scope = np.minimum(practices.scope[practice], state.places.scope[instances.place[rows]])
        counts = {
            "instances_by_channel": np.bincount(instances.channel[rows], minlength=len(CHANNELS)),
            "instances_by_scope": np.bincount(scope, minlength=len(SCOPES)),
        }
        hill = np.zeros(3)
        if not rows.size:
            return counts | {"hill_0": 0.0, "origins_in_force": 0, "families_in_force": 0}
        labels = np.sort(practice)
        hill_numbers(labels, hill)
        kinds = labels[np.append(True, labels[1:] != labels[:-1])]
        family, origin = practices.family[kinds].astype(np.int64), practices.origin[kinds].astype(np.int64)
        families, pairs = count_distinct(family), count_distinct(family * (len(practices) + 1) + origin)
        return counts | {
            "hill_0": hill[0], "hill_1": hill[1], "hill_2": hill[2], "origins_in_force": count_distinct(origin),
            "families_in_force": families, "origins_per_family": pairs / families,
        }  # fmt: skip


def count_distinct(values: np.ndarray) -> int:
    """Number of distinct values."""
    ordered = np.sort(values)
    return int(np.count_nonzero(ordered[1:] != ordered[:-1])) + int(ordered.size > 0)


def aim_changed(state: State) -> float:
    """Share of struggles going on, weighted by size, in which rift and measures outweigh demands (`rules.md` 1.11).

    Of the people active in a struggle, demands and rifts take the parts of its fading counts of acts; its people in measures
    are added to the rift. Not a number while no struggle goes on.
    """
    struggles = state.struggles
    live = np.flatnonzero(struggles.ended < 0)
    size = struggles.active[live] + struggles.participants[live]
    if not size.sum():
        return float("nan")
    acts = struggles.demand[live] + struggles.rift[live]
    demand = struggles.active[live] * struggles.demand[live] / np.maximum(acts, 1e-12)
    rift = struggles.active[live] * struggles.rift[live] / np.maximum(acts, 1e-12) + struggles.participants[live]
    return float(size[rift > demand].sum() / size.sum())
