"""The economy on the page of a run and in its words."""

import json
import re

import numpy as np
import pytest

import communize as cz
from communize.declare.registry import DECILES, SIZE_CLASSES
from communize.report import figures, text
from communize.report.charts import ECONOMY, EXTENSIONS, STOCKS
from communize.report.economy import economy_data, firm_sizes, in_words, incomes
from communize.report.page import render, summary_in_words

SMALL = {"society.people": 5000, "society.places.count": 20, "incidents.rate": 0.01}
WHOLE = {"society.people": 300, "economy.month_days": 1, "run.days": 120}


@pytest.fixture(scope="module")
def run():
    return cz.run(cz.load("restructured").replace(SMALL), days=95)


@pytest.fixture(scope="module")
def page(run):
    return render(run)


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.S).group(1))


def section(page, until="places"):
    return page[page.index('<section id="economy">') : page.index(f'<section id="{until}">')]


def lines_of(page, name):
    """The lines of a chart by label, written out as the page does it."""
    chart = next(chart for chart in data_of(page)["charts"] if chart["name"] == name)
    return {line["label"]: [value for value, days in line["runs"] for _ in range(days)] for line in chart["lines"]}


def test_every_chart_is_there_with_the_series_of_the_run(run, page):
    for chart in ECONOMY:
        drawn = lines_of(page, chart.name)
        assert f'data-chart="{chart.name}"' in section(page)
        for line in chart.lines:
            if line.label not in drawn:
                assert chart.some, line  # bought nothing
                assert not run.series[line.variable].sel(dict(line.at)).any()
                continue
            values = run.series[line.variable].sel(dict(line.at)).to_numpy().astype(float)
            known = 0 if line.variable in STOCKS else 29
            assert drawn[line.label][:known] == [None] * known
            np.testing.assert_allclose(drawn[line.label][known:], values[known:], rtol=1e-5)
            assert len(drawn[line.label]) == run.days
            assert not run.series[line.variable].isnull().to_numpy()[known:].any()


def test_every_variable_of_the_economy_has_a_chart(run):
    from communize.mechanisms.economy import Economy

    shown = {line.variable for chart in (*ECONOMY, *(chart for _, chart in EXTENSIONS)) for line in chart.lines}
    shown |= {"firms", "income", "borrowed_by_decile", "defaults_by_decile"}
    assert {output.name for output in Economy.outputs} - shown == {"unemployment_of_place"}
    assert shown <= set(run.series.data_vars)
    further = {chart["name"] for chart in figures.further_charts(run)}
    assert not further & {f"further-{name}" for name in shown}


def test_firms_and_incomes_are_columns_of_two_days(run, page):
    sizes, tenths = data_of(page)["columns"][:2]
    assert sizes["labels"] == list(SIZE_CLASSES)
    assert [line["label"] for line in sizes["lines"]] == ["1 January 2005", "5 April 2005"]
    for line, day in zip(sizes["lines"], (0, -1)):
        assert line["values"] == run.series["firms"].isel(day=day).to_numpy().tolist()
    assert sizes["lowest"] < 1
    assert len(tenths["labels"]) == len(DECILES)
    assert [line["label"] for line in tenths["lines"]] == ["30 January 2005", "5 April 2005"]
    for line, day in zip(tenths["lines"], (29, -1)):
        np.testing.assert_allclose(line["values"], run.series["income"].isel(day=day).to_numpy(), rtol=1e-5)
    assert f'data-columns="{sizes["name"]}"' in section(page)
    assert f"{text.number(sizes['lines'][1]['values'][0])}" in section(page)  # for those who do not see it


def test_the_words_give_the_main_numbers(run):
    words, series, last = in_words(run), run.series, run.series.isel(day=-1)
    assert words[0] == (
        f"On the last day {text.percent(float(last['unemployment']))} of the labour force were unemployed, "
        f"against {text.percent(float(series['unemployment'][0]))} on the first.")  # fmt: skip
    assert words[1].startswith("In the last month, which ended on 31 March 2005 (day 89), wages, those of the State included, came to ")
    assert f"came to {text.percent(float((last['wages'] + last['public_wages']) / (last['gdp'] + last['public_wages'])))} of revenue and taxes to" in words[1]
    assert words[1].endswith(
        f"; the profit rate, surplus against capital and a year's wages, was {text.number(float(last['profit_rate']), 3)}."
    )
    sums = {
        name: float(series[name].isel(day=[29, 59, 89]).sum()) for name in ("founded", "demises", "hired", "dismissed")
    }
    assert words[2].startswith(
        f"In 3 months {text.number(sums['founded'])} firms were founded and {text.number(sums['demises'])} ended"
    )
    assert f"{text.number(sums['hired'])} people were hired and {text.number(sums['dismissed'])} dismissed" in words[2]
    assert words[3].startswith("The State paid ")
    tenths = last["income"].to_numpy()
    assert f"had {text.percent(tenths[-1] / tenths.sum())} of all incomes" in words[4]
    assert [sentence for sentence in summary_in_words(run) if sentence in words] == words[:2]


