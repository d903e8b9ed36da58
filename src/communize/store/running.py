"""Running a scenario: from its first day, from a checkpoint of another run, or where a run was interrupted."""

import contextlib
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from communize.declare.errors import InputError, InvariantViolation
from communize.scenario.check import check_comparisons, check_length
from communize.scenario.scenario import Scenario, load
from communize.simulation.checkpoint import Damaged
from communize.simulation.simulation import Simulation
from communize.simulation.snapshot import version
from communize.society.society import Society
from communize.store.checkpoints import Checkpoints, last_day, list_checkpoints, remove_rests
from communize.store.collect import collect
from communize.store.folders import cannot_write, check_free, default_folder
from communize.store.run import Run, write_scenario
from communize.store.unfinished import Unfinished, waiting
from communize.store.violation import explain

Progress = Callable[[int, int], None]  # days done, days in all
Also = Callable[[Run, Path], Any]  # writes more into the folder of a finished run
Say = Callable[[str], None]


def warn(text: str) -> None:
    """What a user should know while a run goes on, from Python."""
    warnings.warn(text, RuntimeWarning, stacklevel=2)


def run(
    scenario: str | Path | Scenario, days: int | None = None, seed: int | None = None, *, threads: int | None = None,
    society: Society | None = None, progress: Progress | None = None, keep_people: bool = False, folder: str | Path | None = None,
    checkpoint_days: int | None = None, checkpoint_minutes: float | None = None, also: Also | None = None, say: Say = warn,
) -> Run:  # fmt: skip
    """Run a scenario.

    Parameters
    ----------
    scenario
        A `Scenario`, the name of a case, or a TOML file.
    days, seed, threads, checkpoint_days, checkpoint_minutes
        The scenario's if omitted.
    society
        A society made elsewhere (`Society.from_graph`, `Society.from_tables`); synthesised from the scenario if omitted.
    progress
        Called with (days done, days in all) after every day.
    keep_people
        Keep a table of all people at the end (`Run.people`).
    folder
        Run folder to write. Until the end it is ``FOLDER.part``, where checkpoints are kept and `resume` goes on; without a folder
        nothing is written.
    also
        Called with the run and its folder before that gets its name, to write more into it, such as the report.
    say
        Called with what a user should know meanwhile; a warning if omitted.

    Raises
    ------
    InputError
        The scenario or an argument is wrong, or the folder cannot be written.
    InvariantViolation
        An invariant did not hold at the end of a day.
    """
    given = {"run.days": days, "run.seed": seed, "run.checkpoint_days": checkpoint_days, "run.checkpoint_minutes": checkpoint_minutes}
    loaded = load(scenario).replace({path: value for path, value in given.items() if value is not None})
    check_length(loaded)
    check_comparisons(loaded)
    if folder is None and (checkpoint_days or checkpoint_minutes):
        raise InputError("folder", None, "a folder to keep checkpoints in")

    def make() -> Simulation:
        simulation = Simulation(loaded, threads=threads, society=society)
        if society is not None:
            simulation.state.notes.append("the society was made outside the scenario, which alone does not repeat this run")
        return simulation

    if folder is None:
        return _carry_out(make, loaded, None, progress, keep_people, also, say)
    about = {"society_hash": None if society is None else society.hash(), "begun_from": None}
    unfinished = _begin(Path(folder), loaded, loaded.seed, about, threads, keep_people, also is not None, say)
    return _carry_out(make, loaded, unfinished, progress, keep_people, also, say)


