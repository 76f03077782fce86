"""README.md's table of lanes is that of the registry."""

from __future__ import annotations

from tests.support.course import ROOT
from tests.support.lanes.registry import table


def test_readme_has_the_table_of_lanes() -> None:
    readme = (ROOT / "README.md").read_text()
    assert f"|---|---|\n{table()}\n" in readme, f"README.md, Against the real services: the rows should be\n{table()}"
