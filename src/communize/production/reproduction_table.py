"""The table of input coefficients, one for all places or one for each, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from communize.declare.errors import InputError, nearest_name
from communize.production.leontief import spectral_radius

LARGEST_MULTIPLIER = 1e9  # 1 / (1 - radius): a radius nearer to 1 counts as 1, as in `leontief`


@dataclass(frozen=True, eq=False)
class Table:
    """Input coefficients of K sectors: one table for all places, or one for each of P, none negative, each productive.

    Parameters
    ----------
    matrix
        (K, K), array or CSR, or block-diagonal CSR (P K, P K).
    inverse
        (I - A)^-1 of an array.
    """

    matrix: Any
    n_sectors: int
    inverse: np.ndarray | None = None

    @property
    def common(self) -> bool:
        """Whether all places have the same table."""
        return self.matrix.shape[0] == self.n_sectors

    @property
    def pattern(self) -> Any:
        """Where there are inputs: CSR of 1.0 in the shape of the matrix."""
        from scipy.sparse import csr_array

        return csr_array(self.matrix > 0, dtype=np.float64)

    def of(self, places: np.ndarray) -> Table:
        """The table of some places."""
        if self.common:
            return self
        cells = (places[:, None] * self.n_sectors + np.arange(self.n_sectors)).ravel()
        return Table(self.matrix[cells][:, cells], self.n_sectors)

    def least(self) -> Table:
        """The smallest coefficient that any place has: no mixture of the tables needs less of anything."""
        if self.common:
            return self
        from scipy.sparse import coo_array

        n, blocks = self.n_sectors, coo_array(self.matrix)
        cell, which = np.unique((blocks.row % n) * n + blocks.col % n, return_inverse=True)
        smallest = np.full(cell.size, np.inf)
        np.minimum.at(smallest, which, blocks.data)
        smallest[np.bincount(which, minlength=cell.size) < self.matrix.shape[0] // n] = 0.0
        dense = np.zeros((n, n))
        dense.flat[cell] = smallest
        return Table(dense, n, np.linalg.inv(np.eye(n) - dense))

    def totals(self, final: np.ndarray, one_by_one: bool = False) -> np.ndarray:
        """Gross output of each place for its final demand, all made there, (P, K); exactly 0 of what it does not need.

        Sums are rounded as they are in products of matrices, hence otherwise with more places; not so with `one_by_one`.
        """
        needed = self.needed(final)
        if one_by_one and self.inverse is not None:
            solved = np.matmul(final[:, None], self.inverse.T)[:, 0]
        else:
            solved = self._solve(final)
        return np.where(needed, np.maximum(solved, final), 0.0)

    def values(self, weights: np.ndarray, made: np.ndarray | None = None) -> np.ndarray:
        """What a unit of each good takes up, where a unit made in sector k takes up weights[k], (P, K): v with v - A'v = weights.

        With `made`, bool (P, K), only those sectors make anything, and other goods are there anyway.
        """
        if made is None:
            return np.maximum(self._solve(weights, transposed=True), 0.0)
        return np.where(made, np.maximum(self.within(made, weights[..., None], transposed=True)[..., 0], 0.0), 0.0)

    def within(self, made: np.ndarray, final: np.ndarray, transposed: bool = False) -> np.ndarray:
        """Gross output of the sectors `made`, bool (P, K), for final demands (P, K, R), where all other goods are there anyway.

        That is x with x = A x + final in those sectors, 0 in all others; or, transposed, what solves the transposed equations.
        """
        right = np.where(made[..., None], final, 0.0)
        if isinstance(self.matrix, np.ndarray):
            left = np.eye(self.n_sectors) - made[..., None] * self.matrix
            return np.linalg.solve(left.swapaxes(1, 2) if transposed else left, right)
        from scipy.sparse import diags_array

        way = "T" if transposed else "N"
        if self.common:
            return np.array([_factors(diags_array(row * 1.0) @ self.matrix).solve(b, way) for row, b in zip(made, right, strict=True)])
        flat = right.reshape(-1, right.shape[-1])
        return _factors(diags_array(made.ravel() * 1.0) @ self.matrix).solve(flat, way).reshape(right.shape)

    def inputs(self, output: np.ndarray) -> np.ndarray:
        """Inputs that the output of each place takes, (P, K)."""
        if self.common:
            return (self.matrix @ output.T).T
        return (self.matrix @ output.ravel()).reshape(output.shape)

    def added(self, prices: np.ndarray) -> np.ndarray:
        """What is left of the price of each good after its inputs, prices - A'prices, (P, K)."""
        if self.common:
            return prices - (self.matrix.T @ prices.T).T
        return prices - (self.matrix.T @ prices.ravel()).reshape(prices.shape)

    def needed(self, final: np.ndarray) -> np.ndarray:
        """Which sectors a place needs, directly or not, bool (P, K). Of the pattern alone, so that rounding makes no need."""
        pattern, known = self.pattern, final > 0
        while True:
            used = pattern @ known.T if self.common else (pattern @ known.ravel()).reshape(known.shape).T
            wider = known | (used.T > 0)
            if (wider == known).all():
                return known
            known = wider

    def _solve(self, right: np.ndarray, transposed: bool = False) -> np.ndarray:
        if self.inverse is not None:
            return right @ (self.inverse if transposed else self.inverse.T)
        flat = right.T if self.common else right.ravel()
        return _factors(self.matrix).solve(flat, "T" if transposed else "N").T.reshape(right.shape)


