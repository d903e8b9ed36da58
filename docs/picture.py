"""The picture of the README: the map of a report on its peak day.

``python docs/picture.py runs/FOLDER docs/img/report.png`` (needs the test extra and Chromium from the system's packages).
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

report, picture = Path(sys.argv[1]).resolve() / "report.html", sys.argv[2]
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"])  # fmt: skip
    page = browser.new_page(viewport={"width": 1100, "height": 820}, color_scheme="light")
    page.goto(report.as_uri())
    page.wait_for_function("document.querySelector('canvas') !== null")
    section = page.locator("section", has=page.locator("h2", has_text="Places")).first
    section.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    section.screenshot(path=picture)
    browser.close()
