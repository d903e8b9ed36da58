"""What the figures and tables of docs/limit_cases.md share: colours, axes, means with standard errors."""

from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, AMBER, BLACK, PINK, GREY = "#1f6feb", "#9a6700", "#24292f", "#cf4a9b", "#57606a"
COLOURS, MARKS, DASHES = (BLUE, AMBER, BLACK, PINK), "osD^", ("-", "--", "-.", ":")


def mean(values: Any) -> tuple[float, float]:
    """Mean and standard error over seeds."""
    values = np.asarray(values, float)
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(values.size)) if values.size > 1 else 0.0


def text(values: Any, digits: int = 4) -> str:
    """Mean and standard error for a table."""
    if not len(values):
        return "none"
    centre, error = mean(values)
    return f"{centre:.{digits}f} ± {error:.{digits}f}"


def table(heads: list[str], rows: list[list[Any]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in lines)


def sheet(rows: int, columns: int, size: tuple[float, float], **options: Any) -> tuple[Figure, Any]:
    """Axes in the style of the other figures."""
    figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False, **options)
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(axis="y", color="#d0d7de", lw=0.5)
        axis.set_axisbelow(True)
    return figure, axes


def points(
    axis: Axes, found: dict[float, Any], colour: str, mark: str, label: str = "", size: float = 5, hollow: bool = False
) -> None:
    """Means with standard errors."""
    known = {x: mean(values) for x, values in found.items() if len(values)}
    if known:
        centre, error = np.array(list(known.values())).T
        axis.errorbar(list(known), centre, error, color=colour, marker=mark, ls="none", ms=size, elinewidth=1.2, capsize=2,
                      mfc="white" if hollow else colour, label=label, zorder=3)  # fmt: skip


def title(axis: Axes, words: str) -> None:
    """A title in bold type above the left end of the axis."""
    axis.set_title(words, loc="left", fontsize=10, fontweight="bold")
