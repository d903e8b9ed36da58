"""A progress bar that appears only when something takes longer than two seconds."""

import time
from pathlib import Path
from typing import Any

PATIENCE_S = 2.0


class Progress:
    """Bar with speed and time left on standard error.

    Parameters
    ----------
    title
        What is going on.
    quiet
        Show nothing.
    """

    def __init__(self, title: str, quiet: bool = False):
        self.title, self.quiet = title, quiet
        self._started = time.monotonic()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> "Progress":
        if not self.quiet and not kernels_are_compiled():
            self._print("first run on this machine: compiling, which takes about half a minute, once")
        return self

    def __exit__(self, *_: Any) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, done: int, total: int) -> None:
        """Show that `done` of `total` days are done."""
        if self.quiet:
            return
        if self._bar is None:
            if time.monotonic() - self._started < PATIENCE_S and done < total:
                return
            if done == total:
                return
            self._start(done, total)
            self._done_first = done
        assert self._bar is not None
        speed = (done - self._done_first) / max(1e-9, time.monotonic() - self._first)
        self._bar.update(self._task, completed=done, total=total, speed=f"{speed:.0f} days/s" if speed else "")
        if done == total:
            self._bar.update(self._task, description="writing the run folder")

    def _start(self, done: int, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._first = time.monotonic()
        self._bar = Bar(
            TextColumn("{task.description}"), BarColumn(), TextColumn("day {task.completed}/{task.total}"),
            TextColumn("{task.fields[speed]}"), TimeRemainingColumn(), console=Console(stderr=True), transient=True)  # fmt: skip
        self._bar.start()
        self._task = self._bar.add_task(self.title.split(":")[0], completed=done, total=total, speed="")

    def _print(self, text: str) -> None:
        import sys

        print(text, file=sys.stderr, flush=True)

    _first: float = 0.0
    _done_first: int = 0


def kernels_are_compiled() -> bool:
    """Whether Numba's cache holds compiled kernels of this package (beside the files, or in NUMBA_CACHE_DIR)."""
    import os

    if os.environ.get("NUMBA_CACHE_DIR"):
        return any(Path(os.environ["NUMBA_CACHE_DIR"]).rglob("loops.find_joiners*.nbi"))
    root = Path(__file__).resolve().parents[1]
    return any((root / "mechanisms" / "struggle" / "__pycache__").glob("loops.find_joiners*.nbi"))
