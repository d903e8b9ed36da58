"""The descent of practices as a drawing: one row a practice, children under their parents, time along the row."""

from typing import TYPE_CHECKING, Any

import numpy as np

from communize.report.places import pack
from communize.report.text import CHANNELS, counted, date_of, dated, listed, long_date, needs_of, number, percent

if TYPE_CHECKING:
    from communize.store.run import Run

MAX_ROWS, FEW_ROWS = 150, 50


def tree_data(run: "Run", limit: int = MAX_ROWS) -> dict[str, Any]:
    """Rows of the drawing from top to bottom, measures in force by row and day, and what is left out.

    A run has at least one practice that came into force.
    """
    practices, instances = run.practices, run.instances
    parent, day, count = (practices[name].to_numpy() for name in ("parent", "day", "instances"))
    above = nearest_in_force(parent, count)
    chosen = most_frequent(above, count, limit)
    few = most_frequent(above, count, min(limit, FEW_ROWS))
    nearest, skipped = nearest_drawn(chosen, above)
    rows = in_order(chosen, nearest, day)
    row_of = {int(practice): row for row, practice in enumerate(rows)}
    force = in_force_by_day(run, rows)
    channels = practices["channel"].astype(str).tolist()
    place_names = run.places["name"].astype(str).to_numpy()
    spread = instances.groupby("practice")["place_row"].nunique()
    drawn = []
    for row, practice in enumerate(rows):
        place = int(practices["place_row"].iloc[practice])
        days = np.flatnonzero(force[:, row])
        drawn.append({
            "practice": int(practice), "parent": row_of.get(nearest[practice], -1), "skipped": skipped[practice],
            "needs": needs_of(str(practices["needs"].iloc[practice])), "channel": channels[practice],
            "by": CHANNELS.get(channels[practice], channels[practice]),
            "day": int(day[practice]), "last": max(int(day[practice]), int(days[-1])) if days.size else int(day[practice]),
            "place": place_names[place] if place >= 0 else "", "instances": int(count[practice]),
            "places": int(spread.get(practice, 0)), "most": int(force[:, row].max(initial=0)),
            "now": int(force[-1, row]), "few": practice in few,
        })  # fmt: skip
    ever = int((count > 0).sum())
    return {
        "rows": drawn,
        "force": pack(force, 1.0),
        "most": max(row["most"] for row in drawn),
        "channels": {name: word for name, word in CHANNELS.items() if any(row["channel"] == name for row in drawn)},
        "left_out": _left_out(chosen, count, ever),
        "left_out_few": _left_out(few, count, ever),
        "n": len(rows),
        "n_few": len(few),
        "text": _spoken(run, drawn, ever),
    }


def nearest_in_force(parent: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The nearest ancestor of each practice that ever had an instance, -1 for none; a parent stands before its children."""
    above = np.full(parent.size, -1, np.int64)
    for row in range(parent.size):
        if parent[row] >= 0:
            above[row] = parent[row] if count[parent[row]] else above[parent[row]]
    return above


def most_frequent(above: np.ndarray, count: np.ndarray, limit: int) -> list[int]:
    """Practices with most instances, each with its ancestors, until the next one would make them more than `limit`.

    Of the first one, where it alone has more, the latest ancestors and the origin.
    """
    chosen: set[int] = set()
    for practice in np.lexsort((np.arange(count.size), -count)):
        line, at = [], int(practice)
        if not count[at]:
            break
        while at >= 0 and at not in chosen:
            line.append(at)
            at = int(above[at])
        if not chosen:
            line = line[: max(1, limit - 1)] + line[-1:] if len(line) > limit > 1 else line[:limit]
        if len(chosen) + len(line) > limit:
            break
        chosen.update(line)
    return sorted(chosen)


def nearest_drawn(chosen: list[int], above: np.ndarray) -> tuple[dict[int, int], dict[int, int]]:
    """The nearest ancestor that is drawn of each practice that is, -1 for none, and the number of those left out between."""
    drawn, nearest, skipped = set(chosen), {}, {}
    for practice in chosen:
        at, n = int(above[practice]), 0
        while at >= 0 and at not in drawn:
            at, n = int(above[at]), n + 1
        nearest[practice], skipped[practice] = at, n
    return nearest, skipped


def in_order(chosen: list[int], nearest: dict[int, int], day: np.ndarray) -> list[int]:
    """Order from top to bottom in which no line of descent crosses another's rows.

    Origins stand in the order of their days. Under each practice stand its children, the latest first: the line down to a
    child then passes only rows that begin no earlier than it does.
    """
    children: dict[int, list[int]] = {}
    for practice in chosen:
        children.setdefault(nearest[practice], []).append(practice)
    order: list[int] = []
    waiting = sorted(children.get(-1, []), key=lambda practice: (-day[practice], -practice))
    while waiting:
        practice = waiting.pop()
        order.append(practice)
        waiting += sorted(children.get(practice, []), key=lambda child: (day[child], child))
    return order


def in_force_by_day(run: "Run", rows: list[int]) -> np.ndarray:
    """Measures in force at the end of each day of the run by practice, (days, rows)."""
    instances = run.instances
    row_of = np.full(max(1, len(run.practices)), -1)
    row_of[rows] = np.arange(len(rows))
    row = row_of[instances["practice"].to_numpy()]
    began, ended = instances["began"].to_numpy(), instances["ended"].to_numpy()
    changes = np.zeros((run.days + 1, len(rows)), np.int64)
    known = row >= 0
    np.add.at(changes, (began[known], row[known]), 1)
    np.add.at(changes, (np.where(ended >= 0, ended, run.days)[known], row[known]), -1)
    return np.cumsum(changes[:-1], axis=0)


def _left_out(chosen: list[int], count: np.ndarray, ever: int) -> str:
    if len(chosen) == ever:
        return f"All {counted(ever, 'practice')} that came into force are drawn." if ever > 1 else ""
    missing, whole = int(count.sum() - count[chosen].sum()), int(count.sum())
    return (
        f"Drawn are the {number(len(chosen))} practices with most measures and their ancestors. Left out are {number(ever - len(chosen))} "
        f"others that came into force, with {counted(missing, 'measure')}, {percent(missing / whole)} of all."
    )


def _spoken(run: "Run", drawn: list[dict[str, Any]], ever: int) -> str:
    start = run.scenario.start
    origins = [row for row in drawn if row["parent"] < 0]
    largest = sorted(drawn, key=lambda row: -row["instances"])[:3]
    named = listed(f"{row['needs']} ({counted(row['instances'], 'measure')}, from {dated(start, row['day'])})" for row in largest)
    return (
        f"{counted(ever, 'practice')} came into force; the drawing has {number(len(drawn))} of them, of {counted(len(origins), 'origin')}, "
        f"the first on {long_date(date_of(start, min(row['day'] for row in drawn)))}. Most measures had {named}. "
        "The table below says the same of the most frequent practices"
    )
