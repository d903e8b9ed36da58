"""What many or large runs cost: measured on this machine, and reckoned from it for larger ones.

``python -m communize.experiment.scale`` measures a society of several sizes, the cost of a run that does next to nothing with and
without Dask, and prints what 10^6 runs, or 10^9 people, would take.
"""

import argparse
import time
from typing import Any

from communize.experiment.bench import measure
from communize.experiment.ensemble import perform
from communize.scenario.scenario import load

RUNS_PEOPLE, RUNS_DAYS = 10_000, 365
GPU_BANDWIDTH_GB_S = 4_800.0  # one large GPU (HBM3e, by its data sheet); no code for it exists here
GPU_MEMORY_GB = 141.0


def cost_of_dask(runs: int = 200) -> dict[str, float]:
    """Seconds a run, of a run that does next to nothing: in one process, and on one worker of Dask (start-up apart)."""
    scenario = load("sir").replace({"society.people": 100, "run.days": 1})
    perform(scenario, [{}], workers=0)
    found = {}
    for name, workers in (("here", 0), ("dask", 1)):
        times: list[float] = []
        started = time.perf_counter()
        perform(scenario, [{}], seeds=runs, workers=workers, progress=lambda *_: times.append(time.perf_counter()))  # noqa: B023
        found[f"{name}_start_s"] = times[1] - started
        found[f"{name}_run_s"] = (times[-1] - times[1]) / (len(times) - 2)
    return found


def reckon(row: dict[str, Any], runs: float, people: float, days: float, cores: float) -> float:
    """Hours that `runs` runs take on `cores` cores, at the cost a person-day of a measured size; society and start included."""
    a_run = people * days * row["ms_per_day"] / 1e3 / row["people"] + people * row["making_s"] / row["people"]
    return runs * a_run / cores / 3600


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, nargs="*", default=[10**4, 10**5, 10**6])
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--scenario", default="restructured")
    options = parser.parse_args()
    result = measure(options.scenario, options.people, [1], options.days)
    print(f"{result['machine']}; {result['bandwidth_gb_s']:.1f} GB/s (one thread)")
    print("\n| people | making, s | a day, ms | ns a person-day | bytes a person | peak of the process, MB |\n|---:|---:|---:|---:|---:|---:|")
    for row in result["rows"]:
        each = row["ms_per_day"] * 1e6 / row["people"]
        print(f"| {row['people']:,} | {row['making_s']:.2f} | {row['ms_per_day']:.2f} | {each:.0f} | {row['bytes_per_person']:.0f} | {row['peak_mb']:.0f} |")
    dask = cost_of_dask()
    print(f"\na run that does next to nothing: {dask['here_run_s'] * 1e3:.1f} ms in one process, {dask['dask_run_s'] * 1e3:.1f} ms on one worker of Dask")
    print(f"until the first result: {dask['here_start_s']:.1f} s in one process, {dask['dask_start_s']:.1f} s with Dask")
    small, large = result["rows"][0], result["rows"][-1]
    for cores in (2, 100, 1000):
        print(f"10^6 runs of {RUNS_PEOPLE:,} people and {RUNS_DAYS} days on {cores:,} cores: {reckon(small, 1e6, RUNS_PEOPLE, RUNS_DAYS, cores):,.0f} h")
    memory = 1e9 * large["bytes_per_person"] / 1e9
    print(f"10^9 people: {memory:,.0f} GB of state; one core {reckon(large, 1, 1e9, 1, 1) * 60:,.0f} min for the society and a day")
    moved = large["bytes_per_person"]
    print(f"every byte of it read once: {memory / GPU_BANDWIDTH_GB_S * 1e3:,.0f} ms at {GPU_BANDWIDTH_GB_S:,.0f} GB/s ({moved:.0f} bytes a person)")


if __name__ == "__main__":
    main()
