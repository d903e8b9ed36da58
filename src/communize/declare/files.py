"""Files that the user names, which may be anything."""

import os
import stat
from pathlib import Path


def is_file(path: str | Path) -> bool:
    """Whether there is a file to read: neither a folder nor a device, and whatever the name."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):  # no such file; a name that is too long, or holds a NUL
        return False
    return stat.S_ISREG(mode) or (stat.S_ISFIFO(mode) and str(path).startswith(("/dev/fd/", "/dev/stdin")))  # the shell's <(...)


def exists(path: str | Path) -> bool:
    """Whether there is a file or folder of this name, whatever the name."""
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False
