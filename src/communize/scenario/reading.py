"""TOML from a file or from the command line, with one clear message for whatever else it turns out to be."""

import tomllib
from pathlib import Path
from typing import Any

from communize.declare.errors import InputError
from communize.declare.files import is_file
from communize.scenario.problems import dotted

DEEPEST = 32  # tables and lists one within the other


def read_toml(path: Path, shown: str) -> dict[str, Any]:
    """The values of a TOML file.

    Parameters
    ----------
    path
        The file.
    shown
        Its name in messages.

    Raises
    ------
    InputError
        There is no such file, it cannot be read, or it is no TOML.
    """
    try:
        if path.exists() and not path.is_dir() and not is_file(path):
            raise InputError("", shown, "a TOML file (this is a device)", None, shown)
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError("", shown, "a TOML file that exists", None, shown) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("", shown, f"a readable TOML file ({type(error).__name__})", None, shown) from None
    except tomllib.TOMLDecodeError as error:
        raise InputError("", str(error), "valid TOML", None, shown) from None
    except RecursionError:
        raise InputError("", "lists or tables too deep to read", f"at most {DEEPEST} one within the other", None, shown) from None
    except ValueError as error:  # a NUL in the name, or a number too long for Python
        raise InputError("", str(error), "a file with valid TOML", None, shown) from None
    check_depth(values, shown)
    return values


def value_of(text: str) -> Any:
    """A value as it is typed on the command line: TOML, or else the text itself."""
    try:
        found = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text.strip()
    return found["value"] if len(found) == 1 else text.strip()


def check_depth(values: Any, file: str | None) -> None:
    """Raise an `InputError` for values so deep that what walks through them could not come back."""
    waiting: list[tuple[tuple[Any, ...], Any]] = [((), values)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, (dict, list, tuple)):
            if len(path) >= DEEPEST:
                raise InputError(dotted(path), "a table or list", f"at most {DEEPEST} of them one within the other", None, file)
            waiting += [((*path, key), inner) for key, inner in (value.items() if isinstance(value, dict) else enumerate(value))]
