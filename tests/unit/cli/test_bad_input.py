"""Wrong input: one line that names file, path, what was found, what is allowed, the nearest name; exit status 2."""

import json
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
    "not a number": (HEAD + "[struggle]\nnerve = nan\n", "struggle.nerve", "nan", "-1e+09 to 1e+09"),
    "unknown choice": (HEAD + '[struggle]\nresponse = "logit"\n', "struggle.response", "'logit'", "did you mean logistic?"),
    "shares that do not add up": (HEAD + "[society.positions.stable]\nshare = 0.9\n", "society.positions", "stable", "add up to 1"),
    "unknown group": (HEAD + '[society]\ntaking_part = ["youth"]\n', "society", "'youth'", "names of groups"),
    "seventeen groups": (
        HEAD + "[society.groups]\n" + "".join(f"g{i} = {1 / 17}\n" for i in range(17)), "society", "17", "1 to 16 groups"),
    "days before the first": ('[scenario]\nname = "mine"\ndays = -1\n', "scenario.days", "found -1", "0 to 100000"),
    "days after the last date": ('[scenario]\nname = "mine"\nstart = 9999-12-30\ndays = 2\n', "scenario.days", "found 2", "0 to 1 days from 9999-12-30"),
    "fewer than one agent": (HEAD + "[society]\npeople = 4\nscale = 10.0\n", "society.people", "found 4", "1 to 536,870,911 agents of 10"),
    "more agents than ties can name": (HEAD + "[society]\npeople = 600_000_000\n", "society.people", "600000000", "1 to 536,870,911 agents of 1"),
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


def seed(text):
    return HEAD + SMALL + "[[measures.seed]]\n" + text


def form(text):
    return HEAD + SMALL + "[measures.form]\n" + text


