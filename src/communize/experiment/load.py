"""What many practices and instances cost: `restructured` as it is, and with 50,000 instances in force and 100,000 practices.

``python -m communize.experiment.load --people 1000000 --days 365`` prints seconds and their ratio. In the loaded run nothing ends:
each instance is of a practice of its own, the other half of the practices was in force once and is only remembered.
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


def measure(people: int, days: int, instances: int, practices: int, *, stay: bool = False) -> dict[str, Any]:
    """Seconds for `days` days, instances in force, practices and people in measures at the end.

    `stay` keeps people in measures once they take part, so that their number grows to most of the society.
    """
    scenario = load("restructured").replace({"society.people": people})
    if instances:
        seed = {"day": 0, "needs": ["food"], "count": instances, "distinct": True}
        scenario = scenario.replace({"measures.seed": [seed], "dissolution.enabled": False})
    if stay:
        scenario = scenario.replace({"rallying.rate_leaving": 0.0, "rallying.rate_leaving_need": 0.0, "force.rate_arrest": 0.0})
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
    for name, instances, practices, stay in (
        ("as it is", 0, 0, False), ("loaded", options.instances, options.practices, False),
        ("loaded, nobody leaves", options.instances, options.practices, True),
    ):  # fmt: skip
        found = measure(options.people, options.days, instances, practices, stay=stay)
        plain = plain or found["seconds"]
        print(
            f"{name}: {found['seconds']:.1f} s, {found['seconds'] / plain:.2f} times; {found['instances']:,} instances in force, "
            f"{found['practices']:,} practices, {found['participants']:,} people in measures", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
