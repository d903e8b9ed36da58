"""The folder of a sweep: what is finished is kept and never run again, whatever happens; nothing is mixed."""

import json
import signal
import subprocess
import sys

import pytest
import sweeps
from sweeps import SWEEP, command, journal, made, wait_for

import communize as cz
from communize.experiment.ensemble import perform
from communize.experiment.results import read_ensemble


@pytest.fixture
def log(tmp_path, monkeypatch):
    file = tmp_path / "log"
    monkeypatch.setenv("SWEEP_LOG", str(file))
    return file


def test_what_is_finished_is_not_run_again(tmp_path, log):
    options = {"workers": 0, "out": tmp_path / "s", "figures": ["sweeps:logged"]}
    perform(sweeps.small(), [{}], seeds=3, **options)
    perform(sweeps.small(), [{}], seeds=3, **options)
    more = perform(sweeps.small(), [{}], seeds=5, **options)
    assert set(made(log).values()) == {1}
    assert len(made(log)) == len(more.table) == 5
    wider = perform(sweeps.small(), [{}, {"society.people": 200}], seeds=2, **options)
    assert len(wider.table) == 4  # what was asked for
    assert sum(made(log).values()) == 7
    whole = read_ensemble(tmp_path / "s")
    assert len(whole.table) == 7
    assert list(whole.table["society.people"]) == [300] * 5 + [200] * 2


def test_a_failed_run_is_repeated_only_on_demand(tmp_path):
    options = {"workers": 0, "out": tmp_path / "s", "figures": ["sweeps:fails_at_two"], "seeds": [1, 2]}
    perform(sweeps.small(), [{}], **options)
    perform(sweeps.small(), [{}], **options)
    assert len(journal(tmp_path / "s")) == 2
    found = perform(sweeps.small(), [{}], **options, retry_failed=True)
    assert len(journal(tmp_path / "s")) == 3
    assert list(found.table["status"]) == ["done", "failed"]


def test_a_killed_driver_loses_nothing_and_repeats_nothing(tmp_path, log):
    folder = tmp_path / "s"
    arguments = [*SWEEP, "--seeds", "12", "--out", folder, "--workers", "0", "--json"]
    first = command(*arguments, log=log, sleep=0.15)
    wait_for(lambda: len(journal(folder)) >= 3, first)
    first.kill()
    first.communicate()
    kept = journal(folder)
    assert 3 <= len(kept) < 12
    second = command(*arguments, log=log)
    out, error = second.communicate()
    assert second.returncode == 0, error
    assert json.loads(out)["made_now"] == 12 - len(kept)
    assert journal(folder)[: len(kept)] == kept
    assert len(set(journal(folder))) == len(journal(folder)) == 12
    assert max(made(log).values()) <= 2
    assert sum(made(log).values()) <= 13  # at most the one that was under way is made again
    assert "runs are here already" not in error  # quiet with --json
    untouched = perform(sweeps.small(), [{}], seeds=12, workers=0)
    assert list(read_ensemble(folder).table["state_hash"]) == list(untouched.table["state_hash"])


def test_a_torn_line_is_cut_off_and_its_run_made_again(tmp_path):
    options = {"workers": 0, "out": tmp_path / "s", "seeds": 3}
    whole = perform(sweeps.small(), [{}], **options)
    file = tmp_path / "s" / "runs.jsonl"
    content = file.read_bytes()
    file.write_bytes(content[:-20])
    assert len(read_ensemble(tmp_path / "s").table) == 2
    again = perform(sweeps.small(), [{}], **options)
    assert list(again.table["state_hash"]) == list(whole.table["state_hash"])
    assert len(journal(tmp_path / "s")) == 3


