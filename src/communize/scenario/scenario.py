"""A scenario: all that a run needs, validated, with every default resolved."""

import copy
import datetime
import hashlib
import importlib
import importlib.util
import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from communize.declare.errors import InputError, nearest_name
from communize.declare.files import exists, is_file
from communize.mechanisms.base import PHASES, Mechanism
from communize.mechanisms.struggle.shocks import Shocks
from communize.production.tables import builtin_names
from communize.scenario.problems import to_input_error
from communize.scenario.reading import check_depth, read_toml
from communize.scenario.tables import SWITCHED, Tables
from communize.simulation.day import MECHANISMS
from communize.society.parameters import SocietyParameters

LIBRARY = Path(__file__).parent / "library"


class Scenario:
    """A validated scenario. Immutable: `replace` gives a changed one.

    Attributes
    ----------
    tables
        The tables of the file as pydantic models, every default resolved.
    file
        The file it was read from, for messages.
    """

    def __init__(self, values: dict[str, Any], file: str | None = None, added: tuple[Mechanism, ...] = ()):
        check_depth(values, file)
        self.file, self._values, self._added = file, copy.deepcopy(values), added
        try:
            self.tables: Any = Tables.model_validate(_with_switches(values, file))
        except ValidationError as error:
            raise to_input_error(error, Tables, file) from None

    def __reduce__(self) -> tuple[Any, ...]:
        """What travels to another process: the values alone, which are validated again there."""
        return Scenario, (self._values, self.file, self._added)

    def __repr__(self) -> str:
        return f"<Scenario {self.name}: {self.tables.scenario.title}>"

    @property
    def name(self) -> str:
        return self.tables.scenario.name

    @property
    def title(self) -> str:
        return self.tables.scenario.title

    @property
    def start(self) -> datetime.date:
        return self.tables.scenario.start

    @property
    def days(self) -> int:
        """Length of a run: `run.days`, else `scenario.days`."""
        return self.tables.scenario.days if self.tables.run.days is None else self.tables.run.days

    @property
    def seed(self) -> int:
        return self.tables.run.seed

    @property
    def threads(self) -> int:
        return self.tables.run.threads

    @property
    def society(self) -> SocietyParameters:
        return self.tables.society

    def mechanisms(self) -> list[Mechanism]:
        """The mechanisms that are switched on, new for each call, the user's own included."""
        built = []
        for mechanism in MECHANISMS:
            if mechanism is Shocks:
                built.append(Shocks(Shocks.Parameters(events=self.tables.shock)))
            else:
                built.append(mechanism(getattr(self.tables, mechanism.name)))
        built += self.own_mechanisms()
        return [mechanism for mechanism in built if mechanism.parameters.enabled]

    def own_mechanisms(self) -> list[Mechanism]:
        """The user's mechanisms, of the file and of `with_mechanism`, new for each call."""
        try:
            named = [self._users(number, entry) for number, entry in enumerate(self.tables.mechanism)]
        except InputError as error:
            raise error.in_file(self.file) from None
        return named + [type(mechanism)(mechanism.parameters) for mechanism in self._added]

    @property
    def folder(self) -> Path:
        """The folder that file names in the scenario start from."""
        return Path(self.file).parent if self.file else Path.cwd()

    def _users(self, number: int, entry: Any) -> Mechanism:
        path = f"mechanism[{number}]"
        cls = find_class(entry.use, f"{path}.use", self.folder)
        if cls.phase not in PHASES:
            raise InputError(f"{path}.use", cls.phase, f"a class with a phase among {', '.join(PHASES)}", nearest_name(cls.phase, PHASES), self.file)
        try:
            return cls(cls.Parameters.model_validate(entry.parameters))
        except ValidationError as error:
            problem = to_input_error(error, cls.Parameters, self.file)
            problem.path = f"{path}.parameters.{problem.path}"
            raise problem from None

    def with_mechanism(self, mechanism: type[Mechanism] | Mechanism, **parameters: Any) -> "Scenario":
        """The scenario with a mechanism of your own: a class and its parameters, or an instance."""
        if isinstance(mechanism, type):
            try:
                mechanism = mechanism(mechanism.Parameters.model_validate(parameters))
            except ValidationError as error:
                raise to_input_error(error, mechanism.Parameters, None) from None
        if mechanism.phase not in PHASES:
            raise InputError("phase", mechanism.phase, ", ".join(PHASES), nearest_name(mechanism.phase, PHASES))
        return Scenario(self._values, self.file, (*self._added, mechanism))

    def replace(self, changes: dict[str, Any]) -> "Scenario":
        """The scenario with values changed by dotted path.

        Parameters
        ----------
        changes
            Such as ``{"society.people": 100_000, "shock[0].magnitude": 2.0}``.

        Raises
        ------
        InputError
            A path that does not exist, or a value that is not allowed there.
        """
        if not changes:
            return self
        values = self.values()
        if "scenario.only" in changes and (changes["scenario.only"] or self.tables.scenario.only):  # it decides all switches anew
            values = without_switches(values)
        for path, value in changes.items():
            _put(values, path, copy.deepcopy(value))  # a later path may lead into it
        return Scenario(values, self.file, self._added)

    def values(self) -> dict[str, Any]:
        """Every value, defaults included, as plain Python; absent optional values are left out, and so are the switches that
        `scenario.only` sets.
        """
        values = self.tables.model_dump(exclude_none=True)
        return without_switches(values) if self.tables.scenario.only else values

    def set_values(self) -> dict[str, Any]:
        """The values that the scenario sets itself (those of its base included), by dotted path."""
        return dict(leaves(self._values))

    @property
    def hash(self) -> str:
        """Hash of all that decides the results: everything but title, texts, claims, sources, threads and length."""
        values = self.tables.model_dump(exclude_none=True)
        values["run"] = {}
        values["scenario"] = {"start": values["scenario"]["start"]}
        for key in ("target", "observed", "prior"):
            values.pop(key)
        for table in (values["society"]["places"], values["society"]["ties"]):
            if table.get("file") and is_file(table["file"]):
                table["file"] = hashlib.blake2b(Path(table["file"]).read_bytes()).hexdigest()
        production = values["provisioning"]
        if is_own_table(production["table"]) and is_file(production["table"]):
            production["table"] = hashlib.blake2b(Path(production["table"]).read_bytes()).hexdigest()
        values["mechanism"] = [
            [class_path(type(m)), _source_digest(type(m)), m.parameters.model_dump()] for m in self.own_mechanisms()
        ]
        text = json.dumps(values, sort_keys=True, default=str)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


    def record(self, seed: int) -> dict[str, Any]:
        """The scenario as a checkpoint holds it: text, and where files of mechanisms lie; `from_record` reads it."""
        from communize.scenario.write import to_toml

        files = [entry.use.partition(":")[0] for entry in self.tables.mechanism]
        return {"toml": to_toml(self, seed=seed), "files": {Path(file).name: str((self.folder / file).absolute()) for file in files if file.endswith(".py")}}

    @classmethod
    def from_record(cls, record: dict[str, Any], checkpoint: Path) -> "Scenario":
        """The scenario that a checkpoint holds; files of mechanisms are looked for in its run folder, then where they were."""
        values = tomllib.loads(record["toml"])
        for entry in values.get("mechanism", []):
            file, _, name = entry["use"].partition(":")
            if file in record["files"]:
                near = checkpoint.absolute().parent.parent / file
                entry["use"] = f"{near if is_file(near) else record['files'][file]}:{name}"
        return cls(values)


