"""Runs on processes of Dask: the same numbers, dead workers, a killed driver. Each cluster takes some seconds to start."""

import json
import os
import signal
import subprocess
import sys

import pytest
import sweeps
from sweeps import SWEEP, TESTS, command, journal, made, wait_for

pytest.importorskip("distributed")

import communize as cz
from communize.experiment.ensemble import perform


@pytest.fixture(autouse=True)
def importable(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([TESTS, os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("SWEEP_LOG", str(tmp_path / "log"))


def test_a_worker_that_dies_is_replaced_and_its_run_repeated(tmp_path):
    said = []
    found = perform(sweeps.small(), [{}], seeds=[1, 2, 3, 4], workers=2, figures=["sweeps:ends_its_process_once"], say=said.append)
    assert (tmp_path / "log").exists()  # it did die
    here = perform(sweeps.small(), [{}], seeds=[1, 2, 3, 4], workers=0)
    assert list(found.table["status"]) == ["done"] * 4
    assert list(found.table["state_hash"]) == list(here.table["state_hash"])
    assert "one short run first, so that kernels are compiled once" in said


@pytest.mark.slow
def test_a_run_that_kills_its_workers_is_recorded_and_no_other_is_blamed():
    found = perform(sweeps.small(), [{}], seeds=[1, 2, 3, 4, 5, 6], workers=2, figures=["sweeps:ends_its_process"])
    assert list(found.table["status"]) == ["done", "done", "failed", "done", "done", "done"]
    assert "its worker died over it again and again" in found.failed["reason"].iloc[0]


def test_a_killed_driver_and_its_workers(tmp_path):
    folder, log = tmp_path / "s", tmp_path / "log"
    arguments = [*SWEEP, "--seeds", "12", "--out", folder, "--workers", "2", "--json"]
    first = command(*arguments, log=log, sleep=0.2)
    wait_for(lambda: len(journal(folder)) >= 3, first)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate(timeout=60)  # ends only when its workers have gone as well, who hold the pipe
    kept = journal(folder)
    assert len(kept) < 12
    second = command(*arguments, log=log)
    out, error = second.communicate()
    assert second.returncode == 0, error
    assert json.loads(out)["made_now"] == 12 - len(kept)
    assert len(set(journal(folder))) == len(journal(folder)) == 12
    again = sum(made(log).values()) - 12
    assert 0 <= again <= 5  # those that were under way: no more than were submitted


@pytest.mark.slow
def test_a_scheduler_that_is_there_already_and_then_goes(tmp_path):
    folder, log = tmp_path / "s", tmp_path / "log"
    environment = {**os.environ, "SWEEP_SLEEP": "0.3"}
    scheduler = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(tmp_path / "address")],
        stderr=subprocess.DEVNULL)  # fmt: skip
    wait_for((tmp_path / "address").exists, scheduler)
    address = json.loads((tmp_path / "address").read_text())["address"]
    worker = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard", "--death-timeout", "5"],
        env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        driver = command(*SWEEP, "--seeds", "60", "--out", folder, "--scheduler", address, log=log)
        wait_for(lambda: len(journal(folder)) >= 3, driver, seconds=240)
        scheduler.kill()
        _, error = driver.communicate(timeout=120)
        assert driver.returncode == 1
        assert f"the scheduler {address} is gone" in error
        assert "Traceback" not in error
        kept = journal(folder)
        second = command(*SWEEP, "--seeds", "60", "--out", folder, "--workers", "0", "--json", log=log)
        out, error = second.communicate()
        assert json.loads(out)["made_now"] == 60 - len(kept)
    finally:
        for process in (worker, scheduler):
            process.kill()
            process.wait()


def test_a_scheduler_that_is_not_there():
    with pytest.raises(cz.InputError, match="--scheduler"):
        perform(sweeps.small(), [{}], seeds=2, scheduler="nonsense://here")


@pytest.mark.slow
def test_memory_stays_flat_over_a_thousand_runs():
    driver = []
    found = perform(
        sweeps.small(), [{}], seeds=1000, workers=2, figures=["sweeps:resident_mb", "sweeps:process"],
        progress=lambda done, failed, total: driver.append(sweeps.resident_mb()))  # fmt: skip
    assert len(found.done) == 1000
    grown = [("driver", driver[200], driver[-1])]
    for process, part in found.table.groupby("sweeps:process"):
        values = part["sweeps:resident_mb"].to_numpy()
        grown.append((f"worker {process:.0f}", values[len(values) // 5], values[-1]))
    print("resident MB after a fifth, and at the end:", grown)
    for _, before, after in grown:
        assert after < before + 25
