"""Calibration of a scenario: it finds what made the data, says what it did not learn, and makes no run twice."""

import datetime
import json
import sqlite3

import numpy as np
import pandas as pd
import pytest

import communize as cz
from communize.experiment.posterior import Posterior, quantiles
from communize.experiment.priors import Prior

TRUE = {"struggle.rate_contact": 0.12, "struggle.rate_leaving": 0.1}
PRIOR = {"struggle.rate_contact": [0.03, 0.3, "log"], "struggle.rate_leaving": [0.05, 0.3], "belonging.rate": [0.0, 0.1]}


def scenario(**changes):
    return cz.load("sir").replace({"society.people": 1500, "run.days": 40, "struggle.seed": [{"share": 0.02}], "prior": PRIOR, **changes})


@pytest.fixture(scope="module")
def data():
    active = cz.run(scenario(**TRUE), seed=77).series["active"].sum("place").to_numpy()
    return pd.DataFrame({"day": range(0, 40, 3), "active": active[::3]})


OPTIONS = {"particles": 80, "samples": 400, "workers": 0, "predictive": 30}


@pytest.fixture(scope="module")
def fitted(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("calibration") / "sir"
    return cz.calibrate(scenario(), data, "regression", out=out, **OPTIONS), out


def test_what_made_the_data_is_found_and_what_they_do_not_say_is_said(fitted):
    table = fitted[0].summary().set_index("parameter")
    for path, value in TRUE.items():
        assert table.loc[path, "q05"] <= value <= table.loc[path, "q95"]
        assert table.loc[path, "mean"] == pytest.approx(value, rel=0.15)
        assert table.loc[path, "shrinkage"] > 0.7
    assert not table.loc["belonging.rate", "informed"]
    assert table["informed"].tolist() == [True, True, False]


def test_the_posterior_predicts_the_data(fitted):
    posterior, _ = fitted
    assert posterior.info["coverage"]["active"]["fitted"]["inside"] > 0.7
    band = posterior.predictive
    assert (band["q05"] <= band["q95"]).all()
    assert band["data"].notna().sum() == 14


def test_what_is_written_is_read_again_and_can_be_run(fitted):
    posterior, out = fitted
    again = cz.read_posterior(out)
    pd.testing.assert_frame_equal(again.draws, posterior.draws)
    pd.testing.assert_frame_equal(again.predictive, posterior.predictive)
    assert again.prior == posterior.prior
    assert again.info == json.loads(json.dumps(posterior.info))
    points = again.sample(3)
    assert points == again.sample(3)
    assert cz.run(scenario().replace(points[0]), days=5).days == 5
    page = (out / "calibration.html").read_text(encoding="utf-8")
    assert "belonging.rate" in page
    assert "<script" not in page
    assert again.info["versions"]["communize"] == cz.__version__


def test_begun_again_it_makes_no_run(fitted, data):
    posterior, out = fitted
    again = cz.calibrate(scenario(), data, "regression", out=out, **OPTIONS)
    assert (posterior.info["runs_made"], again.info["runs_made"]) == (400, 0)
    pd.testing.assert_frame_equal(again.draws, posterior.draws)
    fewer = cz.calibrate(scenario(), data, "rejection", out=out, **{**OPTIONS, "particles": 40})
    assert fewer.info["runs_made"] == 0
    assert len(fewer.draws) == 40


def test_killed_it_goes_on_where_it_was(data, tmp_path):
    """Sequential Monte Carlo that is stopped within a population ends as one that was not, with only the runs that were missing."""
    pytest.importorskip("pyabc", reason="pyABC comes with the extra calibrate")
    options = {"populations": 2, "particles": 30, "samples": 60, "workers": 0, "predictive": 0}
    whole = cz.calibrate(scenario(), data, **options)
    heard = []

    def stop(made, failed):
        if made == 150:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cz.calibrate(scenario(), data, out=tmp_path / "a", progress=stop, **options)
    assert not (tmp_path / "a" / "calibration.json").exists()
    kept = sqlite3.connect(tmp_path / "a" / "runs.sqlite")
    n = kept.execute("select count(*) from runs").fetchone()[0]
    kept.close()
    assert n >= 128
    found = cz.calibrate(scenario(), data, out=tmp_path / "a", say=heard.append, **options)
    assert found.info["runs_made"] == whole.info["runs_made"] - n
    pd.testing.assert_frame_equal(found.draws, whole.draws)
    assert len(heard) == 2


def test_runs_on_processes_give_the_same(data, fitted):
    pytest.importorskip("distributed", reason="Dask comes with the extra experiment")
    there = cz.calibrate(scenario(), data, "regression", **{**OPTIONS, "workers": 2, "predictive": 0})
    pd.testing.assert_frame_equal(there.draws, fitted[0].draws)


def test_the_counts_of_a_scenario_are_fitted_with_the_society_made_once():
    base = scenario(**TRUE)
    counts = 0.5 * cz.run(base, seed=5).series["active"].sum("place").to_numpy()[:20] + 3.0
    dates = [base.start + datetime.timedelta(days=day) for day in range(20)]
    observed = {"dates": dates, "counts": counts.tolist(), "background": 3.0, "fitted": 14, "per_person": [0.1, 2.0]}
    posterior = cz.calibrate(scenario(observed=observed), method="regression", society_fixed=True, **OPTIONS)
    assert posterior.summary()["shrinkage"][0] > 0.3
    inside = posterior.info["coverage"]["observed"]
    assert (inside["fitted"]["days"], inside["held out"]["days"]) == (14, 6)


def test_a_folder_of_something_else_is_refused(fitted, data, tmp_path):
    out = fitted[1]
    with pytest.raises(cz.InputError, match="the scenario differ"):
        cz.calibrate(scenario(**{"society.people": 1600}), data, "regression", out=out, **OPTIONS)
    with pytest.raises(cz.InputError, match="series and days"):
        cz.calibrate(scenario(), data.head(5), "regression", out=out, **OPTIONS)
    (tmp_path / "letter.txt").write_text("x")
    with pytest.raises(cz.InputError, match="does not exist yet"):
        cz.calibrate(scenario(), data, "regression", out=tmp_path, **OPTIONS)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "asked.json").write_bytes((out / "asked.json").read_bytes())
    (tmp_path / "b" / "runs.sqlite").write_text("no database at all, but long enough to be looked at as one")
    with pytest.raises(cz.InputError, match=r"runs\.sqlite is whole"):
        cz.calibrate(scenario(), data, "regression", out=tmp_path / "b", **OPTIONS)


