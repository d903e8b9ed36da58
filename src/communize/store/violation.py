"""What a maintainer needs of a run that an invariant stopped: the scenario, a command that repeats it, and a file with both."""

import contextlib
import json
import shlex
from pathlib import Path
from typing import Any

from communize.declare.errors import InputError, InvariantViolation
from communize.scenario.scenario import Scenario, load
from communize.scenario.write import to_toml


def explain(violation: InvariantViolation, scenario: Scenario, seed: int) -> InvariantViolation:
    """Add the scenario as TOML, and a command that repeats the run up to the day of the violation."""
    days = int(violation.facts["day"]) + 1
    violation.add(scenario_toml=to_toml(scenario, seed=seed, days=days))
    if violation.facts.get("note") is None:
        violation.facts["command"] = command(scenario, seed, days)
    return violation


def command(scenario: Scenario, seed: int, days: int) -> str:
    """A command line that repeats a run; of a scenario that no file and no `--set` gives, from the text kept in the report."""
    end = f"--seed {seed} --days {days}"
    if scenario.file is not None:
        with contextlib.suppress(InputError):
            base = load(scenario.file)
            before, after = (Scenario(given.values(), given.file).set_values() for given in (base, scenario))
            changes = {
                path: value for path, value in after.items() if before.get(path) != value and path.split(".")[0] not in ("run", "scenario")
            }
            if base.replace(changes).hash == scenario.hash:
                options = [f"--set {shlex.quote(f'{path}={_toml(value)}')}" for path, value in changes.items()]
                return " ".join(["communize run", shlex.quote(scenario.file), end, *options])
    return f"save scenario_toml of the report as violation.toml; communize run violation.toml {end}"


def _toml(value: Any) -> str:
    return json.dumps(value, default=str)


def write_violation(violation: InvariantViolation, target: Path) -> Path | None:
    """Write the report beside the run folder that is not made, as ``TARGET.violation.json``; None where that cannot be written."""
    path = target.with_name(f"{target.name}.violation.json")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(violation.report(), indent=2) + "\n", encoding="utf-8")
    except OSError:
        return None
    return path
