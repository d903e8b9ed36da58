"""The page of a run in Chromium, with the network closed: it draws, it answers, it asks for nothing."""

import shutil
import time

import pytest

import communize as cz
from communize.report.page import write_report

pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium")
READY = "html[data-ready=yes]"


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed (pip install playwright)"
    )
    if CHROMIUM is None:
        pytest.skip("no /usr/bin/chromium (apt-get install chromium)")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def run():
    scenario = cz.load("restructured").replace(
        {
            "society.people": 5000,
            "society.places.count": 20,
            "incidents.rate": 0.01,
            "observed": {
                "what": "events",
                "dates": [cz.load("restructured").start.replace(day=day) for day in (2, 5, 9, 14)],
                "counts": [3.0, 4.0, 2.0, 5.0],
                "fitted": 2,
            },
            "target": [{"name": "peak", "statistic": "peak_night", "value": 9.0, "tolerance": 1.0}],
            "shock": [{"day": 3, "what": "</script><script>window.evil = 1</script>"}],
        }
    )
    return cz.run(scenario, days=40)


@pytest.fixture(scope="module")
def file(run, tmp_path_factory):
    return write_report(run, tmp_path_factory.mktemp("page") / "report.html")


class Opened:
    """A page that notes what it asked for and what it complained of."""

    def __init__(self, browser, file, **options):
        self.asked, self.complaints = [], []
        self.context = browser.new_context(**options)
        self.context.route("**/*", self._only_files)
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self._note("error", str(error)))
        self.page.goto(file.as_uri())
        self.page.wait_for_selector(READY)

    def _only_files(self, route):
        route.continue_() if route.request.url.startswith("file://") else route.abort()

    def _note(self, kind, text):
        if kind in ("error", "warning"):
            self.complaints.append(text)


@pytest.fixture
def opened(browser, file):
    pages = []

    def open_page(path=file, **options):
        pages.append(Opened(browser, path, **options))
        return pages[-1]

    yield open_page
    for page in pages:
        page.context.close()


def wait(page, expression, argument=None):
    """Ask until the expression holds; Playwright's own wait evaluates text inside the page, which its policy forbids."""
    deadline = time.monotonic() + 10
    while not page.evaluate(expression, argument):
        assert time.monotonic() < deadline, f"never came true: {expression}"
        page.wait_for_timeout(20)


@pytest.mark.parametrize(("people", "days"), [(1, 0), (300, 0), (1, 1), (1, 5)])
def test_runs_of_no_days_and_of_one_person_have_a_page(opened, people, days, tmp_path):
    changes = {"society.people": people, "society.places.count": 3, "economy.enabled": people > 1}
    run = cz.run(cz.load("restructured").replace(changes), days=days)
    one = opened(write_report(run, tmp_path / "report.html"))
    assert one.complaints == []
    assert one.page.inner_text("#outcome").lower() == "no spark"
    assert one.page.locator("canvas").count() > 0 or not days


def test_it_asks_for_nothing_and_complains_of_nothing(opened, file):
    one = opened()
    assert one.asked == [file.as_uri()]
    assert one.complaints == []
    assert one.page.evaluate("window.evil") is None
    assert one.page.title().endswith(one.page.locator("#outcome").inner_text())


def test_every_visible_chart_is_drawn(opened):
    page = opened().page
    figures = page.locator("figure.chart:visible")
    assert figures.count() >= 12  # observed, nine against the date, two distributions
    assert page.locator("figure.chart:visible .uplot canvas").count() == figures.count()
    assert page.locator("[data-chart=participation] .key").first.inner_text().startswith("in struggle")


def test_charts_behind_a_fold_are_drawn_once_it_is_open(opened):
    page = opened().page
    assert not page.locator(".further figure").first.is_visible()
    page.locator(".further > summary").click()
    wait(
        page,
        "document.querySelectorAll('.further canvas').length === document.querySelectorAll('.further figure').length",
    )


def test_map_opens_on_the_day_of_the_peak(opened, run):
    page = opened().page
    total = run.series["active"].sum("place").to_numpy()
    assert f"(day {int(total.argmax())})" in page.locator("#date").inner_text()
    assert page.locator("#total").inner_text().startswith(f"{int(total.max()):,} people in struggle")


