"""The data that a calibration fits: series from a file, or the `[observed]` counts of the scenario; and what a run has beside them.

Every value is compared on the scale of the signed square root, sign(x) sqrt|x|: a count of events then has about the same
spread wherever it stands, and a peak does not decide alone. The distance of a series is its root mean square difference on that
scale, divided by how far runs of the prior differ (the median absolute deviation over a sample of the prior, the median over the
days); the distance of a run is the root mean square over its series.
"""

import datetime
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from communize.declare.errors import InputError, nearest_name
from communize.scenario.scenario import Scenario

OBSERVED = "observed"
TIMES = ("date", "day")


@dataclass(frozen=True)
class Series:
    """One series of real values: days of the run, values, and whether each is fitted or held out.

    With `scaled`, the values are counts for an unknown number of people each: the run is multiplied by the slope k that fits best,
    kept within `limits`.
    """

    name: str
    variable: str
    place: str | None
    days: np.ndarray
    values: np.ndarray
    fitted: np.ndarray
    scaled: bool = False
    limits: tuple[float, float] = (0.0, np.inf)
    background: float = 0.0


@dataclass(frozen=True)
class Observations:
    """All series of a calibration, and where they come from."""

    series: tuple[Series, ...]
    source: str
    digest: str

    @property
    def days_fitted(self) -> int:
        """Length of a run that reaches all fitted days."""
        return 1 + max(int(s.days[s.fitted].max()) for s in self.series)

    @property
    def days_all(self) -> int:
        """Length of a run that reaches the held-out days too."""
        return 1 + max(int(s.days.max()) for s in self.series)

    @property
    def values(self) -> np.ndarray:
        """The fitted values, float64 (values,)."""
        return np.concatenate([s.values[s.fitted] for s in self.series])

    @property
    def parts(self) -> np.ndarray:
        """Number of the series of each fitted value, int64 (values,)."""
        return np.repeat(np.arange(len(self.series)), [int(s.fitted.sum()) for s in self.series])

    def found(self, series: Any) -> np.ndarray:
        """What a run has on the fitted days, float64 (values,)."""
        return np.concatenate([of_run(s, series)[s.days[s.fitted]] for s in self.series])

    def features(self, found: np.ndarray, values: np.ndarray) -> np.ndarray:
        """What runs have beside `values`, on the scale of comparison, float64 (runs, values)."""
        found, parts = np.array(found, float, ndmin=2), self.parts
        for k, one in enumerate(self.series):
            if one.scaled:
                own = parts == k
                found[:, own] = one.background + slope(one, found[:, own], values[own])[:, None] * found[:, own]
        return transform(found)

    def as_data(self, found: np.ndarray) -> np.ndarray:
        """What a run has, as if it were the data; counts at the geometric mean of the accepted k, or at 1."""
        found, parts = np.array(found, float), self.parts
        for k, one in enumerate(self.series):
            if one.scaled:
                low, high = one.limits
                found[parts == k] = one.background + (np.sqrt(low * high) if low > 0 and high < 1e6 else 1.0) * found[parts == k]
        return found


def transform(x: np.ndarray) -> np.ndarray:
    """Signed square root."""
    return np.sign(x) * np.sqrt(np.abs(x))


def of_run(one: Series, series: Any) -> np.ndarray:
    """The variable of a series of the data, day by day, float64 (days,)."""
    from communize.experiment.figures import daily

    if one.place is None:
        return daily(series, one.variable)
    return series[one.variable].isel(place=np.flatnonzero(series["name"].to_numpy() == one.place)[0]).to_numpy().astype(float)


