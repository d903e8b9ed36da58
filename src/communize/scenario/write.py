"""Writing scenarios: fully resolved, as a commented template, and as a table with sources."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import BaseModel

from communize.declare.parameters import describe
from communize.scenario.problems import range_text
from communize.scenario.scenario import Scenario, class_path, is_own_table
from communize.scenario.tables import Tables


def to_toml(scenario: Scenario, *, seed: int | None = None, days: int | None = None) -> str:
    """The scenario as TOML with every default resolved; running it again gives the same numbers."""
    values = scenario.values()
    values["scenario"].pop("based_on", None)
    for table in (values["society"]["places"], values["society"]["ties"]):
        if table.get("file"):
            table["file"] = str(Path(table["file"]).absolute())
    if is_own_table(values["provisioning"]["table"]):
        values["provisioning"]["table"] = str(Path(values["provisioning"]["table"]).absolute())
    written = [(entry.use, entry.parameters) for entry in scenario.tables.mechanism]
    added = scenario.own_mechanisms()[len(written) :]
    written += [(class_path(type(m)), m.parameters.model_dump(exclude_none=True)) for m in added]
    if written:  # files of mechanisms lie beside the scenario, where `Run.save` puts them
        values["mechanism"] = [{"use": use.rsplit("/", 1)[-1], "parameters": parameters} for use, parameters in written]
    values["run"].update({key: value for key, value in (("seed", seed), ("days", days)) if value is not None})
    return tomlkit.dumps(values)


def resolved(scenario: Scenario) -> Iterator[dict[str, Any]]:
    """Each value of a scenario with its path, unit, range, meaning and source.

    The source is the one that the scenario states for the value under `scenario.sources` (the longest path that
    covers it), a ``source`` beside it in a list of tables, or that of the default.
    """
    given = scenario.tables.scenario.sources
    stated = set(scenario.set_values())
    yield from _rows(scenario.tables, "", given, stated)


def _rows(model: BaseModel, path: str, given: dict[str, str], stated: set[str]) -> Iterator[dict[str, Any]]:
    for row in describe(type(model)):
        name = row["name"]
        where = f"{path}.{name}" if path else name
        value = getattr(model, name)
        if where in ("scenario", "run") or where.startswith(("scenario.", "run.")):
            continue
        if isinstance(value, BaseModel):
            yield from _rows(value, where, given, stated)
        elif isinstance(value, dict) and value and all(isinstance(v, BaseModel) for v in value.values()):
            for key, inner in value.items():
                yield from _rows(inner, f"{where}.{key}", given, stated)
        elif isinstance(value, list) and value and all(isinstance(v, BaseModel) for v in value):
            for number, inner in enumerate(value):
                yield from _rows(inner, f"{where}[{number}]", given, stated)
        else:
            changed = where in stated or any(other.startswith((f"{where}.", f"{where}[")) for other in stated)
            source = _source(where, given) or (_beside(model) if changed else None)
            yield {**row, "path": where, "value": value, "set": changed, "source": source or row["source"]}


def _source(path: str, given: dict[str, str]) -> str | None:
    covering = [key for key in given if path == key or path.startswith((f"{key}.", f"{key}["))]
    return given[max(covering, key=len)] if covering else None


def _beside(model: BaseModel) -> str | None:
    """The citation that stands beside the value in the same table, if that kind of table has one."""
    field = type(model).model_fields.get("source")
    extra = field.json_schema_extra if field is not None else None
    return getattr(model, "source", None) if isinstance(extra, dict) and extra.get("unit") == "text" else None


def template() -> str:
    """A commented scenario: every table and value with its default, unit, range, meaning and source."""
    lines = [
        "# A scenario for communize. Values that are commented out are the defaults; remove the # to change one.",
        "# Check it with `communize check FILE`, run it with `communize run FILE`.",
        "",
        "[scenario]",
        'name = "my-scenario"',
        'title = "One line on what is represented"',
        "start = 2005-01-01",
        "days = 365",
        '# based_on = "restructured"   # a case or file whose values hold where this one says nothing',
        "",
        "[scenario.sources]",
        '# "force.deployment_delay" = "https://..., a DOI, or: assumed, 1 to 20"',
        "",
    ]
    for name, field in Tables.model_fields.items():
        if name != "scenario":
            lines += _template_of(name, field.annotation, field.description or "")
    return "\n".join(lines) + "\n"


def _template_of(path: str, annotation: Any, meaning: str) -> list[str]:
    if getattr(annotation, "__origin__", None) is dict:
        return [f"# {meaning}", f"[{path}]", '# "struggle.coupling" = [1.8, 3.2]', ""]
    if getattr(annotation, "__origin__", None) is list:
        inner = annotation.__args__[0]
        return [f"# {meaning}", f"# [[{path}]]", *_values_of(inner, "# "), ""]
    lines = [f"# {meaning}", f"[{path}]", *_values_of(annotation, "")]
    tail: list[str] = [""]
    for row in describe(annotation):
        inner = row["annotation"]
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            if row["required"] or any(r["required"] for r in describe(inner)):
                value = row["default"]
                tail += [f"# {row['meaning']}", f"# [{path}.{row['name']}]", *_values_of(inner, "# ", value), ""]
            else:
                tail += _template_of(f"{path}.{row['name']}", inner, row["meaning"])
    return lines + tail


def _values_of(model: type[BaseModel], prefix: str, instance: Any = None) -> list[str]:
    lines = []
    for row in describe(model):
        inner = row["annotation"]
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            continue
        value = getattr(instance, row["name"]) if instance is not None else row["default"]
        shown = _toml_value(value) if not (row["required"] and instance is None) else "..."
        limits = range_text(model.model_fields[row["name"]])
        notes = [row["meaning"] or row["name"], row["unit"] if row["unit"] not in ("1", "name", "text") else "", limits, row["source"] or ""]
        comment = "; ".join(note for note in notes if note)
        lines.append(f"# {row['name']} = {shown}  # {comment}" if not prefix else f"{prefix}{row['name']} = {shown}  # {comment}")
    return lines


def _toml_value(value: Any) -> str:
    if value is None:
        return '"..."'
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_none=True)
    if isinstance(value, dict):
        value = {k: v.model_dump(exclude_none=True) if isinstance(v, BaseModel) else v for k, v in value.items()}
        item = tomlkit.inline_table()
        item.update(value)
        return item.as_string()
    return tomlkit.item(value).as_string()
