"""Paired differences: their figures against SciPy, what may be paired, and that common draws narrow the interval."""

import numpy as np
import pytest
import sweeps
from scipy import stats

import communize as cz
from communize.experiment.compare import paired, side_by_side


def test_figures_of_paired_differences():
    draws = np.random.default_rng(5)
    a = draws.normal(10, 2, 25)
    b = a + draws.normal(1, 0.5, 25)
    found = paired(a, b)
    test = stats.ttest_rel(b, a)
    interval = test.confidence_interval(0.95)
    assert (found["low"], found["high"]) == pytest.approx((interval.low, interval.high))
    assert found["difference"] == pytest.approx(b.mean() - a.mean())
    assert found["correlation"] == pytest.approx(stats.pearsonr(a, b).statistic)
    assert found["times_fewer"] == pytest.approx((a.var(ddof=1) + b.var(ddof=1)) / (b - a).var(ddof=1))
    assert found["times_fewer"] > 5
    assert found["effect"] == pytest.approx((b.mean() - a.mean()) / np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2))
    assert found["pairs"] == 25


def test_pairs_with_a_missing_value_are_left_out():
    found = paired(np.array([1.0, np.nan, 3.0, 4.0]), np.array([2.0, 2.0, np.nan, 6.0]))
    assert found["pairs"] == 2
    assert found["difference"] == 1.5
    assert np.isnan(paired(np.array([1.0, np.nan]), np.array([1.0, 1.0]))["low"])


def test_two_ensembles():
    a = cz.ensemble(sweeps.small(), seeds=5, workers=0)
    b = cz.ensemble(sweeps.small(struggle__rate_leaving=0.4), seeds=[3, 4, 5, 6], workers=0)
    found = cz.compare(a, b, "peak_active")
    row = found.table.iloc[0]
    assert row["pairs"] == 3
    assert row["mean_a"] == a.table["peak_active"][2:].mean()
    assert any("3 pairs; without a partner and left out: 2 runs of a, 1 of b" in note for note in found.notes)
    assert "peak_active" in set(cz.compare(a, b).table["figure"])


def test_only_runs_that_were_done_are_paired():
    a = cz.ensemble(sweeps.small(), seeds=[1, 2, 3, 4], workers=0, figures=["sweeps:fails_at_two"])
    assert cz.compare(a, a, "peak_active").table["pairs"].iloc[0] == 3


def test_points_of_a_sweep_are_compared_each_with_its_own():
    vary = {"society.people": [100, 200]}
    a = cz.sweep(sweeps.small(), vary, seeds=3, workers=0)
    b = cz.sweep(sweeps.small(struggle__rate_leaving=0.4), vary, seeds=3, workers=0)
    found = cz.compare(a, b, ["peak_active"])
    assert list(found.table["society.people"]) == [100, 200]
    assert found.table["mean_a"].iloc[1] == a.at({"society.people": 200}).table["peak_active"].mean()
    two = cz.compare(a.at(point=0), a.at(point=1), "peak_active")
    assert any("differ in people" in note for note in two.notes)


def test_what_is_refused():
    a = cz.ensemble(sweeps.small(), seeds=[1, 2], workers=0)
    b = cz.ensemble(sweeps.small(), seeds=[3, 4], workers=0)
    c = cz.sweep(sweeps.small(), {"society.people": [100, 200]}, seeds=2, workers=0)
    with pytest.raises(cz.InputError, match="0 in common"):
        cz.compare(a, b)
    with pytest.raises(cz.InputError, match="of one point each"):
        cz.compare(a, c)
    with pytest.raises(cz.InputError, match="did you mean peak_active"):
        cz.compare(a, a, "peak_activ")
    with pytest.raises(cz.InputError, match="confidence"):
        cz.compare(a, a, confidence=1.0)


def test_two_runs_side_by_side():
    runs = [cz.run(sweeps.small(), seed=seed, threads=1) for seed in (1, 2)]
    rows = {row["figure"]: row for row in side_by_side(*runs)}
    assert rows["peak_active"]["difference"] == rows["peak_active"]["b"] - rows["peak_active"]["a"]
    assert rows["outcome"]["difference"] is None
    assert (rows["seed"]["a"], rows["seed"]["b"], rows["seed"]["difference"]) == (1, 2, None)