def test_slider_moves_the_date_the_table_and_the_charts(opened, run):
    page = opened().page
    for day in (0, 39, 7):
        page.locator("#slider").fill(str(day))
        wait(page, "day => document.querySelector('#date').textContent.endsWith(`(day ${day})`)", day)
        active = run.series["active"].isel(day=day).to_numpy()
        rates = 1000 * active / run.places["residents"].to_numpy()
        best = rates.argmax()
        row = page.locator("#top tbody tr").first.locator("th, td").all_inner_texts()
        assert row[0] == run.places["name"].iloc[best]
        assert int(row[2]) == int(active[best])
        shown = page.locator("[data-chart=participation] .key .value").first.inner_text()
        assert int(shown.replace(",", "")) == int(active.sum())
    assert page.locator("[data-chart=participation] .when").inner_text() == "8 Jan 2005"


def test_keys_and_buttons_move_the_day(opened):
    page = opened().page
    page.locator("#slider").fill("10")
    page.locator("#map").focus()
    for key, day in (("ArrowRight", 11), ("ArrowLeft", 10), ("PageUp", 20), ("Home", 0), ("End", 39)):
        page.keyboard.press(key)
        wait(page, "day => document.querySelector('#date').textContent.endsWith(`(day ${day})`)", day)
    page.locator("#earlier").click()
    wait(page, "document.querySelector('#date').textContent.endsWith('(day 38)')")


def test_play_runs_to_the_end_and_stops(opened):
    page = opened().page
    page.locator("#slider").fill("35")
    page.locator("#play").click()
    assert page.locator("#play").inner_text() == "Pause"
    wait(page, "document.querySelector('#play').textContent === 'Play'")
    assert page.locator("#date").inner_text().endswith("(day 39)")


def test_choice_of_what_the_colour_shows(opened, run):
    page = opened().page
    day = int(run.series["active"].sum("place").to_numpy().argmax())
    page.get_by_label("State force present").check()
    wait(page, "document.querySelector('#scale-title').textContent.startsWith('State force')")
    force = run.series["force"].isel(day=day).to_numpy()
    assert page.locator("#top tbody th").first.inner_text() == run.places["name"].iloc[force.argmax()]
    assert "State force" in page.locator("#top caption").inner_text()


def test_pointing_at_a_place_names_it(opened, run):
    page = opened().page
    at = page.evaluate("Report.map.at(0)")
    page.locator("#map").hover(position={"x": at["x"], "y": at["y"]})
    page.wait_for_selector("#tooltip:not([hidden])")
    words = page.locator("#tooltip").inner_text()
    assert run.places["name"].iloc[0] in words
    assert "population" in words
    assert "State force" in words


def test_a_click_in_a_chart_sets_the_day_of_the_map(opened):
    page = opened().page
    plot = page.locator("[data-chart=participation] .u-over")
    box = plot.bounding_box()
    plot.click(position={"x": box["width"] * 0.5, "y": box["height"] / 2})
    wait(page, "/\\(day (19|20)\\)/.test(document.querySelector('#date').textContent)")
    assert page.locator("#slider").input_value() in ("19", "20")


