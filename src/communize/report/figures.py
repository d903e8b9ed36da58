"""The charts of a run against its date, as data for the page."""

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from communize.report.charts import (
    BINDING,
    CHARTS,
    ECONOMY,
    EXTENSIONS,
    INTERNAL,
    MEASURES,
    OPPONENTS,
    PROVISIONING,
    SHADED,
    STOCKS,
    Chart,
    Line,
)
from communize.report.text import counted, date_of, dated, long_date, number, plain, unit

if TYPE_CHECKING:
    from communize.store.run import Run

FAR_ABOVE = 25.0  # times that the largest line of a chart must surpass the smallest for its axis to be logarithmic
YEAR = 12  # months of the economy
RATIOS = {  # several months of these: sums against sums, each of variables times a number
    "wage_share": ({"wages": 1.0, "public_wages": 1.0}, {"gdp": 1.0, "public_wages": 1.0}),
    "profit_rate": ({"profit": 1.0, "worn": -1.0}, {"capital": 1.0 / YEAR, "wages": 1.0}),
}
SEVERAL = 8  # times that a run must be as long as the days of a moving mean


def day_charts(run: "Run", declared: Iterable[Chart] = CHARTS) -> list[dict[str, Any]]:
    """The charts whose variables were recorded."""
    shade = exception_days(run)
    charts: list[dict[str, Any]] = []
    if not run.days:
        return charts
    for chart in declared:
        lines = [line for line in chart.lines if line.variable in run.series and (not line.weight or line.weight in run.series)]
        if chart.some:
            lines = [line for line in lines if np.nansum(_values(run, line))]
        if lines:
            charts.append(_chart(run, chart, lines, shade if chart.name in SHADED else []))
    return charts


def further_charts(run: "Run") -> list[dict[str, Any]]:
    """A chart each for daily variables that no other chart shows, those of users' mechanisms included.

    Where no measure began, those of measures are among them if they vary; so are those of the economy where it was not at work.
    All of provisioning have a section of their own.
    """
    shown = {line.variable for chart in CHARTS for line in chart.lines} | {"exception", *INTERNAL, *BINDING}
    shown |= {line.variable for chart in PROVISIONING for line in chart.lines}
    of_measures, of_economy = (
        {line.variable for chart in charts for line in chart.lines} - shown for charts in ((*MEASURES, *OPPONENTS), (*ECONOMY, *(chart for _, chart in EXTENSIONS)))
    )
    elsewhere = (of_measures if len(run.instances) else set()) | (of_economy if at_work(run) else set())
    charts = []
    for name, data in sorted(run.series.data_vars.items()) if run.days else ():
        idle = name in elsewhere or (name in of_measures | of_economy and not _varies(data.to_numpy()))
        if data.dims == ("day",) and name not in shown and not idle:
            title = str(data.attrs.get("long_name") or name).partition(";")[0]
            chart = Chart(f"further-{name}", title[:1].upper() + title[1:], unit(data.attrs.get("units")),
                          (Line(str(name), str(name)),), base=bool((data.fillna(0) >= 0).all()))  # fmt: skip
            charts.append(_chart(run, chart, chart.lines, []))
    return charts


def at_work(run: "Run") -> bool:
    """Whether the economy computed wages, firms and the State."""
    economy = run.scenario.tables.economy
    return economy.enabled and economy.core and "unemployment" in run.series


def first_month(run: "Run") -> int:
    """Last day of the first month of the economy, from which on there are its figures; it may lie beyond the run."""
    return run.scenario.tables.economy.month_days - 1


def months_of(run: "Run") -> int:
    """Months of the economy that the run has whole."""
    return run.days // (first_month(run) + 1)


def _varies(values: np.ndarray) -> bool:
    known = values[np.isfinite(values)]
    return known.size > 0 and bool(known.max() > known.min())


