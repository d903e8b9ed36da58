"""Runs that are killed: a command in a process of its own that kills itself at a chosen moment, and what two run folders must share."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import xarray as xr

import communize as cz

# Changes by dotted path with which 40 days of `restructured` hold struggles, measures and months of the economy.
BUSY = {
    "society.people": 2_000, "society.places.count": 5, "economy.month_days": 6, "struggle.coupling": 3.0,
    "shock": [{"day": 2, "magnitude": 3.0}], "measures.reinvention.rate": 0.3, "measures.critical_mass": 4.0,
    "run.days": 40, "run.seed": 4, "run.checkpoint_days": 10,
}  # fmt: skip

# Source that makes the process kill itself, by the moment at which it does.
MOMENTS = {
    "before the society is made": "from communize.society.society import Society; Society.synthesise = die",
    "before the first checkpoint": "after_day(3)",
    "between two checkpoints": "after_day(26)",
    "while a checkpoint is written": "on(os, 'fsync', lambda handle: 'day-000020.ckpt.tmp' in os.readlink(f'/proc/self/fd/{handle}'))",
    "before a checkpoint is renamed": "on(os, 'replace', lambda source, to: str(to).endswith('day-000020.ckpt'))",
    "before it is noted": "import communize.store.unfinished as u; on(u.Unfinished, 'note', lambda self: (self.part / 'checkpoint/day-000020.ckpt').exists())",
    "while the folder is written": "import pandas as pd; on(pd.DataFrame, 'to_parquet', lambda *_, **__: True)",
    "before the folder is renamed": "on(os, 'rename', lambda source, to: not str(to).endswith('.part'))",
    "after the folder is renamed": "import communize.store.unfinished as u; u._tidy = die",
}  # fmt: skip

START = """
import os, signal, sys

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def on(where, name, when):
    real = getattr(where, name)
    def call(*args, **options):
        if when(*args, **options):
            die()
        return real(*args, **options)
    setattr(where, name, call)

def after_day(day):
    from communize.simulation.simulation import Simulation
    on(Simulation, "step", lambda self: self.day == day)

from communize.cli.main import main
"""


def scenario(folder, **changes):
    """The busy scenario as a file, and as it is."""
    from communize.scenario.write import to_toml

    made = cz.load("restructured").replace({**BUSY, **changes})
    file = Path(folder) / "busy.toml"
    file.write_text(to_toml(made), encoding="utf-8")
    return file, cz.load(file)


def command(arguments, folder, moment="", **options):
    """Run the command in a process of its own, which kills itself at the moment that a piece of source chooses."""
    source = f"{START}{moment}\nsys.argv = ['communize', *{list(map(str, arguments))!r}]\nmain()"
    environment = {**os.environ, "PYTHONPATH": str(Path(cz.__file__).resolve().parents[1])}
    return subprocess.Popen([sys.executable, "-c", source], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def killed(arguments, folder, moment):
    """Run the command until it kills itself."""
    process = command(arguments, folder, moment)
    _, said = process.communicate(timeout=300)
    assert process.returncode == -signal.SIGKILL, said


def assert_same_folder(one, other):
    """The same run, bit for bit: everything but timings and the days of interruptions."""
    runs = [cz.read_run(folder) for folder in (one, other)]
    xr.testing.assert_identical(runs[0].series, runs[1].series)
    for name in ("struggles", "instances", "practices", "places"):
        pd.testing.assert_frame_equal(getattr(runs[0], name), getattr(runs[1], name), check_exact=True)
    told = [json.loads((Path(folder) / "run.json").read_text()) for folder in (one, other)]
    for about in told:
        for key in ("timings", "resumed", "threads"):
            about.pop(key)
    assert told[0] == told[1]
    files = [{path.relative_to(folder): path for path in Path(folder).rglob("*")} for folder in (one, other)]
    assert files[0].keys() == files[1].keys()
    for name in files[0]:
        if name.name == "scenario.toml" or name.suffix in (".parquet", ".ckpt") or (name.parts[0] == "series.zarr" and files[0][name].is_file()):
            assert files[0][name].read_bytes() == files[1][name].read_bytes(), name
