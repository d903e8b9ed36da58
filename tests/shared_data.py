"""Where the shared data lie, if they are there: beside the repository, never in it."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1].parent / "shared" / "data"


def shared(relative: str) -> Path:
    """The file, or a skip with the reason."""
    path = FOLDER / relative
    if not path.exists():
        pytest.skip(f"the shared data are not here: {path}")
    return path
