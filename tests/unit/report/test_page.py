"""The page of a run: whole, safe, small, and drawn from any run, however poor."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

import communize as cz
from communize.report.page import render, summary_in_words, write_report

SMALL = {"society.people": 5000, "society.places.count": 20, "incidents.rate": 0.01}
EVIL = "</script><script>alert('title')</script>"


@pytest.fixture(scope="module")
def restructured():
    return cz.load("restructured").replace(SMALL)


@pytest.fixture(scope="module")
def run(restructured):
    return cz.run(restructured, days=40)


@pytest.fixture(scope="module")
def page(run):
    return render(run)


@pytest.fixture(scope="module")
def compared(restructured):
    start = restructured.start
    days = range(0, 30, 3)
    target = {"statistic": "peak_night", "source": "https://example.org/peak"}
    return cz.run(
        restructured.replace(
            {
                "observed": {
                    "what": "events reported",
                    "dates": [start.replace(day=1 + day) for day in days],
                    "counts": [float(day + 1) for day in days],
                    "background": 0.5,
                    "fitted": 4,
                    "source": "https://example.org/counts",
                },
                "target": [
                    {**target, "name": "certainly met", "value": 20.0, "tolerance": 100.0},
                    {**target, "name": "certainly missed", "value": 10_000.0, "tolerance": 0.0},
                    {
                        **target,
                        "name": "not reached",
                        "statistic": "ratio_to_peak",
                        "day": 5000,
                        "value": 1.0,
                        "factor": 2.0,
                    },
                ],
                "shock": [{"day": 3, "magnitude": 1.0, "what": "a <b>bold</b> closure"}],
            }
        ),
        days=40,
    )


class Reader(HTMLParser):
    """What a page would load, what it runs, and the data it carries."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.scripts, self.data, self.policy, self._inside = [], [], "", "", None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag != "a":
            self.loads += [
                value for name, value in attrs if name in ("src", "href", "srcset", "data", "action", "poster")
            ]
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]
        if tag in ("script", "style"):
            self._inside = given.get("type", tag)
            if self._inside == "script":
                self.scripts.append("")

    def handle_endtag(self, tag):
        self._inside = None

    def handle_data(self, data):
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside == "application/json":
            self.data += data


def data_of(text):
    return json.loads(Reader(text).data)


def test_page_holds_every_part(page, run):
    for part in ("words", "days", "places", "struggles", "values", "provenance"):
        assert f'id="{part}"' in page
    assert run.info["scenario_hash"] in page
    assert run.info["state_hash"] in page
    assert f"communize run scenario.toml --seed {run.seed} --days 40" in page
    assert "No forecast" in page
    assert run.outcome.why in page
    assert 'id="real"' not in page  # this scenario names no real figures


def test_the_three_numbers_say_why_they_are_absent(restructured, page):
    assert re.search(r'symbol">R</span>.*?not computed</strong> <span class="why">— no measure began', page, re.S)
    assert page.count("not computed</strong>") == 1
    page = render(cz.run(restructured.replace({"provisioning.enabled": False}), days=10))
    for symbol, why in (("R", "no measure began"), ("λ", "provisioning is switched off"), ("κ", "provisioning is switched off")):
        assert re.search(rf'symbol">{symbol}</span>.*?not computed</strong> <span class="why">— {why}', page, re.S)


def test_numbers_are_shown_once_they_are_computed(run, monkeypatch):
    from dataclasses import replace

    monkeypatch.setattr(run, "outcome", replace(run.outcome, reproduction_ratio=0.8125))
    assert "0.812" in render(run)
    assert "λ, reproduction, is 0.812; κ, commodity reproduction, is " in summary_in_words(run)[-1]


def test_nothing_is_loaded_from_anywhere(page):
    reader = Reader(page)
    assert reader.loads == []
    assert "@import" not in page
    assert not re.search(r"url\s*\(", page)
    assert not re.search(r"\b(fetch|XMLHttpRequest|importScripts|WebSocket|EventSource)\s*\(", page)


