"""The folder of a sweep: a lock, the plan, and a journal to which every finished run is appended the moment it arrives.

`runs.jsonl` is the truth: one line a run, written and synchronised before the next result is taken. A line that a killed driver
left unfinished is cut off at the next start. `runs.parquet` and `dataset.zarr` are made of it at the end.
"""

import base64
import errno
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from communize.declare.errors import CommunizeError, InputError
from communize.declare.files import write_whole
from communize.experiment.plan import Plan
from communize.experiment.workers import Done
from communize.scenario.write import to_toml

JOURNAL, PLAN, LOCK = "runs.jsonl", "sweep.json", ".lock"
MUST_AGREE = ("scenario_hash", "version", "days", "figures", "series")
WORDS = {"scenario_hash": "the scenario", "version": "the version of communize", "days": "days", "figures": "figures", "series": "series"}


class Folder:
    """The folder of a sweep, open for writing; as a context manager it holds the lock.

    Parameters
    ----------
    path
        Where it is, or will be.
    plan
        What is asked for now; it may extend what the folder holds.

    Raises
    ------
    InputError
        The folder cannot be written, is used by another sweep at this moment, or holds a different sweep.
    """

    def __init__(self, path: str | Path, plan: Plan):
        self.path, self.plan = Path(path), plan

    def __enter__(self) -> "Folder":
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except (OSError, ValueError) as error:
            raise InputError("--out", str(self.path), f"a folder that can be written ({getattr(error, 'strerror', None) or error})") from None
        try:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise InputError("--out", str(self.path), "a folder that no other sweep is writing at this moment") from None
            self.content = self._agree()
            self._journal = os.open(self.path / JOURNAL, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            self._cut_torn_line()
        except BaseException as error:
            os.close(self._lock)
            if isinstance(error, OSError):
                raise InputError("--out", str(self.path), f"a folder that can be written ({error.strerror})") from None
            raise
        return self

    def __exit__(self, *_: Any) -> None:
        os.close(self._journal)
        os.close(self._lock)

    def _agree(self) -> dict[str, Any]:
        """The plan of the folder, extended by what is asked for; refused where the two are different sweeps."""
        asked = self.plan.to_dict()
        file = self.path / PLAN
        if not file.exists():
            others = sorted(entry.name for entry in self.path.iterdir() if entry.name != LOCK and not entry.name.startswith((PLAN, "scenario.toml")))
            if others:
                raise InputError("--out", str(self.path), f"a folder that is new, empty, or of a sweep (this one holds {others[0]})")
            write_atomically(self.path / "scenario.toml", to_toml(self.plan.scenario, seed=self.plan.scenario.seed, days=self.plan.scenario.days))
            content = asked
        else:
            content = read_plan(self.path)
            for name in MUST_AGREE:
                if content[name] != asked[name]:
                    raise InputError("--out", str(self.path), f"a folder of the same sweep: {self._difference(name, content, asked)}")
            content = _extended(content, asked)
        write_atomically(file, json.dumps(content, indent=1, default=str) + "\n")
        return content

    def _difference(self, name: str, there: dict[str, Any], asked: dict[str, Any]) -> str:
        if name != "scenario_hash":
            return f"{WORDS[name]}: there {_shown(there[name])}, here {_shown(asked[name])}"
        from communize.scenario.scenario import leaves, load

        try:
            before, now = (dict(leaves(scenario.values())) for scenario in (load(self.path / "scenario.toml"), self.plan.scenario))
        except InputError:
            return "the scenario differs"
        skip = ("run", "scenario", "prior", "target", "observed")
        for path in sorted({*before, *now}):
            if before.get(path) != now.get(path) and path.split(".")[0].split("[")[0] not in skip:
                return f"the scenario: {path} is there {_shown(before.get(path))}, here {_shown(now.get(path))}"
        return "the scenario: a file that it names, its start, or the code of a mechanism differs"

    def _cut_torn_line(self) -> None:
        size = os.fstat(self._journal).st_size
        end = size
        while end:
            start = max(0, end - 65536)
            tail = os.pread(self._journal, end - start, start)
            at = tail.rfind(b"\n")
            if at >= 0:
                end = start + at + 1
                break
            end = start
        if end < size:
            os.ftruncate(self._journal, end)

    def append(self, done: Done) -> None:
        """Write one finished run, durably.

        Raises
        ------
        CommunizeError
            The disk is full, or cannot be written; what was written before is kept.
        """
        series = {name: base64.b64encode(np.asarray(values, "<f8").tobytes()).decode() for name, values in done["series"].items()}
        line = (json.dumps({"address": done["address"], "row": done["row"], "series": series}, default=str) + "\n").encode()
        before = os.fstat(self._journal).st_size
        try:
            written = 0
            while written < len(line):
                written += os.write(self._journal, line[written:])
            os.fsync(self._journal)
        except OSError as error:
            os.ftruncate(self._journal, before)
            raise cannot_write(self.path, error) from None

    def records(self) -> Iterator[Done]:
        """What has been written so far."""
        return read_journal(self.path)


def read_journal(path: Path) -> Iterator[Done]:
    """The runs of a folder, one after the other; of a run that was repeated the later line counts. Unreadable lines are left out."""
    try:
        stream = (path / JOURNAL).open("rb")
    except FileNotFoundError:
        return
    with stream:
        for line in stream:
            try:
                record = json.loads(line)
                address, row = record["address"], record["row"]
                series = {name: np.frombuffer(base64.b64decode(text), "<f8") for name, text in record["series"].items()}
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
            yield {"address": address, "row": row, "series": series}


def read_plan(path: Path) -> dict[str, Any]:
    """`sweep.json` of a folder."""
    try:
        content = json.loads((path / PLAN).read_text(encoding="utf-8"))
        missing = [name for name in (*MUST_AGREE, "name", "paths", "points", "own", "seeds", "digests") if name not in content]
    except FileNotFoundError:
        raise InputError("DIR", str(path), "the folder of a sweep (it holds sweep.json)") from None
    except (OSError, ValueError, TypeError) as error:
        raise InputError("DIR", str(path), f"a whole folder of a sweep ({PLAN}: {type(error).__name__}: {error})") from None
    if missing:
        raise InputError("DIR", str(path), f"a whole folder of a sweep ({PLAN} has no {missing[0]})")
    return content


def write_atomically(file: Path, text: str) -> None:
    """`write_whole`, with a message that says what is kept."""
    try:
        write_whole(file, text)
    except OSError as error:
        raise cannot_write(file.parent, error) from None


def cannot_write(path: Path, error: OSError) -> CommunizeError:
    """What to say when a folder that could be written no longer can."""
    why = "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else error.strerror or str(error)
    return CommunizeError(f"{path} cannot be written: {why}; all runs finished before are kept: make room and start the same command again")


def _extended(there: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """The folder's plan with the points and seeds that it does not hold yet, appended: numbers of points never change."""
    content = {**there, "seeds": [*there["seeds"], *(seed for seed in asked["seeds"] if seed not in there["seeds"])]}
    content["points"], content["digests"] = list(there["points"]), list(there["digests"])
    known = set(there["digests"])
    for point, digest in zip(asked["points"], asked["digests"]):
        if digest not in known:
            content["points"].append(point)
            content["digests"].append(digest)
    content["paths"] = [*there["paths"], *(path for path in asked["paths"] if path not in there["paths"])]
    content["own"] = {**there["own"], **asked["own"]}
    return content


def _shown(value: Any) -> str:
    text = "none" if value in (None, []) else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
