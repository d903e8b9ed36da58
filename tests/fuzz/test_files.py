"""Scenario files of every kind, most of them wrong: each runs, or is refused by one clear message, and leaves nothing else behind."""

import subprocess
import sys
import time
import typing

import pytest
from inputs import (
    damage,
    judge,
    misspelt,
    mutate,
    one_edit_apart,
    small_cases,
    some,
    strict_json,
    to_text,
    try_file,
    well_said,
)
from pydantic import BaseModel

import communize as cz
from communize.declare.errors import InputError
from communize.scenario.problems import dotted
from communize.scenario.tables import Tables

CASES = small_cases()
FAST, BATCH, BATCHES = 200, 500, 13
SUBPROCESSES = 2
MAIN = "from communize.cli.main import main; main()"


def file_of(seed):
    """The bytes of file number `seed`."""
    random = some(seed)
    values = CASES[random.choice(sorted(CASES))]
    if random.random() < 0.8:
        for _ in range(random.choice([1, 1, 1, 2])):
            values = mutate(values, random)
        return to_text(values).encode("utf-8")
    return damage(to_text(values), random)


def try_number(seed, folder):
    """File number `seed` from the check to, if it passes, the folder of a small run."""
    data = file_of(seed)
    file, runs = folder / f"mine-{seed}.toml", folder / f"runs-{seed}"
    file.write_bytes(data)
    runs.mkdir()
    outcome, error = try_file(file, runs if seed % 4 == 0 else None, report=seed % 16 == 0)
    judge(file, error)
    if error is not None:
        assert not list(runs.iterdir())
    return outcome


@pytest.mark.parametrize("name", sorted(CASES))
def test_what_the_wrong_files_are_made_from_is_right(name, tmp_path):
    (tmp_path / "mine.toml").write_text(to_text(CASES[name]), encoding="utf-8")
    (tmp_path / "runs").mkdir()
    outcome, error = try_file(tmp_path / "mine.toml", tmp_path / "runs", report=True)
    assert outcome == "ran", error


@pytest.mark.parametrize("first", range(0, FAST, 40))
def test_files(first, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcomes = [try_number(seed, tmp_path) for seed in range(first, first + 40)]
    assert outcomes.count("refused") > 10
    assert outcomes.count("ran") > 1


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(BATCHES))
def test_many_files(batch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = time.time_ns() // 1000 * 1000 + batch
    for seed in range(first, first + BATCH):
        print(f"file {seed}: tests/fuzz/test_files.py, file_of({seed})")
        try_number(seed, tmp_path)


def command(arguments, folder):
    """The command in a process of its own: exit status, what it printed, and what it said."""
    done = subprocess.run([sys.executable, "-c", MAIN, *arguments], cwd=folder, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


def try_command(seed, folder):
    """File number `seed` through the command itself."""
    (folder / "mine.toml").write_bytes(file_of(seed))
    code, out, err = command(["run", "mine.toml", "--people", "40", "--days", "2", "--out", "run", "--json"], folder)
    said = [line for line in err.splitlines() if not line.startswith("first run")]
    if code == 0:
        assert strict_json(out)["days"] == 2
        assert (folder / "run" / "report.html").is_file()
    else:
        assert code == 2, err
        assert len(said) == 1, err
        assert said[0].startswith("communize: "), err
        assert out == ""
        assert not [entry.name for entry in folder.iterdir() if entry.name.startswith("run")]


@pytest.mark.parametrize("seed", range(SUBPROCESSES))
def test_files_through_the_command(seed, tmp_path):
    try_command(seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(10))
def test_many_files_through_the_command(batch, tmp_path):
    for number in range(10):
        folder = tmp_path / str(number)
        folder.mkdir()
        seed = time.time_ns()
        print(f"file {seed}")
        try_command(seed, folder)


def tables(model, path=()):
    """Every table of numbers and names that a scenario may hold, by where it stands; entries of lists and of named tables by a name."""
    yield path, model
    for name, field in model.model_fields.items():
        for part in (field.annotation, *typing.get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                between = {list: (0,), dict: ("food",)}.get(typing.get_origin(field.annotation), ())
                yield from tables(part, (*path, name, *between))


@pytest.mark.parametrize("path", [path for path, _ in tables(Tables)], ids=lambda path: dotted(path) or "top")
def test_a_name_with_one_slip_is_answered_with_the_right_one(path):
    model = dict(tables(Tables))[path]
    random = some(dotted(path))
    for name in model.model_fields:
        for _ in range(4):
            typed = misspelt(name, random)
            if typed in model.model_fields:
                continue
            values = inner = {"scenario": {"name": "mine"}}
            for part, after in zip(path, (*path[1:], None)):
                if isinstance(part, int):
                    inner.append({})
                    inner = inner[0]
                else:
                    inner[part] = [] if after == 0 else inner.get(part, {})
                    inner = inner[part]
            inner[typed] = 1
            with pytest.raises(InputError) as caught:
                cz.Scenario(values, "mine.toml")
            well_said(caught.value, "mine.toml")
            if caught.value.path == dotted((*path, typed)):  # and not that something else is missing
                assert one_edit_apart(caught.value.nearest, typed), str(caught.value)
            else:
                assert "nothing" in str(caught.value) or "either" in str(caught.value) or "one of" in str(caught.value), str(caught.value)
