"""The values that a sweep goes through, as they are typed and as a grid."""

import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from communize.declare.errors import InputError
from communize.scenario.reading import value_of

MOST = 100_000


def parse_vary(assignments: Sequence[str]) -> dict[str, list[Any]]:
    """``path=a:b:n``, n values from a to b, or ``path=a,b,c``, as values by path.

    Raises
    ------
    InputError
        Not of this form.
    """
    vary: dict[str, list[Any]] = {}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        path, text = path.strip(), text.strip()
        if not equals or not path or not text:
            raise InputError("--vary", assignment, "path=a:b:n (n values from a to b) or path=a,b,c, such as struggle.coupling=1:5:9")
        if path in vary:
            raise InputError("--vary", assignment, "each path once")
        vary[path] = _values(text, assignment)
    return vary


def _values(text: str, assignment: str) -> list[Any]:
    parts = text.split(":")
    if len(parts) == 3 and "," not in text and '"' not in text and "'" not in text:
        low, high, number = map(value_of, parts)
        for value in (low, high):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
                raise InputError("--vary", assignment, "two numbers and a count, such as struggle.coupling=1:5:9")
        if isinstance(number, bool) or not isinstance(number, int) or not 2 <= number <= MOST:
            raise InputError("--vary", assignment, f"2 to {MOST:,} values, such as struggle.coupling=1:5:9")
        values = [float(f"{value:.12g}") for value in np.linspace(low, high, number)]
        whole = isinstance(low, int) and isinstance(high, int) and all(value.is_integer() for value in values)
        return [int(value) for value in values] if whole else values
    listed = value_of(f"[{text}]")
    return listed if isinstance(listed, list) else [value_of(part) for part in text.split(",")]


def grid(vary: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination of the values given by path, the last path changing fastest.

    Raises
    ------
    InputError
        A path without values, or with a value twice.
    """
    for path, values in vary.items():
        if isinstance(values, str) or not len(values):
            raise InputError(path, values, "a list of values")
        texts = [json.dumps(_item(value), default=str) for value in values]
        twice = [text for number, text in enumerate(texts) if text in texts[:number]]
        if twice:
            raise InputError(path, twice[0], "each value once")
    return [dict(zip(vary, map(_item, values))) for values in itertools.product(*vary.values())]


def _item(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
