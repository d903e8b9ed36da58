"""The values of a scenario with their sources, as the page lists them."""

import re
from typing import TYPE_CHECKING, Any

from communize.report.text import ADDRESS, number

if TYPE_CHECKING:
    from communize.scenario.scenario import Scenario

REAL_FIGURES = ("observed", "target")  # shown where the run is compared with them
MAX_LENGTH = 120


def value_tables(scenario: "Scenario") -> dict[str, Any]:
    """Rows that the scenario sets itself, all rows by table, and how many rest on what.

    A scenario that was changed or read back states every value, so "sets itself" is: differs from the default in value or
    source.
    """
    from communize.scenario.scenario import Scenario
    from communize.scenario.write import resolved

    defaults = {row["path"]: row for row in resolved(Scenario({"scenario": {"name": "defaults"}}))}
    rows = [_row(row, defaults.get(row["path"])) for row in resolved(scenario) if _listed(row["path"])]
    tables: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        tables.setdefault(re.split(r"[.\[]", row["path"])[0], []).append(row)
    counts = {
        basis: sum(row["basis"] == basis for row in rows) for basis in ("assumed", "published", "definition", "stated")
    }
    return {
        "own": [row for row in rows if row["own"]],
        "tables": tables,
        "n": len(rows),
        "counts": counts,
    }


def basis_of(source: str | None) -> str:
    """What a value rests on: ``assumed``, ``published`` (an address or DOI), ``definition``, or ``stated`` in words."""
    text = (source or "").strip()
    if text.lower().startswith("assumed"):
        return "assumed"
    if ADDRESS.search(text):
        return "published"
    return "definition" if text == "definition" else "stated"


def shown(value: Any) -> str:
    """A value as a person reads it, cut if long."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == "" or value == [] or value == {}:
        return "none"
    if isinstance(value, (int, float)):
        return str(value) if isinstance(value, int) and abs(value) < 10_000 else number(value, 6)
    if isinstance(value, dict):
        text = ", ".join(f"{key} {shown(inner)}" for key, inner in value.items())
    elif isinstance(value, (list, tuple)):
        text = ", ".join(shown(inner) for inner in value)
    else:
        text = str(value)
    return text if len(text) <= MAX_LENGTH else f"{text[: MAX_LENGTH - 1]}…"


def _listed(path: str) -> bool:
    """Not the real figures, and not the text of a source, which stands beside the values it is the source of."""
    return re.split(r"[.\[]", path)[0] not in REAL_FIGURES and not path.endswith("].source")


def _row(row: dict[str, Any], default: dict[str, Any] | None) -> dict[str, Any]:
    differs = default is None or (row["value"], row["source"]) != (default["value"], default["source"])
    return {
        "path": row["path"],
        "value": shown(row["value"]),
        "unit": "" if row["unit"] in (None, "1", "name", "text", "table", "yes/no") else row["unit"],
        "meaning": row["meaning"],
        "source": row["source"] or "none named",
        "basis": basis_of(row["source"]),
        "own": bool(row["set"] and differs),
    }
