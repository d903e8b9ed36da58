"""Speed and memory on this machine, with the memory bandwidth measured in the same run."""

import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from communize.declare.errors import CommunizeError, InputError
from communize.scenario.scenario import load

DAILY_COLUMNS = ("home", "work", "position", "activity", "belonging", "nerve", "unmet")


def measure(scenario: str, sizes: list[int], threads: list[int], days: int, say: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Time runs of `scenario`, each in a process of its own; compilation is kept out by a first short run.

    Returns
    -------
    dict
        ``machine``, ``bandwidth_gb_s`` and ``rows``: people, threads, making_s, ms_per_day, person_days_per_s,
        bytes_per_person, peak_mb, bandwidth_limit_ms.
    """
    loaded = load(scenario)
    for people in sizes:
        if people < 2:
            raise InputError("--people", people, "2 or more")
        loaded.replace({"society.people": people})
    for n in threads:
        if n < 1:
            raise InputError("--threads", n, "1 or more")
    _one(scenario, 2000, 1, 30)
    bandwidth = _child_process("bandwidth")["gb_s"]  # apart, for a child's peak memory starts from its parent's
    rows = []
    for people in sizes:
        for n in threads:
            if say is not None:
                say(f"{people:,} people, {n} thread{'s' if n > 1 else ''}, {days} days ...")
            row = _one(scenario, people, n, days)
            row["bandwidth_limit_ms"] = row.pop("daily_bytes") / (bandwidth * 1e9) * 1e3
            rows.append(row)
    machine = f"{platform.machine()} {platform.system()}, Python {platform.python_version()}"
    return {"machine": machine, "bandwidth_gb_s": bandwidth, "rows": rows}


def bandwidth_gb_s(megabytes: int = 512, repeats: int = 5) -> float:
    """Bytes a second that one thread reads from memory (best of `repeats` sums over a large array)."""
    import numpy as np

    data = np.ones(megabytes * (1 << 20) // 8)
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        data.sum()
        best = min(best, time.perf_counter() - started)
    return data.nbytes / best / 1e9


def _one(scenario: str, people: int, threads: int, days: int) -> dict[str, Any]:
    return _child_process(scenario, str(people), str(threads), str(days))


def _child_process(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "communize.experiment.bench", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise CommunizeError(f"{' '.join(arguments)}: {lines[-1] if lines else 'killed: not enough memory?'}")
    return json.loads(done.stdout.splitlines()[-1])


def _child(scenario: str, people: int, threads: int, days: int) -> dict[str, Any]:
    import resource

    from communize.simulation.simulation import Simulation

    started = time.perf_counter()
    simulation = Simulation(load(scenario).replace({"society.people": people, "run.threads": threads}))
    making = time.perf_counter() - started
    simulation.run(2)
    started = time.perf_counter()
    simulation.run(days)
    running = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    n = len(simulation.people)
    return {
        "people": n,
        "threads": threads,
        "making_s": making,
        "ms_per_day": running / days * 1e3,
        "person_days_per_s": n * days / running,
        "bytes_per_person": simulation.society.nbytes / n,
        "peak_mb": peak / 1e6,
        "daily_bytes": sum(getattr(simulation.people, name).nbytes for name in DAILY_COLUMNS),
        "state_hash": simulation.state_hash(),
    }


if __name__ == "__main__":
    if sys.argv[1] == "bandwidth":
        print(json.dumps({"gb_s": bandwidth_gb_s()}))
    else:
        print(json.dumps(_child(sys.argv[1], *map(int, sys.argv[2:5]))))
