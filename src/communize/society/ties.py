"""Ties: a sparse undirected graph between people, generated in linear time or read from an edge list.

How a graph is generated
------------------------
1. Every person draws a degree. Only then are ties made, so that the degree distribution holds whatever else
   is asked for.
2. Cliques give the clustering (Gleeson 2009): each person joins at most one, with people of about the same
   degree; a clique of d + 1 people gives a member of degree k the clustering d (d - 1) / (k (k - 1)). Cliques
   form in the neighbourhood or in the wider place, in the proportion in which ties are to be there.
3. Every stub left over (end of a tie still to be made) draws a level: neighbourhood, place or away. Stubs are
   paired at random inside their segment; what finds no partner passes to the next wider level.
4. Stubs that leave the place meet by a doubly constrained gravity law (Wilson 1967): each visits a place or
   receives a visitor at home.

At every step a share of the stubs is reserved to the own group, and another to the own position.

References
----------
Gleeson (2009), Bond percolation on a class of clustered random networks.
https://doi.org/10.1103/PhysRevE.80.036107
Wilson (1967), A statistical theory of spatial distribution models.
https://doi.org/10.1016/0041-1647(67)90035-4
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import model_validator

from communize.declare.errors import InputError, nearest_name
from communize.declare.files import is_file
from communize.declare.parameters import Parameters, parameter
from communize.kernels import matching as m
from communize.kernels import meeting
from communize.kernels.blocks import Pool
from communize.society.lattices import lattice_edges, rewire

PATH = "society.ties"
PLACES_PER_BLOCK = 16
LARGEST_POWER_LAW_DEGREE = 2000
LARGEST_DEGREE = 65535


class TieParameters(Parameters):
    """How many ties people have, and with whom."""

    form: Literal["drawn", "ring", "torus"] = parameter(
        "drawn", unit="name", source="definition",
        meaning="drawn: as the values below say; ring: to the mean_degree / 2 nearest rows of people on either side; torus: to the 4 or 8 "
        "(mean_degree) around on a grid without edges",
    )  # fmt: skip
    width: int | None = parameter(
        None, unit="person", range=(3, 10**9), source="definition", meaning="torus: people in a row; a square if left out"
    )
    rewired: float = parameter(
        0.0, unit="share", range=(0.0, 1.0), source="definition", meaning="ties swapped, two by two, against all ties; swaps keep all degrees, and as some fall on ties swapped "
        "before, a share exp(-rewired) stays as it was"
    )
    degree_distribution: Literal["poisson", "fixed", "negative_binomial", "power_law", "none"] = parameter(
        "poisson", unit="name", source="definition", meaning="distribution of people's numbers of ties; none: no ties"
    )
    mean_degree: float = parameter(
        10.0, unit="people", range=(0.0, 200.0), plausible=(3.0, 45.0),
        source="https://doi.org/10.1098/rspb.2004.2970",
        meaning="mean number of ties of a person (the source finds circles of 3-5, 9-15 and 30-45 people)",
    )  # fmt: skip
    degree_dispersion: float = parameter(
        3.0, unit="1", range=(0.2, 1000.0), plausible=(1.0, 10.0),
        meaning="k of the negative binomial: variance = mean + mean^2 / k",
    )  # fmt: skip
    degree_exponent: float = parameter(
        2.5, unit="1", range=(2.05, 6.0), plausible=(2.1, 3.5),
        meaning="exponent g of the power law P(degree = k) ~ k^-g; its smallest degree follows from the mean",
    )  # fmt: skip
    clustering: float = parameter(
        0.2, unit="1", range=(0.0, 0.8), plausible=(0.1, 0.5),
        source="https://arxiv.org/abs/1111.4503",
        meaning="mean share of the pairs of a person's ties that are tied themselves, over people with at "
        "least two ties (the source finds 0.5 for people with 2 friends, 0.14 for people with 100)",
    )  # fmt: skip
    neighbourhood_share: float = parameter(
        0.4, unit="1", range=(0.0, 1.0), plausible=(0.2, 0.6), meaning="share of ties kept in the neighbourhood"
    )
    away_share: float = parameter(
        0.2, unit="1", range=(0.0, 1.0), plausible=(0.05, 0.4), meaning="share of ties that leave the place"
    )
    homophily_group: float = parameter(
        0.3, unit="1", range=(0.0, 1.0), plausible=(0.0, 0.6),
        meaning="share of ties reserved to the own group, besides those that chance makes",
    )  # fmt: skip
    homophily_position: float = parameter(
        0.2, unit="1", range=(0.0, 1.0), plausible=(0.0, 0.5),
        meaning="share of ties reserved to the own position, besides those that chance makes",
    )  # fmt: skip
    file: str | None = parameter(
        None, unit="name", source="definition",
        meaning="edge list to read instead (CSV or Parquet with the columns a, b: rows of people, from 0)",
    )  # fmt: skip

    @model_validator(mode="after")
    def _shares_fit(self) -> "TieParameters":
        for one, other in (("neighbourhood_share", "away_share"), ("homophily_group", "homophily_position")):
            if getattr(self, one) + getattr(self, other) > 1.0 + 1e-9:
                raise ValueError(f"{one} + {other} must not be more than 1")
        return self


@dataclass
class Ties:
    """An undirected graph as sorted adjacency rows; no loops, no repeats, each tie in the rows of both ends.

    Parameters
    ----------
    offsets
        int64 (n + 1): the ties of person i are ``neighbours[offsets[i]:offsets[i + 1]]``.
    neighbours
        int32: rows of people, ascending within each row.
    """

    offsets: np.ndarray
    neighbours: np.ndarray

    @property
    def n_ties(self) -> int:
        """Number of ties, each counted once."""
        return self.neighbours.size // 2

    @property
    def mean_degree(self) -> float:
        """Mean number of ties of a person."""
        return self.neighbours.size / max(1, self.offsets.size - 1)

    @property
    def nbytes(self) -> int:
        """Bytes held by the two arrays."""
        return self.offsets.nbytes + self.neighbours.nbytes

    def copy(self) -> "Ties":
        """An independent copy."""
        return Ties(self.offsets.copy(), self.neighbours.copy())


def generate_ties(
    parameters: TieParameters,
    home: np.ndarray,
    home_place: np.ndarray,
    position: np.ndarray,
    group: np.ndarray,
    contact_offsets: np.ndarray,
    contact_neighbours: np.ndarray,
    contact_weights: np.ndarray,
    key: np.uint64,
    pool: Pool,
) -> Ties:
    """Draw the ties of a society, or read them if `parameters` names a file.

    Parameters
    ----------
    home
        Home site of each person (n < 2**29); people of one neighbourhood stand together.
    home_place
        Place of each person, ascending.
    position, group
        Position 0 .. 8 and group 0 .. 15 of each person.
    contact_offsets, contact_neighbours, contact_weights
        Row-stochastic matrix W between the P places by rows, without diagonal; rows may be empty.
    key
        Seed.
    pool
        Threads; the result does not depend on their number.

    Returns
    -------
    Ties
        Degrees are as drawn but for the few stubs that find nobody (fewer than 1 in 1000 unless degrees are
        close to the number of people within reach).
    """
    n_people = home.size
    if parameters.file is not None:
        return rewired(read_edge_list(parameters.file, n_people), parameters.rewired, key)
    if parameters.form != "drawn":
        if n_people < 2:
            return Ties(np.zeros(n_people + 1, np.int64), np.empty(0, np.int32))
        return rewired(ties_from_edges(*lattice_edges(parameters, n_people), n_people), parameters.rewired, key)
    cumulative = _degree_table(parameters, n_people)
    if n_people < 2 or cumulative.size < 2:
        return Ties(np.zeros(n_people + 1, np.int64), np.empty(0, np.int32))
    key = np.uint64(key)
    people = (_ready(group, np.int8), _ready(position, np.int8))
    home_place = _ready(home_place, np.int32)
    segments = _segments(home, home_place, contact_offsets.size - 1)
    rows = _empty_rows(cumulative, n_people, key, pool)
    stubs, n_away = _tie_places(parameters, segments, people, rows, key, pool)
    contacts = (
        _ready(contact_offsets, np.int64),
        _ready(contact_neighbours, np.int32),
        _ready(contact_weights, np.float64),
    )
    _tie_away(stubs, n_away, home_place, contacts, people, rows, key, pool)
    pool.for_blocks(m.sort_rows, n_people, *rows)
    return rewired(_packed(*rows), parameters.rewired, key)


def rewired(ties: Ties, share: float, key: np.uint64) -> Ties:
    """The ties with a share of them swapped (see `lattices.swap_ties`)."""
    if share > 0.0 and ties.n_ties > 1:
        rewire(ties.offsets, ties.neighbours, share, np.uint64(key))
        m.sort_rows(0, ties.offsets.size - 1, 0, ties.offsets, np.diff(ties.offsets).astype(np.int32), ties.neighbours)
    return ties


def ties_from_edges(a: np.ndarray, b: np.ndarray, n_people: int) -> Ties:
    """Ties from pairs of rows of people; repeats (in either direction) and loops are dropped.

    Raises
    ------
    InputError
        If an end is no person, or somebody has more than 65,535 ties.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.ndim != 1:
        raise InputError(PATH, f"shapes {a.shape} and {b.shape}", "two columns of equal length")
    for name, ends in (("a", a), ("b", b)):
        if ends.size and ends.dtype.kind not in "iu":
            raise InputError(f"{PATH}.{name}", f"{ends.dtype} values", "whole numbers: rows of people, from 0")
        wrong = np.flatnonzero((ends < 0) | (ends >= n_people))
        if wrong.size:
            found = f"{ends[wrong[0]]} in row {wrong[0]}"
            raise InputError(f"{PATH}.{name}", found, f"rows of people, 0 to {n_people - 1}")
    proper = a != b
    a, b = a[proper].astype(np.int32), b[proper].astype(np.int32)
    neighbours = np.empty(2 * a.size, np.int32)
    offsets = m.sort_by_key(np.concatenate((b, a)), np.concatenate((a, b)), n_people, neighbours)
    fill = np.diff(offsets).astype(np.int32)
    m.sort_rows(0, n_people, 0, offsets, fill, neighbours)
    ties = _packed(offsets, fill, neighbours)
    degree = np.diff(ties.offsets)
    if degree.size and degree.max() > LARGEST_DEGREE:  # numbers of ties are counted in 16 bits
        raise InputError(PATH, f"person {degree.argmax()} with {degree.max()} ties", f"at most {LARGEST_DEGREE} ties a person")
    return ties


