"""Draws for arrays: the numbers of an entity depend on its identity and on nothing around it."""

from dataclasses import replace

import numpy as np
import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from communize.kernels import draws as d
from communize.kernels.vector import Draws

DRAWS = Draws(np.uint64(11), decision=5, day=9)
WEIGHTS = [0.5, 0.0, 2.0, 1.0, 4.0]

METHODS = {
    "uniform": lambda draws, entities: draws.uniform(entities),
    "bernoulli": lambda draws, entities: draws.bernoulli(0.4, entities),
    "normal": lambda draws, entities: draws.normal(entities),
    "poisson by inversion": lambda draws, entities: draws.poisson(4.0, entities),
    "poisson by rejection": lambda draws, entities: draws.poisson(40.0, entities),
    "binomial by inversion": lambda draws, entities: draws.binomial(20, 0.3, entities),
    "binomial by rejection": lambda draws, entities: draws.binomial(200, 0.3, entities),
    "categorical": lambda draws, entities: draws.categorical(WEIGHTS, entities),
}
# the same draws, one entity at a time, from the scalar kernels
SCALARS = {
    "uniform": lambda *at: d.uniform(*at, 0),
    "bernoulli": lambda *at: d.uniform(*at, 0) < 0.4,
    "normal": lambda *at: d.normal_quantile(d.uniform(*at, 0)),
    "poisson by inversion": lambda *at: d.poisson(4.0, *at),
    "poisson by rejection": lambda *at: d.poisson(40.0, *at),
    "binomial by inversion": lambda *at: d.binomial(20, 0.3, *at),
    "binomial by rejection": lambda *at: d.binomial(200, 0.3, *at),
    "categorical": lambda *at: d.categorical(np.array(WEIGHTS), d.uniform(*at, 0)),
}
DTYPES = {"uniform": np.float64, "normal": np.float64, "bernoulli": np.bool_}
WITH_DRAW = {
    "uniform": lambda draw: DRAWS.uniform(500, draw),
    "bernoulli": lambda draw: DRAWS.bernoulli(0.4, 500, draw),
    "normal": lambda draw: DRAWS.normal(500, draw),
    "categorical": lambda draw: DRAWS.categorical(WEIGHTS, 500, draw),
}

each_method = pytest.mark.parametrize("name", METHODS)
quick = settings(max_examples=25, deadline=None, derandomize=True, database=None)


@each_method
@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 1001])
def test_a_number_of_entities_means_the_first_ones(name, n):
    by_number = METHODS[name](DRAWS, n)
    assert by_number.shape == (n,)
    assert by_number.dtype == DTYPES.get(name, np.int64)
    np.testing.assert_array_equal(by_number, METHODS[name](DRAWS, np.arange(n)))
    np.testing.assert_array_equal(by_number, METHODS[name](DRAWS, np.int32(n)))


@each_method
def test_arrays_hold_what_the_scalar_kernels_give(name):
    ids = np.array([0, 7, 2, 1_000_003, 2**32 - 1])
    expected = [SCALARS[name](DRAWS.key, entity, DRAWS.day, DRAWS.decision) for entity in ids.tolist()]
    np.testing.assert_array_equal(METHODS[name](DRAWS, ids), expected)


@each_method
@quick
@given(ids=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=40), data=st.data())
def test_the_company_of_an_entity_does_not_matter(name, ids, data):
    alone = METHODS[name](DRAWS, np.array(ids))
    others = data.draw(st.lists(st.integers(0, 2**32 - 1), max_size=9))
    np.testing.assert_array_equal(METHODS[name](DRAWS, np.array([*others, *ids]))[len(others) :], alone)
    order = np.array(data.draw(st.permutations(range(len(ids)))))
    np.testing.assert_array_equal(METHODS[name](DRAWS, np.array(ids)[order]), alone[order])


@each_method
def test_adding_entities_leaves_others_alone(name):
    np.testing.assert_array_equal(METHODS[name](DRAWS, 1003)[:997], METHODS[name](DRAWS, 997))


@each_method
def test_repeating_a_draw_repeats_the_numbers(name):
    np.testing.assert_array_equal(METHODS[name](DRAWS, 500), METHODS[name](replace(DRAWS), 500))


