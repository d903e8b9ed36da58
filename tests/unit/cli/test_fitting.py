"""The commands sensitivity and calibrate: what they print, write and refuse."""

import json
import sys

import pytest

from communize.cli.main import main

pytest.importorskip("SALib", reason="SALib comes with the extra experiment")
SMALL = ["sir", "--people", "500", "--days", "20", "--set", "struggle.seed=[{share=0.02}]", "--workers", "0"]
VARY = ["--prior", "struggle.rate_contact=0.03:0.3:log", "--prior", "struggle.rate_leaving=0.05:0.3"]
DATA = "day,active\n" + "".join(f"{day},{10 + 5 * day}\n" for day in range(0, 20, 4))


def call(arguments, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["communize", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main()
    captured = capsys.readouterr()
    return stop.value.code or 0, captured.out, captured.err


@pytest.fixture
def data(tmp_path):
    (tmp_path / "data.csv").write_text(DATA)
    return tmp_path / "data.csv"


def test_sensitivity(tmp_path, monkeypatch, capsys):
    command = ["sensitivity", *SMALL, *VARY, "--samples", 4, "--figure", "joined:sum", "--out", tmp_path / "s"]
    code, out, _ = call(command, monkeypatch, capsys)
    assert code == 0
    assert "(seed)" in out
    assert "struggle.rate_contact" in out
    code, out, _ = call([*command, "--json"], monkeypatch, capsys)
    found = json.loads(out)
    assert {row["parameter"] for row in found["indices"]} == {"struggle.rate_contact", "struggle.rate_leaving", "(seed)"}
    assert found["method"] == "morris"
    assert (tmp_path / "s" / "sensitivity.html").is_file()


def test_calibrate_and_check(tmp_path, data, monkeypatch, capsys):
    command = ["calibrate", *SMALL, *VARY, "--data", data, "--method", "regression", "--particles", 40, "--samples", 100, "--out", tmp_path / "c"]
    code, out, _ = call(command, monkeypatch, capsys)
    assert code == 0
    assert "shrinkage" in out
    assert "inside the 90 % band" in out
    code, out, _ = call([*command, "--json"], monkeypatch, capsys)
    found = json.loads(out)
    assert found["runs_made"] == 0
    assert len(found["parameters"]) == 2
    code, out, _ = call([*command, "--check", 20, "--json"], monkeypatch, capsys)
    checked = json.loads(out)
    assert checked["runs_made"] == 20
    assert code == (0 if checked["passed"] else 1)


@pytest.mark.parametrize(("more", "words"), [
    (["sensitivity", *SMALL, *VARY, "--samples", 4, "--figure", "activ:max"], ["--figure", "did you mean active"]),
    (["sensitivity", *SMALL, *VARY, "--samples", 1], ["--samples", "4 or more"]),
    (["sensitivity", *SMALL], ["sir: prior", "found 'nothing'"]),
    (["calibrate", *SMALL, *VARY], ["sir: observed", "no fitted counts"]),
    (["calibrate", *SMALL, *VARY, "--data", "no.csv"], ["--data", "no.csv"]),
    (["calibrate", *SMALL, *VARY, "--check", "3"], ["--check", "20"]),
    (["calibrate", *SMALL, "--prior", "strugle.coupling=1:2"], ["did you mean struggle"]),
])  # fmt: skip
def test_wrong_input_is_one_line(more, words, tmp_path, monkeypatch, capsys):
    code, out, error = call([*more, "--out", tmp_path / "x"], monkeypatch, capsys)
    assert (code, out) == (2, "")
    assert error.startswith("communize: ")
    assert len(error.strip().splitlines()) == 1
    for word in words:
        assert word in error
    assert not list((tmp_path / "x").glob("*.json")) if (tmp_path / "x").exists() else True
