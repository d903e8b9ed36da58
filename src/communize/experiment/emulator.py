"""A Gaussian process in place of many runs: mean and spread of a figure over the prior, learnt from a few dozen points."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

JITTER = 1e-8
POOR, USELESS = 0.7, 0.5  # of Q2: below the first a warning stands beside the figures, below the second there are none


@dataclass(frozen=True)
class Emulator:
    """A fitted Gaussian process with a squared-exponential kernel, one length a parameter, and noise.

    Attributes
    ----------
    lengths
        Length of each parameter in the unit cube; far above 1 for a parameter that does nothing.
    signal, noise
        Variances, of the standardised figure.
    q2
        Share of the variance that is predicted for points left out one at a time; at most 1, below 0 if the mean does better.
    """

    x: np.ndarray
    lengths: np.ndarray
    signal: float
    noise: float
    centre: float
    scale: float
    weights: np.ndarray
    q2: float

    def predict(self, x: np.ndarray, chunk: int = 4096) -> np.ndarray:
        """Expected figure at points of the unit cube, float64 (points,)."""
        x = np.atleast_2d(x)
        parts = [_kernel(x[i : i + chunk], self.x, self.lengths) @ self.weights for i in range(0, len(x), chunk)]
        return self.centre + self.scale * self.signal * np.concatenate(parts)


def train(x: np.ndarray, y: np.ndarray, *, like: Emulator | None = None, starts: int = 3, seed: int = 0) -> Emulator:
    """Fit an emulator by maximum likelihood.

    Parameters
    ----------
    x
        Points in the unit cube, (points, parameters).
    y
        The figure at each, finite, (points,).
    like
        Take lengths and variances from this one, and learn the points alone.

    References
    ----------
    Rasmussen and Williams 2006, Gaussian Processes for Machine Learning, equations 5.8, 5.9 (likelihood and its gradient)
    and 5.12 (leaving one out).
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    centre, scale = float(y.mean()), float(y.std()) or 1.0
    z = (y - centre) / scale
    if like is None:
        squares = (x[:, None, :] - x[None, :, :]) ** 2
        rng = np.random.default_rng(seed)
        first = np.concatenate([np.log(np.full(x.shape[1], 0.5)), [0.0, np.log(0.05)]])
        guesses = [first] + [first + rng.normal(0.0, 0.7, first.size) for _ in range(starts - 1)]
        bounds = [(np.log(0.02), np.log(50.0))] * x.shape[1] + [(np.log(1e-3), np.log(100.0)), (np.log(1e-7), np.log(2.0))]
        found = [minimize(_cost, g, args=(squares, z), jac=True, method="L-BFGS-B", bounds=bounds) for g in guesses]
        best = np.exp(min(found, key=lambda result: result.fun).x)
        lengths, signal, noise = best[:-2], float(best[-2]), float(best[-1])
    else:
        lengths, signal, noise = like.lengths, like.signal, like.noise
    factor = cho_factor(signal * _kernel(x, x, lengths) + (noise + JITTER) * np.eye(len(x)), lower=True)
    weights, inverse = cho_solve(factor, z), cho_solve(factor, np.eye(len(x)))
    left_out = weights / np.diag(inverse)
    q2 = float(1.0 - np.mean(left_out**2)) if np.ptp(y) > 0 else float("nan")
    return Emulator(x, lengths, signal, noise, centre, scale, weights, q2)


def _kernel(a: np.ndarray, b: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    a, b = a / lengths, b / lengths
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1)[None, :] - 2.0 * a @ b.T
    return np.exp(-0.5 * np.maximum(squares, 0.0))


def _cost(logs: np.ndarray, squares: np.ndarray, z: np.ndarray) -> tuple[float, np.ndarray]:
    """Negative log likelihood and its gradient by the logarithms of lengths, signal and noise."""
    lengths, signal, noise = np.exp(logs[:-2]), np.exp(logs[-2]), np.exp(logs[-1])
    kernel = signal * np.exp(-0.5 * (squares / lengths**2).sum(-1))
    covariance = kernel + (noise + JITTER) * np.eye(z.size)
    try:
        factor = cho_factor(covariance, lower=True)
    except np.linalg.LinAlgError:
        return 1e10, np.zeros_like(logs)
    alpha, inverse = cho_solve(factor, z), cho_solve(factor, np.eye(z.size))
    inner = 0.5 * (inverse - np.outer(alpha, alpha))
    gradient = np.empty_like(logs)
    weighted = inner * kernel
    gradient[:-2] = np.einsum("ij,ijk->k", weighted, squares) / lengths**2
    gradient[-2], gradient[-1] = weighted.sum(), noise * np.trace(inner)
    return float(0.5 * z @ alpha + np.log(np.diag(factor[0])).sum()), gradient