def test_the_section_says_how_monthly_figures_are_drawn(page):
    assert "computed once in 30 days, on the last of them" in section(page)
    assert "held constant until the next" in section(page)
    assert "Nothing is counted before the end of the first month, 30 January 2005 (day 29)" in section(page)
    assert page.count('href="#economy"') == 1


def test_what_is_constant_is_written_once(page):
    chart = next(chart for chart in data_of(page)["charts"] if chart["name"] == "product")
    assert [days for _, days in chart["lines"][0]["runs"]] == [29, 30, 30, 6]
    assert figures.runs_of([None, None, 1, 1, 1, 2]) == [[None, 2], [1, 3], [2, 1]]
    assert figures.runs_of([]) == []


@pytest.mark.parametrize("changes", [{"economy.enabled": False}, {"economy.core": False}], ids=["off", "no core"])
def test_where_no_economy_is_at_work_there_is_no_section(changes):
    run = cz.run(cz.load("restructured").replace({**SMALL, **changes}), days=35)
    page = render(run)
    assert economy_data(run) is None
    assert "economy" not in page.split("<main>")[1].split('<section id="words">')[0]
    assert 'id="economy"' not in page
    names = {chart["name"] for chart in data_of(page)["charts"]}
    assert not names & {chart.name for chart in ECONOMY}
    assert not names & {"further-profit_rate", "further-gdp", "further-hired"}
    assert data_of(page)["columns"] == []
    assert not any("unemployed" in sentence for sentence in summary_in_words(run))
    assert not set(run.summary()["figures"]) & {"unemployment", "wage_share", "profit_rate"}


def test_before_the_first_month_is_over_there_is_only_the_start():
    run = cz.run(cz.load("restructured").replace(SMALL), days=20)
    share = text.percent(float(run.series["unemployment"][0]))
    assert in_words(run) == [
        f"The run ended before the first month of the economy was over: {share} of the labour force were unemployed."
    ]
    found = economy_data(run)
    assert {chart["name"] for chart in found["charts"]} == {"labour", "gini", "treasury", "money"}
    assert [spec["name"] for spec in found["bars"]] == ["firm-sizes"]
    assert len(found["bars"][0]["lines"]) == 2
    assert "Nothing is counted before" not in section(render(run))


def test_a_run_of_no_days_has_no_section():
    run = cz.run(cz.load("restructured").replace(SMALL), days=0)
    assert economy_data(run) is None
    assert in_words(run) == []


def test_without_a_state_there_is_nothing_of_it():
    run = cz.run(cz.load("restructured").replace({**SMALL, "economy.state.enabled": False}), days=32)
    names = {chart["name"] for chart in economy_data(run)["charts"]}
    assert not names & {"state", "treasury", "tax_surplus"}
    assert "taxes" not in lines_of(render(run), "product")
    assert not any("State paid" in sentence or "taxes" in sentence for sentence in in_words(run))


def test_long_runs_show_means_of_a_year():
    run = cz.run(cz.load("wright-2005").replace(WHOLE))
    page = render(run)
    assert data_of(page)["day"] == run.days - 1  # there is no map that opens on another
    assert "Each value is of the 12 months up to it." in section(page, "struggles")
    assert "The markets are computed every day. " in section(page, "struggles")
    wages, sold, public, founded = (run.series[name].to_numpy() for name in ("wages", "gdp", "public_wages", "founded"))
    wages, sold = wages + public, sold + public
    shown = lines_of(page, "labour")["wages, of revenue"]
    assert shown[50] == pytest.approx(wages[39:51].sum() / sold[39:51].sum(), rel=1e-5)
    assert shown[-1] == pytest.approx(wages[-12:].sum() / sold[-12:].sum(), rel=1e-5)
    assert lines_of(page, "firm_flows")["founded"][50] == pytest.approx(founded[39:51].mean(), rel=1e-5)
    longer = cz.run(cz.load("wright-2005").replace({**WHOLE, "economy.month_days": 3, "run.days": 299}))
    shown, values = lines_of(render(longer), "hiring")["hired"], longer.series["hired"].to_numpy()
    assert shown[:2] == [None, None]
    assert shown[2:5] == [values[2]] * 3
    assert shown[296] == shown[298] == pytest.approx(values[2::3][-12:].mean(), rel=1e-5)
    assert len(shown) == 299


def test_values_that_are_no_number_are_left_out_of_the_words():
    run = cz.run(cz.load("restructured").replace(SMALL), days=31)
    for name, data in run.series.data_vars.items():
        if data.dtype.kind == "f":
            run.series[name] = data * np.nan
    run.series["firms"] = run.series["firms"] * 0
    assert in_words(run) == []
    assert firm_sizes(run) is None
    assert incomes(run) is None
    assert not set(run.summary()["figures"]) & {"unemployment", "wage_share", "profit_rate"}
    assert "Economy</h2>" in render(run)


def test_the_summary_has_the_three_figures_of_the_end(run):
    found = run.summary()["figures"]
    for name in ("unemployment", "wage_share", "profit_rate"):
        assert found[name] == float(run.series[name][-1])
