"""Limit cases of struggle with the logistic response, through the public run with everything else switched off.

With one place and no other influence every person sees the same share x of active people, and a large society follows the
mean field ``x <- x + (1 - x) P(x) - q x`` with ``P(x) = 1 - exp(-r S((J x - nerve) / T))`` and ``q = 1 - exp(-leaving)``
(derived here from `model.md` section 5; no published figure).
"""

import math

import numpy as np
import pytest
from worlds import NO_MEASURES

import communize as cz
from communize.declare.registry import POSITIONS

PEOPLE = 40_000
NERVE, TEMPERATURE, RATE, LEAVING = 1.0, 0.2, 0.5, 0.2
TOLERANCE = 5 * 0.5 / math.sqrt(PEOPLE)  # five standard errors of a share of one half


def alone(**changes):
    """A society of one place in which struggle is the only mechanism, and nobody differs."""
    values = {
        "scenario": {"name": "limit", "days": 60},
        "society": {
            "people": PEOPLE, "places": {"count": 1}, "ties": {"degree_distribution": "none"}, "belonging_spread": 0.0,
            "positions": {name: {"share": 1.0 if name == "stable" else 0.0, "unmet": 0.0, "belonging": 0.0} for name in POSITIONS},
        },
        **{name: {"enabled": False} for name in ("economy", "incidents", "acts", "force", "belonging")}, **NO_MEASURES,
        "struggle": {
            "nerve": NERVE, "temperature": TEMPERATURE, "rate_joining": RATE, "rate_leaving": LEAVING, "rate_leaving_alone": 0.0,
            "coupling": 0.0, "weight_work": 0.0, "weight_neighbourhood": 0.0, "weight_ties": 0.0, "weight_place": 1.0,
            "nerve_sd_site": 0.0, "nerve_sd_place": 0.0, "fatigue_weight": 0.0, "weight_risk": 0.0,
        },
    }  # fmt: skip
    return cz.Scenario(values).replace(changes)


def shares(scenario, seed=1):
    return cz.run(scenario, seed=seed).series["active"].sum("place").to_numpy() / PEOPLE


def mean_field(coupling, days, start=0.0, spontaneous=1.0):
    def logistic(x):
        return 1 / (1 + math.exp(-x / TEMPERATURE))

    x, path = start, []
    for _ in range(days):
        hazard = logistic(coupling * x - NERVE) - (1 - spontaneous) * logistic(-NERVE)
        x += (1 - x) * (1 - math.exp(-RATE * hazard)) - x * (1 - math.exp(-LEAVING))
        path.append(x)
    return np.array(path)


@pytest.mark.parametrize("nerve", [0.0, 0.2, 0.5])
def test_without_coupling_people_are_independent(nerve):
    """A two-state chain for each: stationary share p / (p + q), and its binomial spread between seeds."""
    p = 1 - math.exp(-RATE / (1 + math.exp(nerve / TEMPERATURE)))
    stationary = p / (p + 1 - math.exp(-LEAVING))
    last = np.array([shares(alone(**{"struggle.nerve": nerve, "scenario.days": 50}), seed)[-1] for seed in range(12)])
    spread = math.sqrt(stationary * (1 - stationary) / PEOPLE)
    assert last.mean() == pytest.approx(stationary, abs=4 * spread / math.sqrt(12))
    assert 0.4 * spread < last.std(ddof=1) < 1.8 * spread


@pytest.mark.parametrize("coupling", [0.0, 1.0, 2.2, 4.0])
def test_one_place_follows_the_mean_field(coupling):
    found, expected = shares(alone(**{"struggle.coupling": coupling})), mean_field(coupling, 60)
    np.testing.assert_allclose(found, expected, atol=TOLERANCE if coupling < 4 else 6 * TOLERANCE)  # steep: noise in the start grows


def test_above_the_critical_coupling_there_are_two_states():
    """From rest the society stays low, from a shock high, under the same parameters."""
    coupling = 2.2
    low = shares(alone(**{"struggle.coupling": coupling}))
    high = shares(alone(**{"struggle.coupling": coupling, "shock": [{"day": 0, "magnitude": 20.0, "half_life_days": 3.0}]}))
    fixed = [mean_field(coupling, 2000, start)[-1] for start in (0.0, 1.0)]
    assert fixed[1] - fixed[0] > 0.4
    assert low[-1] == pytest.approx(fixed[0], abs=TOLERANCE)
    assert high[-1] == pytest.approx(fixed[1], abs=TOLERANCE)


def test_at_a_low_temperature_the_law_is_a_threshold():
    """Nobody joins below the threshold of influence, all do at the full rate above."""
    cold = {"struggle.temperature": 0.002, "struggle.coupling": 1.0, "struggle.rate_leaving": 0.0, "scenario.days": 12}
    shock = {"shock": [{"day": 0, "magnitude": 5.0, "half_life_days": 0.02}]}  # one day: 1 - exp(-0.5) = 0.39 join
    joined = 1 - math.exp(-RATE)
    below = shares(alone(**cold, **shock, **{"struggle.nerve": joined + 0.05}))
    above = shares(alone(**cold, **shock, **{"struggle.nerve": joined - 0.05}))
    np.testing.assert_allclose(below, joined, atol=TOLERANCE)
    np.testing.assert_allclose(above, 1 - np.exp(-RATE * np.arange(1, 13)), atol=TOLERANCE)


def test_without_spontaneous_joining_rest_is_absorbing_and_influence_is_not():
    quiet = alone(**{"struggle.spontaneous": 0.0, "struggle.coupling": 2.2})
    assert shares(quiet).max() == 0
    shock = {"shock": [{"day": 0, "magnitude": 20.0, "half_life_days": 0.05}]}
    found = shares(quiet.replace(shock))
    start = 1 - math.exp(-RATE * (1 - 1 / (1 + math.exp(NERVE / TEMPERATURE))))
    expected = np.concatenate([[start], mean_field(2.2, 59, start, spontaneous=0.0)])
    assert found[0] == pytest.approx(start, abs=TOLERANCE)
    np.testing.assert_allclose(found, expected, atol=2 * TOLERANCE)
