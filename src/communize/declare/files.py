"""Files that the user names, which may be anything, and files that are written whole or not at all."""

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


def write_whole(path: Path, text: str) -> None:
    """Write a text file that is there whole or not at all, and on the disk.

    Raises
    ------
    OSError
        It cannot be written.
    """
    temporary = path.with_name(f"{path.name}.tmp")
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring a renaming in a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
