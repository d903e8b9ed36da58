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
LEAST_START = 1e-6  # no variable starts nearer to 0
LINEAR = 1e-11  # residual of a linear system, relative
STALLED, WORSE = 100.0, 1e3  # tolerances that still pass where no step helps, and the loss that shows it
SMALL = 1e-3  # a last variable below is not looked for more exactly: the program should be scaled anew
JITTER = 1e-13  # on the unit diagonal, so that rounding makes no pivot 0


def dot(one: np.ndarray, other: np.ndarray) -> float:
    """Inner product whose rounding hangs on no number of threads, as that of BLAS may."""
    return float((one * other).sum())


class Square:
    """A T A' + diag(rest), scaled to a diagonal of 1, for changing T and rest; A is a CSR matrix."""

    def __init__(self, matrix: Any):
        from scipy.sparse import csc_array, eye_array, hstack

        self.left = csc_array(hstack([matrix, eye_array(matrix.shape[0])]))
        self.right = csc_array(self.left.T)
        ones = [csc_array((np.ones(part.nnz), part.indices, part.indptr), shape=part.shape) for part in (self.left, self.right)]
        self.pattern = ones[0] @ ones[1]
        self.pattern.sort_indices()

    def scaled(self, weights: np.ndarray) -> tuple[Any, np.ndarray]:
        """The matrix for T and rest = `weights`, CSC, and what its rows and columns are multiplied with."""
        from scipy.sparse import csc_array

        from communize.kernels.products import scale_square, weighted_square

        left, right, pattern, n = self.left, self.right, self.pattern, self.pattern.shape[0]
        first, rows, values = np.empty_like(pattern.indptr), np.empty_like(pattern.indices), np.empty(pattern.nnz)
        diagonal, scale = np.empty(n, np.int64), np.empty(n)
        count = weighted_square(
            (left.indptr, left.indices, left.data), (right.indptr, right.indices, right.data), (pattern.indptr, pattern.indices), weights,
            np.zeros(n), (first, rows, values, diagonal))  # fmt: skip
        scale_square(first, rows, values, diagonal, JITTER, scale)
        return csc_array((values[:count], rows[:count], first), shape=(n, n)), scale


class NormalEquations:
    """(A T A' + diag(rest)) y = r for changing T and rest; A is a CSC matrix whose last column is dense."""

    def __init__(self, matrix: Any):
        from scipy.sparse import csr_array

        self.matrix, self.transposed = csr_array(matrix), csr_array(matrix.T)
        self.last = matrix[:, [-1]].toarray().ravel()
        self.order: np.ndarray | None = None  # of the rows in the factors
        self.square = Square(self.matrix[:, :-1])

    def factor(self, spread: np.ndarray, rest: np.ndarray) -> None:
        """Factor for T = spread, (columns,), and rest, (rows,), all positive."""
        from scipy.sparse.linalg import splu

        self.spread, self.rest = spread, rest
        rest_there = rest if self.order is None else rest[self.order]
        product, self.scale = self.square.scaled(np.concatenate([spread[:-1], rest_there]))
        way = "MMD_AT_PLUS_A" if self.order is None else "NATURAL"
        self.factors = splu(
            product, permc_spec=way, diag_pivot_thresh=0.0, options={"SymmetricMode": True, "Equil": False}
        )
        if self.order is None:  # the pattern never changes: the rows are put in order once
            self.order = np.argsort(self.factors.perm_c)
            self.square = Square(self.matrix[:, :-1][self.order])
            return self.factor(spread, rest)
        self.turned = self._from_factors(self.last)
        self.pivot = 1.0 / spread[-1] + dot(self.last, self.turned)

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
            curvature = dot(direction, image)
            step = length / curvature if curvature > 0 else 0.0
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


