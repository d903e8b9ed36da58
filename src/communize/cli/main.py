"""The command `communize`."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from communize.cli import experiments, fitting
from communize.cli.common import (
    DaysOption,
    JsonOption,
    PeopleOption,
    ScenarioArgument,
    SetOption,
    load_scenario,
    parse_set,
    say,
)
from communize.declare.errors import CommunizeError, InputError, InvariantViolation

app = typer.Typer(
    name="communize",
    help="Simulate how struggles can produce practices that suspend the relations of a class society.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def run(
    scenario: Annotated[str | None, typer.Argument(metavar="SCENARIO", help="A case by name (see `communize cases`), or a TOML file.")] = None,
    people: PeopleOption = None,
    days: DaysOption = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all draws.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads; results do not depend on them.")] = None,
    assignments: SetOption = None,
    checkpoint: Annotated[Path | None, typer.Option("--from", metavar="CHECKPOINT", help="Run on from a checkpoint, instead of a scenario.")] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder; runs/NAME-sSEED-HASH if left out.")] = None,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no report.html.")] = False,
    keep_people: Annotated[bool, typer.Option("--keep-people", help="Write people.parquet as well.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Run a scenario; write a run folder and print a summary."""
    from communize.store import running
    from communize.store.folders import default_folder

    if (scenario is None) == (checkpoint is None):
        raise InputError("SCENARIO", scenario, "either a scenario or --from CHECKPOINT")
    also = None if no_report else _write_report
    if checkpoint is not None:
        named = {"society.people": people, "run.days": days, "run.seed": seed, "run.threads": threads}
        changes = {path: value for path, value in named.items() if value is not None} | parse_set(assignments or [])
        folder = out or ""

        def start(**options: Any) -> Any:
            return running.run_from(checkpoint, changes, folder=folder, keep_people=keep_people, also=also, **options)

        _carry_out(start, f"from {checkpoint.name}", as_json)
    else:
        loaded = load_scenario(str(scenario), people, days, seed, threads, assignments or [])
        target = out or default_folder(loaded, loaded.seed)

        def start(**options: Any) -> Any:
            return running.run(loaded, folder=target, keep_people=keep_people, also=also, **options)

        _carry_out(start, f"{loaded.name}: {loaded.title}", as_json)


