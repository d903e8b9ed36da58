"""Tables of people, sites, places and ties, as data frames and as files, whole and damaged."""

import contextlib
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from inputs import N_PEOPLE, clean, run_and_check, some, well_said, within

import communize as cz
from communize.declare.errors import InputError
from communize.society.ties import read_edge_list, ties_from_edges

FAST, BATCH, BATCHES = 100, 250, 6
WEIRD = [None, float("nan"), float("inf"), -1, 10**6, 2**40, 10**30, -(2**63), 1.5, "", "x", "\x00", "é" * 300, "1", True, [1], {"a": 1}, b"\xff", pd.Timestamp("2005-01-01"), 1 + 2j]


def damaged(frame, random):
    """The table with something wrong, or at least strange."""
    if not len(frame) or not frame.columns.is_unique:
        return frame
    frame = frame.copy()
    column = random.choice(list(frame.columns))
    kind = random.choice(["value", "value", "value", "drop", "rename", "twice", "type", "empty", "shuffle", "double", "nothing", "float", "nullable", "category", "index"])
    if kind == "value":
        values = list(frame[column])
        values[random.randrange(len(values))] = random.choice(WEIRD)
        frame[column] = pd.Series(values, index=frame.index, dtype=random.choice([object, None]))
    elif kind == "drop":
        frame = frame.drop(columns=column)
    elif kind == "rename":
        frame = frame.rename(columns={column: random.choice([column[:-1], column + "s", column.upper(), ""])})
    elif kind == "twice":
        frame = pd.concat([frame, frame[[column]]], axis=1)
    elif kind == "type":
        with contextlib.suppress(UnicodeDecodeError):  # bytes that pandas itself cannot turn into text stay as they are
            frame[column] = frame[column].astype(random.choice(["str", "object", "string"]))
    elif kind == "empty":
        frame = frame.iloc[:0]
    elif kind == "shuffle":
        frame = frame.sample(frac=1, random_state=random.randrange(100))
    elif kind == "double":
        frame = pd.concat([frame, frame])
    elif kind == "float" and frame[column].dtype.kind == "i":
        frame[column] = frame[column].astype(float)
    elif kind == "nullable" and frame[column].dtype.kind == "i":
        frame[column] = frame[column].astype(random.choice(["Int64", "UInt8", "int8"])) if frame[column].min() >= 0 else frame[column].astype("Int64")
    elif kind == "category":
        frame[column] = frame[column].astype("category")
    elif kind == "index":
        frame.index = [7] * len(frame)
    return frame


def as_file(frame, file, random):
    """The table as a file, sometimes damaged; its name."""
    try:
        if random.random() < 0.5:
            file = file.with_suffix(".csv")
            frame.to_csv(file, index=False, sep=random.choice([",", ",", ",", ";", "\t"]))
        else:
            file = file.with_suffix(".parquet")
            frame.to_parquet(file)
    except Exception:  # pandas cannot write everything either
        file.write_bytes(b"a,b\n")
    data = bytearray(file.read_bytes())
    kind = random.choice(["none", "none", "none", "cut", "bytes", "empty", "bom", "utf16", "nul", "suffix", "folder", "gone"])
    if kind == "cut":
        del data[random.randrange(len(data)) :]
    elif kind == "bytes":
        for _ in range(random.choice([1, 20])):
            data[random.randrange(len(data))] = random.randrange(256)
    elif kind == "empty":
        data.clear()
    elif kind == "bom":
        data = bytearray(b"\xef\xbb\xbf") + data
    elif kind == "utf16":
        data = bytearray(bytes(data).decode("latin-1").encode("utf-16"))
    elif kind == "nul":
        data.insert(random.randrange(len(data) + 1), 0)
    file.write_bytes(data)
    if kind in ("folder", "gone"):
        file.unlink()
        if kind == "folder":
            file.mkdir()
    return file.rename(file.with_suffix(random.choice([".txt", ".PARQUET", ".csv", ".pq"]))) if kind == "suffix" else file


def refused_well(error, tables):
    """Check a message about tables: it names the file that is wrong, if it is a file."""
    parts = well_said(error)
    assert error.path
    of = tables.get(error.path.removeprefix("society.").split(".")[0])
    if isinstance(of, Path):
        assert of.name in str(error) or "mine.toml" in parts["where"], str(error)


