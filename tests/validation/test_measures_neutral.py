"""Limit case: the neutral switch alone is the infinite-alleles Moran model, and practices in force follow Ewens' sampling formula.

theta = N mu / (1 - mu) if the instance that goes may be the parent, (N - 1) mu / (1 - mu) if not, exactly; the formulas are those
of `validation.md` section 7. For five instances the stationary law is also solved here, from the Moran step itself.

References
----------
Ewens (1972), The sampling theory of selectively neutral alleles. https://doi.org/10.1016/0040-5809(72)90035-4
"""

import itertools
import math

import numpy as np
import pytest
from measures_alone import alone, isolated, seed
from scipy import stats

import communize as cz

GENERATIONS = 4  # a day: as many replacements as this times the instances
FIRST = 200  # days left out


def moran(instances, mutation, may_be_parent, days, distinct, replacements=None) -> cz.Scenario:
    """Nothing but replacements, from one practice or from as many as instances."""
    return alone(
        days, neutral__enabled=True, neutral__mutation=mutation, neutral__may_be_parent=may_be_parent,
        neutral__replacements=replacements or GENERATIONS * instances, dissolution__enabled=False,
        measures__seed=[seed(count=instances, distinct=distinct)])  # fmt: skip


def theta_of(instances, mutation, may_be_parent):
    return (instances if may_be_parent else instances - 1) * mutation / (1 - mutation)


def ewens(instances, theta):
    """Mean number of types, identity of two distinct draws, probability that all are of one type."""
    types = sum(theta / (theta + i) for i in range(instances))
    return np.array([types, 1 / (1 + theta), math.prod(i / (theta + i) for i in range(1, instances))])


def observed(instances, mutation, may_be_parent, seeds, days=2000):
    """The same three of a run, by batch: (batches, 3). Odd seeds start with one practice, even ones with all different."""
    society, batches = isolated(1, instances), []
    for number in seeds:
        run = cz.Simulation(moran(instances, mutation, may_be_parent, days, number % 2 == 0), number, society=society, threads=1).run(days)
        kinds, hill_2 = (run.series[name].to_numpy()[FIRST:].astype(float) for name in ("hill_0", "hill_2"))
        identity = (instances / hill_2 - 1) / (instances - 1)  # of the same instance drawn twice taken out
        rows = np.stack([kinds, identity, kinds == 1], axis=1)
        batches.append(rows.reshape(20, -1, 3).mean(axis=1))
    return np.concatenate(batches)


def distance(batches, expected):
    """Standard errors between the mean of the batches and what is expected."""
    error = batches.std(axis=0, ddof=1) / math.sqrt(len(batches))
    return (batches.mean(axis=0) - expected) / np.maximum(error, 1e-9)


CASES = [(5, 0.2), (10, 0.1), (20, 0.05), (50, 0.02)]  # instances, mutation


@pytest.mark.parametrize("may_be_parent", [False, True])
@pytest.mark.parametrize(("instances", "mutation"), CASES)
def test_number_of_practices_identity_and_monomorphy(instances, mutation, may_be_parent):
    expected = ewens(instances, theta_of(instances, mutation, may_be_parent))
    away = distance(observed(instances, mutation, may_be_parent, seeds=(1, 2), days=1200), expected)
    assert np.all(np.abs(away[expected > 1e-4]) < 4), away


@pytest.mark.slow
@pytest.mark.parametrize("may_be_parent", [False, True])
@pytest.mark.parametrize(("instances", "mutation"), [*CASES, (10, 0.02), (50, 0.1), (100, 0.01)])
def test_number_of_practices_identity_and_monomorphy_in_long_runs(instances, mutation, may_be_parent):
    expected = ewens(instances, theta_of(instances, mutation, may_be_parent))
    first = 200 * round(1000 * instances + 10_000 * mutation) + 100 * may_be_parent  # other draws for each case
    batches = observed(instances, mutation, may_be_parent, seeds=range(first, first + 20))
    away = distance(batches, expected)
    print(f"N {instances} mu {mutation} parent may go {may_be_parent}: found {batches.mean(axis=0)}, expected {expected}, away {away}")
    assert np.all(np.abs(away[expected > 1e-4]) < 4), away


