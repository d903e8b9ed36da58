"""A small sweep for tests, figures that keep a log of the runs or end their process, and drivers in processes of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import communize as cz


def small(people=300, days=3, **changes):
    """SIR on a few people: a run takes some hundredths of a second."""
    named = {path.replace("__", "."): value for path, value in changes.items()}
    return cz.load("sir").replace({"society.people": people, "run.days": days, **named})


def logged(run):
    """Note that a run was made, in the file SWEEP_LOG; slow enough for a test to come between."""
    with Path(os.environ["SWEEP_LOG"]).open("a") as stream:
        stream.write(f"{run.seed}\n")
    time.sleep(float(os.environ.get("SWEEP_SLEEP", "0")))
    return run.seed


def ends_its_process_once(run):
    """Kill the worker at seed 3, the first time."""
    marker = Path(os.environ["SWEEP_LOG"])
    if run.seed == 3 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return run.seed


def ends_its_process(run):
    """Kill the worker at seed 3, always."""
    if run.seed == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return run.seed


def resident_mb(run=None):
    """Memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6


def process(run):
    """Number of this process."""
    return os.getpid()


def fails_at_two(run):
    """Raise at seed 2."""
    if run.seed == 2:
        raise ValueError("no figure of seed 2\nand more")
    return run.seed


TESTS = str(Path(__file__).parent)
SWEEP = ["sweep", "sir", "--people", "300", "--days", "3", "--figures", "sweeps:logged"]


def command(*arguments, log=None, sleep=0.0, before="pass"):
    """A driver of its own process."""
    code = f"import sys; {before}; from communize.cli.main import main; sys.argv = ['communize', *{list(map(str, arguments))!r}]; main()"
    path = os.pathsep.join([TESTS, os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "SWEEP_LOG": str(log or os.devnull), "SWEEP_SLEEP": str(sleep)}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def journal(folder):
    """Addresses in the journal, a line each."""
    file = folder / "runs.jsonl"
    return [json.loads(line)["address"] for line in file.read_text().splitlines()] if file.exists() else []


def wait_for(condition, process, seconds=60):
    """Wait while a process is at work."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def made(log):
    """How often each seed was made."""
    return Counter(log.read_text().split()) if log.exists() else Counter()
