"""What opposes measures, for the page: its charts."""

from typing import TYPE_CHECKING, Any

from communize.report import figures
from communize.report.charts import OPPONENTS

if TYPE_CHECKING:
    from communize.store.run import Run


def opponents_data(run: "Run") -> dict[str, Any] | None:
    """All that the section shows; None where no measure began or nothing that opposes them was at work."""
    if not len(run.instances):
        return None
    charts = [chart for chart in figures.day_charts(run, OPPONENTS) if any(value is not None for line in chart["lines"] for value in line["values"])]
    if not charts:
        return None
    return {"charts": [chart for chart in charts if not chart["fold"]], "folded": [chart for chart in charts if chart["fold"]]}