@pytest.mark.parametrize("may_be_parent", [False, True])
def test_another_theta_is_rejected(may_be_parent):
    """The test above can tell: the other kind of parent, or mu for mu / (1 - mu), is far off at N = 5, mu = 0.2."""
    batches = observed(5, 0.2, may_be_parent, seeds=(1, 2))
    for wrong in (theta_of(5, 0.2, not may_be_parent), (5 if may_be_parent else 4) * 0.2):
        assert np.all(np.abs(distance(batches, ewens(5, wrong))[:2]) > 8)


def partitions(n, largest=None):
    """Partitions of n, each as a sorted tuple of sizes."""
    if n == 0:
        return [()]
    return [(k, *rest) for k in range(min(n, largest or n), 0, -1) for rest in partitions(n - k, k)]


def stationary(n, mutation, may_be_parent):
    """Stationary law over partitions of the Moran step, solved from its transition matrix."""
    states = partitions(n)
    step = np.zeros((len(states), len(states)))
    for row, sizes in enumerate(states):
        labels = [label for label, size in enumerate(sizes) for _ in range(size)]
        pairs = [(gone, parent) for gone, parent in itertools.product(range(n), repeat=2) if may_be_parent or gone != parent]
        for gone, parent in pairs:
            for new, chance in ((True, mutation), (False, 1 - mutation)):
                after = labels.copy()
                after[gone] = len(sizes) if new else labels[parent]
                after = tuple(sorted((after.count(label) for label in set(after)), reverse=True))
                step[row, states.index(after)] += chance / len(pairs)
    law = np.linalg.lstsq(np.vstack([step.T - np.eye(len(states)), np.ones(len(states))]), np.append(np.zeros(len(states)), 1), rcond=None)[0]
    return states, law


def sampling_formula(sizes, theta):
    """Ewens' sampling formula: the probability of a partition."""
    n = sum(sizes)
    ways = math.prod(size ** sizes.count(size) * math.factorial(sizes.count(size)) for size in set(sizes))
    return math.factorial(n) * theta ** len(sizes) / (math.prod(theta + i for i in range(n)) * ways)


@pytest.mark.parametrize("may_be_parent", [False, True])
def test_the_whole_law_of_five_instances(may_be_parent):
    """Independent draws of the partition (20 generations apart) against the solved law, which is Ewens' formula."""
    n, mutation, days = 5, 0.2, 2500
    states, law = stationary(n, mutation, may_be_parent)
    np.testing.assert_allclose(law, [sampling_formula(sizes, theta_of(n, mutation, may_be_parent)) for sizes in states], atol=1e-12)
    run = cz.Simulation(moran(n, mutation, may_be_parent, days, False, replacements=20 * n), 7, society=isolated(1, n), threads=1)
    found = np.zeros(len(states))
    for day in range(days):
        run.step()
        sizes = np.unique(run.instances.practice[run.sites.instance[run.sites.instance >= 0]], return_counts=True)[1]
        if day >= 5:
            found[states.index(tuple(sorted(sizes.tolist(), reverse=True)))] += 1
    assert stats.chisquare(found, law * found.sum()).pvalue > 1e-3


def test_each_instance_has_one_child_on_average():
    """The number is fixed, so that R_descent is 1 and births per ending, once the seeds have left the window, exactly 1."""
    run = cz.Simulation(moran(20, 0.05, False, 600, False, replacements=10), 3, society=isolated(1, 20), threads=1).run(600)
    number = run.series["generalisation_number"].to_numpy()[200:]
    assert number.mean() == pytest.approx(1, abs=0.005)
    assert number.std() < 0.03
    assert np.all(run.series["births_per_ending"][200:] == 1)