def test_the_cursor_is_one_for_all_charts(opened):
    page = opened().page
    page.locator("#slider").fill("0")
    page.locator("[data-chart=participation] .u-over").hover()
    wait(
        page,
        "[...document.querySelectorAll('#days > .charts .when')].every(date => /^(20|21) Jan 2005$/.test(date.textContent))",
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(opened, scheme):
    one = opened(
        viewport={"width": 360, "height": 740},
        device_scale_factor=2,
        has_touch=True,
        is_mobile=True,
        color_scheme=scheme,
    )
    assert one.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert one.complaints == []
    at = one.page.evaluate("Report.map.at(0)")
    one.page.locator("#map").tap(position={"x": at["x"], "y": at["y"]})
    one.page.wait_for_selector("#tooltip:not([hidden])")


def test_a_change_of_colour_scheme_redraws(opened):
    one = opened(color_scheme="light")
    before = one.page.evaluate("Report.scale.colourAt(1)")
    one.page.emulate_media(color_scheme="dark")
    wait(one.page, "before => Report.scale.colourAt(1) !== before", before)
    assert one.complaints == []


def test_values_reach_the_map_unchanged(opened, run):
    import numpy as np

    page = opened().page
    unpacked = page.evaluate(
        "Object.fromEntries(Object.entries(Report.scale.all()).map(([name, values]) => [name, Array.from(values)]))"
    )
    days, places = run.series["active"].shape
    for name, tolerance in (
        ("active", 0),
        ("contested_sites", 0),
        ("force", run.series["force"].to_numpy().max() / 1000),
    ):
        found = np.array(unpacked[name]).reshape(places, days).T
        np.testing.assert_allclose(found, run.series[name].to_numpy(), atol=tolerance)


@pytest.mark.parametrize(
    ("changes", "days"),
    [
        ({}, 1),
        ({"society.places.count": 1}, 3),
        ({"struggle.enabled": False, "incidents.enabled": False, "acts.enabled": False}, 4),
        ({"struggle.enabled": False, "incidents.enabled": False, "acts.enabled": False, "force.enabled": False}, 4),
    ],
    ids=["one day", "one place", "no struggle", "nothing at all"],
)
def test_poor_runs_are_drawn_without_complaint(opened, tmp_path, changes, days):
    poor = cz.run(
        cz.load("restructured").replace({"society.people": 2000, "society.places.count": 5, **changes}), days=days
    )
    one = opened(write_report(poor, tmp_path / "poor.html"))
    assert one.complaints == []
    assert one.page.locator("#top").count() == one.page.locator("#places").count()


def test_series_without_numbers_are_drawn_without_complaint(opened, tmp_path):
    empty = cz.run(cz.load("restructured").replace({"society.people": 2000, "society.places.count": 5}), days=4)
    for name, data in empty.series.data_vars.items():
        if data.dtype.kind == "f":
            empty.series[name] = data * float("nan")
    one = opened(write_report(empty, tmp_path / "empty.html"))
    assert one.complaints == []
    assert one.page.locator("#top tbody").inner_text() == "None on this day."


@pytest.fixture(scope="module")
def measured():
    scenario = cz.load("restructured").replace(
        {
            "society.people": 5000,
            "society.places.count": 20,
            "incidents.rate": 0.01,
            "measures.requires_struggle": False,
            "measures.seed": [
                {"needs": ["food"], "day": 0, "count": 6, "distinct": True, "people": 20},
                {"needs": ["food", "transport"], "day": 3, "count": 3},
            ],
        }
    )
    return cz.run(scenario, days=60)


@pytest.fixture(scope="module")
def measured_file(measured, tmp_path_factory):
    return write_report(measured, tmp_path_factory.mktemp("measured") / "report.html")


@pytest.mark.parametrize(
    "options",
    [{}, {"color_scheme": "dark"}, {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}],
    ids=["light", "dark", "phone"],
)
def test_measures_are_drawn_without_complaint(opened, measured_file, options):
    one = opened(measured_file, **options)
    assert one.asked == [measured_file.as_uri()]
    assert one.complaints == []
    assert one.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    figures = one.page.locator("#measures figure.chart:visible")
    assert figures.count() >= 14  # twelve against the date, two distributions
    assert one.page.locator("#measures figure.chart:visible .uplot canvas").count() == figures.count()
    one.page.locator(".folded > summary").first.click()
    wait(one.page, "[...document.querySelectorAll('.folded figure')].every(figure => figure.querySelector('canvas'))")
    assert one.complaints == []


def test_legend_of_a_stack_reads_single_values(opened, measured, measured_file):
    page = opened(measured_file).page
    page.locator("#slider").fill("30")
    wait(page, "document.querySelector('#date').textContent.endsWith('(day 30)')")
    for key in page.locator("[data-chart=in_force] .key").all():
        channel, value = key.locator("span").all_inner_texts()
        row = {"seeding": "seeded"}.get(channel, channel)
        in_force = measured.series["instances_by_channel"].sel(channel=row).isel(day=30)
        assert int(value.replace(",", "")) == int(in_force)


def test_channels_have_one_colour_everywhere(opened, measured_file):
    page = opened(measured_file).page
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        wanted = page.evaluate("Report.colour('channel-adaptation')")
        drawn = """name => {
            const key = [...document.querySelectorAll(`[data-chart=${name}] .key`)].find(key => key.textContent.startsWith('adaptation'));
            const mark = key.querySelector('svg').firstChild;
            return name === 'in_force' ? mark.getAttribute('fill') : mark.getAttribute('stroke');
        }"""
        wait(page, "([name, wanted]) => (" + drawn + ")(name) === wanted", ["in_force", wanted])
        assert page.evaluate(drawn, "foundings") == wanted
        rgb = "hex => `rgb(${[1, 3, 5].map(k => parseInt(hex.slice(k, k + 2), 16)).join(', ')})`"
        shown = page.evaluate("getComputedStyle(document.querySelector('#tree .channel-adaptation .force')).fill")
        assert shown == page.evaluate(rgb, wanted)


def test_the_tree_has_a_row_a_practice_and_more_on_demand(opened, measured, measured_file):
    page = opened(measured_file).page
    tree = page.evaluate("({ n: Report.data.tree.n, few: Report.data.tree.n_few })")
    assert tree["few"] < tree["n"] <= 150
    assert page.locator("#tree .practice").count() == tree["few"]
    ever = int((measured.practices["instances"] > 0).sum())
    assert f"{ever - tree['few']:,} others" in page.locator("#left-out").inner_text()
    button = page.locator("#more-practices")
    assert button.inner_text() == f"Draw {tree['n']}"
    button.click()
    assert page.locator("#tree .practice").count() == tree["n"]
    assert f"{tree['n']} practices" in page.locator("#left-out").inner_text()
    button.click()
    assert page.locator("#tree .practice").count() == tree["few"]


def test_pointing_at_a_practice_tells_of_it(opened, measured, measured_file):
    page = opened(measured_file).page
    largest = measured.practices.nlargest(1, "instances").iloc[0]
    k = page.evaluate(
        "practice => Report.data.tree.rows.filter(row => row.few).findIndex(row => row.practice === practice)",
        int(largest["practice"]),
    )
    row = page.locator("#tree .practice").nth(k)
    row.scroll_into_view_if_needed()
    box, edge = row.locator(".force").bounding_box(), page.locator("#tree").bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + box["height"] / 2)
    page.wait_for_selector("#tree-tooltip:not([hidden])")
    words = page.locator("#tree-tooltip").inner_text()
    assert f"{largest['instances']} measures in" in words
    assert f"(day {largest['day']})" in words
    assert "chosen" in row.get_attribute("class")
    page.mouse.move(edge["x"] + 5, edge["y"] - 40)
    page.wait_for_selector("#tree-tooltip", state="hidden")


