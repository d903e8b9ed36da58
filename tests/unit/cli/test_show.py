"""The summary that `communize run` prints."""

import io
from pathlib import Path

import pytest
from rich.console import Console

import communize as cz
from communize.cli import show
from communize.report import text

SMALL = {"society.people": 2000, "society.places.count": 5}


@pytest.fixture(scope="module")
def run():
    seeds = [{"needs": ["food"], "day": 0, "count": 6, "people": 20}]
    changes = {**SMALL, "measures.requires_struggle": False, "measures.seed": seeds}
    return cz.run(cz.load("restructured").replace(changes), days=30)


def printed(run, width, monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(show, "_console", lambda: Console(file=out, width=width, highlight=False))
    show.print_run(run, Path("runs/mine"), with_report=True)
    return out.getvalue()


def test_the_table_gives_the_numbers_and_the_measures(run):
    rows, outcome, frame = dict(show.run_rows(run)), run.outcome, run.instances
    assert rows["outcome"].endswith(outcome.why)
    assert f"(day {outcome.day})" in rows["outcome"]
    number = text.number(outcome.generalisation_number, 3)
    assert rows["R  generalisation"].startswith(f"[bold]{number}[/bold] on ")
    assert f"(day {outcome.generalisation_day}); R_total, " in rows["R  generalisation"]
    assert rows["λ  reproduction"] == f"[bold]{text.number(outcome.reproduction_ratio, 3)}[/bold]"
    assert rows["κ  commodity reproduction"] == f"[bold]{text.number(outcome.commodity_reproduction, 3)}[/bold]"
    most = run.series["instances"].sum("place").to_numpy().max()
    in_force = (frame["ended"] < 0).sum()
    assert rows["measures"] == f"{len(frame):,} begun, {in_force:,} in force at the end ({most:,} at most)"
    for cause, n in frame["cause"].value_counts().items():
        assert cause == "in_force" or f"{text.CAUSES[cause]} {n:,}" in rows["why they ended"]
    assert "people in measures" not in rows["people"]
    assert rows["people"].startswith("2,000 in 5 places; at most ")
    assert rows["unmet need"] == f"{text.number(float(run.series['unmet'][-1]), 3)}, mean over people, on the last day"
    assert "given" not in rows


def test_sectors_that_fell_short_have_a_row(run):
    whole = run.series
    try:
        supply = whole["supply"].copy() * 0 + 1.0
        run.series = whole.assign(supply=supply)
        assert "provisioning" not in dict(show.run_rows(run))
        supply.loc[{"sector": "food"}] = [1.0] * 5 + [0.5] * 25
        supply.loc[{"sector": "energy_water"}] = 0.98
        run.series = whole.assign(supply=supply)
        assert dict(show.run_rows(run))["provisioning"] == "supply below 0.99: energy-water on the first day, food after 5 days"
    finally:
        run.series = whole


def test_unmet_need_is_given_where_it_was_recorded(run):
    whole = run.series
    try:
        run.series = whole.assign(unmet=whole["shortage"] * 0 + 0.25)
        assert dict(show.run_rows(run))["unmet need"] == "0.25, mean over people, on the last day"
        run.series = whole.assign(unmet=whole["shortage"] * 0 + 0.25).isel(day=slice(29))
        assert dict(show.run_rows(run))["unmet need"] == "0.25, given by position at the start"
        run.series = whole.drop_vars("unmet")
        assert "unmet need" not in dict(show.run_rows(run))
    finally:
        run.series = whole


def test_the_economy_has_a_row_where_it_was_at_work(run):
    last = run.series.isel(day=-1)
    wages, jobless = (text.percent(float(last[name])) for name in ("wage_share", "unemployment"))
    rate = text.number(float(last["profit_rate"]), 3)
    assert dict(show.run_rows(run))["economy"] == f"unemployment {jobless}, wage share {wages}, profit rate {rate} a year, at the end"
    scenario = cz.load("restructured").replace(SMALL)
    early = dict(show.run_rows(cz.run(scenario, days=2)))["economy"]
    assert early == f"unemployment {text.percent(float(run.series['unemployment'][0]))}, at the end"
    assert "economy" not in dict(show.run_rows(cz.run(scenario.replace({"economy.enabled": False}), days=2)))


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_the_terminal_and_says_nothing_twice(run, width, monkeypatch):
    told = printed(run, width, monkeypatch)
    assert max(len(line) for line in told.splitlines()) <= width
    whole = " ".join(told.split())
    assert whole.count("R_total") == 1
    assert whole.count("in force at the end") == 1
    assert "6 by seeding" in whole
    assert told.rstrip().endswith("report  runs/mine/report.html")


def test_a_run_without_measures(monkeypatch):
    run = cz.run(cz.load("restructured").replace({**SMALL, "measures.enabled": False}), days=3)
    rows = dict(show.run_rows(run))
    assert rows["R  generalisation"] == "not computed: measures are switched off"
    assert "measures" not in rows
    assert "Measures are switched off." in printed(run, 80, monkeypatch)
