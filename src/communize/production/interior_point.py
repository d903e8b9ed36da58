"""A primal-dual interior point method for large sparse programs with one dense column.

    maximise the last variable, subject to A x <= b, 0 <= x <= u, where b >= 0, and u may be infinite; rows are scaled to about 1.

HiGHS solves the same programs (`reproduction_program` uses it for small ones and where this method fails), but its interior point
method works with a basis and its simplex method with a start from nothing: for goods that move between thousands of places both take
several times as long as this one, which factors the normal equations. Their pattern is that of neighbouring places, so that factors
stay sparse, if only the column of lambda, in which every place has an entry, is kept apart.

Notation: s = b - A x and w = u - x are slacks; p >= 0 the duals of rows, z those of x >= 0, v those of x <= u, so that
    z - v = A'p - e_last,     x z = s p = w v = mu,     mu to 0.
Eliminating all but dp leaves (A T A' + diag(s / p)) dp = r with T = 1 / (z / x + v / w). Near the end entries of T differ by 20 orders of
magnitude, and without the dense column next to nothing is left of a pivot: what would be lost there is added, and taken back where the
column enters. The solution from the factors is improved by conjugate gradients on the product itself.

References
----------
Mehrotra (1992), https://doi.org/10.1137/0802028 (predictor, corrector); Andersen (1996), A modified Schur-complement method for
handling dense columns in interior-point methods for linear programming, ACM Transactions on Mathematical Software 22, 348-356; Wright
(1997), Primal-Dual Interior-Point Methods, https://doi.org/10.1137/1.9781611971453, chapters 10 and 11 (bounds, dense columns).
"""

from __future__ import annotations

from typing import Any

import numpy as np

STEPS, CONJUGATE_STEPS = 100, 20
TO_BOUNDARY = 0.9995  # of the way to where a variable would be 0
LEAST_SLACK = 0.1  # of a row at the start
LINEAR = 1e-11  # residual of a linear system, relative
STALLED, WORSE = 100.0, 1e3  # tolerances that still pass where no step helps, and the loss that shows it
SMALL = 1e-3  # a last variable below is not looked for more exactly: the program should be scaled anew
WEAK = 1e-5  # share of a diagonal entry left as pivot below which it is kept apart


def dot(one: np.ndarray, other: np.ndarray) -> float:
    """Inner product whose rounding hangs on no number of threads, as that of BLAS may."""
    return float((one * other).sum())


class NormalEquations:
    """(A T A' + diag(rest)) y = r for changing T and rest; A is a CSC matrix whose last column is dense."""

    def __init__(self, matrix: Any):
        from scipy.sparse import csc_array, csr_array, diags_array, eye_array
        from scipy.sparse.linalg import splu

        from communize.kernels.cholesky import structure

        self.matrix, self.transposed = csr_array(matrix), csr_array(matrix.T)
        self.last = matrix[:, [-1]].toarray().ravel()
        sparse = self.matrix[:, :-1]
        ones = csr_array((np.ones(sparse.nnz), sparse.indices, sparse.indptr), shape=sparse.shape)
        square = csc_array(ones @ ones.T + eye_array(len(self.last)))
        dominated = square + diags_array(square.sum(axis=0))  # of this pattern, and no pivot of it is 0
        factors = splu(csc_array(dominated), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
        self.order = np.argsort(factors.perm_c)  # of the rows in the factors
        sparse = sparse[self.order]
        self.sides = tuple((side.indptr.astype(np.uint32), side.indices.astype(np.uint32), side.data) for side in (csc_array(sparse), sparse))
        square = square[self.order][:, self.order]
        self.begin, self.below = structure(square.indptr, square.indices)

    def factor(self, spread: np.ndarray, rest: np.ndarray) -> None:
        """Factor for T = spread, (columns,), and rest, (rows,), all positive."""
        from communize.kernels.cholesky import factor_square

        self.spread, self.rest = spread, rest
        self.factors = self.begin, self.below, np.empty(self.below.size), np.empty(rest.size)
        weak, added = factor_square(*self.sides, spread, rest[self.order], WEAK, *self.factors)
        apart = np.zeros((weak.size + 1, rest.size))  # what the factors have not, and have too much
        apart[0], apart[np.arange(weak.size) + 1, self.order[weak]] = np.sqrt(spread[-1]) * self.last, np.sqrt(added)
        turned = np.array([self._from_factors(row) for row in apart])
        coupled = np.diag(np.append(1.0, np.full(weak.size, -1.0))) + np.array([(turned * row).sum(axis=1) for row in apart])
        self.apart, self.turned = apart, np.linalg.solve(coupled, turned)

    def _from_factors(self, right: np.ndarray) -> np.ndarray:
        from communize.kernels.cholesky import solve_factored

        out = np.empty_like(right)
        solve_factored(*self.factors, self.order, right, out)
        return out

    def _approximate(self, right: np.ndarray) -> np.ndarray:
        """The dense column, and what was added to pivots, enter as a change of low rank."""
        y = self._from_factors(right)
        return y - ((self.apart * y).sum(axis=1)[:, None] * self.turned).sum(axis=0)

    def product(self, y: np.ndarray) -> np.ndarray:
        """The left side."""
        return self.matrix @ (self.spread * (self.transposed @ y)) + self.rest * y

    def solve(self, right: np.ndarray) -> np.ndarray:
        """Conjugate gradients, preconditioned with the factors; the best iterate."""
        y = self._approximate(right)
        residual = right - self.product(y)
        enough = LINEAR * np.abs(right).max(initial=0.0)
        best, smallest = y, np.abs(residual).max(initial=0.0)
        direction, length = residual, 0.0
        for number in range(CONJUGATE_STEPS):
            if smallest <= enough:
                break
            improved, before = self._approximate(residual), length
            length = dot(residual, improved)
            if not length > 0:
                break
            direction = improved if number == 0 else improved + (length / before) * direction
            image = self.product(direction)
            curvature = dot(direction, image)
            step = length / curvature if curvature > 0 else 0.0
            if not (np.isfinite(step) and step > 0):
                break
            y = y + step * direction
            residual = residual - step * image
            if np.abs(residual).max() < smallest:
                best, smallest = y, np.abs(residual).max()
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
        if not np.isfinite(away):
            break
        if away < nearest:
            best, nearest = (primal[0], dual[1]), away
        elif best is not None and not away < WORSE * nearest:  # rounding has won
            break
        try:
            program.factor()
        except np.linalg.LinAlgError:  # singular
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
        """Variables of 1 where bounds allow, as the program is scaled, slack in every row, and all products the same, so that rows alone meet the last dual one."""
        upper = np.full(self.cost.size, np.inf)
        upper[self.bounded] = self.u
        x = np.minimum(1.0, upper / 2.0)
        primal = [x, np.maximum(self.b - self.rows @ x, LEAST_SLACK), self.u - x[self.bounded]]
        product = 1.0 / (self.system.last / primal[1]).sum()
        return primal, [product / part for part in primal]

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
