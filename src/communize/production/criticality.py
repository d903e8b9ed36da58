"""Which inputs a sector cannot do without, and for how many days it has them in stock.

Source: analysts of IHS Markit rated for 55 industries of the United Kingdom in 2020 whether production can go on for two months
without an input: 1 it cannot (critical), 0.5 in between (important), 0 it can. Stocks: ratios of the Office for National Statistics.
Both from the replication files of Pichler, Pangallo, del Rio-Chanona, Lafond and Farmer (2022),
https://doi.org/10.1016/j.jedc.2022.104527.

The built-in figures (`data/criticality.toml`, `data/inventories.toml`) are for ten sectors. The rating of sector I as an input of sector J
is the mean of the ratings of the industries i in I as inputs of the industries j in J, weighted by the flows from i to j, domestic
and imported, in France in 2005 (WIOD, https://doi.org/10.1111/roie.12178); pairs that nobody rated are left out. It is then
rounded to the nearest of 0, 0.5 and 1: critical from 0.75, important from 0.25. Days of stock are means weighted by output.
`production/remake.py` makes them again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from communize.declare.errors import InputError, nearest_name
from communize.production.aggregation import aggregation_matrix
from communize.production.readers import numbers_of, read_csv
from communize.production.tables import Flows, load_toml, matrix_of_rows

RATINGS = (0.0, 0.5, 1.0)
IMPORTANT_FROM, CRITICAL_FROM = 0.25, 0.75
DAYS_PER_MONTH = 30  # as the ratios are of stocks to the output of a month


@dataclass(frozen=True, eq=False)
class Criticality:
    """How much each sector depends on each input.

    Attributes
    ----------
    sectors
        Names of the K sectors.
    means
        Mean rating of the row's sector as an input of the column's, float64 (K, K), 0 to 1.
    matrix
        The same rounded: 1 critical, 0.5 important, 0 neither; float64 (K, K).
    source
        URL or DOI.
    """

    sectors: tuple[str, ...]
    means: np.ndarray
    source: str

    def __post_init__(self) -> None:
        n = len(self.sectors)
        means = np.array(self.means, dtype=np.float64)
        if means.shape != (n, n):
            raise InputError("means", f"numbers of shape {means.shape}", f"shape {(n, n)}, as there are {n} sectors")
        if not ((means >= 0) & (means <= 1)).all():
            row, column = np.argwhere(~((means >= 0) & (means <= 1)))[0]
            raise InputError(f"means.{self.sectors[row]}.{self.sectors[column]}", float(means[row, column]), "0 to 1")
        means.setflags(write=False)
        object.__setattr__(self, "means", means)

    @property
    def matrix(self) -> np.ndarray:
        """Ratings, float64 (K, K): 1 critical, 0.5 important, 0 neither."""
        return np.where(self.means >= CRITICAL_FROM, 1.0, np.where(self.means >= IMPORTANT_FROM, 0.5, 0.0))

    def for_sectors(self, wanted: Iterable[str], path: str = "sectors") -> Criticality:
        """The same with its sectors in the order of `wanted`, which must be among them; `InputError` at `path` if not."""
        order = tuple(wanted)
        for name in order:
            if name not in self.sectors:
                raise InputError(path, name, ", ".join(self.sectors), nearest_name(name, self.sectors))
        rows = [self.sectors.index(name) for name in order]
        return Criticality(order, self.means[np.ix_(rows, rows)], self.source)


def builtin_criticality() -> Criticality:
    """Ratings of the ten sectors of the society as it is given."""
    file = str(resources.files("communize.production") / "data" / "criticality.toml")
    given = load_toml(file)
    return Criticality(
        tuple(given["sectors"]), matrix_of_rows(given["means"], given["sectors"], "means", file), given["source"]
    )


def builtin_inventory_days() -> dict[str, float]:
    """Days for which each of the ten sectors has its inputs in stock."""
    return load_toml(str(resources.files("communize.production") / "data" / "inventories.toml"))["days"]


def read_criticality(
    file: str | Path,
    flows: Flows,
    aggregation: Mapping[str, str] | None = None,
    order: Iterable[str] | None = None,
    source: str = "",
) -> Criticality:
    """Ratings from a file, added up to sectors with flows as weights.

    Parameters
    ----------
    file
        A CSV whose first column names the supplying industry, with one further column a using industry; 0, 0.5, 1, or empty or
        `NA` where nobody rated. It may lack industries of `flows`.
    flows
        A table of the same industries, such as `read_flows` gives.
    aggregation, order
        Sector of every industry of `flows`, and all sectors in their order: see `readers.read_table`.
    source
        URL or DOI.

    Raises
    ------
    InputError
        An industry that `flows` lacks, one that stands there twice, a rating that is none, or a pair of sectors of which flows
        exist and no rating.
    """
    path = str(file)
    frame = read_csv(path, missing=("", "NA"))
    suppliers = [str(code) for code in frame.iloc[:, 0]]
    users = [str(code) for code in frame.columns[1:]]
    for codes in (suppliers, users):
        _require_codes(codes, flows, path)
    rated = np.zeros((len(flows.sectors), len(flows.sectors)), dtype=bool)
    ratings = np.zeros(rated.shape)
    row = {code: number for number, code in enumerate(flows.sectors)}
    for one, values in zip(suppliers, frame.iloc[:, 1:].itertuples(index=False)):
        for other, value in zip(users, values):
            if value != value:  # an empty cell
                continue
            if value not in RATINGS:
                raise InputError(f"{one}, column {other}", value, "0, 0.5, 1, or nothing", None, path)
            rated[row[one], row[other]] = True
            ratings[row[one], row[other]] = float(value)
    return _mean_ratings(ratings, rated, flows, aggregation, order, source, path)


def _mean_ratings(
    ratings: np.ndarray, rated: np.ndarray, flows: Flows, aggregation: Mapping[str, str] | None, order: Iterable[str] | None,
    source: str, file: str,
) -> Criticality:  # fmt: skip
    sectors, to = aggregation_matrix(flows.sectors, aggregation, order, file)
    weights = flows.domestic + flows.imported
    total, known = to @ weights @ to.T, to @ (weights * rated) @ to.T
    unrated = np.argwhere((total > 0) & (known <= 0) & ((to @ rated @ to.T) == 0))
    if unrated.size:
        supplier, user = (sectors[k] for k in unrated[0])
        raise InputError(f"{supplier}, column {user}", "no rating", "a rating wherever there are flows", None, file)
    means = np.divide(to @ (weights * ratings) @ to.T, known, out=np.zeros_like(known), where=known > 0)
    return Criticality(sectors, np.clip(means, 0.0, 1.0), source)


def read_inventory_days(
    file: str | Path, flows: Flows, aggregation: Mapping[str, str] | None = None, order: Iterable[str] | None = None,
    column: str = "ratio_input_inv_go_monthly",
) -> dict[str, float]:  # fmt: skip
    """Days for which each sector has its inputs in stock: 30 times the ratio of stocks to monthly output, weighted by output.

    Parameters
    ----------
    file
        A CSV with the columns `wiod_code` and `column`; industries whose ratio is empty or `NA` are left out.
    flows
        A table of the same industries, such as `read_flows` gives.
    aggregation, order
        Sector of every industry of `flows`, and all sectors in their order: see `readers.read_table`.
    column
        Which ratio.

    Raises
    ------
    InputError
        A column that is missing, an industry that `flows` lacks, a ratio below 0, or a sector without any ratio.
    """
    path = str(file)
    frame = read_csv(path, missing=("", "NA"))
    for name in ("wiod_code", column):
        if name not in frame:
            raise InputError(
                "columns",
                list(map(str, frame.columns[:8])),
                f"a table with the column {name!r}",
                nearest_name(name, frame.columns),
                path,
            )
    codes = [str(code) for code in frame["wiod_code"]]
    _require_codes(codes, flows, path)
    values = frame[column]
    ratios = numbers_of(values)
    wrong = np.flatnonzero(values.notna().to_numpy() & ~((ratios >= 0) & (ratios < np.inf)))
    if wrong.size:
        raise InputError(
            f"{codes[wrong[0]]}, column {column}",
            values.iloc[wrong[0]],
            "a number of at least 0, or nothing",
            None,
            path,
        )
    sectors, to = aggregation_matrix(flows.sectors, aggregation, order, path)
    known = dict(zip(codes, ratios.tolist()))
    ratio = np.array([known.get(code, np.nan) for code in flows.sectors])
    weight = to * np.where(np.isfinite(ratio), flows.output, 0.0)
    total = weight.sum(axis=1)
    if (total <= 0).any():
        sector = sectors[int(np.argmax(total <= 0))]
        raise InputError(
            sector, "no ratio", "a ratio for at least one industry with output in every sector", None, path
        )
    days = DAYS_PER_MONTH * (weight @ np.nan_to_num(ratio)) / total
    return dict(zip(sectors, days.tolist()))


def _require_codes(codes: list[str], flows: Flows, file: str) -> None:
    for code in codes:
        if code not in flows.sectors:
            raise InputError(
                code,
                code,
                f"one of the {len(flows.sectors)} industries of {flows.name}",
                nearest_name(code, flows.sectors),
                file,
            )
        if codes.count(code) > 1:
            raise InputError(code, f"{codes.count(code)} times", "every industry once", None, file)
