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
from scipy import optimize
from worlds import MANY_MEASURES, lively

import communize as cz

HALF, WINDOW = 5e5, 180


@pytest.fixture(scope="module")
def place():
    return isolated(1, 25_000)


def branching(rate, ending, days, first, sites):
    return alone(
        days, measures__adoption={"rate": rate * HALF / sites, "exponent": 1.0, "half_exposure": HALF, "with_fit": False},
        dissolution__spent=1e6 if ending == 1 else -math.log1p(-ending), measures__seed=[seed(sites=list(range(first)))])  # fmt: skip


def check(reproduction, ending, days, first, place, seeds):
    """Compare R_descent and adoptions per ending of some runs with what they should be; returns the means, the naive number third.

    No age above that of the run has been seen: R_descent is R (1 - (1 - q)^(days - 1)).
    """
    sites, rows = len(place.sites), []
    for number in seeds:
        simulation = simulate(branching(reproduction * ending, ending, days, first, sites), place, number)
        series, table = simulation.series, simulation.instances
        naive = table.births[table.began > days - 1 - WINDOW].mean()
        adopted = float(series["foundings"].sel(channel="adoption").sum())
        rows.append([float(series["generalisation_number"][-1]), adopted / float(series["endings"].sum()), naive, series["instances"].max() / sites])
    mean, error = np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1) / math.sqrt(len(rows))
    seen = reproduction * (1 - (1 - ending) ** (min(days, WINDOW) - 1))
    print(f"R {reproduction} q {ending}: R_descent {mean[0]:.4f} +- {error[0]:.4f} of {seen:.4f}, births per ending {mean[1]:.4f} +- {error[1]:.4f}, "
          f"naive {mean[2]:.4f}, taken {mean[3]:.4f}")  # fmt: skip
    slack = 1.05 * reproduction * mean[3]  # sites already taken lower R by at most their share
    for found, expected, allowed in zip(mean, (seen, reproduction), 4 * error):
        assert expected - slack - allowed < found < expected + allowed
    return mean


GROWING = [(1.25, 1.0, 10, 100), (1.6, 1.0, 7, 50), (1.25, 0.1, 50, 80), (1.6, 0.1, 40, 40)]  # R, q, days, seeds
SHRINKING = [(0.5, 1.0, 12, 300), (0.9, 1.0, 30, 300), (0.5, 0.1, 40, 300), (0.9, 0.1, 60, 300)]
LONG = [(1.25, 0.05, 100, 200), (1.6, 0.05, 70, 200), (1.1, 0.1, 150, 200), (0.8, 0.05, 250, 1000)]


@pytest.mark.parametrize(("reproduction", "ending", "days", "first"), GROWING)
def test_growing(reproduction, ending, days, first, place):
    """The corrected number is R; the naive one stays below 1 whatever R is, because the youngest parents have no children yet."""
    mean = check(reproduction, ending, days, first, place, range(1, 8))
    assert mean[2] < 1 < mean[0]


