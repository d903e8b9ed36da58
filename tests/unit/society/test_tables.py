"""A society from the user's own tables: what goes in comes out, and what is wrong is named."""

import numpy as np
import pandas as pd
import pytest

from communize.declare.errors import InputError
from communize.declare.registry import KINDS, POSITIONS
from communize.society.parameters import ContactParameters, SocietyParameters
from communize.society.society import Society
from communize.society.ties import TieParameters

PLACES = {
    "name": ["Ay", "Bé", "Cy"], "latitude": [46.0, 46.2, 47.0], "longitude": [2.0, 2.1, 3.0],
    "population": [40, 30, 20], "region": ["x", "y", "y"],
}  # fmt: skip
SITES = {
    "kind": ["neighbourhood", "neighbourhood", "neighbourhood", "workplace", "farm", "campus", "state_site"],
    "place": [0, 1, 1, 0, 1, 2, 0],
    "sector": [-1, -1, -1, 1, 0, 3, 3],
}
PEOPLE = {
    "home": [0, 0, 1, 1, 2, 2], "work": [3, -1, 4, 3, 5, 6],
    "position": ["stable", "unemployed", "farmer", "manager", "student", "state_force"], "group": [0, 1, 2, 0, 15, 1],
    "money": [5, 0, 70, 10**12, 3, 1], "belonging": [-1.0, 1.0, 0.25, -0.5, 0.0, 0.75], "unmet": [0.0, 1.0, 0.5, 0.25, 0.125, 0.0],
    "horizon": [0.0, 1.0, 0.5, 0.25, 0.125, 0.0],
}  # fmt: skip
TIES = {"a": [0, 1, 2, 4, 0, 3], "b": [1, 2, 5, 0, 1, 3]}  # one twice, one of somebody with themselves
NO_TIES = SocietyParameters(ties=TieParameters(degree_distribution="none"))


def tables(**changes):
    """The four tables as data frames, with columns changed: ``people={"home": [...]}``; None drops a column."""
    made = {}
    for name, columns in (("people", PEOPLE), ("sites", SITES), ("places", PLACES), ("ties", TIES)):
        merged = columns | changes.get(name, {})
        made[name] = pd.DataFrame({key: value for key, value in merged.items() if value is not None})
    return made


def test_what_goes_in_comes_out():
    made = Society.from_tables(**tables())
    people, sites, places = made.people, made.sites, made.places
    for column in ("home", "work", "group", "money", "belonging", "unmet", "horizon"):
        assert getattr(people, column).tolist() == PEOPLE[column], column
    assert [POSITIONS[code] for code in people.position] == PEOPLE["position"]
    assert [KINDS[code] for code in sites.kind] == SITES["kind"]
    assert sites.place.tolist() == SITES["place"]
    assert sites.sector.tolist() == SITES["sector"]
    for column in ("latitude", "longitude", "population"):
        assert getattr(places, column).tolist() == PLACES[column], column
    assert made.place_list.name.tolist() == PLACES["name"]
    assert made.place_list.region.tolist() == PLACES["region"]


def test_counts_are_made_of_the_tables():
    made = Society.from_tables(**tables())
    assert made.sites.members.tolist() == [2, 2, 2, 2, 1, 1, 1]
    assert made.sites.eligible.tolist() == [2, 2, 1, 2, 1, 1, 0]  # state force does not take part
    assert made.places.residents.tolist() == [2, 4, 0]
    assert made.places.eligible.tolist() == [2, 3, 0]
    assert not made.sites.active.any()


def test_ties_are_those_given_each_once_in_both_directions():
    ties = Society.from_tables(**tables()).ties
    rows = [ties.neighbours[a:b].tolist() for a, b in zip(ties.offsets[:-1], ties.offsets[1:])]
    assert rows == [[1, 4], [0, 2], [1, 5], [], [0], [2]]


def test_what_is_left_out_has_defaults():
    made = Society.from_tables(people={"home": [0, 0, 1]}, sites={"kind": ["neighbourhood", "neighbourhood"]}, parameters=NO_TIES)
    assert len(made.places) == 1
    assert made.contact.neighbours.size == 0
    assert made.places.residents.tolist() == [3]
    assert made.people.work.tolist() == [-1, -1, -1]
    assert made.ties.n_ties == 0


