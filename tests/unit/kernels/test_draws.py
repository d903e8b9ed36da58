"""Draws against known answers, plain-Python twins, and the distributions they are named after.

Statistical tests have fixed seeds: they fail if the code changes, never by chance.
"""

import math

import numpy as np
import oracles
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import special, stats

from communize.kernels import draws as d
from communize.kernels import vector

P_SMALLEST = 1e-4
N = 100_000
SEED = np.uint64(20_240_229)
N_OF_SAMPLERS = 400_000
IDS = np.arange(N_OF_SAMPLERS)
ALL_ONES = 2**32 - 1

quick = settings(max_examples=100, deadline=None, derandomize=True, database=None)
slow_twin = settings(quick, max_examples=50)
words_32 = st.integers(0, 2**32 - 1)
seeds = st.integers(0, 2**64 - 1)
shared_draws = st.integers(0, 2**31 - 1)
addresses = st.tuples(words_32, words_32, words_32)  # entity, day, decision
shared_units = words_32.map(lambda word: (word + 0.5) / 2**32)

# seed, entity, day, decision whose own block for draw 0 begins with two words of all ones, or two zeros:
# found by undoing Philox for four thousand million such blocks
OWN_BLOCK_OF_ONES = (3, 70_656_247, 890_864_648, 2_312_917_496)
OWN_BLOCK_OF_ZEROS = (1, 1_186_596_566, 1_265_519_903, 1_712_220_171)


def uniforms(n=N, seed=SEED, day=3, decision=7, draw=0):
    out = np.empty(n)
    vector.fill_uniform_range(out, seed, day, decision, draw)
    return out


def p_of_counts(observed, expected):
    return stats.chisquare(observed, np.asarray(expected) * (np.sum(observed) / np.sum(expected))).pvalue


def p_of_fit(sample, distribution, at_least=10.0):
    """Chi-square p-value of integers against a frozen SciPy distribution, small cells pooled."""
    low, high = int(distribution.ppf(1e-9)), int(distribution.isf(1e-9))
    support = np.arange(low, high + 1)
    expected = distribution.pmf(support) * sample.size
    observed = np.bincount(np.clip(sample, low, high) - low, minlength=support.size)
    cell = np.floor(np.cumsum(expected) / at_least).astype(int)
    cells = np.unique(cell, return_inverse=True)[1]
    pooled_expected = np.bincount(cells, expected)
    keep = pooled_expected >= at_least / 2
    last = np.flatnonzero(keep)[-1]
    cells = np.minimum(cells, last)
    return p_of_counts(np.bincount(cells, observed), np.bincount(cells, expected))


def z_of_mean(sample, mean, variance):
    return (sample.mean() - mean) / math.sqrt(variance / sample.size)


# Random123, file `kat_vectors`, the lines "philox4x32 10"
@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
    ids=["zeros", "ones", "pi"],
)
def test_philox_gives_the_known_answers(counter, key, answer):
    counter, key, answer = ([int(word, 16) for word in line.split()] for line in (counter, key, answer))
    assert list(d.philox4x32(*counter, *key)) == answer
    assert list(oracles.philox4x32(counter, key)) == answer
    assert list(oracles.philox4x32_counter(answer, key)) == counter


@quick
@given(st.tuples(*[words_32] * 4), st.tuples(*[words_32] * 2))
def test_philox_equals_its_twin(counter, key):
    assert d.philox4x32(*counter, *key) == oracles.philox4x32(counter, key)


@quick
@given(seeds, st.tuples(st.integers(0, 2**34 - 1), words_32, words_32, shared_draws))
@example(2**64 - 1, (2**34 - 1, 2**32 - 1, 2**32 - 1, 2**31 - 1))
def test_word_and_uniform_equal_their_twins(seed, address):
    assert d.word(np.uint64(seed), *address) == oracles.word(seed, *address)
    assert d.uniform(np.uint64(seed), *address) == oracles.uniform(seed, *address)