def run_from(
    checkpoint: str | Path, changes: dict[str, Any] | None = None, *, threads: int | None = None, progress: Progress | None = None,
    keep_people: bool = False, folder: str | Path | None = None, also: Also | None = None, say: Say = warn,
) -> Run:  # fmt: skip
    """Run on from a checkpoint, with changed parameters and the same draws (`Simulation.from_checkpoint`).

    Parameters
    ----------
    checkpoint
        The file.
    changes
        Values by dotted path; ``run.days`` is the length with the days before the checkpoint.
    folder
        As in `run`; ``""`` for the default.
    threads, progress, keep_people, also, say
        As in `run`.

    Raises
    ------
    InputError
        As `Simulation.from_checkpoint` and `run`; or the checkpoint lies beyond the last day.
    InvariantViolation
        An invariant did not hold at the end of a day.
    """
    started = time.perf_counter()
    simulation = Simulation.from_checkpoint(checkpoint, changes or {}, threads=threads)
    scenario, spent = simulation.scenario, time.perf_counter() - started
    assert isinstance(scenario, Scenario)
    check_length(scenario)
    check_comparisons(scenario)
    if scenario.days < simulation.day:
        raise InputError("run.days", scenario.days, f"{simulation.day} or more, the day of the checkpoint", None, str(checkpoint))
    if scenario.hash != simulation.begun_from["scenario_hash"]:  # pyright: ignore[reportOptionalSubscript]
        simulation.state.notes.append(f"begun from a checkpoint of day {simulation.day} of another run: scenario.toml alone does not repeat this one")
    unfinished = None
    if folder is not None:
        target = Path(folder) if str(folder) else default_folder(scenario, simulation.seed, simulation.begun_from)
        about = {"society_hash": simulation.society_hash, "begun_from": simulation.begun_from}
        unfinished = _begin(target, scenario, simulation.seed, about, threads, keep_people, also is not None, say)
    return _carry_out(lambda: simulation, scenario, unfinished, progress, keep_people, also, say, spent)


def resume(
    folder: str | Path, *, threads: int | None = None, progress: Progress | None = None, also: Also | None = None, say: Say = warn,
) -> Run:  # fmt: skip
    """Go on with a run that was interrupted, from its newest checkpoint that is whole, to the same bits as if it had not been.

    Parameters
    ----------
    folder
        The run folder that was to be, or the unfinished one, ``FOLDER.part``.
    threads
        Those of the interrupted run if omitted.
    also
        As in `run`; called if the interrupted run would have called one.
    progress, say
        As in `run`.

    Raises
    ------
    InputError
        There is no unfinished run, another process works in it, its files have been changed, or it is of another version.
    InvariantViolation
        An invariant did not hold at the end of a day.
    """
    unfinished = Unfinished.find(Path(folder))
    about, part, started = unfinished.about, unfinished.part, time.perf_counter()
    try:
        scenario = _unchanged(unfinished)
        threads = about["threads"] if threads is None else threads
        remove_rests(part)
        simulation = _newest(unfinished, scenario, threads, say)
        if simulation is None and (about["society_hash"] or about["begun_from"]):
            raise InputError("DIR", str(part), "a run with a whole checkpoint: its beginning cannot be made again from scenario.toml alone")
        if simulation is None:
            say(f"{part} holds no whole checkpoint: the run starts again from day 0")
        about["resumed"].append(0 if simulation is None else simulation.day)
        spent, also = time.perf_counter() - started, also if about["report"] else None
        with contextlib.suppress(OSError):  # a full disk is met again where it matters
            unfinished.note()
    except BaseException:
        unfinished.leave()
        raise
    make = (lambda: Simulation(scenario, threads=threads)) if simulation is None else lambda: simulation
    return _carry_out(make, scenario, unfinished, progress, about["keep_people"], also, say, spent)


def _begin(target: Path, scenario: Scenario, seed: int, about: dict[str, Any], threads: int | None, keep_people: bool, report: bool, say: Say) -> Unfinished:
    """The folder of a new run."""
    about = {
        "scenario_hash": scenario.hash, "seed": seed, "days": scenario.days, **about, "threads": threads, "keep_people": keep_people,
        "report": report,
    }  # fmt: skip
    check_free(target, {"version": version(), **{key: about[key] for key in ("scenario_hash", "seed", "days", "society_hash", "begun_from")}})
    left = waiting(target)
    try:
        unfinished = Unfinished.begin(target, about, lambda folder: write_scenario(scenario, folder, seed, scenario.days))
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError) and "\0" not in str(target):
            raise
        raise cannot_write(target, error) from None
    if left is not None:
        say(f"{left} holds an unfinished run, which `communize resume {left}` continues; this one begins anew in {unfinished.part}")
    return unfinished


