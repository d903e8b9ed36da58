"""A run: what a simulation left, in memory and as a folder."""

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from communize.declare.errors import InputError
from communize.scenario.scenario import Scenario, load
from communize.scenario.write import to_toml
from communize.store.folders import cannot_write, check_free
from communize.store.outcome import Outcome
from communize.store.targets import Comparison, ObservedFit, compare, fit_observed
from communize.store.unfinished import Unfinished

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
    folder
        Where it was written while it ran (`run(folder=...)`, `resume`), else None.
    """

    def __init__(self, scenario: Scenario, seed: int, series: Any, outcome: Outcome, tables: dict[str, Any], info: dict[str, Any],
                 people: Any = None):  # fmt: skip
        self.scenario, self.seed, self.series, self.outcome = scenario, seed, series, outcome
        self.struggles, self.places, self.instances, self.practices = (tables[name] for name in TABLES)
        self.people, self.info = people, info
        self.folder: Path | None = None
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
        return own | {key: self.info.get(key) for key in ("society_hash", "begun_from")}

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
        try:
            unfinished = Unfinished.begin(target)
        except (OSError, ValueError) as error:
            if isinstance(error, ValueError) and "\0" not in str(target):
                raise
            raise cannot_write(target, error) from None
        try:
            self.write_into(unfinished.part, people=people, also=also)
            unfinished.finish(self.identity, keep_checkpoints=False)
        except OSError as error:
            unfinished.discard()
            raise cannot_write(target, error) from None
        except BaseException:
            unfinished.discard()
            raise
        return target

    def write_into(self, folder: Path, *, people: bool = False, also: Callable[[Path], Any] | None = None) -> None:
        """Write what a run folder holds into a folder that exists."""
        write_scenario(self.scenario, folder, self.seed, self.days)
        encoding = {name: {"chunks": tuple(max(1, size) for size in self.series[name].shape)} for name in self.series.data_vars}
        self.series.to_zarr(folder / "series.zarr", mode="w", consolidated=False, encoding=encoding)
        for name in TABLES:
            getattr(self, name).to_parquet(folder / f"{name}.parquet")
        if people and self.people is not None:
            self.people.to_parquet(folder / "people.parquet")
        (folder / "run.json").write_text(json.dumps(self.summary(), indent=2, default=_plain) + "\n", encoding="utf-8")
        if also is not None:
            also(folder)

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


def _own_info(info: dict[str, Any]) -> dict[str, Any]:
    derived = {"name", "seed", "days", "start", "outcome", "figures", "comparisons", "observed"}
    return {key: value for key, value in info.items() if key not in derived}


def write_scenario(scenario: Scenario, folder: Path, seed: int, days: int) -> None:
    """Write `scenario.toml` and the files of the user's mechanisms."""
    (folder / "scenario.toml").write_text(to_toml(scenario, seed=seed, days=days), encoding="utf-8")
    for entry in scenario.tables.mechanism:
        file, _, _ = entry.use.partition(":")
        if file.endswith(".py"):
            with contextlib.suppress(shutil.SameFileError):  # of a run that goes on in its folder
                shutil.copyfile(scenario.folder / file, folder / Path(file).name)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    return str(value)


