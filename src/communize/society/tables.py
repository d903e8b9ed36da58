"""A society from the user's own tables (data frames, or paths of CSV and Parquet files)."""

import os
from typing import Any

import numpy as np

from communize.declare.errors import InputError, nearest_name
from communize.declare.registry import KINDS, NEIGHBOURHOOD, POSITIONS, Table
from communize.society.columns import PEOPLE, SITES
from communize.society.places import PlaceList, identities, numbers, read_table, texts
from communize.society.ties import Ties, ties_from_edges


def read_society(people: Any, sites: Any, places: Any, ties: Any, n_sectors: int) -> tuple[Table, Table, PlaceList, Ties | None]:
    """Turn the user's tables into tables of the model.

    Parameters
    ----------
    people
        One row a person: `home` (row of a neighbourhood in `sites`); optionally `work` (row of another kind of
        site, -1 for none), `position` (name), `group` (code), `money` (that of the scenario if left out), `belonging`, `unmet`, `horizon`, `nerve`
        (which the scenario then leaves as it is).
    sites
        One row a site: `kind` (name), `place` (row of `places`); optionally `sector` (code).
    places
        One row a place: `name`, `latitude`, `longitude`; optionally `population`, `region`. One place if omitted.
    ties
        Two columns `a` and `b` of person rows, or None to have ties drawn.
    n_sectors
        Number of sectors that `sector` may name.

    Raises
    ------
    InputError
        Missing columns, unknown names, rows that do not exist.
    """
    try:
        return _read(people, sites, places, ties, n_sectors)
    except InputError as error:
        of = {"people": people, "sites": sites, "places": places, "ties": ties, "society": ties}.get(error.path.split(".")[0])
        raise error.in_file(_file_name(of)) from None


def _read(people: Any, sites: Any, places: Any, ties: Any, n_sectors: int) -> tuple[Table, Table, PlaceList, Ties | None]:
    people_frame, sites_frame = _frame(people, "people"), _frame(sites, "sites")
    for name, frame, needed in (("people", people_frame, ("home",)), ("sites", sites_frame, ("kind",))):
        for column in needed:
            if column not in frame:
                raise InputError(name, list(frame.columns), f"a table with the column {column!r}", nearest_name(column, frame.columns))
        if not len(frame):
            raise InputError(name, "no rows", "at least one row")
    place_list = _places(places)
    sites_table = _sites(sites_frame, len(place_list), n_sectors)
    people_table = _people(people_frame, sites_table)
    tie_list = None
    if ties is not None:
        tie_frame = _frame(ties, "ties")
        for column in ("a", "b"):
            if column not in tie_frame:
                raise InputError("ties", list(tie_frame.columns), "a table with the columns 'a' and 'b'", nearest_name(column, tie_frame.columns))
        tie_list = ties_from_edges(tie_frame["a"].to_numpy(), tie_frame["b"].to_numpy(), len(people_table))
    return people_table, sites_table, place_list, tie_list


def _frame(table: Any, path: str):
    import pandas as pd

    file = _file_name(table)
    try:
        frame = read_table(file, path) if file is not None else table if isinstance(table, pd.DataFrame) else pd.DataFrame(table)
    except InputError:
        raise
    except Exception as error:
        raise InputError(path, type(table).__name__, f"a data frame, or the name of a CSV or Parquet file ({error})") from None
    if frame.columns.nlevels > 1 or not frame.columns.is_unique:
        raise InputError(path, list(frame.columns), "columns with one name each, each once")
    return frame


def _file_name(table: Any) -> str | None:
    return os.fsdecode(table) if isinstance(table, (str, bytes)) or hasattr(table, "__fspath__") else None


def column_names(table: Any) -> list[str]:
    """Names of the columns of a table that the user gave."""
    return list(_frame(table, "people").columns)


def _places(places: Any) -> PlaceList:
    if places is None:
        one = np.zeros(1)
        return PlaceList(np.array(["place-1"]), np.zeros(1, np.int64), np.array([""]), one, one.copy(), np.ones(1, np.int64))
    frame = _frame(places, "places").reset_index(drop=True)
    if not len(frame):
        raise InputError("places", "no rows", "at least one row")
    for column in ("name", "latitude", "longitude"):
        if column not in frame:
            raise InputError("places", list(frame.columns), f"a table with the column {column!r}", nearest_name(column, frame.columns))
    n = len(frame)
    places = PlaceList(
        texts(frame, "name", "places.name"),
        np.arange(n, dtype=np.int64),
        texts(frame, "region", "places.region", empty=True) if "region" in frame else np.full(n, ""),
        numbers(frame, "latitude", "places.latitude", -90, 90),
        numbers(frame, "longitude", "places.longitude", -180, 180),
        numbers(frame, "population", "places.population", 0, 1e10).astype(np.int64) if "population" in frame else np.ones(n, np.int64),
    )
    places.identity = identities(places.latitude, places.longitude)
    return places


