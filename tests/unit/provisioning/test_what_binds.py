"""Which sector and place are said to bind the reproduction ratio."""

from types import SimpleNamespace

import numpy as np
import pytest

from communize.mechanisms.provisioning.reproduction import _binds_most

ROWS = np.array([10, 11, 12, 13])


def one(sector, place, rise=1.0):
    return SimpleNamespace(sector=sector, place=place, rise=rise)


@pytest.mark.parametrize(
    ("ratio", "binding", "expected"),
    [
        (0.5, [], (-1, -1)),
        (0.5, [one(None, 0, 3.0)], (-1, -1)),
        (0.5, [one(None, 0, 3.0), one(4, 2), one(5, 1, 0.9)], (4, 12)),
        (0.5, [one(4, 2), one(5, 0, 1 - 1e-9), one(4, 1, 1 - 1e-8), one(4, 0, 0.999)], (4, 11)),  # the first of those that bind alike
        (0.0, [one(4, 2), one(4, 1)], (4, 12)),  # what lacks is told in order
        (0.0, [one(4, None), one(5, None)], (4, -1)),
    ],
)
def test_the_sector_that_binds_most_and_the_first_place_in_which_it_does(ratio, binding, expected):
    assert _binds_most(SimpleNamespace(ratio=ratio, binding=binding), ROWS) == expected