@each_method
@pytest.mark.parametrize("change", [{"key": np.uint64(12)}, {"decision": 6}, {"day": 10}], ids=str)
def test_another_seed_decision_or_day_gives_other_numbers(name, change):
    here, there = METHODS[name](DRAWS, 500), METHODS[name](replace(DRAWS, **change), 500)
    assert np.mean(here == there) < 0.65


@pytest.mark.parametrize("name", WITH_DRAW)
def test_another_draw_gives_other_numbers(name):
    first, second = WITH_DRAW[name](0), WITH_DRAW[name](1)
    np.testing.assert_array_equal(first, METHODS[name](DRAWS, 500))
    assert np.mean(first == second) < 0.65


def test_categorical_at_the_border_of_a_weight_goes_on_to_the_next():
    seed, entity, day, decision, draw = oracles.shared_address_of((0, 1, 2, 3))
    weights = [1.0, 0.0, 2.0**33 - 1.0]  # the word 0 is 2**-33 of their sum
    draws = Draws(np.uint64(seed), decision, day)
    assert draws.categorical(weights, [entity, entity + 1], draw).tolist() == [2, 2]
    assert d.categorical(np.array(weights), d.uniform(draws.key, entity, day, decision, draw)) == 2


def test_a_narrow_or_strided_array_of_identities_serves():
    ids = np.arange(100)
    for variant in (ids.astype(np.int32), ids.astype(np.uint32), np.repeat(ids, 2)[::2], ids.tolist()):
        np.testing.assert_array_equal(DRAWS.uniform(variant), DRAWS.uniform(100))
        np.testing.assert_array_equal(DRAWS.poisson(4.0, variant), DRAWS.poisson(4.0, 100))


def test_one_parameter_serves_all_entities_or_each_its_own():
    ids = np.arange(200)
    np.testing.assert_array_equal(DRAWS.poisson(np.full(200, 4.0), ids), DRAWS.poisson(4, ids))
    np.testing.assert_array_equal(DRAWS.binomial(np.full(200, 20), 0.3, ids), DRAWS.binomial(20, 0.3, ids))
    np.testing.assert_array_equal(DRAWS.binomial(20, np.full(200, 0.3), ids), DRAWS.binomial(20, 0.3, ids))
    np.testing.assert_array_equal(DRAWS.bernoulli(np.full(200, 0.4), ids), DRAWS.bernoulli(0.4, ids))

    odd = ids % 2 == 1
    means = np.where(odd, 40.0, 4.0)
    np.testing.assert_array_equal(DRAWS.poisson(means, ids)[odd], DRAWS.poisson(40.0, ids)[odd])
    np.testing.assert_array_equal(DRAWS.poisson(means, ids)[~odd], DRAWS.poisson(4.0, ids)[~odd])
    sizes, chances = np.where(odd, 200, 20), np.where(odd, 0.3, 1.0)
    np.testing.assert_array_equal(DRAWS.binomial(sizes, chances, ids)[odd], DRAWS.binomial(200, 0.3, ids)[odd])
    assert (DRAWS.binomial(sizes, chances, ids)[~odd] == 20).all()
    assert not DRAWS.bernoulli(np.where(odd, 0.5, 0.0), ids)[~odd].any()


@pytest.mark.parametrize(
    "call",
    [
        lambda: DRAWS.poisson([1.0, 2.0], 3),
        lambda: DRAWS.binomial([1, 2], 0.5, 3),
        lambda: DRAWS.binomial(2, [0.5, 0.5], 3),
        lambda: DRAWS.bernoulli(np.array([0.5, 0.5]), 3),
    ],
    ids=["poisson", "binomial n", "binomial p", "bernoulli"],
)
def test_parameters_of_another_length_are_refused(call):
    with pytest.raises(ValueError, match="broadcast"):
        call()


def test_inputs_are_left_as_they_were():
    ids, means, weights = np.arange(50), np.full(50, 4.0), np.array(WEIGHTS)
    DRAWS.normal(ids), DRAWS.poisson(means, ids), DRAWS.categorical(weights, ids)
    np.testing.assert_array_equal(ids, np.arange(50))
    np.testing.assert_array_equal(means, np.full(50, 4.0))
    np.testing.assert_array_equal(weights, WEIGHTS)