@quick
@given(seeds, addresses, shared_draws)
def test_uniform_pair_is_the_64_bits_of_its_own_block(seed, address, draw):
    pair = d.uniform_pair(np.uint64(seed), *address, draw)
    assert pair == pytest.approx(oracles.uniform_pair(seed, *address, draw), abs=2**-52, rel=0)


@quick
@given(seeds, st.integers(0, 2**32 - 1), words_32, words_32, shared_draws)
def test_a_shared_block_serves_four_neighbours(seed, block, day, decision, draw):
    key = np.uint64(seed)
    words = d.shared_block(key, block, day, decision, draw)
    assert words == tuple(d.word(key, 4 * block + lane, day, decision, draw) for lane in range(4))


@pytest.mark.parametrize("n", range(10))
def test_fill_uniform_range_equals_uniform(n):
    expected = [oracles.uniform(int(SEED), entity, 3, 7, 2) for entity in range(n)]
    assert uniforms(n, draw=2).tolist() == expected


def test_uniforms_of_the_extreme_words_lie_in_the_open_interval():
    seed, entity, *rest = oracles.shared_address_of((0, ALL_ONES, 2**31, 1))
    block = [d.uniform(np.uint64(seed), entity + lane, *rest) for lane in range(4)]
    assert block == [2**-33, 1 - 2**-33, 0.5 + 2**-33, 3 * 2**-33]


def test_a_pair_of_the_lowest_words_lies_in_the_open_interval():
    seed, *address = OWN_BLOCK_OF_ZEROS
    assert oracles.philox4x32((*address, 2**31), (seed, 0))[:2] == (0, 0)
    assert 0 < d.uniform_pair(np.uint64(seed), *address, 0)[0] < 2**-52


def test_a_pair_of_the_highest_words_lies_in_the_open_interval():
    seed, *address = OWN_BLOCK_OF_ONES
    assert oracles.philox4x32((*address, 2**31), (seed, 0))[:2] == (ALL_ONES, ALL_ONES)
    assert 1 - 2**-51 < d.uniform_pair(np.uint64(seed), *address, 0)[0] < 1


def test_uniforms_fill_the_interval_evenly():
    u = uniforms()
    assert p_of_counts(np.bincount((u * 256).astype(int), minlength=256), np.full(256, 1.0)) > P_SMALLEST
    low_bits = (u * 2**32).astype(np.int64) % 256
    assert p_of_counts(np.bincount(low_bits, minlength=256), np.full(256, 1.0)) > P_SMALLEST
    assert abs(z_of_mean(u, 1 / 2, 1 / 12)) < 4
    assert stats.kstest(u, "uniform").pvalue > P_SMALLEST


def test_pairs_fill_the_square_evenly():
    pairs = np.array([d.uniform_pair(SEED, entity, 3, 7, 0) for entity in range(20_000)])
    cells = (pairs * 16).astype(int)
    assert p_of_counts(np.bincount(cells[:, 0] * 16 + cells[:, 1], minlength=256), np.full(256, 1.0)) > P_SMALLEST


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(uniforms()[:-1], uniforms()[1:], id="next entity"),
        pytest.param(uniforms()[:-4], uniforms()[4:], id="next block"),
        pytest.param(uniforms(), uniforms(day=4), id="next day"),
        pytest.param(uniforms(), uniforms(decision=8), id="next decision"),
        pytest.param(uniforms(), uniforms(draw=1), id="next draw"),
        pytest.param(uniforms(), uniforms(seed=SEED + np.uint64(1)), id="next seed"),
        pytest.param(uniforms(), uniforms(seed=SEED + np.uint64(2**32)), id="upper half of the seed"),
        pytest.param(uniforms(day=7, decision=3), uniforms(), id="day and decision swapped"),
    ],
)
def test_neighbouring_draws_are_independent(left, right):
    assert abs(np.corrcoef(left, right)[0, 1]) < 4 / math.sqrt(left.size)
    cells = (left * 16).astype(int) * 16 + (right * 16).astype(int)
    assert p_of_counts(np.bincount(cells, minlength=256), np.full(256, 1.0)) > P_SMALLEST


