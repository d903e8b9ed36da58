"""The interior point method against HiGHS on programs of its form, and what it says where there is nothing to find."""

import numpy as np
import pytest
from scipy import optimize, sparse

from communize.production import interior_point
from communize.production.interior_point import NormalEquations, maximise_last


def program(seed, n_rows=40, n_columns=70):
    """Positive slack at a positive point, a dense last column, some bounds on variables, and limits above 0 in a third of the rows."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(n_rows, n_columns)) * (rng.random((n_rows, n_columns)) < 0.1)
    matrix[:, -1] = rng.uniform(0.1, 1, n_rows)
    inside = rng.uniform(0.5, 1, n_columns)
    slack = rng.uniform(0.1, 1, n_rows)
    limits = np.where(rng.random(n_rows) < 0.3, rng.uniform(0.5, 1, n_rows), 0.0)
    spare = sparse.diags_array(np.minimum(0.0, limits - matrix @ inside - slack))
    matrix = sparse.hstack([spare, sparse.csr_array(matrix)]).tocsr()
    upper = np.concatenate([np.full(n_rows, np.inf), np.where(rng.random(n_columns) < 0.7, rng.uniform(1, 2, n_columns), np.inf)])
    upper[-1] = np.inf
    return matrix, limits, upper


@pytest.mark.parametrize("seed", range(10))
def test_it_finds_what_highs_finds(seed):
    matrix, limits, upper = program(seed)
    cost = np.zeros(upper.size)
    cost[-1] = -1
    expected = optimize.linprog(cost, A_ub=matrix, b_ub=limits, bounds=np.column_stack([np.zeros(upper.size), upper]))
    found = maximise_last(matrix, limits, upper, 1e-9)
    if expected.status == 3:
        assert found is None
        return
    x, duals = found
    assert x[-1] == pytest.approx(-expected.fun, rel=1e-7)
    assert (matrix @ x - limits).max() < 1e-7
    assert (x > 0).all()
    assert (x <= upper * (1 + 1e-7)).all()
    reduced = matrix.T @ duals + cost
    bounded = np.isfinite(upper)
    assert reduced[~bounded].min() > -1e-7
    worth = limits @ duals + upper[bounded] @ np.maximum(0, -reduced[bounded])
    assert worth == pytest.approx(x[-1], rel=1e-7)  # the dual has the same value: both are optimal


def test_no_bound_is_no_result():
    assert maximise_last(sparse.csr_array([[-1.0, 1.0]]), np.zeros(1), np.full(2, np.inf), 1e-9) is None


def test_a_last_variable_near_zero_is_bounded_only():
    x, _ = maximise_last(sparse.csr_array([[-1.0, 1.0]]), np.zeros(1), np.array([1e-7, np.inf]), 1e-9)
    assert 1e-7 <= x[-1] < 1e-3


@pytest.mark.parametrize("decades", [0, 6, 12])
def test_normal_equations_with_a_dense_column(decades):
    rng = np.random.default_rng(5)
    matrix = sparse.random_array((30, 50), density=0.1, rng=rng).tolil()
    matrix[:, -1] = rng.uniform(0.1, 1, (30, 1))
    matrix = matrix.tocsc()
    spread, rest = 10 ** rng.uniform(-decades / 2, decades / 2, 50), 10 ** rng.uniform(-decades / 2, decades / 2, 30)
    system = NormalEquations(matrix)
    dense = matrix.toarray() * spread @ matrix.toarray().T + np.diag(rest)
    for _ in range(2):  # the second time rows are in order
        system.factor(spread, rest)
        right = dense @ rng.normal(size=30)
        np.testing.assert_allclose(dense @ system.solve(right), right, rtol=0, atol=1e-9 * np.abs(right).max())


def test_factors_of_what_only_the_dense_column_keeps_from_being_singular(monkeypatch):
    monkeypatch.setattr(interior_point, "CONJUGATE_STEPS", 0)
    matrix = sparse.csc_array([[1.0, -1.0, 0.0, 0.3], [-1.0, 0.0, 1.0, 0.4], [0.0, 1.0, -1.0, 0.5]])  # without the last, rows add up to 0
    spread, rest = np.array([1e12, 2e12, 3e12, 1e8]), np.array([1e-12, 1e-11, 1e-12])
    system = NormalEquations(matrix)
    system.factor(spread, rest)
    right = np.array([1.0, -2.0, 3.0])
    found = system.solve(right)
    np.testing.assert_allclose(system.product(found), right, rtol=1e-9)
