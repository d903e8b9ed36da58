"""Limit cases of endings, memory and labels: with all channels off each instance ends by the sum of its hazards, and by nothing else.

Derived here from `model.md` section 6 and `rules.md` sections 1 and 5; no published figures.
"""

import itertools
import math

import numpy as np
import pytest
from measures_alone import alone, isolated, seed, simulate
from scipy import stats
from worlds import MANY_MEASURES, lively

import communize as cz


def geometric_test(lifetimes, probability, until=30):
    """p-value of lifetimes of 1, 2, ... days against a geometric law; those of `until` and more are one cell."""
    counts = np.bincount(np.minimum(lifetimes, until), minlength=until + 1)[1:]
    law = stats.geom.pmf(np.arange(1, until), probability)
    law = np.append(law, 1 - law.sum())
    enough = law * lifetimes.size > 5
    counts, law = np.append(counts[enough], counts[~enough].sum()), np.append(law[enough], law[~enough].sum())
    return stats.chisquare(counts, law * lifetimes.size).pvalue if law[-1] > 0 else stats.chisquare(counts[:-1], law[:-1] * lifetimes.size).pvalue


CAUSES = {"spent": (0.04, lambda h, c: 1 - h * c), "isolation": (0.03, lambda h, c: 1), "need": (0.05, lambda h, c: 1 - c), "ebb": (0.06, lambda h, c: 1)}


@pytest.mark.parametrize("names", [("spent",), ("isolation",), ("need",), ("ebb",), tuple(CAUSES)])
def test_a_lone_measure_lives_by_the_sum_of_its_hazards(names):
    """2,000 places of one site each: geometric lifetimes with 1 - exp(-sum), and causes in proportion to their hazards."""
    n_places, horizon, coverage, days = 2000, 0.4, 0.5, 400
    society = isolated(n_places, 1)
    society.places.horizon[:] = horizon
    hazards = {name: CAUSES[name][0] * CAUSES[name][1](horizon, coverage) for name in names}
    scenario = alone(days, provisioning__fixed__coverage=coverage, measures__seed=[seed(sites=list(range(n_places)))], dissolution__carrying_share=0.1)
    scenario = scenario.replace({f"dissolution.{name}": CAUSES[name][0] for name in names})
    simulation = simulate(scenario, society, 1)
    table = simulation.instances
    assert len(table) == n_places
    assert table.ended.min() > 0  # all over
    total = sum(hazards.values())
    assert geometric_test(table.ended - table.began, -math.expm1(-total)) > 1e-3
    by_cause = simulation.series["endings"].sum("day").sel(cause=list(names)).to_numpy()
    assert by_cause.sum() == n_places
    if len(names) > 1:
        assert stats.chisquare(by_cause, n_places * np.array(list(hazards.values())) / total).pvalue > 1e-3


@pytest.mark.parametrize(("together", "scale"), [(2, 1.0), (5, 2.0)])
def test_isolated_measures_that_resonate_last_longer(together, scale):
    """K instances in a place: each ends at the rate delta exp(-(k - 1) / r0), so that the last ones go quickly; the whole law of k."""
    n_places, hazard, days = 600, 0.3, 25
    rows = (together * np.arange(n_places)[:, None] + np.arange(together)).ravel().tolist()
    scenario = alone(days, measures__seed=[seed(sites=rows)], dissolution__isolation=hazard, measures__exposure__resonance_scale=scale)
    in_force = simulate(scenario, isolated(n_places, together), 2).series["instances"].to_numpy()
    step = np.zeros((together + 1, together + 1))
    for k in range(together + 1):
        step[k, : k + 1] = stats.binom.pmf(np.arange(k + 1), k, math.exp(-hazard * math.exp(-(k - 1) / scale)))
    law = np.zeros(together + 1)
    law[together] = 1
    for day in range(1, days):
        law = law @ step
        if day in (1, 4, 10, 24):
            keep = law > 0.01
            counts = np.array([(in_force[day] == k).sum() for k in np.flatnonzero(keep)])
            assert counts.sum() >= 0.9 * n_places
            assert stats.chisquare(counts, law[keep] / law[keep].sum() * counts.sum()).pvalue > 1e-3