WRONG_FILES |= {
    "practice without needs": (seed("day = 1\n"), "measures.seed[0].needs", "nothing", "sectors that it provides for, one to three"),
    "practice with no need": (seed("day = 1\nneeds = []\n"), "measures.seed[0].needs", "[]", "1 to 3 different sectors"),
    "practice for everything": (
        seed('day = 1\nneeds = ["food", "trade", "textiles", "transport"]\n'), "measures.seed[0].needs", "'transport'", "1 to 3 different sectors"),
    "the same need twice": (seed('day = 1\nneeds = ["food", "food"]\n'), "measures.seed[0].needs", "['food', 'food']", "different sectors"),
    "needs as text": (seed('day = 1\nneeds = "food"\n'), "measures.seed[0].needs", "'food'", "a list"),
    "unknown sector": (seed('day = 1\nneeds = ["trade", "fod"]\n'), "measures.seed[0].needs", "'fod'", "did you mean food?"),
    "unknown sector of a broadcast": (
        HEAD + SMALL + '[measures.broadcast]\nenabled = true\npractice = {needs = ["transprt"]}\n',
        "measures.broadcast.practice.needs", "'transprt'", "did you mean transport?"),
    "content above its range": (seed('day = 1\nneeds = ["food"]\ncontent = {gender = 1.5}\n'), "measures.seed[0].content.gender", "1.5", "-1 (reproduces the relation) to 1"),
    "content below its range": (
        HEAD + SMALL + "[measures.reinvention]\ncontent = {gender = -1.5}\n", "measures.reinvention.content.gender", "-1.5", "-1 (reproduces"),
    "content that is no number": (seed('day = 1\nneeds = ["food"]\ncontent = {gender = "all"}\n'), "measures.seed[0].content.gender", "'all'", "a number"),
    "content not a number": (seed('day = 1\nneeds = ["food"]\ncontent = {gender = nan}\n'), "measures.seed[0].content.gender", "nan", "finite"),
    "unknown relation": (seed('day = 1\nneeds = ["food"]\ncontent = {hirarchy = 1.0}\n'), "measures.seed[0].content.hirarchy", "1.0", "hierarchy?"),
    "unknown relation of reinventions": (
        HEAD + SMALL + "[measures.reinvention]\ncontent = {exchang = 0.1}\n", "measures.reinvention.content.exchang", "0.1", "exchange?"),
    "seed at an unknown place": (
        seed('day = 1\nneeds = ["food"]\nplace = "plaze-2"\n'), "measures.seed[0].place", "'plaze-2'", "did you mean place-2?"),
    "seed where nobody lives": (
        HEAD + "[society]\npeople = 4\n[society.places]\ncount = 50\n[[measures.seed]]\nday = 1\nneeds = ['food']\nplace = 'place-50'\n",
        "measures.seed[0].place", "'place-50'", "a place where somebody lives"),
    "seed at an unknown kind of site": (
        seed('day = 1\nneeds = ["food"]\nkind = "workplaces"\n'), "measures.seed[0].kind", "'workplaces'", "did you mean workplace?"),
    "seed of an unknown form": (seed('day = 1\nneeds = ["food"]\nform = "asembly"\n'), "measures.seed[0].form", "'asembly'", "did you mean assembly?"),
    "seed without a day": (seed('needs = ["food"]\n'), "measures.seed[0]", "needs", "either a date or a day"),
    "seed on a day and a date": (seed('needs = ["food"]\nday = 1\ndate = 2005-01-03\n'), "measures.seed[0]", "date", "either a date or a day"),
    "seed before the start": (seed('needs = ["food"]\ndate = 2004-12-31\n'), "measures.seed[0].date", "'2004-12-31'", "on or after the start, 2005-01-01"),
    "second of two seeds": (
        seed('needs = ["food"]\nday = 1\n[[measures.seed]]\nneeds = ["food"]\nday = -2\n'), "measures.seed[1].day", "found -2", "0 to 100000"),
    "seed of no instance": (seed('needs = ["food"]\nday = 1\ncount = 0\n'), "measures.seed[0].count", "found 0", "1 to"),
    "seed of nobody": (seed('needs = ["food"]\nday = 1\npeople = 0.0\n'), "measures.seed[0].people", "0.0", "1 to"),
    "seed at a site twice": (seed('needs = ["food"]\nday = 1\nsites = [5, 5]\n'), "measures.seed[0]", "sites", "different rows from 0"),
    "seed at sites and a place": (
        seed('needs = ["food"]\nday = 1\nsites = [5]\nplace = "place-1"\n'), "measures.seed[0]", "place", "either sites, or place, kind and count"),
    "one seed as a table": (HEAD + SMALL + '[measures.seed]\nneeds = ["food"]\n', "measures.seed", "needs", "a list"),
    "seed with a misspelt key": (seed('needs = ["food"]\nday = 1\ncuont = 2\n'), "measures.seed[0].cuont", "'cuont'", "did you mean count?"),
    "negative rate": (HEAD + "[measures.adoption]\nrate = -0.1\n", "measures.adoption.rate", "-0.1", "0 to 10000"),
    "rate as text": (HEAD + '[measures.reinvention]\nrate = "often"\n', "measures.reinvention.rate", "'often'", "a number from 0 to 1000"),
    "rate not a number": (HEAD + "[rallying]\nrate = nan\n", "rallying.rate", "nan", "0 to 1000"),
    "infinite hazard": (HEAD + "[dissolution]\nspent = inf\n", "dissolution.spent", "inf", "0 to 1e+06"),
    "negative hazard": (HEAD + "[dissolution]\nisolation = -1.0\n", "dissolution.isolation", "-1.0", "0 to 1e+06"),
    "half-life of nothing": (HEAD + "[horizon]\nhalf_life_days = 0.0\n", "horizon.half_life_days", "0.0", "0.001 to 1e+06"),
    "share above one": (HEAD + "[measures.adaptation]\nshare = 1.2\n", "measures.adaptation.share", "1.2", "0 to 1"),
    "switch as text": (HEAD + '[measures.grafting]\nenabled = "no"\n', "measures.grafting.enabled", "'no'", "true or false"),
    "critical mass below one": (HEAD + "[measures]\ncritical_mass = 0.5\n", "measures.critical_mass", "0.5", "1 to 1e+06"),
    "more needs than a practice has": (HEAD + "[measures.reinvention]\nbreadth = 4\n", "measures.reinvention.breadth", "found 4", "1 to 3"),
    "misspelt channel": (HEAD + "[measures.adopton]\nrate = 1.0\n", "measures.adopton", "'adopton'", "did you mean adoption?"),
    "replacements of nothing": (HEAD + "[neutral]\nreplacements = 0\n", "neutral.replacements", "found 0", "1 to"),
    "forms that do not add up": (
        form("share = {assembly = 0.5, diffuse = 0.3, spontaneous = 0.3}\n"), "measures.form.share", "spontaneous", "add up to 1 (they add up to 1.1)"),
    "a form left out": (form("share = {assembly = 0.5, diffuse = 0.5}\n"), "measures.form.share.spontaneous", "nothing", "assembly, diffuse, spontaneous"),
    "unknown form": (
        form("size = {assembly = 1.0, difuse = 1.0, spontaneous = 1.0}\n"), "measures.form.size.difuse", "1.0", "did you mean diffuse?"),
    "negative delay": (form("delay_days = {assembly = -1, diffuse = 1, spontaneous = 0}\n"), "measures.form.delay_days.assembly", "-1", "0 or more"),
    "delay of part of a day": (
        form("delay_days = {assembly = 1.5, diffuse = 1, spontaneous = 0}\n"), "measures.form.delay_days.assembly", "1.5", "a whole number"),
    "size above one": (form("size = {assembly = 1.5, diffuse = 1.0, spontaneous = 0.0}\n"), "measures.form.size.assembly", "1.5", "0 to 1"),
    "level without a day": (HEAD + "[[provisioning.fixed.level]]\nneed = 0.5\n", "provisioning.fixed.level[0]", "need", "either a date or a day"),
    "level at an unknown place": (
        HEAD + SMALL + '[[provisioning.fixed.level]]\nday = 1\nneed = 0.5\nplace = "plaze-3"\n', "provisioning.fixed.level[0].place", "'plaze-3'", "did you mean place-3?"),
    "level before the start": (
        HEAD + SMALL + "[[provisioning.fixed.level]]\ndate = 2001-01-01\nneed = 0.5\n", "provisioning.fixed.level[0].date", "'2001-01-01'", "on or after the start"),
    "level above one": (HEAD + "[[provisioning.fixed.level]]\nday = 1\nneed = 1.5\n", "provisioning.fixed.level[0].need", "1.5", "0 to 1"),
    "need of an unknown sector": (
        HEAD + SMALL + "[provisioning.fixed.need_of_sector]\nfod = 0.5\n", "provisioning.fixed.need_of_sector", "'fod'", "did you mean food?"),
    "need above one": (HEAD + SMALL + "[provisioning.fixed.need_of_sector]\nfood = 1.5\n", "provisioning.fixed.need_of_sector.food", "1.5", "0 to 1"),
}  # fmt: skip