def test_only_its_own_scripts_may_run(page):
    reader = Reader(page)
    assert len(reader.scripts) == 2
    assert "default-src 'none'" in reader.policy
    for script in reader.scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in reader.policy
    assert "Leon Sorokin" in page  # the licence of uPlot asks for its notice


def test_texts_of_a_scenario_are_escaped(restructured):
    evil = restructured.replace(
        {
            "scenario.title": EVIL,
            "scenario.description": EVIL,
            "scenario.sources": {"struggle.coupling": f"javascript:alert(1) {EVIL}"},
            "shock": [{"day": 0, "what": EVIL, "source": 'https://example.org/"onmouseover="alert(1)'}],
        }
    )
    text = render(cz.run(evil, days=2))
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
    assert 'href="javascript' not in text
    assert not re.search(r"<a [^>]*onmouseover", text)
    reader = Reader(text)
    assert len(reader.scripts) == 2
    assert json.loads(reader.data)["shocks"][0]["what"] == EVIL


def test_charts_carry_the_series(page, run):
    charts = {chart["name"]: chart for chart in data_of(page)["charts"]}
    active = run.series["active"].sum("place").to_numpy()
    assert charts["participation"]["lines"][0]["values"] == pytest.approx(active.tolist())
    for name in (
        "participation",
        "contested",
        "struggles",
        "spread",
        "flows",
        "arrests",
        "coercion",
        "acts",
        "belonging",
    ):
        assert all(len(line["values"]) == 40 for line in charts[name]["lines"])
        assert charts[name]["unit"]
        assert f'data-chart="{name}"' in page
    assert "further-risk" in charts


def test_map_opens_on_the_peak(page, run):
    total = run.series["active"].sum("place").to_numpy()
    data = data_of(page)
    assert data["day"] == data["map"]["start"] == int(total.argmax())
    assert data["map"]["names"] == run.places["name"].tolist()


def test_struggles_are_shown_with_their_ends(page, run):
    frame, data = run.struggles, data_of(page)
    sizes, durations = data["distributions"]
    assert sizes["share"][0] == 1
    assert sizes["x"][-1] == frame["peak_people"].max()
    assert durations["x"][-1] == frame["duration_days"].max()
    section = page[page.index('<section id="struggles">') : page.index('<section id="values">')]
    assert section.count('<tr><th scope="row">') >= min(10, len(frame))
    assert "still going on" in section
    assert frame.nlargest(1, "peak_people")["place"].iloc[0] in section


def test_real_figures_are_compared_in_words(compared):
    text = render(compared)
    assert 'id="real"' in text
    assert '<span class="hit">hit</span>' in text
    assert text.count('<strong class="miss">MISS</strong>') == 2
    assert "the run does not reach it" in text
    assert '<a href="https://example.org/peak" rel="noopener noreferrer">' in text
    chart = next(chart for chart in data_of(text)["charts"] if chart["name"] == "observed")
    lines = {line["label"]: line for line in chart["lines"]}
    assert [v for v in lines["observed, fitted"]["values"] if v is not None] == [1, 4, 7, 10]
    assert [v for v in lines["observed, held out"]["values"] if v is not None] == [13, 16, 19, 22, 25, 28]
    assert lines["observed, held out"]["hollow"]
    assert lines["expected from the run"]["values"] == pytest.approx(compared.observed.expected.tolist(), rel=1e-5)
    assert "a &lt;b&gt;bold&lt;/b&gt; closure" in text
    assert any(sentence.startswith("Of 3 real figures, the run meets 1") for sentence in summary_in_words(compared))


def test_values_that_the_scenario_sets(compared):
    text = render(compared)
    own = text[text.index("What the scenario sets itself") : text.index("are assumed</strong>")]
    assert "<code>society.people</code>" in own
    assert "<code>shock[0].magnitude</code>" in own
    assert "struggle.coupling" not in own
    assert "<code>struggle.coupling</code>" in text


def test_a_saved_run_gives_the_same_page(run, page, tmp_path):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zarr on text of a fixed length; not of the report
        again = cz.read_run(run.save(tmp_path / "saved"))
    assert data_of(render(again)) == data_of(page)