def test_contact_follows_the_places_and_the_parameters():
    near = SocietyParameters(contact=ContactParameters(cutoff_km=30.0), ties=TieParameters(degree_distribution="none"))
    made = Society.from_tables(**tables(), parameters=near)
    assert made.contact.offsets.tolist() == [0, 1, 2, 2]
    assert made.contact.neighbours.tolist() == [1, 0]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_tables_may_be_files(tmp_path, suffix):
    files = {}
    for name, frame in tables().items():
        files[name] = tmp_path / f"{name}.{suffix}"
        frame.to_csv(files[name], index=False) if suffix == "csv" else frame.to_parquet(files[name])
    one, other = Society.from_tables(**tables()), Society.from_tables(**files)
    also = Society.from_tables(**{name: str(file) for name, file in files.items()})
    for table in ("people", "sites", "places"):
        for (column, a), (_, b), (_, c) in zip(*(getattr(made, table).columns() for made in (one, other, also))):
            np.testing.assert_array_equal(a, b, column.path)
            np.testing.assert_array_equal(a, c, column.path)
    np.testing.assert_array_equal(one.ties.neighbours, other.ties.neighbours)


def test_ties_are_drawn_when_none_are_given():
    homes = np.repeat(np.arange(40), 25)
    sites = {"kind": ["neighbourhood"] * 40, "place": np.repeat([0, 1], 20)}
    places = {"name": ["a", "b"], "latitude": [46.0, 46.1], "longitude": [2.0, 2.0]}
    given = SocietyParameters(ties=TieParameters(mean_degree=6.0, degree_distribution="fixed", away_share=0.2))
    one, again, other = (
        Society.from_tables(people={"home": homes}, sites=sites, places=places, parameters=given, seed=seed) for seed in (1, 1, 2))
    assert one.ties.mean_degree == pytest.approx(6.0, rel=0.02)
    np.testing.assert_array_equal(one.ties.neighbours, again.ties.neighbours)
    assert not np.array_equal(one.ties.neighbours, other.ties.neighbours)


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"people": {"home": None}}, "people", "column 'home'"),
        ({"people": {"home": [0, 0, 1, 1, 2, 7]}}, "people.home", "0 to 6"),
        ({"people": {"home": [-1, 0, 1, 1, 2, 2]}}, "people.home", "0 to 6"),
        ({"people": {"home": [0.0, 0.0, 1.0, 1.0, 2.0, 2.5]}}, "people.home", "whole numbers"),
        ({"people": {"home": [3, 0, 1, 1, 2, 2]}}, "people.home", "neighbourhood"),
        ({"people": {"work": [7, -1, 4, 3, 5, 6]}}, "people.work", "-1 to 6"),
        ({"people": {"work": [3, -2, 4, 3, 5, 6]}}, "people.work", "-1 to 6"),
        ({"people": {"work": ["a"] * 6}}, "people.work", "whole numbers"),
        ({"people": {"position": ["stabel"] * 6}}, "people.position", "did you mean stable"),
        ({"people": {"position": ["stable"] * 5 + [None]}}, "people.position", "stable, precarious"),
        ({"people": {"group": [0, 1, 2, 0, 16, 1]}}, "people.group", "0 to 15"),
        ({"people": {"money": [-1, 0, 0, 0, 0, 0]}}, "people.money", "0 to"),
        ({"people": {"belonging": [0, 0, 0, 0, 0, 1.5]}}, "people.belonging", "-1 to 1"),
        ({"people": {"belonging": [0, 0, 0, 0, 0, np.nan]}}, "people.belonging", "-1 to 1"),
        ({"people": {"unmet": [0, 0, 0, 0, 0, -0.5]}}, "people.unmet", "0 to 1"),
        ({"people": {"horizon": [0, 0, 0, 0, 0, 2]}}, "people.horizon", "0 to 1"),
        ({"sites": {"kind": None}}, "sites", "column 'kind'"),
        ({"sites": {"kind": ["neighbourhood"] * 6 + ["ferm"]}}, "sites.kind", "did you mean farm"),
        ({"sites": {"place": [0, 1, 1, 0, 1, 2, 3]}}, "sites.place", "0 to 2"),
        ({"sites": {"place": [0.5] * 7}}, "sites.place", "whole numbers"),
        ({"places": {"latitude": None}}, "places", "column 'latitude'"),
        ({"ties": {"b": None}}, "ties", "columns 'a' and 'b'"),
        ({"ties": {"a": [0, 1, 2, 4, 6, 3]}}, "society.ties.a", "0 to 5"),
        ({"ties": {"a": [0.0, 1, 2, 4, 0.5, 3]}}, "society.ties.a", "whole numbers"),
    ],
)  # fmt: skip
def test_wrong_tables_are_refused_with_the_path_of_the_value(changes, path, words):
    with pytest.raises(InputError) as error:
        Society.from_tables(**tables(**changes))
    assert error.value.path.startswith(path)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"people": {"work": [3, -1, 4, 1, 5, 6]}}, "people.work"),
        ({"sites": {"sector": [-1, -1, -1, 99, 0, 3, 3]}}, "sites.sector"),
        ({"sites": {"sector": [-1, -1, -1, 300, 0, 3, 3]}}, "sites.sector"),
        ({"sites": {"sector": [-1, -1, -1, -5, 0, 3, 3]}}, "sites.sector"),
        ({"places": {"latitude": [46.0, 91.0, 47.0]}}, "places.latitude"),
        ({"places": {"longitude": [2.0, np.nan, 3.0]}}, "places.longitude"),
        ({"places": {"longitude": ["2", "x", "3"]}}, "places.longitude"),
        ({"places": {"population": [40, -30, 20]}}, "places.population"),
        ({"places": {"population": [40, np.nan, 20]}}, "places.population"),
        ({"people": {"money": ["a"] * 6}}, "people.money"),
        ({"people": {"money": [1.5] * 6}}, "people.money"),
    ],
)  # fmt: skip
def test_impossible_values_are_refused_too(changes, path):
    with pytest.raises(InputError) as error:
        Society.from_tables(**tables(**changes)).site_locus()
    assert error.value.path.startswith(path)


