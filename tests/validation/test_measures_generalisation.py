"""R_descent and births per ending on branching processes of known R, growing and shrinking, of short and of long lives.

The processes are those of `test_measures_branching`: in one large place each instance has r children a day on average while it is
in force, and ends with probability q a day, so that R = r / q. R_descent (`rules.md` section 5) is the sum over ages of births at
that age per instance that reached it, so that instances too young to have had their children do not pull it down, as they do
in the naive number of births so far per instance.
"""

import math

import numpy as np
import pytest
from measures_alone import alone, isolated, seed, simulate

import communize as cz

HALF, SITES, WINDOW = 5e5, 60_000, 180


@pytest.fixture(scope="module")
def place():
    return isolated(1, SITES)


def branching(rate, ending, days, first):
    return alone(
        days, measures__adoption={"rate": rate * HALF / SITES, "exponent": 1.0, "half_exposure": HALF, "with_fit": False},
        dissolution__spent=1e6 if ending == 1 else -math.log1p(-ending), measures__seed=[seed(sites=list(range(first)))])  # fmt: skip


def of_runs(reproduction, ending, days, first, place, seeds):
    """R_descent, the naive number, adoptions per ending, and the largest share of sites taken, of each run."""
    rows = []
    for number in seeds:
        simulation = simulate(branching(reproduction * ending, ending, days, first), place, number)
        series, table = simulation.series, simulation.instances
        recent = table.began > days - 1 - WINDOW
        begun, ended = series["foundings"].to_numpy().sum(axis=0), series["endings"].to_numpy().sum()
        adopted = begun[series["channel"].to_numpy() == "adoption"][0]
        rows.append([float(series["generalisation_number"][-1]), table.births[recent].mean(), adopted / ended, series["instances"].max() / SITES])
    return np.array(rows)


def check(reproduction, ending, days, first, place, seeds):
    rows = of_runs(reproduction, ending, days, first, place, seeds)
    mean, error = rows.mean(axis=0), rows.std(axis=0, ddof=1) / math.sqrt(len(rows))
    print(f"R {reproduction} q {ending}: R_descent {mean[0]:.4f} +- {error[0]:.4f}, naive {mean[1]:.4f}, births per ending {mean[2]:.4f} +- {error[2]:.4f}, "
          f"taken {mean[3]:.4f}")  # fmt: skip
    slack = reproduction * mean[3]  # sites already taken lower R by at most their share
    for found, allowed in ((mean[0], 4 * error[0]), (mean[2], 4 * error[2])):
        assert reproduction - slack - allowed < found < reproduction + allowed
    return mean, error


GROWING = [(1.25, 1.0, 10, 100), (1.6, 1.0, 7, 50), (1.25, 0.1, 60, 100), (1.6, 0.05, 70, 50)]
SHRINKING = [(0.5, 1.0, 12, 400), (0.9, 1.0, 30, 400), (0.5, 0.1, 100, 400), (0.9, 0.05, 100, 400)]


@pytest.mark.parametrize(("reproduction", "ending", "days", "first"), GROWING)
def test_growing(reproduction, ending, days, first, place):
    """The corrected number is R; the naive one stays below 1 whatever R is, because each child stands also among the parents."""
    mean, error = check(reproduction, ending, days, first, place, range(1, 5))
    assert mean[1] < 1
    assert mean[1] < reproduction - 6 * error[0]


@pytest.mark.parametrize(("reproduction", "ending", "days", "first"), SHRINKING)
def test_shrinking(reproduction, ending, days, first, place):
    """Where nearly all is over there is little to correct."""
    mean, _ = check(reproduction, ending, days, first, place, range(1, 5))
    assert mean[1] == pytest.approx(mean[0], abs=0.08)


@pytest.mark.slow
@pytest.mark.parametrize(("reproduction", "ending", "days", "first"), GROWING + SHRINKING + [(1.1, 0.1, 150, 100), (0.8, 0.05, 250, 1000)])
def test_in_many_runs(reproduction, ending, days, first):
    """Within about a hundredth, in a place four times as large."""
    global SITES
    old, SITES = SITES, 240_000
    try:
        check(reproduction, ending, days, first, isolated(1, SITES), range(101, 113))
    finally:
        SITES = old
