"""The figure of docs/courses.md: one run of each course.

``python docs/courses_figure.py docs/img/courses.png`` (needs the docs extra; about a minute and a half).
"""

import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from communize.experiment.courses import COURSES, scenario_of
from communize.store.running import run

STRUGGLE, MEASURES, TOTAL, ONE = "#9a6700", "#1f6feb", "#8250df", "#57606a"
figure, axes = plt.subplots(len(COURSES), 3, figsize=(11, 12), sharex=True, layout="constrained")
for row, course in zip(axes, COURSES):
    result = run(scenario_of(course, people=100_000), seed=1)
    series, people = result.series, result.info["people"]
    share, r, instances = row
    share.plot(100 * series["active"].sum("place") / people, color=STRUGGLE, lw=1, label="in struggle")
    share.plot(100 * series["participants"].sum("place") / people, color=MEASURES, lw=1.4, label="in measures")
    share.set_ylabel("% of people")
    share.set_title(f"{course.name}: {result.outcome.name.replace('_', ' ')}", loc="left", fontsize=10, fontweight="bold")
    r.plot(series["generalisation_number"], color=MEASURES, lw=1.4, label="R, descent")
    r.plot(series["generalisation_number_total"], color=TOTAL, lw=1, ls="--", label="R, total")
    r.plot(series["generalisation_number_of_foundings"], color=STRUGGLE, lw=1, label="R, foundings alone")
    r.axhline(1, color=ONE, lw=0.8)
    r.set_ylim(0, 4)
    r.set_ylabel("R")
    instances.plot(series["instances"].sum("place"), color=MEASURES, lw=1.4)
    instances.set_ylabel("measures in force")
    if len(result.instances):
        ends = {name: n for name, n in result.outcome.endings_of_measures.items() if n and name != "in_force"}
        most = sorted(ends.items(), key=lambda pair: -pair[1])[:3]
        text = f"{len(result.instances):,} begun\nended: " + ", ".join(f"{name.replace('_', ' ')} {n / sum(ends.values()):.0%}" for name, n in most)
        instances.set_title(text, loc="left", fontsize=8)
    else:
        instances.set_title("no measure began", loc="left", fontsize=8)
    for axis in row:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(axis="y", color="#d0d7de", lw=0.5)
        axis.set_ylim(bottom=0)
axes[-1][0].legend(frameon=False, fontsize=8)
axes[-1][1].legend(frameon=False, fontsize=8)
for axis in axes[-1]:
    axis.set_xlabel("day")
figure.savefig(sys.argv[1], dpi=110)
