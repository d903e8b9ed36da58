"""Parameters: each with a default, a unit, an allowed range, a meaning and a source."""

import copy
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Parameters(BaseModel):
    """Base of every table of parameters. Unknown keys, wrong types and values out of range are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, validate_default=True)


def parameter(
    default: Any = ...,
    *,
    unit: str,
    range: tuple[float | None, float | None] | None = None,
    source: str = "assumed",
    meaning: str = "",
    plausible: tuple[float, float] | None = None,
) -> Any:
    """Declare one parameter of a `Parameters` class.

    Parameters
    ----------
    default
        Value if the scenario says nothing.
    unit
        Unit in words or symbols; "1" for a pure number, "name" for a choice, "table" for a structure.
    range
        Lowest and highest allowed value, both included; None at either end for no limit.
    source
        A URL, a DOI, "definition" for switches and choices that are no measurement, or "assumed".
    meaning
        One line of text for documentation and templates.
    plausible
        Lowest and highest value thought plausible: the prior range. Defaults to `range`. A number whose
        source is "assumed" must have one of the two.
    """
    low, high = range or (None, None)
    bounds: dict[str, Any] = {}
    if low is not None:
        bounds["ge"] = low
    if high is not None:
        bounds["le"] = high
    extra = {"unit": unit, "range": range, "source": source, "plausible": plausible or range}
    if isinstance(default, (list, dict, BaseModel)):
        return Field(default_factory=lambda: copy.deepcopy(default), description=meaning, json_schema_extra=extra, **bounds)
    return Field(default, description=meaning, json_schema_extra=extra, **bounds)


def describe(model: type[BaseModel]) -> list[dict[str, Any]]:
    """One row a parameter of `model`: name, default, unit, range, plausible, source, meaning."""
    rows = []
    for name, field in model.model_fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        rows.append(
            {
                "name": name,
                "default": field.get_default(call_default_factory=True),
                "required": field.is_required(),
                "unit": extra.get("unit"),
                "range": extra.get("range"),
                "plausible": extra.get("plausible"),
                "source": extra.get("source"),
                "meaning": field.description or "",
                "annotation": field.annotation,
            }
        )
    return rows
