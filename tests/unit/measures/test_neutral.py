"""The neutral switch: exactly one of a fixed number is replaced a day, by the child of another."""

import math

import numpy as np
import pytest
from measure_labs import close, lab, practice, step, take
from scipy import stats

from communize.declare.registry import ADAPTATION, ADOPTION, CAUSES

N = 12


def fixed(n=N, seed=1, **law):
    """So many measures, each of a practice of its own, and only replacement at work."""
    sim = lab([(s, -1) for s in range(n)], ["neighbourhood"] * n, on=("neutral", "generalisation", "reckoning"), seed=seed, neutral=law)
    which = [practice(sim, needs=("food", "trade"), form=s % 3, gender=s / n) for s in range(n)]
    take(sim, range(n), which=which, people=[[s] for s in range(n)])
    return sim


@pytest.mark.parametrize(("replacements", "may_be_parent"), [(1, False), (1, True), (4, False)])
def test_exactly_so_many_are_replaced_a_day_and_the_number_stays(replacements, may_be_parent):
    sim = fixed(mutation=0.3, replacements=replacements, may_be_parent=may_be_parent)
    days = 40
    for day in range(days):
        held = sim.sites.instance.copy()
        sim.step()
        new = np.flatnonzero(sim.instances.began == day)
        assert new.size == replacements
        gone = np.flatnonzero(sim.instances.ended == day)
        assert gone.size == replacements
        assert [CAUSES[cause] for cause in sim.instances.cause[gone]] == ["replaced"] * replacements
        assert (sim.sites.instance >= 0).all()
        changed = np.flatnonzero(sim.sites.instance != held)
        if replacements == 1:
            row = int(new[0])
            assert sim.instances.site[row] == changed[0]
            assert gone.tolist() == [held[changed[0]]]
            assert sim.instances.parent[row] in held
            if not may_be_parent:
                assert sim.instances.parent[row] != gone[0]
    assert len(sim.instances) == N + days * replacements
    assert sim.series.endings.sum().item() == days * replacements
    assert sim.series.foundings.sum().item() == days * replacements + N  # those at the start are counted on the first day
    assert sim.series.hill_0.values.max() <= N


def test_a_mutant_is_a_new_practice_and_differs_in_nothing_but_its_name():
    sim = fixed(mutation=0.5)
    sim.run(60)
    table, instances = sim.practices, sim.instances
    new = np.arange(N, len(instances))
    mutants = new[instances.channel[new] == ADAPTATION]
    copies = new[instances.channel[new] == ADOPTION]
    assert mutants.size + copies.size == 60
    assert close(mutants.size, 60, 0.5)
    assert len(table) == N + mutants.size
    np.testing.assert_array_equal(instances.practice[mutants], np.arange(N, len(table)))
    parents = instances.parent[mutants]
    np.testing.assert_array_equal(table.parent[N:], instances.practice[parents])
    np.testing.assert_array_equal(instances.practice[copies], instances.practice[instances.parent[copies]])
    for column in ("needs", "family", "content", "scope", "form", "mass", "origin"):
        np.testing.assert_array_equal(getattr(table, column)[N:], getattr(table, column)[table.parent[N:]], column)
    np.testing.assert_array_equal(table.day[N:], instances.began[mutants])


@pytest.mark.parametrize("mutation", [0.0, 1.0])
def test_no_child_or_every_child_is_new(mutation):
    sim = fixed(mutation=mutation)
    sim.run(30)
    assert len(sim.practices) == N + (30 if mutation else 0)


@pytest.mark.parametrize("may_be_parent", [False, True])
def test_who_goes_and_whose_child_comes_are_drawn_uniformly(may_be_parent):
    n, gone, pairs = 5, np.zeros(5, int), np.zeros((5, 5), int)
    sim = fixed(n, mutation=0.0, may_be_parent=may_be_parent)
    for day in range(1500):
        held = sim.sites.instance.copy()
        step(sim, "neutral", day)
        site = int(np.flatnonzero(sim.sites.instance != held)[0])
        parent = int(np.flatnonzero(held == sim.instances.parent[-1])[0])
        gone[site] += 1
        pairs[site, parent] += 1
    assert stats.chisquare(gone).pvalue > 1e-3
    cells = pairs.ravel() if may_be_parent else pairs[~np.eye(n, dtype=bool)]
    assert stats.chisquare(cells).pvalue > 1e-3
    assert may_be_parent or not np.diag(pairs).any()


def test_homozygosity_of_the_moran_model():
    """Two measures drawn are of one practice with probability 1 / (1 + theta), theta = (N - 1) mu / (1 - mu), in the long run."""
    mu, n = 0.05, 20
    same = []
    for seed in range(3):
        sim = fixed(n, seed=seed, mutation=mu, replacements=100)
        for day in range(120):
            step(sim, "neutral", day)
            if day >= 20:
                counts = np.bincount(sim.instances.practice[sim.sites.instance])
                same.append((counts * (counts - 1)).sum() / (n * (n - 1)))
    theta = (n - 1) * mu / (1 - mu)
    assert np.mean(same) == pytest.approx(1 / (1 + theta), abs=5 * np.std(same) / math.sqrt(len(same) / 5))


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_are_left_alone(n):
    sim = fixed(n or 3)
    if not n:
        sim.sites.instance[:], sim.sites.mode[:] = -1, 0
    before = len(sim.instances)
    step(sim, "neutral")
    assert len(sim.instances) == before


def test_it_is_off_unless_asked_for():
    sim = lab([(0, -1)], ["neighbourhood"], on=())
    assert type(sim.scenario.tables.neutral).model_fields["enabled"].default is False
