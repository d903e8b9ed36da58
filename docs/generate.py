"""Write `docs/reference/` from the declarations of the package: columns, outputs, parameters, the order of the day.

Run alone (`python docs/generate.py`) or by `docs/hooks.py` whenever the documentation is built. What it writes is
not kept in the repository, so that it cannot differ from the source.
"""

import types
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from communize.declare import registry
from communize.declare.parameters import describe
from communize.declare.registry import Column, Output
from communize.scenario.tables import Tables
from communize.simulation.day import DAY, MECHANISMS
from communize.simulation.series import FIXED_DIMS
from communize.society import columns as society_columns
from communize.store.outcome import RULES

FOLDER = Path(__file__).parent / "reference"
CODES = (
    "POSITIONS", "ACTIVITIES", "KINDS", "MODES", "LOCI", "STRUGGLE_ENDS", "CONTENTS", "CHANNELS", "CAUSES", "SCOPES", "FORMS", "DECILES",
    "SIZE_CLASSES",
)  # fmt: skip
ROWS = {
    "people": "an agent",
    "sites": "a site",
    "places": "a place",
    "struggles": "a struggle that ever began",
    "practices": "a practice that ever arose",
    "instances": "an instance of a practice that ever began",
    "contacts": "a place and one of its contact places",
    "demand": "a labour market and a sector, in this order; one sector only where `economy.sectors` is off",
    "provision": "a place and a sector, in this order",
    "industry": "a sector",
    "inventory": "a supplying and a using sector, in this order",
    "renewal": "a day of the window of 30 days, by day modulo 30",
    "common": "a sector",
    "cohort": "a day of the window of 180 days, by day modulo 180",
    "lattice": "an agent of the society of `civil_violence`",
    "tally": "the whole society",
    "economy": "the whole society",
    "force": "the whole society",
    "rupture": "the whole society",
    "siding": "the whole society",
    "antagonism": "a place and a side of a division (groups, then livelihoods, then town and country), in this order",
    "days": "the whole society; written anew every day",
}  # what a row of a table stands for
PARAMETER_HEADS = ("parameter", "meaning", "default", "unit", "allowed", "plausible", "source")


def table(heads: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(tuple(heads))]
    lines += [
        "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows
    ]
    return "\n".join(lines) + "\n"


def summary_of(thing: Any) -> str:
    """First line of a docstring."""
    return (thing.__doc__ or "").strip().split("\n")[0]


def code(text: object) -> str:
    return f"`{text}`"


def number(value: float) -> str:
    """A number without needless digits: 0.05, 2.6, 100,000, 1e+08."""
    return f"{int(value):,}" if value == int(value) and abs(value) < 10**7 else f"{value:g}"


def limits(pair: tuple[float | None, float | None] | None) -> str:
    """A range in words; empty if there is none."""
    low, high = pair or (None, None)
    if low is None:
        return "" if high is None else f"{number(high)} or less"
    return f"{number(low)} or more" if high is None else f"{number(low)} to {number(high)}"


def source_text(source: object) -> str:
    text = str(source or "")
    return f"[{text.split('://')[1]}]({text})" if text.startswith("http") else text


# Columns and outputs


def all_columns() -> dict[str, tuple[Column, list[str]]]:
    """Every column by path, with who adds it: the society or mechanisms."""
    found: dict[str, tuple[Column, list[str]]] = {}
    for column in (*society_columns.PEOPLE, *society_columns.SITES, *society_columns.PLACES):
        found[column.path] = (column, ["society"])
    for mechanism in MECHANISMS:
        for column in mechanism.columns:
            adders = found.setdefault(column.path, (column, []))[1]
            if mechanism.name not in adders:
                adders.append(mechanism.name)
    return found


def all_outputs() -> list[tuple[Output, str]]:
    """Every variable of the series with the mechanism that reports it."""
    return [(output, mechanism.name) for mechanism in MECHANISMS for output in mechanism.outputs]


def columns_page() -> str:
    parts = [
        "# State columns\n",
        "Every array of the state, declared in the source and hashed into `state_hash`. Counts of agents become",
        "counts of people when multiplied by `society.scale`.\n",
    ]
    columns = all_columns()
    for name in dict.fromkeys(path.split(".")[0] for path in columns):
        parts.append(f"## `{name}`\n")
        parts.append(f"One row: {ROWS[name]}.\n")
        rows = []
        for path, (column, adders) in columns.items():
            if path.split(".")[0] == name:
                shape = " x ".join(map(str, column.dims))
                kind = f"{column.dtype} ({shape})" if shape else column.dtype
                start = f"{column.start:g}"
                allowed = limits(column.range)
                rows.append((code(path), column.meaning, kind, column.unit, allowed, start, ", ".join(adders)))
        parts.append(table(("column", "meaning", "type", "unit", "range", "start", "added by"), rows))
    parts.append("## Codes\n")
    parts.append(
        table(
            ("list", "codes"),
            [(code(n), ", ".join(f"{i} {v}" for i, v in enumerate(getattr(registry, n)))) for n in CODES],
        )
    )
    return "\n".join(parts)


def outputs_table() -> str:
    rows = []
    for output, mechanism in all_outputs():
        dims = ", ".join(("day", *output.dims))
        rows.append((code(output.name), output.meaning, dims, output.unit, output.dtype, mechanism))
    return table(("variable", "meaning", "dims", "unit", "type", "reported by"), rows)


def outputs_page() -> str:
    dims = table(("dimension", "labels"), [(code(d), ", ".join(labels)) for d, labels in FIXED_DIMS.items()])
    return f"# Variables of the series\n\n{outputs_table()}\n## Dimensions\n\n{dims}"