def is_own_table(name: str, folder: Path | None = None) -> bool:
    """Whether an input-output table is a file or folder that exists, in `folder` if it is given, and not one of the package."""
    return bool(name) and name not in builtin_names() and exists(folder / name if folder else name)


def load(scenario: str | Path | Scenario) -> Scenario:
    """Load a scenario by name from the library, or from a TOML file.

    Raises
    ------
    InputError
        Unknown name, unreadable file, or wrong content.
    """
    if isinstance(scenario, Scenario):
        return scenario
    text = str(scenario)
    if text in case_names():
        return Scenario(_read(LIBRARY / f"{text}.toml", text), text)
    path = Path(text)
    if path.suffix == ".toml" or is_file(path) or "/" in text:
        return Scenario(_read(path, text), text)
    raise InputError("", text, f"a case ({', '.join(case_names())}) or a TOML file", nearest_name(text, case_names()))


def case_names() -> list[str]:
    """Names of the cases of the library."""
    return sorted(path.stem for path in LIBRARY.glob("*.toml"))


def _read(path: Path, shown: str, above: tuple[str, ...] = ()) -> dict[str, Any]:
    values = read_toml(path, shown)
    for outer in ("places", "ties"):  # files are named from the scenario's own folder
        table = values.get("society", {}).get(outer) if isinstance(values.get("society"), dict) else None
        if isinstance(table, dict) and isinstance(table.get("file"), str):
            table["file"] = str(path.parent / table["file"])
    production = values.get("provisioning")
    if isinstance(production, dict) and isinstance(production.get("table"), str) and is_own_table(production["table"], path.parent):
        production["table"] = str(path.parent / production["table"])
    head = values.get("scenario")
    base = head.get("based_on") if isinstance(head, dict) else None
    if base is None:
        return values
    if not isinstance(base, str):
        raise InputError("scenario.based_on", base, "text: the name of a case or a TOML file", None, shown)
    if base in above or base == shown:
        raise InputError("scenario.based_on", base, "a scenario that is not based on this one", None, shown)
    if base in case_names():
        below = _read(LIBRARY / f"{base}.toml", base, (*above, shown))
    elif base.endswith(".toml"):
        below = _read(path.parent / base, base, (*above, shown))
    else:
        raise InputError("scenario.based_on", base, f"a case ({', '.join(case_names())}) or a TOML file", nearest_name(base, case_names()), shown)
    head_below = below.get("scenario", {})
    if not isinstance(head_below, dict):
        raise InputError("scenario", head_below, "a table", None, base)
    if isinstance(head, dict) and head.get("only"):  # it decides all switches anew
        below = without_switches(below)
    own_head = {key: value for key, value in head_below.items() if key in ("start", "days", "only", "sources")}
    return merge({**below, "scenario": own_head}, values)


