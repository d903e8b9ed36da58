"""The summary in words, and how numbers, dates and sources are written."""

import datetime

import pytest

import communize as cz
from communize.report import text
from communize.report.page import summary_in_words


@pytest.fixture(scope="module")
def run():
    return cz.run(
        cz.load("restructured").replace({"society.people": 5000, "society.places.count": 20, "incidents.rate": 0.01}),
        days=40,
    )


def test_summary_says_what_was_run_and_what_came_of_it(run):
    words = summary_in_words(run)
    assert words[0].endswith("with seed 1: 5,000 people in 20 places (one agent stands for one person).")
    assert "from 1 January 2005 to 9 February 2005" in words[0]
    assert words[1].startswith(f"Outcome: {run.outcome.name.replace('_', ' ')}, ")
    assert words[1].endswith(f"{run.outcome.why}.")
    total = run.series["active"].sum("place").to_numpy()
    assert f"with {int(total.max()):,} people in struggle, {text.percent(total.max() / 5000)} of all" in words[2]
    kappa = text.number(run.outcome.commodity_reproduction, 3)
    assert words[-1] == f"λ, reproduction, is 0; κ, commodity reproduction, is {kappa}. Not computed: R, generalisation (no measure began)."
    assert all(sentence.endswith(".") and "\n" not in sentence for sentence in words)


def test_summary_counts_struggles_and_endings(run):
    words = " ".join(summary_in_words(run))
    n, ends = len(run.struggles), run.outcome.endings
    assert n > 1
    assert (
        f"{n} struggles began. The median one had {text.number(run.struggles['peak_people'].median())} people" in words
    )
    for name, shown in text.ENDS.items():
        assert (f"{ends[name]} {shown}" in words) == bool(ends[name])


def test_summary_counts_force(run):
    words = " ".join(summary_in_words(run))
    arrests = int(run.series["arrests"].sum())
    assert (f"{text.counted(arrests, 'arrest')} in all" if arrests else "made no arrest") in words
    assert "state of exception" in words


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (1234567.0, "1,234,567"), (0.5, "0.5"), (12.3456, "12.35"), (1234.5, "1,234"), (0.00012345, "0.0001234"), (3e-7, "3e-07"),
     (-2.5, "-2.5"), (float("nan"), "not a number"), (None, "not a number"), (float("inf"), "not a number")],
)  # fmt: skip
def test_number(value, shown):
    assert text.number(value) == shown


def test_counts_and_lists():
    assert text.counted(1, "person", "people") == "1 person"
    assert text.counted(1000, "day") == "1,000 days"
    assert text.listed(["a", "b", "c"]) == "a, b and c"
    assert text.listed(["a"]) == "a"
    assert text.listed([]) == ""


def test_dates_do_not_ask_the_locale():
    assert text.dated(datetime.date(2005, 10, 27), 5) == "1 November 2005 (day 5)"


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("assumed", [("assumed", None)]),
        ("see https://a.org/x_(y), and more", [("see ", None), ("https://a.org/x_(y)", "https://a.org/x_(y)"), (", and more", None)]),
        ("(https://a.org/x).", [("(", None), ("https://a.org/x", "https://a.org/x"), (").", None)]),
        ("doi 10.1126/science.1062081", [("doi ", None), ("10.1126/science.1062081", "https://doi.org/10.1126/science.1062081")]),
        ("https://doi.org/10.1/2 10.1234/x", [("https://doi.org/10.1/2", "https://doi.org/10.1/2"), (" ", None), ("10.1234/x", "https://doi.org/10.1234/x")]),
        ("javascript:alert(1)", [("javascript:alert(1)", None)]),
        ("", []),
        (None, []),
    ],
)  # fmt: skip
def test_only_addresses_become_links(source, parts):
    assert text.with_links(source) == parts


def test_json_numbers():
    assert text.plain([1.0, 0.1234567, float("nan"), float("inf"), -3.0]) == [1, 0.123457, None, None, -3]
