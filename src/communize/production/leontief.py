"""Leontief's inverse, and which systems of production can reproduce themselves.

Notation: A[i, j] is the input of i for one unit of j, K processes of one product each. A system is viable, that is it can yield
some of every product over and above what it uses up, if and only if the spectral radius of A is below 1, if and only if all
leading minors of I - A are positive. Gross output for a final demand f is x = (I - A)^-1 f.

All functions take a NumPy array or a SciPy sparse matrix, and answer sparse ones without making them dense, but for
`leontief_inverse`, `leading_minors` and `prices_of_production`, whose results or methods are dense.

References
----------
Leontief (1936), https://doi.org/10.2307/1927837; Hawkins and Simon (1949), https://doi.org/10.2307/1905526; Sraffa (1960),
Production of Commodities by Means of Commodities, sections 1 to 5.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from communize.declare.errors import InputError

TOLERANCE = 1e-9  # a radius nearer to 1 counts as 1: rounding decides nothing
PRECISION = 1e-12  # relative width of the bounds on a radius
DENSE_UP_TO = 60  # processes of one irreducible block whose eigenvalues are computed at once
POWER_STEPS, HALVINGS = 200, 100  # after the steps of the power method each step solves a linear system
SOLVED_DENSE_UP_TO = 400


def spectral_radius(coefficients: Any) -> float:
    """Largest modulus of an eigenvalue of a non-negative matrix, which is itself an eigenvalue (Perron and Frobenius).

    It is the largest of the radii of the irreducible blocks, the groups of processes that need each other. Small blocks are solved
    at once; in large ones the radius lies between the smallest and the largest of (A x)_i / x_i for every positive x
    (Collatz and Wielandt), and x is improved until the two agree to 12 digits.

    Parameters
    ----------
    coefficients
        (K, K), at least 0: array or sparse matrix.

    Raises
    ------
    InputError
        Not square, not finite, or negative; the cell is named.
    """
    from scipy.sparse.csgraph import connected_components

    matrix = _sparse(coefficients)
    n_blocks, block = connected_components(matrix, directed=True, connection="strong")
    size = np.bincount(block, minlength=n_blocks)
    diagonal = matrix.diagonal()
    radius = float(diagonal[size[block] == 1].max(initial=0.0))
    members = np.split(np.argsort(block, kind="stable"), np.cumsum(size)[:-1])
    for number in np.flatnonzero(size > 1):
        inner = matrix[members[number]][:, members[number]]
        if size[number] <= DENSE_UP_TO:
            found = float(np.abs(np.linalg.eigvals(inner.toarray())).max())
        else:
            found = _irreducible_radius(inner)
        radius = max(radius, found)
    return radius


def _irreducible_radius(matrix: Any) -> float:
    """Steps of the power method on A + c I, then, if that was too slow, halving of the interval that the radius lies in.

    A number t is above the radius if and only if (t I - A) x = 1 has a positive solution (t I - A is then an M-matrix). Every positive
    x is put into the matrix, as D^-1 A D with D = diag(x), whose sums of rows are the ratios (A x)_i / x_i; so nothing under- or
    overflows where the eigenvector spans many orders of magnitude. Returned is the upper end of the interval.
    """
    from scipy.sparse import csr_array, eye_array

    n = matrix.shape[0]
    matrix = csr_array(matrix)
    rows = np.repeat(np.arange(n), np.diff(matrix.indptr))
    shift = float(matrix.sum()) / n  # without it a cycle would turn for ever
    low, high, share = 0.0, np.inf, 0.5
    for step in range(POWER_STEPS + HALVINGS):
        sums = matrix.sum(axis=1)
        low, high = max(low, float(sums.min())), min(high, float(sums.max()))
        if high - low <= PRECISION * high:
            break
        if step < POWER_STEPS:
            x = sums + shift
        else:
            middle = high - share * (high - low)
            x = _solution(middle * eye_array(n) - matrix)
            if not np.isfinite(x).all():  # it overflows: nearer to `high` it does not
                share /= 2
                continue
            if not (x > 0).all():
                low = middle
                continue
            high, share = middle, 0.5
        matrix.data = matrix.data * (x[matrix.indices] / x[rows])
    return high


def _solution(matrix: Any) -> np.ndarray:
    """The x with M x = 1; zeros if M is singular."""
    n = matrix.shape[0]
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            return _without_pivots(matrix).solve(np.ones(n))
    except RuntimeError:
        return np.zeros(n)


def _without_pivots(matrix: Any) -> Any:
    """Sparse LU of an M-matrix: none of its pivots is negative, in any order, and pivoting would only lose signs."""
    from scipy.sparse.linalg import splu

    return splu(matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})


def viable(coefficients: Any, tolerance: float = TOLERANCE) -> bool:
    """Whether more can be made of every product than is used up in making all: spectral radius below 1 by more than `tolerance`."""
    return spectral_radius(coefficients) < 1.0 - tolerance


def leading_minors(coefficients: Any) -> np.ndarray:
    """The leading principal minors of I - A, float64 (K,): all positive if and only if the system is viable (Hawkins and Simon)."""
    rest = np.eye(_shape(coefficients)) - _sparse(coefficients).toarray()
    return np.array([np.linalg.det(rest[:k, :k]) for k in range(1, len(rest) + 1)])


def leontief_inverse(coefficients: Any) -> np.ndarray:
    """(I - A)^-1, float64 (K, K): gross output of i for one unit of j in final demand, all that is needed for it included.

    Raises
    ------
    InputError
        The system is not viable.
    """
    matrix = _sparse(coefficients)
    _require_viable(matrix)
    return np.linalg.inv(np.eye(matrix.shape[0]) - matrix.toarray())


def gross_output(coefficients: Any, final: Any) -> np.ndarray:
    """Gross output x = (I - A)^-1 f for a final demand f, float64 of the shape of `final`.

    Parameters
    ----------
    coefficients
        (K, K), at least 0: array or sparse matrix.
    final
        (K,), or (K, M) for M final demands at once. May be negative where stocks are run down.

    Raises
    ------
    InputError
        The system is not viable, or `final` does not fit.
    """
    matrix = _sparse(coefficients)
    demand = np.asarray(final, dtype=np.float64)
    n = matrix.shape[0]
    if demand.ndim not in (1, 2) or demand.shape[0] != n or not np.isfinite(demand).all():
        raise InputError("final", f"an array of shape {demand.shape}", f"finite numbers of shape ({n},) or ({n}, M)")
    _require_viable(matrix)
    if n <= SOLVED_DENSE_UP_TO:
        return np.linalg.solve(np.eye(n) - matrix.toarray(), demand)
    from scipy.sparse import eye_array

    return _without_pivots(eye_array(n) - matrix).solve(demand)


def self_replacing(coefficients: Any, removed: Iterable[int] = ()) -> tuple[int, ...]:
    """The largest set of processes without those in `removed` that makes all its own inputs; there is exactly one.

    Again and again every process is struck out that has an input which no remaining process makes. The set may still use up more
    of something than it makes: see `viable_subset`.

    Parameters
    ----------
    coefficients
        (K, K), at least 0: array or sparse matrix.
    removed
        Processes that are not there, by row.

    Returns
    -------
    tuple of int
        Rows of the processes that remain, in order.
    """
    return tuple(np.flatnonzero(_closed(_sparse(coefficients), removed)).tolist())


def viable_subset(coefficients: Any, removed: Iterable[int] = ()) -> tuple[int, ...]:
    """The largest self-replacing set of processes without those in `removed` that is also viable; there is exactly one.

    A group of processes that need each other and whose radius is 1 or more cannot go on whatever else is made, and it is in a
    self-replacing set as a whole or not at all. So all such groups are struck out, then whatever needs them.
    """
    from scipy.sparse.csgraph import connected_components

    matrix = _sparse(coefficients)
    remains = _closed(matrix, removed)
    n_blocks, block = connected_components(matrix, directed=True, connection="strong")
    waste = ~remains
    for number in range(n_blocks):
        members = np.flatnonzero(block == number)
        if remains[members].all() and not viable(matrix[members][:, members]):
            waste[members] = True
    return tuple(np.flatnonzero(_closed(matrix, np.flatnonzero(waste))).tolist())


def _closed(matrix: Any, removed: Iterable[int]) -> np.ndarray:
    n = matrix.shape[0]
    remains = np.ones(n, dtype=bool)
    gone = np.unique(np.array(list(removed), dtype=np.int64))
    if gone.size and (gone[0] < 0 or gone[-1] >= n):
        raise InputError("removed", int(gone[0] if gone[0] < 0 else gone[-1]), f"rows of processes, 0 to {n - 1}")
    while gone.size:
        remains[gone] = False
        users = np.unique(matrix[gone].indices)
        gone = users[remains[users]]
    return remains


def prices_of_production(coefficients: Any) -> tuple[float, np.ndarray]:
    """The uniform rate of profit r and the prices at which every process yields it: p = (1 + r) p A, wages counted among inputs.

    Returns
    -------
    tuple
        r, and the prices, float64 (K,), that of the first product being 1. With r = 0 the system just replaces itself.

    Raises
    ------
    InputError
        No such prices: some product is used in no other process, directly or not, or nothing is used at all.
    """
    matrix = _sparse(coefficients).toarray()
    values, vectors = np.linalg.eig(matrix.T)
    first = int(np.argmax(values.real))
    radius, prices = float(values[first].real), vectors[:, first].real
    prices = prices / prices[np.argmax(np.abs(prices))]
    if radius <= 0.0 or not (prices > TOLERANCE).all():
        raise InputError(
            "coefficients",
            "products that do not enter all others",
            "products each of which is used, directly or not, in making every other",
        )
    return 1.0 / radius - 1.0, prices / prices[0]


def _require_viable(matrix: Any) -> None:
    radius = spectral_radius(matrix)
    if radius >= 1.0 - TOLERANCE:
        raise InputError(
            "coefficients", f"a spectral radius of {radius:.6g}", "a viable system: a spectral radius below 1"
        )


def _shape(coefficients: Any) -> int:
    shape = np.shape(coefficients)
    if len(shape) != 2 or shape[0] != shape[1] or not shape[0]:
        raise InputError("coefficients", f"a shape of {shape}", "a square matrix of at least one process")
    return shape[0]


def _sparse(coefficients: Any) -> Any:
    """The matrix as a SciPy CSR array without stored zeros, checked."""
    from scipy.sparse import csr_array, issparse

    _shape(coefficients)
    try:
        matrix = csr_array(
            coefficients if issparse(coefficients) else np.asarray(coefficients, dtype=np.float64),
            dtype=np.float64,
            copy=True,
        )
    except (TypeError, ValueError):
        raise InputError("coefficients", coefficients, "numbers") from None
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    wrong = np.flatnonzero(~(np.isfinite(matrix.data) & (matrix.data >= 0)))
    if wrong.size:
        row = int(np.searchsorted(matrix.indptr, wrong[0], side="right")) - 1
        raise InputError(
            f"coefficients[{row}, {int(matrix.indices[wrong[0]])}]",
            float(matrix.data[wrong[0]]),
            "a finite number of at least 0",
        )
    return matrix
