"""What is observed of measures: cohort numbers, diversity, counts by channel and cause, and whether the aim has changed."""

import math
from collections import Counter

import numpy as np
import pytest
from measure_labs import lab, practice, step, take
from worlds import MANY_MEASURES, lively

import communize as cz
from communize.declare.registry import CAUSES, CHANNELS, SCOPES
from communize.mechanisms.measures.generalisation import aim_changed, hill_numbers

WINDOW = 180


# --- R over cohorts ---


def cohort_number(began, sources, day, of=None):
    """Sum over ages of births(age) / n(age), from the definition in `rules.md` section 5; nan where the window is empty.

    `sources` are the parents of each instance (a list each), `of` the instances whose children count (all, if omitted).
    """
    window = [i for i, first in enumerate(began) if day - WINDOW < first <= day and (of is None or of[i])]
    if not window:
        return math.nan
    inside, births = set(window), Counter()
    for child, parents in enumerate(sources):
        if began[child] <= day:
            births.update(began[child] - began[parent] for parent in parents if parent in inside)
    reached = Counter()
    for i in window:
        reached.update(range(day - began[i] + 1))
    return sum(count / reached[age] for age, count in births.items())


def number_of_foundings(table, day):
    """R of foundings: a site that joined is part of what it joined, and what descends from it descends from that."""
    began, parents, joined = table.began.tolist(), table.parent.tolist(), (table.channel == CHANNELS.index("rallying")).tolist()

    def root(row):
        while joined[row] and parents[row] >= 0:
            row = parents[row]
        return row

    sources = [[root(parent)] if parent >= 0 and not joined[row] else [] for row, parent in enumerate(parents)]
    return cohort_number(began, sources, day, [root(row) == row for row in range(len(began))])


def growing(seed, days, rate):
    """A table of instances that grows by a Poisson number a day, each with a parent, a neighbour, both or none."""
    rng = np.random.default_rng(seed)
    sim = lab([(s, -1) for s in range(4)], ["neighbourhood"] * 4, place_of=[0, 1, 2, 2], on=("generalisation",), generalisation={"place_days": 7})
    for day in range(days):
        for _ in range(rng.poisson(rate if day % 50 < 25 else rate / 8)):
            older = len(sim.instances)
            row = sim.instances.grow(1)
            sim.instances.began[row], sim.instances.place[row] = day, rng.integers(0, 3 - (day < 100))
            if older:
                kind = rng.integers(0, 4)
                if kind in (1, 3):
                    sim.instances.parent[row] = rng.integers(max(0, older - 30), older) if rng.random() < 0.7 else rng.integers(0, older)
                if kind in (2, 3):
                    sim.instances.beside[row] = rng.integers(0, older)
            channel = int(rng.integers(0, len(CHANNELS)))
            joined = channel == CHANNELS.index("rallying") and sim.instances.parent[row] < 0
            sim.instances.channel[row] = 0 if joined else channel
            sim.state.tally.begun[0, sim.instances.channel[row]] += 1
        sim.state.tally.ended[0, 1 + rng.integers(0, len(CAUSES) - 1)] += rng.poisson(rate)
        yield day, sim


@pytest.mark.parametrize(("seed", "rate"), [(1, 0.8), (2, 0.05), (3, 3.0)])
def test_cohort_numbers_are_those_of_a_count_over_instances(seed, rate):
    ended, checked, empty = [], 0, 0
    for day, sim in growing(seed, 430, rate):
        before = sim.state.tally.ended[0].sum()
        step(sim, "generalisation", day)
        ended.append(int(before) - sum(ended))
        if day % 7 and day not in (179, 180, 181, 359, 360, 361):
            continue
        table, tally = sim.instances, sim.state.tally
        began = table.began.tolist()
        parents = [[p] if p >= 0 else [] for p in table.parent.tolist()]
        total = [p + ([b] if b >= 0 else []) for p, b in zip(parents, table.beside.tolist())]
        for found, sources in zip(tally.generalisation[0], (parents, total)):
            assert found == pytest.approx(cohort_number(began, sources, day), nan_ok=True)
        assert tally.generalisation[0, 2] == pytest.approx(number_of_foundings(table, day), nan_ok=True)
        empty += math.isnan(tally.generalisation[0, 0])
        checked += tally.generalisation[0, 0] > 0
        assert table.births.tolist() == [sum(p == [i] for p in parents) for i in range(len(table))]
        sim.recorder.record(next(m for m in sim.mechanisms if m.name == "generalisation").observe(sim.state))
        births = sum(day - WINDOW < first for first in began) / sum(ended[-WINDOW:]) if sum(ended[-WINDOW:]) else math.nan
        assert sim.series.births_per_ending.values[-1] == pytest.approx(births, nan_ok=True)
    assert checked > 20
    assert empty or rate > 0.5


