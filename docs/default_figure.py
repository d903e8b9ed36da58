"""The figure of docs/validation.md: struggles and measures of `restructured` beside stylised facts.

``python docs/default_figure.py docs/img/default.png`` (needs the docs extra; about two minutes of one core).
"""

import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from communize.experiment.default_calibration import HEARD_OF, LIFE, facts_of
from communize.experiment.facts import QUANTILES, STRIKES
from communize.experiment.processes import in_processes

INK, REAL = {"50,000 people, 8 seeds": "#1f6feb", "a million people, 1 seed": "#8250df"}, "#9a6700"


def survival(axis, values, label):
    """Share of `values` that are at least so large."""
    values = np.sort(values)
    axis.step(values, 1.0 - np.arange(values.size) / values.size, where="pre", color=INK[label], lw=1.4, label=label)


def main(path):
    few = in_processes(facts_of, [({}, seed, 50_000, 365) for seed in range(101, 109)])
    runs = {"50,000 people, 8 seeds": few, "a million people, 1 seed": [facts_of({}, 1, 1_000_000, 365)]}
    figure, axes = plt.subplots(1, 3, figsize=(12, 3.8), sharey=True, layout="constrained")
    for label, found in runs.items():
        durations, sizes, lives = (np.concatenate([run[name] for run in found]) for name in ("durations", "sizes", "lives"))
        for axis, values in zip(axes, (durations, sizes[sizes >= HEARD_OF], lives)):
            survival(axis, values, label)
    for axis, name in zip(axes, ("duration_days", "peak_people")):
        axis.plot(STRIKES[name], 1 - np.array(QUANTILES), "o", color=REAL, ms=6, label="US work stoppages, 1984 to 2020")
    axes[2].axvspan(*LIFE, 0, 1, color=REAL, alpha=0.12, lw=0, label="where the median should lie")
    axes[2].plot([365], [0.001], "v", color=REAL, ms=6, label="at most so many beyond a year")
    titles = ("Struggles at work, days", f"The same, people at the peak ({HEARD_OF:.0f} and more)", "Measures, days in force")
    for axis, title in zip(axes, titles):
        axis.set_title(title, loc="left", fontsize=10, fontweight="bold")
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_ylim(5e-4, 1.3)
        axis.grid(alpha=0.25, lw=0.6)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("share at least so large")
    axes[0].legend(frameon=False, fontsize=8, loc="lower left")
    axes[2].legend(frameon=False, fontsize=8, loc="upper right")
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main(sys.argv[1])
