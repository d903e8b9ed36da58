"""`communize bench`: what it measures, on sizes that take no time."""

import json
import sys

import pytest

import communize as cz
from communize.cli.main import main
from communize.experiment.bench import bandwidth_gb_s, measure


def test_rows():
    result = measure("restructured", [3000, 6000], [1, 2], days=3)
    assert [(row["people"], row["threads"]) for row in result["rows"]] == [(3000, 1), (3000, 2), (6000, 1), (6000, 2)]
    for row in result["rows"]:
        assert row["person_days_per_s"] == pytest.approx(row["people"] / row["ms_per_day"] * 1e3, rel=1e-6)
        assert row["peak_mb"] > 50
        assert 0 < row["bandwidth_limit_ms"] < row["ms_per_day"]
    assert result["rows"][0]["state_hash"] == result["rows"][1]["state_hash"] != result["rows"][2]["state_hash"]
    assert 0.1 < result["bandwidth_gb_s"] < 10_000


def test_a_failing_size_is_named():
    with pytest.raises(cz.InputError, match="--people: found 1"):
        measure("restructured", [1], [1], days=3)
    with pytest.raises(cz.InputError, match="--threads: found 0"):
        measure("restructured", [100], [0], days=3)
    with pytest.raises(cz.InputError, match="nowhere"):
        measure("nowhere", [100], [1], days=3)


def test_bandwidth_is_positive():
    assert bandwidth_gb_s(megabytes=8, repeats=2) > 0


def test_command(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["communize", "bench", "--people", "2000", "--threads", "1", "--days", "2", "--json"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["people"] == 2000


def test_a_load_of_practices_and_instances_is_in_force():
    from communize.experiment.load import measure

    found = measure(5_000, 2, instances=150, practices=400)
    assert found["instances"] >= 150
    assert found["practices"] >= 400
    assert found["seconds"] > 0