def _unchanged(unfinished: Unfinished) -> Scenario:
    """The scenario of an unfinished run, if all is still as it was."""
    about, file = unfinished.about, unfinished.part / "scenario.toml"
    if about["version"] != version():
        raise InputError("version", about["version"], f"{version()}, the version at work: only it continues its own runs", None, str(unfinished.part))
    scenario = load(file)
    now = {"scenario_hash": scenario.hash, "seed": scenario.seed, "days": scenario.days}
    for key, value in now.items():
        if value != about[key]:
            allowed = f"{about[key]}, as when the run began: scenario.toml, or a table or mechanism that it names, has been changed"
            raise InputError(key, value, f"{allowed}; change it back, or run it anew", None, str(file))
    return scenario


def _newest(unfinished: Unfinished, scenario: Scenario, threads: int | None, say: Say) -> Simulation | None:
    """The simulation at the newest checkpoint that is whole."""
    for path in list_checkpoints(unfinished.part):
        try:
            return Simulation.from_checkpoint(path, scenario=scenario, threads=threads)
        except Damaged as error:
            say(f"{path} is damaged ({error.found}); trying the one before")
    return None


def _carry_out(
    make: Callable[[], Simulation], scenario: Scenario, unfinished: Unfinished | None, progress: Progress | None, keep_people: bool,
    also: Also | None, say: Say, spent: float = 0.0,
) -> Run:  # fmt: skip
    """Run to the last day, with checkpoints if there is a folder for them, and write the folder."""
    total, timings = scenario.days, {"making_s": 0.0, "running_s": 0.0}
    if unfinished is not None:
        timings = unfinished.about["timings"]
    try:
        if progress is not None:
            progress(max(0, last_day(unfinished.part)) if unfinished is not None else 0, total)
        started = time.perf_counter()
        simulation = make()
        made = time.perf_counter()
        timings["making_s"] += made - started + spent
        before = timings["running_s"]

        def note() -> None:
            timings["running_s"] = before + time.perf_counter() - made
            if unfinished is not None:
                unfinished.note()

        checkpoints = None
        if unfinished is not None:
            table = scenario.tables.run
            checkpoints = Checkpoints(unfinished.part, table.checkpoint_days, table.checkpoint_minutes, note, say)
            if not unfinished.about["resumed"] and (unfinished.about["society_hash"] or unfinished.about["begun_from"]):
                checkpoints.write(simulation)  # its beginning cannot be made again from the scenario

        def after_day(_: int) -> None:
            if checkpoints is not None:
                checkpoints.after_day(simulation, total)
            if progress is not None:
                progress(simulation.day, total)

        try:
            simulation.run(total - simulation.day, after_day)
        except InvariantViolation as violation:
            violation.add(folder=None if unfinished is None else str(unfinished.target))
            raise explain(violation, scenario, simulation.seed) from None
        timings["running_s"] = before + time.perf_counter() - made
        result = collect(simulation, timings, keep_people=keep_people, resumed=unfinished.about["resumed"] if unfinished is not None else [])
        if unfinished is not None:
            _finish(result, unfinished, keep_people, also)
        return result
    except BaseException as error:
        if unfinished is not None and unfinished.leave() and isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt(f"interrupted; communize resume {unfinished.part} goes on from day {max(0, last_day(unfinished.part))}") from None
        raise


def _finish(result: Run, unfinished: Unfinished, keep_people: bool, also: Also | None) -> None:
    part = unfinished.part
    try:
        result.write_into(part, people=keep_people, also=None if also is None else lambda folder: also(result, folder))
        unfinished.finish(result.identity, keep_checkpoints=result.scenario.tables.run.checkpoint_days > 0)
    except OSError as error:
        day = last_day(part)
        more = f"; the run is kept up to day {day} in {part}: communize resume {part}" if day >= 0 else ""
        raise cannot_write(unfinished.target, error, more) from None
    result.folder = unfinished.target