@app.command()
def resume(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The run folder that was to be, or DIR.part.")],
    threads: Annotated[int | None, typer.Option(help="Threads; results do not depend on them.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Go on with an interrupted run from its last checkpoint; the result is the same, bit for bit."""
    from communize.store import running

    if threads is not None and not 0 <= threads <= 4096:
        raise InputError("--threads", threads, "0 to 4096")

    def start(**options: Any) -> Any:
        return running.resume(folder, threads=threads, also=_write_report, **options)

    _carry_out(start, folder.name, as_json)


def _write_report(result: Any, part: Path) -> None:
    from communize.report.page import write_report

    write_report(result, part / "report.html")


def _carry_out(start: Any, title: str, as_json: bool) -> None:
    """Run with a progress bar, and print the summary or what stopped it."""
    from communize.cli.progress import Progress
    from communize.cli.show import print_run

    try:
        with Progress(title, quiet=as_json) as progress:
            result = start(progress=progress.update, say=lambda text: say(f"communize: {text}"))
    except InvariantViolation as violation:
        _stop(violation, Path(violation.facts["folder"]), as_json)
    except KeyboardInterrupt as stop:  # caught here, for the command line library ends silently on it
        say(f"communize: {stop.args[0] if stop.args else 'interrupted; nothing was written'}")
        raise typer.Exit(130) from None
    folder = result.folder
    if as_json:
        print(json.dumps({**result.summary(), "folder": str(folder)}, default=str))
    else:
        print_run(result, folder, with_report=(folder / "report.html").exists())


@app.command()
def cases(as_json: JsonOption = False) -> None:
    """List the cases of the library."""
    from communize.cli.show import print_cases
    from communize.scenario.scenario import case_names, load

    loaded = [load(name) for name in case_names()]
    if as_json:
        rows = [{"name": s.name, "title": s.title, "start": str(s.start), "days": s.days, "claims": s.tables.scenario.claims} for s in loaded]
        print(json.dumps({"cases": rows}))
    else:
        print_cases(loaded)


@app.command()
def show(scenario: ScenarioArgument, as_json: JsonOption = False) -> None:
    """Print a scenario with every default resolved, and where each value comes from."""
    from communize.cli.show import print_scenario
    from communize.scenario.scenario import load
    from communize.scenario.write import resolved

    loaded = load(scenario)
    if as_json:
        rows = [{key: row[key] for key in ("path", "value", "unit", "range", "source", "meaning", "set")} for row in resolved(loaded)]
        print(json.dumps({"name": loaded.name, "title": loaded.title, "hash": loaded.hash, "values": rows}, default=str))
    else:
        print_scenario(loaded)


@app.command()
def new(file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write; it must not exist yet.")]) -> None:
    """Write a commented template of a scenario."""
    from communize.scenario.write import template

    if file.exists():
        raise InputError("FILE", str(file), "a file that does not exist yet")
    try:
        file.write_text(template(), encoding="utf-8")
    except OSError as error:
        raise InputError("FILE", str(file), f"a file that can be written ({error.strerror})") from None
    print(f"wrote {file}; check it with: communize check {file}")


@app.command()
def check(
    scenario: ScenarioArgument,
    assignments: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Validate a scenario: its values, its places and dates, its mechanisms."""
    from communize.scenario.check import check_scenario

    loaded = load_scenario(scenario, None, None, None, None, assignments or [])
    found = check_scenario(loaded)
    if as_json:
        print(json.dumps({"name": loaded.name, "hash": loaded.hash, **found}))
        return
    print(f"{scenario} is valid: {found['agents']:,} agents for {found['people']:,} people in {found['places']:,} places, {loaded.days} days")
    for warning in found["warnings"]:
        print(f"note: {warning}")


@app.command()
def report(folder: Annotated[Path, typer.Argument(metavar="DIR", help="A run folder.")], as_json: JsonOption = False) -> None:
    """Write report.html of a run folder anew."""
    from communize.report.page import write_report
    from communize.store.run import read_run

    try:
        path = write_report(read_run(folder), folder / "report.html")
    except OSError as error:
        raise InputError("DIR", str(folder), f"a folder that can be written ({error.strerror})") from None
    except (CommunizeError, MemoryError):
        raise
    except Exception as error:  # figures in run.json that a page cannot be made of
        raise InputError("DIR", str(folder), f"a whole run folder ({type(error).__name__}: {error})") from error
    print(json.dumps({"report": str(path)}) if as_json else f"wrote {path}")


@app.command()
def bench(
    people: Annotated[list[int] | None, typer.Option(help="Sizes to measure; repeatable.")] = None,
    threads: Annotated[list[int] | None, typer.Option(help="Numbers of threads; repeatable.")] = None,
    days: Annotated[int, typer.Option(help="Days of each run.", min=1, max=10_000)] = 30,
    scenario: Annotated[str, typer.Option(help="Scenario to run.")] = "restructured",
    as_json: JsonOption = False,
) -> None:
    """Measure speed and memory on this machine, beside its memory bandwidth."""
    from communize.cli.show import print_bench
    from communize.experiment.bench import measure

    rows = measure(scenario, people or [10**5, 10**6, 10**7], threads or [1, 2], days, say=None if as_json else say)
    if as_json:
        print(json.dumps(rows))
    else:
        print_bench(rows)


for command in (experiments.sweep, experiments.query, experiments.compare, fitting.sensitivity, fitting.calibrate):
    app.command()(command)


def _stop(violation: InvariantViolation, target: Path, as_json: bool) -> NoReturn:
    """Report a broken invariant, write the report beside the run folder, and end with status 1."""
    from communize.store.violation import write_violation

    file = write_violation(violation, target)
    if as_json:
        print(json.dumps({"violation": violation.report(), "file": str(file) if file else None}))
    else:
        say(f"communize: the run failed, by a fault of the program or of a mechanism: {violation}")
        say(f"  all of this, and the scenario: {file or 'could not be written'}")
    raise typer.Exit(1) from None


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as of

        print(of("communize"))
        raise typer.Exit()


def main() -> None:
    """Entry point: exit status 0 done, 1 the run failed, 2 the input is wrong."""
    for stream in (sys.stdout, sys.stderr):  # a terminal may not know all letters of a title or of a file's name
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except InputError as error:
        say(f"communize: {error}")
        sys.exit(2)
    except CommunizeError as error:
        say(f"communize: the run failed: {error}")
        sys.exit(1)
    except MemoryError as error:
        say(f"communize: the run failed: not enough memory ({error or 'it ran out'}); use fewer people, a larger society.scale, or fewer places")
        sys.exit(1)



