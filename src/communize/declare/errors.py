"""What can go wrong, in words for the user."""

import difflib
import math
from collections.abc import Callable, Iterable
from typing import Any

LONGEST_NAME, MANY_NAMES = 200, 5_000


class CommunizeError(Exception):
    """Base of all errors that communize raises on purpose."""


class InvariantViolation(CommunizeError):
    """What must hold at the end of every day did not: a fault of the program or of a mechanism, not of the input.

    Parameters
    ----------
    invariant
        Which one: people, codes, counts, measures, range, hazard, coins or series.
    message
        What was found, in words.
    facts
        What a maintainer needs besides: day, table, column, row, found, expected, seed, scenario and so on (`report`).
    """

    def __init__(self, invariant: str, message: str = "", **facts: Any):
        super().__init__(invariant, message)
        self.invariant, self.message, self.facts = invariant, message, facts

    def add(self, **facts: Any) -> "InvariantViolation":
        """Add what is known further up; what is already known stays."""
        self.facts = {**facts, **self.facts}
        return self

    def report(self) -> dict[str, Any]:
        """All that is known, as plain Python for JSON."""
        return {"invariant": self.invariant, "message": self.message, **{key: _plain(value) for key, value in sorted(self.facts.items())}}

    def __str__(self) -> str:
        known = self.report()
        lines = [f"day {known.get('day', '?')}: the invariant {self.invariant!r} is broken: {self.message}"]
        for key, words in REPORT_LINES.items():
            value = known.get(key)
            if value not in (None, [], {}):
                value = ", ".join(map(str, value)) if isinstance(value, list) else value
                value = ", ".join(f"{name} {v}" for name, v in value.items()) if isinstance(value, dict) else value
                lines.append(f"  {words}: {_one_line(value, 2000)}")
        return "\n".join(lines)


REPORT_LINES = {
    "found": "found", "expected": "expected", "wrong_rows": "rows that are wrong", "values": "the whole row", "last_good": "last found in order on day",
    "after": "found after", "writers": "mechanisms that write it", "scenario": "scenario", "scenario_hash": "scenario hash", "seed": "seed",
    "version": "communize", "state_hash": "state hash", "command": "to run it again", "python": "to find the mechanism that did it",
    "note": "note",
}  # fmt: skip


def _plain(value: Any) -> Any:
    """A value as JSON can hold it; NumPy's numbers become Python's, and those that are not finite text."""
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


class InputError(CommunizeError):
    """Wrong input: one message that names file, path of the value, what was found, what is allowed.

    Parameters
    ----------
    path
        Dotted path of the value, as `--set` would take it; empty for the file as a whole.
    found
        What stands there, as the user wrote it.
    allowed
        What would be accepted.
    nearest
        The nearest valid name, if any.
    file
        The file the value stands in; filled in by whoever read the file.
    """

    def __init__(self, path: str, found: object, allowed: str, nearest: str | None = None, file: str | None = None):
        super().__init__(path, found, allowed, nearest, file)
        self.path, self.found, self.allowed, self.nearest, self.file = path, found, allowed, nearest, file

    def __str__(self) -> str:
        where = ": ".join(_one_line(part, 500) for part in (self.file, self.path) if part)
        hint = f" (did you mean {_one_line(self.nearest, 200)}?)" if self.nearest else ""
        return f"{where or 'input'}: found {_short(self.found)}; allowed: {_one_line(self.allowed, 1500)}{hint}"

    def in_file(self, file: str | None) -> "InputError":
        """The same error, naming the file it was found in."""
        return InputError(self.path, self.found, self.allowed, self.nearest, self.file or file)


def nearest_name(name: object, valid: Iterable[str]) -> str | None:
    """The valid name closest to what was typed, or None; a name that one slip of a finger makes of it comes first."""
    typed = _text_of(name)[:LONGEST_NAME].casefold()
    folded = {str(candidate).casefold(): str(candidate) for candidate in valid}
    slips = [candidate for candidate in folded if len(candidate) > 2 and one_slip(typed, candidate)]
    if len(folded) > MANY_NAMES and not slips:  # comparing them all would take seconds
        folded = {candidate: given for candidate, given in folded.items() if candidate[:3] == typed[:3] or candidate[-3:] == typed[-3:]}
    matches = difflib.get_close_matches(typed, slips or list(folded)[:MANY_NAMES], n=1, cutoff=0.0 if slips else 0.55)
    return folded[matches[0]] if matches else None


def one_slip(one: str, other: str) -> bool:
    """Whether a letter left out, put in, changed, or two neighbours swapped make one text of the other."""
    if abs(len(one) - len(other)) > 1:
        return False
    k = 0
    while k < min(len(one), len(other)) and one[k] == other[k]:
        k += 1
    a, b = one[k:], other[k:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (len(a) > 1 and a[:2] == b[1::-1] and a[2:] == b[2:])


def _short(value: object, limit: int = 80) -> str:
    return _cut(_one_line(_text_of(value, repr), 100_000), limit)


def _cut(text: str, limit: int) -> str:
    """The beginning and the end of a text that is longer than `limit`: the end of a path says most."""
    return text if len(text) <= limit else f"{text[: limit // 2 - 2]}...{text[1 - limit // 2 :]}"


def _text_of(value: object, way: Callable[[object], str] = str) -> str:
    try:
        return way(value)
    except (ValueError, RecursionError):  # Python writes out no number of more than 4,300 digits
        return "a number too long to be shown" if isinstance(value, int) else f"a {type(value).__name__} too large to be shown"


def _one_line(text: object, limit: int) -> str:
    """The text without line breaks and other characters that a terminal would obey, and not longer than `limit`."""
    text = _cut(str(text), limit)
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class WrongEntry(ValueError):
    """One entry of a table of numbers is wrong: raised by validators, so that the message names the entry and not the table."""

    def __init__(self, name: str, found: object, allowed: str, nearest: str | None = None):
        super().__init__(f"{allowed} (found {name} = {found})")
        self.name, self.found, self.allowed, self.nearest = name, found, allowed, nearest