def without_switches(values: dict[str, Any]) -> dict[str, Any]:
    """The values without the switches of mechanisms, which `scenario.only` sets."""
    return {
        name: {key: value for key, value in table.items() if key != "enabled"} if name in SWITCHED and isinstance(table, dict) else table
        for name, table in values.items()
    }


def _with_switches(values: dict[str, Any], file: str | None) -> dict[str, Any]:
    """The values with every switch set as `scenario.only` says; unchanged where it names nothing."""
    head = values.get("scenario")
    only = head.get("only") if isinstance(head, dict) else None
    if not isinstance(only, list) or not only:
        return values
    for number, name in enumerate(only):
        if name not in SWITCHED:
            nearest = nearest_name(name, SWITCHED) if isinstance(name, str) else None
            raise InputError(f"scenario.only[{number}]", name, f"mechanisms: {', '.join(SWITCHED)}", nearest, file)
    switched = dict(values)
    for name in SWITCHED:
        table = values.get(name, {})
        if not isinstance(table, dict):
            continue  # an error that validation names
        on = name in only
        if table.get("enabled", on) is not on:
            allowed = f"{'true' if on else 'false'}, as scenario.only {'names' if on else 'does not name'} {name}"
            raise InputError(f"{name}.enabled", table["enabled"], allowed, None, file)
        switched[name] = {**table, "enabled": on}
    return switched


def merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """`above` laid over `below`: tables are merged, all other values and lists replaced."""
    merged = dict(below)
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def _source_digest(mechanism: type[Mechanism]) -> str:
    """Digest of the file that a mechanism stands in, empty where there is none."""
    file = getattr(sys.modules.get(mechanism.__module__), "__file__", None)
    return hashlib.blake2b(Path(file).read_bytes(), digest_size=16).hexdigest() if file and Path(file).is_file() else ""


def class_path(mechanism: type[Mechanism]) -> str:
    """``module:Class`` of a mechanism, the name that its draws are numbered by."""
    return f"{mechanism.__module__}:{mechanism.__qualname__}"


def find_class(use: str, path: str, folder: Path) -> type[Mechanism]:
    """The mechanism class that ``file.py:Class`` or ``module:Class`` names."""
    where, _, name = use.partition(":")
    if not name:
        raise InputError(path, use, "file.py:Class or module:Class")
    try:
        if where.endswith(".py"):
            file = (folder / where).resolve()
            spec = importlib.util.spec_from_file_location(file.stem, file)
            assert spec is not None and spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            sys.modules.setdefault(file.stem, module)
            spec.loader.exec_module(module)
        else:
            module = importlib.import_module(where)
    except (ImportError, FileNotFoundError):
        raise InputError(path, use, "a Python file or module that exists") from None
    except (Exception, SystemExit) as error:
        raise InputError(path, use, f"a module that can be imported ({type(error).__name__}: {error})") from None
    classes = [key for key, value in vars(module).items() if isinstance(value, type) and issubclass(value, Mechanism) and value is not Mechanism]
    if name not in classes:
        raise InputError(path, name, f"a mechanism of {where}: {', '.join(classes) or 'there is none'}", nearest_name(name, classes))
    return getattr(module, name)


def _put(values: dict[str, Any], path: str, value: Any) -> None:
    parts: list[Any] = []
    for piece in path.replace("]", "").split("."):
        name, *indices = piece.split("[")
        parts.append(name)
        parts += [int(index) if index.isdecimal() and len(index) < 10 else index for index in indices]
    here: Any = values
    for part in parts[:-1]:
        if isinstance(part, int):
            if not isinstance(here, list) or part >= len(here):
                raise InputError(path, part, f"an entry from 0 to {len(here) - 1}" if isinstance(here, list) else "a list")
            here = here[part]
        elif isinstance(here, dict):
            here = here.setdefault(part, {})
        else:
            raise InputError(path, part, "the path of a table")
    if isinstance(here, list) and isinstance(parts[-1], int) and parts[-1] < len(here):
        here[parts[-1]] = value
    elif isinstance(here, dict):
        here[parts[-1]] = value
    else:
        raise InputError(path, parts[-1], "the path of a value")


def leaves(values: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of nested tables with its dotted path."""
    if isinstance(values, dict):
        for key, value in values.items():
            yield from leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(values, list) and values and isinstance(values[0], dict):
        for number, value in enumerate(values):
            yield from leaves(value, f"{path}[{number}]")
    else:
        yield path, values