def test_a_measure_whose_participants_leave_ends_below_its_critical_mass():
    """Four founders who each leave with probability p a day, on the day of the beginning too, and a critical mass of three.

    An instance is in force after day t if at least three of the four have stayed t + 1 times.
    """
    n_places, leaving, days = 1500, 0.05, 60
    people = {"home": np.repeat(np.arange(n_places), 4)}
    society = cz.Society.from_tables(
        people=people, sites={"kind": ["neighbourhood"] * n_places, "place": np.arange(n_places)},
        places={"name": [f"place-{p}" for p in range(n_places)], "latitude": np.zeros(n_places), "longitude": np.linspace(-170, 170, n_places)},
        ties={"a": np.zeros(0, int), "b": np.zeros(0, int)}, parameters=alone().society)  # fmt: skip
    scenario = alone(
        days, measures__seed=[seed(sites=list(range(n_places)), critical_mass=3.0, people=4.0)], provisioning__fixed__coverage=1.0,
        rallying={"enabled": True, "people": False, "sites": False, "rate_leaving": -math.log1p(-leaving), "rate_leaving_need": 0.0})  # fmt: skip
    simulation = simulate(scenario, society, 3)
    found = simulation.series["instances"].sum("place").to_numpy()[1:] / n_places
    expected = stats.binom.sf(2, 4, (1 - leaving) ** (np.arange(1, days) + 1))
    assert np.all(np.abs(found - expected) <= 4 * np.sqrt(expected * (1 - expected) / n_places) + 1e-9)
    assert float(simulation.series["endings"].sel(cause="below_mass").sum()) == (simulation.instances.ended >= 0).sum()


MEMORY = {"rate": 0.25, "half_life": 5.0}


def never_returned(rate, half_life, days):
    """Probability that a place has not returned to its measure by each age, 0 first: exp(-sum of rate * 2^(-age / half-life))."""
    return np.exp(-np.concatenate([[0], np.cumsum(rate * 2.0 ** (-np.arange(1, days) / half_life))]))


def test_places_remember_with_the_stated_half_life():
    """800 places in which one measure ended: how long until it is taken up again, by memory alone."""
    n_places, sites, days, half = 800, 40, 60, 5e5
    scenario = alone(
        days, measures__adoption={"rate": MEMORY["rate"] * half / sites, "exponent": 1.0, "half_exposure": half, "with_fit": False},
        measures__exposure={"place": 0.0, "contact": 0.0, "links": 0.0, "ties": 0.0, "memory": 1.0, "memory_half_life_days": MEMORY["half_life"]},
        dissolution__spent=1e6, measures__seed=[seed(sites=(sites * np.arange(n_places)).tolist())])  # fmt: skip
    table = simulate(scenario, isolated(n_places, sites), 4).instances
    assert np.all(table.ended[:n_places] == 1)
    returned = np.full(n_places, days)
    for row in range(len(table) - 1, n_places - 1, -1):  # the first return is written last
        returned[table.place[row]] = table.began[row] - 1
    first = [row for row in range(n_places, len(table)) if table.began[row] - 1 == returned[table.place[row]]]
    assert np.all(table.parent[first] == table.place[first])  # seed p stands in place p
    cells = [1, 2, 3, 4, 5, 7, 9, 12, 15, 20, 30, days - 1]

    def p_value(half_life):
        law = never_returned(MEMORY["rate"], half_life, days - 1)
        chances = [law[a - 1] - law[b - 1] for a, b in itertools.pairwise(cells)] + [law[cells[-1] - 1]]
        counts = [((returned >= a) & (returned < b)).sum() for a, b in itertools.pairwise(cells)] + [(returned >= cells[-1]).sum()]
        return stats.chisquare(counts, np.array(chances) * n_places).pvalue

    assert p_value(MEMORY["half_life"]) > 1e-3
    assert p_value(0.6 * MEMORY["half_life"]) < 1e-6
    assert p_value(1.6 * MEMORY["half_life"]) < 1e-6


@pytest.mark.parametrize("number", [1, 2])
def test_splitting_a_practice_into_labels_changes_no_total(number):
    """Each seeded instance a practice of its own, or one practice for all: the same instances, people and series to the last bit."""
    plain = {"measures.seed[0].distinct": False, "measures.seed[1].distinct": False}
    runs = [cz.run(lively(**MANY_MEASURES).replace(plain | changes), seed=number) for changes in ({}, dict.fromkeys(plain, True))]
    one, split = (run.instances for run in runs)
    assert len(one) > 200
    assert set(one["channel"]) >= {"reinvention", "adoption", "adaptation", "grafting", "rallying", "seeded"}
    assert split["practice"].nunique() == one["practice"].nunique() + 4 + 5 - 2
    children = one[(one["parent"] >= 0) & (one["channel"] != "rallying")]  # a site that joins through its members may do so at once
    assert np.all(children["began"].to_numpy() > one["began"].to_numpy()[children["parent"]])  # what begins today is seen tomorrow
    columns = [name for name in one if name != "practice"]
    assert one[columns].equals(split[columns])
    labelled = {"practices", "hill_0", "hill_1", "hill_2", "origins_in_force", "origins_per_family"}
    for name in set(runs[0].series.data_vars) - labelled:
        np.testing.assert_array_equal(runs[0].series[name], runs[1].series[name], err_msg=name)
