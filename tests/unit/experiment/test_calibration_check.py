"""Simulation-based calibration: it lets a right posterior pass, and refuses one that is too narrow, too wide, or beside."""

import dataclasses

import numpy as np
import pytest

import communize as cz
from communize.experiment.approximate import Problem, reference, reject
from communize.experiment.calibration_check import DRAWS, calibration_check, check_problem, uniformity
from communize.experiment.priors import Prior

PRIOR = Prior([("mean", -5.0, 5.0)])
SPREAD = 0.5


def simulate(units, seeds):
    return np.array([[m + SPREAD * np.random.default_rng(int(s)).standard_normal()] for m, s in zip(PRIOR.values(units)[:, 0], seeds)])


PROBLEM = Problem(PRIOR, simulate, np.zeros(1), np.zeros(1, int))


def exact(one, number, width=1.0, beside=0.0):
    """The exact posterior, a normal law cut off at the ends of the prior; or a wrong one."""
    draws = np.random.default_rng([7, number]).normal(one.values[0] + beside, SPREAD * width, 4000)
    units = PRIOR.units(draws[np.abs(draws) <= 5.0][:, None])[:500]
    flat = np.full(len(units), 1 / len(units))
    return dataclasses.replace(reject(PROBLEM, SAMPLE, 10), units=units, weights=flat)


SAMPLE = reference(PROBLEM, 4000, seed=1)


def test_the_exact_posterior_passes():
    found = check_problem(PROBLEM, exact, 200)
    assert found.passed
    assert found.table["spread"][0] == pytest.approx(1.0, abs=0.1)
    assert found.ranks["mean"].between(0, DRAWS).all()


@pytest.mark.parametrize(("wrong", "spread"), [({"width": 0.5}, 1.2), ({"width": 2.0}, 0.8), ({"beside": 0.3}, None)])
def test_a_wrong_posterior_is_refused(wrong, spread):
    found = check_problem(PROBLEM, lambda one, number: exact(one, number, **wrong), 200)
    assert not found.passed
    if spread is not None:
        assert found.table["spread"][0] > spread if spread > 1 else found.table["spread"][0] < spread


def test_regression_passes_and_careless_rejection_does_not():
    assert check_problem(PROBLEM, lambda one, number: reject(one, SAMPLE, 200, adjust=True), 200).passed
    careless = check_problem(PROBLEM, lambda one, number: reject(one, SAMPLE, 2000), 200)  # the nearest half of the prior
    assert not careless.passed
    assert careless.table["spread"][0] < 0.9


def test_a_data_set_that_cannot_be_fitted_ends_the_check():
    with pytest.raises(cz.CommunizeError, match=r"data set 1 of 50 cannot be fitted: only \d+ of 4000 runs"):
        check_problem(dataclasses.replace(PROBLEM, features=lambda found, values: np.where(np.abs(found - values) < 0.1, found, np.nan)), lambda one, number: reject(one, SAMPLE, 500), 50)


def test_uniformity_of_even_and_uneven_ranks():
    even = np.tile(np.arange(20), 10)
    assert uniformity(even)["chi2_p"] == 1.0
    assert uniformity(np.random.default_rng(1).integers(0, 20, 400))["ks_p"] > 0.01
    assert uniformity(np.repeat([0, 19], 50))["chi2_p"] < 1e-6
    refused = [min(uniformity(np.random.default_rng(k).integers(0, 20, 100))[p] for p in ("chi2_p", "ks_p")) < 0.005 for k in range(300)]
    assert np.mean(refused) < 0.03  # 1 % by construction


def test_a_scenario_is_checked_before_it_is_fitted(tmp_path):
    scenario = cz.load("sir").replace({
        "society.people": 1000, "run.days": 25, "struggle.seed": [{"share": 0.02}], "prior": {"struggle.rate_leaving": [0.05, 0.3]},
    })  # fmt: skip
    import pandas as pd

    data = pd.DataFrame({"day": range(0, 25, 4), "active": 0.0})
    options = {"particles": 40, "samples": 200, "workers": 0, "out": tmp_path}
    found = calibration_check(scenario, 30, data, **options)
    assert found.info["runs_made"] == 230
    assert found.ranks.shape == (30, 1)
    assert found.passed
    assert calibration_check(scenario, 30, data, **options).info["runs_made"] == 0
    with pytest.raises(cz.InputError, match="--check"):
        calibration_check(scenario, 5, data)


@pytest.mark.slow
def test_the_calibration_of_an_epidemic_passes():
    import pandas as pd

    scenario = cz.load("sir").replace({
        "society.people": 3000, "run.days": 60, "struggle.seed": [{"share": 0.01}],
        "prior": {"struggle.rate_contact": [0.05, 0.3, "log"], "struggle.rate_leaving": [0.05, 0.3], "belonging.rate": [0.0, 0.1]},
    })  # fmt: skip
    data = pd.DataFrame({"day": range(0, 60, 3), "active": 0.0})
    found = calibration_check(scenario, 300, data, particles=300, samples=6000)
    assert found.passed, found.table
    assert found.table["spread"].between(0.85, 1.15).all(), found.table
