"""Cholesky factors of products of known pattern, against those of NumPy."""

import numpy as np
import pytest
from scipy import sparse

from communize.kernels.cholesky import factor_square, solve_factored, structure

N_ROWS, N_COLUMNS, WEAK = 40, 70, 1e-5


def sides(matrix):
    parts = sparse.csc_array(matrix), sparse.csr_array(matrix)
    return tuple((part.indptr.astype(np.uint32), part.indices.astype(np.uint32), part.data) for part in parts)


def factored(matrix, weights, rest):
    """The factor, dense, what was added to pivots (rows, amounts), and what `solve_factored` needs."""
    n = matrix.shape[0]
    ones = sparse.csr_array((matrix != 0).astype(float))
    square = sparse.csc_array(ones @ ones.T + sparse.eye_array(n))
    begin, below = structure(square.indptr, square.indices)
    parts = begin, below, np.empty(below.size), np.empty(n)
    added = factor_square(*sides(matrix), weights, rest, WEAK, *parts)
    lower = sparse.csc_array((parts[2], below, begin), shape=(n, n)).toarray() + np.diag(1 / parts[3])
    return lower, added, parts


@pytest.fixture(params=range(5))
def case(request):
    rng = np.random.default_rng(request.param)
    matrix = sparse.random_array((N_ROWS, N_COLUMNS), density=0.05, rng=rng, data_sampler=lambda size: rng.normal(size=size), format="csr")
    return matrix, rng


@pytest.mark.parametrize("decades", [0, 4])
def test_the_factor_is_that_of_numpy(case, decades):
    matrix, rng = case
    weights, rest = 10 ** rng.uniform(-decades / 2, decades / 2, N_COLUMNS), 10 ** rng.uniform(-decades / 2, decades / 2, N_ROWS)
    dense = matrix.toarray() * weights @ matrix.toarray().T + np.diag(rest)
    lower, (rows, _), _ = factored(matrix, weights, rest)
    assert rows.size == 0
    np.testing.assert_allclose(lower, np.linalg.cholesky(dense), rtol=0, atol=1e-12 * lower.max())


def test_solving_in_another_order(case):
    matrix, rng = case
    order = rng.permutation(N_ROWS)
    dense = (matrix @ matrix.T).toarray() + np.eye(N_ROWS)
    _, _, parts = factored(matrix[order], np.ones(N_COLUMNS), np.ones(N_ROWS))
    wanted, found = rng.normal(size=N_ROWS), np.empty(N_ROWS)
    solve_factored(*parts, order, dense @ wanted, found)
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_where_rows_are_the_same_a_pivot_is_weak():
    matrix = sparse.csr_array([[1.0, 2.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 3.0]])
    lower, (rows, amounts), _ = factored(matrix, np.ones(3), np.full(3, 1e-9))
    assert rows.tolist() == [1]
    np.testing.assert_allclose(amounts, 5.0)
    np.testing.assert_allclose(lower @ lower.T, (matrix @ matrix.T).toarray() + np.diag([0.0, 5.0, 0.0]), atol=1e-8)
