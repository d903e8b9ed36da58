"""The checkpoints of a run in its folder: when one is due, which are kept, which is the newest."""

import contextlib
import re
import time
from collections.abc import Callable
from pathlib import Path

from communize.simulation import snapshot
from communize.simulation.simulation import Simulation

FOLDER, KEPT = "checkpoint", 2
NAME = re.compile(r"day-(\d{6,})\.ckpt")


class Checkpoints:
    """Writes checkpoints into a run folder as days are done.

    Parameters
    ----------
    folder
        The run folder.
    every_days, every_minutes
        As in `[run]`; 0 for none. Minutes are counted from the end of the checkpoint before.
    written
        Called after each, to note how far the run is.
    say
        Called with what a user should know.
    """

    def __init__(self, folder: Path, every_days: int, every_minutes: float, written: Callable[[], None], say: Callable[[str], None]):
        self.folder, self.every_days, self.every_s = folder / FOLDER, every_days, every_minutes * 60.0
        self._written, self._say, self._failed = written, say, False
        self._last = time.monotonic()

    def after_day(self, simulation: Simulation, days: int) -> None:
        """Write a checkpoint if one is due, of a run of `days` days in all; the last day is none by time."""
        by_days = self.every_days > 0 and simulation.day % self.every_days == 0
        by_time = self.every_s > 0 and simulation.day < days and time.monotonic() - self._last >= self.every_s
        if by_days or by_time:
            self.write(simulation)

    def write(self, simulation: Simulation) -> None:
        """Write a checkpoint and drop all but the last two; where it cannot be written the run goes on and says so once."""
        path = self.folder / f"day-{simulation.day:06d}.ckpt"
        simulation.check_everything()
        try:
            self.folder.mkdir(exist_ok=True)
            snapshot.save(simulation, path)
            self._written()
            self._failed = False
        except OSError as error:
            if not self._failed:
                self._say(f"the checkpoint {path} could not be written ({error.strerror or error}); the run goes on, and tries again at the next")
            self._failed = True
        for old in list_checkpoints(self.folder.parent)[KEPT:]:
            with contextlib.suppress(OSError):
                old.unlink()
        self._last = time.monotonic()


def list_checkpoints(folder: Path) -> list[Path]:
    """Checkpoints of a run folder, the newest first."""
    found = [(int(match[1]), path) for path in (folder / FOLDER).glob("day-*.ckpt") if (match := NAME.fullmatch(path.name))]
    return [path for _, path in sorted(found, reverse=True)]


def last_day(folder: Path) -> int:
    """Day of the newest checkpoint of a run folder; -1 if it has none."""
    found = list_checkpoints(folder)
    return int(NAME.fullmatch(found[0].name)[1]) if found else -1  # pyright: ignore[reportOptionalSubscript]


def remove_rests(folder: Path) -> None:
    """Remove what a killed process had begun to write."""
    for path in (folder / FOLDER).glob("*.tmp-*"):
        with contextlib.suppress(OSError):
            path.unlink()
