"""Panels of a run, for the figures of several pages: people, R, and λ and κ over time."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from communize.experiment.courses import exchange_of, monthly

STRUGGLE, MEASURES, TOTAL, ONE = "#9a6700", "#1f6feb", "#8250df", "#57606a"


def draw(runs, path, height=2.4):
    """Draw one row of panels for each (title, `cz.Run`) to the file `path`."""
    figure, axes = plt.subplots(len(runs), 3, figsize=(11, height * len(runs)), sharex=True, layout="constrained")
    for row, (title, result) in zip(axes, runs):
        series, people = result.series, result.info["people"]
        share, r, ratios = row
        share.plot(100 * series["active"].sum("place") / people, color=STRUGGLE, lw=1, label="in struggle")
        share.plot(100 * series["participants"].sum("place") / people, color=MEASURES, lw=1.4, label="in measures")
        share.plot(100 * series["unmet"], color=ONE, lw=0.8, label="unmet need")
        share.plot(100 * exchange_of(series, people), color=TOTAL, lw=0.8, ls=":", label="bought, of what participants have")
        share.set_ylim(0, 100)
        share.set_ylabel("%")
        share.set_title(title, loc="left", fontsize=10, fontweight="bold")
        r.plot(series["generalisation_number"], color=MEASURES, lw=1.4, label="R, descent")
        r.plot(series["generalisation_number_of_foundings"], color=STRUGGLE, lw=1, label="R, foundings alone")
        r.set_ylim(0, 4)
        r.set_ylabel("R")
        if len(result.instances):
            ends = {name: n for name, n in result.outcome.endings_of_measures.items() if n and name != "in_force"}
            most = sorted(ends.items(), key=lambda pair: -pair[1])[:3]
            text = f"{len(result.instances):,} begun\nended: " + ", ".join(f"{name.replace('_', ' ')} {n / sum(ends.values()):.0%}" for name, n in most)
            r.set_title(text, loc="left", fontsize=8)
        else:
            r.set_title("no measure began", loc="left", fontsize=8)
        ratios.plot(series["reproduction_ratio_pooled"], color=MEASURES, lw=1, label="λ, pooled")
        ratios.plot(series["reproduction_ratio"], color=TOTAL, lw=1.4, label="λ, resolved by place")
        kappa = monthly(series["commodity_reproduction"].to_numpy())
        ratios.plot(np.arange(series.sizes["day"] - kappa.size, series.sizes["day"]), kappa, color=STRUGGLE, lw=1.4, label="κ, mean of 30 days")
        ratios.set_ylim(0, 1.6)
        ratios.set_ylabel("λ, κ")
        for axis in (r, ratios):
            axis.axhline(1, color=ONE, lw=0.8)
        for axis in row:
            axis.spines[["top", "right"]].set_visible(False)
            axis.grid(axis="y", color="#d0d7de", lw=0.5)
    for axis in axes[-1]:
        axis.set_xlabel("day")
    for axis in axes[min(1, len(runs) - 1)]:
        axis.legend(frameon=False, fontsize=7, loc="upper right")
    figure.savefig(path, dpi=110)
