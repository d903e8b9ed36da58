"""Inputs that once broke something, each as small as it could be made."""

import json
import os
import subprocess
import sys
import time

import pytest
from inputs import damage, some, try_file, well_said, within

import communize as cz
from communize.cli.main import main
from communize.declare.errors import InputError, nearest_name
from communize.society import society

HEAD = '[scenario]\nname = "mine"\ndays = 2\n'
SMALL = "[society]\npeople = 30\n[society.places]\ncount = 3\n"

# Text of mine.toml, part of the message, part of what is allowed.
REFUSED = {
    "lists too deep for the reader": (HEAD + "a = " + "[" * 1000 + "]" * 1000, "too deep to read", "at most 32"),
    "tables too deep to be copied": (HEAD + "a." * 400 + "a = 1", "mine.toml: scenario.a.a.a", "at most 32"),
    "more digits than Python reads": (HEAD + "a = " + "9" * 5000, "4300 digits", "valid TOML"),
    "more digits than Python writes": ('[scenario]\nname = "mine"\ndays = 0x' + "f" * 5000, "scenario.days: found a number too long to be shown", "0 to 100000"),
    "a line break in a key": (HEAD + '"a\\nb" = 1', "scenario.a\\nb: found 'a\\nb'", "one of name"),
    "what a terminal would obey": (HEAD + '"\\u001b[31m" = 1', "scenario.\\x1b[31m: found", "one of name"),
    "a long key": (HEAD + "k" * 100_000 + " = 1", "scenario.kkk", "one of name"),
    "a name that no folder can have": (f'[scenario]\nname = "{"x" * 300}"\n', "scenario.name: found 'xxx", "at most 100 letters"),
    "a base whose name holds a NUL": (HEAD + 'based_on = "\\u0000.toml"', ".toml: found", "valid TOML"),
    "a base whose name is too long": (HEAD + f'based_on = "{"x" * 5000}.toml"', "xxx.toml: found", "a readable TOML file"),
    "a base that is a device": (HEAD + 'based_on = "dev.toml"', "dev.toml: found 'dev.toml'", "this is a device"),
    "a base whose head is no table": (HEAD + 'based_on = "flat.toml"', "flat.toml: scenario: found 1", "a table"),
    "a circle of bases": (HEAD + 'based_on = "./mine.toml"', "scenario.based_on: found './mine.toml'", "not based on this one"),
    "squares that cannot be added up": (HEAD + SMALL + "[observed]\nbackground = 1.7e308\n", "observed.background: found 1.7e+308", "0 to 1e+15"),
    "counts whose squares cannot be added up": (HEAD + SMALL + "[observed]\ndates = [2005-01-01]\ncounts = [1e300]\n", "observed.counts: found [1e+300]", "1e+15"),
    "nerves beyond what a column holds": (HEAD + SMALL + "[struggle]\nnerves = [1e300]\n", "struggle.nerves: found [1e+300]", "1e+09"),
    "a sector called like a value of sectors": (HEAD + "[society.sectors.share]\nshare = 1.0\nkinb = 1\n", "society.sectors.share.kinb: found 'kinb'", "did you mean kind?"),
    "a mechanism that leaves": (HEAD + '[[mechanism]]\nuse = "leaves.py:Rumour"\n', "mechanism[0].use: found 'leaves.py:Rumour'", "SystemExit"),
    "a mechanism of no phase": (HEAD + '[[mechanism]]\nuse = "nophase.py:Rumour"\n', "mechanism[0].use: found 'strugle'", "did you mean struggle?"),
    "places in a device": (HEAD + '[society.places]\nsource = "table"\nfile = "/dev/zero"\n', "society.places.file: found '/dev/zero'", "that exists"),
    "places from the network": (HEAD + '[society.places]\nsource = "table"\nfile = "https://127.0.0.1:9/x.csv"\n', "society.places.file: found", "that exists"),
    "ties in a device": (HEAD + SMALL + '[society.ties]\nfile = "/dev/zero"\n', "society.ties.file: found '/dev/zero'", "an existing CSV"),
    "ties in columns of one name": (HEAD + SMALL + '[society.ties]\nfile = "twice.csv"\n', "twice.csv: society.ties.a: found", "each once"),
    "a place without a name": (HEAD + '[society.places]\nsource = "table"\nfile = "unnamed.csv"\n', "name of 0 letters in row 1", "1 to 200 letters"),
    "a place with a long name": (HEAD + '[society.places]\nsource = "table"\nfile = "long.csv"\n', "name of 100,000 letters in row 1", "1 to 200 letters"),
    "an id that is no number": (HEAD + '[society.places]\nsource = "table"\nfile = "ids.csv"\n', "found \"the column 'place_id'\"", "numbers in the column"),
    "one person at work": (HEAD + SMALL.replace("30", "1"), "economy.enabled: found True", "labour markets of at least two people: place-1 is a market of one person"),
    "a run beyond the last date": ('[scenario]\nname = "mine"\nstart = 9999-12-31\n', "scenario.days: found 365", "0 to 0 days from 9999-12-31"),
}  # fmt: skip
BESIDE = {
    "flat.toml": "scenario = 1\n", "leaves.py": "raise SystemExit(3)\n",
    "nophase.py": "import communize as cz\nclass Rumour(cz.Mechanism):\n    name, phase = 'rumour', 'strugle'\n",
    "twice.csv": "a,b,a\n1,2,1\n", "unnamed.csv": "name,latitude,longitude,population\n,1,1,5\n",
    "long.csv": f"name,latitude,longitude,population\n{'x' * 100_000},1,1,5\n", "ids.csv": "name,latitude,longitude,population,place_id\na,1,1,5,one\n",
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_one_message(case, tmp_path, monkeypatch):
    text, found, allowed = REFUSED[case]
    monkeypatch.chdir(tmp_path)
    for name, beside in BESIDE.items():
        (tmp_path / name).write_text(beside, encoding="utf-8")
    (tmp_path / "dev.toml").symlink_to("/dev/zero")
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    outcome, error = try_file("mine.toml")
    assert outcome == ("refused in the run" if "society.ties" in found else "refused")
    well_said(error)
    assert found in str(error)
    assert allowed in str(error)


RAN = {
    "a mark of byte order at the start": "\ufeff" + HEAD + SMALL,
    "lines as on other systems": (HEAD + SMALL).replace("\n", "\r\n"),
    "a base without a head": HEAD + 'based_on = "headless.toml"\n',
    "no fitted count": HEAD + SMALL + "[observed]\ndates = [2005-01-01]\ncounts = [2.0]\nfitted = 0\n",
    "a start before all nanoseconds": HEAD.replace("days", "start = 1525-03-06\ndays") + SMALL,
    "texts of every kind": HEAD + 'title = "\\u0000\\n\\u202e<script>{{ 7 }}[bold]\\"\'\\\\"\ndescription = "[/bold]\\u0007"\n' + SMALL,
    "groups of every name": HEAD + SMALL + '[society.groups]\n"" = 0.25\n"a.b" = 0.25\n"\\n\\u0000" = 0.25\n"\\"日本" = 0.25\n',
    "one person": HEAD + SMALL.replace("30", "1") + "[economy]\nenabled = false\n",
    "no days": HEAD.replace("days = 2", "days = 0") + SMALL,
    "no days instead of some": HEAD + SMALL + "[run]\ndays = 0\n",
}


@pytest.mark.parametrize("case", RAN)
def test_ran(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_bytes(RAN[case].encode("utf-8"))
    (tmp_path / "headless.toml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "runs").mkdir()
    assert try_file("mine.toml", tmp_path / "runs", report=True) == ("ran", None)


@pytest.mark.parametrize("path", ["shock[²].day", f"shock[{'9' * 5000}].day", "society[0]", ".".join("a" * 500), "", ".", "shock[0", "a\nb"])
def test_paths_of_every_kind(path):
    with within(), pytest.raises(InputError) as caught:
        cz.load("restructured").replace({path: 1})
    well_said(caught.value)


@pytest.mark.parametrize("name", ["x" * 300, "x" * 5000, "a\x00b", "x" * 300 + "/y.toml", ""])
def test_names_that_no_file_can_have(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        cz.load(name)
    well_said(caught.value)
    run = cz.run(cz.load("restructured").replace({"society.people": 20, "society.places.count": 2}), days=1)
    with pytest.raises(InputError) as caught:
        run.save(name)
    well_said(caught.value)
    assert not list(tmp_path.iterdir())


def test_the_nearest_of_very_many_names_is_found_at_once():
    names = [f"place-{row:06d}" for row in range(1, 200_001)]
    started = time.perf_counter()
    with within(20):
        assert nearest_name("plaze-000007", names) == "place-000007"
        assert nearest_name("place-00x0y7", names).startswith("place-00")
        assert nearest_name("x" * 10**6, names) is None
    assert time.perf_counter() - started < 15


@pytest.mark.parametrize("encoding", ["ascii"])
def test_a_terminal_that_does_not_know_all_letters(encoding, tmp_path):
    (tmp_path / "mine.toml").write_text(HEAD + 'title = "λ “日本”"\n' + SMALL, encoding="utf-8")
    wrong = os.fsdecode(b"\xff.toml")
    (tmp_path / wrong).write_text(HEAD + SMALL + '[society.groups]\n"日本" = 2.0\n', encoding="utf-8")
    main = [sys.executable, "-c", "from communize.cli.main import main; main()"]
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "LC_ALL": "C"}
    done = subprocess.run([*main, "run", "mine.toml", "--out", "run"], cwd=tmp_path, env=environment, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert b"no spark" in done.stdout
    done = subprocess.run([*main, "check", wrong], cwd=tmp_path, env=environment, capture_output=True, timeout=300)
    assert done.returncode == 2, done.stderr
    assert b"society: found" in done.stderr
    assert b"Traceback" not in done.stderr


def test_what_cannot_fit_into_memory_is_said_before_it_is_tried(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(society, "memory_bytes", lambda: 10**6)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["communize", "run", "restructured", "--people", "100000"])
    with within(), pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 1
    assert "not enough memory (0 GB for 100,000 agents and the contacts of 400 places); use fewer people" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damaged", [{"timings": None}, {"people": []}, {"figures": 3, "info": None}, {"outcome": {"name": "x"}}, {"seed": {}}, {"notes": 7}])
def test_a_run_folder_with_other_figures_than_a_run_has(damaged, tmp_path, monkeypatch, capsys):
    run = cz.run(cz.load("restructured").replace({"society.people": 20, "society.places.count": 2}), days=1)
    folder = run.save(tmp_path / "run")
    values = json.loads((folder / "run.json").read_text()) | damaged
    (folder / "run.json").write_text(json.dumps({key: value for key, value in values.items() if value is not None}))
    monkeypatch.setattr(sys, "argv", ["communize", "report", str(folder)])
    with pytest.raises(SystemExit) as stop:
        main()
    said = capsys.readouterr().err.splitlines()
    assert (stop.value.code or 0, len(said)) in ((0, 0), (2, 1)), said
    assert not said or "a whole run folder" in said[0]


def test_damage_is_repeatable():
    assert damage(HEAD + SMALL, some(3)) == damage(HEAD + SMALL, some(3))
