"""Provisioning on the page of a run and in its words."""

import json
import re

import numpy as np
import pytest

import communize as cz
from communize.declare.registry import SOURCES_OF_PROVISION
from communize.report.page import render
from communize.report.provisioning import fell_short, in_words, provisioning_data

SMALL = {"society.people": 2000, "society.places.count": 5}
SEEDS = {"measures.requires_struggle": False, "measures.seed": [{"needs": ["food"], "day": 0, "count": 6, "people": 20}]}
STOP = {"provisioning.stop": [{"day": 2, "days": 20, "share": 1.0, "sectors": ["transport"]}]}


@pytest.fixture(scope="module")
def run():
    return cz.run(cz.load("restructured").replace({**SMALL, **SEEDS, **STOP}), days=20)


def charts_of(page):
    found = re.search(r'id="data">(.*?)</script>', page, re.S)
    assert found
    return {chart["name"]: chart for chart in json.loads(found.group(1))["charts"]}


def test_each_source_of_provision_has_a_colour(run):
    page = render(run)
    for name in SOURCES_OF_PROVISION:
        assert f"--source-{name}:" in page


def test_the_section_has_its_charts_with_the_series_of_the_run(run):
    page = render(run)
    charts = charts_of(page)
    section = page[page.index('<section id="provisioning">') : page.index('<section id="economy">')]
    for name in ("reproduction", "need_met", "lacking", "dependence", "supply", "sector_shortage", "output"):
        assert f'data-chart="{name}"' in section
    assert charts["reproduction"]["level"] == 1
    supply = {line["label"]: line["values"] for line in charts["supply"]["lines"]}
    np.testing.assert_allclose(supply["energy-water"], run.series["supply"].sel(sector="energy_water"), rtol=1e-5)
    met = {line["label"]: line["values"] for line in charts["need_met"]["lines"]}
    for label, source in (("free, from what was taken", "inherited"), ("free, from what is made", "made"), ("unmet", "unmet")):
        np.testing.assert_allclose(met[label], run.series["need_met"].sel(source=source), rtol=1e-4, atol=1e-6)
    assert max(met["free, from what was taken"]) > 0
    bought, people = run.series["exchange_dependence"].to_numpy(), run.series["participants"].to_numpy()
    day = int(people.sum(axis=1).argmax())
    shown = charts["dependence"]["lines"][0]["values"][day]
    assert shown == pytest.approx((bought[day] * people[day]).sum() / people[day].sum(), rel=1e-4)
    assert "given" not in charts


def test_the_words_say_what_fell_short_first_and_what_binds(run):
    short, words = fell_short(run), in_words(run)
    name, day = short[0]
    assert (run.series["supply"].sel(sector=name.replace("-", "_"))[:day] >= 0.99).all()
    assert run.series["supply"].sel(sector=name.replace("-", "_"))[day] < 0.99
    assert name in words[0]
    assert f"fell short first, after {day} days" in words[0]
    assert words[1].startswith("On the last day λ was ")
    assert words[2].startswith("On the last day κ was ")


def test_levels_held_by_the_scenario_are_called_given():
    run = cz.run(cz.load("restructured").replace({**SMALL, **SEEDS, "provisioning.fixed.enabled": True}), days=5)
    charts = charts_of(render(run))
    assert "given" in charts
    assert "lacking" not in charts


def test_without_provisioning_there_is_no_section():
    run = cz.run(cz.load("restructured").replace({**SMALL, "provisioning.enabled": False}), days=3)
    assert provisioning_data(run) is None
    assert fell_short(run) == []
    assert 'id="provisioning"' not in render(run)


def test_parts_of_the_economy_have_charts_where_they_were_at_work():
    changes = {**SMALL, "economy.accumulation.enabled": True, "economy.credit.enabled": True}
    charts = charts_of(render(cz.run(cz.load("restructured").replace(changes), days=32)))
    assert {"capital", "investment", "displaced", "debt", "lending", "borrowers", "debt_service"} <= set(charts)
    charts = charts_of(render(cz.run(cz.load("restructured").replace({**SMALL, "economy.accumulation.enabled": False, "economy.credit.enabled": False}), days=32)))
    assert not {"capital", "debt", "lending", "surplus"} & set(charts)