def economy(text, table=""):
    return HEAD + SMALL + f"[economy{table}]\n" + text


WRONG_FILES |= {
    "months of no days": (economy("month_days = 0\n"), "economy.month_days", "found 0", "1 to 10000"),
    "wages above all money": (
        economy("wage_high = 100_000\n"), "economy.wage_high", "found 100000", "a mean wage (now 50005) times economy.hiring below all money there is, 30000 coins"),
    "hiring above all money": (economy("hiring = 1000.0\n"), "economy.wage_high", "found 90", "times economy.hiring below all money there is, 30000 coins"),
    "no money at all": (HEAD + "[society]\npeople = 300\nmoney = 0\n", "economy.wage_high", "found 90", "0 coins; nobody could ever be hired"),
    "lowest wage above the highest": (economy("wage_low = 91\n"), "economy", "wage_low", "wage_low at most wage_high (found 91 and 90)"),
    "wages beyond counting": (economy("wage_high = 2_000_000_000\n"), "economy.wage_high", "2000000000", "1 to 1e+09"),
    "fraction of a coin": (economy("wage_low = 10.5\n"), "economy.wage_low", "10.5", "a whole number"),
    "regime above one": (economy("regime = 1.5\n"), "economy.regime", "1.5", "0 to 1"),
    "tax above one": (economy("tax = 1.5\n", ".state"), "economy.state.tax", "1.5", "0 to 1"),
    "share of contracts above one": (economy("precarious = 1.2\n", ".contracts"), "economy.contracts.precarious", "1.2", "0 to 1"),
    "contracts above one together": (
        economy("precarious = 0.7\nmanagers = 0.5\n", ".contracts"), "economy.contracts", "managers", "add up to at most 1 (they add up to 1.2)"),
    "share of the dismissed above one": (economy("least_share = 2.0\n", ".dismissals"), "economy.dismissals.least_share", "2.0", "0 to 1"),
    "budget of an unknown sector": (economy("fod = 1.0\n", ".sectors.budget"), "economy.sectors.budget", "'fod'", "did you mean food?"),
    "budget below nothing": (economy("food = -1.0\n", ".sectors.budget"), "economy.sectors.budget.food", "-1.0", "0 to 1e+06"),
    "budget of public sectors alone": (
        economy("public_social = 1.0\n", ".sectors.budget"), "economy.sectors.budget", "public_social", "a weight above 0 for a sector whose kind is not state_site"),
    "sectors in which nobody can employ": (
        HEAD + SMALL + '[society.sectors.land]\nshare = 1.0\nkind = "farm"\n', "society.sectors", "'land'", "at least one sector of the kind workplace"),
    "one person in the only market": (HEAD + "[society]\npeople = 1\n", "economy.enabled", "True", "labour markets of at least two people"),
    "misspelt extension": (economy("precarious = 0.2\n", ".contract"), "economy.contract", "'contract'", "did you mean contracts?"),
    "switch of an extension as text": (economy('enabled = "no"\n', ".markets"), "economy.markets.enabled", "'no'", "true or false"),
    "an economy that is given": (economy("profit_rate = 0.12\n"), "economy.profit_rate", "'profit_rate'", "one of enabled, regime, core"),
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
    "fewer than no days": (["run", "restructured", "--days", "-1"], "--days: found -1", "0 to 100000"),
    "days beyond the last date": (["run", "restructured", "--set", "scenario.start=9990-01-01", "--days", "99999"], "run.days: found 99999", "as dates end with the year 9999"),
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


def test_a_critical_mass_of_few_agents_is_noted_by_check_and_kept_with_the_run(tmp_path, monkeypatch, capsys):
    """It is no error: the run is made, and says that it depends on rounding."""
    seeded = '[measures]\ncritical_mass = 20.0\n[[measures.seed]]\nneeds = ["food"]\nday = 1\ncount = 500\n'
    (tmp_path / "mine.toml").write_text(HEAD + "[society]\npeople = 3000\nscale = 10.0\n[society.places]\ncount = 3\n" + seeded, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert call_ok(["check", "mine.toml"], monkeypatch) == 0
    note = "measures.critical_mass: 20 people are 2 agents at a scale of 10; below 3 the result depends on rounding"
    captured = capsys.readouterr()
    assert note in " ".join((captured.out + captured.err).split())
    assert call_ok(["run", "mine.toml", "--out", "r", "--no-report"], monkeypatch) == 0
    notes = json.loads((tmp_path / "r" / "run.json").read_text())["notes"]
    assert notes[0] == note
    assert notes[1].startswith("measures.seed[0]: ")  # fewer sites were free than the seed asked for
    assert "of 500 begun" in notes[1]


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
