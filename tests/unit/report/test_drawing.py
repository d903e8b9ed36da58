"""Small figures: ticks, and marks where they belong."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from communize.report import drawing
from communize.report.plain import Section, Table, write_plain


@pytest.mark.parametrize(("low", "high", "expected"), [
    (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]), (0, 10, [0, 2, 4, 6, 8, 10]), (-3, 4, [-2, 0, 2, 4]), (0, 0, [0]), (7, 12_345, [5000, 10000]),
])  # fmt: skip
def test_ticks_are_round(low, high, expected):
    assert drawing.ticks(low, high) == pytest.approx(expected)


def marks(svg):
    return [(float(c.get("cx")), c.get("class")) for c in ElementTree.fromstring(svg).iter("circle")]


def test_intervals_stand_in_order_of_their_values():
    rows = [{"name": "<a&b>", "marks": [(1.0, 0.1, "a", False)]}, {"name": "b", "marks": [(0.25, 0.1, "b", True)]}]
    svg = drawing.intervals(rows, "unit", floor=0.3)
    (first, _), (second, kind) = marks(svg)
    assert first > second
    assert kind == "b hollow"
    floor = next(r for r in ElementTree.fromstring(svg).iter("rect"))
    assert second < float(floor.get("x")) + float(floor.get("width"))


def test_a_histogram_of_the_prior_is_level_with_it():
    even = np.linspace(0.0005, 0.9995, 1000)
    tops = lambda svg: {float(y) for y in re.findall(r'class="bin"[^>]* y="([\d.]+)"', svg)}  # noqa: E731
    level = float(re.search(r'class="before" d="M8 ([\d.]+)', drawing.histogram(even, np.full(1000, 1e-3), 0, 1)).group(1))
    assert tops(drawing.histogram(even, np.full(1000, 1e-3), 0, 1)) == {level}
    logs = 0.01 * 10_000**even
    assert tops(drawing.histogram(logs, np.full(1000, 1e-3), 0.01, 100.0, log=True)) == {level}


def test_a_band_leaves_days_without_data_out():
    days, flat = np.arange(4), np.ones(4)
    svg = drawing.band(days, flat, 2 * flat, 3 * flat, np.array([np.nan, 1.0, np.nan, 9.0]), np.array([False, True, False, False]), "told")
    found = marks(svg)
    assert [kind for _, kind in found] == ["a", "a hollow"]
    assert "told" in svg


def test_a_page_escapes_what_it_is_given(tmp_path):
    path = write_plain(tmp_path / "a.html", "T <b>", "k", ["x & <script>"], [Section("s", ["w"], ["<svg></svg>"], tables=[Table(("h",), [("<i>",)])])])
    text = path.read_text(encoding="utf-8")
    assert "<script" not in text
    assert "<i>" not in text
    assert "<svg></svg>" in text
