"""Interrupted runs: whatever kills them, they end as the run that was not interrupted; what is damaged or changed is named."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import warnings

import networkx as nx
import numpy as np
import pytest
from interrupted import MOMENTS, assert_same_folder, command, killed, scenario

import communize as cz
from communize.cli.main import main
from communize.simulation.simulation import Simulation
from communize.store import locks, running
from communize.store.unfinished import Unfinished, unfinished_of


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """A folder with the scenario's file and the run that nobody interrupted, `whole`."""
    folder = tmp_path_factory.mktemp("busy")
    _, made = scenario(folder)
    run = cz.run(made, folder=folder / "whole", keep_people=True)
    assert len(run.instances) > 5
    assert len(run.struggles) > 2
    assert run.series["hired"].values.sum() > 0
    return folder


class Stop(BaseException):
    """Ends a run as a kill would: nothing is tidied up."""


def stop_after(day, monkeypatch, folder, made, **options):
    """Run until `day` is done and leave all as it lies."""
    step = Simulation.step

    def stopping(self):
        if self.day == day:
            raise Stop
        step(self)

    with monkeypatch.context() as patch:
        patch.setattr(Simulation, "step", stopping)
        patch.setattr(Unfinished, "leave", lambda self: self._lock.release())
        with pytest.raises(Stop):
            cz.run(made, folder=folder, **options)


