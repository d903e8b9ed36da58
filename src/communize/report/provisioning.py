"""Provisioning for the page: its charts, and what fell short and what binds in words."""

from typing import TYPE_CHECKING, Any

import numpy as np

from communize.report import figures
from communize.report.charts import PROVISIONING, sector_charts
from communize.report.measures import is_given
from communize.report.text import counted, listed, number, sector_name

if TYPE_CHECKING:
    from communize.store.run import Run

WHOLE = 0.99  # a sector that delivers less of what is ordered falls short
CONDITIONS = {0: "labour", 1: "inputs", 2: "surplus", 3: "taxes"}  # codes of what binds kappa


def provisioning_data(run: "Run") -> dict[str, Any] | None:
    """All that the section shows; None where provisioning was not at work."""
    if "supply" not in run.series or not run.days:
        return None
    declared = [*PROVISIONING, *sector_charts(str(name) for name in run.series["sector"].to_numpy())]
    if is_given(run):
        declared = [chart for chart in declared if chart.name != "lacking"]
    charts = [
        chart for chart in figures.day_charts(run, declared) if any(value is not None for line in chart["lines"] for value in line["values"])
    ]
    return {
        "words": in_words(run),
        "charts": [chart for chart in charts if not chart["fold"]],
        "folded": [chart for chart in charts if chart["fold"]],
    }


def fell_short(run: "Run") -> list[tuple[str, int]]:
    """Sectors whose supply fell below `WHOLE`, and after how many days, the first to fall short first."""
    if "supply" not in run.series or not run.days:
        return []
    short = run.series["supply"].transpose("day", "sector").to_numpy() < WHOLE
    names = [str(name) for name in run.series["sector"].to_numpy()]
    found = [(sector_name(names[row]), int(short[:, row].argmax())) for row in np.flatnonzero(short.any(axis=0))]
    return sorted(found, key=lambda pair: pair[1])


def after(days: int) -> str:
    """``after 3 days``, or from the start."""
    return f"after {counted(days, 'day')}" if days else "on the first day"


def in_words(run: "Run") -> list[str]:
    """What fell short first, and what binds lambda and kappa on the last day."""
    short = fell_short(run)
    if short:
        day = short[0][1]
        first = [name for name, since in short if since == day]
        later = f" {counted(len(short) - len(first), 'other sector')} followed." if len(short) > len(first) else ""
        sentences = [f"Supply of {listed(first)} fell short first, {after(day)}: less than {number(100 * WHOLE)}% of what was ordered was delivered.{later}"]
    else:
        sentences = [f"Supply of no sector fell below {number(100 * WHOLE)}% of what was ordered."]
    return sentences + [sentence for sentence in (_binds_lambda(run), _binds_kappa(run)) if sentence]


def _binds_lambda(run: "Run") -> str:
    if "reproduction_binding" not in run.series:
        return ""
    value, row = (run.series[name].to_numpy()[-1] for name in ("reproduction_ratio", "reproduction_binding"))
    if not np.isfinite(value):
        return ""
    names = run.series["sector"].to_numpy()
    what = f"{sector_name(str(names[int(row)]))} binds it most" if 0 <= row < len(names) else "no sector binds it"
    if 0 <= row < len(names) and "reproduction_binding_place" in run.series:
        place = int(run.series["reproduction_binding_place"].to_numpy()[-1])
        what += f", in {run.places['name'].iloc[place]}" if 0 <= place < len(run.places) else ""
    return f"On the last day λ was {number(float(value), 3)}; {what}."


def _binds_kappa(run: "Run") -> str:
    if "commodity_binding" not in run.series:
        return ""
    value, code = (run.series[name].to_numpy()[-1] for name in ("commodity_reproduction", "commodity_binding"))
    if not np.isfinite(value):
        return ""
    what = f"bound by {CONDITIONS[int(code)]}" if int(code) in CONDITIONS else "bound by nothing"
    return f"On the last day κ was {number(float(value), 3)}, {what}."
