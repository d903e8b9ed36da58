"""The picture of the README: the map of a report on a day.

``python docs/picture.py runs/FOLDER docs/img/report.png 8`` draws day 8 (needs the test extra and Chromium from the system's packages).
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

report, picture, day = Path(sys.argv[1]).resolve() / "report.html", sys.argv[2], sys.argv[3]
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"])  # fmt: skip
    page = browser.new_page(viewport={"width": 1100, "height": 820}, color_scheme="light")
    page.goto(report.as_uri())
    page.wait_for_function("document.querySelector('canvas') !== null")
    section = page.locator("section", has=page.locator("h2", has_text="Places")).first
    section.scroll_into_view_if_needed()
    section.locator("input[type=range]").fill(day)
    page.wait_for_timeout(500)
    section.screenshot(path=picture)
    browser.close()
