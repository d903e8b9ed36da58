"""Every name that a module, a test or a page's script imports from the package is there, also where it is imported inside a function."""

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for folder in ("src", "tests", "docs") for path in (ROOT / folder).rglob("*.py"))


def imported(path):
    """(module, name) of each ``from communize... import name`` of a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] == "communize":
            yield from ((node.module, alias.name) for alias in node.names)


def is_there(module, name):
    try:
        importlib.import_module(f"{module}.{name}")
        return True
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "communize":
            return True  # a package of an extra that is not installed
    try:
        return hasattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        return (error.name or "").split(".")[0] != "communize"


@pytest.mark.parametrize("folder", ["src", "tests", "docs"])
def test_what_is_imported_exists(folder):
    files = [path for path in FILES if path.is_relative_to(ROOT / folder)]
    wanted = {(module, name): path for path in files for module, name in imported(path)}
    assert len(wanted) > 5
    missing = [f"{path.relative_to(ROOT)}: {module}.{name}" for (module, name), path in wanted.items() if not is_there(module, name)]
    assert not missing, "\n".join(missing)
