"""Wrong input: one line that names file, path, what was found, what is allowed, the nearest name; exit status 2."""

import sys

import pytest

from communize.cli.main import main

HEAD = '[scenario]\nname = "mine"\ndays = 5\n'
SMALL = "[society]\npeople = 300\n[society.places]\ncount = 3\n"


def call(arguments, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["communize", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    captured = capsys.readouterr()
    return stop.value.code, captured.out, captured.err


WRONG_FILES = {
    "unknown key": (HEAD + "[society]\npeple = 3\n", "society.peple", "'peple'", "did you mean people?"),
    "unknown table": (HEAD + "[strugle]\ncoupling = 1.0\n", "strugle", "'strugle'", "did you mean struggle?"),
    "wrong type": (HEAD + '[struggle]\ncoupling = "high"\n', "struggle.coupling", "'high'", "a number from 0 to 100"),
    "fraction for a count": (HEAD + "[society]\npeople = 10.5\n", "society.people", "10.5", "a whole number"),
    "text for a switch": (HEAD + '[force]\nenabled = "yes"\n', "force.enabled", "'yes'", "true or false"),
    "below its range": (HEAD + "[struggle]\ncoupling = -1.0\n", "struggle.coupling", "-1.0", "0 to 100"),
    "above its range": (HEAD + "[force]\nmove = 1.5\n", "force.move", "1.5", "0 to 1"),
    "not a number": (HEAD + "[struggle]\nnerve = nan\n", "struggle.nerve", "nan", "-50 to 50"),
    "unknown choice": (HEAD + '[struggle]\nresponse = "logit"\n', "struggle.response", "'logit'", "did you mean logistic?"),
    "shares that do not add up": (HEAD + "[society.positions.stable]\nshare = 0.9\n", "society.positions", "stable", "add up to 1"),
    "unknown group": (HEAD + '[society]\ntaking_part = ["youth"]\n', "society", "'youth'", "names of groups"),
    "seventeen groups": (
        HEAD + "[society.groups]\n" + "".join(f"g{i} = {1 / 17}\n" for i in range(17)), "society", "17", "1 to 16 groups"),
    "zero days": ('[scenario]\nname = "mine"\ndays = 0\n', "scenario.days", "found 0", "1 to 100000"),
    "one person": (HEAD + "[society]\npeople = 1\n", "society.people", "found 1", "at least 2 agents"),
    "fewer than two agents": (HEAD + "[society]\npeople = 10\nscale = 10.0\n", "society.people", "found 10", "at least 2 agents of 10"),
    "no name": ("[scenario]\ndays = 5\n", "scenario.name", "nothing", "text"),
    "bad name": ('[scenario]\nname = "My Case"\n', "scenario.name", "'My Case'", "small letters"),
    "no scenario table": ("[society]\npeople = 10\n", "scenario", "nothing", "a table"),
    "not TOML": ("[scenario\n", "", "line 1", "valid TOML"),
    "impossible date": ('[scenario]\nname = "mine"\nstart = 2005-02-30\n', "", "Invalid date", "valid TOML"),
    "date as text": ('[scenario]\nname = "mine"\nstart = "soon"\n', "scenario.start", "'soon'", "a date such as"),
    "shock before the start": (HEAD + SMALL + "[[shock]]\ndate = 2004-12-31\n", "shock[0].date", "'2004-12-31'", "on or after the start, 2005-01-01"),
    "emergency before the start": (
        HEAD + SMALL + "[[force.emergency]]\ndate = 1999-01-01\n", "force.emergency[0].date", "'1999-01-01'", "on or after the start"),
    "shock without a day": (HEAD + "[[shock]]\nmagnitude = 1.0\n", "shock[0]", "magnitude", "either a date or a day"),
    "shock in two ways": (HEAD + '[[shock]]\nday = 1\nplace = "a"\nregion = "b"\n', "shock[0]", "place", "a place or a region"),
    "unknown place": (HEAD + SMALL + '[[shock]]\nday = 1\nplace = "place-7"\n', "shock[0].place", "'place-7'", "did you mean place-"),
    "unknown region": (HEAD + SMALL + '[[shock]]\nday = 1\nregion = "nort"\n', "shock[0].region", "'nort'", "did you mean north?"),
    "shock where nobody lives": (
        HEAD + "[society]\npeople = 4\n[society.places]\ncount = 50\n" + '[[shock]]\nday = 1\nplace = "place-50"\n',
        "shock[0].place", "'place-50'", "a place where somebody lives"),
    "unknown country": (HEAD + '[society.places]\nsource = "gazetteer"\ncountry = "France"\n', "society.places.country", "'France'", "did you mean FR?"),
    "no place that large": (
        HEAD + '[society.places]\nsource = "gazetteer"\nminimum_population = 90000000\n',
        "society.places.minimum_population", "90000000", "some place of FR reaches"),
    "no such table": (HEAD + '[society.places]\nsource = "table"\nfile = "nowhere.csv"\n', "society.places.file", "'nowhere.csv'", "that exists"),
    "table without a name": (HEAD + '[society.places]\nsource = "table"\n', "society.places.file", "None", "a file name"),
    "base that does not exist": ('[scenario]\nname = "mine"\nbased_on = "restructurd"\n', "scenario.based_on", "'restructurd'", "did you mean restructured?"),
    "mechanism that does not exist": (HEAD + '[[mechanism]]\nuse = "nowhere.py:Rumour"\n', "mechanism[0].use", "'nowhere.py:Rumour'", "that exists"),
    "mechanism without a class": (HEAD + '[[mechanism]]\nuse = "nowhere.py"\n', "mechanism[0].use", "'nowhere.py'", "file.py:Class"),
    "uneven observations": (HEAD + "[observed]\ndates = [2005-01-01]\n", "observed", "dates", "as many counts as dates"),
    "target without a rule": (
        HEAD + '[[target]]\nname = "x"\nstatistic = "peak_night"\nvalue = 3.0\n', "target[0]", "name", "a tolerance or a factor"),
}  # fmt: skip


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize("case", WRONG_FILES, ids=str)
def test_wrong_scenario_file(case, command, tmp_path, monkeypatch, capsys):
    text, path, found, allowed = WRONG_FILES[case]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    code, out, err = call([command, "mine.toml"], monkeypatch, capsys)
    lines = [line for line in err.splitlines() if not line.startswith("first run")]
    assert code == 2
    assert out == ""
    assert len(lines) == 1, err
    assert lines[0].startswith(f"communize: mine.toml: {path}: found" if path else "communize: mine.toml: found")
    assert found in lines[0]
    assert allowed in lines[0]
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.toml"]


WRONG_CALLS = {
    "unknown case": (["run", "banlieue-2005"], "found 'banlieue-2005'", "did you mean banlieues-2005?"),
    "missing file": (["check", "no/such.toml"], "no/such.toml", "a TOML file that exists"),
    "people out of range": (["run", "restructured", "--people", "-3"], "--people: found -3", "0 to 1e+09"),
    "zero days": (["run", "restructured", "--days", "0"], "--days: found 0", "1 to 100000"),
    "negative seed": (["run", "restructured", "--seed", "-1"], "--seed: found -1", "0 to 1.8"),
    "assignment without a value": (["run", "restructured", "--set", "people"], "--set: found 'people'", "path=value"),
    "assignment of an unknown path": (["run", "restructured", "--set", "strugle.coupling=2"], "strugle", "did you mean struggle?"),
    "assignment into a value": (["run", "restructured", "--set", "struggle.coupling.x=2"], "struggle.coupling", "path"),
    "assignment beyond a list": (["run", "restructured", "--set", "shock[3].magnitude=2.0"], "shock[3].magnitude", "entry"),
    "no run folder": (["report", "nowhere"], "found 'nowhere'", "the folder of a finished run"),
}


@pytest.mark.parametrize("case", WRONG_CALLS, ids=str)
def test_wrong_call(case, tmp_path, monkeypatch, capsys):
    arguments, found, allowed = WRONG_CALLS[case]
    monkeypatch.chdir(tmp_path)
    code, out, err = call(arguments, monkeypatch, capsys)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1, err
    assert found in err
    assert allowed in err
    assert not list(tmp_path.iterdir())


def test_unreadable_file(tmp_path, monkeypatch, capsys):
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe\x00")
    code, _, err = call(["check", str(tmp_path / "mine.toml")], monkeypatch, capsys)
    assert code == 2
    assert "a readable TOML file (UnicodeDecodeError)" in err


def test_folder_in_place_of_a_file(tmp_path, monkeypatch, capsys):
    (tmp_path / "mine.toml").mkdir()
    code, _, err = call(["check", str(tmp_path / "mine.toml")], monkeypatch, capsys)
    assert code == 2
    assert "a readable TOML file (IsADirectoryError)" in err


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("name,latitude,longitude\na,1,1\n", "column 'population'"),
        ("name,latitude,longitude,population\n", "at least one place"),
        ("name,latitude,longitude,population\na,91,1,50\n", "latitude = 91"),
        ("name,latitude,longitude,population\na,1,1,many\n", "numbers in the column 'population'"),
        ("name,latitude,longitude,population\na,1,1,50\nb,1,2,0\n", "population = 0"),
    ],
)
def test_wrong_table_of_places(rows, message, tmp_path, monkeypatch, capsys):
    (tmp_path / "places.csv").write_text(rows, encoding="utf-8")
    (tmp_path / "mine.toml").write_text(HEAD + '[society.places]\nsource = "table"\nfile = "places.csv"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    code, _, err = call(["check", "mine.toml"], monkeypatch, capsys)
    assert code == 2
    assert "mine.toml: society.places.file" in err
    assert message in err


def test_a_different_run_in_the_folder(tmp_path, monkeypatch, capsys):
    base = ["run", "restructured", "--people", "300", "--set", "society.places.count=3", "--days", "3", "--no-report", "--out", str(tmp_path / "r")]
    assert call_ok(base, monkeypatch) == 0
    assert call_ok(base, monkeypatch) == 0  # the same run again may replace itself
    code, _, err = call([*base, "--seed", "9"], monkeypatch, capsys)
    assert code == 2
    assert "does not hold a different run (seed differ)" in err


def test_something_else_in_the_folder(tmp_path, monkeypatch, capsys):
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "thesis.tex").write_text("years of work")
    code, _, err = call(["run", "restructured", "--people", "300", "--days", "3", "--out", str(tmp_path / "r")], monkeypatch, capsys)
    assert code == 2
    assert "does not exist yet" in err
    assert (tmp_path / "r" / "thesis.tex").read_text() == "years of work"


def test_new_does_not_overwrite(tmp_path, monkeypatch, capsys):
    (tmp_path / "x.toml").write_text("mine")
    code, _, err = call(["new", str(tmp_path / "x.toml")], monkeypatch, capsys)
    assert code == 2
    assert "does not exist yet" in err
    assert (tmp_path / "x.toml").read_text() == "mine"


def call_ok(arguments, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["communize", *arguments])
    try:
        main()
    except SystemExit as stop:
        return stop.code or 0
    return 0
