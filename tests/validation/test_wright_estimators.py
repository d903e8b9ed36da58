"""The estimators of `tests/estimators.py` on laws whose figures are known, before they judge the economy (`test_wright.py`)."""

import itertools
import math

import numpy as np
import pytest
from estimators import (
    discrete_exponent,
    expected_falls,
    exponent_by_doubling_bins,
    exponent_by_unit_bins,
    exponential_rate,
    falls,
    gini,
    hill,
    kurtosis,
    lag_one,
    spread_ratio,
    survival,
    tail_exponent,
)

MANY = 200_000


@pytest.fixture
def draws():
    return np.random.default_rng(2005)


def test_gini(draws):
    """By hand, and of the uniform, exponential and Pareto laws: 1/3, 1/2, 1 / (2 a - 1)."""
    assert gini([5, 5, 5]) == 0
    assert gini([0, 0, 0, 8]) == 0.75
    values = draws.integers(0, 30, 200)
    assert gini(values) == pytest.approx(np.abs(np.subtract.outer(values, values)).mean() / (2 * values.mean()))
    assert gini(draws.random(MANY)) == pytest.approx(1 / 3, abs=0.003)
    assert gini(draws.exponential(70, MANY)) == pytest.approx(1 / 2, abs=0.004)
    assert gini(1 + draws.pareto(3, MANY)) == pytest.approx(1 / 5, abs=0.005)


def test_survival_counts_who_has_at_least_as_much():
    values, above = survival([3, 1, 3, 7])
    assert values.tolist() == [1, 3, 7]
    assert above.tolist() == [1, 0.75, 0.25]


@pytest.mark.parametrize("rate", [0.005, 0.017, 0.03])
def test_rate_of_an_exponential_law(draws, rate):
    coins = np.floor(draws.exponential(1 / rate, MANY))  # P(X >= x) = exp(-rate x) at whole x
    assert exponential_rate(coins, 50, 300) == pytest.approx(rate, rel=0.03)


@pytest.mark.parametrize("alpha", [0.8, 1.26, 2.0])
def test_exponent_of_a_pareto_law(draws, alpha):
    values = 1000 * (1 + draws.pareto(alpha, MANY))
    assert tail_exponent(values, 1000, 10_000) == pytest.approx(alpha, rel=0.02)
    assert hill(values, 0.05) == pytest.approx(alpha, rel=0.04)
    assert hill(values, 0.01) == pytest.approx(alpha, rel=0.09)


@pytest.mark.parametrize("alpha", [0.8, 0.93, 1.04])
def test_exponent_of_a_discrete_law(draws, alpha):
    """Maximum likelihood finds the exponent of zeta draws above 2 whatever the share of ones is; s.e. below 0.003."""
    sizes = draws.zipf(alpha + 1, MANY)
    assert discrete_exponent(sizes) == pytest.approx(alpha, abs=0.012)
    assert discrete_exponent(np.r_[sizes, np.ones(MANY, int)]) == discrete_exponent(sizes)


def test_lines_through_histograms_depend_on_bins_and_length(draws):
    """The trap: on unit bins the line is pulled flat by sizes seen once, the more the shorter the sample; doubling bins are not."""
    alpha = 1.04
    sizes = [draws.zipf(alpha + 1, n) for n in (20_000, 2_000_000)]
    flat = [exponent_by_unit_bins(sample[sample < 2000]) for sample in sizes]
    assert flat[0] < flat[1] < 0.8 * alpha
    assert exponent_by_doubling_bins(sizes[1][sizes[1] < 1 << 14]) == pytest.approx(alpha, abs=0.08)


def test_shapes_of_growth(draws):
    normal, laplace = draws.normal(0, 2, MANY), draws.laplace(0, 2, MANY)
    assert (kurtosis(normal), kurtosis(laplace)) == (pytest.approx(3, abs=0.05), pytest.approx(6, abs=0.3))
    assert spread_ratio(normal) == pytest.approx(math.sqrt(math.pi / 2), abs=0.005)
    assert spread_ratio(laplace) == pytest.approx(math.sqrt(2), abs=0.01)


@pytest.mark.parametrize("memory", [0.0, 0.5, -0.3])
def test_autocorrelation(draws, memory):
    shocks, series = draws.normal(size=20_000), np.zeros(20_000)
    for t in range(1, series.size):
        series[t] = memory * series[t - 1] + shocks[t]
    assert lag_one(series) == pytest.approx(memory, abs=0.025)


def test_falls_by_hand():
    assert falls([1, 5, 4, 3, 6, 2, 7, 7]).tolist() == [2, 1]
    assert falls([5, 4, 3, 6, 7, 5]).size == 0  # the first run began before the series, the last goes on after it
    assert falls(np.arange(9)).size == 0


@pytest.mark.parametrize("years", [6, 8])
def test_law_of_recessions_of_white_noise_by_all_orders(years):
    """Over all orders of a few years: the exact mean number of runs of falls of each length, 3 (r^2 + 3 r + 1) / (r + 3)! of all."""
    counts = np.zeros(years)
    for order in itertools.permutations(range(years)):
        counts += np.bincount(falls(order), minlength=years)
    expected = [0.0, *(expected_falls(r, years) for r in range(1, years))]
    np.testing.assert_allclose(counts / math.factorial(years), expected, rtol=1e-12)


def test_law_of_recessions_of_white_noise():
    """The numbers of `validation.md` 1.4: shares, mean 1.5, and a slope of ln P over r = 1 to 4 of 1.201, without any business cycle."""
    law = [expected_falls(r) for r in range(1, 40)]
    assert law[:5] == pytest.approx([0.6250, 0.2750, 0.0792, 0.0173, 0.0031], abs=5e-5)
    assert (sum(law), np.dot(law, range(1, 40))) == (pytest.approx(1), pytest.approx(1.5))
    assert -np.polyfit([1, 2, 3, 4], np.log(law[:4]), 1)[0] == pytest.approx(1.201, abs=5e-4)
