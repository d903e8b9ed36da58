"""SQL over the runs of a sweep."""

import os

import pytest
import sweeps

import communize as cz

pytest.importorskip("duckdb")
from communize.experiment.query import query


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("query") / "it's a sweep"
    cz.sweep(sweeps.small(), {"society.people": [100, 200]}, seeds=3, workers=0, out=where)
    return where


def test_answers(folder):
    frame = query(folder, 'select "society.people" as people, count(*) as n, max(peak_active) as peak from runs group by 1 order by 1')
    table = cz.read_ensemble(folder).table
    assert list(frame["people"]) == [100, 200]
    assert list(frame["n"]) == [3, 3]
    assert list(frame["peak"]) == list(table.groupby("society.people")["peak_active"].max())


def test_a_sweep_that_is_not_over(folder):
    os.utime(folder / "runs.jsonl")  # later than the table
    assert query(folder, "select count(*) as n from runs")["n"][0] == 6
    (folder / "runs.parquet").unlink()
    assert query(folder, "select count(*) as n from runs where status = 'done'")["n"][0] == 6


@pytest.mark.parametrize(
    ("sql", "words"),
    [("selec 1", "syntax error"), ("select nothing from runs", "nothing"), ("select * from run", "runs"), ("", "a statement that gives a table"), ("select society.people from runs", "double quotes")],
)
def test_wrong_sql(folder, sql, words):
    with pytest.raises(cz.InputError, match="SQL") as raised:
        query(folder, sql)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


def test_no_sweep(tmp_path):
    with pytest.raises(cz.InputError, match=r"sweep\.json"):
        query(tmp_path, "select 1")
