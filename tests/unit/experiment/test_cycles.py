"""Telling cycles from white noise."""

import math

import numpy as np
import pytest

from communize.experiment import cycles


def series(kind, seed=0, n=8, years=60):
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((n, years + 50))
    if kind == "memory":
        for t in range(1, noise.shape[1]):
            noise[:, t] += 0.7 * noise[:, t - 1]
    if kind == "period":
        noise += 1.5 * np.sin(2 * np.pi * np.arange(noise.shape[1]) / 9)
    return [100 * np.exp(0.05 * one[50:]) for one in noise]


def test_the_law_adds_up_and_has_the_mean_that_is_known():
    assert cycles.law_of_falls(4).sum() == pytest.approx(1)
    np.testing.assert_allclose(cycles.law_of_falls(6)[:5], [0.6250, 0.2750, 0.0792, 0.0173, 0.0031], atol=5e-5)
    assert sum(r * 3 * (r * r + 3 * r + 1) / math.factorial(r + 3) for r in range(1, 60)) == pytest.approx(1.5)


def test_runs_cut_off_at_the_ends_do_not_count():
    assert cycles.runs_of_falls(np.array([5, 4, 6, 5, 4, 7, 6.0])).tolist() == [2]
    assert cycles.runs_of_falls(np.arange(5.0)).size == 0


@pytest.mark.parametrize(("kind", "verdict"), [("noise", "white noise"), ("memory", "memory, no period"), ("period", "cycles")])
def test_verdicts_on_series_that_are_known(kind, verdict):
    found = cycles.judge(series(kind), draws=500)
    assert found.verdict == verdict
    assert found.years == 480


def test_white_noise_is_seldom_called_anything_else():
    verdicts = [cycles.judge(series("noise", seed), draws=200).verdict for seed in range(1, 21)]
    assert verdicts.count("white noise") >= 16
    assert "cycles" not in verdicts


def test_a_trend_is_no_memory():
    grown = [one * np.exp(0.02 * np.arange(60)) for one in series("noise", 3)]
    assert abs(cycles.judge(grown, draws=100).autocorrelation) < 0.1
