"""Where run folders lie: the default name, whether a place is free, and taking it at the end."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from communize.declare.errors import InputError
from communize.scenario.scenario import Scenario


def default_folder(scenario: Scenario, seed: int, begun_from: dict[str, Any] | None = None) -> Path:
    """``runs/NAME-sSEED-HASH8``; the length of the run, and the checkpoint that it begins from, are part of the hash."""
    text = f"{scenario.hash}:{scenario.days}"
    if begun_from is not None:
        text += f":{begun_from['day']}:{begun_from['scenario_hash']}:{begun_from['state_hash']}"
    digest = hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
    return Path("runs") / f"{scenario.name}-s{seed}-{digest}"


def check_free(target: Path, identity: dict[str, Any]) -> None:
    """Raise an `InputError` if something other than this run stands at `target`."""
    try:
        if not target.exists():
            return
    except (OSError, ValueError) as error:  # a name that is too long, or holds a NUL
        raise cannot_write(target, error) from None
    try:
        there = json.loads((target / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError("--out", str(target), "a folder that does not exist yet, or holds this run") from None
    different = [key for key in identity if there.get(key) != identity[key]]
    if different:
        raise InputError("--out", str(target), f"a folder that does not hold a different run ({', '.join(different)} differ)")


def cannot_write(target: Path, error: Exception, more: str = "") -> InputError:
    """What to say of a folder that cannot be written."""
    return InputError("--out", str(target), f"a folder that can be written ({getattr(error, 'strerror', None) or error}){more}")


def rename_to(part: Path, target: Path, identity: dict[str, Any]) -> None:
    """Give a folder that is whole its name, in the place of the same run if that is already there.

    Raises
    ------
    InputError
        Something else is there.
    OSError
        It cannot be renamed.
    """
    while True:  # another process may put the same run there meanwhile
        check_free(target, identity)
        if target.exists():
            aside = Path(tempfile.mkdtemp(prefix=f"{target.name}.part-", dir=target.parent))
            with contextlib.suppress(FileNotFoundError):
                os.replace(target, aside)
            shutil.rmtree(aside, ignore_errors=True)
        try:
            os.rename(part, target)
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise


def make_parents(folder: Path) -> list[Path]:
    """Make the folders above; returns those that were not there, the innermost first."""
    missing = []
    for above in folder.parents:
        if above.exists():
            break
        missing.append(above)
    folder.parent.mkdir(parents=True, exist_ok=True)
    return missing
