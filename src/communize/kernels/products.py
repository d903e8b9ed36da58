"""Sparse products whose pattern is known: no pattern has to be found anew, and nothing to be put in order."""

import numpy as np

from communize.kernels.draws import kernel


@kernel
def weighted_square(left, right, pattern, weights, sums, square):
    """M diag(weights) M' of a sparse matrix M, to the bits of SciPy's product of the two factors: sums in its order, zeros left out.

    Parameters
    ----------
    left, right
        M and M' by columns: (first entry of each column, rows, values).
    pattern
        What can be other than 0, by columns, its rows in order: (first entry of each column, rows).
    sums
        Zeros, (rows,); zeros again afterwards.
    square
        Written: (first entry of each column, rows, values, position of each column's diagonal entry); returns the number of entries.
    """
    left_first, left_rows, left_values = left
    right_first, right_rows, right_values = right
    square_first, square_rows, square_values, diagonal = square
    n = 0
    for column in range(sums.size):
        for at in range(right_first[column], right_first[column + 1]):
            j, value = right_rows[at], right_values[at]
            weight = weights[j]
            for entry in range(np.uint32(left_first[j]), np.uint32(left_first[j + 1])):  # unsigned: else each would be looked at for being negative
                sums[np.uint32(left_rows[entry])] += value * (left_values[entry] * weight)
        square_first[column] = n
        for row in pattern[1][pattern[0][column] : pattern[0][column + 1]]:
            square_rows[n], square_values[n] = row, sums[np.uint32(row)]
            if row == column:
                diagonal[column] = n
            n += sums[np.uint32(row)] != 0.0
            sums[np.uint32(row)] = 0.0
    square_first[sums.size] = n
    return n


@kernel
def scale_square(first, rows, values, diagonal, jitter, scale):
    """Scale a square of `weighted_square` to a diagonal of 1 + jitter; `scale` is written: 1 / sqrt(diagonal)."""
    for column in range(scale.size):
        scale[column] = 1.0 / np.sqrt(values[diagonal[column]])
    for column in range(scale.size):
        for at in range(first[column], first[column + 1]):
            values[at] *= scale[rows[at]] * scale[column]
        values[diagonal[column]] += jitter