def by_sector(name: str, value: Any, sectors: Sequence[Any], complete: bool = False) -> Any:
    """Entries given by name (a mapping or a pandas Series) in the order of the sectors; what is not named is 0. Others unchanged."""
    if not isinstance(value, Mapping):
        if not (hasattr(value, "to_dict") and dimensions(value) == 1):
            return value
        value = value.to_dict()
    known = set(sectors)
    for sector in value:
        if sector not in known:
            raise InputError(f"{name}[{sector}]", sector, "a sector of A", nearest_name(sector, sectors))
    for sector in sectors:
        if complete and sector not in value:
            raise InputError(f"{name}[{sector}]", None, "a number for every sector of A")
    return [value.get(sector, 0.0) for sector in sectors]


def dimensions(value: Any) -> int:
    """How many axes there are; -1 for rows of different lengths."""
    try:
        return np.ndim(value)
    except ValueError:
        return -1


def numbers(
    name: str, value: Any, shape: tuple[int, ...], axes: Sequence[Sequence[Any]], infinite: bool = False
) -> np.ndarray:
    """Numbers of at least 0 and of one shape, float64; the first wrong cell is named by its axes."""
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(name, value, f"numbers of shape {shape}") from None
    if array.shape != shape:
        raise InputError(name, f"a shape of {array.shape}", f"{shape}" if shape else "one number")
    wrong = ~(array >= 0) if infinite else ~((array >= 0) & np.isfinite(array))
    if wrong.any():
        cell = np.argwhere(wrong)[0]
        where = ", ".join(str(axis[i]) for axis, i in zip(axes, cell, strict=True))
        raise InputError(
            f"{name}[{where}]" if shape else name,
            float(array[tuple(cell)]),
            "a number of at least 0" if infinite else "a finite number of at least 0",
        )
    return array


def read_table(A: Any, n_places: int, n_sectors: int, axes: Any, imports: Any = None) -> Table:
    """The table that `reproduction_ratio` is given, checked; `axes` are the names of places and sectors."""
    from scipy.sparse import csr_array, issparse

    def read(name: str, value: Any) -> Any:
        if hasattr(value, "columns") and hasattr(value, "index"):
            for label, there in ((name + " columns", value.columns), (name + " rows", value.index)):
                if list(there) != list(axes[1]):
                    odd = next((one for one in there if one not in axes[1]), list(there))
                    raise InputError(label, odd, "the sectors, in their order", nearest_name(odd, axes[1]))
        shape: Any = np.shape(value) if dimensions(value) >= 0 else ()
        blocks = n_places * n_sectors
        if shape not in ((n_sectors, n_sectors), (blocks, blocks)):
            raise InputError(
                name,
                f"a shape of {shape}",
                f"({n_sectors}, {n_sectors}), or block-diagonal ({blocks}, {blocks})"
                if n_places > 1
                else f"({n_sectors}, {n_sectors})",
            )
        if not issparse(value):
            matrix = np.asarray(value)
            if shape[0] == n_sectors:
                return numbers(name, matrix, (n_sectors, n_sectors), (axes[1], axes[1]))
            value = matrix.astype(np.float64)
        matrix: Any = csr_array(value, dtype=np.float64, copy=True)
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        row, column = np.repeat(np.arange(shape[0]), np.diff(matrix.indptr)), matrix.indices
        for wrong, allowed in (
            (~(np.isfinite(matrix.data) & (matrix.data >= 0)), "a finite number of at least 0"),
            (
                row // n_sectors != column // n_sectors,
                "0: A is block-diagonal, goods move between places along links alone",
            ),
        ):
            if wrong.any():
                cell = int(np.flatnonzero(wrong)[0])
                raise InputError(
                    f"{name}[{_cell(row[cell], n_sectors, axes)}, {_cell(column[cell], n_sectors, axes)}]",
                    float(matrix.data[cell]),
                    allowed,
                )
        return matrix

    matrix: Any = read("A", A)
    if imports is not None:
        bought = read("imports", imports)
        if bought.shape != matrix.shape:
            raise InputError("imports", f"a shape of {bought.shape}", f"that of A, {matrix.shape}")
        matrix = matrix + bought
        matrix = csr_array(matrix) if issparse(matrix) else np.asarray(matrix)
    inverse, once = None, np.full((matrix.shape[0], 1), -1.0)
    try:
        if isinstance(matrix, np.ndarray):
            inverse = np.linalg.inv(np.eye(n_sectors) - matrix)
            once = inverse.sum(axis=1, keepdims=True)
            twice = inverse @ once
        else:
            factors = _factors(matrix)
            once = factors.solve(-once)
            twice = factors.solve(once)
    except (np.linalg.LinAlgError, RuntimeError):  # singular
        twice = once
    # A is productive if and only if some gross output leaves something of everything: that for one unit of everything does. A second
    # step multiplies by about 1 / (1 - radius), whatever the units.
    if not ((once > 0) & (twice < LARGEST_MULTIPLIER * once)).all():
        raise InputError(
            "A",
            spectral_radius(matrix),
            "a table whose spectral radius is below 1: this one uses up all that it makes, or more",
        )
    return Table(matrix, n_sectors, inverse)


def _factors(matrix: Any) -> Any:
    from scipy.sparse import csc_array, eye_array
    from scipy.sparse.linalg import splu

    return splu(csc_array(eye_array(matrix.shape[0]) - matrix))


def _cell(row: int, n_sectors: int, axes: Any) -> str:
    return (
        str(axes[1][row % n_sectors])
        if row < n_sectors and len(axes[0]) == 1
        else f"{axes[0][row // n_sectors]}/{axes[1][row % n_sectors]}"
    )
