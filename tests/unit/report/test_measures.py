"""Measures on the page of a run and in its words."""

import json
import re

import numpy as np
import pytest

import communize as cz
from communize.declare.registry import CAUSES, CHANNELS, CONTENTS
from communize.report import provisioning, text
from communize.report.charts import (
    BINDING,
    CHARTS,
    ECONOMY,
    EXTENSIONS,
    GIVEN,
    MEASURES,
    OPPONENTS,
    PROVISIONING,
    sector_charts,
)
from communize.report.figures import trailing_mean
from communize.report.measures import lifetime_curves, most_frequent, signed
from communize.report.page import render, summary_in_words
from communize.report.words import about_generalisation

SMALL = {"society.people": 5000, "society.places.count": 20, "incidents.rate": 0.01}
SEEDED = {
    **SMALL,
    "measures.requires_struggle": False,
    "measures.seed": [
        {"needs": ["food"], "day": 0, "count": 6, "distinct": True, "people": 20, "content": {"exchange": 1.0}},
        {"needs": ["food", "transport"], "day": 3, "count": 3},
    ],
}


@pytest.fixture(scope="module")
def run():
    return cz.run(cz.load("restructured").replace(SEEDED), days=60)


@pytest.fixture(scope="module")
def page(run):
    return render(run)


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.S).group(1))


def chart_of(page, name):
    return next((chart for chart in data_of(page)["charts"] if chart["name"] == name), None)


def section(page):
    return page[page.index('<section id="measures">') : page.index('<section id="places">')]


def test_the_head_gives_r_with_its_total_day_and_peak(run, page):
    head = page[page.index("<header>") : page.index("</header>")]
    found = run.outcome
    assert f"<strong>{text.number(found.generalisation_number, 3)}</strong>" in head
    assert text.dated(run.scenario.start, found.generalisation_day) in head
    assert f"R_total, with reinventions beside others, {text.number(found.generalisation_number_total, 3)}" in head
    highest = run.series["generalisation_number"].to_numpy()
    assert found.peak_generalisation_number <= np.nanmax(highest)
    peak = f"peak {text.number(found.peak_generalisation_number, 3)} on "
    assert peak in head
    day = int(re.search(re.escape(peak) + r".*?\(day (\d+)\)", head).group(1))
    assert highest[day] == found.peak_generalisation_number
    assert "not computed" not in head
    for value in (found.reproduction_ratio, found.commodity_reproduction):
        assert f"<strong>{text.number(value, 3)}</strong>" in head


def test_words_count_measures(run):
    words = " ".join(summary_in_words(run))
    frame = run.instances
    assert f"{len(frame):,} measures began: " in words
    for channel, n in frame["channel"].value_counts().items():
        assert f"{n:,} by {text.CHANNELS[channel]}" in words
    in_force, people = (run.series[name].sum("place").to_numpy() for name in ("instances", "participants"))
    assert f"At most {in_force.max():,} measures were in force, on " in words
    assert f"At most {int(people.max()):,} people were in measures, " in words
    assert f"{(frame['ended'] < 0).sum():,} were in force at the end of the run." in words
    origins = run.practices[run.practices["instances"] > 0]["origin"].nunique()
    assert f"from {origins} independent origins." in words
    assert re.search(r"The median measure lasted [\d,]+ days? \((90th percentile [\d,]+|more than 1 in 10)", words)
    for cause, n in frame["cause"].value_counts().items():
        assert cause == "in_force" or f"{text.CAUSES[cause]} ({n:,})" in words
    assert ("t_objective was reached on" in words) == (run.outcome.objective_day is not None)
    ratio, kappa = (text.number(value, 3) for value in (run.outcome.reproduction_ratio, run.outcome.commodity_reproduction))
    assert words.endswith(f"; λ, reproduction, is {ratio}; κ, commodity reproduction, is {kappa}.")
    assert f"R, generalisation, is {text.number(run.outcome.generalisation_number, 3)} on " in words