def exception_days(run: "Run") -> list[list[int]]:
    """First and last day of each state of exception."""
    if "exception" not in run.series:
        return []
    spans: list[list[int]] = []
    for day in (run.series["exception"].to_numpy() > 0).nonzero()[0].tolist():
        if spans and spans[-1][1] == day - 1:
            spans[-1][1] = day
        else:
            spans.append([day, day])
    return spans


def shocks(run: "Run") -> list[dict[str, Any]]:
    """What the scenario puts on a date within the run: shocks, and states of exception by decree."""
    tables, rows = run.scenario.tables, []
    decrees = tables.force.emergency if tables.force.enabled else []
    for event in [*tables.shock, *decrees]:
        day = event.day if event.day is not None else (event.date - run.scenario.start).days
        if 0 <= day < run.days:
            decree = event in decrees
            where = f"for {counted(event.days, 'day')}" if decree else event.place or event.region or "everywhere"
            what = event.what or ("a state of exception" if decree else "a shock")
            rows.append({"day": day, "date": dated(run.scenario.start, day), "what": what, "where": where})
    return sorted(rows, key=lambda row: row["day"])


def observed_chart(run: "Run") -> dict[str, Any] | None:
    """Real counts as dots, the fitted and the held out apart, beside the curve that the run expects."""
    fit = run.observed
    if fit is None:
        return None
    counts: dict[str, list[float | int | None]] = {"fitted": [None] * run.days, "held out": [None] * run.days}
    for position, (day, count) in enumerate(zip(fit.days.tolist(), plain(fit.counts))):
        counts["fitted" if position < fit.fitted else "held out"][day] = count
    dots = [
        {"label": f"observed, {name}", "values": values, "kind": "dots", "hollow": name == "held out"}
        for name, values in counts.items()
        if any(value is not None for value in values)
    ]
    lines = [{"label": "expected from the run", "values": plain(fit.expected), "kind": "line"}]
    if fit.background > 0:
        lines.append({"label": "ordinary level", "values": [fit.background] * run.days, "kind": "line", "faint": True})
    what = fit.what or "what was counted"
    return {"name": "observed", "title": f"Observed and expected: {what}", "unit": "count per day", "base": True, "wide": True,
            "note": "", "level": None, "stack": False, "log": False, "fold": False, "lines": lines + dots, "shade": [],
            "text": _spoken(run, lines[0])}  # fmt: skip


def compared(run: "Run") -> list[dict[str, Any]]:
    """The comparisons with the words of their statistic."""
    rows = []
    for comparison, target in zip(run.comparisons, run.scenario.tables.target):
        rows.append({
            "name": comparison.name,
            "found": "the run does not reach it" if comparison.found is None else _statistic(run, target.statistic, comparison.found),
            "value": _statistic(run, target.statistic, comparison.value),
            "allowed": comparison.allowed, "hit": comparison.hit, "source": comparison.source,
        })  # fmt: skip
    return rows


def _statistic(run: "Run", statistic: str, value: float) -> str:
    if statistic == "peak_night":  # counted from 1
        whole = float(value).is_integer()
        return (
            f"{number(value)} ({long_date(date_of(run.scenario.start, round(value) - 1))})" if whole else number(value)
        )
    words = {"half_life": " days", "places_hit": " places"}
    return number(value, 3) + words.get(statistic, "")