@pytest.mark.parametrize(("reproduction", "ending", "days", "first"), SHRINKING)
def test_shrinking(reproduction, ending, days, first, place):
    """Where nearly all is over there is little to correct."""
    mean = check(reproduction, ending, days, first, place, range(1, 8))
    assert mean[2] == pytest.approx(mean[0], abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize(("reproduction", "ending", "days", "first"), [*GROWING, *SHRINKING, *LONG])
def test_in_many_runs(reproduction, ending, days, first):
    other = round(1000 * (100 * reproduction + ending)) + days  # other draws for each case
    check(reproduction, ending, days, first, isolated(1, 100_000), range(other, other + 16))


def by_definition(began, parents, day):
    """R of `rules.md` section 5 from a list of instances and one or more lists of their parents, in plain Python."""
    cohort = {row for row, when in enumerate(began) if day - WINDOW < when <= day}
    ages = [when - began[parent] for parent_of in parents for parent, when in zip(parent_of, began) if parent in cohort and when <= day]
    number = 0.0
    for age in range(WINDOW):
        reached = sum(day - began[row] >= age for row in cohort)
        if reached:
            number += ages.count(age) / reached
    return number


def foundings(began, parent, joined):
    """The same lists without the sites that joined, each child of one of them being a child of what it joined."""
    root = []
    for row, above in enumerate(parent):
        root.append(root[above] if joined[row] and above >= 0 else row)
    kept = [row for row in range(len(began)) if root[row] == row]
    number = {row: k for k, row in enumerate(kept)}
    return [began[row] for row in kept], [number[root[parent[row]]] if parent[row] >= 0 else -1 for row in kept]


def test_the_series_are_what_the_definitions_say():
    """R_descent, R_total, births per ending and R by place, before and after the window of 180 days moves on, from the list of instances."""
    days = 260
    scenario = alone(
        days, measures__adoption={"rate": 0.11 * 50, "exponent": 1.0, "half_exposure": 1000.0, "with_fit": False},
        measures__reinvention={"rate": 0.0005}, measures__fit_floor=1.0, dissolution__spent=0.1, generalisation__place_days=1,
        measures__form={"share": {"assembly": 0.4, "diffuse": 0.3, "spontaneous": 0.3}, "delay_days": {"assembly": 2, "diffuse": 1, "spontaneous": 0}},
        measures__seed=[seed(count=3, day=0), seed(count=3, day=40)])  # fmt: skip
    simulation = simulate(scenario, isolated(3, 200), 3)
    series, rows = simulation.series, simulation.instances
    began, parent, beside, over, where = (getattr(rows, name).tolist() for name in ("began", "parent", "beside", "ended", "place"))
    assert max(parent) >= 0
    assert max(beside) >= 0
    for day in (30, 100, 178, 179, 180, 181, 259):
        assert float(series["generalisation_number"][day]) == pytest.approx(by_definition(began, [parent], day), rel=1e-5)
        assert float(series["generalisation_number_total"][day]) == pytest.approx(by_definition(began, [parent, beside], day), rel=1e-5)
        begun, ended = (sum(day - WINDOW < when <= day for when in days if when >= 0) for days in (began, over))
        assert float(series["births_per_ending"][day]) == pytest.approx(begun / ended, rel=1e-5)
    np.testing.assert_array_equal(series["generalisation_number_of_foundings"], series["generalisation_number"])  # no site joined
    for place in range(3):  # isolated: all children of a place began in it
        own = [row for row, there in enumerate(where) if there == place]
        number = {row: k for k, row in enumerate(own)} | {-1: -1}
        local = [began[row] for row in own], [[number[parent[row]] for row in own]]
        assert float(series["generalisation_number_by_place"][days - 1, place]) == pytest.approx(by_definition(*local, days - 1), rel=1e-5)


@pytest.mark.parametrize("number", [1, 2])
def test_where_sites_join_the_series_are_what_the_definitions_say(number):
    """A run in which everything happens; R of foundings counts a site that joined with what it joined."""
    run = cz.run(lively(**MANY_MEASURES), seed=number)
    table = run.instances
    began, parent, beside = (table[name].tolist() for name in ("began", "parent", "beside"))
    joined = (table["channel"] == "rallying").tolist()
    assert sum(joined) > 20
    for day in (10, 20, 39):
        assert float(run.series["generalisation_number"][day]) == pytest.approx(by_definition(began, [parent], day), rel=1e-5)
        assert float(run.series["generalisation_number_total"][day]) == pytest.approx(by_definition(began, [parent, beside], day), rel=1e-5)
        roots, above = foundings(began, parent, joined)
        assert float(run.series["generalisation_number_of_foundings"][day]) == pytest.approx(by_definition(roots, [above], day), rel=1e-5)


def test_with_lives_of_one_day_births_per_ending_is_known_exactly(place):
    """All that ever began over all but those in force."""
    simulation = simulate(branching(1.3, 1.0, 9, 60, 25_000), place, 4)
    in_force = simulation.series["instances"].sum("place").to_numpy()
    np.testing.assert_allclose(simulation.series["births_per_ending"][1:], np.cumsum(in_force)[1:] / np.cumsum(in_force)[:-1], rtol=1e-6)


def test_at_saturation_both_are_one():
    """Where free sites run out, foundings balance endings at the number that the law of a place gives; R without taken sites is 3."""
    sites, rate, ending, days = 1500, 0.3, 0.1, 420
    simulation = simulate(branching(rate, ending, days, 100, sites), isolated(1, sites), 5)
    series = simulation.series

    def balance(share):
        return (1 - share) * -math.expm1(-rate * share) - ending * share

    expected = optimize.brentq(balance, 0.1, 0.99)
    assert float(series["instances"][200:].mean()) / sites == pytest.approx(expected, abs=0.01)
    assert float(series["births_per_ending"][-1]) == pytest.approx(1, abs=0.01)
    assert float(series["generalisation_number"][-1]) == pytest.approx(1, abs=0.03)


def test_children_after_180_days_are_not_counted():
    """A limit of the definition: where lives are long against the window, R_descent is only its part within 180 days.

    With r = 0.0075 and q = 0.005 (mean life 200 days) R is 1.5 and the number in force grows, but R_descent is 0.89; births per
    ending, which needs no window as long as the hazard is constant, is 1.5.
    """
    rate, ending, sites, first, days = 0.0075, 0.005, 20_000, 200, 400
    simulation = simulate(branching(rate, ending, days, first, sites), isolated(1, sites), 6)
    series, in_force = simulation.series, simulation.series["instances"].to_numpy()
    slack, births = 1.5 * in_force.max() / sites, float(series["foundings"][-WINDOW:].sum())
    within = rate * (1 - (1 - ending) ** (WINDOW - 1)) / ending
    assert within == pytest.approx(0.889, abs=0.001)
    assert in_force[-1] > 2 * first
    assert within * (1 - 1.05 * slack / 1.5) - 4 * within / math.sqrt(births) < float(series["generalisation_number"][-1]) < within * (1 + 4 / math.sqrt(births))
    ended = float(series["endings"][-WINDOW:].sum())
    error = 1.5 * math.sqrt(1 / births + 1 / ended)
    assert 1.5 - 1.05 * slack - 4 * error < float(series["births_per_ending"][-1]) < 1.5 + 4 * error