def read_edge_list(path: str | Path, n_people: int) -> Ties:
    """Ties from a CSV or Parquet file with the columns ``a`` and ``b``: rows of people, from 0.

    Raises
    ------
    InputError
        If there is no such file, a column is missing, or an entry is no person.
    """
    import pyarrow as pa  # here: only those who read a file need wait for it
    from pyarrow import csv, parquet

    path = Path(path)
    if not is_file(path):
        raise InputError(f"{PATH}.file", str(path), "an existing CSV or Parquet file")
    is_parquet = path.suffix.lower() in (".parquet", ".pq")
    try:
        names = parquet.read_schema(path).names if is_parquet else csv.open_csv(path).schema.names
        for name in ("a", "b"):
            if name not in names:
                raise InputError(f"{PATH}.{name}", names, "columns a and b", nearest_name(name, names), str(path))
            if names.count(name) > 1:
                raise InputError(f"{PATH}.{name}", names, "columns a and b, each once", None, str(path))
        if is_parquet:
            table = parquet.read_table(path, columns=["a", "b"])
        else:
            table = csv.read_csv(path, convert_options=csv.ConvertOptions(include_columns=["a", "b"]))
        columns = {name: table[name] for name in ("a", "b")}
    except InputError:
        raise
    except Exception as error:  # of many kinds, by what is wrong with the file
        raise InputError(f"{PATH}.file", str(error), "a CSV or Parquet table", file=str(path)) from error
    for name, column in columns.items():
        if len(column) and (not pa.types.is_integer(column.type) or column.null_count):
            found = "empty entries" if column.null_count else f"{column.type} values"
            raise InputError(f"{PATH}.{name}", found, "whole numbers: rows of people, from 0", file=str(path))
    try:
        return ties_from_edges(columns["a"].to_numpy(), columns["b"].to_numpy(), n_people)
    except InputError as error:
        raise error.in_file(str(path)) from None