def test_words_without_a_peak_or_an_objective(run):
    from dataclasses import replace

    outcome = run.outcome
    try:
        run.outcome = replace(outcome, peak_generalisation_number=None, objective_day=None)
        assert about_generalisation(run)[1] == "no peak, for no 180 days hold 30 measures"
        assert any(sentence.startswith("t_objective was not reached") for sentence in summary_in_words(run))
        run.outcome = replace(outcome, objective_day=11)
        assert any("t_objective was reached on 12 January 2005 (day 11)" in s for s in summary_in_words(run))
    finally:
        run.outcome = outcome


def test_every_chart_of_measures_is_there(run, page):
    assert not chart_of(page, GIVEN)
    for chart in MEASURES:
        if chart.name == GIVEN:
            continue
        found = chart_of(page, chart.name)
        assert found, chart.name
        assert f'data-chart="{chart.name}"' in section(page)
        assert all(len(line["values"]) == run.days for line in found["lines"])
        assert found["unit"]
    for name in ("generalisation", "renewal"):
        assert chart_of(page, name)["level"] == 1
    channels = chart_of(page, "in_force")
    assert channels["stack"]
    assert [line["ink"] for line in channels["lines"]] == [
        f"channel-{name}" for name in CHANNELS if (run.instances["channel"] == name).any()
    ]
    total = np.sum([line["values"] for line in channels["lines"]], axis=0)
    np.testing.assert_array_equal(total, run.series["instances"].sum("place").to_numpy())
    assert len(chart_of(page, "contents")["lines"]) == len(CONTENTS)


def test_flows_are_means_of_a_week(run, page):
    line = next(line for line in chart_of(page, "foundings")["lines"] if line["label"] == "adoption")
    daily = run.series["foundings"].sel(channel="adoption").to_numpy()
    assert line["values"][20] == pytest.approx(daily[14:21].mean(), rel=1e-5)
    assert line["values"][2] == pytest.approx(daily[:3].mean(), rel=1e-5)
    assert trailing_mean(np.array([1.0, np.nan, 5.0]), 2).tolist() == [1.0, 0.5, 2.5]


def test_causes_that_did_not_occur_have_no_line(run, page):
    occurred = set(run.instances["cause"]) - {"in_force"}
    assert {line["label"] for line in chart_of(page, "endings")["lines"]} == {text.CAUSES[name] for name in occurred}
    assert set(text.CAUSES) == set(CAUSES) - {"in_force"}
    assert set(text.CHANNELS) == set(CHANNELS)


def test_no_variable_is_shown_twice_or_left_out(run, page):
    lines = [line for chart in (*CHARTS, *MEASURES, *OPPONENTS, *ECONOMY, *PROVISIONING, *sector_charts(["food"]), *(chart for _, chart in EXTENSIONS)) for line in chart.lines]
    further = [chart["name"] for chart in data_of(page)["charts"] if chart["name"].startswith("further-")]
    shown = {line.variable for line in lines} | {name.removeprefix("further-") for name in further}
    daily = {name for name, data in run.series.data_vars.items() if "place" not in data.dims}
    assert daily - shown == {"exception", "struggles_begun", "people", "firms", "income", "borrowed_by_decile", "defaults_by_decile", *BINDING}
    assert not {line.variable for line in lines} & {name.removeprefix("further-") for name in further}


def test_the_words_name_the_sector_and_the_place_that_bind(run):
    (said,) = (sentence for sentence in provisioning.in_words(run) if sentence.startswith("On the last day λ was"))
    last = run.series.isel(day=-1)
    sector, place = (int(last[name]) for name in ("reproduction_binding", "reproduction_binding_place"))
    if sector < 0:
        assert said.endswith("; no sector binds it.")
    elif place < 0:
        assert said.endswith(" binds it most.")
    else:
        assert said.endswith(f" binds it most, in {run.places['name'].iloc[place]}.")
    assert sector >= 0


