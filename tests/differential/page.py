"""Writes the table of the declared differences into docs/support.md: `python -m tests.differential.page`."""

from __future__ import annotations

from pathlib import Path

from tests.differential.differences import DIFFERENCES

PAGE = Path(__file__).parents[2] / "docs" / "support.md"
COLUMNS = ("what", "Datastore emulator", "Firestore emulator", "here", "right")


def table() -> str:
    """Return the table in Markdown."""
    rows = [COLUMNS, *((one.what, one.datastore, one.firestore, one.here, one.right) for one in DIFFERENCES)]
    head, *body = (f"| {' | '.join(row)} |\n" for row in rows)
    return "".join((head, "|---" * len(COLUMNS), "|\n", *body))


def written(page: str) -> str:
    """Return the page with the table as it should be."""
    lines = page.splitlines(keepends=True)
    begin = next(number for number, line in enumerate(lines) if line.startswith(f"| {' | '.join(COLUMNS)} |"))
    end = next(number for number in range(begin, len(lines)) if not lines[number].startswith("|"))
    return "".join((*lines[:begin], table(), *lines[end:]))


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
