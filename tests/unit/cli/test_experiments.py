"""The commands sweep, query and compare: what they print, their status, what they refuse."""

import json
import sys

import pytest

from communize.cli.main import main

SMALL = ["--people", "200", "--days", "3", "--workers", "0"]


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call_with(*arguments):
        monkeypatch.setattr(sys, "argv", ["communize", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        captured = capsys.readouterr()
        return stop.value.code, captured.out, captured.err

    return call_with


def test_sweep_query_compare(call):
    status, out, _ = call("sweep", "sir", "--vary", "struggle.rate_leaving=0.1,0.2", "--seeds", 3, "--out", "a", *SMALL)
    assert status == 0
    assert "6 done (6 now)" in out
    assert max(map(len, out.splitlines()[:5])) <= 80
    status, out, error = call("sweep", "sir", "--vary", "struggle.rate_leaving=0.1,0.2", "--seeds", 3, "--out", "a", *SMALL, "--json")
    assert status == 0
    assert json.loads(out) == {"folder": "a", "points": 2, "runs": 6, "done": 6, "failed": 0, "made_now": 0, "reasons": {}, "stopped": {}}
    assert error == ""
    status, out, _ = call("query", "a", "select count(*) as n from runs", "--json")
    assert json.loads(out) == {"columns": ["n"], "rows": [[6]]}
    status, out, _ = call("query", "a", 'select outcome, "struggle.rate_leaving" as rate from runs')
    assert status == 0
    assert len(out.splitlines()) == 7
    call("sweep", "sir", "--vary", "struggle.rate_leaving=0.1,0.2", "--seeds", 3, "--out", "b", *SMALL, "--set", "struggle.coupling=0.5")
    status, out, _ = call("compare", "a", "b")
    assert status == 0
    assert "3 pairs of equal seed" in out
    status, out, _ = call("compare", "a", "b", "--figures", "peak_active", "--json")
    assert [row["pairs"] for row in json.loads(out)["rows"]] == [3, 3]


def test_what_is_too_wide_for_the_terminal_is_still_read(call, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = call("sweep", "sir", "--vary", "struggle.rate_leaving=0.1,0.2", "--seeds", 2, "--out", "a", *SMALL)
    assert {"R", "λ", "κ"} <= set(out.splitlines()[1].split())
    assert "±" not in out
    _, out, _ = call("query", "a", "select * from runs")
    lines = out.splitlines()
    assert any(line.startswith("commodity_reproduction ") for line in lines)
    assert "3 of 4 rows; all of them with --json" in out
    assert max(map(len, lines)) <= 80
    monkeypatch.setenv("COLUMNS", "120")
    _, out, _ = call("sweep", "sir", "--vary", "struggle.rate_leaving=0.1,0.2", "--seeds", 2, "--out", "a", *SMALL)
    assert {"R", "λ", "κ"} <= set(out.splitlines()[1].split())
    assert "±" in out


def test_runs_side_by_side(call):
    for seed in (1, 2):
        assert call("run", "sir", "--people", 200, "--days", 3, "--seed", seed, "--out", f"r{seed}", "--no-report")[0] == 0
    status, out, _ = call("compare", "r1", "r2")
    assert status == 0
    assert "peak_active" in out
    status, out, _ = call("compare", "r1", "r2", "--json")
    assert {row["figure"]: row["b"] for row in json.loads(out)["figures"]}["seed"] == 2
    assert call("compare", "r1", "nowhere")[0] == 2


def test_a_failed_run_is_status_1(call, monkeypatch):
    status, out, _ = call("sweep", "sir", "--seeds", 3, "--out", "f", *SMALL, "--figures", "sweeps:fails_at_two")
    assert status == 1
    assert "1 failed" in out
    assert "1 times: ValueError: no figure of seed 2" in out
    status, out, _ = call("sweep", "sir", "--seeds", 3, "--out", "f", *SMALL, "--figures", "sweeps:fails_at_two", "--json")
    assert status == 1
    assert json.loads(out)["reasons"] == {"ValueError: no figure of seed 2": 1}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--vary", "strugle.coupling=1:2:3"], "did you mean struggle"),
        (["--vary", "struggle.coupling=1:200:3"], "struggle.coupling: found 100.5; allowed: 0 to 100"),
        (["--vary", "struggle.coupling"], "--vary"),
        (["--vary", "run.seed=1,2"], "run.seed"),
        (["--seeds", "0"], "--seeds: found 0"),
        (["--people", "-1"], "--people"),
        (["--until", "active:max<5%", "--seeds", "3"], "--seeds: found 3; allowed: 10 or more"),
        (["--series", "activ"], "--series: found 'activ'"),
        (["--figures", "active:maxx"], "--figures: found 'active:maxx'"),
    ],
)
def test_what_is_refused(call, tmp_path, arguments, words):
    status, _, error = call("sweep", "sir", "--out", "x", *SMALL, *arguments)
    assert status == 2
    assert words in error
    assert "Traceback" not in error
    assert not (tmp_path / "x" / "runs.jsonl").exists()


def test_copies(call, tmp_path):
    assert call("sweep", "sir", "--seeds", 2, "--out", "c", *SMALL, "--copy-to", f"file://{tmp_path}/copy")[0] == 0
    assert (tmp_path / "copy" / "runs.parquet").is_file()
    status, _, error = call("sweep", "sir", "--seeds", 2, "--out", "c", *SMALL, "--copy-to", "nothing://here")
    assert status == 1
    assert "the folder itself is whole" in error