def test_keys_go_from_practice_to_practice(opened, measured_file):
    one = opened(measured_file)
    page = one.page
    page.locator("#tree").focus()
    rows = page.evaluate("Report.data.tree.rows.filter(row => row.few)")
    for key, k in (("Home", 0), ("ArrowDown", 1), ("End", len(rows) - 1), ("ArrowUp", len(rows) - 2), ("Home", 0)):
        page.keyboard.press(key)
        told = page.locator("#tree-told").inner_text()
        assert rows[k]["needs"] in told
        assert f"(day {rows[k]['day']})" in told
    page.keyboard.press("ArrowRight")  # to a child, and back to what it was changed from
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    page.wait_for_selector("#tree-tooltip", state="hidden")
    assert one.complaints == []


def test_a_click_in_the_tree_sets_the_day(opened, measured_file):
    page = opened(measured_file).page
    rule = page.locator("#tree .rule").nth(1)  # the dates stand five days apart
    page.locator("#tree").click(position={"x": float(rule.get_attribute("x1")), "y": 60})
    wait(page, "document.querySelector('#date').textContent.endsWith('(day 5)')")


@pytest.mark.parametrize(("label", "name"), [("people in measures", "participants"), ("measures in force", "instances")])
def test_the_map_switches_to_measures(opened, measured, measured_file, label, name):
    page = opened(measured_file).page
    assert page.locator("input[name=variable]:checked").get_attribute("value") == "rate"
    page.get_by_role("radio", name=label).check()
    page.locator("#slider").fill("40")
    wait(page, "document.querySelector('#date').textContent.endsWith('(day 40)')")
    found = measured.series[name].isel(day=40).to_numpy()
    assert page.locator("#total").inner_text().startswith(f"{int(found.sum()):,} {label}, in {(found > 0).sum()} of 20")
    assert page.locator("#top tbody th").first.inner_text() == measured.places["name"].iloc[found.argmax()]
    assert label in page.locator("#scale-title").inner_text()
    at = page.evaluate("Report.map.at(0)")
    page.locator("#map").hover(position={"x": at["x"], "y": at["y"]})
    page.wait_for_selector("#tooltip:not([hidden])")
    assert f"{measured.places['instances_begun'].iloc[0]:,} begun in the whole run" in page.locator("#tooltip").inner_text()