def test_own_blocks_are_none_of_the_shared_ones():
    own = [d.own_block(SEED, entity, 3, 7, 0) for entity in range(50)]
    shared = [d.shared_block(SEED, block, 3, 7, draw) for block in range(50) for draw in range(2)]
    assert not set(own) & set(shared)
    assert own[11] == oracles.philox4x32((11, 3, 7, 2**31), (int(SEED), 0))


@pytest.mark.parametrize("word", [0, ALL_ONES])
def test_bernoulli_is_certain_at_0_and_1(word):
    u = d.to_unit(np.uint64(word))
    assert not d.bernoulli(0.0, u)
    assert d.bernoulli(1.0, u)


@pytest.mark.parametrize("p", [0.001, 0.3, 0.9])
def test_bernoulli_happens_with_its_probability(p):
    happened = sum(d.bernoulli(p, u) for u in uniforms().tolist())
    assert stats.binomtest(happened, N, p).pvalue > P_SMALLEST


@pytest.mark.parametrize("mean", [0.01, 3.0, 9.99, 10.0, 35.0, 1e4])
def test_poisson_has_its_distribution(mean):
    sample = np.empty(IDS.size, np.int64)
    vector.fill_poisson(sample, np.full(IDS.size, mean), IDS, SEED, 3, 7, 0)
    assert p_of_fit(sample, stats.poisson(mean)) > P_SMALLEST
    assert abs(z_of_mean(sample, mean, mean)) < 4
    assert abs(z_of_mean((sample - mean) ** 2, mean, mean + 2 * mean**2)) < 4


@slow_twin
@given(st.floats(0, 60) | st.floats(60, 1e6), seeds, addresses)
@example(9.99, 1, (2, 3, 4))
@example(10.0, 1, (2, 3, 4))
def test_poisson_equals_its_twin(mean, seed, address):
    assert d.poisson(mean, np.uint64(seed), *address) == oracles.poisson(mean, seed, *address)


@pytest.mark.parametrize("mean", [0.0, -1.0])
def test_poisson_of_no_mean_is_zero(mean):
    assert {d.poisson(mean, SEED, entity, 3, 7) for entity in range(100)} == {0}


@pytest.mark.parametrize(
    ("n", "p"),
    [
        pytest.param(1, 0.5, id="inversion of one"),
        pytest.param(20, 0.3, id="inversion"),
        pytest.param(99, 0.1, id="inversion at its end"),
        pytest.param(10**6, 2e-6, id="inversion of many"),
        pytest.param(20, 0.9, id="inversion mirrored"),
        pytest.param(100, 0.1, id="BTRS at its start"),
        pytest.param(100, 0.5, id="BTRS even"),
        pytest.param(1000, 0.37, id="BTRS"),
        pytest.param(500, 0.8, id="BTRS mirrored"),
        pytest.param(10**6, 0.01, id="BTRS of many"),
    ],
)
def test_binomial_has_its_distribution(n, p):
    sample = np.empty(IDS.size, np.int64)
    vector.fill_binomial(sample, np.full(IDS.size, n), np.full(IDS.size, p), IDS, SEED, 3, 7, 0)
    assert sample.min() >= 0
    assert sample.max() <= n
    assert p_of_fit(sample, stats.binom(n, p)) > P_SMALLEST
    assert abs(z_of_mean(sample, n * p, n * p * (1 - p))) < 4


