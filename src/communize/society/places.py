"""Places: from the gazetteer, from a table, or synthetic; and the contact between them."""

import hashlib
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from communize.declare.errors import InputError, nearest_name
from communize.declare.files import is_file
from communize.kernels import decisions, geography
from communize.kernels.blocks import Pool
from communize.kernels.vector import Draws
from communize.society.parameters import ContactParameters, PlaceParameters

KM_PER_DEGREE = 111.195
SYNTHETIC_CENTRE = (46.0, 2.0)
LONGEST_NAME = 200
MOST_AGENTS = 2**29 - 1  # ends of ties are packed into 32 bits


@dataclass
class PlaceList:
    """Places before anybody lives there: arrays of one length, `region` as text.

    `identity` numbers the places for draws that belong to a place; the row if it is not given.
    """

    name: np.ndarray
    place_id: np.ndarray
    region: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    population: np.ndarray
    identity: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        if self.identity.size != self.name.size:
            self.identity = np.arange(self.name.size, dtype=np.int64)

    def __len__(self) -> int:
        return self.name.size

    def find(self, wanted: str) -> int:
        """Row of a place by name (the most populous of several) or by id; -1 if there is none."""
        by_id = np.flatnonzero(self.place_id.astype(str) == wanted)
        if by_id.size:
            return int(by_id[0])
        rows = np.flatnonzero(self.name == wanted)
        return int(rows[np.argmax(self.population[rows])]) if rows.size else -1

    def require(self, wanted: str, path: str) -> int:
        """Row of a place, or an `InputError` at `path` that names the nearest one."""
        row = self.find(wanted)
        if row < 0:
            raise InputError(path, wanted, f"one of the {len(self)} places of the society", nearest_name(wanted, self.name))
        return row


