"""Approximate Bayesian computation on a model whose posterior is known."""

import builtins

import numpy as np
import pytest

import communize as cz
from communize.experiment.approximate import Problem, reference, reject, smc
from communize.experiment.priors import Prior

PRIOR = Prior([("mean", -5.0, 5.0), ("nothing", 0.0, 1.0)])
SEEN, N = 1.3, 5
EXACT = 1 / np.sqrt(N)  # standard deviation of the mean of N standard normal numbers: the posterior under an even prior


def simulate(units, seeds):
    means = PRIOR.values(units)[:, 0]
    return np.array([[m + np.random.default_rng(int(s)).standard_normal(N).mean()] for m, s in zip(means, seeds)])


def problem(**changes):
    return Problem(**{"prior": PRIOR, "simulate": simulate, "values": np.array([SEEN]), "parts": np.zeros(1, int), **changes})


def moments(fitted):
    values = PRIOR.values(fitted.units)
    mean = fitted.weights @ values
    return mean, np.sqrt(fitted.weights @ (values - mean) ** 2)


@pytest.fixture(scope="module")
def sample():
    return reference(problem(), 20_000, seed=1)


@pytest.mark.parametrize("kept", [4000, 2000, 500])
def test_rejection_is_the_exact_posterior_widened_by_its_epsilon(sample, kept):
    fitted = reject(problem(), sample, kept)
    epsilon = fitted.populations[0]["epsilon"] * fitted.scale[0]
    mean, sd = moments(fitted)
    assert sd[0] == pytest.approx(np.sqrt(EXACT**2 + epsilon**2 / 3), rel=4 / np.sqrt(2 * kept))
    assert mean[0] == pytest.approx(SEEN, abs=4 * sd[0] / np.sqrt(kept))
    assert sd[1] == pytest.approx(1 / np.sqrt(12), rel=0.1)


def test_as_epsilon_falls_the_posterior_becomes_the_exact_one(sample):
    spreads = [moments(reject(problem(), sample, kept))[1][0] for kept in (8000, 4000, 1000)]
    assert spreads == sorted(spreads, reverse=True)
    assert spreads[-1] == pytest.approx(EXACT, rel=0.15)
    assert spreads[0] > 1.5 * EXACT


def test_the_adjustment_takes_epsilon_out(sample):
    assert moments(reject(problem(), sample, 4000))[1][0] > 1.2 * EXACT
    mean, sd = moments(reject(problem(), sample, 4000, adjust=True))
    assert sd[0] == pytest.approx(EXACT, rel=0.06)
    assert mean[0] == pytest.approx(SEEN, abs=0.05)


def test_adjusted_draws_stay_in_the_prior(sample):
    fitted = reject(problem(values=np.array([4.9])), sample, 500, adjust=True)
    assert ((fitted.units >= 0) & (fitted.units <= 1)).all()
    assert moments(fitted)[0][0] > 4.3
    assert fitted.note == ""


def test_data_outside_of_all_runs_are_not_extrapolated_to(sample):
    far = problem(values=np.array([9.0]))
    fitted = reject(far, sample, 500, adjust=True)
    assert "does not give such data" in fitted.note
    assert np.array_equal(fitted.units, reject(far, sample, 500).units)


def test_the_scale_is_the_spread_of_the_prior(sample):
    exact = 2.5  # median absolute deviation of numbers even over 10
    assert problem().scales(sample.found)[0] == pytest.approx(exact, rel=0.05)
    twice = Problem(PRIOR, simulate, np.zeros(3), np.array([0, 0, 1]))
    found = np.random.default_rng(1).normal(0, [1.0, 1.0, 100.0], (5000, 3))
    assert twice.scales(found) == pytest.approx([0.6745, 67.45], rel=0.05)
    assert twice.distances(np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 100.0], [np.nan, 0, 0]]), np.array([1.0, 100.0])) == pytest.approx([np.sqrt(0.5), np.sqrt(0.5), np.inf])


def test_runs_that_failed_are_never_kept_and_too_many_are_an_error():
    def failing(units, seeds):
        return np.where(units[:, :1] > 0.62, np.nan, simulate(units, seeds))

    some = reference(problem(simulate=failing), 1000, seed=1)
    assert (reject(problem(), some, 100).units[:, 0] <= 0.62).all()
    with pytest.raises(cz.CommunizeError, match="of 1000 runs of the prior have a distance"):
        reject(problem(), some, 900)


@pytest.fixture(scope="module")
def smc_fit():
    pytest.importorskip("pyabc", reason="pyABC comes with the extra calibrate")
    return smc(problem(), reference(problem(), 100, seed=1), 150, 4, seed=1)


def test_sequential_monte_carlo_finds_the_exact_posterior(smc_fit):
    mean, sd = moments(smc_fit)
    epsilon = smc_fit.populations[-1]["epsilon"] * smc_fit.scale[0]
    assert [row["population"] for row in smc_fit.populations] == [0, 1, 2, 3]
    assert sd[0] == pytest.approx(np.sqrt(EXACT**2 + epsilon**2 / 3), rel=0.25)
    assert mean[0] == pytest.approx(SEEN, abs=0.2)
    assert smc_fit.weights.sum() == pytest.approx(1.0)


def test_sequential_monte_carlo_repeats_itself_and_says_which_run_was_kept(smc_fit):
    """The same draws of all generators, and the distance of each draw is that of the run with its seed."""
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    again = smc(problem(), reference(problem(), 100, seed=1), 150, 2, seed=1)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002
    assert again.populations == smc_fit.populations[:2]
    rerun = problem().distances(simulate(smc_fit.units, smc_fit.seeds), smc_fit.scale)
    assert rerun == pytest.approx(smc_fit.distances, rel=1e-9)
    assert (smc_fit.distances <= smc_fit.populations[-1]["epsilon"]).all()


def test_it_ends_when_next_to_nothing_is_accepted():
    pytest.importorskip("pyabc", reason="pyABC comes with the extra calibrate")
    calls = []

    def only_at_first(units, seeds):
        calls.append(len(units))
        return simulate(units, seeds) if sum(calls) < 300 else np.full((len(units), 1), np.nan)

    start = problem(simulate=only_at_first)
    found = smc(start, reference(start, 100, seed=1), 20, 6, seed=1)
    assert len(found.populations) < 6
    assert "ended after population" in found.note


def test_without_pyabc_there_is_one_clear_message(sample, monkeypatch):
    real = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", lambda name, *rest: real("no_such_module") if name == "pyabc" else real(name, *rest))
    with pytest.raises(cz.CommunizeError, match=r"pip install 'communize\[calibrate\]'"):
        smc(problem(), sample, 20, 1, seed=1)
