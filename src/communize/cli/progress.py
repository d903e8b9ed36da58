"""A progress bar that appears only when something takes longer than two seconds."""

import sys
import time
from pathlib import Path
from typing import Any

PATIENCE_S = 2.0
COMPILING = "first run on this machine: compiling, which takes about half a minute, once"
SECONDS_BETWEEN_LINES, MOST_FAILURES_NAMED = 30.0, 3


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
        self._begun = False

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: Any) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, done: int, total: int) -> None:
        """Show that `done` of `total` days are done."""
        if self.quiet:
            return
        if not self._begun:  # by now the input has been checked
            self._begun = True
            if not kernels_are_compiled():
                self._print(COMPILING)
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
        print(text, file=sys.stderr, flush=True)

    _first: float = 0.0
    _done_first: int = 0


class Runs:
    """How far many runs are, on standard error: a bar on a terminal, else a line now and then.

    Parameters
    ----------
    title
        What is going on.
    quiet
        Show nothing.
    """

    def __init__(self, title: str, quiet: bool = False):
        self.title, self.quiet = title, quiet
        self.done = self.failed = self.total = self.made = self._reasons = 0
        self._bar: Any = None
        self._started = self._said = time.monotonic()
        self._first: int | None = None

    def __enter__(self) -> "Runs":
        if not self.quiet:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            console = Console(stderr=True, highlight=False)
            if not kernels_are_compiled():
                console.print(COMPILING)
            if console.is_terminal:
                columns = (TextColumn("{task.description}"), BarColumn(bar_width=None), TextColumn("{task.fields[words]}"))
                self._bar = Progress(*columns, console=console, transient=True, expand=True)
                self._bar.start()
                self._task = self._bar.add_task(self.title, total=None, words="starting")
        return self

    def __exit__(self, *_: Any) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, done: int, failed: int, total: int) -> None:
        """Show that `done` of `total` runs are finished, `failed` of them without success."""
        if self._first is None:
            self._first, self._started = done, time.monotonic()
            if done and not self.quiet:
                self.say(f"{done:,} of {total:,} runs are here already")
        self.done, self.failed, self.total, self.made = done, failed, total, done - self._first
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total, words=self._words())
        elif not self.quiet and time.monotonic() - self._said >= SECONDS_BETWEEN_LINES:
            self._said = time.monotonic()
            print(self._words(), file=sys.stderr, flush=True)

    def say(self, text: str) -> None:
        """Say something beside the bar; of many failures only the first few are named."""
        if text.startswith("failed"):
            self._reasons += 1
            if self._reasons > MOST_FAILURES_NAMED:
                return
            text += "; further failures are counted only" if self._reasons == MOST_FAILURES_NAMED else ""
        if self.quiet:
            return
        if self._bar is not None:
            self._bar.console.print(text, markup=False, style="dim")
        else:
            print(text, file=sys.stderr, flush=True)

    def _words(self) -> str:
        seconds = time.monotonic() - self._started
        speed = self.made / seconds if seconds > 0 else 0.0
        parts = [f"{self.done:,}/{self.total:,} done"] + ([f"{self.failed:,} failed"] if self.failed else [])
        if self.made:
            parts += [f"{speed:.3g} runs/s", f"{_time((self.total - self.done) / speed)} left"]
        return ", ".join(parts)


def _time(seconds: float) -> str:
    for unit, size in (("days", 172_800), ("h", 7_200), ("min", 120)):
        if seconds >= size:
            return f"{seconds / {'days': 86_400, 'h': 3_600, 'min': 60}[unit]:.0f} {unit}"
    return f"{seconds:.0f} s"


def kernels_are_compiled() -> bool:
    """Whether Numba's cache holds compiled kernels of this package (beside the files, or in NUMBA_CACHE_DIR)."""
    import os

    if os.environ.get("NUMBA_CACHE_DIR"):
        return any(Path(os.environ["NUMBA_CACHE_DIR"]).rglob("loops.find_joiners*.nbi"))
    root = Path(__file__).resolve().parents[1]
    return any((root / "mechanisms" / "struggle" / "__pycache__").glob("loops.find_joiners*.nbi"))
