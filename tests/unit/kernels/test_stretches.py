"""Lists of who is in question, against plain Python."""

import numpy as np
import pytest

from communize.kernels.draws import uniform
from communize.kernels.stretches import STRETCH, list_coded, list_drawn, new_lists


@pytest.mark.parametrize("n", [0, 1, 5, 100, STRETCH])
@pytest.mark.parametrize("wanted", [(0,), (2,), (0, 1), (1, 2, 3)])
def test_those_of_a_code_are_listed_in_order(n, wanted):
    codes, rows = np.random.default_rng(n).integers(0, 4, n).astype(np.int8), np.empty(STRETCH, np.uint32)
    found = rows[: list_coded(codes, sum(1 << code for code in wanted), 40, rows)]
    assert found.tolist() == [40 + k for k in range(n) if codes[k] in wanted]


@pytest.mark.parametrize("n", [1, 5, 100, STRETCH])
@pytest.mark.parametrize("most", [0.0, 1e-12, 0.03, 0.5, 1.0, 7.0, float("inf"), float("nan")])
@pytest.mark.parametrize("wanted", [(0,), (1, 3)])
def test_those_drawn_are_those_of_single_draws(n, most, wanted):
    lists, codes = new_lists(), np.random.default_rng(n).choice(5, n, p=[0.7, 0.1, 0.1, 0.05, 0.05]).astype(np.int8)
    for first in (0, 3 * STRETCH, 44):  # the same lists again
        count = list_drawn(codes, sum(1 << code for code in wanted), most, np.uint64(11), first, 7, 3, lists)
        single = [(first + k, uniform(np.uint64(11), first + k, 7, 3, 0)) for k in range(n) if codes[k] in wanted]
        assert list(zip(lists[0][:count].tolist(), lists[1][:count].tolist())) == [(row, u) for row, u in single if u < most]