def test_cohort_numbers_by_place_count_the_children_anywhere():
    checked = 0
    for day, sim in growing(5, 300, 0.6):
        step(sim, "generalisation", day)
        if day % 7 == 6:
            table = sim.instances
            began, parents = table.began.tolist(), [[p] if p >= 0 else [] for p in table.parent.tolist()]
            for place in range(3):
                wanted = cohort_number(began, parents, day, (table.place == place).tolist())
                assert sim.places.generalisation[place] == pytest.approx(wanted, rel=1e-5, nan_ok=True)
                checked += not math.isnan(wanted)
            counted = sim.places.generalisation.copy()
        elif day > 7:
            np.testing.assert_array_equal(sim.places.generalisation, counted)  # as of the last count
    assert checked > 15


def test_sites_that_join_are_no_foundings_and_hand_their_children_on():
    """A founding, a site that joins it, one that joins that, and a founding that descends from the last; a day apart."""
    sim = lab([(0, -1)], ["neighbourhood"], on=("generalisation",))
    for day, channel in enumerate(("reinvention", "rallying", "rallying", "adoption")):
        row = sim.instances.grow(1)
        sim.instances.began[row], sim.instances.parent[row], sim.instances.channel[row] = day, row - 1, CHANNELS.index(channel)
        step(sim, "generalisation", day)
    assert sim.instances.root.tolist() == [0, 0, 0, 3]
    assert sim.state.tally.generalisation[0].tolist() == pytest.approx([3 / 3, 3 / 3, 1 / 1])  # at age 1: 3 of 3; at age 3: 1 of 1


def test_a_line_of_one_child_each_has_the_number_one():
    """Every ten days one instance, the child of the one before: R is 1 less what the youngest has not had time for."""
    sim = lab([(0, -1)], ["neighbourhood"], on=("generalisation",))
    for day in range(400):
        if day % 10 == 0:
            row = sim.instances.grow(1)
            sim.instances.began[row], sim.instances.parent[row] = day, row - 1
        step(sim, "generalisation", day)
    assert sim.state.tally.generalisation[0, 0] == pytest.approx(1.0)


@pytest.mark.parametrize(("last", "counted"), [(179, True), (180, False)])
def test_a_child_counts_within_180_days(last, counted):
    sim = lab([(0, -1)], ["neighbourhood"], on=("generalisation",))
    for day in range(last + 1):
        if day in (0, last):
            row = sim.instances.grow(1)
            sim.instances.began[row], sim.instances.parent[row] = day, row - 1
        step(sim, "generalisation", day)
    assert sim.state.tally.generalisation[0, 0] == counted  # one birth at that age, of the one that reached it


def test_numbers_of_a_lively_run():
    """Through the public run: daily totals, numbers and tables agree."""
    sim = cz.Simulation(lively(**MANY_MEASURES), seed=2, threads=1).run(45)
    series, table = sim.series, sim.instances
    began, ended = table.began.tolist(), table.ended.tolist()
    parents = [[p] if p >= 0 else [] for p in table.parent.tolist()]
    total = [p + ([b] if b >= 0 else []) for p, b in zip(parents, table.beside.tolist())]
    assert (table.beside >= 0).sum() > 0
    for day in (0, 5, 12, 25, 44):
        upto = [day if first <= day else 10**6 for first in began]
        known = [parents[i] if upto[i] == day else [] for i in range(len(began))]
        with_beside = [total[i] if upto[i] == day else [] for i in range(len(began))]
        if day == 44:
            assert series.generalisation_number_of_foundings.values[day] == pytest.approx(number_of_foundings(table, day), rel=1e-6)
        for name, sources in (("generalisation_number", known), ("generalisation_number_total", with_beside)):
            assert series[name].values[day] == pytest.approx(cohort_number(began, sources, day), rel=1e-6, nan_ok=True)
        for code, name in enumerate(CHANNELS):
            assert series.foundings.sel(channel=name).values[day] == sum(first == day and c == code for first, c in zip(began, table.channel))
        for code, name in enumerate(CAUSES):
            assert series.endings.sel(cause=name).values[day] == sum(last == day and c == code for last, c in zip(ended, table.cause))
        force = [first <= day and not 0 <= last <= day for first, last in zip(began, ended)]
        assert series.instances.values[day].tolist() == np.bincount(table.place[force], minlength=5).tolist()
        assert series.instances_by_channel.values[day].tolist() == np.bincount(table.channel[force], minlength=len(CHANNELS)).tolist()
        kinds = Counter(table.practice[force].tolist())
        shares = [n / sum(kinds.values()) for n in kinds.values()]
        assert series.hill_0.values[day] == len(kinds)
        if kinds:
            assert series.hill_1.values[day] == pytest.approx(math.prod(s**-s for s in shares), rel=1e-5)
            assert series.hill_2.values[day] == pytest.approx(1 / sum(s * s for s in shares), rel=1e-5)
            practices = sim.practices
            families = {int(practices.family[k]) for k in kinds}
            pairs = {(int(practices.family[k]), int(practices.origin[k])) for k in kinds}
            assert series.families_in_force.values[day] == len(families)
            assert series.origins_in_force.values[day] == len({origin for _, origin in pairs})
            assert series.origins_per_family.values[day] == pytest.approx(len(pairs) / len(families))


