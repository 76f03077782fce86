"""The README's table has the lanes that there are."""

from __future__ import annotations

import re

from localcloud.lanes import LANES
from tests.pairs.course import ROOT


def test_the_readme_lists_every_lane_and_no_other() -> None:
    section = (ROOT / "README.md").read_text().partition("## On the genuine articles")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([\w-]+)` \|", section, re.MULTILINE) == [lane.name for lane in LANES]
