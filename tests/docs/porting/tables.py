"""Reads the tables and the fences of a page, which hold the code that the tests run."""

from __future__ import annotations

import re

from tests.support.course import ROOT


def read_page(name: str) -> str:
    """Return the text of a page in docs."""
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def section(page: str, heading: str) -> str:
    """Return the text below a heading, up to the next heading of its level or above."""
    _, found, below = f"\n{page}".partition(f"\n{heading}\n")
    assert found, f"no heading {heading}"
    level = len(heading) - len(heading.lstrip("#"))
    return re.split(rf"(?m)^#{{1,{level}}} ", below)[0]


def rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the one table below a heading."""
    lines = [line for line in section(page, heading).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def code(cell: str) -> list[str]:
    """Return what is in backticks in a cell, each a line of code."""
    return [span.replace("\\|", "|") for span in re.findall("`([^`]+)`", cell)]


def fences(page: str, heading: str) -> list[str]:
    """Return the Python fences below a heading."""
    return re.findall(r"(?ms)^```python\n(.*?)^```$", section(page, heading))
