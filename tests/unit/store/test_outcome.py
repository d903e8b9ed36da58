"""The outcome rule, class by class."""

from types import SimpleNamespace

import numpy as np
import pytest

from communize.store.outcome import RULES, judge

PEOPLE = 10_000.0


def table(*rows):
    """Struggles as (end code, ended, person-days, sites)."""
    columns = list(zip(*rows)) or [(), (), (), ()]
    return SimpleNamespace(**{name: np.array(values) for name, values in zip(("end", "ended", "person_days", "sites_ever"), columns)})


WAVE = [0, 100, 400, 100, 3]


@pytest.mark.parametrize(
    ("active", "struggles", "name", "day"),
    [
        ([0, 0, 0], table(), "no_spark", 0),
        ([0, 10, 4], table((2, 2, 14, 3)), "no_spark", 1),
        ([0, 10, 4], table((2, 2, 14, 4)), "exhaustion", 2),
        ([0, 11, 4], table((2, 2, 15, 1)), "exhaustion", 2),
        ([0, 100, 51], table((0, -1, 151, 9)), "unresolved", 2),
        ([0, 100, 50], table((2, 2, 150, 9)), "exhaustion", 2),
        (WAVE, table((1, 4, 600, 9), (2, 5, 599, 9)), "integration", 4),
        (WAVE, table((3, 4, 600, 9), (2, 3, 599, 9)), "repression", 4),
        (WAVE, table((3, 4, 500, 9), (1, 3, 500, 9), (0, -1, 5000, 9)), "exhaustion", 4),
        (WAVE, table((0, -1, 600, 9)), "exhaustion", 2),
    ],
)
def test_the_rule(active, struggles, name, day):
    outcome = judge(np.array(active, float), PEOPLE, struggles)
    assert (outcome.name, outcome.day) == (name, day)
    assert outcome.why == RULES[name]


def test_endings_are_counted_and_the_three_numbers_are_not_made_up():
    outcome = judge(np.array(WAVE, float), PEOPLE, table((1, 4, 1, 1), (2, 4, 1, 1), (2, 4, 1, 1), (0, -1, 1, 1)))
    assert outcome.endings == {"going_on": 1, "settled": 1, "ebbed": 2, "repressed": 0}
    assert (outcome.generalisation_number, outcome.reproduction_ratio, outcome.commodity_reproduction) == (None, None, None)
