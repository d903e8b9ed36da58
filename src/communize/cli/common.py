"""What several commands share: options, reading of `--set`, words on standard error."""

import sys
from typing import Annotated, Any

import typer

from communize.declare.errors import InputError

ScenarioArgument = Annotated[str, typer.Argument(metavar="SCENARIO", help="A case by name (see `communize cases`), or a TOML file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output, and nothing else there.")]
PeopleOption = Annotated[int | None, typer.Option(help="People of the society (0: the places' own populations).")]
DaysOption = Annotated[int | None, typer.Option(help="Days to run.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change one value; repeatable.")]
WorkersOption = Annotated[int | None, typer.Option(help="Processes of this machine; one a core if left out; 0: this process alone.")]
SchedulerOption = Annotated[str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler whose workers make the runs, such as tcp://host:8786.")]


def parse_set(assignments: list[str]) -> dict[str, Any]:
    """``["a.b=3", "c='x'"]`` as values by path; a value is read as TOML, else taken as text."""
    from communize.scenario.reading import value_of

    changes: dict[str, Any] = {}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals or not path.strip():
            raise InputError("--set", assignment, "path=value, such as struggle.coupling=2.4")
        changes[path.strip()] = value_of(text)
    return changes


def load_scenario(
    scenario: str, people: int | None = None, days: int | None = None, seed: int | None = None, threads: int | None = None,
    assignments: list[str] | None = None,
) -> Any:  # fmt: skip
    """The scenario with what the options change."""
    from communize.scenario.scenario import load

    named = {"society.people": people, "run.days": days, "run.seed": seed, "run.threads": threads}
    options = {"society.people": "--people", "run.days": "--days", "run.seed": "--seed", "run.threads": "--threads"}
    loaded = load(scenario)
    for path, value in named.items():
        if value is not None:
            try:
                loaded = loaded.replace({path: value})
            except InputError as error:
                raise InputError(options[path], value, error.allowed) from None
    return loaded.replace(parse_set(assignments or []))


def say(text: str) -> None:
    """Print on standard error."""
    print(text, file=sys.stderr, flush=True)


def as_option(error: InputError, **options: str) -> InputError:
    """The same message, naming the option of the command that the value came by; `options` besides those of all commands."""
    named = {"seeds": "--seeds", "run.days": "--days"} | options
    return InputError(named.get(error.path, error.path), error.found, error.allowed, error.nearest, error.file)
