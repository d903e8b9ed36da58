"""The folder of a run that is not finished, ``TARGET.part``: there from the start, locked, renamed at the end.

It holds `scenario.toml`, `unfinished.json` (which run it is, what was asked for, how long it has taken) and, once one is due,
checkpoints: all that is needed to go on after the process was killed.
"""

import contextlib
import errno
import itertools
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from communize.declare.errors import InputError
from communize.declare.files import write_whole
from communize.simulation.snapshot import version
from communize.store import checkpoints, locks
from communize.store.folders import make_parents, rename_to

FILE = "unfinished.json"
TAKEN = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)  # another process was quicker
NAME = re.compile(r"(.+)\.part(-\d+)?")


class Unfinished:
    """A folder in which this process works.

    Attributes
    ----------
    part, target
        The folder, and what it is called when the run is finished.
    about
        What `unfinished.json` says: version, scenario_hash, seed, days, society_hash, begun_from, keep_people, report, threads, resumed,
        timings.
    """

    def __init__(self, part: Path, target: Path, about: dict[str, Any], lock: locks.Lock, made: list[Path]):
        self.part, self.target, self.about = part, target, about
        self._lock, self._made = lock, made

    @classmethod
    def begin(cls, target: Path, about: dict[str, Any] | None = None, write: Callable[[Path], Any] | None = None) -> "Unfinished":
        """A new folder ``TARGET.part``, or ``TARGET.part-N`` where that is another process's or was left by a killed one.

        It appears with all that `write` puts into it, or not at all.

        Raises
        ------
        OSError, ValueError
            It cannot be made.
        """
        made = make_parents(target)
        hidden = target.with_name(f".communize-{uuid.uuid4().hex[:8]}")
        about = {"version": version(), **(about or {}), "resumed": [], "timings": {"making_s": 0.0, "running_s": 0.0}}
        folder = cls(hidden, target, about, locks.Lock(-1), made)
        try:
            hidden.mkdir()
            lock = locks.Lock.take(hidden)
            assert lock is not None  # nobody else knows its name
            folder._lock = lock
            if write is not None:
                write(hidden)
                folder.note()
            for number in itertools.count():
                part = target.with_name(f"{target.name}.part{f'-{number}' if number else ''}")
                if not os.path.lexists(part):
                    try:
                        os.rename(hidden, part)
                    except OSError as error:
                        if error.errno not in TAKEN:
                            raise
                    else:
                        folder.part = part
                        return folder
        except BaseException:
            folder.discard()
            raise
        raise AssertionError("unreachable")

    @classmethod
    def find(cls, folder: Path) -> "Unfinished":
        """The unfinished run of a target, or in a folder ``TARGET.part``; of several the one that is furthest.

        Raises
        ------
        InputError
            There is none, or other processes work in all of them.
        """
        found = unfinished_of(folder)
        if not found:
            if (folder / "run.json").is_file():
                _tidy(folder)
                raise InputError("DIR", str(folder), "an unfinished run (this one is finished)")
            raise InputError("DIR", str(folder), f"an unfinished run (there is no {folder.name}.part with {FILE}: run the scenario again)")
        held = []
        for part in sorted(found, key=lambda part: (-checkpoints.last_day(part), len(part.name), part.name)):
            try:
                about = json.loads((part / FILE).read_text(encoding="utf-8"))
                lock = locks.Lock.take(part)
            except ValueError as error:
                raise InputError("", f"{type(error).__name__}: {error}", "the file as the run wrote it", None, str(part / FILE)) from None
            except OSError as error:
                raise InputError("DIR", str(part), f"a folder that can be read, written and locked ({error.strerror})") from None
            if lock is not None:
                match = NAME.fullmatch(part.name)
                assert match is not None
                return cls(part, part.with_name(match[1]), about, lock, [])
            held.append(f"process {locks.holder(part) or 'of unknown number'} in {part}")
        raise InputError("DIR", str(folder), f"a run that is not going on ({', '.join(held)})")

    def note(self) -> None:
        """Write `unfinished.json`, whole or not at all."""
        write_whole(self.part / FILE, json.dumps(self.about, indent=2, default=str))

    def finish(self, identity: dict[str, Any], keep_checkpoints: bool) -> None:
        """Give the folder its name, and remove what only an unfinished run needs."""
        rename_to(self.part, self.target, identity)
        if not keep_checkpoints:
            shutil.rmtree(self.target / checkpoints.FOLDER, ignore_errors=True)
        _tidy(self.target)
        self._lock.release()

    def leave(self) -> bool:
        """Stop working in the folder: it stays if days are saved in it or it was there before, and else nothing stays; which it is."""
        stays = bool(self.about["resumed"]) or checkpoints.last_day(self.part) >= 0
        if stays:
            self._lock.release()
        else:
            self.discard()
        return stays

    def discard(self) -> None:
        """Remove the folder, and the folders above that were made for it."""
        shutil.rmtree(self.part, ignore_errors=True)
        self._lock.release()
        for folder in self._made:
            with contextlib.suppress(OSError):
                folder.rmdir()


def unfinished_of(folder: Path) -> list[Path]:
    """Folders of unfinished runs of a target, or the one that is named itself."""
    try:
        if NAME.fullmatch(folder.name) and (folder / FILE).is_file():
            return [folder]
        beside = sorted(folder.parent.iterdir()) if folder.name else []
    except (OSError, ValueError):
        return []
    named = [(path, NAME.fullmatch(path.name)) for path in beside]
    return [path for path, match in named if match and match[1] == folder.name and (path / FILE).is_file()]


def waiting(target: Path) -> Path | None:
    """An unfinished run of a target in which no process works."""
    for part in unfinished_of(target):
        with contextlib.suppress(OSError):
            lock = locks.Lock.take(part)
            if lock is not None:
                lock.release()
                return part
    return None


def _tidy(folder: Path) -> None:
    for name in (FILE, locks.FILE):
        with contextlib.suppress(OSError):
            (folder / name).unlink()
