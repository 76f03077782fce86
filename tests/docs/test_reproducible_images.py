"""docs/reproducible-images.md quotes the locked example."""

from __future__ import annotations

import re

import pytest

from tests.support.course import ROOT

PAGE = (ROOT / "docs" / "reproducible-images.md").read_text()
FOLDER = ROOT / "examples" / "locked-image"
SOURCE = "".join((FOLDER / name).read_text() for name in ("Dockerfile", "requirements.txt"))


@pytest.mark.parametrize("quote", re.findall(r"^```(?:dockerfile|text)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
def test_quoted_lines_are_in_the_example(quote: str) -> None:
    assert quote in SOURCE


def test_page_quotes_the_lock_and_both_pins() -> None:
    assert all(words in PAGE for words in ("--hash=sha256:", "--require-hashes -r requirements.txt", "FROM python:"))
