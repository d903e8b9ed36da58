"""The drawing of descent: which practices are drawn, in what order, and that no line crosses another's row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import communize as cz
from communize.report.lineage import (
    in_force_by_day,
    in_order,
    most_frequent,
    nearest_drawn,
    nearest_in_force,
    tree_data,
)


@pytest.fixture(scope="module")
def run():
    scenario = cz.load("restructured").replace(
        {
            "society.people": 5000,
            "society.places.count": 20,
            "measures.requires_struggle": False,
            "measures.seed": [
                {"needs": ["food"], "day": 0, "count": 6, "distinct": True, "people": 20},
                {"needs": ["food", "transport"], "day": 3, "count": 3},
            ],
        }
    )
    return cz.run(scenario, days=40)


@st.composite
def forests(draw):
    """Parents that stand before their children and arose no later, days, and measures of each, some none."""
    n = draw(st.integers(1, 30))
    parent, day = [], []
    for row in range(n):
        parent.append(draw(st.integers(-1, row - 1)))
        day.append(draw(st.integers(0, 6)) + (day[parent[-1]] if parent[-1] >= 0 else 0))
    count = draw(st.lists(st.integers(0, 9), min_size=n, max_size=n).filter(any))
    return np.array(parent), np.array(day), np.array(count)


@given(forests(), st.integers(1, 30))
def test_no_line_of_descent_crosses_the_row_of_another(forest, limit):
    parent, day, count = forest
    above = nearest_in_force(parent, count)
    chosen = most_frequent(above, count, limit)
    nearest, _ = nearest_drawn(chosen, above)
    rows = in_order(chosen, nearest, day)
    assert sorted(rows) == chosen
    at = {practice: row for row, practice in enumerate(rows)}
    origins = [practice for practice in rows if nearest[practice] < 0]
    assert [day[practice] for practice in origins] == sorted(day[practice] for practice in origins)
    for practice in rows:
        if nearest[practice] < 0:
            continue
        between = rows[at[nearest[practice]] + 1 : at[practice]]
        assert at[nearest[practice]] < at[practice]
        assert all(day[other] >= day[practice] for other in between)


@given(forests(), st.integers(1, 30))
def test_the_drawn_are_the_most_frequent_and_their_ancestors(forest, limit):
    parent, _, count = forest
    above = nearest_in_force(parent, count)
    drawn = most_frequent(above, count, limit)
    assert 1 <= len(drawn) <= limit
    assert all(count[practice] > 0 for practice in drawn)
    _, skipped = nearest_drawn(drawn, above)
    if any(skipped.values()):  # the most frequent alone has more ancestors than there is room for
        assert len(drawn) == limit
        return
    if len(drawn) < (count > 0).sum():
        left = [practice for practice in np.flatnonzero(count) if practice not in drawn]
        line = next(iter(sorted(left, key=lambda practice: (-count[practice], practice))))
        missing = 0
        while line >= 0 and line not in drawn:
            missing, line = missing + 1, above[line]
        assert len(drawn) + missing > limit  # the next one would not have fitted


def test_practices_that_never_came_into_force_are_passed_over():
    assert nearest_in_force(np.array([-1, 0, 1, 2]), np.array([1, 0, 0, 2])).tolist() == [-1, 0, 0, 0]


def test_long_lines_are_drawn_with_their_origin_and_their_end():
    above, count = np.arange(-1, 9), np.ones(10, int)
    count[9] = 5
    drawn = most_frequent(above, count, 4)
    assert drawn == [0, 7, 8, 9]
    nearest, skipped = nearest_drawn(drawn, above)
    assert nearest == {0: -1, 7: 0, 8: 7, 9: 8}
    assert skipped == {0: 0, 7: 6, 8: 0, 9: 0}
    assert most_frequent(above, count, 1) == [9]


def test_all_rows_together_are_the_measures_in_force(run):
    every = np.flatnonzero(run.practices["instances"].to_numpy()).tolist()
    force = in_force_by_day(run, every)
    np.testing.assert_array_equal(force.sum(axis=1), run.series["instances"].sum("place").to_numpy())
    np.testing.assert_array_equal(force[-1].sum(), (run.instances["ended"] < 0).sum())


def test_rows_say_what_the_tables_hold(run):
    tree = tree_data(run, limit=60)
    assert len(tree["rows"]) == tree["n"] <= 60
    assert tree["n_few"] == sum(row["few"] for row in tree["rows"]) <= 50
    for row in tree["rows"]:
        of = run.practices.loc[row["practice"]]
        instances = run.instances[run.instances["practice"] == row["practice"]]
        assert row["instances"] == of["instances"] == len(instances)
        assert row["places"] == instances["place"].nunique()
        assert row["now"] == (instances["ended"] < 0).sum()
        assert row["last"] == (39 if row["now"] else max(of["day"], instances["ended"].max() - 1))
        if row["parent"] >= 0:
            assert tree["rows"][row["parent"]]["practice"] == of["parent"]
        else:
            assert of["origin"] == row["practice"]
    drawn = sum(row["instances"] for row in tree["rows"])
    assert f"with {len(run.instances) - drawn:,} measures" in tree["left_out"]


def test_one_practice_is_a_drawing(run):
    rows = tree_data(run, limit=1)["rows"]
    assert [row["instances"] for row in rows] == [run.practices["instances"].max()]
    assert rows[0]["parent"] == -1
