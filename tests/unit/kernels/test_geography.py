"""Every kernel of geography against a plain-Python twin: angles between vectors, lists, no compiled code."""

import cmath
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from communize.kernels import geography as g

RADIUS = 6371.0088
EVERYWHERE = 25_000.0

quick = settings(max_examples=80, deadline=None, derandomize=True, database=None)
latitudes, longitudes = st.floats(-90, 90), st.floats(-180, 180)
shares = st.floats(0, 1)


# Plain-Python twins. A row of contact is a list of (place, weight), strongest first.


def vector(latitude, longitude):
    flat = cmath.rect(1, math.radians(latitude))
    around = cmath.rect(flat.real, math.radians(longitude))
    return around.real, around.imag, flat.imag


def distance(a, b):
    """Radius times the angle between two vectors, from the sine and the cosine of it."""
    cross = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    return RADIUS * math.atan2(math.hypot(*cross), sum(x * y for x, y in zip(a, b)))


def gravity_row(p, places, mass, exponent, offset, cutoff, kept):
    away = {q: distance(vector(*places[p]), vector(*place)) for q, place in enumerate(places)}
    strength = {q: mass[q] * (away[q] + offset) ** -exponent for q in away if q != p and mass[q] and away[q] <= cutoff}
    strongest = sorted(strength, key=strength.get, reverse=True)[:kept]
    total = math.fsum(strength[q] for q in strongest)
    return [(q, strength[q] / total) for q in strongest]


def mean_over(row, values):
    return math.fsum(weight * values[q] for q, weight in row)


# The same of the kernels


def points_of(places):
    points = np.empty((len(places), 3))
    g.unit_vectors(*np.array(places, float).reshape(-1, 2).T.copy(), points)
    return points


def gravity_rows(places, mass, exponent, offset, cutoff, kept, start=0, stop=None):
    n = len(places)
    columns, weights = np.full((n, kept), -1, np.int32), np.zeros((n, kept))
    stop = n if stop is None else stop
    g.gravity_rows(
        start, stop, 0, points_of(places), np.array(mass, float), exponent, offset, cutoff, kept, columns, weights)  # fmt: skip
    assert np.all(weights[columns < 0] == 0)
    assert np.all(np.diff(np.sign(columns + 0.5), axis=1) <= 0)  # unused slots come last
    return [[(q, w) for q, w in zip(*row) if q >= 0] for row in zip(columns.tolist(), weights.tolist())]


def assert_same_rows(found, wanted):
    assert [[q for q, _ in row] for row in found] == [[q for q, _ in row] for row in wanted]
    for row, twin in zip(found, wanted):
        assert [w for _, w in row] == pytest.approx([w for _, w in twin], rel=1e-9)


def scattered(seed, n=12):
    rng = np.random.default_rng(seed)
    places = list(zip(rng.uniform(40, 50, n).tolist(), rng.uniform(-5, 5, n).tolist()))
    return places, rng.integers(1, 1000, n).tolist()


# --- points and distances ---


@quick
@given(st.lists(st.tuples(latitudes, longitudes), max_size=5))
def test_unit_vectors_equal_their_twin_and_have_length_one(places):
    points = points_of(places)
    for place, point in zip(places, points.tolist()):
        assert point == pytest.approx(vector(*place), abs=1e-15)
        assert math.hypot(*point) == pytest.approx(1, abs=1e-15)


@quick
@given(st.tuples(latitudes, longitudes), st.tuples(latitudes, longitudes))
def test_distance_equals_its_twin_whatever_the_order(here, there):
    points = points_of([here, there])
    # a chord of nearly a diameter hardly grows with the angle: 1 m is what is left of 53 bits
    tolerance = {"abs": 1e-3} if distance(*points.tolist()) > 19_000 else {"rel": 1e-9, "abs": 1e-9}
    assert g.distance_km(points, 0, 1) == pytest.approx(distance(vector(*here), vector(*there)), **tolerance)
    assert g.distance_km(points, 0, 1) == g.distance_km(points, 1, 0)
    assert g.distance_km(points, 0, 0) == 0


