"""What many practices and instances cost: `restructured` as it is, and with 50,000 instances in force and 100,000 practices.

``python -m communize.experiment.load --people 1000000 --days 365`` prints seconds and their ratio. In the loaded run each seeded
instance is of a practice of its own, and the other practices stand in the registry only; nobody leaves and nothing ends but
what falls below its critical mass, so that instances keep their people and most of the society joins them.
"""

import argparse
import time
from typing import Any

import numpy as np

from communize.declare.registry import MAX_NEEDS
from communize.mechanisms.measures import records
from communize.scenario.scenario import load
from communize.simulation.simulation import Simulation

WARM_DAYS = 3


HAZARDS = ("spent", "isolation", "need", "ebb", "other_measure")


def measure(people: int, days: int, instances: int, practices: int) -> dict[str, Any]:
    """Seconds for `days` days, instances in force, practices and people in measures at the end."""
    scenario = load("restructured").replace({"society.people": people})
    if instances:
        seed = {"day": 0, "needs": ["food"], "count": instances, "distinct": True}
        held = {"rallying.rate_leaving": 0.0, "rallying.rate_leaving_need": 0.0, "force.rate_arrest": 0.0, "force.rate_eviction": 0.0}
        scenario = scenario.replace({"measures.seed": [seed], **held, **{f"dissolution.{name}": 0.0 for name in HAZARDS}})
    simulation = Simulation(scenario).run(WARM_DAYS)
    more = practices - len(simulation.practices)
    if more > 0:
        content = np.zeros((more, simulation.practices.content.shape[1]), np.float32)
        records.add_practices(
            simulation.state, simulation.day, np.zeros((more, MAX_NEEDS), np.int8), content, scope=0, form=0, mass_people=6.0,
            parent=np.full(more, -1), channel=0, place=0)  # fmt: skip
    started = time.perf_counter()
    simulation.run(days)
    state = simulation.state
    return {
        "seconds": time.perf_counter() - started, "instances": int((state.sites.instance >= 0).sum()),
        "practices": len(state.practices), "participants": int(state.places.participants.sum()),
    }  # fmt: skip


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--instances", type=int, default=50_000)
    parser.add_argument("--practices", type=int, default=100_000)
    options = parser.parse_args()
    measure(10_000, 20, 100, 200)  # compiles what is not compiled yet
    plain = None
    for name, instances, practices in (("as it is", 0, 0), ("loaded", options.instances, options.practices)):
        found = measure(options.people, options.days, instances, practices)
        plain = plain or found["seconds"]
        print(
            f"{name}: {found['seconds']:.1f} s, {found['seconds'] / plain:.2f} times; {found['instances']:,} instances in force, "
            f"{found['practices']:,} practices, {found['participants']:,} people in measures", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
