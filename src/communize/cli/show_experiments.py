"""What the commands for many runs print for people."""

from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

MOST_POINTS, MOST_ROWS, MOST_REASONS = 25, 100, 5
SHOWN = {"generalisation_number": "R", "reproduction_ratio": "λ", "commodity_reproduction": "κ", "peak_active": "in struggle", "peak_participants": "in measures"}
WIDE = 105  # columns of the terminal that intervals need
LEAST_COLUMN, ROWS_TURNED = 8, 3  # width of a column below which a table is turned, and how many rows it then shows


def print_results(results: Any, folder: Path, made: int, reasons: dict[str, int]) -> None:
    """The summary of a sweep: a row a point."""
    console = Console(highlight=False)
    paths = results.plan["paths"]
    wide = console.width >= WIDE
    groups = list(results.table.groupby("point", sort=True))
    table = _table()
    for name in shortened(paths):
        table.add_column(escape(name), justify="right", overflow="fold")
    for name in ("runs", "outcome", *SHOWN.values()):
        table.add_column(name, justify="left" if name == "outcome" else "right", no_wrap=name != "outcome")
    for _, part in groups[:MOST_POINTS]:
        done = part[part["status"] == "done"]
        means = [mean_with_interval(done[name], wide) if len(done) else "-" for name in SHOWN]
        table.add_row(*(_value(part[path].iloc[0]) for path in paths), str(len(done)), _outcomes(done), *means)
    n_days = results.plan["days"]
    console.print(f"[bold]{results.plan['name']}[/bold]  {len(groups):,} point{'s' if len(groups) != 1 else ''}, {n_days} day{'s' if n_days != 1 else ''}")
    console.print(table)
    if len(groups) > MOST_POINTS:
        console.print(f"and {len(groups) - MOST_POINTS:,} more points", style="dim")
    means = "means ± half of the 95 % interval" if wide else f"means; with intervals in {WIDE} columns"
    console.print(f"{means}; in struggle, in measures: highest day", style="dim")
    for point, n in list(results.stopped.items())[:MOST_POINTS]:
        console.print(f"{f'point {point}' if len(groups) > 1 else 'stopped'}: narrow enough after {n} runs")
    console.print()
    failed = len(results.failed)
    console.print(f"{len(results.done):,} done ({made:,} now){f', [red]{failed:,} failed[/red]' if failed else ''}")
    for reason, n in list(reasons.items())[:MOST_REASONS]:
        console.print(f"  {n:,} times: {reason}", markup=False)
    console.print(f"folder  {folder}", markup=False, soft_wrap=True)
    console.print(f'query   communize query {folder} "select outcome, count(*) from runs group by all"', markup=False, soft_wrap=True)


def shortened(paths: list[str]) -> list[str]:
    """The last parts of paths, where these tell them apart."""
    last = [path.rpartition(".")[2] for path in paths]
    return [short if last.count(short) == 1 else path for short, path in zip(last, paths)]


def _outcomes(done: Any) -> str:
    counts = done["outcome"].value_counts() if len(done) else {}
    if len(counts) == 1:
        return str(next(iter(counts.keys()))).replace("_", " ")
    return ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in counts.items())


def mean_with_interval(values: Any, interval: bool = True) -> str:
    """The mean of a column, with half of its interval or without; empty where there is no number."""
    from communize.experiment.stopping import half_width

    known = values.to_numpy(float)
    known = known[np.isfinite(known)]
    if not known.size:
        return "-"
    return _short(float(known.mean())) + (f" ± {_short(half_width(known))}" if interval and known.size > 1 else "")


def print_frame(frame: Any) -> None:
    """The answer to a question."""
    console = Console(highlight=False)
    table, turned = _table(), LEAST_COLUMN * frame.shape[1] > console.width
    shown = frame.head(ROWS_TURNED if turned else MOST_ROWS)
    if turned:  # a line a column
        table.show_header = False
        table.add_column(no_wrap=True)
        for name in frame.columns:
            table.add_row(escape(str(name)), *(_value(value) for value in shown[name]))
    else:
        for name in frame.columns:
            table.add_column(escape(str(name)), justify="right" if frame[name].dtype.kind in "iuf" else "left", overflow="fold")
        for row in shown.itertuples(index=False):
            table.add_row(*map(_value, row))
    console.print(table)
    if len(frame) > len(shown):
        console.print(f"{len(shown)} of {len(frame):,} rows; all of them with --json", style="dim")


def print_comparison(found: Any, a: Path, b: Path) -> None:
    """Paired differences."""
    console = Console(highlight=False)
    rows = found.table.to_dict("records")
    labels = list(rows[0])[: list(rows[0]).index("figure")]
    pairs = sorted({row["pairs"] for row in rows})
    console.print(f"a  {a}\nb  {b}", markup=False, soft_wrap=True)
    console.print(f"{pairs[0]} pairs of equal seed" if len(pairs) == 1 else f"{pairs[0]} to {pairs[-1]} pairs of equal seed")
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    for name in shortened(labels):
        table.add_column(escape(name), justify="right", overflow="fold")
    for name in ("figure", *(["pairs"] if len(pairs) > 1 else []), "a", "b", "b - a", "effect", "corr.", "fewer"):
        table.add_column(name, justify="left" if name == "figure" else "right", overflow="fold", no_wrap=name != "figure")
    for row in rows:
        half = (row["high"] - row["low"]) / 2
        cells = [_short(row["mean_a"]), _short(row["mean_b"]), f"{_short(row['difference'])} ± {_short(half)}"]
        cells += [_short(row[name]) for name in ("effect", "correlation", "times_fewer")]
        table.add_row(*(_value(row[name]) for name in labels), escape(row["figure"]), *([str(row["pairs"])] if len(pairs) > 1 else []), *cells)
    console.print(table)
    for note in found.notes:
        console.print(f"note: {note}", markup=False, style="yellow")
    console.print(
        "b - a: mean over pairs ± half of its 95 % interval; effect: b - a in pooled sd;\n"
        "corr.: of the pairs; fewer: times that independent seeds would need more runs", style="dim")  # fmt: skip


def print_side_by_side(rows: list[dict[str, Any]], a: Path, b: Path) -> None:
    """Two runs."""
    console = Console(highlight=False)
    console.print(f"a  {a}\nb  {b}", markup=False, soft_wrap=True)
    table = _table()
    for name in ("", "a", "b", "b - a"):
        table.add_column(name, justify="left" if not name else "right", overflow="fold")
    for row in rows:
        table.add_row(row["figure"], _value(row["a"]), _value(row["b"]), _value(row["difference"]) if row["difference"] is not None else "")
    console.print(table)


def _table() -> Table:
    return Table(box=None, padding=(0, 2, 0, 0), header_style="bold")


def _value(value: Any) -> str:
    if value is None or value != value:
        return "-"
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (int, np.integer)):
        return str(value)
    return _short(float(value)) if isinstance(value, (float, np.floating)) else escape(str(value))


def _short(value: float) -> str:
    if not np.isfinite(value):
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