@pytest.mark.parametrize(("options", "message"), [
    ({"method": "abc"}, "abc-smc"),
    ({"particles": 5}, "20 or more"),
    ({"populations": 0}, "1 or more"),
    ({"samples": 60}, "80 or more"),
    ({"predictive": -1}, "0 or more"),
    ({"days": 10}, "days 0 to 9"),
    ({"prior": ["society.people=100:200"], "society_fixed": True}, "society is made once"),
    ({"figures": ["activ"]}, "did you mean active"),
    ({"figures": ["joined"]}, "columns of the file: active"),
])  # fmt: skip
def test_what_cannot_be_calibrated_is_refused(data, options, message):
    with pytest.raises(cz.InputError, match=message):
        cz.calibrate(scenario(), data, **{"method": "regression", **OPTIONS, **options})


def test_without_a_prior():
    with pytest.raises(cz.InputError, match="prior: found 'nothing'"):
        cz.calibrate(scenario(prior={}), pd.DataFrame({"day": [1, 2], "active": [1.0, 2.0]}))


def test_summary_and_correlations_of_known_draws():
    rng = np.random.default_rng(1)
    a = rng.random(40_000)
    draws = pd.DataFrame({"a": a, "b": 10 * np.clip(0.5 + 0.1 * rng.standard_normal(a.size), 0, 1), "weight": 1 / a.size})
    draws["c"] = 20 - draws["a"] * 10
    found = Posterior(draws, Prior([("a", 0.0, 1.0), ("b", 0.0, 10.0), ("c", 10.0, 20.0)]), {})
    table = found.summary()
    assert table["shrinkage"].tolist() == pytest.approx([0.0, 1 - 0.1 * np.sqrt(12), 0.0], abs=0.01)
    assert (table["q05"][0], table["median"][0], table["q95"][0]) == pytest.approx((0.05, 0.5, 0.95), abs=0.01)
    assert found.correlations().loc["a"].tolist() == pytest.approx([1.0, 0.0, -1.0], abs=0.02)
    assert found.effective == pytest.approx(a.size)
    assert not table["pressed"].any()
    at_end = pd.DataFrame({"a": 1 - 0.1 * a, "weight": 1 / a.size})
    assert Posterior(at_end, Prior([("a", 0.0, 1.0)]), {}).summary()["pressed"].tolist() == [True]


def test_weighted_quantiles():
    assert quantiles(np.array([3.0, 1.0, 2.0]), np.array([0.2, 0.5, 0.3]), (0.05, 0.5, 0.6, 0.95)) == [1.0, 1.0, 2.0, 3.0]


def test_a_damaged_folder_is_one_message(fitted, tmp_path):
    with pytest.raises(cz.InputError, match="finished calibration"):
        cz.read_posterior(tmp_path)
    (tmp_path / "calibration.json").write_text("{}")
    (tmp_path / "posterior.parquet").write_bytes((fitted[1] / "posterior.parquet").read_bytes())
    with pytest.raises(cz.InputError, match="whole folder"):
        cz.read_posterior(tmp_path)


@pytest.mark.slow
def test_sequential_monte_carlo_finds_the_rates_of_an_epidemic(data):
    pytest.importorskip("pyabc", reason="pyABC comes with the extra calibrate")
    found = cz.calibrate(scenario(), data, populations=6, particles=150)
    table = found.summary().set_index("parameter")
    for path, value in TRUE.items():
        assert table.loc[path, "q05"] <= value <= table.loc[path, "q95"]
        assert table.loc[path, "shrinkage"] > 0.7
    assert not table.loc["belonging.rate", "informed"]
