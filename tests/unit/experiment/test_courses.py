"""The courses of the documentation: their scenarios hold, and the summaries are what they say."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from communize.experiment.courses import COURSES, exchange_of, markdown, monthly, scenario_of, summary_of, waves
from communize.scenario.check import check_scenario
from communize.store.running import run


@pytest.mark.parametrize("course", COURSES, ids=lambda course: course.name)
@pytest.mark.parametrize("levers", [True, False])
def test_courses_are_valid_and_hold_no_level(course, levers):
    scenario = scenario_of(course, people=5_000, levers=levers)
    assert check_scenario(scenario)["warnings"] == []
    assert not scenario.tables.provisioning.fixed.enabled
    assert (scenario.tables.measures.fit_floor == 0) is not levers


def test_kappa_by_month_leaves_the_first_three_out():
    kappa = np.concatenate([np.full(90, 5.0), np.full(30, 0.5), np.full(30, 1.5)])
    found = monthly(kappa)
    assert found.size == 31
    np.testing.assert_allclose(found[[0, 15, -1]], [0.5, 1.0, 1.5])
    np.testing.assert_allclose(monthly(np.full(10, 0.7)), [0.7])


def test_exchange_is_a_mean_over_participants():
    series = xr.Dataset({"participants": (("day", "place"), [[0, 0], [1, 3], [0, 1]]), "exchange_dependence": (("day", "place"), [[0.0, 0.0], [1.0, 0.2], [0.0, 0.5]])})
    np.testing.assert_allclose(exchange_of(series, 1000, least=0.002), [np.nan, 0.4, np.nan])


def test_waves_are_counted_from_below():
    low, high = np.zeros(40), np.full(40, 0.1)
    assert waves(np.concatenate([low, high, low, high])) == 2
    assert waves(low) == 0


def test_a_summary_becomes_a_row_of_each_table():
    result = run(scenario_of(COURSES[-1], people=3_000), days=40, seed=1)
    row = {"course": COURSES[-1].name, "seed": 1, "levers": True, **summary_of(result)}
    assert 0 <= row["lambda_peak"] <= row["lambda_pooled_peak"] + 1e-9
    first, second = markdown(pd.DataFrame([row])).strip().split("\n\n")
    for table in (first, second):
        lines = table.splitlines()
        assert len(lines) == 3
        assert len({line.count("|") for line in lines}) == 1
