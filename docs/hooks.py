"""MkDocs hook: writes the generated tables before each build."""

import runpy
from pathlib import Path
from typing import Any


def on_pre_build(config: Any) -> None:
    runpy.run_path(str(Path(__file__).with_name("generate.py")))["write"]()
