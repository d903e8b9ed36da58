"""The economy for the page: its charts, firms by size, incomes by tenth, and its main numbers in words."""

from typing import TYPE_CHECKING, Any

import numpy as np

from communize.report import figures
from communize.report.charts import ECONOMY, EXTENSIONS, Chart
from communize.report.text import counted, date_of, dated, listed, long_date, number, percent, plain

if TYPE_CHECKING:
    from communize.store.run import Run

FEWEST = 0.7  # lower end of the axis of firms, below a single one


def economy_data(run: "Run") -> dict[str, Any] | None:
    """All that the section shows; None where the economy was not at work."""
    if not figures.at_work(run) or not run.days:
        return None
    first = figures.first_month(run)
    charts = [
        chart
        for chart in figures.day_charts(run, (*ECONOMY, *extensions(run)))
        if any(value is not None for line in chart["lines"] for value, _ in line["runs"])
    ]
    return {
        "words": in_words(run),
        "month_days": first + 1,
        "first": dated(run.scenario.start, first) if first < run.days else None,
        "charts": [chart for chart in charts if not chart["fold"]],
        "folded": [chart for chart in charts if chart["fold"]],
        "bars": [spec for spec in (firm_sizes(run), incomes(run), *credit_by_tenth(run)) if spec],
    }


def extensions(run: "Run") -> list[Chart]:
    """Charts of those parts of the economy that were switched on."""
    tables = run.scenario.tables.economy

    def on(part: str) -> bool:
        table = getattr(tables, part)
        return bool(getattr(table, "enabled", table))

    return [chart for parts, chart in EXTENSIONS if any(on(part) for part in parts)]


def in_words(run: "Run") -> list[str]:
    """The main numbers in plain sentences; what is not a number is left out."""
    if not figures.at_work(run) or not run.days:
        return []
    series, every = run.series, figures.first_month(run) + 1
    months = figures.months_of(run)
    jobless = series["unemployment"].to_numpy()
    if not months:
        share = f": {percent(jobless[-1])} of the labour force were unemployed" if np.isfinite(jobless[-1]) else ""
        return [f"The run ended before the first month of the economy was over{share}."]
    last = {
        name: float(series[name].to_numpy()[-1])
        for name in ("wage_share", "profit_rate", "gdp", "taxes", "short_payments", "gini_income")
    }
    sentences = []
    if np.isfinite(jobless[[0, -1]]).all():
        sentences.append(
            f"On the last day {percent(jobless[-1])} of the labour force were unemployed, against {percent(jobless[0])} on the first."
        )
    parts = []
    if np.isfinite(last["wage_share"]):
        parts.append(f"wages, those of the State included, came to {percent(last['wage_share'])} of revenue")
    if last["gdp"] > 0 and last["taxes"] > 0:
        parts.append(f"taxes to {percent(last['taxes'] / last['gdp'])} of what firms sold")
    if parts:
        ended = dated(run.scenario.start, months * every - 1)
        rate = (
            f"; the profit rate, surplus against capital and a year's wages, was {number(last['profit_rate'], 3)}"
            if np.isfinite(last["profit_rate"])
            else ""
        )
        sentences.append(f"In the last month, which ended on {ended}, {listed(parts)}{rate}.")
    sums = {name: _sum_of_months(run, name) for name in ("founded", "demises", "hired", "dismissed", "due", "paid")}
    if all(np.isfinite(list(sums.values()))):
        short = (
            f"; of the wage payments of the last month {percent(last['short_payments'])} fell short"
            if np.isfinite(last["short_payments"])
            else ""
        )
        sentences.append(
            f"In {counted(months, 'month')} {counted(sums['founded'], 'firm was', 'firms were')} founded and {number(sums['demises'])} ended, "
            f"{counted(sums['hired'], 'person was', 'people were')} hired and {number(sums['dismissed'])} dismissed{short}."
        )
        if sums["due"] > 0:
            whole = "all" if sums["paid"] >= sums["due"] else percent(min(0.9999, sums["paid"] / sums["due"]))
            sentences.append(f"The State paid {whole} of the wages and benefits that it owed.")
    spread = _spread(run, last["gini_income"])
    if spread:
        sentences.append(spread)
    return sentences


