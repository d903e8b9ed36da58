"""Ensembles and sweeps in one process: what is run, what the table and the dataset hold, what is refused."""

import numpy as np
import pytest
import sweeps
import xarray as xr

import communize as cz
from communize.experiment.ensemble import perform
from communize.experiment.results import read_ensemble


def test_the_same_seeds_at_every_point_and_the_same_numbers_as_single_runs():
    scenario = sweeps.small()
    found = perform(scenario, [{}, {"society.people": 200}], seeds=3, workers=0, figures=["active:max", "active:last"])
    assert list(found.table["point"]) == [0, 0, 0, 1, 1, 1]
    assert list(found.table["seed"]) == [scenario.seed + k for k in (0, 1, 2)] * 2
    assert list(found.table["society.people"]) == [300] * 3 + [200] * 3
    assert list(found.table["status"].unique()) == ["done"]
    for row in found.table.to_dict("records"):
        run = cz.run(scenario.replace({"society.people": row["society.people"]}), seed=row["seed"], threads=1)
        assert row["state_hash"] == run.state_hash
        assert row["active:max"] == row["peak_active"] == float(run.series["active"].sum("place").max())
        assert row["active:last"] == float(run.series["active"].sum("place")[-1])
        assert row["outcome"] == run.outcome.name


def test_points_that_say_the_same_are_run_once_and_both_are_in_the_table():
    counts = []
    found = perform(sweeps.small(), [{}, {"society.people": 300}], seeds=2, workers=0, progress=lambda *n: counts.append(n))
    assert len(found.table) == 4
    assert counts == [(0, 0, 2), (1, 0, 2), (2, 0, 2)]


def test_a_failing_run_has_its_reason_and_does_not_stop_the_others():
    found = perform(sweeps.small(), [{}], seeds=[1, 2, 3], workers=0, figures=["sweeps:fails_at_two"])
    assert list(found.table["status"]) == ["done", "failed", "done"]
    assert found.failed["reason"].iloc[0] == "ValueError: no figure of seed 2"
    assert list(found.done["sweeps:fails_at_two"]) == [1.0, 3.0]
    assert np.isnan(found.failed["sweeps:fails_at_two"].iloc[0])


def test_grid_as_dataset(tmp_path):
    vary = {"society.people": [200, 100], "struggle.rate_leaving": [0.1, 0.2, 0.3]}
    found = cz.sweep(sweeps.small(), vary, seeds=2, workers=0, series=["active"], out=tmp_path / "s")
    data = found.dataset
    assert data["peak_active"].dims == ("society.people", "struggle.rate_leaving", "seed")
    assert list(data["society.people"].values) == [100, 200]
    assert data["daily_active"].sizes == {"society.people": 2, "struggle.rate_leaving": 3, "seed": 2, "day": 3}
    for row, daily in zip(found.table.to_dict("records"), found.series["active"]):
        here = {"society.people": row["society.people"], "struggle.rate_leaving": row["struggle.rate_leaving"], "seed": row["seed"]}
        assert float(data["peak_active"].sel(here)) == row["peak_active"] == daily.max()
        np.testing.assert_array_equal(data["daily_active"].sel(here).values, daily)
    with xr.open_zarr(tmp_path / "s" / "dataset.zarr", consolidated=False) as saved:
        xr.testing.assert_identical(saved.load().drop_encoding(), data)


def test_points_that_are_no_grid_have_the_dim_point():
    found = perform(sweeps.small(), [{"society.people": 100}, {"struggle.rate_leaving": 0.2}], seeds=2, workers=0)
    data = found.dataset
    assert data["peak_active"].dims == ("point", "seed")
    assert list(data["society.people"].values) == [100, 300]


def test_at_takes_a_point_by_its_values():
    found = cz.sweep(sweeps.small(), {"society.people": [100, 200]}, seeds=2, workers=0)
    assert list(found.at({"society.people": 200}).table["people"]) == [200, 200]
    assert len(found.at(point=0).table) == 2
    with pytest.raises(cz.InputError, match=r"society\.peple.*did you mean society\.people"):
        found.at({"society.peple": 200})
    with pytest.raises(cz.InputError, match="a point that was run"):
        found.at({"society.people": 201})


def test_nothing_runs_before_all_points_are_known_to_be_right(tmp_path):
    for points, message in (
        ([{}, {"society.peple": 3}], "did you mean people"),
        ([{}, {"struggle.rate_leaving": -1.0}], r"struggle\.rate_leaving: found -1\.0"),
        ([{}, {"run.seed": 3}], "every point is run with every seed"),
        ([], "at least one point"),
    ):
        with pytest.raises(cz.InputError, match=message):
            perform(sweeps.small(), points, workers=0, out=tmp_path / "s")
    for options, message in (
        ({"figures": ["activ:max"]}, "did you mean active"), ({"figures": ["active:maxx"]}, "did you mean max"),
        ({"figures": ["nowhere:nothing"]}, "module:function"), ({"series": ["activ"]}, "did you mean active"),
        ({"seeds": 0}, "1 or more"), ({"seeds": [1, 1]}, "each once"), ({"seeds": [-1]}, "0 to 2"), ({"workers": -1}, "--workers"),
        ({"until": "active:max"}, "FIGURE<NUMBER"), ({"until": "peek_active<3"}, "did you mean peak_active"),
        ({"until": "active:max<5%", "seeds": 9}, "10 or more"),
    ):  # fmt: skip
        with pytest.raises(cz.InputError, match=message):
            perform(sweeps.small(), [{}], **{"workers": 0, "out": tmp_path / "s", **options})
    assert not (tmp_path / "s").exists() or not (tmp_path / "s" / "runs.jsonl").read_text()


def test_a_mechanism_and_a_figure_of_ones_own():
    scenario = sweeps.small()
    found = perform(scenario, [{}], seeds=1, workers=0, figures=[lambda run: 2.0 * run.days])
    assert found.table.iloc[0, found.table.columns.get_loc(found.plan["figures"][0])] == 6.0


def test_the_folder_is_read_back(tmp_path):
    found = cz.ensemble(sweeps.small(), seeds=3, workers=0, out=tmp_path / "e", figures=["active:mean"], series=["active"])
    again = read_ensemble(tmp_path / "e")
    assert again.table.equals(found.table)
    np.testing.assert_array_equal(again.series["active"], found.series["active"])
    with pytest.raises(cz.InputError, match=r"sweep\.json"):
        read_ensemble(tmp_path)


def test_tables_go_to_any_address_that_fsspec_knows(tmp_path):

    found = cz.ensemble(sweeps.small(), seeds=2, workers=0)
    found.to_parquet("memory://here/runs.parquet")
    for target in ("memory://there/dataset.zarr", f"file://{tmp_path}/dataset.zarr"):
        found.to_zarr(target)
        with xr.open_zarr(target, consolidated=False) as saved:
            assert saved.sizes["seed"] == 2
