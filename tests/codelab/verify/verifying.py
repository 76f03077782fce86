"""What the tests of `codelab verify` share: its parsers, its result, and changes to a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import localcloud.cli
from codelab.cli import make_parser

PARSERS = {"codelab": make_parser(), "localcloud": localcloud.cli.make_parser()}


@dataclass(frozen=True)
class Verified:
    """The result of `codelab verify` and its output."""

    ok: bool
    output: str


VerifyTexts = Callable[..., Verified]


def line_of(path: Path, text: str) -> int:
    """Return the number of the first line with this text."""
    lines = path.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def replace(path: Path, found: str, put: str) -> None:
    text = path.read_text()
    assert found in text, f"{path} has changed: adapt this test"
    path.write_text(text.replace(found, put, 1))