def _spread(run: "Run", gini: float) -> str:
    """How unequal the incomes of the last month were."""
    tenths = run.series["income"].to_numpy()[-1]
    if not np.isfinite(tenths).all() or tenths.sum() <= 0 or not np.isfinite(gini):
        return ""
    return (
        f"The tenth of people with the highest incomes had {percent(tenths[-1] / tenths.sum())} of all incomes in the last month; "
        f"the Gini coefficient was {number(gini, 3)}.")  # fmt: skip


def _sum_of_months(run: "Run", name: str) -> float:
    """Sum over the months of something that is reported on every day of the month after."""
    every = figures.first_month(run) + 1
    return float(run.series[name].to_numpy()[every - 1 :: every].sum())


def firm_sizes(run: "Run") -> dict[str, Any] | None:
    """Firms by size class on the first and on the last day."""
    firms = run.series["firms"].to_numpy().astype(float)
    labels = [str(label) for label in run.series["size_class"].to_numpy()]
    if not np.nansum(firms[[0, -1]]):
        return None
    return _bars(
        run, "firm-sizes", "Firms by number of employees", "firms", labels, [(0, firms[0]), (run.days - 1, firms[-1])], "employees", log=True,
        note=f"Employees in {'people' if run.info['scale'] == 1 else 'agents'}, the owner not counted. The axis of firms is logarithmic.")  # fmt: skip


def incomes(run: "Run") -> dict[str, Any] | None:
    """Mean income of each tenth of people in the first and in the last month."""
    first = figures.first_month(run)
    tenths = run.series["income"].to_numpy().astype(float)
    if first >= run.days or not np.isfinite(tenths[[first, -1]]).any():
        return None
    labels = [f"{n}" for n in range(1, tenths.shape[1] + 1)]
    return _bars(
        run, "incomes", "Mean income by tenth of people", "coins a month", labels, [(first, tenths[first]), (run.days - 1, tenths[-1])], "tenth",
        note="From the lowest tenth to the highest. Wages, benefits and profits; below 0 are owners whose wage bill was above their revenue.")  # fmt: skip


def credit_by_tenth(run: "Run") -> list[dict[str, Any] | None]:
    """What each tenth of people borrowed, and who defaulted, in the first and in the last month; nothing without credit."""
    first = figures.first_month(run)
    if first >= run.days or not run.scenario.tables.economy.credit.enabled:
        return []
    found = []
    for name, title, unit in (
        ("borrowed_by_decile", "Borrowed by tenth of people", "coins a month"),
        ("defaults_by_decile", "Defaults by tenth of people", "people a month"),
    ):
        values = run.series[name].to_numpy().astype(float)
        days = [(first, values[first]), (run.days - 1, values[-1])]
        labels = [f"{n}" for n in range(1, values.shape[1] + 1)]
        some = np.nansum([of_day for _, of_day in days]) > 0
        found.append(_bars(run, name, title, unit, labels, days, "tenth", note="From the lowest tenth by income to the highest.") if some else None)
    return found


def _bars(
    run: "Run",
    name: str,
    title: str,
    unit: str,
    labels: list[str],
    days: list[tuple[int, np.ndarray]],
    what: str,
    *,
    log: bool = False,
    note: str = "",
) -> dict[str, Any]:
    """Bars side by side for two days of the run; one set where the two are the same day."""
    days = days[:1] if days[0][0] == days[-1][0] else days
    lines = [{"label": long_date(date_of(run.scenario.start, day)), "values": plain(values)} for day, values in days]
    spoken = "; ".join(
        f"{line['label']}: {', '.join(f'{label} {what}, {number(value)}' for label, value in zip(labels, line['values']))}"
        for line in lines
    )
    return {
        "name": name,
        "title": title,
        "unit": unit,
        "what": what,
        "labels": labels,
        "lines": lines,
        "lowest": FEWEST if log else None,
        "note": note,
        "text": spoken,
    }