# Parameters


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The pydantic models that occur in an annotation."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [model for argument in typing.get_args(annotation) for model in models_in(argument)]


def parameter_models(model: type[BaseModel] = Tables, path: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Every table of a scenario with its path: NAME stands for a free name, [] for an entry of a list; first the file."""
    rows = describe(model)
    inner = {row["name"]: models_in(row["annotation"]) for row in rows}
    alike = path and len(rows) > 1 and len({models[0] if models else None for models in inner.values()}) == 1
    if alike and all(inner.values()):  # such as the positions: many names, one kind of table
        yield from parameter_models(next(iter(inner.values()))[0], f"{path}.NAME")
        return
    yield path, model
    for row in rows:
        for found in inner[row["name"]]:
            origin = typing.get_origin(row["annotation"])
            suffix = "[]" if origin is list else ".NAME" if origin is dict else ""
            yield from parameter_models(found, f"{path}.{row['name']}{suffix}".lstrip("."))


def all_parameters() -> list[tuple[str, dict[str, Any]]]:
    """Every value that a scenario can set, with its path; tables that hold tables are left out."""
    found = []
    for path, model in parameter_models():
        for row in describe(model):
            if not models_in(row["annotation"]):
                found.append((f"{path}.{row['name']}".lstrip("."), row))
    return found


def assumed(rows: Iterable[tuple[str, dict[str, Any]]]) -> list[str]:
    """Paths of the values whose source is "assumed"."""
    return [path for path, row in rows if str(row["source"]).startswith("assumed")]


def default_text(row: dict[str, Any]) -> str:
    if row["required"]:
        return "required"
    default = row["default"]
    if default is None or default in ("", [], {}):
        return "none"
    if isinstance(default, dict):
        return ", ".join(f"{key} {number(value)}" for key, value in default.items())
    if isinstance(default, bool):
        return code(str(default).lower())
    return code(number(default) if isinstance(default, (int, float)) else default)


def choices(annotation: Any) -> str:
    """The names of a Literal; empty for anything else."""
    return ", ".join(map(str, typing.get_args(annotation))) if typing.get_origin(annotation) is typing.Literal else ""


def parameter_table(path: str, model: type[BaseModel]) -> str:
    rows = []
    for row in describe(model):
        if models_in(row["annotation"]):
            continue
        plausible = limits(row["plausible"]) if row["plausible"] != row["range"] else ""
        allowed = limits(row["range"]) or choices(row["annotation"])
        name = code(f"{path}.{row['name']}".lstrip("."))
        source = source_text(row["source"])
        rows.append((name, row["meaning"], default_text(row), row["unit"], allowed, plausible, source))
    return table(PARAMETER_HEADS, rows)


def starts_of(path: str) -> str:
    """The defaults of a table with many names (positions, sectors), one row a name."""
    here: Any = Tables.model_fields["society"].get_default(call_default_factory=True)
    for part in path.split(".")[1:-1]:
        here = getattr(here, part)
    entries = here if isinstance(here, dict) else {name: getattr(here, name) for name in type(here).model_fields}
    fields = list(type(next(iter(entries.values()))).model_fields)
    return table(("NAME", *fields), [(code(name), *(getattr(e, f) for f in fields)) for name, e in entries.items()])


def parameters_page() -> str:
    rows = all_parameters()
    parts = [
        "# Parameters\n",
        "Every value that a scenario can set. `NAME` stands for a free name, `[]` for an entry of a list. A source",
        '"definition" marks a switch or a choice that is no measurement, "assumed" a number without a source.',
        f"{len(assumed(rows))} of {len(rows)} values have defaults that are assumed.\n",
    ]
    for path, model in parameter_models():
        head = [f"## `{path}`\n", summary_of(model) + "\n"] if path else ["## Beside the tables\n"]
        parts += [*head, parameter_table(path, model)]
        if path.endswith(".NAME"):
            parts += ["Defaults:\n", starts_of(path)]
    return "\n".join(parts)


def day_table() -> str:
    rows = []
    for phase, members in DAY:
        for mechanism in members:
            rows.append((phase, code(mechanism.name), summary_of(mechanism)))
        if not members:
            rows.append((phase, "none yet", "nothing happens in this phase"))
    return table(("phase", "mechanism", "what it does"), rows)


def decisions_table() -> str:
    """The decision records by number, linked from `decisions/index.md`."""
    rows = []
    for file in sorted((Path(__file__).parent / "decisions").glob("[0-9]*.md")):
        heading = file.read_text(encoding="utf-8").split("\n", 1)[0].lstrip("# ")
        number = file.stem.split("-")[0].lstrip("0")
        rows.append((f"[{number}]({file.name})", heading.removeprefix(number).lstrip(" .:")))
    return table(("", "decision"), rows)


def pages() -> dict[str, str]:
    """What is written: text by path below `docs/reference`."""
    written = {
        "columns.md": columns_page(),
        "outputs.md": outputs_page(),
        "parameters.md": parameters_page(),
        "tables/day.md": day_table(),
        "tables/decisions.md": decisions_table(),
        "tables/outcomes.md": table(("outcome", "rule"), [(code(name), rule) for name, rule in RULES.items()]),
        "tables/outputs.md": outputs_table(),
    }
    for path, model in parameter_models():
        if path.partition(".")[0].partition("[")[0] in {mechanism.name for mechanism in MECHANISMS}:
            written[f"tables/{path.replace('[]', '')}.md"] = parameter_table(path, model)
    return written


def write(folder: Path = FOLDER) -> None:
    """Write the pages; a page that has not changed is left alone, so that a server does not build for ever."""
    for name, text in pages().items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