def resumed(folder, **options):
    """Resume; returns the run and what was said."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        run = cz.resume(folder, **options)
    return run, [str(warning.message) for warning in said]


def call(arguments, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["communize", *map(str, arguments)])
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = stop.code or 0
    captured = capsys.readouterr()
    return code, captured.out, captured.err


# --- killed ---


OFTEN = ("before the first checkpoint", "before a checkpoint is renamed", "while the folder is written", "after the folder is renamed")


@pytest.mark.parametrize("moment", [moment if moment in OFTEN else pytest.param(moment, marks=pytest.mark.slow) for moment in MOMENTS])
def test_a_run_that_is_killed_goes_on(moment, busy, tmp_path, monkeypatch, capsys):
    killed(["run", busy / "busy.toml", "--out", "mine", "--keep-people", "--no-report", "--json"], tmp_path, MOMENTS[moment])
    code, _, said = call(["resume", tmp_path / "mine"], monkeypatch, capsys)
    if moment == "after the folder is renamed":
        assert code == 2
        assert "this one is finished" in said
    else:
        assert code == 0, said
        assert ("starts again from day 0" in said) == (moment in ("before the society is made", "before the first checkpoint"))
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert_same_folder(busy / "whole", tmp_path / "mine")


@pytest.mark.slow
@pytest.mark.parametrize("delay", np.linspace(0.2, 6.0, 30).tolist())
def test_a_run_that_is_killed_from_outside_goes_on(delay, busy, tmp_path):
    process = command(["run", busy / "busy.toml", "--out", "mine", "--keep-people", "--no-report", "--set", "run.checkpoint_days=10"], tmp_path)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    if unfinished_of(tmp_path / "mine"):
        resumed(tmp_path / "mine")
    elif not (tmp_path / "mine").exists():
        assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".communize-")] == []
        return
    assert_same_folder(busy / "whole", tmp_path / "mine")


def test_a_run_that_is_interrupted_twice_adds_its_times_up(busy, tmp_path, monkeypatch):
    made = cz.load(busy / "busy.toml")
    stop_after(13, monkeypatch, tmp_path / "mine", made, keep_people=True)
    before = json.loads((tmp_path / "mine.part" / "unfinished.json").read_text())["timings"]
    step = Simulation.step
    with monkeypatch.context() as patch:
        patch.setattr(Simulation, "step", lambda self: step(self) if self.day < 35 else os.kill(os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt, match="goes on from day 30"):
            cz.resume(tmp_path / "mine.part")
    between = json.loads((tmp_path / "mine.part" / "unfinished.json").read_text())["timings"]
    run, said = resumed(tmp_path / "mine", threads=1)
    assert said == []
    assert run.info["resumed"] == [10, 30]
    assert run.folder == tmp_path / "mine"
    for key in ("making_s", "running_s"):
        assert 0 < before[key] < between[key] <= run.info["timings"][key] + 0.001
    assert_same_folder(busy / "whole", tmp_path / "mine")


def test_an_interrupted_run_without_a_checkpoint_leaves_nothing(busy, tmp_path, monkeypatch):
    monkeypatch.setattr(Simulation, "step", lambda self: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        cz.run(cz.load(busy / "busy.toml"), folder=tmp_path / "new" / "er" / "mine")
    assert list(tmp_path.iterdir()) == []


def test_progress_is_that_of_the_whole_run(busy, tmp_path, monkeypatch):
    stop_after(33, monkeypatch, tmp_path / "mine", cz.load(busy / "busy.toml"))
    seen = []
    resumed(tmp_path / "mine", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(day, 40) for day in range(30, 41)]


def test_a_society_made_elsewhere_goes_on(tmp_path, monkeypatch):
    made = cz.load("restructured").replace({"society.people": 300, "run.days": 12, "society.horizon": 0.2, "economy.enabled": False})
    other = made.replace({"society.belonging_spread": 0.3, "society.groups": {"one": 0.5, "other": 0.5}})
    society = cz.Society.from_graph(nx.watts_strogatz_graph(300, 4, 0.1, seed=1), parameters=other.society)
    whole = cz.run(made, society=society, folder=tmp_path / "whole")
    stop_after(7, monkeypatch, tmp_path / "mine", made, society=society, checkpoint_days=5)
    stop_after(7, monkeypatch, tmp_path / "early", made, society=society)
    for name, day in (("mine", 5), ("early", 0)):
        run, _ = resumed(tmp_path / name)
        assert run.info["resumed"] == [day]
        assert run.state_hash == whole.state_hash
        assert run.identity == whole.identity
        assert run.places.equals(whole.places)
        assert run.info["notes"] == whole.info["notes"]
    stop_after(2, monkeypatch, tmp_path / "lost", made, society=society)
    (tmp_path / "lost.part" / "checkpoint" / "day-000000.ckpt").unlink()
    with pytest.raises(cz.InputError, match="cannot be made again"):
        cz.resume(tmp_path / "lost")


# --- damaged, changed, of another version ---


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[int(at * (len(data) - 1))] ^= 0x10
    path.write_bytes(data)


def cut(path, at):
    path.write_bytes(path.read_bytes()[: int(at * path.stat().st_size)])


@pytest.fixture(scope="module")
def stopped(busy, tmp_path_factory):
    """An unfinished run with checkpoints of the days 20 and 30."""
    folder = tmp_path_factory.mktemp("stopped") / "mine"
    with pytest.MonkeyPatch.context() as monkeypatch:
        stop_after(33, monkeypatch, folder, cz.load(busy / "busy.toml"), keep_people=True)
    assert sorted(path.name for path in (folder.parent / "mine.part" / "checkpoint").iterdir()) == ["day-000020.ckpt", "day-000030.ckpt"]
    return folder


@pytest.fixture
def copy(stopped, tmp_path):
    shutil.copytree(stopped.parent / "mine.part", tmp_path / "mine.part")
    return tmp_path / "mine"


@pytest.mark.parametrize(("damage", "at"), [(flip, 0.0), (flip, 0.5), (cut, 0.0), (cut, 0.99999)])
def test_of_a_damaged_checkpoint_the_one_before_is_used(damage, at, copy, busy):
    damage(copy.with_name("mine.part") / "checkpoint" / "day-000030.ckpt", at)
    run, said = resumed(copy)
    assert run.info["resumed"] == [20]
    assert len(said) == 1
    assert "day-000030.ckpt is damaged" in said[0]
    assert_same_folder(busy / "whole", copy)


def test_without_a_whole_checkpoint_it_starts_again(copy, busy):
    for path in (copy.with_name("mine.part") / "checkpoint").iterdir():
        flip(path, 0.3)
    run, said = resumed(copy)
    assert run.info["resumed"] == [0]
    assert [text.split(" ", 1)[1] for text in said] == [
        "is damaged (a checksum that is not that of its contents); trying the one before",
        "is damaged (a checksum that is not that of its contents); trying the one before",
        "holds no whole checkpoint: the run starts again from day 0",
    ]
    assert_same_folder(busy / "whole", copy)


@pytest.mark.parametrize("change", [("move =", "move = 0.31 #"), ("\nseed = 4\n", "\nseed = 9\n"), ("days = 40", "days = 41")])
def test_a_changed_scenario_is_refused(change, copy, monkeypatch, capsys):
    file = copy.with_name("mine.part") / "scenario.toml"
    text = file.read_text()
    assert change[0] in text
    file.write_text(text.replace(*change))
    code, _, said = call(["resume", copy], monkeypatch, capsys)
    assert code == 2
    assert "scenario.toml" in said
    assert "has been changed" in said
    file.write_text(text)
    assert resumed(copy)[0].info["resumed"] == [30]


def test_another_version_is_refused(copy, monkeypatch):
    before = {path: path.read_bytes() for path in copy.with_name("mine.part").rglob("*") if path.is_file() and path.name != locks.FILE}
    for module in ("communize.store.running", "communize.simulation.snapshot"):
        with monkeypatch.context() as patch:
            patch.setattr(f"{module}.version", lambda: "9.9")
            with pytest.raises(cz.InputError, match=r"version: found '0\.\d+\.\d+'; allowed: 9\.9"):
                cz.resume(copy)
    assert {path: path.read_bytes() for path in before} == before


def test_a_damaged_note_is_named(copy):
    (copy.with_name("mine.part") / "unfinished.json").write_text("{")
    with pytest.raises(cz.InputError, match=r"unfinished\.json"):
        cz.resume(copy)


def test_nothing_to_resume(busy, tmp_path):
    for folder, words in ((tmp_path / "none", "no none.part"), (busy / "whole", "finished"), (tmp_path, "run the scenario again")):
        with pytest.raises(cz.InputError, match=words):
            cz.resume(folder)


# --- two processes ---


def test_two_processes_never_work_in_one_folder(busy, tmp_path, monkeypatch, capsys):
    made = cz.load(busy / "busy.toml")
    first = Unfinished.begin(tmp_path / "mine", {"resumed": []}, lambda part: (part / "scenario.toml").touch())
    code, _, said = call(["resume", tmp_path / "mine"], monkeypatch, capsys)
    assert code == 2
    assert f"process {os.getpid()} in {tmp_path / 'mine.part'}" in said
    assert "a run that is not going on" in said
    stop_after(12, monkeypatch, tmp_path / "mine", made)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.part", "mine.part-1"]
    run, _ = resumed(tmp_path / "mine")  # the one that nobody works in
    assert run.info["resumed"] == [10]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "mine.part"]
    first.discard()


def test_another_process_is_noticed(copy):
    holding = f"import time; from pathlib import Path; from communize.store.locks import Lock; lock = Lock.take(Path({str(copy.with_name('mine.part'))!r})); print('held', flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", holding], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(cz.InputError, match=f"process {process.pid} in"):
            cz.resume(copy)
    finally:
        process.kill()
        process.communicate()
    assert resumed(copy)[0].info["resumed"] == [30]


def test_a_run_beside_one_that_was_killed_says_so_and_leaves_it(busy, copy, monkeypatch):
    made = cz.load(busy / "busy.toml")
    with pytest.warns(RuntimeWarning, match=r"mine\.part holds an unfinished run, which `communize resume"):
        cz.run(made, folder=copy, keep_people=True)
    assert_same_folder(busy / "whole", copy)
    assert resumed(copy.with_name("mine.part"))[0].info["resumed"] == [30]
    assert_same_folder(busy / "whole", copy)
    assert [path.name for path in copy.parent.iterdir()] == ["mine"]


# --- a disk that is full, a folder that cannot be written ---


def full_disk(folder):
    """A file system of 1 MB mounted at a folder, or a reason why there is none."""
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("only root may mount a small file system")
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")


def test_on_a_full_disk_nothing_is_lost(busy, tmp_path, monkeypatch, capsys):
    disk = tmp_path / "disk"
    full_disk(disk)
    try:
        size = (busy / "whole" / "checkpoint" / "day-000030.ckpt").stat().st_size
        (disk / "ballast").write_bytes(bytes((1 << 20) - 3 * size // 2 - 50_000))  # room for one checkpoint
        code, _, said = call(["run", busy / "busy.toml", "--out", disk / "mine", "--keep-people", "--no-report"], monkeypatch, capsys)
        assert code == 2
        assert said.count("could not be written (No space left on device); the run goes on") == 1
        assert "a folder that can be written (No space left on device); the run is kept up to day" in said
        (disk / "ballast").unlink()
        shutil.move(disk / "mine.part", tmp_path / "mine.part")
        assert resumed(tmp_path / "mine")[0].info["resumed"] == [10]
        assert_same_folder(busy / "whole", tmp_path / "mine")
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_checkpoints_that_cannot_be_written_do_not_stop_the_run(busy, tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    said = []

    def allow(done, total):
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000 if 5 < done < 25 else limits[0], limits[1]))

    try:
        cz.run(cz.load(busy / "busy.toml"), folder=tmp_path / "mine", keep_people=True, progress=allow, say=said.append)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert len(said) == 1
    assert "day-000010.ckpt could not be written (File too large)" in said[0]
    assert_same_folder(busy / "whole", tmp_path / "mine")


@pytest.mark.parametrize("where", ["file/mine", "/proc/mine"])
def test_a_folder_that_cannot_be_made(where, busy, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    target = where if where.startswith("/") else tmp_path / where
    code, _, said = call(["run", busy / "busy.toml", "--out", target], monkeypatch, capsys)
    assert code == 2
    assert "a folder that can be written" in said
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_scenario_that_cannot_begin_leaves_nothing(tmp_path, monkeypatch, capsys):
    code, _, _ = call(["run", "restructured", "--people", 300, "--set", "shock=[{day = 1, place = 'Atlantis', magnitude = 1.0}]", "--out", tmp_path / "a" / "b"], monkeypatch, capsys)
    assert code == 2
    assert list(tmp_path.iterdir()) == []


# --- when, and how many ---


def test_minutes_count_from_the_last_checkpoint(tmp_path, monkeypatch):
    now, written = [0.0], []
    monkeypatch.setattr("communize.store.checkpoints.time.monotonic", lambda: now[0])
    monkeypatch.setattr("communize.store.checkpoints.snapshot.save", lambda simulation, path: written.append((simulation.day, now[0])))

    def tick(done, total):
        now[0] += 25.0

    small = cz.load("restructured").replace({"society.people": 300, "society.places.count": 3, "economy.enabled": False})
    cz.run(small, days=12, folder=tmp_path / "mine", checkpoint_minutes=1.0, progress=tick)
    assert [day for day, _ in written] == [4, 7, 10]
    written.clear()
    cz.run(small, days=12, folder=tmp_path / "by-days", checkpoint_minutes=0, checkpoint_days=4, progress=tick)
    assert [day for day, _ in written] == [4, 8, 12]
    written.clear()
    cz.run(small, days=12, folder=tmp_path / "none", checkpoint_minutes=0, progress=tick)
    assert written == []
    assert not (tmp_path / "mine" / "checkpoint").exists()


def test_checkpoints_need_a_folder():
    with pytest.raises(cz.InputError, match="folder"):
        cz.run("restructured", checkpoint_days=5)


# --- runs from a checkpoint ---


def test_a_run_from_a_checkpoint_without_changes_is_the_same(busy, tmp_path):
    run = running.run_from(busy / "whole" / "checkpoint" / "day-000030.ckpt", folder=tmp_path / "same")
    whole = cz.read_run(busy / "whole")
    assert run.state_hash == whole.state_hash
    assert run.series.identical(whole.series)
    assert run.info["notes"] == whole.info["notes"]
    assert run.info["begun_from"]["day"] == 30
    assert run.info["begun_from"]["changes"] == {}
    assert run.identity != whole.identity


def test_a_run_from_a_checkpoint_has_one_difference_and_goes_on_after_a_kill(busy, tmp_path, monkeypatch, capsys):
    start = busy / "whole" / "checkpoint" / "day-000030.ckpt"
    arguments = ["run", "--from", start, "--set", "force.rate_arrest=0.9", "--days", "50", "--no-report", "--out"]
    code, out, said = call([*arguments, tmp_path / "branch", "--json"], monkeypatch, capsys)
    assert code == 0, said
    told = json.loads(out)
    assert told["days"] == 50
    assert told["begun_from"]["changes"] == {"run.days": 50, "force.rate_arrest": 0.9}
    assert told["notes"][-1].startswith("begun from a checkpoint of day 30")
    by_hand = cz.Simulation.from_checkpoint(start).branch({"force.rate_arrest": 0.9}).run(20)
    assert told["state_hash"] == by_hand.state_hash()
    assert told["state_hash"] != cz.Simulation.from_checkpoint(start).run(20).state_hash()
    killed([*arguments, tmp_path / "again", "--set", "run.checkpoint_days=10"], tmp_path, "after_day(37)")
    run, _ = resumed(tmp_path / "again")
    assert run.info["resumed"] == [30]
    assert run.state_hash == told["state_hash"]
    assert run.info["notes"] == told["notes"]
    code, _, said = call([*arguments, tmp_path / "branch", "--set", "force.rate_arrest=0.8"], monkeypatch, capsys)
    assert code == 2
    assert "a different run" in said


@pytest.mark.parametrize("options", [["--people", "5"], ["--seed", "3"], ["--set", "society.horizon=0.3"], ["--days", "29"], ["--set", "force.mve=1"]])
def test_what_a_run_from_a_checkpoint_cannot_change(options, busy, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, _, said = call(["run", "--from", busy / "whole" / "checkpoint" / "day-000030.ckpt", *options], monkeypatch, capsys)
    assert code == 2
    assert said.startswith("communize: ")
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_from_a_scenario_or_a_checkpoint(busy, tmp_path, monkeypatch, capsys):
    for arguments in ([], ["restructured", "--from", busy / "whole" / "checkpoint" / "day-000030.ckpt"]):
        code, _, said = call(["run", *arguments], monkeypatch, capsys)
        assert code == 2
        assert "either a scenario or --from CHECKPOINT" in said
    for wrong in (busy / "busy.toml", busy / "none.ckpt", busy):
        code, _, said = call(["run", "--from", wrong], monkeypatch, capsys)
        assert code == 2
        assert str(wrong) in said