def _degree_table(parameters: TieParameters, n_people: int) -> np.ndarray:
    """P(degree <= k) for k = 0 .. at most n_people - 1; beyond, the mass stands at the largest degree."""
    mean, kind = parameters.mean_degree, parameters.degree_distribution
    largest = max(0, min(n_people - 1, LARGEST_DEGREE))
    if kind == "none" or mean <= 0.0 or largest == 0:
        return np.ones(1)
    if kind == "power_law":
        cumulative = np.cumsum(_power_law(mean, parameters.degree_exponent, n_people, largest))
    elif kind == "fixed":
        cumulative = np.zeros(math.ceil(mean) + 1)
        cumulative[math.floor(mean)] = math.ceil(mean) - mean if mean % 1.0 else 1.0
        cumulative[-1] = 1.0
    else:
        k = parameters.degree_dispersion if kind == "negative_binomial" else math.inf
        mass, total, values = (math.exp(-mean) if math.isinf(k) else (k / (k + mean)) ** k), 0.0, []
        while len(values) <= largest and not (len(values) > mean and 1.0 - total < 1e-11):
            total += mass
            values.append(total)
            size = len(values)
            mass *= mean / size if math.isinf(k) else mean / (k + mean) * (k + size - 1.0) / size
        cumulative = np.array(values)
    cumulative = cumulative[: largest + 1]
    cumulative[-1] = 1.0
    return cumulative