def test_writing_is_whole_or_not_at_all(run, tmp_path, monkeypatch):
    assert write_report(run, tmp_path) == tmp_path / "report.html"
    path = write_report(run, tmp_path / "deep" / "page.html")
    assert path.read_text(encoding="utf-8").endswith("</html>")
    before = path.read_bytes()
    monkeypatch.setattr(
        "communize.report.page.os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left"))
    )
    with pytest.raises(cz.InputError, match="No space left"):
        write_report(run, path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["page.html"]


def test_a_file_cannot_be_a_folder(run, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(cz.InputError):
        write_report(run, tmp_path / "file" / "page.html")


def test_charts_of_mechanisms_that_are_off_are_left_out(restructured):
    off = dict.fromkeys(("struggle.enabled", "incidents.enabled", "acts.enabled", "force.enabled", "economy.enabled", "provisioning.enabled"), False)
    quiet = cz.run(restructured.replace(off), days=5)
    text = render(quiet)
    assert [chart["name"] for chart in data_of(text)["charts"] if not chart["name"].startswith("further")] == [
        "participation",
        "belonging",
    ]
    assert 'id="places"' not in text
    assert any("struggle is switched off" in sentence for sentence in summary_in_words(quiet))
    assert any("force is switched off" in sentence for sentence in summary_in_words(quiet))


def test_a_map_without_struggle(restructured):
    off = dict.fromkeys(("struggle.enabled", "incidents.enabled", "acts.enabled"), False)
    text = render(cz.run(restructured.replace(off), days=5))
    assert 'value="force"' in text
    assert 'value="rate"' not in text


@pytest.mark.parametrize(
    ("changes", "days"),
    [
        ({}, 1),
        ({"incidents.enabled": False, "struggle.nerve": 10.0}, 6),
        ({"society.places.count": 1}, 30),
        ({"society.scale": 10.0}, 10),
    ],
    ids=["one day", "no struggle", "one place", "ten people an agent"],
)
def test_poor_runs_are_drawn(restructured, changes, days):
    poor = cz.run(restructured.replace(changes), days=days)
    text = render(poor)
    assert data_of(text)["days"] == days
    if not len(poor.struggles):
        assert "No struggle began." in text


def test_series_without_numbers_are_drawn(restructured):
    empty = cz.run(restructured, days=12)
    for name, data in empty.series.data_vars.items():
        if data.dtype.kind == "f":
            empty.series[name] = data * np.nan
    charts = {chart["name"]: chart for chart in data_of(render(empty))["charts"]}
    assert charts["belonging"]["lines"][0]["values"] == [None] * 12
    assert charts["participation"]["text"] == "in struggle: no value on any day; held by the State: no value on any day"


def test_pages_are_small(restructured):
    """2,000 places and 45 days with everything in motion stay below 1.5 MB, 400 places and 730 days below 2 MB."""
    from communize.report.places import pack

    generator = np.random.default_rng(1)
    for places, days, charts, limit in ((2000, 45, 0.05e6, 1.5e6), (400, 730, 0.35e6, 2e6)):
        wave = np.exp(-(((np.arange(days)[:, None] - days / 2) / (days / 4)) ** 2)) * generator.pareto(1.0, places) * 50
        noisy = generator.poisson(np.minimum(wave, 1e6))
        participants = np.abs(np.cumsum(generator.integers(-3, 4, (days, places)), axis=0))  # moves a little every day
        packed = sum(
            len(pack(values, step))
            for values, step in (
                (noisy, 1.0),
                (noisy // 20, 1.0),
                (wave, wave.max() / 1000),
                (participants, 1.0),
                (participants // 6, 1.0),
            )
        )
        assert packed + charts + len(render(cz.run(restructured, days=1))) < limit


def test_summary_is_cheap_to_import():
    code = "import sys, communize.report.page; print([m for m in ('numpy', 'pandas', 'jinja2', 'xarray', 'numba') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