@pytest.mark.parametrize(("name", "table"), [("people", {"home": []}), ("sites", {"kind": []})])
def test_empty_tables_are_refused(name, table):
    with pytest.raises(InputError, match="at least one row") as error:
        Society.from_tables(**{"people": {"home": [0]}, "sites": {"kind": ["neighbourhood"]}, name: table})
    assert error.value.path == name


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError) as error:
        Society.from_tables(people=tmp_path / "absent.csv", sites=SITES)
    assert str(tmp_path / "absent.csv") in str(error.value)


@pytest.mark.parametrize("homes", [[1, 1, 0, 0], [0, 1, 0, 1]])
def test_ties_cannot_be_drawn_for_people_out_of_order(homes):
    with pytest.raises(InputError, match="sorted") as error:
        Society.from_tables(people={"home": homes}, sites={"kind": ["neighbourhood", "neighbourhood"]})
    assert error.value.path == "ties"


def test_ties_cannot_be_drawn_for_neighbourhoods_out_of_the_order_of_places():
    sites = {"kind": ["neighbourhood", "neighbourhood"], "place": [1, 0]}
    with pytest.raises(InputError, match="sorted") as error:
        Society.from_tables(people={"home": [0, 0, 1, 1]}, sites=sites, places={k: v[:2] for k, v in PLACES.items()})
    assert error.value.path == "ties"


def test_people_may_stand_in_any_order_when_their_ties_are_given():
    made = Society.from_tables(**tables(people={"home": [2, 0, 1, 2, 0, 1]}))
    assert made.people.home.tolist() == [2, 0, 1, 2, 0, 1]
    assert made.sites.members.tolist()[:3] == [2, 2, 2]


def test_money_that_is_left_out_is_that_of_the_scenario():
    tables = {"sites": {"kind": ["neighbourhood"]}, "ties": {"a": np.zeros(0, int), "b": np.zeros(0, int)}, "parameters": SocietyParameters(money=37)}
    assert Society.from_tables(people={"home": [0, 0]}, **tables).people.money.tolist() == [37, 37]
    assert Society.from_tables(people={"home": [0, 0], "money": [0, 5]}, **tables).people.money.tolist() == [0, 5]
    assert Society.from_graph((3, np.zeros(0, int), np.zeros(0, int)), parameters=SocietyParameters(money=4)).people.money.tolist() == [4] * 3
