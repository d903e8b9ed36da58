"""A primal-dual interior point method for large sparse programs with one dense column.

    maximise the last variable, subject to A x <= b, 0 <= x <= u, where b >= 0, and u may be infinite; rows are scaled to about 1.

HiGHS solves the same programs (`reproduction_program` uses it for small ones and where this method fails), but its interior point
method works with a basis and its simplex method with a start from nothing: for goods that move between thousands of places both take
several times as long as this one, which factors the normal equations. Their pattern is that of neighbouring places, so that factors
stay sparse, if only the column of lambda, in which every place has an entry, is kept apart.

Notation: s = b - A x and w = u - x are slacks; p >= 0 the duals of rows, z those of x >= 0, v those of x <= u, so that
    z - v = A'p - e_last,     x z = s p = w v = mu,     mu to 0.
Eliminating all but dp leaves (A T A' + diag(s / p)) dp = r with T = 1 / (z / x + v / w). Its solution from the factors is improved by
conjugate gradients on the product itself: near the end entries of T differ by 20 orders of magnitude.

References
----------
Mehrotra (1992), https://doi.org/10.1137/0802028 (predictor, corrector, start); Wright (1997), Primal-Dual Interior-Point Methods,
https://doi.org/10.1137/1.9781611971453, chapters 10 and 11 (bounds, dense columns).
"""

from __future__ import annotations

from typing import Any

import numpy as np

STEPS, CONJUGATE_STEPS = 100, 20
TO_BOUNDARY = 0.9995  # of the way to where a variable would be 0
LINEAR = 1e-11  # residual of a linear system, relative
JITTER = 1e-13  # on the unit diagonal, so that rounding makes no pivot 0


def dot(one: np.ndarray, other: np.ndarray) -> float:
    """Inner product whose rounding hangs on no number of threads, as that of BLAS may."""
    return float((one * other).sum())


class NormalEquations:
    """(A T A' + diag(rest)) y = r for changing T and rest; A is a CSC matrix whose last column is dense."""

    def __init__(self, matrix: Any):
        from scipy.sparse import csc_array, csr_array, eye_array, hstack

        n_rows = matrix.shape[0]
        self.matrix, self.transposed = csr_array(matrix), csr_array(matrix.T)
        self.last = matrix[:, [-1]].toarray().ravel()
        self.order: np.ndarray | None = None  # of the rows in the factors
        self.left = csc_array(hstack([matrix[:, :-1], eye_array(n_rows)]))
        self.right = csc_array(self.left.T)

    def factor(self, spread: np.ndarray, rest: np.ndarray) -> None:
        """Factor for T = spread, (columns,), and rest, (rows,), all positive."""
        from scipy.sparse import csc_array
        from scipy.sparse.linalg import splu

        self.spread, self.rest = spread, rest
        left = self.left
        rest_there = rest if self.order is None else rest[self.order]
        weights = np.repeat(np.concatenate([spread[:-1], rest_there]), np.diff(left.indptr))
        product = csc_array((left.data * weights, left.indices, left.indptr), shape=left.shape) @ self.right
        row, column = product.indices, np.repeat(np.arange(rest.size), np.diff(product.indptr))
        diagonal = row == column
        self.scale = 1.0 / np.sqrt(product.data[diagonal])
        product.data *= self.scale[row] * self.scale[column]
        product.data[diagonal] += JITTER
        way = "MMD_AT_PLUS_A" if self.order is None else "NATURAL"
        self.factors = splu(product, permc_spec=way, diag_pivot_thresh=0.0, options={"SymmetricMode": True, "Equil": False})
        if self.order is None:  # the pattern never changes: the rows are put in order once
            self._put_in_order(np.argsort(self.factors.perm_c))
            return self.factor(spread, rest)
        self.turned = self._from_factors(self.last)
        self.pivot = 1.0 / spread[-1] + dot(self.last, self.turned)

    def _put_in_order(self, order: np.ndarray) -> None:
        from scipy.sparse import csc_array, csr_array, eye_array, hstack

        self.order = order
        self.left = csc_array(hstack([csr_array(self.matrix[:, :-1])[order], eye_array(order.size)]))
        self.right = csc_array(self.left.T)

    def _from_factors(self, right: np.ndarray) -> np.ndarray:
        out = np.empty_like(right)
        out[self.order] = self.scale * self.factors.solve(self.scale * right[self.order])
        return out

    def _approximate(self, right: np.ndarray) -> np.ndarray:
        """The dense column enters as a change of rank one."""
        y = self._from_factors(right)
        return y - self.turned * (dot(self.last, y) / self.pivot)

    def product(self, y: np.ndarray) -> np.ndarray:
        """The left side."""
        return self.matrix @ (self.spread * (self.transposed @ y)) + self.rest * y

    def solve(self, right: np.ndarray) -> np.ndarray:
        """Conjugate gradients, preconditioned with the factors; the best iterate."""
        y = self._approximate(right)
        residual = right - self.product(y)
        enough = LINEAR * np.abs(right).max(initial=0.0)
        best, smallest = y, np.abs(residual).max(initial=0.0)
        improved = self._approximate(residual)
        direction, length = improved, dot(residual, improved)
        for _ in range(CONJUGATE_STEPS):
            if smallest <= enough or not length > 0:
                break
            image = self.product(direction)
            step = length / dot(direction, image)
            if not (np.isfinite(step) and step > 0):
                break
            y = y + step * direction
            residual = residual - step * image
            if np.abs(residual).max() < smallest:
                best, smallest = y, np.abs(residual).max()
            improved = self._approximate(residual)
            longer = dot(residual, improved)
            direction, length = improved + (longer / length) * direction, longer
        return best


