"""The Gaussian process: it predicts what it has not seen, and knows what it does not know."""

import numpy as np
import pytest

from communize.experiment.emulator import _cost, train
from communize.experiment.priors import Prior

PRIOR = Prior([("a", 0.0, 1.0), ("b", 0.0, 1.0)])


def smooth(x):
    return np.sin(3 * x[:, 0]) + x[:, 1] ** 2


def test_it_predicts_points_left_out():
    x, new = PRIOR.sobol(48, 1), PRIOR.draws(200, 2)
    found = train(x, smooth(x))
    assert found.q2 > 0.999
    assert found.predict(new) == pytest.approx(smooth(new), abs=0.02)


def test_leaving_out_by_formula_is_leaving_out():
    x = PRIOR.sobol(24, 1)
    y = smooth(x) + 0.2 * np.random.default_rng(1).standard_normal(24)
    whole = train(x, y)
    errors = []
    for k in range(24):
        kept = np.arange(24) != k
        z = (y - whole.centre) / whole.scale  # the same centre and scale, as the formula has it
        one = train(x[kept], z[kept], like=whole)
        gap = one.predict(x[k : k + 1])[0] - z[k]
        errors.append(gap)
    assert 1 - np.mean(np.square(errors)) == pytest.approx(whole.q2, abs=0.02)


def test_noise_is_not_learnt():
    x = PRIOR.sobol(64, 1)
    rng = np.random.default_rng(3)
    assert train(x, rng.standard_normal(64)).q2 < 0.3
    half = train(x, smooth(x) / smooth(x).std() + rng.standard_normal(64))
    assert 0.2 < half.noise < 0.9
    assert np.isnan(train(x, np.ones(64)).q2)


def test_the_gradient_is_that_of_the_likelihood():
    x = PRIOR.sobol(16, 1)
    squares, z = (x[:, None] - x[None]) ** 2, smooth(x) - smooth(x).mean()
    logs = np.log([0.4, 0.8, 1.5, 0.1])
    for k in range(4):
        step = np.eye(4)[k] * 1e-5
        slope = (_cost(logs + step, squares, z)[0] - _cost(logs - step, squares, z)[0]) / 2e-5
        assert _cost(logs, squares, z)[1][k] == pytest.approx(slope, rel=1e-4, abs=1e-6)
