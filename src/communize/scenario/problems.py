"""From what pydantic found to one clear message."""

import datetime
import types
import typing
from typing import Any

from pydantic import BaseModel, ValidationError

from communize.declare.errors import InputError, WrongEntry, nearest_name

KINDS_OF_VALUE = {
    "int": "a whole number", "float": "a number", "string": "text", "bool": "true or false", "date": "a date such as 2005-10-27, without quotes",
    "list": "a list", "dict": "a table", "model": "a table",
}  # fmt: skip


def to_input_error(error: ValidationError, model: type[BaseModel], file: str | None) -> InputError:
    """The first problem of a validation as an `InputError`."""
    problem = error.errors()[0]
    location = tuple(part for part in problem["loc"] if part != "[key]")
    path, kind, found = dotted(location), problem["type"], problem.get("input")
    field = field_at(model, location)
    if kind == "extra_forbidden":
        names = names_at(model, location[:-1])
        return InputError(path, location[-1], f"one of {', '.join(names)}", nearest_name(location[-1], names), file)
    if kind == "missing":
        return InputError(path, "nothing", f"{KINDS_OF_VALUE.get(type_name(field), 'a value')} ({describe(field)})", None, file)
    if kind == "literal_error":
        names = [name.strip("'") for name in problem.get("ctx", {})["expected"].replace(" or ", ", ").split(", ")]
        return InputError(path, found, ", ".join(names), nearest_name(found, names), file)
    if kind == "value_error":
        wrong = problem.get("ctx", {})["error"]
        if isinstance(wrong, WrongEntry):
            return InputError(f"{path}.{wrong.name}", wrong.found, wrong.allowed, wrong.nearest, file)
        return InputError(path, _brief(found), str(problem.get("ctx", {})["error"]), None, file)
    limits = range_text(field)
    if kind in ("greater_than_equal", "less_than_equal", "greater_than", "less_than", "finite_number"):
        return InputError(path, found, limits or "a finite number", None, file)
    wanted = KINDS_OF_VALUE.get(kind.split("_")[0], problem["msg"])
    return InputError(path, _brief(found), f"{wanted}{f' from {limits}' if limits else ''}", None, file)


def dotted(location: tuple[Any, ...]) -> str:
    """``("shock", 0, "date")`` as ``shock[0].date``."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _models_of(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in typing.get_args(annotation) for model in _models_of(argument)]


def model_at(model: type[BaseModel], location: tuple[Any, ...]) -> type[BaseModel] | None:
    """The pydantic model that stands at a location, or None."""
    annotation: Any = model
    for part in location:
        annotation = _within(annotation, part)
    found = _models_of(annotation)
    return found[0] if found else None


def _within(annotation: Any, part: Any) -> Any:
    """What is declared for an entry of a value: of a table by its name, of a list by its number; None if nothing is."""
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        options = [_within(option, part) for option in typing.get_args(annotation)]
        return next((option for option in options if option is not None), None)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation.model_fields[part].annotation if part in annotation.model_fields else None
    inner = typing.get_args(annotation)
    return inner[-1] if typing.get_origin(annotation) in (dict, list) and inner else None


def names_at(model: type[BaseModel], location: tuple[Any, ...]) -> list[str]:
    """Names that may stand in the table at a location."""
    inner = model_at(model, location)
    return list(inner.model_fields) if inner else []


def field_at(model: type[BaseModel], location: tuple[Any, ...]) -> Any:
    """The declaration of the value at a location, or None."""
    for last in range(len(location) - 1, -1, -1):
        outer = model_at(model, location[:last])
        if outer is not None and location[last] in outer.model_fields:
            return outer.model_fields[location[last]]
    return None


def type_name(field: Any) -> str:
    """Kind of value of a declaration, as a key of `KINDS_OF_VALUE`."""
    annotation = getattr(field, "annotation", None)
    options = typing.get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
    if any(_models_of(option) for option in options):
        return "model"
    for python_type, name in ((bool, "bool"), (int, "int"), (float, "float"), (str, "string"), (datetime.date, "date")):
        if python_type in options:
            return name
    return ""


def describe(field: Any) -> str:
    """The meaning of a declaration."""
    return getattr(field, "description", None) or "required"


def range_text(field: Any) -> str:
    """The allowed range of a declaration with its unit, or an empty text."""
    extra = getattr(field, "json_schema_extra", None) or {}
    low, high = extra.get("range") or (None, None)
    if low is None and high is None:
        return ""
    unit = extra.get("unit")
    suffix = f" ({unit})" if unit and unit not in ("1", "share") else ""
    if high is None:
        return f"{low:g} or more{suffix}"
    if low is None:
        return f"{high:g} or less{suffix}"
    return f"{low:g} to {high:g}{suffix}"


def _brief(value: Any) -> Any:
    return f"a table with {', '.join(map(str, value))}" if isinstance(value, dict) else value
