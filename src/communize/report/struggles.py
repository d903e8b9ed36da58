"""Sizes, durations, loci and endings of struggles, as data for the page."""

from typing import TYPE_CHECKING, Any

import numpy as np

from communize.report.text import ENDS, date_of, number, plain

if TYPE_CHECKING:
    from communize.store.run import Run

MAX_POINTS = 400


def struggle_data(run: "Run") -> dict[str, Any] | None:
    """Distributions and tables; None where no struggle began."""
    frame = run.struggles
    if not len(frame):
        return None
    return {
        "n": len(frame),
        "not_over": int((frame["ended"] < 0).sum()),
        "distributions": [
            distribution("sizes", "Sizes", "people at the peak", frame["peak_people"].to_numpy(float)),
            distribution("durations", "Durations", "days", frame["duration_days"].to_numpy(float)),
        ],
        "endings": shares([(ENDS.get(str(end), str(end)), int(n)) for end, n in run.outcome.endings.items()]),
        "loci": shares([(str(locus), int(n)) for locus, n in frame["locus"].value_counts().items()]),
        "largest": largest(run),
    }


def distribution(name: str, title: str, unit: str, values: np.ndarray, what: str = "struggles") -> dict[str, Any]:
    """Share of `what` at or above each size, thinned evenly in the logarithm; zeros count but have no place on the axis."""
    x, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    share = np.cumsum(counts[::-1])[::-1] / max(1, counts.sum())
    x, share = x[x > 0], share[x > 0]
    if x.size > MAX_POINTS:
        wanted = np.geomspace(x[0], x[-1], MAX_POINTS)
        rows = np.unique(np.searchsorted(x, wanted).clip(0, x.size - 1))
        x, share = x[rows], share[rows]
    text = f"half of the {what} have at least {number(float(np.median(values)))} {unit}, the largest {number(float(values.max()))}"
    return {"name": name, "title": title, "unit": unit, "x": plain(x), "share": plain(share), "text": text, "note": ""}


def shares(counts: list[tuple[str, int]]) -> list[dict[str, Any]]:
    """Rows with their count and share of the whole, largest first; rows of 0 are left out."""
    whole = sum(n for _, n in counts)
    rows = sorted((row for row in counts if row[1]), key=lambda row: -row[1])
    return [{"label": label, "n": n, "percent": round(100.0 * n / whole, 1)} for label, n in rows]


def largest(run: "Run", n: int = 10) -> list[dict[str, Any]]:
    """The `n` struggles with the largest peak."""
    start, rows = run.scenario.start, []
    for row in run.struggles.nlargest(n, "peak_people").to_dict("records"):
        rows.append(row | {
            "began": date_of(start, row["began"]).isoformat(),
            "ended": date_of(start, row["ended"]).isoformat() if row["ended"] >= 0 else "",
            "end": ENDS.get(row["end"], row["end"]),
        })  # fmt: skip
    return rows
