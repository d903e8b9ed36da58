"""Estimators for skewed distributions and short series, each tried on a law that is known in `test_wright_estimators.py`."""

import math

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import zeta

from communize.experiment.cycles import lag_one as lag_one
from communize.experiment.cycles import runs_of_falls as falls  # noqa: F401


def gini(values) -> float:
    """Gini coefficient: the mean absolute difference of two people drawn with replacement, against twice the mean."""
    values = np.sort(np.asarray(values, float))
    ranks = np.arange(1, values.size + 1)
    return float(((2 * ranks - values.size - 1) * values).sum() / (values.size * values.sum()))


def survival(values) -> tuple[np.ndarray, np.ndarray]:
    """Distinct values and the share of all values that are at least as high."""
    distinct, count = np.unique(values, return_counts=True)
    return distinct, count[::-1].cumsum()[::-1] / np.size(values)


def exponential_rate(values, low: float, high: float) -> float:
    """Minus the slope of the line through ln P(X >= x) at the distinct x between two bounds."""
    x, above = survival(values)
    inside = (x >= low) & (x <= high)
    return -float(np.polyfit(x[inside], np.log(above[inside]), 1)[0])


def tail_exponent(values, low: float, high: float) -> float:
    """Minus the slope of the line through ln P(X >= x) against ln x at the distinct x between two bounds."""
    x, above = survival(values)
    inside = (x >= low) & (x <= high)
    return -float(np.polyfit(np.log(x[inside]), np.log(above[inside]), 1)[0])


def hill(values, share: float) -> float:
    """Hill's estimator of a tail exponent from the highest `share` of the values."""
    high = np.sort(values)[::-1][: int(share * np.size(values)) + 1].astype(float)
    return 1 / float(np.log(high[:-1] / high[-1]).mean())


def discrete_exponent(sizes, least: int = 2) -> float:
    """Maximum-likelihood alpha of P(s) ~ s ** -(alpha + 1), s = least, least + 1, ..., without end."""
    sizes = np.asarray(sizes)
    mean = float(np.log(sizes[sizes >= least]).mean())
    found = minimize_scalar(
        lambda alpha: (alpha + 1) * mean + math.log(zeta(alpha + 1, least)),
        bounds=(0.05, 5.0),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(found.x)


def exponent_by_unit_bins(sizes) -> float:
    """The alpha of the line through the logarithms of the frequency of every size that occurs (a poor estimator)."""
    count = np.bincount(sizes)
    size = np.flatnonzero(count[1:]) + 1
    return -float(np.polyfit(np.log(size), np.log(count[size]), 1)[0]) - 1


def exponent_by_doubling_bins(sizes) -> float:
    """The alpha of the line through the logarithms of density in bins 1, 2-3, 4-7, ..., each at the geometric mean of its ends."""
    edges = 2 ** np.arange(int(np.max(sizes)).bit_length() + 1)
    count = np.histogram(sizes, edges)[0]
    middle = np.sqrt(edges[:-1] * (edges[1:] - 1.0))
    kept = count > 0
    return -float(np.polyfit(np.log(middle[kept]), np.log((count / np.diff(edges))[kept]), 1)[0]) - 1


def kurtosis(values) -> float:
    """Fourth moment about the mean against the squared second: 3 for a normal law, 6 for Laplace's."""
    centred = np.asarray(values, float) - np.mean(values)
    return float((centred**4).mean() / (centred**2).mean() ** 2)


def spread_ratio(values) -> float:
    """Standard deviation against mean absolute value, about 0: sqrt(pi / 2) = 1.253 for a normal law, sqrt(2) = 1.414 for Laplace's."""
    values = np.asarray(values, float)
    return float(values.std() / np.abs(values).mean())


def expected_falls(length: int, years: int = 0) -> float:
    """Probability that a run of falls of white noise has this length; with `years`, how many a series of so many values has inside.

    r falls between two rises are r + 3 values in one of (r^2 + 3 r + 1) orders of (r + 3)!, and a third of all values begin a run.
    """
    density = (length**2 + 3 * length + 1) / math.factorial(length + 3)
    return density * max(0, years - length - 2) if years else 3 * density
