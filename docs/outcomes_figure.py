"""The figure of docs/outcomes.md: one run of each class of outcome, the first seed of its region that ends so.

``python docs/outcomes_figure.py docs/img/outcomes.png`` (needs the docs extra; about two minutes of one core).
"""

import sys

from panels import draw

from communize.experiment.outcomes import REGIONS
from communize.scenario.scenario import load
from communize.store.running import run


def first_of(region, people=20_000, seeds=5):
    """The first run of a region that ends as it should, or the first of all."""
    scenario = load(region.case).replace({"society.people": people} | region.changes)
    results = []
    for seed in range(1, seeds + 1):
        results.append((seed, run(scenario, seed=seed)))
        if results[-1][1].outcome.name == region.aims_at:
            return results[-1]
    return results[0]


if __name__ == "__main__":
    found = [first_of(region) for region in REGIONS]
    draw([(f"{result.outcome.name.replace('_', ' ')}, day {result.outcome.day} (seed {seed})", result) for seed, result in found], sys.argv[1])