@pytest.mark.parametrize(
    ("here", "there", "turns"),
    [
        ((0, 0), (90, 17), 1 / 4),
        ((0, -10), (0, 10), 20 / 360),
        ((0, 175), (0, -175), 10 / 360),
        ((60, 0), (60, 180), 60 / 360),
        ((-90, 3), (-90, 100), 0),
        ((46, 2), (46, 2), 0),
        ((30, 20), (-30, -160), 1 / 2),
        ((-23, 22), (23, -158), 1 / 2),  # half the chord rounds to more than one
    ],
    ids=["to the pole", "on the equator", "date line", "over the pole", "at the pole", "here", "antipodes", "beyond"],
)
def test_distances_known_as_parts_of_a_great_circle(here, there, turns):
    assert g.distance_km(points_of([here, there]), 0, 1) == pytest.approx(2 * math.pi * RADIUS * turns, abs=1e-3)


# --- gravity ---


@pytest.mark.parametrize("kept", [1, 4, 11, 40])
@pytest.mark.parametrize("cutoff", [120.0, 400.0, EVERYWHERE])
@pytest.mark.parametrize("exponent", [0.5, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_gravity_rows_equal_their_twin(seed, exponent, cutoff, kept):
    places, mass = scattered(seed)
    mass[3] = mass[8] = 0
    law = places, mass, exponent, 7.0, cutoff, kept
    assert_same_rows(gravity_rows(*law), [gravity_row(p, *law) for p in range(12)])


def test_gravity_writes_the_rows_asked_for_and_no_other():
    places, mass = scattered(9)
    law = places, mass, 1.5, 5.0, EVERYWHERE, 3
    wanted = [gravity_row(p, *law) if 4 <= p < 9 else [] for p in range(12)]
    assert_same_rows(gravity_rows(*law, start=4, stop=9), wanted)
    assert gravity_rows(*law, start=5, stop=5) == [[]] * 12


def test_gravity_with_nothing_kept_writes_nothing():
    places, mass = scattered(1)
    assert gravity_rows(places, mass, 2.0, 5.0, EVERYWHERE, 0) == [[]] * 12


@pytest.mark.parametrize("kept", [0, 3])
def test_one_place_has_no_contact(kept):
    assert gravity_rows([(46, 2)], [5], 2.0, 5.0, EVERYWHERE, kept) == [[]]


@pytest.mark.parametrize(("mass", "cutoff"), [([5] * 12, 0.0), ([0] * 12, EVERYWHERE)], ids=["cut off", "no mass"])
def test_places_without_any_neighbour_have_empty_rows(mass, cutoff):
    assert gravity_rows(scattered(2)[0], mass, 2.0, 5.0, cutoff, 4) == [[]] * 12


def test_a_place_without_mass_has_contacts_but_is_nobodys():
    rows = gravity_rows([(46, 2), (46, 3), (46, 4)], [0, 1, 1], 0.0, 5.0, EVERYWHERE, 2)
    assert rows == [[(1, 0.5), (2, 0.5)], [(2, 1.0)], [(1, 1.0)]]


def test_equal_contacts_are_kept_in_the_order_of_their_rows():
    places = scattered(4, 60)[0]
    law = places, [3, 5] * 30, 0.0, 1.0, EVERYWHERE, 40
    rows = gravity_rows(*law)
    assert [q for q, _ in rows[2]] == [*range(1, 60, 2), 0, *range(4, 22, 2)]
    assert_same_rows(rows, [gravity_row(p, *law) for p in range(60)])


def test_places_at_one_point_see_one_another_whatever_the_cutoff():
    rows = gravity_rows([(46, 2), (46, 2), (46, 2), (47, 2)], [1, 3, 1, 9], 2.0, 5.0, 0.0, 3)
    assert rows == [[(1, 0.75), (2, 0.25)], [(0, 0.5), (2, 0.5)], [(1, 0.75), (0, 0.25)], []]


# --- means ---


@quick
@given(st.lists(st.lists(st.tuples(st.integers(0, 4), shares), max_size=6), max_size=5), st.lists(shares, min_size=5, max_size=5))
def test_mean_over_contacts_equals_its_twin(rows, values):
    offsets = np.cumsum([0, *map(len, rows)])
    neighbours = np.array([q for row in rows for q, _ in row], np.int32)
    weights = np.array([weight for row in rows for _, weight in row], float)
    out = np.full(len(rows), np.nan)
    g.mean_over_contacts(offsets, neighbours, weights, np.array(values), out)
    assert out.tolist() == pytest.approx([mean_over(row, values) for row in rows], rel=1e-14, abs=1e-300)
    assert all(mean == 0 for mean, row in zip(out, rows) if not row)