def test_lifetimes_have_a_curve_of_each_common_channel(run):
    spec = lifetime_curves(run)
    common = run.instances["channel"].value_counts()
    assert [line["ink"] for line in spec["lines"]][1:] == [f"channel-{name}" for name in common.index[common >= 30]]
    assert all(len(line["share"]) == len(spec["x"]) for line in spec["lines"])
    assert spec["lines"][0]["share"][0] == 1
    assert spec["x"][-1] == run.instances["duration_days"].max()


def test_the_table_of_practices(run, page):
    rows = most_frequent(run)
    frame = run.practices.nlargest(12, "instances")
    assert [row["instances"] for row in rows] == frame["instances"].tolist()
    first = frame.iloc[0]
    assert [content["text"] for content in rows[0]["contents"]] == [
        signed(float(first[f"content_{name}"])) for name in CONTENTS
    ]
    assert rows[0]["places"] == run.instances[run.instances["practice"] == frame.index[0]]["place"].nunique()
    assert f'<th scope="row">{rows[0]["needs"]}</th>' in section(page)
    assert (signed(-0.004), signed(0.5), signed(-1.0)) == ("0.00", "+0.50", "−1.00")


def test_the_map_has_people_and_measures(run, page):
    found = data_of(page)["map"]
    assert set(found["variables"]) == {"active", "participants", "instances", "contested_sites", "force"}
    assert found["begun"] == run.places["instances_begun"].tolist()
    assert page.index('value="rate" checked') < page.index('value="participants"') < page.index('value="instances"')


def test_no_measure_began():
    page = render(cz.run(cz.load("restructured").replace({**SMALL, "measures.seed": []}), days=3))
    assert re.search(r'<section id="measures">\s*<h2>Measures</h2>\s*<p>No measure began.</p>\s*</section>', page)
    assert 'value="instances"' not in page
    assert not any(chart["name"] in {chart.name for chart in MEASURES} for chart in data_of(page)["charts"])
    assert not any("horizon" in chart["name"] for chart in data_of(page)["charts"])


def test_what_varies_without_measures_is_shown():
    run = cz.run(cz.load("restructured").replace({**SMALL, "measures.enabled": False}), days=4)
    run.series["horizon"] = run.series["horizon"] + np.linspace(0, 0.1, 4)
    further = {chart["name"] for chart in data_of(render(run))["charts"] if chart["name"].startswith("further-")}
    assert "further-horizon" in further
    assert not further & {"further-hill_0", "further-coverage", "further-generalisation_number"}


def test_measures_off():
    run = cz.run(cz.load("restructured").replace({**SMALL, "measures.enabled": False}), days=3)
    page = render(run)
    assert 'id="measures"' not in page
    assert 'href="#measures"' not in page
    assert "Measures are switched off." in summary_in_words(run)
    assert "R, generalisation (measures are switched off)" in summary_in_words(run)[-1]


@pytest.mark.parametrize(
    ("changes", "days"),
    [
        ({}, 1),
        ({"society.scale": 10.0}, 10),
        ({"struggle.enabled": False, "incidents.enabled": False, "acts.enabled": False}, 10),
        ({"neutral.enabled": True, "rallying.enabled": False, "dissolution.enabled": False}, 20),
        ({"generalisation.enabled": False}, 10),
        ({"horizon.enabled": False, "contents.enabled": False, "force.enabled": False}, 10),
    ],
    ids=["one day", "ten people an agent", "no struggle", "neutral", "no reckoning", "no horizon"],
)
def test_poor_runs_with_measures_are_drawn(changes, days):
    run = cz.run(cz.load("restructured").replace({**SEEDED, **changes}), days=days)
    assert len(run.instances)
    assert data_of(render(run))["tree"]["rows"]
    assert all(sentence.endswith(".") for sentence in summary_in_words(run))
