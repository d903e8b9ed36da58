"""What opposes measures on the page of a run."""

import json
import re

import numpy as np
import pytest

import communize as cz
from communize.report.charts import OPPONENTS
from communize.report.opponents import opponents_data
from communize.report.page import render

SMALL = {"society.people": 2000, "society.places.count": 5}
SEEDS = {"measures.requires_struggle": False, "measures.seed": [{"needs": ["food"], "day": 0, "count": 6, "people": 20}], "mediation.rate_offer": 1.0}
OFF = {f"{name}.enabled": False for name in ("upkeep", "siding", "mediation", "pincers", "fronts", "segmentation", "character")}


@pytest.fixture(scope="module")
def run():
    return cz.run(cz.load("restructured").replace({**SMALL, **SEEDS}), days=20)


def charts_of(page):
    return {chart["name"]: chart for chart in json.loads(re.search(r'id="data">(.*?)</script>', page, re.S).group(1))["charts"]}


def test_the_section_has_its_charts_with_the_series_of_the_run(run):
    page = render(run)
    charts = charts_of(page)
    section = page[page.index('<section id="opponents">') : page.index('<section id="provisioning">')]
    assert 'href="#opponents"' in page
    for name in ("mediation", "offers", "bought_back", "fronts", "antagonism", "readiness", "sides", "character", "siding"):
        assert f'data-chart="{name}"' in section
    assert run.series.offers.sum() > 0
    np.testing.assert_allclose(charts["offers"]["lines"][0]["values"], run.series.offers)
    bins = np.array([line["values"] for line in charts["characters"]["lines"]], float)
    np.testing.assert_allclose(np.nansum(bins, axis=0)[1:], 1.0, rtol=1e-4)
    declared = [chart.name for chart in OPPONENTS]
    assert [name for name in charts if name in declared] == [name for name in declared if name in charts]


def test_where_no_measure_began_or_nothing_opposes_them_there_is_no_section(run):
    quiet = cz.run(cz.load("restructured").replace({**SMALL, "measures.enabled": False}), days=3)
    alone = cz.run(cz.load("restructured").replace({**SMALL, **SEEDS, **OFF}), days=3)
    for found in (quiet, alone):
        assert opponents_data(found) is None
        page = render(found)
        assert "opponents" not in re.sub(r"<script.*?</script>|<style.*?</style>", "", page[page.index("<body>"):], flags=re.S).split('id="values"')[0]