def test_measures_reach_the_page_unchanged(opened, measured, measured_file):
    import numpy as np

    page = opened(measured_file).page
    days, places = measured.series["active"].shape
    for name in ("participants", "instances"):
        found = np.array(page.evaluate("name => Array.from(Report.scale.all()[name])", name)).reshape(places, days).T
        np.testing.assert_allclose(found, measured.series[name].to_numpy())
    rows, force = (
        page.evaluate("Report.data.tree.rows"),
        page.evaluate(
            "Array.from(Report.scale.unpack(Report.data.tree.force, Report.data.tree.n * Report.data.days, Report.data.days, 1))"
        ),
    )
    for row, line in zip(rows, np.array(force).reshape(len(rows), days)):
        of = measured.instances[measured.instances["practice"] == row["practice"]]
        ended = of["ended"].where(of["ended"] >= 0, days)
        expected = [((of["began"] <= day) & (ended > day)).sum() for day in range(days)]
        assert line.tolist() == expected


@pytest.fixture(scope="module")
def economic(tmp_path_factory):
    run = cz.run(cz.load("restructured").replace({"society.people": 5000, "society.places.count": 20}), days=70)
    return run, write_report(run, tmp_path_factory.mktemp("economic") / "report.html")


@pytest.mark.parametrize(
    "options",
    [{}, {"color_scheme": "dark"}, {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}],
    ids=["light", "dark", "phone"],
)
def test_the_economy_is_drawn_and_read(opened, economic, options):
    run, file = economic
    one = opened(file, **options)
    page = one.page
    assert one.asked == [file.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    figures = page.locator("#economy figure.chart")
    assert figures.count() >= 13  # eleven against the date, firms by size, incomes by tenth
    assert page.locator("#economy figure.chart .uplot canvas").count() == figures.count()
    values = page.locator("[data-chart=hiring] .key .value")
    for day, known in ((10, False), (30, True), (69, True)):
        page.locator("#slider").fill(str(day))
        wait(page, "day => document.querySelector('#date').textContent.endsWith(`(day ${day})`)", day)
        hired = f"{int(run.series['hired'][day]):,}"
        assert values.first.inner_text() == (hired if known else "–")
    sizes = page.locator("[data-columns=firm-sizes]")
    if not options.get("has_touch"):
        sizes.scroll_into_view_if_needed()
        box = sizes.locator(".u-over").bounding_box()
        for group in (1.1, 1.6):  # the middle of the second of eleven groups
            page.mouse.move(box["x"] + box["width"] * group / 11, box["y"] + box["height"] / 2)
        wait(page, "document.querySelector('[data-columns=firm-sizes] .when').textContent === '2 employees'")
        shown = [int(text.replace(",", "")) for text in sizes.locator(".key .value").all_inner_texts()]
        assert shown == [int(run.series["firms"].isel(day=day, size_class=1)) for day in (0, -1)]
    assert one.complaints == []
