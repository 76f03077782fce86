"""The report of `localcloud compare` in a browser: accessibility and small screens."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from localcloud.compare.reports.html import write_html
from tests.localcloud.compare.reports import FULL, make_evil

REPORTS = {"full": FULL, "evil": make_evil()}


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
@pytest.mark.parametrize("report", REPORTS)
def test_axe_finds_nothing_and_page_fits(
    chromium: Browser, tmp_path: Path, report: str, scheme: str, width: int
) -> None:
    write_html(REPORTS[report], tmp_path / "report.html")
    page = chromium.new_page(color_scheme=scheme, viewport={"width": width, "height": 800})  # type: ignore[arg-type]
    try:
        page.goto((tmp_path / "report.html").as_uri())
        violations = Axe().run(page).response["violations"]
        assert [f"{each['id']}: {node['html']}" for each in violations for node in each["nodes"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    finally:
        page.close()
