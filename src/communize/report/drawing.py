"""Small figures as inline SVG in the colours of the page: intervals, histograms, scatters, bands."""

import math
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from communize.report.text import number

STYLE = """
.fig { display: block; width: 100%; height: auto; max-width: 100%; margin: .4rem 0 1.2rem; font: 12px var(--sans); overflow: visible; }
.fig text { fill: var(--muted); } .fig .name { fill: var(--ink); } .fig .end { text-anchor: end; } .fig .mid { text-anchor: middle; }
.fig .grid { stroke: var(--grid); } .fig .axis { stroke: var(--rule); } .fig .floor { fill: var(--shade); }
.fig .a { fill: var(--ink-1); stroke: var(--ink-1); } .fig .b { fill: var(--ink-2); stroke: var(--ink-2); }
.fig .hollow { fill: var(--paper); stroke-width: 1.6; } .fig .whisker { stroke-width: 1.6; fill: none; }
.fig .bin { fill: var(--ink-2); opacity: .75; } .fig .before { stroke: var(--ink-1); stroke-width: 1.5; stroke-dasharray: 5 3; fill: none; }
.fig .cloud { fill: var(--ink-2); opacity: .45; } .fig .band { fill: var(--ink-2); opacity: .22; } .fig .curve { stroke: var(--ink-2); stroke-width: 2; fill: none; }
.small { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 230px), 1fr)); gap: .4rem 1.2rem; } .small h3 { font-size: .84rem; overflow-wrap: anywhere; }
.small .fig { margin-top: .1rem; }
"""


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values between two numbers, at most about `most`."""
    span = high - low
    if not span > 0:
        return [low]
    raw = span / most
    unit = 10.0 ** math.floor(math.log10(raw))
    step = unit * next(m for m in (1, 2, 5, 10) if m * unit >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 12) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def intervals(rows: Sequence[dict[str, Any]], unit: str, floor: float | None = None, spoken: str = "") -> str:
    """One line a row: a name, and up to two marks with their intervals.

    Parameters
    ----------
    rows
        Each ``{"name": ..., "marks": [(value, half width, "a" or "b", hollow), ...]}``.
    floor
        Everything below it is shaded.
    """
    left, width, row_height = 250, 720, 24
    ends = [x for row in rows for value, half, *_ in row["marks"] for x in (value - half, value + half)] + [0.0, floor or 0.0]
    low, high = min(ends), max(ends)
    high = high if high > low else low + 1.0
    bottom = row_height * len(rows) + 8

    def x(value: float) -> float:
        return left + (value - low) / (high - low) * (width - left - 12)

    parts = []
    if floor is not None and floor > 0:
        parts.append(f'<rect class="floor" x="{x(0):.1f}" y="0" width="{x(floor) - x(0):.1f}" height="{bottom}"/>')
    for tick in ticks(low, high):
        parts.append(f'<line class="grid" x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="0" y2="{bottom}"/><text class="mid" x="{x(tick):.1f}" y="{bottom + 15}">{number(tick)}</text>')
    for k, row in enumerate(rows):
        middle = row_height * k + 16
        name = str(row["name"])
        parts.append(f'<text class="name end" x="{left - 12}" y="{middle + 4}">{escape(name if len(name) < 40 else "…" + name[-38:])}</text>')
        for m, (value, half, ink, hollow) in enumerate(row["marks"]):
            y = middle + (m - (len(row["marks"]) - 1) / 2) * 8
            if math.isfinite(value):
                parts.append(f'<path class="{ink} whisker" d="M{x(value - half):.1f} {y}H{x(value + half):.1f}"/><circle class="{ink}{" hollow" if hollow else ""}" cx="{x(value):.1f}" cy="{y}" r="3.8"/>')
    parts.append(f'<text class="end" x="{width - 12}" y="{bottom + 31}">{escape(unit)}</text>')
    return _svg(width, bottom + 36, parts, spoken)


def histogram(values: np.ndarray, weights: np.ndarray, low: float, high: float, log: bool = False, bins: int = 20) -> str:
    """Weighted values between the ends of a range, as densities against an even one, which is dashed."""
    width, height, bottom = 230, 120, 96
    unit = np.log(values / low) / np.log(high / low) if log else (values - low) / (high - low)
    density = np.histogram(np.clip(unit, 0, 1), bins, (0, 1), weights=weights)[0] * bins
    top = max(1.3, float(density.max()))
    parts = [
        f'<rect class="bin" x="{8 + k * (width - 16) / bins + 0.5:.1f}" y="{bottom - h / top * 90:.1f}" width="{(width - 16) / bins - 1:.1f}" height="{h / top * 90:.1f}"/>'
        for k, h in enumerate(density) if h > 0
    ]  # fmt: skip
    even = bottom - 90 / top
    parts.append(f'<path class="before" d="M8 {even:.1f}H{width - 8}"/><line class="axis" x1="8" x2="{width - 8}" y1="{bottom}" y2="{bottom}"/>')
    parts.append(f'<text x="8" y="{bottom + 15}">{number(low)}</text><text class="end" x="{width - 8}" y="{bottom + 15}">{number(high)}</text>')
    return _svg(width, height, parts, "weighted draws of the posterior against the even prior")


def scatter(x: np.ndarray, y: np.ndarray, weights: np.ndarray, spoken: str) -> str:
    """Draws in the unit square, the area of a dot by its weight."""
    size = 230
    radius = np.clip(2.2 * np.sqrt(weights / weights.mean()), 0.6, 6.0)
    parts = [f'<rect class="axis" fill="none" x="8" y="4" width="{size - 16}" height="{size - 16}"/>']
    parts += [f'<circle class="cloud" cx="{8 + a * (size - 16):.1f}" cy="{4 + (1 - b) * (size - 16):.1f}" r="{r:.1f}"/>' for a, b, r in zip(x, y, radius)]
    return _svg(size, size - 8, parts, spoken)


def band(days: np.ndarray, low: np.ndarray, middle: np.ndarray, high: np.ndarray, dots: np.ndarray, filled: np.ndarray, spoken: str) -> str:
    """A curve with its band by day, and dots; those not `filled` are hollow."""
    width, height, left, bottom = 720, 280, 64, 250
    everything = np.concatenate([low, high, dots[np.isfinite(dots)]])
    floor, top = min(0.0, float(everything.min())), float(everything.max())
    top = top if top > floor else floor + 1.0
    last = max(1, int(days[-1]))

    def x(day: float) -> float:
        return left + day / last * (width - left - 14)

    def y(value: float) -> float:
        return bottom - (value - floor) / (top - floor) * (bottom - 10)

    parts = [f'<line class="grid" x1="{left}" x2="{width - 14}" y1="{y(t):.1f}" y2="{y(t):.1f}"/><text class="end" x="{left - 8}" y="{y(t) + 4:.1f}">{number(t)}</text>' for t in ticks(floor, top)]
    parts += [f'<text class="mid" x="{x(t):.1f}" y="{bottom + 17}">{number(t)}</text>' for t in ticks(0, last, 8)]
    around = [f"{x(d):.1f} {y(v):.1f}" for d, v in zip(days, high)] + [f"{x(d):.1f} {y(v):.1f}" for d, v in zip(days[::-1], low[::-1])]
    parts.append(f'<path class="band" d="M{"L".join(around)}Z"/><path class="curve" d="M{"L".join(f"{x(d):.1f} {y(v):.1f}" for d, v in zip(days, middle))}"/>')
    parts += [
        f'<circle class="a{"" if full else " hollow"}" cx="{x(d):.1f}" cy="{y(v):.1f}" r="3.4"/>' for d, v, full in zip(days, dots, filled) if math.isfinite(v)
    ]
    parts.append(f'<text class="end" x="{width - 14}" y="{bottom + 17}" dy="13">day</text>')
    return _svg(width, height, parts, spoken)


def _svg(width: int, height: int, parts: list[str], spoken: str) -> str:
    return f'<svg class="fig" viewBox="0 0 {width} {height}" style="max-width:{width * 1.25:.0f}px" role="img" aria-label="{escape(spoken)}">{"".join(parts)}</svg>'
