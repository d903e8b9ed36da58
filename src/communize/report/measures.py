"""Measures for the page: their charts, lifetimes and sizes, endings and channels, and the most frequent practices."""

from typing import TYPE_CHECKING, Any

import numpy as np

from communize.report import figures, lifetimes
from communize.report.charts import GIVEN, MEASURES
from communize.report.lineage import tree_data
from communize.report.struggles import MAX_POINTS, distribution, shares
from communize.report.text import CAUSES, CHANNELS, counted, date_of, needs_of, plain

if TYPE_CHECKING:
    from communize.store.run import Run

ENOUGH = 30  # measures of one channel from which a survival curve of its own is drawn
MOST_FREQUENT = 12


def measure_data(run: "Run") -> dict[str, Any] | None:
    """All that the section shows; None where measures are switched off, little where none began."""
    if not measures_on(run):
        return None
    frame = run.instances
    if not len(frame):
        return {"n": 0, "charts": [], "folded": [], "distributions": [], "tree": None}
    charts = [chart for chart in figures.day_charts(run, MEASURES) if chart["name"] != GIVEN or is_given(run)]
    return {
        "n": len(frame),
        "in_force": int((frame["ended"] < 0).sum()),
        "charts": [chart for chart in charts if not chart["fold"]],
        "folded": [chart for chart in charts if chart["fold"]],
        "tree": tree_data(run),
        "frequent": most_frequent(run),
        "relations": relations(run),
        "distributions": [
            lifetime_curves(run),
            distribution("measure-sizes", "Sizes", "people at the peak", frame["peak_people"].to_numpy(float), "measures"),
        ],
        "endings": shares([(name, int((frame["cause"] == cause).sum())) for cause, name in CAUSES.items()]),
        "channels": shares_by_channel(run),
    }  # fmt: skip


def measures_on(run: "Run") -> bool:
    """Whether measures could begin."""
    return "instances" in run.series or len(run.instances) > 0


def is_given(run: "Run") -> bool:
    """Whether the scenario held shortage and coverage at levels."""
    provisioning = run.scenario.tables.provisioning
    return provisioning.enabled and provisioning.fixed.enabled


def lifetime_curves(run: "Run") -> dict[str, Any]:
    """Share of measures that last at least so long: of all, and of each channel with enough of them."""
    frame = run.instances
    days, over = frame["duration_days"].to_numpy(), (frame["ended"] >= 0).to_numpy()
    whole = lifetimes.survival(days, over)
    longest = whole.size - 2
    x = np.arange(1, max(1, longest) + 1)
    if x.size > MAX_POINTS:
        x = np.unique(np.rint(np.geomspace(1, longest, MAX_POINTS)).astype(int))
    curves = [("all measures", "", whole)]
    channels = frame["channel"].value_counts()
    for channel in channels.index[(channels >= ENOUGH).to_numpy()] if len(channels) > 1 else []:
        of = (frame["channel"] == channel).to_numpy()
        curves.append((CHANNELS.get(str(channel), str(channel)), f"channel-{channel}", lifetimes.survival(days[of], over[of])))
    lines = [{"label": label, "ink": ink, "share": _at(curve, x)} for label, ink, curve in curves]
    half = lifetimes.quantile(whole, 0.5)
    text = f"half of the measures last no longer than {counted(half, 'day')}" if half is not None else "more than half of the measures outlast what was seen"
    return {"name": "lifetimes", "title": "Lifetimes", "unit": "days", "x": x.tolist(), "lines": lines, "text": f"{text}, the longest had {counted(longest, 'day')}",
            "note": "Share of measures that last at least so long, by Kaplan and Meier's estimate: those still in force on the last day count only as "
                    "long as they were seen. Both axes are logarithmic."}  # fmt: skip


def _at(curve: np.ndarray, x: np.ndarray) -> list[float | int | None]:
    """The curve at whole days, none beyond its longest duration or where it has fallen to 0."""
    known = x <= curve.size - 2
    found = np.where(known, curve[np.minimum(x, curve.size - 1)], np.nan)
    return plain(np.where(found > 0, found, np.nan))


def shares_by_channel(run: "Run") -> list[dict[str, Any]]:
    """How many measures began through each channel."""
    counts = run.instances["channel"].value_counts()
    rows = shares([(str(channel), int(n)) for channel, n in counts.items()])
    return [row | {"label": CHANNELS.get(row["label"], row["label"]), "ink": f"channel-{row['label']}"} for row in rows]


def relations(run: "Run") -> list[str]:
    """The relations that contents are about, as columns of the table of practices."""
    return [name.removeprefix("content_") for name in run.practices.columns if name.startswith("content_")]


def most_frequent(run: "Run", n: int = MOST_FREQUENT) -> list[dict[str, Any]]:
    """The practices with most measures."""
    start, instances = run.scenario.start, run.instances
    by_practice = instances.groupby("practice")
    places, now = by_practice["place_row"].nunique(), instances[instances["ended"] < 0]["practice"].value_counts()
    rows = []
    for row in run.practices[run.practices["instances"] > 0].nlargest(n, "instances").to_dict("records"):
        contents = [float(row[f"content_{name}"]) for name in relations(run)]
        rows.append({
            "needs": needs_of(row["needs"]), "channel": row["channel"], "by": CHANNELS.get(row["channel"], row["channel"]), "began": date_of(start, row["day"]).isoformat(),
            "instances": row["instances"],
            "places": int(places[row["practice"]]), "now": int(now.get(row["practice"], 0)),
            "contents": [{"text": signed(value), "percent": round(100 * min(1.0, abs(value))), "sign": "suspends" if value > 0 else "reproduces"}
                         for value in contents],
        })  # fmt: skip
    return rows


def signed(value: float) -> str:
    """A content with its sign and two decimals."""
    rounded = round(value, 2)
    return f"{'+' if rounded > 0 else '−' if rounded < 0 else ''}{abs(rounded):.2f}"


