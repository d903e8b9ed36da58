"""A lock on a folder in which one process works; the system lets go of it when the process ends, however it ends."""

import fcntl
import os
from pathlib import Path

FILE = "lock"


class Lock:
    """The lock of a folder, held until `release`."""

    def __init__(self, handle: int):
        self._handle = handle

    @classmethod
    def take(cls, folder: Path) -> "Lock | None":
        """Lock a folder; None if a process holds it, or if it was renamed or removed meanwhile.

        Raises
        ------
        OSError
            The folder cannot be written, or its file system knows no locks.
        """
        handle = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(handle), os.stat(folder / FILE)):
                raise FileNotFoundError
            os.ftruncate(handle, 0)
            os.write(handle, f"{os.getpid()}\n".encode())
        except (BlockingIOError, FileNotFoundError):
            os.close(handle)
            return None
        except BaseException:
            os.close(handle)
            raise
        return cls(handle)

    def release(self) -> None:
        """Let go of it; the file stays."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def holder(folder: Path) -> str:
    """Number of the process that last locked a folder, as text; empty if it is not known."""
    try:
        return (folder / FILE).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
