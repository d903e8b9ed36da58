"""Radius, inverse, minors and self-replacing sets of processes, against slower or different ways to the same numbers."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array, csc_matrix, csr_array, diags_array, random_array

from communize.declare.errors import InputError
from communize.production import leontief
from communize.production.leontief import (
    gross_output,
    leading_minors,
    leontief_inverse,
    prices_of_production,
    self_replacing,
    spectral_radius,
    viable,
    viable_subset,
)

quick = settings(max_examples=40, deadline=None, derandomize=True, database=None)


@st.composite
def matrices(draw, most=6, highest=12):
    """Square matrices of twentieths, about half of them 0: so that all kinds of reducible ones come up."""
    n = draw(st.integers(1, most))
    cells = draw(st.lists(st.one_of(st.just(0), st.integers(0, highest)), min_size=n * n, max_size=n * n))
    return np.array(cells, float).reshape(n, n) / 20


def radius_by_powers(matrix, squarings=45):
    """Gelfand: the limit of |A^m| ** (1/m), by squaring; up to constants ** (1/m)."""
    logarithm, power = 0.0, matrix.copy()
    for _ in range(squarings):
        size = power.max()
        if size == 0:
            return 0.0
        logarithm = 2 * (logarithm + np.log(size))
        power = (power / size) @ (power / size)
    return float(np.exp(logarithm / 2.0**squarings))


# --- radius ---


@quick
@given(matrices())
def test_the_radius_is_the_rate_at_which_powers_grow(matrix):
    assert spectral_radius(matrix) == pytest.approx(radius_by_powers(matrix), rel=1e-9, abs=1e-12)
    assert spectral_radius(matrix) == spectral_radius(csr_array(matrix))


def test_without_a_cycle_the_radius_is_exactly_zero():
    """Rounding would give 1e-2 for a chain of ten processes in an unlucky order: eigenvalues of a Jordan block are ill-conditioned."""
    order = np.random.default_rng(1).permutation(30)
    chain = np.diag(np.full(29, 0.9), 1)[np.ix_(order, order)]
    assert spectral_radius(chain) == 0.0
    assert viable(chain)
    assert leontief_inverse(chain).max() == pytest.approx(1.0)


@pytest.mark.parametrize("n", [3, 70, 2000])
def test_a_cycle_has_the_geometric_mean_as_radius(n):
    weights = np.random.default_rng(n).uniform(0.1, 1.0, n)
    cycle = coo_array((weights, (np.arange(n), (np.arange(n) + 1) % n)), shape=(n, n))
    assert spectral_radius(cycle) == pytest.approx(np.exp(np.log(weights).mean()), rel=1e-9)


def test_a_chain_that_goes_both_ways_has_its_known_radius():
    """Eigenvalues of a tridiagonal matrix of a on both sides: 2 a cos(pi / (n + 1)). Their gaps are so small that powers alone fail."""
    n, a = 1500, 0.4
    both = diags_array([np.full(n - 1, a), np.full(n - 1, a)], offsets=[-1, 1])
    assert spectral_radius(both) == pytest.approx(2 * a * np.cos(np.pi / (n + 1)), rel=1e-9)


@pytest.mark.parametrize(("up", "down"), [(0.01, 0.9), (0.9, 0.001)])
def test_radii_far_below_the_sums_of_columns_are_found(up, down):
    """2 sqrt(up down) cos(pi / (n + 1)), with an eigenvector over a thousand orders of magnitude and more: A is far from normal."""
    n = 1500
    chain = diags_array([np.full(n - 1, up), np.full(n - 1, down)], offsets=[-1, 1])
    assert spectral_radius(chain) == pytest.approx(2 * np.sqrt(up * down) * np.cos(np.pi / (n + 1)), rel=1e-9)


@pytest.mark.parametrize("density", [0.02, 0.2])
def test_large_blocks_are_as_by_all_eigenvalues(density):
    matrix = random_array((150, 150), density=density, rng=np.random.default_rng(5), format="csr")
    assert spectral_radius(matrix) == pytest.approx(np.abs(np.linalg.eigvals(matrix.toarray())).max(), rel=1e-9)


def test_the_radius_of_blocks_is_the_largest_of_theirs():
    blocks = np.zeros((5, 5))
    blocks[:2, :2], blocks[2:4, 2:4], blocks[4, 4] = [[0.1, 0.2], [0.3, 0.1]], [[0.5, 0.4], [0.4, 0.5]], 0.7
    blocks[0, 2:] = 9.0  # what is needed in one direction only changes nothing
    assert spectral_radius(blocks) == pytest.approx(0.9, rel=1e-12)
    blocks[4, 4] = 0.95
    assert spectral_radius(blocks) == 0.95


def test_the_large_block_beside_small_ones_is_found():
    n = 100
    matrix = np.zeros((n + 2, n + 2))
    matrix[:n, :n] = 0.8 / n
    matrix[n, n] = 0.3
    assert spectral_radius(matrix) == pytest.approx(0.8, rel=1e-9)
    assert spectral_radius(csc_matrix(matrix)) == pytest.approx(0.8, rel=1e-9)


# --- inverse, output, minors ---


@quick
@given(matrices())
def test_hawkins_and_simon_agree_with_the_radius(matrix):
    radius = spectral_radius(matrix)
    if abs(radius - 1.0) > 1e-6:
        assert viable(matrix) == bool((leading_minors(matrix) > 0).all()) == (radius < 1.0)


@quick
@given(matrices(highest=6), st.integers(0, 2**32 - 1))
def test_output_covers_inputs_and_final_demand(matrix, seed):
    if not viable(matrix):
        with pytest.raises(InputError, match="spectral radius below 1"):
            leontief_inverse(matrix)
        return
    final = np.random.default_rng(seed).uniform(0, 10, (len(matrix), 3))
    inverse, made = leontief_inverse(matrix), gross_output(matrix, final)
    np.testing.assert_allclose(made - matrix @ made, final, atol=1e-8 * made.max())
    np.testing.assert_allclose(inverse @ final, made, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(gross_output(csr_array(matrix), final[:, 0]), made[:, 0], rtol=1e-12)
    assert inverse.min() >= -1e-12
    assert (np.diag(inverse) >= 1.0 - 1e-12).all()


@quick
@given(matrices(highest=3))
def test_the_inverse_is_the_sum_of_all_rounds_of_inputs(matrix):
    if spectral_radius(matrix) < 0.9:
        total, power = np.eye(len(matrix)), matrix  # 1 + A + ... + A^(2^9 - 1), by doubling
        for _ in range(9):
            total, power = total + power @ total, power @ power
        np.testing.assert_allclose(leontief_inverse(matrix), total, rtol=1e-9, atol=1e-12)


def test_large_sparse_systems_are_solved_as_such(monkeypatch):
    n = 3000
    matrix = random_array((n, n), density=0.001, rng=np.random.default_rng(2), format="csr")
    matrix = matrix * (0.6 / matrix.sum(axis=0).max())
    final = np.random.default_rng(3).uniform(0, 1, n)
    monkeypatch.setattr(np.linalg, "solve", None)
    monkeypatch.setattr(leontief.np, "eye", None)
    made = gross_output(matrix, final)
    np.testing.assert_allclose(made - matrix @ made, final, atol=1e-10)


def test_columns_bound_the_radius():
    """Perron: the radius lies between the least and the largest sum of a column."""
    matrix = np.random.default_rng(4).uniform(0, 0.05, (30, 30))
    assert matrix.sum(axis=0).min() <= spectral_radius(matrix) <= matrix.sum(axis=0).max()


def test_minors_are_those_of_blocks_from_the_top():
    np.testing.assert_allclose(leading_minors([[0.2, 0.3], [0.4, 0.1]]), [0.8, 0.6], rtol=1e-12)
    assert (leading_minors([[0.5, 0.6], [0.6, 0.5]]) > 0).tolist() == [True, False]


# --- sets that replace themselves ---


def all_self_replacing(matrix, removed):
    n = len(matrix)
    for size in range(n, -1, -1):
        for members in itertools.combinations(sorted(set(range(n)) - set(removed)), size):
            if all(matrix[i, j] == 0 for j in members for i in range(n) if i not in members):
                yield members


@quick
@given(matrices(most=5), st.sets(st.integers(0, 4), max_size=2))
def test_the_largest_self_replacing_set_holds_every_other(matrix, removed):
    removed = {row for row in removed if row < len(matrix)}
    found = self_replacing(matrix, removed)
    sets = list(all_self_replacing(matrix, removed))
    assert found == sets[0]
    assert all(set(one) <= set(found) for one in sets)


@quick
@given(matrices(most=5), st.sets(st.integers(0, 4), max_size=2))
def test_the_largest_viable_set_holds_every_other(matrix, removed):
    removed = {row for row in removed if row < len(matrix)}
    found = viable_subset(matrix, removed)
    sets = [one for one in all_self_replacing(matrix, removed) if not one or viable(matrix[np.ix_(one, one)])]
    assert found == sets[0]
    assert all(set(one) <= set(found) for one in sets)
    assert set(found) <= set(self_replacing(matrix, removed))


def test_what_cannot_reproduce_itself_takes_its_users_with_it():
    matrix = np.zeros((4, 4))
    matrix[0, 0], matrix[0, 1], matrix[2, 2], matrix[2, 3] = 1.2, 0.1, 0.5, 0.1
    assert self_replacing(matrix) == (0, 1, 2, 3)
    assert viable_subset(matrix) == (2, 3)
    assert viable_subset(matrix, [2]) == ()


def test_a_long_chain_falls_at_once():
    n = 1000
    chain = diags_array([np.full(n - 1, 0.5)], offsets=[1])
    assert self_replacing(chain, [0]) == ()
    assert self_replacing(chain, [n - 1]) == tuple(range(n - 1))
    assert self_replacing(chain) == tuple(range(n))


# --- prices ---


@quick
@given(st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_prices_give_every_process_one_rate_of_profit(n, seed):
    matrix = np.random.default_rng(seed).uniform(0.01, 0.9 / n, (n, n))
    rate, prices = prices_of_production(matrix)
    assert prices[0] == 1.0
    np.testing.assert_allclose(prices, (1 + rate) * prices @ matrix, rtol=1e-9)
    assert rate == pytest.approx(1 / spectral_radius(matrix) - 1, rel=1e-9)


@pytest.mark.parametrize("matrix", [np.zeros((2, 2)), [[0.5, 0.1], [0.0, 0.2]]])
def test_prices_need_products_that_enter_all_others(matrix):
    with pytest.raises(InputError, match="each of which is used"):
        prices_of_production(np.array(matrix).T if np.any(matrix) else matrix)


# --- errors ---


@pytest.mark.parametrize(
    ("matrix", "path", "words"),
    [
        (np.zeros((2, 3)), "coefficients", "square"),
        (np.zeros((0, 0)), "coefficients", "square"),
        (np.zeros(3), "coefficients", "square"),
        (3.0, "coefficients", "square"),
        ([["a", "b"], ["c", "d"]], "coefficients", "numbers"),
        ([[0.1, -0.2], [0.0, 0.3]], "coefficients[0, 1]", "at least 0"),
        ([[0.1, 0.2], [np.nan, 0.3]], "coefficients[1, 0]", "finite"),
        (csr_array(np.array([[0.0, 0.0], [0.0, np.inf]])), "coefficients[1, 1]", "finite"),
    ],
)
@pytest.mark.parametrize("function", [spectral_radius, viable, leading_minors, leontief_inverse, self_replacing])
def test_wrong_matrices_are_refused_by_cell(function, matrix, path, words):
    with pytest.raises(InputError, match=words) as error:
        function(matrix)
    assert error.value.path == path


def test_wrong_demand_and_wrong_rows_are_refused():
    with pytest.raises(InputError, match=r"shape \(2,\)") as error:
        gross_output(np.eye(2) / 2, [1.0, 2.0, 3.0])
    assert error.value.path == "final"
    with pytest.raises(InputError, match="finite"):
        gross_output(np.eye(2) / 2, [1.0, np.nan])
    for row in (-1, 2):
        with pytest.raises(InputError, match="0 to 1") as error:
            self_replacing(np.eye(2) / 2, [row])
        assert error.value.found == row


def test_the_input_is_left_as_it_was():
    matrix = csr_array((np.array([0.0, 0.3]), (np.array([0, 1]), np.array([1, 1]))), shape=(2, 2))
    spectral_radius(matrix)
    assert matrix.nnz == 2