def try_tables(seed, folder):
    """Tables number `seed`: a society of them runs two days, or they are refused."""
    random = some(seed)
    tables = clean()
    for _ in range(random.choice([1, 1, 2])):
        name = random.choice(list(tables))
        tables[name] = damaged(tables[name], random)
    if random.random() < 0.1:
        tables[random.choice(list(tables))] = random.choice([None, 5, "x.csv", b"x.csv", folder, [], {}, {"a": 1}, [[1, 2], [3]], "\x00", "x" * 5000, "https://127.0.0.1:9/x.csv"])
    if random.random() < 0.5:
        name = random.choice(list(tables))
        if isinstance(tables[name], pd.DataFrame):
            tables[name] = as_file(tables[name], folder / f"{name}-{seed}", random)
    with within(), warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            society = cz.Society.from_tables(**tables)
        except InputError as error:
            refused_well(error, tables)
            return False
        run_and_check(society)
    return True


@pytest.mark.parametrize("first", range(0, FAST, 50))
def test_tables(first, tmp_path):
    outcomes = [try_tables(seed, tmp_path) for seed in range(first, first + 50)]
    assert 5 < sum(outcomes) < 45


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(BATCHES))
def test_many_tables(batch, tmp_path):
    first = time.time_ns() // 1000 * 1000
    for seed in range(first, first + BATCH):
        print(f"tables {seed}")
        try_tables(seed, tmp_path)


def scenario_with(name, file, folder):
    """A scenario file whose places or ties are in a file."""
    source = 'source = "table"\n' if name == "places" else ""
    size = "" if name == "places" else "[society.places]\ncount = 2\n"
    (folder / "mine.toml").write_text(
        f'[scenario]\nname = "mine"\ndays = 2\n[society]\npeople = {N_PEOPLE}\n{size}[society.{name}]\n{source}file = "{file.name}"\n', encoding="utf-8")
    return folder / "mine.toml"


@pytest.mark.parametrize("name", ["places", "ties"])
@pytest.mark.parametrize("first", range(0, 50, 25))
def test_files_that_a_scenario_names(name, first, tmp_path):
    for seed in range(first, first + 25):
        random = some(f"{name} {seed}")
        file = as_file(damaged(clean()[name], random), tmp_path / f"{name}-{seed}", random)
        with within(), warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                run = cz.run(scenario_with(name, file, tmp_path), threads=1)
            except InputError as error:
                refused_well(error, {name: file})
            else:
                assert run.days == 2


def test_loops_and_repeats_are_dropped_whatever_brings_them():
    tables = clean()
    whole = tables["ties"]
    turned = whole.rename(columns={"a": "b", "b": "a"})
    loops = pd.DataFrame({"a": np.arange(N_PEOPLE), "b": np.arange(N_PEOPLE)})
    messy = pd.concat([loops, whole, turned, whole.iloc[::-1], loops])[["a", "b"]]
    one, other = cz.Society.from_tables(**tables), cz.Society.from_tables(**{**tables, "ties": messy})
    np.testing.assert_array_equal(one.ties.offsets, other.ties.offsets)
    np.testing.assert_array_equal(one.ties.neighbours, other.ties.neighbours)
    assert run_and_check(one, 10).state_hash() == run_and_check(other, 10).state_hash()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_loops_and_repeats_of_a_file_are_dropped(suffix, tmp_path):
    ties = clean()["ties"]
    messy = pd.concat([ties, ties, ties.assign(a=ties["b"], b=ties["a"]), ties.assign(b=ties["a"])])
    file = tmp_path / f"ties{suffix}"
    messy.to_csv(file, index=False) if suffix == ".csv" else messy.to_parquet(file)
    read, made = read_edge_list(file, N_PEOPLE), ties_from_edges(ties["a"], ties["b"], N_PEOPLE)
    np.testing.assert_array_equal(read.offsets, made.offsets)
    np.testing.assert_array_equal(read.neighbours, made.neighbours)


def test_a_group_beyond_those_that_are_named_has_a_name_in_the_table_of_people():
    tables = clean()
    tables["people"]["group"] = 7
    run = cz.run(cz.load("restructured"), days=1, society=cz.Society.from_tables(**tables), keep_people=True)
    assert set(run.people["group"]) == {"group-7"}


def test_a_region_called_na_is_a_region(tmp_path):
    clean()["places"].to_csv(tmp_path / "places.csv", index=False)
    society = cz.Society.from_tables(**{**clean(), "places": tmp_path / "places.csv"})
    assert society.place_list.region.tolist() == ["a", "b", "NA"]