def maximise_last(matrix: Any, limits: np.ndarray, upper: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray] | None:
    """The largest value of the last variable.

    Parameters
    ----------
    matrix
        A, sparse (rows, columns).
    limits
        b, (rows,), at least 0.
    upper
        u, (columns,), positive; may be infinite, and is for the last.
    tolerance
        Relative gap between the values of the program and of its dual, and of both from being feasible.

    Returns
    -------
    tuple or None
        x, (columns,), and the duals p of the rows, (rows,), at least 0: by how much the last variable would rise per unit of a limit.
        None if it was not solved within `STEPS`, or the program has no bound.
    """
    from scipy.sparse import csc_array

    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return _maximise(csc_array(matrix), limits, upper, tolerance)


def _maximise(matrix: Any, b: np.ndarray, upper: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray] | None:
    n_rows, n_columns = matrix.shape
    bounded = np.flatnonzero(np.isfinite(upper))
    u = upper[bounded]
    cost = np.zeros(n_columns)
    cost[-1] = -1.0
    system = NormalEquations(matrix)
    rows, columns = system.matrix, system.transposed

    def at_bounds(values: np.ndarray) -> np.ndarray:
        out = np.zeros(n_columns)
        out[bounded] = values
        return out

    # Mehrotra's start: least squares, then away from 0.
    spread = np.ones(n_columns)
    spread[bounded] = 0.5
    system.factor(spread, np.ones(n_rows))
    s = system.solve(b - rows @ (spread * at_bounds(u)))
    x = spread * (at_bounds(u) + columns @ s)
    w = u - x[bounded]
    p = -system.solve(rows @ (spread * cost))
    z = cost + columns @ p
    z[bounded] /= 2
    v = -z[bounded]
    primal, dual = [x, s, w], [z, p, v]
    for group in (primal, dual):
        shift = max(0.0, *(-1.5 * float(part.min(initial=0.0)) for part in group))
        for part in group:
            part += shift
    product = sum(dot(one, other) for one, other in zip(primal, dual, strict=True))
    sums = [sum(float(part.sum()) for part in group) for group in (dual, primal)]
    for group, total in zip((primal, dual), sums, strict=True):
        for part in group:
            part += 0.5 * product / total

    n_pairs = n_columns + n_rows + bounded.size
    for _ in range(STEPS):
        short_rows = b - rows @ x - s
        short_bounds = u - x[bounded] - w
        short_duals = cost + columns @ p - z + at_bounds(v)
        mu = (dot(x, z) + dot(s, p) + dot(w, v)) / n_pairs
        value, bound = x[-1], dot(b, p) + dot(u, v)
        if not np.isfinite(mu):
            return None
        size = 1.0 + max(float(x.max()), float(s.max()))
        if (
            abs(bound - value) <= tolerance * (abs(value) + abs(bound))
            and max(np.abs(short_rows).max(), np.abs(short_bounds).max(initial=0.0)) <= tolerance * size
            and np.abs(short_duals).max() <= tolerance
        ):
            return x, p
        divisor = z / x
        divisor[bounded] += v / w
        spread = 1.0 / divisor
        try:
            system.factor(spread, s / p)
        except RuntimeError:  # singular: rounding has won
            return None

        def direction(xz: np.ndarray, sp: np.ndarray, wv: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
            known = short_duals - xz / x + at_bounds((wv - v * short_bounds) / w)
            dp = system.solve(sp / p - rows @ (spread * known) - short_rows)
            dx = -spread * (columns @ dp + known)
            ds = (sp - s * dp) / p
            dw = short_bounds - dx[bounded]
            return [dx, ds, dw], [(xz - z * dx) / x, dp, (wv - v * dw) / w]

        primal, dual = [x, s, w], [z, p, v]
        change, dual_change = direction(-x * z, -s * p, -w * v)
        far, dual_far = _room(primal, change), _room(dual, dual_change)
        ahead = sum(
            dot(one + far * d, other + dual_far * e) for one, d, other, e in zip(primal, change, dual, dual_change, strict=True)
        )
        aim = (ahead / n_pairs / mu) ** 3 * mu
        change, dual_change = direction(
            *(aim - one * other - d * e for one, d, other, e in zip(primal, change, dual, dual_change, strict=True))
        )
        far, dual_far = min(1.0, TO_BOUNDARY * _room(primal, change)), min(1.0, TO_BOUNDARY * _room(dual, dual_change))
        x, s, w = (part + far * d for part, d in zip(primal, change, strict=True))
        z, p, v = (part + dual_far * d for part, d in zip(dual, dual_change, strict=True))
    return None


def _room(parts: list[np.ndarray], changes: list[np.ndarray]) -> float:
    """How far one can go before something is 0."""
    room = 1e30
    for part, change in zip(parts, changes, strict=True):
        falls = change < 0
        room = min(room, float((part[falls] / -change[falls]).min(initial=1e30)))
    return room