def _power_law(mean: float, exponent: float, n_people: int, largest: int) -> np.ndarray:
    """P(degree = k) ~ k^-exponent from a smallest degree that gives the mean (two neighbouring ones are mixed).

    Degrees end at the structural cut-off sqrt(mean n), above which a simple graph cannot be uncorrelated.

    References
    ----------
    Boguna, Pastor-Satorras and Vespignani (2004), Cut-offs and finite size effects in scale-free networks.
    https://doi.org/10.1140/epjb/e2004-00038-8
    """
    cut_off = max(math.ceil(mean), min(LARGEST_POWER_LAW_DEGREE, int(math.sqrt(mean * n_people))))
    degrees = np.arange(min(largest, cut_off) + 1)
    weight = np.append(0.0, degrees[1:] ** -exponent)
    # Mean from a smallest degree on; at 0 stands a graph without ties, so that means below the first fit too.
    above = np.cumsum((weight * degrees)[::-1])[::-1] / np.cumsum(weight[::-1])[::-1]
    above[0] = 0.0
    upper = int(np.clip(np.searchsorted(above, mean), 1, degrees.size - 1))
    lower = upper - 1
    share = min(1.0, (mean - above[lower]) / (above[upper] - above[lower]))
    low = np.where(degrees >= lower, weight, 0.0) if lower else (degrees == 0).astype(float)
    high = np.where(degrees >= upper, weight, 0.0)
    return (1.0 - share) * low / low.sum() + share * high / high.sum()


def _ready(values: np.ndarray, dtype: type) -> np.ndarray:
    """The array as kernels are compiled for it: one dtype, contiguous, writable; no copy if it is so already."""
    return np.require(values, dtype, ("C", "W"))


def _segments(home: np.ndarray, home_place: np.ndarray, n_places: int) -> tuple[np.ndarray, ...]:
    """First person of each place, first neighbourhood of each place, first person of each neighbourhood."""
    if np.any(home_place[1:] < home_place[:-1]) or home_place[0] < 0 or home_place[-1] >= n_places:
        raise ValueError("people must be sorted by place, and every place must have a row of contacts")
    place_starts = np.searchsorted(home_place, np.arange(n_places + 1, dtype=np.int32)).astype(np.int64)
    starts = np.flatnonzero((home[1:] != home[:-1]) | (home_place[1:] != home_place[:-1])) + 1
    bounds = np.concatenate((np.zeros(1, np.int64), starts, np.array([home.size])))
    return place_starts, np.searchsorted(bounds, place_starts).astype(np.int64), bounds


