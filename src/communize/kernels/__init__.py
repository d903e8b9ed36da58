"""Draws and compiled loops: NumPy and Numba alone."""

import os
import tempfile

# Numba keeps compiled kernels beside the files or under the home folder; where it may write to neither, in a temporary one.
if "NUMBA_CACHE_DIR" not in os.environ and not any(
    os.access(folder, os.W_OK) for folder in (os.path.dirname(__file__), os.path.expanduser("~"))
):
    os.environ["NUMBA_CACHE_DIR"] = os.path.join(tempfile.gettempdir(), f"communize-kernels-{os.getuid()}")
