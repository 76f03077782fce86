"""docs/bench.md shows the results in docs/bench.json, and its bills follow Google's prices."""

from __future__ import annotations

import json
from pathlib import Path

from bench import prices, report

DOCS = Path(__file__).parents[2] / "docs"


def test_page_shows_the_recorded_results() -> None:
    assert (DOCS / "bench.md").read_text() == report.page(json.loads((DOCS / "bench.json").read_text()))


def test_bill_leaves_out_the_free_quota() -> None:
    visit = {"entity reads": 10.0, "entity writes": 1.0}
    # 10 million reads less 1.5 million, at 3 cents for 100,000: 2.55; a million writes less 600,000, at 9: 0.36.
    assert round(prices.bill("App Engine", visit, visit, 0), 2) == 2.91
    # Neither a tenth of the reads nor of the writes exceeds its quota.
    assert prices.bill("Cloud Run", visit, {}, 0.9) == 0