@dataclass
class Contact:
    """Gravity contact W between places, sparse rows that sum to one (a lone place's row is empty)."""

    offsets: np.ndarray
    neighbours: np.ndarray
    weights: np.ndarray
    points: np.ndarray

    def strongest(self, edges: np.ndarray, n: int) -> np.ndarray:
        """Those of `edges`, rows of contacts in ascending order, that are among the `n` strongest of them of their place; by place, strongest first."""
        start = np.repeat(np.arange(self.offsets.size - 1), np.diff(self.offsets))
        edges = edges[np.lexsort((self.neighbours[edges], -self.weights[edges], start[edges]))]
        first = np.searchsorted(start[edges], start[edges])
        return edges[np.arange(edges.size) - first < n]

    def components(self, edges: np.ndarray) -> np.ndarray:
        """The component of each place, of places that `edges`, rows of contacts, join from either end: one may have the other in contact alone."""
        from communize.production.reproduction_inputs import joined_components

        n = self.offsets.size - 1
        return joined_components(n, np.repeat(np.arange(n), np.diff(self.offsets))[edges], self.neighbours[edges])

    def mean(self, values: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        """Mean of `values` over each place's contacts, or their sum with other `weights`, float64 (places,)."""
        out = np.zeros(self.offsets.size - 1)
        geography.mean_over_contacts(self.offsets, self.neighbours, self.weights if weights is None else weights, values, out)
        return out


def list_places(parameters: PlaceParameters, key: np.uint64) -> PlaceList:
    """The places that the scenario asks for.

    Raises
    ------
    InputError
        Unknown country, unreadable or empty table, no place over the threshold.
    """
    if parameters.source == "gazetteer":
        return _from_gazetteer(parameters)
    if parameters.source == "table":
        return _from_table(parameters.file)
    return _synthetic(parameters, key)


def _from_gazetteer(parameters: PlaceParameters) -> PlaceList:
    from communize.society.gazetteer import countries, country_places, nearest_countries

    if parameters.country not in countries():
        raise InputError(
            "society.places.country", parameters.country, "a two-letter country code of the gazetteer",
            " or ".join(nearest_countries(parameters.country)) or None)  # fmt: skip
    frame = country_places(parameters.country, parameters.minimum_population)
    frame = frame[~frame["place_id"].isin(parameters.exclude)]
    if not len(frame):
        raise InputError(
            "society.places.minimum_population", parameters.minimum_population,
            f"a threshold that some place of {parameters.country} reaches")  # fmt: skip
    return _from_frame(frame)


def read_table(file: str, path: str):
    """A CSV or Parquet file as a data frame; `InputError` at `path` if it cannot be read."""
    import pandas as pd

    if not is_file(file):
        raise InputError(path, file, "a CSV or Parquet file that exists")
    try:
        if Path(file).suffix.lower() in (".parquet", ".pq"):
            return pd.read_parquet(file)
        return pd.read_csv(file, keep_default_na=False, na_values=[""], low_memory=False)  # a region may be called NA
    except Exception as error:
        raise InputError(path, file, f"a readable CSV or Parquet file ({type(error).__name__})") from None


def _from_table(file: str | None) -> PlaceList:
    path = "society.places.file"
    if not file:
        raise InputError(path, file, 'a file name, as source is "table"')
    frame = read_table(file, path)
    for column in ("name", "latitude", "longitude", "population"):
        if column not in frame:
            raise InputError(path, list(frame.columns), f"a table with the column {column!r}", nearest_name(column, frame.columns))
    if not len(frame):
        raise InputError(path, file, "a table with at least one place")
    for column, low, high in (("latitude", -90, 90), ("longitude", -180, 180), ("population", 1, 1e10)):
        numbers(frame, column, path, low, high)
    if "place_id" in frame:
        ids = numbers(frame, "place_id", path, 0, 2.0**53)
        frame = frame.assign(place_id=ids.astype(np.int64))
    frame = frame.assign(
        name=texts(frame, "name", path).astype(object),
        region=texts(frame, "region", path, empty=True).astype(object) if "region" in frame else "")  # fmt: skip
    by = ["latitude", "longitude", "population", "name"]  # so that the order of the table decides nothing
    places = _from_frame(frame.sort_values(by, kind="stable", ignore_index=True))
    places.identity = identities(places.latitude, places.longitude)
    return places


def identities(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Numbers below 2**31 from coordinates, int64: a place of a user's table keeps its draws in whatever row, and under whatever name, it stands."""
    ends = zip(latitude.astype("<f8"), longitude.astype("<f8"))
    digests = [hashlib.blake2b(a.tobytes() + b.tobytes(), digest_size=4).digest() for a, b in ends]
    return np.array([int.from_bytes(digest, "little") >> 1 for digest in digests], np.int64)


def texts(frame, column: str, path: str, empty: bool = False) -> np.ndarray:
    """A column as text, or an `InputError` at `path` that names the first row without one (unless it may be empty) or with too long a one."""
    missing = frame[column].isna().to_numpy()
    given = [str(value) for value in frame[column].where(~missing, "").to_numpy(object)]
    for row, value in enumerate(given):
        if len(value) > LONGEST_NAME or (not value and not empty):
            raise InputError(path, f"{column} of {len(value):,} letters in row {row + 1}", f"{0 if empty else 1} to {LONGEST_NAME} letters")
    return np.array(given, dtype=str)


def numbers(frame, column: str, path: str, low: float, high: float) -> np.ndarray:
    """A column as float64, or an `InputError` at `path` that names the first value outside [low, high]."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a part of the value would be dropped
            values = frame[column].to_numpy(dtype=np.float64)
    except (TypeError, ValueError, OverflowError, Warning):
        raise InputError(path, f"the column {column!r}", f"numbers in the column {column!r}") from None
    wrong = np.flatnonzero(~((values >= low) & (values <= high)))
    if wrong.size:
        raise InputError(path, f"{column} = {values[wrong[0]]:g} in row {wrong[0] + 1}", f"{low:g} to {high:g}")
    return values


def _from_frame(frame) -> PlaceList:
    n = len(frame)
    return PlaceList(
        name=frame["name"].to_numpy(dtype=str),
        place_id=frame["place_id"].to_numpy(np.int64) if "place_id" in frame else np.arange(n, dtype=np.int64),
        region=frame["region"].to_numpy(dtype=str) if "region" in frame else np.full(n, ""),
        latitude=frame["latitude"].to_numpy(np.float64),
        longitude=frame["longitude"].to_numpy(np.float64),
        population=frame["population"].to_numpy(np.float64).round().astype(np.int64),
    )


def _synthetic(parameters: PlaceParameters, key: np.uint64) -> PlaceList:
    n = parameters.count
    draws = Draws(key, decisions.SYNTHETIC_PLACE, 0)
    centre_latitude, centre_longitude = SYNTHETIC_CENTRE
    half = parameters.extent_km / KM_PER_DEGREE / 2
    north = (2 * draws.uniform(n, draw=0) - 1) * half
    east = (2 * draws.uniform(n, draw=1) - 1) * half / np.cos(np.radians(centre_latitude))
    size = np.arange(1, n + 1, dtype=float) ** -parameters.size_exponent
    digits = len(str(n))
    return PlaceList(
        name=np.array([f"place-{row:0{digits}d}" for row in range(1, n + 1)]),
        place_id=np.arange(n, dtype=np.int64),
        region=np.where(north > 0, "north", "south"),
        latitude=centre_latitude + north,
        longitude=centre_longitude + east,
        population=np.maximum(1, np.round(1e7 * size / size.sum())).astype(np.int64),
    )


def agents_of_places(population: np.ndarray, people: int, scale: float) -> np.ndarray:
    """Agents of each place, int64: in proportion to population, summing exactly to people / scale (largest remainders).

    With `people` 0 the populations are taken as they are.
    """
    total_population = int(population.sum())
    if total_population == 0:
        raise InputError("society.places", 0, "places with at least one person in all")
    n_agents = round((people or total_population) / scale)
    if not 1 <= n_agents <= MOST_AGENTS:
        found = people or total_population
        raise InputError("society.people", found, f"1 to {MOST_AGENTS:,} agents of {scale:g} people each (society.scale)")
    quota = population.astype(float) * (n_agents / total_population)
    agents = np.floor(quota).astype(np.int64)
    missing = n_agents - int(agents.sum())
    largest = np.argsort(-(quota - agents), kind="stable")
    agents[largest[:missing]] += 1
    return agents


def contact_between(places: PlaceList, parameters: ContactParameters, pool: Pool) -> Contact:
    """The gravity contact matrix of `model.md` section 1, with exponent and cut-off."""
    n = len(places)
    kept = min(parameters.neighbours, n - 1)
    points = np.empty((n, 3))
    geography.unit_vectors(places.latitude, places.longitude, points)
    columns = np.full((n, kept), -1, np.int32)
    weights = np.zeros((n, kept))
    mass = places.population.astype(float) ** parameters.population_exponent
    mass[places.population == 0] = 0.0
    pool.for_blocks(
        geography.gravity_rows, n, points, mass, parameters.distance_exponent, parameters.offset_km,
        parameters.cutoff_km, kept, columns, weights, block=256)  # fmt: skip
    used = columns >= 0
    offsets = np.zeros(n + 1, np.int64)
    np.cumsum(used.sum(axis=1), out=offsets[1:])
    return Contact(offsets, columns[used], weights[used], points)