def _sites(frame, n_places: int, n_sectors: int) -> Table:
    table = Table("sites", len(frame), SITES)
    table.kind[:] = _codes(frame["kind"], KINDS, "sites.kind")
    if "place" in frame:
        table.place[:] = _rows(frame["place"], n_places, "sites.place")
    if "sector" in frame:
        table.sector[:] = _rows(frame["sector"], n_sectors, "sites.sector", lowest=-1)
    return table


def _people(frame, sites: Table) -> Table:
    table = Table("people", len(frame), PEOPLE)
    table.home[:] = _rows(frame["home"], len(sites), "people.home")
    if np.any(sites.kind[table.home] != NEIGHBOURHOOD):
        raise InputError("people.home", "a site of another kind", "rows of sites whose kind is neighbourhood")
    if "work" in frame:
        table.work[:] = _rows(frame["work"], len(sites), "people.work", lowest=-1)
        if np.any(sites.kind[table.work[table.work >= 0]] == NEIGHBOURHOOD):
            raise InputError("people.work", "a neighbourhood", "rows of sites of another kind, or -1")
    if "position" in frame:
        table.position[:] = _codes(frame["position"], POSITIONS, "people.position")
    for column, low, high in (("belonging", -1, 1), ("unmet", 0, 1), ("horizon", 0, 1), ("nerve", -1e9, 1e9)):
        if column in frame:
            getattr(table, column)[:] = numbers(frame, column, f"people.{column}", low, high)
    for column, highest in (("group", 15), ("money", 2**62)):
        if column in frame:
            getattr(table, column)[:] = _rows(frame[column], highest + 1, f"people.{column}")
    if table.money.sum(dtype=float) > 2.0**62:
        raise InputError("people.money", "more than 2**62 coins", "at most so many in all")
    return table


def _codes(values, names: tuple[str, ...], path: str) -> np.ndarray:
    """Names as their numbers among `names`."""
    try:
        found = values.unique()
    except TypeError:  # lists, tables and the like
        raise InputError(path, str(values.dtype), ", ".join(names)) from None
    for name in found:
        if not isinstance(name, str) or name not in names:
            raise InputError(path, name, ", ".join(names), nearest_name(name, names))
    return values.map({name: code for code, name in enumerate(names)}).to_numpy()


def _rows(values, n: int, path: str, lowest: int = 0) -> np.ndarray:
    rows = values.to_numpy()
    if not np.issubdtype(rows.dtype, np.integer):
        raise InputError(path, str(rows.dtype), "whole numbers")
    if rows.size and (rows.min() < lowest or rows.max() >= n):
        raise InputError(path, f"rows from {rows.min()} to {rows.max()}", f"{lowest} to {n - 1}")
    return rows


def edges_of_graph(graph: Any) -> tuple[int, np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Number of nodes, both ends of each edge as rows of nodes, and attributes of nodes that are columns of people.

    `graph` is an undirected NetworkX graph (rows in the order of its nodes), a symmetric SciPy sparse matrix, or
    ``(n, a, b)``: a number of nodes and two integer columns.
    """
    if hasattr(graph, "is_directed") and hasattr(graph, "nodes"):
        if graph.is_directed():
            raise InputError("graph", type(graph).__name__, "an undirected graph (graph.to_undirected() makes one)")
        row = {node: number for number, node in enumerate(graph.nodes)}
        ends = np.array([(row[a], row[b]) for a, b in graph.edges()], np.int64).reshape(-1, 2)
        columns = {}
        for name in ("nerve", "belonging", "unmet", "horizon", "position", "group"):
            values = [graph.nodes[node].get(name) for node in graph.nodes]
            given = sum(value is not None for value in values)
            if given == len(values) and given:
                columns[name] = np.array(values)
            elif given:
                raise InputError(f"graph.nodes.{name}", f"{given} of {len(values)} nodes", f"{name} at every node or at none")
        return len(row), ends[:, 0], ends[:, 1], columns
    if hasattr(graph, "tocoo"):
        if graph.shape[0] != graph.shape[1]:
            raise InputError("graph", f"a matrix of shape {graph.shape}", "a square matrix")
        if (graph != graph.T).nnz:
            raise InputError("graph", "a matrix that is not symmetric", "a symmetric matrix: ties are undirected")
        entries = graph.tocoo()
        there = entries.data != 0  # zeros may be stored
        return graph.shape[0], entries.row[there].astype(np.int64), entries.col[there].astype(np.int64), {}
    if isinstance(graph, tuple) and len(graph) == 3:
        if not isinstance(graph[0], (int, np.integer)) or graph[0] < 1:
            raise InputError("graph", graph[0], "a whole number of people, at least 1, before the two ends of ties")
        return int(graph[0]), np.asarray(graph[1]), np.asarray(graph[2]), {}
    raise InputError("graph", type(graph).__name__, "a NetworkX graph, a SciPy sparse matrix, or (n, a, b)")
