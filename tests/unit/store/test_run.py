"""The run folder: whole or not there, read back as it was, run again to the same bits."""

import json
import os

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import communize as cz
from communize.store import folders

SMALL = {"society.people": 2000, "society.places.count": 6, "shock": [{"day": 2, "magnitude": 1.5}]}


@pytest.fixture(scope="module")
def run():
    return cz.run(cz.load("restructured").replace(SMALL), days=25, seed=4, keep_people=True)


@pytest.fixture(scope="module")
def folder(run, tmp_path_factory):
    return run.save(tmp_path_factory.mktemp("runs") / "mine", people=True)


def test_the_folder_holds_what_it_should(folder, run):
    assert sorted(entry.name for entry in folder.iterdir()) == [
        "instances.parquet", "people.parquet", "places.parquet", "practices.parquet", "run.json", "scenario.toml", "series.zarr",
        "struggles.parquet"]  # fmt: skip
    info = json.loads((folder / "run.json").read_text())
    assert info["state_hash"] == run.state_hash
    assert info["outcome"]["generalisation_number"] == float(run.series["generalisation_number"][24]) > 0
    assert info["outcome"]["generalisation_day"] == 24
    assert info["outcome"]["not_computed"] == {}
    for name in ("reproduction_ratio", "commodity_reproduction"):
        assert info["outcome"][name] == float(run.series[name][-1])
    assert info["figures"]["instances"] == len(run.instances) == sum(info["outcome"]["endings_of_measures"].values()) > 0
    assert info["figures"]["practices"] == len(run.practices) > 0
    assert info["figures"]["peak_participants"] == float(run.series["participants"].sum("place").max())
    assert info["environment"]["packages"]["numpy"] == np.__version__


def test_every_variable_has_units_and_a_long_name(folder):
    series = xr.open_zarr(folder / "series.zarr", consolidated=False)
    assert len(series.data_vars) > 20
    for name, variable in series.variables.items():
        assert variable.attrs.get("long_name"), name
        assert name in series.coords or variable.attrs.get("units"), name


def test_it_reads_back_as_it_was(folder, run):
    again = cz.read_run(folder)
    assert again.state_hash == run.state_hash
    assert again.outcome == run.outcome
    assert again.scenario.hash == run.scenario.hash
    xr.testing.assert_equal(again.series, run.series)
    for name in ("struggles", "instances", "practices", "places"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(run, name))
    assert again.people.shape == run.people.shape == (2000, run.people.shape[1])


def test_the_written_scenario_gives_the_same_numbers(folder, run):
    assert cz.run(folder / "scenario.toml").state_hash == run.state_hash


def test_the_same_run_may_be_saved_again_and_another_may_not(folder, run):
    before = (folder / "run.json").read_text()
    assert run.save(folder) == folder
    other = cz.run(run.scenario, days=25, seed=5)
    with pytest.raises(cz.InputError, match="different run"):
        other.save(folder)
    run.save(folder, people=True)
    assert json.loads((folder / "run.json").read_text())["state_hash"] == json.loads(before)["state_hash"]


def test_a_failure_while_writing_leaves_nothing(run, tmp_path, monkeypatch):
    def fail(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run.places, "to_parquet", fail, raising=False)
    with pytest.raises(cz.InputError, match="No space left"):
        run.save(tmp_path / "mine")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(run, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(cz.InputError, match="can be written"):
        run.save(tmp_path / "mine")


@pytest.mark.parametrize("damage", ["run.json", "scenario.toml", "places.parquet", "instances.parquet", "practices.parquet"])
def test_a_damaged_folder_is_named(damage, run, tmp_path):
    folder = run.save(tmp_path / "mine")
    (folder / damage).write_bytes(b"{")
    with pytest.raises(cz.InputError):
        cz.read_run(folder)


def test_the_default_folder_tells_runs_apart():
    scenario = cz.load("restructured")
    names = {
        folders.default_folder(changed, changed.seed).name
        for changed in (scenario, scenario.replace({"run.days": 9}), scenario.replace({"run.seed": 2}), scenario.replace({"force.move": 0.1}))
    }
    assert len(names) == 4
    assert folders.default_folder(scenario.replace({"run.threads": 2}), 1) == folders.default_folder(scenario, 1)


RUMOUR = """
import communize as cz

class Rumour(cz.Mechanism):
    name = "rumour"
    phase = "struggle"
    writes = ("people.horizon",)

    class Parameters(cz.Parameters):
        rate: float = cz.parameter(0.1, unit="1/day", range=(0, 1))

    def step(self, state, day, draws):
        heard = draws.bernoulli(self.parameters.rate, len(state.people))
        state.people.horizon[heard] = 1.0
"""


@pytest.mark.parametrize("way", ["file", "python"])
def test_a_folder_with_a_mechanism_of_the_users_runs_again(way, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "rumour_of_test_run.py").write_text(RUMOUR)
    (tmp_path / "here" / "mine.toml").write_text(
        '[scenario]\nname = "mine"\ndays = 5\n[society]\npeople = 500\nplaces.count = 3\n'
        + ('[[mechanism]]\nuse = "rumour_of_test_run.py:Rumour"\nparameters = {rate = 0.2}\n' if way == "file" else "")
    )
    scenario = cz.load(tmp_path / "here" / "mine.toml")
    if way == "python":
        monkeypatch.syspath_prepend(tmp_path / "here")
        from importlib import import_module

        scenario = scenario.with_mechanism(import_module("rumour_of_test_run").Rumour, rate=0.2)
    run = cz.run(scenario)
    folder = run.save(tmp_path / "run")
    again = cz.run(folder / "scenario.toml")
    assert again.state_hash == run.state_hash
    assert again.scenario.hash == run.scenario.hash
    assert again.state_hash != cz.run(scenario.replace({"mechanism": []}) if way == "file" else cz.load(tmp_path / "here" / "mine.toml")).state_hash


def test_the_folder_is_written_aside_and_then_renamed(run, tmp_path):
    (tmp_path / "mine.part").mkdir()
    (tmp_path / "mine.part" / "thesis.tex").write_text("somebody's")
    seen = []
    run.save(tmp_path / "mine", also=lambda part: seen.append((part.name, (tmp_path / "mine").exists())))
    run.save(tmp_path / "other", also=lambda part: seen.append((part.name, (tmp_path / "other").exists())))
    assert seen == [("mine.part-1", False), ("other.part", False)]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["mine", "mine.part", "other"]
    assert (tmp_path / "mine.part" / "thesis.tex").exists()


def test_two_processes_may_save_the_same_run_at_once(run, tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: run.save(tmp_path / "mine"), range(12))) == {tmp_path / "mine"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine"]
    assert cz.read_run(tmp_path / "mine").state_hash == run.state_hash
