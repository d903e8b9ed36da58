"""Tables of columns, and the hash that says whether two states are the same bits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from communize.declare import registry
from communize.declare.registry import Column, Table, hash_arrays

AGE = Column("people", "age", "int16", "years", "Age.", start=-1)
BELONGING = Column("people", "belonging", "float32", "1", "Belonging.", range=(0.0, 1.0), start=0.25)
NEEDS = Column("people", "needs", "float64", "1", "Unmet needs.", dims=(3,))

quick = settings(max_examples=60, deadline=None, derandomize=True, database=None)


@pytest.fixture
def people():
    table = Table("people", 5, [AGE, BELONGING, NEEDS])
    table.age[:] = np.arange(5)
    table.needs[:] = np.arange(15).reshape(5, 3)
    return table


def test_column_is_addressed_by_its_table():
    assert AGE.path == "people.age"


@pytest.mark.parametrize(
    ("names", "constants"),
    [
        (
            registry.ACTIVITIES,
            {"routine": "ROUTINE", "struggle": "IN_STRUGGLE", "measure": "IN_MEASURE", "held": "HELD"},
        ),
        (registry.KINDS, {name: name.upper() for name in registry.KINDS}),
        (registry.MODES, {name: name.upper() for name in registry.MODES}),
    ],
)
def test_constants_are_the_places_of_the_names(names, constants):
    assert [getattr(registry, constants[name]) for name in names] == list(range(len(names)))


@pytest.mark.parametrize("names", ["POSITIONS", "ACTIVITIES", "KINDS", "MODES", "LOCI", "CONTENTS", "STRUGGLE_ENDS"])
def test_names_of_a_category_are_unique(names):
    assert len(set(getattr(registry, names))) == len(getattr(registry, names)) > 1


def test_columns_begin_at_their_start_values():
    table = Table("people", 4, [AGE, BELONGING, NEEDS])
    assert len(table) == 4
    assert table.age.dtype == np.int16
    assert table.age.tolist() == [-1] * 4
    assert table.belonging.dtype == np.float32
    assert table.belonging.tolist() == [0.25] * 4
    assert table.needs.dtype == np.float64
    assert table.needs.tolist() == [[0.0] * 3] * 4
    assert table.nbytes == 4 * (2 + 4 + 3 * 8)
    assert repr(table) == "<Table people: 4 rows of age, belonging, needs>"


def test_add_takes_values():
    table = Table("people", 2)
    table.add(AGE, np.array([30, 40], np.int16))
    table.add(NEEDS, np.ones((2, 3)))
    assert table.age.tolist() == [30, 40]
    assert table.needs.tolist() == [[1.0] * 3] * 2


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (AGE, np.zeros(2, np.int32)),
        (AGE, np.zeros(3, np.int16)),
        (AGE, np.zeros((2, 1), np.int16)),
        (NEEDS, np.zeros(2)),
        (NEEDS, np.zeros((2, 2))),
    ],
    ids=["dtype", "rows", "too many dims", "too few dims", "size of dims"],
)
def test_values_other_than_declared_are_refused(column, values):
    table = Table("people", 2)
    with pytest.raises(ValueError, match=column.path):
        table.add(column, values)
    assert list(table.columns()) == []


def test_a_column_is_declared_once(people):
    with pytest.raises(ValueError, match=r"people\.age is declared twice"):
        people.add(AGE)
    assert people.age.tolist() == [0, 1, 2, 3, 4]


def test_columns_come_in_the_order_of_declaration(people):
    assert [column for column, _ in people.columns()] == [AGE, BELONGING, NEEDS]
    assert all(values is getattr(people, column.name) for column, values in people.columns())


@quick
@given(st.integers(0, 5), st.lists(st.integers(0, 100), max_size=6))
def test_growth_keeps_old_rows_and_starts_new_ones(n_rows, steps):
    table = Table("people", n_rows, [AGE, NEEDS])
    table.age[:] = np.arange(n_rows)
    ages = list(range(n_rows))
    for step in steps:
        assert table.grow(step) == len(ages)
        ages += [-1] * step
        assert len(table) == len(ages)
        assert table.age.tolist() == ages
        assert table.needs.shape == (len(ages), 3)
        assert not table.needs.any()
        table.age[-1:] = ages[-1:] = [7] if ages else []


def test_growth_is_seldom_a_copy():
    table = Table("people", 0, [AGE])
    copies = 0
    for _ in range(1000):
        before = table.age
        table.grow(1)
        copies += not np.shares_memory(before, table.age[:-1]) and before.size > 0
    assert copies < 10


def test_a_column_added_after_growth_has_all_rows(people):
    people.grow(3)
    people.add(Column("people", "site", "int32", "1", "Site.", start=9))
    people.add(Column("people", "tie", "int32", "1", "Tie."), np.arange(8, dtype=np.int32))
    assert people.site.tolist() == [9] * 8
    people.grow(100)
    assert people.site.tolist() == [9] * 108
    assert people.tie.tolist() == [*range(8), *[0] * 100]
    assert people.age.tolist() == [0, 1, 2, 3, 4, *[-1] * 103]


def test_a_copy_is_equal_and_independent(people):
    people.grow(2)
    twin = people.copy()
    assert len(twin) == 7
    assert [column for column, _ in twin.columns()] == [AGE, BELONGING, NEEDS]
    for (_, mine), (_, its) in zip(people.columns(), twin.columns(), strict=True):
        np.testing.assert_array_equal(mine, its)
        assert not np.shares_memory(mine, its)
    twin.age[:] = 99
    twin.grow(200)
    assert len(people) == 7
    assert people.age.tolist() == [0, 1, 2, 3, 4, -1, -1]
    assert twin.belonging.tolist() == [0.25] * 207


def hash_of(table):
    return hash_arrays((column.path, values) for column, values in table.columns())


def test_a_copy_has_the_same_hash_until_it_changes(people):
    twin = people.copy()
    assert hash_of(twin) == hash_of(people)
    twin.age[3] += 1
    assert hash_of(twin) != hash_of(people)


def test_hidden_rows_do_not_count(people):
    grown = people.copy()
    grown.grow(1)
    straight = Table("people", 6, [AGE, BELONGING, NEEDS])
    straight.age[:5], straight.needs[:5] = people.age, people.needs
    assert hash_of(grown) == hash_of(straight) != hash_of(people)


def test_hash_never_changes_between_versions():
    # printf 'a:<i4:(2,);\1\0\0\0\2\0\0\0b:|b1:(1,);\1' | b2sum -l 128
    arrays = [("a", np.array([1, 2], "<i4")), ("b", np.array([True]))]
    assert hash_arrays(arrays) == "8532564dbf7ac89a7bee559192191b83"


@quick
@given(
    hnp.arrays(st.sampled_from(["<f8", "<f4", "<i4", "<u2", "?"]), hnp.array_shapes(max_dims=2, max_side=5)), st.data()
)
def test_any_bit_changes_the_hash(values, data):
    bits = values.copy()
    flat = bits.reshape(-1).view(np.uint8)
    place = data.draw(st.integers(0, flat.size - 1))
    flat[place] ^= 1 << data.draw(st.integers(0, 7)) if values.dtype != bool else 1
    assert hash_arrays([("a", bits)]) != hash_arrays([("a", values)])
    assert hash_arrays([("a", values.copy())]) == hash_arrays([("a", values)])


def test_minus_zero_is_other_bits_than_zero():
    assert hash_arrays([("a", np.array([0.0]))]) != hash_arrays([("a", np.array([-0.0]))])


def test_name_dtype_shape_order_and_end_change_the_hash():
    zeros = np.zeros(6, "<i4")
    variants = [
        [],
        [("a", zeros)],
        [("b", zeros)],
        [("a", zeros.view("<u4"))],
        [("a", zeros.view("<f4"))],
        [("a", zeros.view(">i4"))],
        [("a", zeros.view("<i8"))],
        [("a", zeros.reshape(2, 3))],
        [("a", zeros.reshape(3, 2))],
        [("a", zeros[:5])],
        [("a", zeros[:0])],
        [("a", zeros), ("b", zeros)],
        [("b", zeros), ("a", zeros)],
        [("a", zeros), ("a", zeros)],
    ]
    hashes = [hash_arrays(variant) for variant in variants]
    assert len(set(hashes)) == len(variants)
    assert all(len(text) == 32 and set(text) <= set("0123456789abcdef") for text in hashes)


def test_layout_in_memory_does_not_change_the_hash():
    grid = np.arange(12).reshape(3, 4)
    assert hash_arrays([("a", grid[:, ::2])]) == hash_arrays([("a", grid[:, ::2].copy())])
    assert hash_arrays([("a", np.asfortranarray(grid))]) == hash_arrays([("a", grid)])
