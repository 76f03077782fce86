"""Writes the records of what apps receive into docs/platform-facts.md: `python -m tests.platforms.page`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from localcloud.platforms import Entry, Record, Source, records
from localcloud.platforms.record import everywhere

PAGE = Path(__file__).parents[2] / "docs" / "platform-facts.md"
HEADING = "## What apps receive\n"
INTRODUCTION = """
A visitor's request as apps on each platform received it, and the environment of these apps. People's addresses are
left out. A value that no source shows is **assumed**, with the reason. `{visitor}` is the visitor's address, and
`{claims}` is what the client wrote into the header itself. The last column shows where the local cloud differs, and
why. The records are in `packages/localcloud/src/localcloud/platforms`. `tests/localcloud/test_platforms.py` compares
the local cloud with them, and `python -m tests.platforms.page` writes this section.
"""
COLUMNS = ("", "name", "value", "seen", "here")


def section() -> str:
    """Return the section in Markdown."""
    parts = [HEADING, INTRODUCTION]
    for record in records():
        rows = "".join(_row(cells) for cells in _rows(record))
        parts += [f"\n### {record.title}\n\n", _row(COLUMNS), "|---" * len(COLUMNS), "|\n", rows, _sources(record)]
    names = [f"- `{entry.name}`: {entry.why}\n" for entry in everywhere()]
    parts.append(f"\n### On the local cloud alone\n\nEvery app also has these variables:\n\n{''.join(names)}")
    return "".join(parts)


def with_section(page: str) -> str:
    """Return the page with the section in its place, or at the end if the page has none."""
    before, heading, after = page.partition(HEADING)
    if not heading:
        before, after = page.rstrip("\n") + "\n\n", ""
    _, following, rest = after.partition("\n## ")
    return before + section() + following + rest


def _rows(record: Record) -> Iterator[tuple[str, ...]]:
    for kind, entries in (
        ("header", record.headers),
        ("peer", (record.peer,)),
        ("sent by a client", record.forged),
        ("variable", record.environment),
    ):
        for entry in entries:
            value = entry.value or "" if kind == "sent by a client" else _code(entry.value)
            yield kind, f"`{entry.name}`", value, _seen(entry), _here(entry)


def _seen(entry: Entry) -> str:
    if entry.assumed:
        return f"**assumed**: {entry.assumed}"
    return ", ".join(f"[{source.date}]({source.url})" if source.url else source.date for source in entry.sources)


def _here(entry: Entry) -> str:
    return f"{_code(entry.here) or 'absent'}: {entry.why}" if entry.why else ""


def _code(value: str | None) -> str:
    return "" if value is None else f"`{value}`" if value else "empty"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _sources(record: Record) -> str:
    entries = (*record.headers, record.peer, *record.forged, *record.environment)
    sources = {source: None for entry in entries for source in entry.sources}
    lines = [f"- {_source(source)}\n" for source in sorted(sources, key=lambda source: source.date, reverse=True)]
    return "\nSources:\n\n" + "".join(lines)


def _source(source: Source) -> str:
    what = f"[{source.what}]({source.url})" if source.url else f"{source.what} (its address was not kept)"
    return f"{source.date}: {what}"


if __name__ == "__main__":
    PAGE.write_text(with_section(PAGE.read_text()))