def _chart(run: "Run", chart: Chart, lines: Iterable[Line], shade: list[list[int]]) -> dict[str, Any]:
    values = [_values(run, line) for line in lines]
    long = chart.monthly and months_of(run) >= SEVERAL * YEAR
    if chart.monthly:
        values = [_by_month(run, line, found, long) for line, found in zip(lines, values)]
    note, mean = chart.note, chart.mean if run.days >= SEVERAL * chart.mean else 1
    log = chart.log and _far_apart(values)
    if mean > 1:
        values = [trailing_mean(line, mean) for line in values]
        note += f" Each value is the mean of the {mean} days up to it."
    if long:
        note += f" Each value is of the {YEAR} months up to it."
    if log:
        note += " The axis is logarithmic above 1."
    drawn = [{"label": line.label, "values": plain(found), "kind": chart.kind, "ink": line.ink} for line, found in zip(lines, values)]
    text = "; ".join(_spoken(run, line) for line in drawn)
    base = chart.base and not any((found < 0).any() for found in values)
    if chart.monthly:
        drawn = [{"label": line["label"], "runs": runs_of(line["values"]), "kind": line["kind"], "ink": line["ink"]} for line in drawn]
    return {"name": chart.name, "title": chart.title, "unit": chart.unit, "base": base, "wide": chart.wide, "note": note.strip(),
            "level": chart.level, "stack": chart.stack, "log": log, "fold": chart.fold, "lines": drawn, "shade": shade,
            "text": text}  # fmt: skip


def _by_month(run: "Run", line: Line, values: np.ndarray, long: bool) -> np.ndarray:
    """Without the days before the first month, on which nothing had been counted yet; in long runs over the last `YEAR` months."""
    first = first_month(run)
    early = np.arange(values.size) < first
    if not long:
        return values if line.variable in STOCKS else np.where(early, np.nan, values)
    if line.variable in RATIOS:
        of_month, whole = (
            np.sum([weight * _of_months(run, Line(name, name)) for name, weight in part.items()], axis=0) for part in RATIOS[line.variable]
        )
    else:
        of_month = _of_months(run, line)
        whole = np.isfinite(of_month)
    whole = trailing_mean(whole, YEAR)
    means = np.divide(trailing_mean(of_month, YEAR), whole, out=np.full(whole.size, np.nan), where=whole > 0)
    held = np.repeat(means, first + 1)[: values.size - first]
    last = np.full(values.size - first - held.size, means[-1])
    return np.concatenate([values[:first] if line.variable in STOCKS else np.full(first, np.nan), held, last])


def _of_months(run: "Run", line: Line) -> np.ndarray:
    return _values(run, line)[first_month(run) :: first_month(run) + 1].astype(float)


def runs_of(values: list[float | int | None]) -> list[list[float | int | None]]:
    """Values that stay the same for days on end, as pairs of a value and its number of days; the page writes them out again."""
    return [[value, len(list(days))] for value, days in itertools.groupby(values)]


def _far_apart(lines: list[np.ndarray]) -> bool:
    """Whether the highest of the lines would press the lowest against the axis."""
    highest = [float(np.nanmax(line, initial=0.0)) for line in lines]
    some = [value for value in highest if value > 0]
    return bool(some) and max(some) > FAR_ABOVE * min(some)


def trailing_mean(values: np.ndarray, days: int) -> np.ndarray:
    """Mean of each day and the days before it, `days` in all, fewer at the start; missing values count as 0."""
    sums = np.cumsum(np.concatenate([np.zeros(days), np.nan_to_num(values)]))
    return (sums[days:] - sums[:-days]) / np.minimum(np.arange(1, len(values) + 1), days)


def _values(run: "Run", line: Line) -> Any:
    """Values by day; a day with no number at all stays without one."""
    data = run.series[line.variable].sel(dict(line.at))
    others = [dim for dim in data.dims if dim != "day"]
    if line.weight:
        weight = run.series[line.weight].astype(float)
        total = weight.sum(others)
        return ((data * weight).sum(others) / total.where(total > 0)).to_numpy()
    return (data.astype(float).sum(others, min_count=1) if others else data).to_numpy()


def _spoken(run: "Run", line: dict[str, Any]) -> str:
    """The curve in words, for those who do not see it."""
    known = [(value, day) for day, value in enumerate(line["values"]) if value is not None]
    if not known:
        return f"{line['label']}: no value on any day"
    highest, day = max(known, key=lambda pair: (pair[0], -pair[1]))
    return (
        f"{line['label']}: highest {number(highest)} on {dated(run.scenario.start, day)}, last {number(known[-1][0])}"
    )