def test_a_line_damaged_in_the_middle_is_made_again(tmp_path):
    options = {"workers": 0, "out": tmp_path / "s", "seeds": 3}
    whole = perform(sweeps.small(), [{}], **options)
    file = tmp_path / "s" / "runs.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(lines[0] + b"\0" * 40 + b"\n" + lines[2])
    again = perform(sweeps.small(), [{}], **options)
    assert list(again.table["state_hash"]) == list(whole.table["state_hash"])


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"society.people": 200}, {}, "society.people is there 300, here 200"),
        ({"struggle.rate_leaving": 0.123}, {}, r"struggle.rate_leaving is there .*, here 0\.123"),
        ({}, {"days": 4}, "days: there 3, here 4"),
        ({}, {"series": ["active"]}, "series: there none, here active"),
        ({}, {"figures": ["active:max"]}, "figures: there none, here active:max"),
    ],
)
def test_a_different_sweep_in_the_same_folder_is_refused(tmp_path, change, options, message):
    perform(sweeps.small(), [{}], seeds=1, workers=0, out=tmp_path / "s")
    before = {file.name: file.read_bytes() for file in (tmp_path / "s").iterdir() if file.is_file()}
    with pytest.raises(cz.InputError, match=message):
        perform(sweeps.small().replace(change), [{}], seeds=2, workers=0, out=tmp_path / "s", **options)
    assert {file.name: file.read_bytes() for file in (tmp_path / "s").iterdir() if file.is_file()} == before


def test_another_version_is_refused(tmp_path):
    perform(sweeps.small(), [{}], seeds=1, workers=0, out=tmp_path / "s")
    plan = tmp_path / "s" / "sweep.json"
    plan.write_text(plan.read_text().replace(f'"version": "{cz.__version__}"', '"version": "0.0.1"'))
    with pytest.raises(cz.InputError, match=r"the version of communize: there 0\.0\.1"):
        perform(sweeps.small(), [{}], seeds=1, workers=0, out=tmp_path / "s")


def test_two_sweeps_at_once_in_one_folder(tmp_path, log):
    folder = tmp_path / "s"
    arguments = [*SWEEP, "--seeds", "30", "--out", folder, "--workers", "0"]
    first = command(*arguments, log=log, sleep=0.5)
    try:
        wait_for(lambda: journal(folder), first)
        second = command(*arguments, log=log)
        _, error = second.communicate()
        assert second.returncode == 2
        assert "no other sweep is writing at this moment" in error
    finally:
        first.kill()
        first.communicate()


@pytest.mark.parametrize("where", ["file/below", "full/of/things"])
def test_a_folder_that_cannot_be_used(tmp_path, where):
    (tmp_path / "file").write_text("here")
    (tmp_path / "full/of/things").mkdir(parents=True)
    (tmp_path / "full/of/things/mine.txt").write_text("mine")
    with pytest.raises(cz.InputError, match="--out"):
        perform(sweeps.small(), [{}], seeds=1, workers=0, out=tmp_path / where)
    assert [entry.name for entry in (tmp_path / "full/of/things").iterdir() if entry.name != ".lock"] == ["mine.txt"]


def test_a_full_disk_keeps_what_is_finished(tmp_path, log):
    folder = tmp_path / "s"
    arguments = [*SWEEP, "--seeds", "40", "--out", folder, "--workers", "0", "--json"]
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (16_000, 16_000))"  # what a file may hold
    first = command(*arguments, log=log, before=limit)
    out, error = first.communicate()
    assert first.returncode == 1, (out, error)
    assert "the disk is full; all runs finished before are kept" in error
    assert "Traceback" not in error
    kept = journal(folder)  # every line whole
    assert 0 < len(kept) < 40
    second = command(*arguments, log=log)
    out, error = second.communicate()
    assert second.returncode == 0, error
    assert json.loads(out)["made_now"] == 40 - len(kept)
    assert sum(made(log).values()) == 41  # the one that could not be written is made again


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a small file system")
def test_a_disk_that_is_really_full(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("no file system may be mounted here")
    try:
        filler = disk / "filler"
        filler.write_bytes(b"x" * 200_000)
        with pytest.raises(cz.CommunizeError, match="the disk is full"):
            perform(sweeps.small(), [{}], seeds=60, workers=0, out=disk / "s")
        kept = journal(disk / "s")
        assert kept
        found = json.loads((disk / "s" / "sweep.json").read_text())
        assert found["name"] == "sir"
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_interrupted(tmp_path, log):
    folder = tmp_path / "s"
    process = command(*SWEEP, "--seeds", "30", "--out", folder, "--workers", "0", log=log, sleep=0.3)
    wait_for(lambda: journal(folder), process)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate()
    assert process.returncode == 130
    assert "runs are kept: the same command goes on with the others" in error
    assert "Traceback" not in error