@slow_twin
@given(st.integers(0, 200) | st.integers(200, 10**9), st.floats(0, 1), seeds, addresses)
@example(20, 0.4999, 1, (2, 3, 4))
@example(20, 0.5, 1, (2, 3, 4))
@example(10**9, 1e-9, 1, (2, 3, 4))
def test_binomial_equals_its_twin(n, p, seed, address):
    assert d.binomial(n, p, np.uint64(seed), *address) == oracles.binomial(n, p, seed, *address)


@pytest.mark.parametrize(
    ("n", "p", "expected"), [(0, 0.5, 0), (-3, 0.5, 0), (0, 1.0, 0), (9, 0.0, 0), (9, 1.0, 9), (500, 1.0, 500)]
)
def test_binomial_is_certain_at_its_ends(n, p, expected):
    assert {d.binomial(n, p, SEED, entity, 3, 7) for entity in range(100)} == {expected}


@pytest.mark.parametrize(
    ("draw", "distribution"),
    [
        (lambda *at: d.poisson(3.0, *at), stats.poisson(3.0)),
        (lambda *at: d.poisson(0.5, *at), stats.poisson(0.5)),
        (lambda *at: d.binomial(100, 0.05, *at), stats.binom(100, 0.05)),
    ],
)
def test_inversion_of_the_highest_words_stays_in_the_tail(draw, distribution):
    seed, *address = OWN_BLOCK_OF_ONES
    assert 1e-20 < distribution.sf(draw(np.uint64(seed), *address)) < 1e-14


@pytest.mark.parametrize("draw", [lambda *at: d.poisson(35.0, *at), lambda *at: d.binomial(1000, 0.3, *at)])
def test_rejection_survives_the_highest_words(draw):
    seed, *address = OWN_BLOCK_OF_ONES
    assert draw(np.uint64(seed), *address) >= 0


@pytest.mark.parametrize(
    ("draw", "expected"),
    [
        (lambda *at: d.poisson(9.0, *at), 0),
        (lambda *at: d.binomial(30, 0.2, *at), 0),
        (lambda *at: d.binomial(30, 0.8, *at), 30),
    ],
)
def test_inversion_of_the_lowest_words_is_the_end(draw, expected):
    seed, *address = OWN_BLOCK_OF_ZEROS
    assert draw(np.uint64(seed), *address) == expected


@quick
@given(st.lists(st.integers(0, 1000), min_size=1, max_size=10), shared_units)
@example([0, 1, 0], 2**-33)
@example([0, 1, 0], 1 - 2**-33)
@example([1, 1], 0.5)
@example([0, 0], 0.5)
def test_categorical_equals_its_twin(weights, u):
    index = d.categorical(np.array(weights, float), u)
    assert index == oracles.categorical(weights, u)
    assert index == -1 or weights[index] > 0


def test_categorical_draws_in_proportion_and_never_a_zero_weight():
    weights = np.array([0.0, 2.5, 0.0, 0.5, 7.0, 0.0])
    counts = np.bincount([d.categorical(weights, u) for u in uniforms().tolist()], minlength=6)
    assert counts[[0, 2, 5]].tolist() == [0, 0, 0]
    assert p_of_counts(counts[[1, 3, 4]], weights[[1, 3, 4]]) > P_SMALLEST


def test_categorical_leaves_zero_weights_alone_even_if_the_target_rounds_up():
    smallest = math.ulp(0.0)
    assert d.categorical(np.array([0.0, smallest, 0.0]), 0.9) == 1


@pytest.mark.parametrize("size", [0, 1, 4])
def test_categorical_of_no_weight_is_minus_one(size):
    assert d.categorical(np.zeros(size), 0.5) == -1


@quick
@given(st.floats(-1e9, 1e9), shared_units)
@example(-1.25, 0.5)
@example(7.0, 2**-33)
def test_stochastic_round_gives_a_neighbour(x, u):
    whole = d.stochastic_round(x, u)
    assert whole == (math.ceil(x) if u < x - math.floor(x) else math.floor(x))


