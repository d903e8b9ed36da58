"""Two ensembles beside each other: differences by seed, so that what both have by chance in common falls out."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from communize.declare.errors import InputError, nearest_name
from communize.experiment.figures import NUMBERS, row_of
from communize.experiment.results import Results, varied_of
from communize.experiment.stopping import CONFIDENCE, half_width
from communize.store.run import Run

MAIN = ("generalisation_number", "reproduction_ratio", "commodity_reproduction", "peak_active", "peak_participants", "instances", "unmet")


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Paired differences, b - a.

    Attributes
    ----------
    table
        Data frame, one row a figure (and point): `pairs`, `mean_a`, `mean_b`, `difference`, `low` and `high` of its interval by
        Student's distribution, `effect` (difference over the standard deviation of both groups, pooled), `correlation` of the
        pairs, `times_fewer`: how many times fewer runs pairing needs for the same interval than independent seeds do,
        (variance a + variance b) / variance of the differences.
    notes
        What a reader should know: runs without a partner, different societies.
    """

    table: Any
    notes: tuple[str, ...]


def compare(a: Results, b: Results, figure: str | Sequence[str] | None = None, *, confidence: float = CONFIDENCE) -> Comparison:
    """Compare two results by pairs of equal seed, at one point each or at the same several points.

    Parameters
    ----------
    a, b
        Results, such as of `read_ensemble`, or of two points of one: ``results.at(point=0)``.
    figure
        Columns of the table; the main ones that both have if omitted.
    confidence
        Of the interval.

    Raises
    ------
    InputError
        Unknown figure, different points, or fewer than two seeds in common: runs are never paired across seeds.
    """
    if not 0 < confidence < 1:
        raise InputError("confidence", confidence, "above 0 and below 1")
    figures = _figures(a, b, figure)
    rows = []
    notes: list[str] = []
    for label, left, right in _partners(a, b):
        first, second = (frame.set_index("seed") for frame in (left, right))
        common = first.index.intersection(second.index)
        where = f"{', '.join(f'{path} = {value}' for path, value in label.items())}: " if label else ""
        if len(common) < 2:
            raise InputError("seeds", f"{len(common)} in common", f"at least 2 seeds that both were done with ({where}a has {len(first)}, b has {len(second)})")
        alone = (len(first) - len(common), len(second) - len(common))
        if any(alone):
            notes.append(f"{where}{len(common)} pairs; without a partner and left out: {alone[0]} runs of a, {alone[1]} of b")
        for name in figures:
            one, other = first.loc[common, name].to_numpy(float), second.loc[common, name].to_numpy(float)
            rows.append({**label, "figure": name, **paired(one, other, confidence)})
    for name, words in (("people", "people"), ("agents", "agents")):
        sizes = [sorted(set(results.done[name].dropna())) for results in (a, b) if name in results.done]
        if len(sizes) == 2 and sizes[0] != sizes[1]:
            notes.append(f"a and b differ in {words} ({_list(sizes[0])}; {_list(sizes[1])}): equal seeds do not mean equal draws, pairing may gain nothing")
            break
    if a.plan["days"] != b.plan["days"]:
        notes.append(f"a and b differ in days ({a.plan['days']}; {b.plan['days']})")
    if a.plan["version"] != b.plan["version"]:
        notes.append(f"a and b are of different versions ({a.plan['version']}; {b.plan['version']})")
    import pandas as pd

    return Comparison(pd.DataFrame(rows), tuple(notes))


def paired(a: np.ndarray, b: np.ndarray, confidence: float = CONFIDENCE) -> dict[str, float]:
    """The figures of paired differences b - a, float64 (pairs,); pairs with a missing value are left out."""
    known = np.isfinite(a) & np.isfinite(b)
    a, b = a[known], b[known]
    n = int(known.sum())
    nan = math.nan
    if n < 2:
        return {"pairs": n} | dict.fromkeys(("mean_a", "mean_b", "difference", "low", "high", "effect", "correlation", "times_fewer"), nan)
    difference = b - a
    mean, half = float(difference.mean()), half_width(difference, confidence)
    variances = float(a.var(ddof=1)), float(b.var(ddof=1))
    pooled, of_pairs = math.sqrt(sum(variances) / 2), float(difference.var(ddof=1))
    both_vary = min(variances) > 0
    return {
        "pairs": n, "mean_a": float(a.mean()), "mean_b": float(b.mean()), "difference": mean, "low": mean - half, "high": mean + half,
        "effect": mean / pooled if pooled > 0 else nan, "correlation": float(np.corrcoef(a, b)[0, 1]) if both_vary else nan,
        "times_fewer": sum(variances) / of_pairs if of_pairs > 0 else nan,
    }  # fmt: skip


def _figures(a: Results, b: Results, figure: str | Sequence[str] | None) -> list[str]:
    numeric = [name for name in a.table if name in b.table and name in (*NUMBERS, *a.plan["figures"], "seconds", "outcome_day")]
    if figure is None:
        chosen = [name for name in (*MAIN, *a.plan["figures"]) if name in numeric]
        return [name for name in chosen if a.done[name].notna().any() and b.done[name].notna().any()]
    wanted = [figure] if isinstance(figure, str) else list(figure)
    for name in wanted:
        if name not in numeric:
            raise InputError("figure", name, f"a figure that both have: {', '.join(numeric)}", nearest_name(name, numeric))
    return wanted


def _partners(a: Results, b: Results) -> list[tuple[dict[str, Any], Any, Any]]:
    """Frames of a and b that belong together, with the values that name the point."""
    points = [sorted({int(point) for point in results.table["point"]}) for results in (a, b)]
    if len(points[0]) == len(points[1]) == 1:
        return [({}, a.done, b.done)]
    labels = [{tuple(varied_of(results.plan, point).items()): point for point in of} for results, of in zip((a, b), points)]
    if set(labels[0]) != set(labels[1]):
        allowed = "two results of one point each (results.at(point=0)), or of the same points"
        raise InputError("points", f"{len(points[0])} of a, {len(points[1])} of b", allowed)
    return [
        (dict(label), a.done[a.done["point"] == point], b.done[b.done["point"] == labels[1][label]]) for label, point in labels[0].items()
    ]  # fmt: skip


def _list(values: list[float]) -> str:
    return ", ".join(f"{value:,.0f}" for value in values[:3]) + (", ..." if len(values) > 3 else "")


def side_by_side(a: Run, b: Run) -> list[dict[str, Any]]:
    """The figures of two runs, one entry a figure: `figure`, `a`, `b`, `difference` (None for what is no number)."""
    rows = []
    first, second = ({"scenario": run.scenario.name, "seed": run.seed, "days": run.days, **row_of(run), "state_hash": run.state_hash} for run in (a, b))
    for name in first:
        numbers = [isinstance(row[name], (int, float)) and name != "seed" for row in (first, second)]
        rows.append({"figure": name, "a": first[name], "b": second[name], "difference": second[name] - first[name] if all(numbers) else None})
    return [row for row in rows if row["a"] is not None or row["b"] is not None]