def _empty_rows(
    cumulative: np.ndarray, n_people: int, key: np.uint64, pool: Pool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows with room for a drawn number of ties: offsets, fill, neighbours."""
    fill = np.empty(n_people, np.int32)
    pool.for_blocks(m.draw_degrees, n_people, cumulative, key, fill)
    offsets = np.zeros(n_people + 1, np.int64)
    np.cumsum(fill, out=offsets[1:])
    fill[:] = 0
    return offsets, fill, np.empty(offsets[-1], np.int32)


def _tie_places(parameters, segments, people, rows, key, pool) -> tuple[np.ndarray, np.ndarray]:
    """Make the ties that stay in their places; returns the stubs that leave, by place, and their numbers."""
    place_starts, first_neighbourhood, bounds = segments
    n_places = place_starts.size - 1
    # Probability that two people of a place, met at random, share a neighbourhood.
    n_people, of_place = np.diff(place_starts), np.repeat(np.arange(n_places), np.diff(first_neighbourhood))
    same = np.bincount(of_place, (np.diff(bounds) / n_people[of_place]) ** 2, n_places)
    total = np.diff(rows[0][place_starts])
    traits = (parameters.clustering, parameters.homophily_group, parameters.homophily_position)
    made = np.zeros((n_places, 2), np.int64)
    if parameters.clustering > 0.0:
        within = _clique_share(parameters, same, total / np.maximum(n_people, 1))
        pool.for_blocks(
            m.clique_places, n_places, segments, within, traits, people, rows, key, made, block=PLACES_PER_BLOCK
        )
    levels = _levels(parameters, same, total, made)
    away, n_away = np.empty(rows[2].size, np.int32), np.zeros(n_places, np.int64)
    pool.for_blocks(
        m.pair_places, n_places, segments, levels, traits, people, rows, key, (away, n_away), block=PLACES_PER_BLOCK
    )
    firsts = rows[0][place_starts[:-1]]
    leaving = np.flatnonzero(n_away)
    parts = [away[firsts[place] : firsts[place] + n_away[place]] for place in leaving]
    return np.concatenate(parts) if parts else away[:0].copy(), n_away


def _levels(parameters: TieParameters, same: np.ndarray, total: np.ndarray, made: np.ndarray) -> np.ndarray:
    """Bounds of the uniform draw that gives a free stub its level, from what a place has and should have.

    Parameters
    ----------
    same
        Probability that two people of the place share a neighbourhood: what is paired in the place at random
        falls into the neighbourhood that often.
    total, made
        Ends of ties: of all the place's people; made in neighbourhoods and in all, (P, 2).

    Returns
    -------
    np.ndarray
        (P, 2): below the first the neighbourhood, below the second the place, else away.
    """
    kept = np.maximum(0.0, (1.0 - parameters.away_share) * total - made[:, 1])
    near = parameters.neighbourhood_share * total - made[:, 0] - same * (made[:, 1] - made[:, 0] + kept)
    near = np.where(same < 1.0, np.clip(near / np.maximum(1.0 - same, 1e-12), 0.0, kept), kept)
    wanted = kept + parameters.away_share * total
    wanted[wanted <= 0.0] = 1.0
    return np.column_stack((near, kept)) / wanted[:, None]


def _clique_share(parameters: TieParameters, same: np.ndarray, mean_degree: np.ndarray) -> np.ndarray:
    """Probability that a person seeks its clique in the neighbourhood, by place.

    Halfway between the share of the neighbourhood among the ties that stay in the place, which leaves some of
    its ties loose, and as many cliques as its share of ties can hold: small neighbourhoods cannot complete
    all cliques begun, and pass the rest to the place.
    """
    own = _levels(parameters, same, np.ones(same.size), np.zeros((same.size, 2)))[:, 0]
    kept = max(1.0 - parameters.away_share, 1e-12)
    pairs = np.maximum(mean_degree * (mean_degree - 1.0), 1e-12)
    in_clique = (0.5 + np.sqrt(0.25 + parameters.clustering * pairs)) / np.maximum(mean_degree, 1.0)
    return np.minimum(1.0, 0.5 * own * (1.0 / kept + 1.0 / np.minimum(in_clique, kept)))


def _tie_away(stubs, n_away, home_place, contacts, people, rows, key, pool) -> None:
    """Pair the stubs that leave their places; those that find nobody are paired with whom they can."""
    n_places = n_away.size
    cumulative, visiting = np.empty(contacts[2].size), np.empty(n_places)
    for meeting_round in range(3):
        if stubs.size < 2:
            return
        meeting.balance_visits(n_away, *contacts, cumulative, visiting, 60, 1e-3)
        meetings = np.empty(stubs.size, np.int32)
        laws = (contacts[0], contacts[1], cumulative)
        pool.for_blocks(meeting.choose_meetings, stubs.size, stubs, home_place, laws, visiting, key, meeting_round, meetings)
        arranged = np.empty_like(stubs)
        starts = m.sort_by_key(stubs, meetings, 2 * n_places + 1, arranged)
        del meetings
        left = meeting.meet(arranged, starts, people, rows, key, m.MEETING_STAGE + meeting_round, stubs)
        stubs = stubs[:left].copy()
        n_away = np.bincount(home_place[stubs >> 2], minlength=n_places)
    # In the order of places, a stub of the first half and one of the second seldom share a place.
    arranged = np.empty_like(stubs)
    m.sort_by_key(stubs, home_place[stubs >> 2], n_places, arranged)
    middle = stubs.size // 2
    draw = m.HALVES_STAGE * 32 * m.ATTEMPTS
    left, head = meeting.match_sides(arranged[:middle], arranged[middle:], rows, key, 0, draw)
    rest = np.concatenate((arranged[:left], arranged[middle + head :]))
    m.pair_pool(rest, rows, key, 0, m.REST_STAGE * 32 * m.ATTEMPTS)


def _packed(offsets: np.ndarray, fill: np.ndarray, neighbours: np.ndarray) -> Ties:
    """Ties from sorted rows with spare room, which are moved together in place."""
    n = m.compact_rows(offsets, fill, neighbours)
    neighbours.resize(n, refcheck=False)
    return Ties(offsets, neighbours)
