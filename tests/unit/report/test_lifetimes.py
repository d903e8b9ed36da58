"""Lifetimes against a plain product over days, with measures still in force as censored."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from communize.report.lifetimes import quantile, survival

LIVES = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=40)


def plain(lives):
    """P(T >= t) as the product over earlier days of the share that did not end, day by day."""
    longest = max(days for days, _ in lives)
    shares = [1.0]
    for day in range(longest + 1):
        could = sum(days > day or (days == day and over) for days, over in lives)
        did = sum(days == day and over for days, over in lives)
        shares.append(shares[-1] * (1 - did / could if could else 1.0))
    return shares


@given(LIVES)
def test_it_is_the_product_over_days(lives):
    days, over = np.array([days for days, _ in lives]), np.array([over for _, over in lives])
    found = survival(days, over)
    np.testing.assert_allclose(found, plain(lives), atol=1e-12)
    assert (np.diff(found) <= 1e-12).all()


@given(st.lists(st.integers(0, 12), min_size=1, max_size=40))
def test_without_measures_in_force_it_is_the_share_that_lasts(days):
    found = survival(np.array(days), np.ones(len(days), bool))
    np.testing.assert_allclose(found, [np.mean(np.array(days) >= t) for t in range(max(days) + 2)], atol=1e-12)


def test_measures_in_force_count_as_long_as_they_were_seen():
    # Of four, one ended after 2 days; one was seen for 2 days, so that it says nothing of the second; two lasted 5.
    found = survival(np.array([2, 2, 5, 5]), np.array([True, False, True, True]))
    np.testing.assert_allclose(found, [1, 1, 1, 2 / 3, 2 / 3, 2 / 3, 0])
    assert quantile(found, 0.5) == 5
    assert quantile(found, 0.3) == 2


@pytest.mark.parametrize("part", [0.5, 0.9])
def test_no_quantile_where_too_many_are_still_in_force(part):
    found = survival(np.array([1, 3, 3, 3]), np.array([True, False, False, False]))
    np.testing.assert_allclose(found, [1, 1, 0.75, 0.75, 0.75])
    assert quantile(found, part) is None


def test_nothing_lasts_forever():
    assert survival(np.array([], int), np.array([], bool)).tolist() == [1, 1]
