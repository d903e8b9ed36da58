"""Comparing a run with real figures, on series whose statistics are known by hand."""

import datetime

import numpy as np
import pytest
import xarray as xr

import communize as cz
from communize.store.targets import compare, fit_observed

START = datetime.date(2005, 1, 1)
ACTIVE = np.array([[1, 0], [4, 1], [6, 4], [2, 2], [0, 1], [0, 0]], float)  # totals 1 5 10 4 1 0


@pytest.fixture
def series():
    return xr.Dataset({"active": (("day", "place"), ACTIVE)}, {"region": ("place", np.array(["11", "93"], dtype=object))})


def scenario(target=None, observed=None):
    changes = {}
    if target:
        changes["target"] = [{"name": "x", "value": 1.0, "tolerance": 0.0, **target}]
    if observed:
        changes["observed"] = observed
    return cz.load("restructured").replace(changes)


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ({"statistic": "peak_night"}, 3.0),
        ({"statistic": "ratio_to_peak", "day": 3}, 0.4),
        ({"statistic": "half_life"}, 1.0),
        ({"statistic": "half_life", "variable": "arrests"}, None),  # not in the series
        ({"statistic": "first_share", "day": 2}, 6 / 21),
        ({"statistic": "share_in_region", "region": "93", "day": 3}, 0.5),
        ({"statistic": "share_in_region", "region": "11", "date": datetime.date(2005, 1, 3)}, 0.6),
        ({"statistic": "share_in_region", "region": "11", "day": 5}, None),
        ({"statistic": "share_in_region", "region": "11", "day": 6}, None),
        ({"statistic": "places_hit", "events_per_person": 0.5}, 2 - np.exp(-3.0) - np.exp(-2.0)),
        ({"statistic": "places_hit", "events_per_person": 0.5, "day": 0}, 1 - np.exp(-0.5)),
    ],
)
def test_statistics(target, found, series):
    (comparison,) = compare(scenario(target), series)
    assert comparison.found == (None if found is None else pytest.approx(found))
    assert not comparison.hit or found == 1.0


@pytest.mark.parametrize(
    ("rule", "hit"),
    [
        ({"value": 4.0, "tolerance": 1.0}, True), ({"value": 4.1, "tolerance": 1.0}, False), ({"value": 2.0, "tolerance": 1.0}, True),
        ({"value": 1.5, "tolerance": None, "factor": 2.0}, True), ({"value": 1.4, "tolerance": None, "factor": 2.0}, False),
        ({"value": 6.0, "tolerance": None, "factor": 2.0}, True), ({"value": 6.1, "tolerance": None, "factor": 2.0}, False),
    ],
)  # fmt: skip
def test_hit_or_miss(rule, hit, series):
    target = {"statistic": "peak_night", **rule}
    if target["tolerance"] is None:
        del target["tolerance"]
        given = cz.load("restructured").replace({"target": [{"name": "x", **target}]})
    else:
        given = scenario(target)
    assert compare(given, series)[0].hit is hit


def test_the_scale_is_fitted_to_the_first_counts_only(series):
    dates = [START + datetime.timedelta(days=n) for n in range(5)]
    fit = fit_observed(scenario(observed={"dates": dates, "counts": [4.0, 12.0, 22.0, 900.0, 900.0], "background": 2.0, "fitted": 3}), series)
    assert fit.events_per_person == pytest.approx(2.0)
    assert fit.root_mean_square == pytest.approx(0.0, abs=1e-9)
    assert fit.expected.tolist() == pytest.approx([4, 12, 22, 10, 4, 2])


def test_the_scale_is_never_negative(series):
    dates = [START + datetime.timedelta(days=n) for n in range(2)]
    fit = fit_observed(scenario(observed={"dates": dates, "counts": [0.0, 0.0], "background": 3.0, "fitted": 2}), series)
    assert fit.events_per_person == 0.0
    assert fit.root_mean_square == pytest.approx(3.0)


def test_dates_beyond_the_run_are_left_out(series):
    dates = [START + datetime.timedelta(days=n) for n in (4, 90)]
    fit = fit_observed(scenario(observed={"dates": dates, "counts": [1.0, 5.0], "fitted": 2}), series)
    assert fit.days.tolist() == [4]
    assert fit.fitted == 1
    assert fit_observed(scenario(observed={"dates": dates[1:], "counts": [5.0]}), series) is None


def test_a_series_that_never_falls_has_no_half_life(series):
    rising = series.isel(day=slice(0, 3))
    assert compare(scenario({"statistic": "half_life"}), rising)[0].found is None


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ({"statistic": "peak_night", "variable": "actve"}, "target[0].variable"),
        ({"statistic": "share_in_region", "variable": "arrests", "region": "11"}, "target[0].variable"),
        ({"statistic": "share_in_region"}, "target[0].region"),
        ({"statistic": "first_share"}, "target[0].day"),
    ],
)
def test_targets_that_cannot_be_computed_are_refused(target, path):
    with pytest.raises(cz.InputError) as error:
        cz.run(scenario(target), days=1)
    assert error.value.path == path


def test_comparing_without_the_variable_is_not_reached():
    quiet = cz.load("greece-2008").replace({"struggle.enabled": False, "society.people": 60_000})
    run = cz.run(quiet, days=3)
    assert [c.found for c in run.comparisons] == [None, None, None]
    assert run.observed is None
