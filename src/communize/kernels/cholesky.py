"""Cholesky factors L L' of M diag(weights) M' + diag(rest) for a sparse M and changing weights and rest: the pattern of L is found once, the product is never kept."""

import numpy as np

from communize.kernels.draws import kernel


@kernel
def mark_rows(first, rows, parent, count, mark, begin, below):
    """Go through the entries of L row by row, along the tree of elimination: count those below the diagonal by column, and where `below` has
    room list their rows there, from ``begin[column]`` on; `parent` is completed on the way.
    """
    count[:], mark[:] = 0, -1
    for i in range(mark.size):
        mark[i] = i
        for j in rows[first[i] : first[i + 1]]:
            while j < i and mark[j] != i:
                if parent[j] < 0:
                    parent[j] = i
                if below.size:
                    below[begin[j] + count[j]] = i
                count[j] += 1
                mark[j] = i
                j = parent[j]


def structure(first: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Entries of L below the diagonal, of a symmetric matrix with the given ones, both by columns: (first entry of each column, rows in order)."""
    n = first.size - 1
    parent, count, mark = np.full(n, -1), np.empty(n, np.int64), np.empty(n, np.int64)
    begin = np.zeros(n + 1, np.uint32)
    mark_rows(first, rows, parent, count, mark, begin, np.empty(0, np.uint32))
    begin[1:] = np.cumsum(count)
    below = np.empty(begin[-1], np.uint32)
    mark_rows(first, rows, parent, count, mark, begin, below)
    return begin, below


@kernel
def factor_square(left, right, weights, rest, weak, begin, below, values, pivots):
    """Write the factor of M diag(weights) M' + diag(rest): `values` below the diagonal, `pivots` 1 over the diagonal; column after column, each from those before it.

    Returns the rows to which something was added, and what, float64 (rows,).

    Parameters
    ----------
    left, right
        M by columns, and by rows: (first entry of each, rows or columns in order, values), unsigned.
    weak
        Share of a diagonal entry: where less is left of it as pivot, the whole entry is added, so that no rounding decides.
    begin, below
        `structure` of the product.
    """
    left_first, left_rows, left_values = left
    right_first, right_columns, right_values = right
    n = pivots.size
    sums, added = np.zeros(n), np.zeros(n)
    ahead, following, at = np.full(n, -1), np.full(n, -1), begin[:-1].copy()  # columns whose next entry is in a row, in a chain
    entry = left_first[:-1].copy()  # rows come in order: that of the row at hand
    for i in range(n):
        for q in range(right_first[i], right_first[i + 1]):
            j = right_columns[q]
            weight = right_values[q] * weights[j]
            for p in range(entry[j], left_first[j + np.uint32(1)]):
                sums[left_rows[p]] += left_values[p] * weight
            entry[j] += np.uint32(1)
        sums[i] += rest[i]
        whole = sums[i]
        column = ahead[i]
        while column >= 0:
            after, p, last = following[column], at[column], begin[column + 1]
            value = values[p]
            for q in range(p, last):
                sums[below[q]] -= values[q] * value
            p += np.uint32(1)
            at[column] = p
            if p < last:
                following[column] = ahead[below[p]]
                ahead[below[p]] = column
            column = after
        if not sums[i] > weak * whole:
            added[i] = whole
            sums[i] += whole
        pivots[i] = pivot = 1.0 / np.sqrt(sums[i])
        sums[i] = 0.0
        for q in range(begin[i], begin[i + 1]):
            values[q] = sums[below[q]] * pivot
            sums[below[q]] = 0.0
        if begin[i] < begin[i + 1]:
            following[i] = ahead[below[begin[i]]]
            ahead[below[begin[i]]] = i
    rows = np.flatnonzero(added)
    return rows, added[rows]


@kernel
def solve_factored(begin, below, values, pivots, order, right, out):
    """Write to `out` the y of (L L') y = right, rows of L being ``order`` of those of `right`."""
    n = pivots.size
    y = right[order]
    for i in range(n):
        y[i] *= pivots[i]
        for q in range(begin[i], begin[i + 1]):
            y[below[q]] -= values[q] * y[i]
    for i in range(n - 1, -1, -1):
        total = y[i]
        for q in range(begin[i], begin[i + 1]):
            total -= values[q] * y[below[q]]
        y[i] = total * pivots[i]
        out[order[i]] = y[i]