def test_origins_lead_back_to_a_first_practice():
    sim = cz.Simulation(lively(**MANY_MEASURES), seed=2, threads=1).run(40)
    practices = sim.practices
    for row, parent in enumerate(practices.parent.tolist()):
        while parent >= 0:
            above, parent = parent, int(practices.parent[parent])
        assert practices.origin[row] == (row if practices.parent[row] < 0 else above)


def test_scope_at_which_instances_can_act_is_that_of_practice_and_place():
    sim = lab([(s, -1) for s in range(6)], ["neighbourhood"] * 6, place_of=[0, 0, 0, 1, 1, 1], on=("generalisation",))
    which = [practice(sim) for _ in range(6)]
    sim.practices.scope[:] = [0, 1, 2, 0, 1, 2]
    take(sim, range(6), which=which, people=[[s] for s in range(6)])
    sim.places.scope[:] = [2, 1]
    sim.run(1)
    assert dict(zip(SCOPES, sim.series.instances_by_scope.values[0].tolist())) == {"site": 2, "place": 3, "between_places": 1}


# --- Hill numbers ---


@pytest.mark.parametrize("counts", [[5], [1, 1, 1, 1], [10, 1], [3, 2, 2, 1, 1, 7]])
def test_hill_numbers(counts):
    labels = np.repeat(np.arange(len(counts)) * 3, counts)
    out = np.zeros(3)
    hill_numbers(labels, out)
    shares = np.array(counts) / sum(counts)
    assert out.tolist() == pytest.approx([len(counts), math.exp(-(shares * np.log(shares)).sum()), 1 / (shares**2).sum()])
    assert out[0] >= out[1] - 1e-12
    assert out[1] >= out[2] - 1e-12


def test_without_measures_diversity_is_zero_or_not_a_number():
    series = lab([(0, -1)], ["neighbourhood"], on=("generalisation",)).run(2).series
    assert series.hill_0.values.tolist() == [0, 0]
    assert np.isnan(series.hill_1).all()
    assert np.isnan(series.generalisation_number).all()
    assert np.isnan(series.aim_changed).all()


# --- the aim of struggles ---


@pytest.mark.parametrize(
    ("struggles", "wanted"),
    [
        # (active, in its measures, demand, rift, over)
        ([], math.nan),
        ([(0, 0, 1.0, 0.0, False)], math.nan),
        ([(10, 0, 3.0, 1.0, False)], 0.0),
        ([(10, 0, 1.0, 3.0, False)], 1.0),
        ([(10, 0, 2.0, 2.0, False)], 0.0),  # as much is not more
        ([(10, 0, 0.0, 0.0, False)], 0.0),  # no act yet
        ([(10, 4, 3.0, 1.0, False)], 0.0),  # 7.5 people for demands against 2.5 + 4
        ([(10, 6, 3.0, 1.0, False)], 1.0),  # 7.5 against 8.5
        ([(10, 1, 0.0, 0.0, False)], 1.0),
        ([(10, 0, 3.0, 1.0, False), (30, 0, 1.0, 3.0, False)], 0.75),
        ([(10, 0, 3.0, 1.0, False), (20, 10, 1.0, 3.0, False), (500, 500, 0.0, 9.0, True)], 0.75),
    ],
)
def test_the_aim_has_changed_where_rift_and_measures_outweigh_demands(struggles, wanted):
    sim = lab([(0, -1)], ["neighbourhood"], on=("generalisation",))
    table = sim.struggles
    table.grow(len(struggles))
    for row, (active, inside, demand, rift, over) in enumerate(struggles):
        table.active[row], table.participants[row], table.demand[row], table.rift[row] = active, inside, demand, rift
        table.ended[row] = 3 if over else -1
    assert aim_changed(sim.state) == pytest.approx(wanted, nan_ok=True)
