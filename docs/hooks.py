"""MkDocs hook: writes the generated tables before each build."""

import importlib.util
from pathlib import Path


def on_pre_build(config) -> None:
    spec = importlib.util.spec_from_file_location("generate", Path(__file__).with_name("generate.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.write()
