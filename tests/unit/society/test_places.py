"""Places from a law, a table or the gazetteer; how many people each gets; and the contact between them."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from communize.declare.errors import InputError
from communize.kernels.blocks import Pool
from communize.society.parameters import ContactParameters, PlaceParameters
from communize.society.places import PlaceList, agents_of_places, contact_between, list_places

quick = settings(max_examples=80, deadline=None, derandomize=True, database=None)
KEY = np.uint64(3)
EARTH_RADIUS_KM = 6371.0088


def place_list(latitude, longitude, population, names=None):
    n = len(latitude)
    return PlaceList(
        np.array(names or [f"p{i}" for i in range(n)]), np.arange(100, 100 + n), np.full(n, "r"),
        np.array(latitude, float), np.array(longitude, float), np.array(population, np.int64))  # fmt: skip


# --- how many people live where ---


def largest_remainders(population, n_agents):
    total = sum(population)
    quota = [Fraction(p * n_agents, total) for p in population]
    agents = [math.floor(q) for q in quota]
    order = sorted(range(len(population)), key=lambda p: (agents[p] - quota[p], p))
    for p in order[: n_agents - sum(agents)]:
        agents[p] += 1
    return agents


@quick
@given(
    st.lists(st.integers(0, 10**7), min_size=1, max_size=30).filter(any),
    st.integers(2, 10**6), st.sampled_from([1.0, 2.0, 10.0, 12.5]),
)  # fmt: skip
def test_agents_are_shared_out_by_largest_remainders(population, n_agents, scale):
    found = agents_of_places(np.array(population), round(n_agents * scale), scale)
    n_agents = round(round(n_agents * scale) / scale)
    assert found.sum() == n_agents
    wanted = largest_remainders(population, n_agents)
    for p, (one, other) in enumerate(zip(found.tolist(), wanted)):
        # equal remainders may go either way: floats do not know that they are equal
        assert one == other or (abs(one - other) == 1 and _tied(population, n_agents, p)), population


def _tied(population, n_agents, p):
    rest = [Fraction(q * n_agents, sum(population)) % 1 for q in population]
    return any(abs(rest[p] - r) < Fraction(1, 10**8) for q, r in enumerate(rest) if q != p)


def test_without_a_number_of_people_populations_are_taken_as_they_are():
    population = np.array([5, 0, 123_456, 77])
    np.testing.assert_array_equal(agents_of_places(population, 0, 1.0), population)
    assert agents_of_places(population, 0, 10.0).sum() == round(population.sum() / 10)


def test_places_without_people_and_too_few_agents_are_refused():
    with pytest.raises(InputError, match="at least one person"):
        agents_of_places(np.array([0, 0]), 100, 1.0)
    with pytest.raises(InputError, match="1 to 536,870,911 agents") as error:
        agents_of_places(np.array([5, 5]), 100, 250.0)
    assert error.value.path == "society.people"


# --- synthetic places ---


@pytest.mark.parametrize("exponent", [0.0, 0.7, 1.4])
def test_synthetic_places_follow_the_rank_size_law_and_lie_in_the_square(exponent):
    made = list_places(PlaceParameters(count=300, size_exponent=exponent, extent_km=500.0), KEY)
    assert len(made) == 300
    ratio = made.population[0] / made.population
    np.testing.assert_allclose(ratio, np.arange(1, 301) ** exponent, rtol=1e-2)
    north = (made.latitude - 46.0) * math.pi / 180 * EARTH_RADIUS_KM
    east = (made.longitude - 2.0) * math.pi / 180 * EARTH_RADIUS_KM * math.cos(math.radians(46.0))
    for side in (north, east):
        assert -250 <= side.min() < -230
        assert 230 < side.max() <= 250
        assert abs(side.mean()) < 4 * 500 / math.sqrt(12 * 300)
    assert len(set(made.name)) == len(set(made.place_id)) == 300
    assert set(made.region) == {"north", "south"}
    assert np.all((made.region == "north") == (made.latitude > 46.0))


def test_synthetic_places_are_drawn_from_the_seed():
    given = PlaceParameters(count=20)
    one, again, other = (list_places(given, np.uint64(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.latitude, again.latitude)
    assert not np.any(one.latitude == other.latitude)


# --- places from a table ---


@pytest.fixture
def table():
    return pd.DataFrame(
        {"name": ["Ay", "Bé", "C"], "latitude": [46.0, 46.5, -10.0], "longitude": [2.0, 2.5, 100.0], "population": [100, 2000, 30]})


@pytest.mark.parametrize("suffix", ["csv", "parquet", "pq"])
@pytest.mark.parametrize("named", [True, False])
def test_places_are_read_from_csv_and_parquet(table, tmp_path, suffix, named):
    if named:
        table = table.assign(region=["x", "y", "y"], place_id=[7, 8, 9])
    file = tmp_path / f"places.{suffix}"
    table.to_csv(file, index=False) if suffix == "csv" else table.to_parquet(file)
    made = list_places(PlaceParameters(source="table", file=str(file)), KEY)
    assert made.name.tolist() == ["C", "Ay", "Bé"]  # from south to north, whatever the order of the file
    assert made.region.tolist() == (["y", "x", "y"] if named else ["", "", ""])
    assert made.place_id.tolist() == ([9, 7, 8] if named else [0, 1, 2])
    for column in ("latitude", "longitude", "population"):
        np.testing.assert_array_equal(getattr(made, column), table.sort_values("latitude")[column])
    assert len(set(made.identity.tolist())) == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns="population"), "a table with the column 'population'"),
        (lambda t: t.iloc[:0], "at least one place"),
        (lambda t: t.assign(latitude=["a", "b", "c"]), "numbers in the column 'latitude'"),
        (lambda t: t.assign(latitude=[0.0, 91.0, 0.0]), "latitude = 91 in row 2"),
        (lambda t: t.assign(longitude=[-181.0, 0.0, 0.0]), "longitude = -181 in row 1"),
        (lambda t: t.assign(population=[1, 2, -3]), "population = -3 in row 3"),
        (lambda t: t.assign(population=[1, None, 3]), "population = nan in row 2"),
    ],
)  # fmt: skip
def test_wrong_tables_of_places_are_refused(table, tmp_path, change, words):
    file = tmp_path / "places.csv"
    change(table).to_csv(file, index=False)
    with pytest.raises(InputError) as error:
        list_places(PlaceParameters(source="table", file=str(file)), KEY)
    assert words in str(error.value)
    assert error.value.path == "society.places.file"


@pytest.mark.parametrize("name", [None, "absent.csv", "broken.parquet"])
def test_unreadable_tables_of_places_are_refused(tmp_path, name):
    (tmp_path / "broken.parquet").write_text("nothing of the kind")
    file = name and str(tmp_path / name)
    with pytest.raises(InputError) as error:
        list_places(PlaceParameters(source="table", file=file), KEY)
    assert error.value.path == "society.places.file"
    assert error.value.found == file


# --- places from the gazetteer ---


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("communize.society.gazetteer._default_cache_dir", lambda: tmp_path)


@pytest.mark.usefixtures("own_cache")
def test_places_of_a_country_above_a_threshold_and_without_exclusions():
    whole = list_places(PlaceParameters(source="gazetteer", country="LU", minimum_population=15_500), KEY)
    assert len(whole) >= 3
    assert whole.population.min() >= 15_500
    assert np.all(np.diff(whole.population) <= 0)
    largest = int(whole.place_id[0])
    rest = list_places(PlaceParameters(source="gazetteer", country="LU", minimum_population=15_500, exclude=[largest]), KEY)
    assert rest.place_id.tolist() == whole.place_id.tolist()[1:]


@pytest.mark.usefixtures("own_cache")
def test_wrong_countries_and_thresholds_are_refused():
    with pytest.raises(InputError) as error:
        list_places(PlaceParameters(source="gazetteer", country="France"), KEY)
    assert (error.value.path, error.value.nearest) == ("society.places.country", "FR")
    with pytest.raises(InputError) as error:
        list_places(PlaceParameters(source="gazetteer", country="LU", minimum_population=10**8), KEY)
    assert error.value.path == "society.places.minimum_population"


# --- finding places ---


def test_places_are_found_by_name_or_id():
    made = place_list([0, 1, 2, 3], [0, 0, 0, 0], [5, 50, 500, 20], ["Ay", "Bourg", "Cy", "Bourg"])
    assert made.find("Ay") == 0
    assert made.find("Bourg") == 1  # the most populous of two
    assert made.find("103") == 3
    assert made.find("Nowhere") == -1
    assert made.require("Cy", "shock[0].place") == 2
    with pytest.raises(InputError) as error:
        made.require("Bourgg", "shock[0].place")
    assert (error.value.path, error.value.nearest) == ("shock[0].place", "Bourg")


# --- contact ---


def great_circle_km(a, b):
    """Haversine formula on angles in degrees, (latitude, longitude)."""
    (phi, theta), (psi, eta) = (tuple(map(math.radians, point)) for point in (a, b))
    h = math.sin((psi - phi) / 2) ** 2 + math.cos(phi) * math.cos(psi) * math.sin((eta - theta) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, h)))


def gravity(places, law):
    """Rows of {place: weight}, from the definition."""
    points = list(zip(places.latitude, places.longitude))
    rows = []
    for p, here in enumerate(points):
        strength = {}
        for q, there in enumerate(points):
            distance = great_circle_km(here, there)
            if q != p and places.population[q] > 0 and distance <= law.cutoff_km:
                mass = float(places.population[q]) ** law.population_exponent
                strength[q] = mass * (distance + law.offset_km) ** -law.distance_exponent
        kept = sorted(strength, key=lambda q: -strength[q])[: law.neighbours]
        total = sum(strength[q] for q in kept)
        rows.append({q: strength[q] / total for q in kept})
    return rows


def rows_of(contact):
    return [
        dict(zip(contact.neighbours[a:b].tolist(), contact.weights[a:b].tolist()))
        for a, b in zip(contact.offsets[:-1], contact.offsets[1:])
    ]


LAWS = {
    "all": ContactParameters(distance_exponent=2.0, population_exponent=1.0, offset_km=5.0, cutoff_km=25_000.0, neighbours=1000),
    "cut off": ContactParameters(distance_exponent=2.0, population_exponent=1.0, offset_km=5.0, cutoff_km=150.0, neighbours=1000),
    "strongest": ContactParameters(distance_exponent=1.3, population_exponent=0.6, offset_km=20.0, cutoff_km=400.0, neighbours=5),
    "flat": ContactParameters(distance_exponent=0.0, population_exponent=0.0, offset_km=1.0, cutoff_km=200.0, neighbours=1000),
    "nobody": ContactParameters(cutoff_km=25_000.0, neighbours=0),
}


@pytest.fixture(scope="module")
def scattered():
    rng = np.random.default_rng(1)
    population = rng.integers(1, 10_000, 40)
    population[7] = 0
    latitude, longitude = rng.uniform(44, 49, 40), rng.uniform(-2, 6, 40)
    latitude[20], longitude[20] = -40.0, 179.9  # out of everybody's reach but for two across the date line
    latitude[21], longitude[21] = -40.0, -179.9
    return place_list(latitude, longitude, population)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_contact_is_the_gravity_law(scattered, law):
    found, wanted = rows_of(contact_between(scattered, law, Pool(1))), gravity(scattered, law)
    for p in range(len(scattered)):
        assert found[p].keys() == wanted[p].keys()
        assert found[p] == pytest.approx(wanted[p], rel=1e-9)
        assert 7 not in found[p]  # nobody lives there
        assert p not in found[p]


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_rows_of_contact_sum_to_one_or_are_empty(scattered, law):
    rows = rows_of(contact_between(scattered, law, Pool(1)))
    for row in rows:
        assert not row or math.isclose(sum(row.values()), 1.0, rel_tol=1e-12)
        assert len(row) <= law.neighbours
    assert any(rows) == (law.neighbours > 0)


def test_contact_crosses_the_date_line(scattered):
    assert rows_of(contact_between(scattered, LAWS["cut off"], Pool(1)))[20] == {21: 1.0}


def test_an_isolated_place_has_an_empty_row_and_a_mean_of_zero(scattered):
    here = place_list([46.0, 46.1, 60.0], [2.0, 2.0, 2.0], [10, 20, 30])
    contact = contact_between(here, LAWS["cut off"], Pool(1))
    assert rows_of(contact) == [{1: 1.0}, {0: 1.0}, {}]
    np.testing.assert_array_equal(contact.mean(np.array([3.0, 5.0, 7.0])), [5.0, 3.0, 0.0])


def test_one_place_has_contact_with_none():
    contact = contact_between(place_list([46.0], [2.0], [10]), LAWS["all"], Pool(1))
    assert rows_of(contact) == [{}]
    assert contact.mean(np.array([1.0])).tolist() == [0.0]


def test_mean_over_contacts_is_the_weighted_mean(scattered):
    contact = contact_between(scattered, LAWS["strongest"], Pool(1))
    values = np.random.default_rng(2).uniform(0, 1, 40)
    wanted = [sum(w * values[q] for q, w in row.items()) for row in rows_of(contact)]
    np.testing.assert_allclose(contact.mean(values), wanted, rtol=1e-12)


def test_contact_does_not_depend_on_the_threads():
    rng = np.random.default_rng(3)
    many = place_list(rng.uniform(44, 49, 600), rng.uniform(-2, 6, 600), rng.integers(1, 999, 600))  # over two blocks of 256
    one, two = (contact_between(many, LAWS["strongest"], Pool(threads)) for threads in (1, 2))
    np.testing.assert_array_equal(one.neighbours, two.neighbours)
    np.testing.assert_array_equal(one.weights, two.weights)
