"""What can go wrong, in words for the user."""

import difflib
from collections.abc import Iterable


class CommunizeError(Exception):
    """Base of all errors that communize raises on purpose."""


class InvariantViolation(CommunizeError):
    """A quantity that must be conserved was not: a fault of the program, not of the input."""


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
        where = ": ".join(part for part in (self.file, self.path) if part)
        hint = f" (did you mean {self.nearest}?)" if self.nearest else ""
        return f"{where or 'input'}: found {_short(self.found)}; allowed: {self.allowed}{hint}"

    def in_file(self, file: str | None) -> "InputError":
        """The same error, naming the file it was found in."""
        return InputError(self.path, self.found, self.allowed, self.nearest, self.file or file)


def nearest_name(name: object, valid: Iterable[str]) -> str | None:
    """The valid name closest to what was typed, or None."""
    names = list(valid)
    typed = str(name)
    folded = {candidate.casefold(): candidate for candidate in names}
    matches = difflib.get_close_matches(typed.casefold(), list(folded), n=1, cutoff=0.55)
    return folded[matches[0]] if matches else None


def _short(value: object, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


class WrongEntry(ValueError):
    """One entry of a table of numbers is wrong: raised by validators, so that the message names the entry and not the table."""

    def __init__(self, name: str, found: object, allowed: str, nearest: str | None = None):
        super().__init__(f"{allowed} (found {name} = {found})")
        self.name, self.found, self.allowed, self.nearest = name, found, allowed, nearest
