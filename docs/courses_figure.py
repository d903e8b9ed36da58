"""The figure of docs/courses.md: one run of each course.

``python docs/courses_figure.py docs/img/courses.png`` (needs the docs extra; about a minute of one core).
"""

import sys

from panels import draw

from communize.experiment.courses import COURSES, scenario_of
from communize.store.running import run

if __name__ == "__main__":
    found = [(course.name, run(scenario_of(course, people=20_000), seed=1)) for course in COURSES]
    draw([(f"{name}: {result.outcome.name.replace('_', ' ')}", result) for name, result in found], sys.argv[1])
