"""Packing of places by day, against a plain reader; and the shape of struggles."""

import base64

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from communize.report.places import pack, step_of, varints
from communize.report.struggles import distribution, shares


def unpack(text, days, places, step):
    """The reader of the page (assets/scale.js), in plain Python."""
    data = iter(base64.b64decode(text))

    def token():
        result = shift = 0
        for byte in data:
            result |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return result
        raise AssertionError("a token breaks off")

    differences = []
    while len(differences) < days * places:
        code = token()
        if code:
            differences.append(-(code + 1) // 2 if code % 2 else code // 2)
        else:
            differences += [0] * (token() + 1)
    assert next(data, None) is None
    return np.cumsum(np.array(differences, dtype=float).reshape(places, days), axis=1).T * step


@given(
    arrays(
        np.int64,
        st.tuples(st.integers(1, 9), st.integers(1, 7)),
        elements=st.sampled_from([0, 0, 0, 1, 2, 63, 64, 8191, 8192, 10**7]),
    )
)
def test_packing_loses_nothing_of_whole_steps(values):
    days, places = values.shape
    np.testing.assert_array_equal(unpack(pack(values.astype(float) * 10, 10.0), days, places, 10.0), values * 10)


def test_packing_rounds_to_the_step_and_takes_missing_as_none():
    values = np.array([[0.04, 0.06], [np.nan, 1.26]])
    np.testing.assert_allclose(unpack(pack(values, 0.1), 2, 2, 0.1), [[0.0, 0.1], [0.0, 1.3]])


def test_varints_are_base_128():
    assert varints(np.array([0, 127, 128, 300, 2**35], np.uint64)).tolist() == [
        0,
        127,
        128,
        1,
        172,
        2,
        128,
        128,
        128,
        128,
        128,
        1,
    ]
    assert varints(np.zeros(0, np.uint64)).size == 0


def test_quiet_places_cost_nothing():
    assert len(pack(np.zeros((365, 2000)), 1.0)) < 16


@pytest.mark.parametrize(("most", "step"), [(81.6, 0.01), (5000.0, 1.0), (0.0, 1.0), (np.nan, 1.0)])
def test_step_leaves_a_thousand_levels(most, step):
    assert step_of(np.array([[0.0, most]]), None) == pytest.approx(step)
    assert step_of(np.array([[0.0, most]]), 20.0) == 20.0


def test_distribution_is_the_share_at_or_above():
    found = distribution("sizes", "Sizes", "people", np.array([0.0, 1.0, 1.0, 4.0]))
    assert found["x"] == [1, 4]
    assert found["share"] == [0.75, 0.25]


def test_distribution_is_thinned():
    found = distribution("sizes", "Sizes", "people", np.arange(1.0, 20_001.0))
    assert len(found["x"]) <= 400
    assert found["x"][0] == 1
    assert found["x"][-1] == 20_000
    assert found["share"][0] == 1


def test_shares_leave_out_what_did_not_happen():
    assert shares([("a", 1), ("b", 0), ("c", 3)]) == [
        {"label": "c", "n": 3, "percent": 75.0},
        {"label": "a", "n": 1, "percent": 25.0},
    ]