def maximise_last(
    matrix: Any, limits: np.ndarray, upper: np.ndarray, tolerance: float
) -> tuple[np.ndarray, np.ndarray] | None:
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
        Where the last variable is below `SMALL`, only that is known: then it is a bound, and the rest means nothing. None if it was not solved within `STEPS`, or the program has no bound.
    """
    from scipy.sparse import csc_array

    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return _maximise(csc_array(matrix), limits, upper, tolerance)


def _maximise(matrix: Any, b: np.ndarray, upper: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray] | None:
    program = _Program(matrix, b, upper)
    primal, dual = program.start()
    best, nearest = None, STALLED
    for _ in range(STEPS):
        program.at(primal, dual)
        away = program.away() / tolerance
        if away <= 1 or program.at_most() < SMALL:
            best = primal[0], dual[1]
            if away > 1:
                primal[0][-1] = program.at_most()
            break
        if away < nearest:
            best, nearest = (primal[0], dual[1]), away
        elif best is not None and not away < WORSE * nearest:  # rounding has won
            break
        try:
            program.factor()
        except RuntimeError:  # singular
            break
        change, dual_change = program.direction([-one * other for one, other in zip(primal, dual, strict=True)])
        far, dual_far = _room(primal, change), _room(dual, dual_change)
        ahead = sum(
            dot(one + far * d, other + dual_far * e)
            for one, d, other, e in zip(primal, change, dual, dual_change, strict=True)
        )
        aim = (ahead / program.n_pairs / program.mu) ** 3 * program.mu
        change, dual_change = program.direction(
            [aim - one * other - d * e for one, d, other, e in zip(primal, change, dual, dual_change, strict=True)]
        )
        far = _room(primal, change, TO_BOUNDARY)
        dual_far = _room(dual, dual_change, TO_BOUNDARY)
        primal = [part + far * d for part, d in zip(primal, change, strict=True)]
        dual = [part + dual_far * d for part, d in zip(dual, dual_change, strict=True)]
    return best


class _Program:
    """One program, and how far a point (primal x, s, w; dual z, p, v) is from solving it."""

    def __init__(self, matrix: Any, b: np.ndarray, upper: np.ndarray):
        self.system = NormalEquations(matrix)
        self.rows, self.columns, self.b = self.system.matrix, self.system.transposed, b
        self.bounded = np.flatnonzero(np.isfinite(upper))
        self.u = upper[self.bounded]
        self.cost = np.zeros(upper.size)
        self.cost[-1] = -1.0
        self.n_pairs = upper.size + b.size + self.u.size

    def spread_out(self, values: np.ndarray) -> np.ndarray:
        """Values of the bounded variables, 0 for the others."""
        out = np.zeros(self.cost.size)
        out[self.bounded] = values
        return out

    def start(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Mehrotra's start: least squares, then away from 0."""
        spread, at_upper = 1.0 - self.spread_out(np.full(self.u.size, 0.5)), self.spread_out(self.u)
        self.system.factor(spread, np.ones(self.b.size))
        s = self.system.solve(self.b - self.rows @ (spread * at_upper))
        x = spread * (at_upper + self.columns @ s)
        p = -self.system.solve(self.rows @ (spread * self.cost))
        z = spread * (self.cost + self.columns @ p)
        primal, dual = [x, s, self.u - x[self.bounded]], [z, p, -z[self.bounded]]
        for group in (primal, dual):
            shift = max(0.0, *(-1.5 * float(part.min(initial=0.0)) for part in group))
            for part in group:
                part += shift
        product = sum(dot(one, other) for one, other in zip(primal, dual, strict=True))
        totals = [sum(float(part.sum()) for part in group) for group in (dual, primal)]
        for group, total in zip((primal, dual), totals, strict=True):
            for part in group:
                part += max(0.5 * product / total, LEAST_START) if total > 0 else 1.0
        return primal, dual

    def at(self, primal: list[np.ndarray], dual: list[np.ndarray]) -> None:
        """Go to a point."""
        self.primal, self.dual = primal, dual
        (x, s, w), (z, p, v) = primal, dual
        self.short_rows = self.b - self.rows @ x - s
        self.short_bounds = self.u - x[self.bounded] - w
        self.short_duals = self.cost + self.columns @ p - z + self.spread_out(v)
        self.mu = sum(dot(one, other) for one, other in zip(primal, dual, strict=True)) / self.n_pairs

    def away(self) -> float:
        """The gap, and what is short, relative; rows are counted in what passes through them."""
        (x, s, _), (_, p, v) = self.primal, self.dual
        value, bound = float(x[-1]), dot(self.b, p) + dot(self.u, v)
        short = max(np.abs(self.short_rows).max(), np.abs(self.short_bounds).max(initial=0.0)) / (1.0 + max(x.max(), s.max()))
        return max(abs(bound - value) / (abs(value) + abs(bound)), short, float(np.abs(self.short_duals).max()))

    def at_most(self) -> float:
        """A bound of the last variable: what the dual says, with what it may lack."""
        size = 1.0 + max(self.primal[0].max(), self.primal[1].max())
        return dot(self.b, self.dual[1]) + dot(self.u, self.dual[2]) + 10 * float(np.abs(self.short_duals).max() * size)

    def factor(self) -> None:
        """Factor the normal equations of this point."""
        (x, s, w), (z, p, v) = self.primal, self.dual
        self.spread = 1.0 / (z / x + self.spread_out(v / w))
        self.system.factor(self.spread, s / p)

    def direction(self, products: list[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """The way to a point that is feasible and where x z, s p and w v change by `products`, to first order."""
        (x, s, w), (z, p, v) = self.primal, self.dual
        xz, sp, wv = products
        known = self.short_duals - xz / x + self.spread_out((wv - v * self.short_bounds) / w)
        dp = self.system.solve(sp / p - self.rows @ (self.spread * known) - self.short_rows)
        dx = -self.spread * (self.columns @ dp + known)
        dw = self.short_bounds - dx[self.bounded]
        return [dx, (sp - s * dp) / p, dw], [(xz - z * dx) / x, dp, (wv - v * dw) / w]


def _room(parts: list[np.ndarray], changes: list[np.ndarray], share: float = 1.0) -> float:
    """That share of the way to where something is 0; at most 1, the whole step."""
    room = 1.0
    for part, change in zip(parts, changes, strict=True):
        room = min(room, share * float(np.where(change < 0, part / -change, np.inf).min(initial=np.inf)))
    return room
