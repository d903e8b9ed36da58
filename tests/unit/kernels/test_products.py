"""Products of known pattern, against SciPy's, to the bit."""

import numpy as np
import pytest
from scipy import sparse

from communize.production.interior_point import JITTER, Square


@pytest.mark.parametrize("seed", range(5))
def test_a_square_is_that_of_scipy_to_the_bit(seed):
    rng = np.random.default_rng(seed)
    matrix = sparse.random_array((40, 70), density=0.08, rng=rng, data_sampler=lambda size: rng.normal(size=size), format="csr")
    square = Square(matrix)
    whole = sparse.csc_array(sparse.hstack([matrix, sparse.eye_array(40)]))
    for decades in (0, 6, 20):  # again with other weights
        weights = 10 ** rng.uniform(-decades / 2, decades / 2, 110)
        product = sparse.csc_array((whole.data * np.repeat(weights, np.diff(whole.indptr)), whole.indices, whole.indptr), shape=whole.shape)
        product = product @ sparse.csc_array(whole.T)
        product.sort_indices()
        column = np.repeat(np.arange(40), np.diff(product.indptr))
        scale = 1.0 / np.sqrt(product.diagonal())
        product.data *= scale[product.indices] * scale[column]
        product.data[product.indices == column] += JITTER
        found, factors = square.scaled(weights)
        np.testing.assert_array_equal(factors, scale)
        for name in ("indptr", "indices", "data"):
            np.testing.assert_array_equal(getattr(found, name), getattr(product, name))


def test_what_cancels_is_left_out():
    square = Square(sparse.csr_array([[1.0, 1.0], [1.0, -1.0]]))
    found, _ = square.scaled(np.array([0.5, 0.5, 1.0, 1.0]))
    assert found.nnz == 2