@pytest.mark.parametrize("x", [2.3, -1.25, 0.001])
def test_stochastic_round_keeps_the_mean(x):
    sample = np.array([d.stochastic_round(x, u) for u in uniforms().tolist()])
    part = x - math.floor(x)
    assert abs(z_of_mean(sample, x, part * (1 - part))) < 4


@quick
@given(st.floats(1e-6, 1e6), st.floats(1.0, 10), shared_units)
def test_pareto_inverts_its_ccdf(minimum, exponent, u):
    x = d.pareto(u, minimum, exponent)
    assert minimum <= x < math.inf
    assert (minimum / x) ** exponent == pytest.approx(u, rel=1e-12)


def test_pareto_exceeds_with_its_ccdf():
    sample = np.array([d.pareto(u, 2.0, 1.5) for u in uniforms().tolist()])
    for x in (2.5, 4.0, 20.0, 200.0):
        assert stats.binomtest(int((sample > x).sum()), N, (2.0 / x) ** 1.5).pvalue > P_SMALLEST


@pytest.mark.parametrize("n", [7, 256, 1000])
def test_below_is_even(n):
    sample = np.array([d.below(SEED, entity, 3, 7, 0, n) for entity in range(20_000)])
    assert p_of_counts(np.bincount(sample, minlength=n), np.full(n, 1.0)) > P_SMALLEST
    assert sample.max() < n


@pytest.mark.parametrize("n", [1, 2, 10, 2**31 + 1, 2**32])
def test_below_reaches_its_ends_and_no_further(n):
    seed, entity, *rest = oracles.shared_address_of((0, ALL_ONES, 2**31, 1))
    of_words = [d.below(np.uint64(seed), entity + lane, *rest, n) for lane in range(3)]
    assert of_words == [0, n - 1, n // 2]


# both sides of each change of formula: at 0.075, 0.925, and at exp(-25) = 1.4e-11
P_GRID = [
    1e-300, 1e-30, 2**-54, 2**-33, 1e-11, 1.5e-11, 1e-5, 0.01, 0.0749, 0.0751, 0.3, 0.49999,
    0.500001, 0.6, 0.9249, 0.9251, 1 - 1e-9, 1 - 2**-33,
]  # fmt: skip


@pytest.mark.parametrize("p", P_GRID)
def test_normal_quantile_equals_scipy(p):
    assert d.normal_quantile(p) == pytest.approx(oracles.normal_quantile(p), rel=1e-12, abs=0)


@quick
@given(shared_units)
def test_normal_quantile_is_odd_and_inverts_the_cdf(u):
    z = d.normal_quantile(u)
    assert special.ndtr(z) == pytest.approx(u, rel=1e-12)
    assert d.normal_quantile(1 - u) == pytest.approx(-z, rel=1e-12, abs=1e-300)


def test_normal_quantile_of_a_half_is_zero():
    assert d.normal_quantile(0.5) == 0


@quick
@given(st.lists(st.integers(0, 20), min_size=1, max_size=20), st.floats(-1, 21) | st.integers(-1, 21), st.data())
def test_first_above_equals_its_twin(values, target, data):
    cumulative = sorted(values)
    last = data.draw(st.integers(0, len(values) - 1))
    first = data.draw(st.integers(0, last))
    wanted = next((index for index in range(first, last) if cumulative[index] > target), last)
    assert d.first_above(np.array(cumulative, float), first, last, float(target)) == wanted


@pytest.mark.parametrize(
    ("cumulative", "target", "expected"),
    [([0.5], 0.9, 0), ([0.0, 0.0, 1.0], 0.0, 2), ([0.2, 0.2, 1.0], 0.1, 0), ([0.2, 0.7, 0.7], 0.9, 2), ([1.0] * 3, -1.0, 0)],
    ids=["one", "no weight at first", "below all", "above all", "all equal"],
)
def test_first_above_at_its_ends(cumulative, target, expected):
    assert d.first_above(np.array(cumulative), 0, len(cumulative) - 1, target) == expected