def slope(one: Series, found: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The k by which each run fits counts best, float64 (runs,); NaN outside of the limits."""
    squares = (found**2).sum(axis=1)
    k = np.maximum(0.0, np.divide(found @ (values - one.background), squares, out=np.zeros(len(found)), where=squares > 0))
    return np.where((k >= one.limits[0]) & (k <= one.limits[1]), k, np.nan)


def observations(scenario: Scenario, data: Any = None, figures: Any = None) -> Observations:
    """The data of a calibration.

    Parameters
    ----------
    data
        A CSV or Parquet file, or a data frame: a column `date` or `day`, columns named after variables, and `place` if they are of
        places; the scenario's `[observed]` if None.
    figures
        Columns to fit, all if None.

    Raises
    ------
    InputError
        What cannot be compared with a run.
    """
    return _own(scenario) if data is None else _of_table(scenario, data, figures)


def _own(scenario: Scenario) -> Observations:
    observed = scenario.tables.observed
    if not observed.dates or not observed.fitted:
        raise InputError("observed", "no fitted counts", "a scenario with [observed] counts of which `fitted` are to be fitted, or --data FILE", None, scenario.file)
    days = np.array([(date - scenario.start).days for date in observed.dates])
    _within(days, scenario, "observed.dates", scenario.file, [str(date) for date in observed.dates])
    fitted = np.arange(days.size) < observed.fitted
    _enough(OBSERVED, days[fitted], scenario.file)
    low, high = observed.per_person
    one = Series(observed.what or OBSERVED, observed.variable, None, days, np.array(observed.counts, float), fitted, True, (low, high), observed.background)
    return Observations((one,), f"[observed] of {scenario.name}", _digest([days.tolist(), observed.counts, observed.background, observed.fitted]))


def _of_table(scenario: Scenario, data: Any, figures: Any) -> Observations:
    from communize.experiment.figures import variables_of

    file = str(data) if isinstance(data, (str, Path)) else "data"
    table = _read(data, file)
    named = [name for name in table.columns if name not in (*TIMES, "place")]
    wanted = list(figures or named)
    known = variables_of(scenario)
    for name in wanted:
        if name not in known:
            raise InputError(name, name, "a variable of the series", nearest_name(name, known), file)
        if name not in named:
            raise InputError(name, "no such column", f"columns of the file: {', '.join(named)}", nearest_name(name, named), file)
    times = [name for name in TIMES if name in table.columns]
    if len(times) != 1:
        raise InputError("date", times or list(map(str, table.columns)), "one column date, or one column day", nearest_name("date", map(str, table.columns)), file)
    if not wanted or not len(table):
        raise InputError("", f"{len(table)} rows, columns {', '.join(map(str, table.columns))}", "rows, and at least one column named after a variable of the series", None, file)
    days = _days(table[times[0]], times[0], scenario, file)
    _within(days, scenario, times[0], file, table[times[0]].astype(str).tolist())
    places = table["place"].astype(str).to_numpy() if "place" in table else np.full(len(table), "", object)
    series = [_one(name, place, days, places, table, file) for name in wanted for place in sorted(set(places))]
    if "place" in table:
        _check_places(scenario, wanted, sorted(set(places)), file)
    content = [[s.name, s.days.tolist(), s.values.tolist()] for s in series]
    return Observations(tuple(series), file, _digest(content))


def _read(data: Any, file: str) -> Any:
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        return data
    try:
        if not Path(data).is_file():
            raise InputError("--data", file, "a CSV or Parquet file that exists")
        return pd.read_parquet(data) if Path(data).suffix in (".parquet", ".pq") else pd.read_csv(data)
    except (ValueError, OSError) as error:
        raise InputError("--data", file, f"a CSV or Parquet file ({str(error).splitlines()[0]})") from None


def _days(column: Any, name: str, scenario: Scenario, file: str) -> np.ndarray:
    days = []
    for row, value in enumerate(column.tolist()):
        try:
            if name == "day":
                day = int(value)
                if day != float(value):
                    raise ValueError
            else:
                day = (datetime.date.fromisoformat(str(value)[:10]) - scenario.start).days
        except (ValueError, TypeError, OverflowError):
            raise InputError(f"{name}, row {row + 1}", value, "a whole day of the run, 0 the first" if name == "day" else "a date such as 2005-10-27", None, file) from None
        days.append(day)
    return np.array(days, dtype=int)


def _within(days: np.ndarray, scenario: Scenario, path: str, file: str | None, shown: list[str]) -> None:
    outside = np.flatnonzero((days < 0) | (days >= scenario.days))
    if outside.size:
        last = scenario.start + datetime.timedelta(days=max(0, scenario.days - 1))
        raise InputError(path, shown[outside[0]], f"days of the run: {scenario.start} to {last}, days 0 to {scenario.days - 1} (--days makes it longer)", None, file)


def _one(name: str, place: str, days: np.ndarray, places: np.ndarray, table: Any, file: str) -> Series:
    rows = np.flatnonzero(places == place)
    try:
        values = table[name].to_numpy()[rows].astype(float)
    except (ValueError, TypeError):
        raise InputError(name, str(table[name].iloc[0]), "a column of numbers", None, file) from None
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise InputError(f"{name}, row {rows[bad[0]] + 1}", values[bad[0]], "a finite number; leave out rows without one", None, file)
    order = np.argsort(days[rows])
    own = days[rows][order]
    if len(set(own.tolist())) < own.size:
        twice = int(own[:-1][np.diff(own) == 0][0])
        raise InputError(name, f"day {twice} twice{f' in {place}' if place else ''}", "each day once" + (" a place" if place else ", or a column place"), None, file)
    _enough(name, own, file)
    return Series(f"{name}, {place}" if place else name, name, place or None, own, values[order], np.ones(own.size, bool))


def _check_places(scenario: Scenario, names: list[str], places: list[str], file: str) -> None:
    from communize.simulation.day import MECHANISMS
    from communize.society.places import list_places

    dims = {output.name: output.dims for mechanism in (*MECHANISMS, *scenario.own_mechanisms()) for output in mechanism.outputs}
    for name in names:
        if dims[name] != ("place",):
            raise InputError(name, "of places", f"a variable by place: {', '.join(n for n, d in dims.items() if d == ('place',))}", None, file)
    known = list(map(str, list_places(scenario.society.places, np.uint64(scenario.seed)).name))
    for place in places:
        if place not in known:
            raise InputError("place", place, f"one of the {len(known)} places of the scenario, such as {', '.join(known[:3])}", nearest_name(place, known), file)


def _enough(name: str, days: np.ndarray, file: str | None) -> None:
    if days.size < 2:
        raise InputError(name, f"{days.size} value", "at least two fitted days", None, file)


def _digest(content: Any) -> str:
    return hashlib.blake2b(json.dumps(content).encode(), digest_size=12).hexdigest()
