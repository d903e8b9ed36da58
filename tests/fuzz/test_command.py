"""The command line with options of every kind: it does what it is asked, or says in one message what is wrong."""

import contextlib
import io
import itertools
import sys
import time
import typing
import warnings

import pytest
from inputs import MESSAGE, WEIRD, misspelt, places_in, some, strict_json, value_text, within

import communize as cz
from communize.cli.main import main

FAST, BATCH, BATCHES = 120, 200, 5
SMALL = ["--people", "30", "--set", "society.places.count=3", "--days", "2"]
WORDS = [
    "", " ", "=", "==", ".", "..", "a", "a.b", "run", "run.seed", "society", "shock[0]", "shock[0].magnitude", "shock[-1].day", "shock[²].day", f"shock[{'9' * 5000}]", "shock[0", "shock]0[",
    "society[0]", "measures.seed[0].needs", "society.groups.women", "society.sectors.food", "society.sectors..share", ".".join("a" * 500), "x" * 5000, "\udcff", "日本", "a\nb", "--", "-1", "'", '"', "[",
    "[" * 5000, "{", "{}", "nan", "inf", "1e400", "1_000", "0x10", "9" * 5000, "3\n[value]", "3\nother = 4", "true", "2005-01-01", "24:00:00", "#", "\x1b[31m", "[bold]x[/bold]", "society.people", "%s", "{0}",
]  # fmt: skip
PATHS = sorted({".".join(map(str, path)) for path in places_in(cz.load("restructured").values()) if not any(isinstance(part, int) for part in path)})
NUMBERS = ["0", "1", "-1", "2", "3.5", "abc", "", " ", "1e3", "1_0", "٣", "0x10", str(2**31), str(2**63), str(2**64), str(2**64 - 1), "9" * 400, "9" * 5000, "-0", "+1", "nan", "None", "--", "\udcff"]  # fmt: skip


class Captured(typing.NamedTuple):
    code: int
    out: str
    err: str


def call(arguments):
    """Call the command in this process."""
    out, err = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ["communize", *arguments]
    try:
        with within(), warnings.catch_warnings(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            warnings.simplefilter("error")
            try:
                main()
                code = 0
            except SystemExit as stop:
                code = stop.code or 0
    finally:
        sys.argv = before
    return Captured(code, out.getvalue(), err.getvalue())


def arguments_of(seed):
    """Arguments number `seed`: a command with one or two strange options."""
    random = some(seed)

    def assignment():
        path = random.choice([random.choice(PATHS), random.choice(PATHS), random.choice(WORDS)])
        if random.random() < 0.2 and path:
            path = misspelt(path, random)
        value = random.choice([random.choice(WORDS), value_text(random.choice(WEIRD)), random.choice(NUMBERS)])
        return ["--set", random.choice([f"{path}={value}", f"{path} = {value}", path, f"={value}"]).replace("\x00", "")]

    def option():
        return [random.choice(["--people", "--days", "--seed", "--threads"]), random.choice(NUMBERS)]

    command = random.choice(["run", "run", "check", "show"])
    scenario = random.choice([*cz.case_names(), "restructured", "restructured", random.choice(WORDS), "restructurd", "x.toml", ".", "/", "/dev/null", "x" * 400, "x" * 400 + ".toml"])
    options = [random.choice([assignment, option])() for _ in range(random.choice([1, 1, 2]))]
    if command == "show":
        return [command, scenario]
    if command == "check":
        return [command, scenario, *[part for pair in options if pair[0] == "--set" for part in pair]]
    out = random.choice(["out", "out", "out", "", ".", "/", "/dev/null", "/dev/null/x", "x" * 300, "a/b/c", "-", "é", "out\n"])
    small = SMALL if scenario in cz.case_names() else []
    return [command, scenario, *small, *[part for pair in options for part in pair], "--out", out, "--json", *random.choice([[], ["--no-report"]])]


def too_large(arguments):
    """Whether the arguments ask for what this machine cannot, or a test should not, do: large numbers are allowed."""
    numbers = [text.rpartition("=")[2].strip().replace("_", "") for text in arguments]
    return any(text.lstrip("+").isdigit() and len(text) < 20 and int(text) > 5000 and not before.startswith(("--seed", "--threads"))
               for before, text in zip(["", *arguments], numbers))  # fmt: skip


def try_arguments(seed, folder):
    """Arguments number `seed`: exit status 0 with what was asked for, or 2 with one message and nothing written."""
    arguments = arguments_of(seed)
    if too_large(arguments) and arguments[0] == "run":
        arguments[0] = "check"
        arguments = [arguments[0], arguments[1], *[part for one, other in itertools.pairwise(arguments) if one == "--set" for part in (one, other)]]
    before = sorted(folder.rglob("*"))
    code, out, err = call(arguments)
    shown = (seed, arguments, err[:500])
    if code == 0:
        if "--json" in arguments:
            strict_json(out)
        assert not list(folder.rglob("*.part*")), shown
        return code
    assert code == 2, shown
    assert out == "", shown
    if "Usage:" in err:  # what the command line itself cannot read
        assert "Error: " in err, shown
    else:
        lines = [line for line in err.splitlines() if not line.startswith("first run")]
        assert len(lines) == 1, shown
        assert MESSAGE.match(lines[0].removeprefix("communize: ")), shown
    assert sorted(folder.rglob("*")) == before, shown
    return code


@pytest.mark.parametrize("first", range(0, FAST, 40))
def test_arguments(first, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    codes = [try_arguments(seed, tmp_path) for seed in range(first, first + 40)]
    assert {0, 2} == set(codes)


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(BATCHES))
def test_many_arguments(batch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = time.time_ns() // 1000 * 1000
    for seed in range(first, first + BATCH):
        print(f"arguments {seed}")
        try_arguments(seed, tmp_path)
