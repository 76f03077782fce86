"""Prints a comparison for a person at a terminal or in the log of a CI system."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from localcloud.compare.observation import Aspect
from localcloud.compare.reports.marked_lines import MarkedLine, find_changed_words, mark_changes
from localcloud.compare.reports.wording import (
    count,
    describe_aspect,
    describe_difference,
    describe_error,
    describe_noise_place,
    describe_requests,
    format_command,
    list_calls,
    summarize,
)
from localcloud.compare.result import Difference, Report
from localcloud.files.paths import format_text

_Printed: TypeAlias = Text | Table

_MOST_IN_FULL = 25
_MOST_LINES = 40
_MOST_FOLLOWERS = 4
_MOST_LINES_OF_FOLLOWER = 6
_LONGEST_LINE = 400
_MOST_NOISE = 8
_LONGEST_PLACE = 31
_GAP = 2
_WIDEST_COLUMN = 40
_WIDTH_OF_LOG = 120
_INDENT = "   "
_STYLES = {"-": "red", "+": "green", " ": ""}


def print_report(report: Report, console: Console | None = None) -> None:
    """Print a report on a console, by default standard output."""
    console = console or _make_console()
    text = "".join(_render(console, printed) for printed in _describe(report, console.width))
    # Not by rich, which ends the program if the reader has closed the pipe, and fails at letters that the output lacks.
    console.file.write(text.encode(console.encoding, "backslashreplace").decode(console.encoding))
    console.file.flush()


def _render(console: Console, printed: _Printed) -> str:
    with console.capture() as captured:
        if isinstance(printed, Text):
            console.print(printed, soft_wrap=True)
        else:
            console.print(Padding(printed, (0, 0, 0, len(_INDENT)), expand=False))
    text = captured.get()
    return text if isinstance(printed, Text) else "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def _make_console() -> Console:
    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _WIDTH_OF_LOG
    return console


def _describe(report: Report, width: int) -> Iterator[_Printed]:
    style = "bold red" if report.open else "bold green"
    yield Text(f"{summarize(report)} ({report.seconds:.0f} s)", style)
    if report.open:
        old, new = (format_text(name) for name in (report.old, report.new))
        yield Text.assemble("Lines with - are from ", (old, "red"), ", lines with + are from ", (new, "green"), ".")
    for number, difference in enumerate(report.open, 1):
        yield from _describe_open(report, number, difference)
    yield from _describe_accepted(report)
    yield from _describe_noise(report, width)
    yield from _describe_calls(report)
    yield from _list("The comparison could not see everything:", report.warnings)
    yield from _list("Accepted, but not found this time:", report.unused)
    if report.open:
        these = "these differences; --only 1,2 accepts some" if len(report.open) > 1 else "this difference"
        yield Text(f'\nFix the new app, or pass --accept "REASON" to accept {these}.')


def _describe_open(report: Report, number: int, difference: Difference) -> Iterator[Text]:
    title = f"{number}. {describe_difference(difference)}"
    if number > _MOST_IN_FULL:
        if number == _MOST_IN_FULL + 1:
            yield Text("\nMore differences, which --html FILE shows in full:", "bold")
        yield Text(f"{title} ({describe_requests(difference)})")
        return
    yield Text(f"\n{title}", "bold")
    yield Text(f"{_INDENT}{describe_requests(difference)}")
    yield from _describe_lines(difference, _MOST_LINES)
    for follower in difference.followers[:_MOST_FOLLOWERS]:
        yield Text(f"{_INDENT}With it, {describe_aspect(follower)}:")
        yield from _describe_lines(follower, _MOST_LINES_OF_FOLLOWER)
    if (more := len(difference.followers) - _MOST_FOLLOWERS) > 0:
        yield Text(f"{_INDENT}and {count(more, 'more difference')} of its answer, which --html FILE shows")
    if request := report.first_request(difference):
        if error := describe_error(request):
            yield Text(f"{_INDENT}{error}", "bold")
        yield Text(f"{_INDENT}{format_command(request.curl)}")


def _describe_lines(difference: Difference, most: int) -> Iterator[Text]:
    marked = mark_changes(difference.diff)
    for line in marked[:most]:
        yield _color_line(line.shortened(_LONGEST_LINE))
    if len(marked) > most:
        yield Text(f"{_INDENT}and {count(len(marked) - most, 'more line')}, which --html FILE shows")


def _color_line(line: MarkedLine) -> Text:
    style = _STYLES[line.sign]
    changed = f"{style} reverse"
    return Text.assemble(_INDENT, (f"{line.sign} {line.before}", style), (line.changed, changed), (line.after, style))


def _describe_accepted(report: Report) -> Iterator[Text]:
    accepted = [one for one in report.differences if one.accepted is not None]
    if accepted:
        yield Text("\nAccepted:", "bold")
    for one in accepted:
        yield Text(f"{_INDENT}{describe_difference(one)}: “{format_text(one.accepted or '')}”")


def _describe_noise(report: Report, width: int) -> Iterator[_Printed]:
    if not report.noise:
        return
    yield Text("\nTaken for noise, since the old app itself changes it from run to run:", "bold")
    table = _make_table("request", "place", "one time", "another time")
    # Cut here, since rich would shrink all columns alike, the place to nothing beside long examples.
    room = width - len(_INDENT) - len(table.columns) * _GAP
    longest = min(_LONGEST_PLACE, room // 4)
    for noise in report.noise[:_MOST_NOISE]:
        place = describe_noise_place(noise)
        # The end of a place says most: it is the element that changes.
        place = place if len(place) <= longest else f"…{place[1 - longest :]}"
        first, second = (_cut(text, room // 2 - longest) for text in find_changed_words(*noise.examples))
        table.add_row(_cut(format_text(noise.route), longest), Text(place), first, second)
    yield table
    if len(report.noise) > _MOST_NOISE:
        yield Text(f"{_INDENT}and {len(report.noise) - _MOST_NOISE:,} more: --html FILE shows all")


def _cut(text: str, width: int) -> Text:
    """Return a text that takes at most so many columns of a terminal."""
    cut = Text(text)
    cut.truncate(max(width, 1), overflow="ellipsis")
    return cut


def _describe_calls(report: Report) -> Iterator[_Printed]:
    different = [row for row in list_calls(report) if row.old != row.new]
    found = [part for one in report.open for part in (one, *one.followers)]
    if not different or all(one.aspect is not Aspect.CALLS for one in found):
        return
    yield Text("\nCalls of both apps that differ in number:", "bold")
    table = _make_table("call", "old", "new")
    for row in different:
        table.add_row(Text(row.name), Text(f"{row.old:,}", justify="right"), Text(f"{row.new:,}", justify="right"))
    yield table


def _make_table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="")
    for heading in headings:
        table.add_column(heading, no_wrap=True, overflow="ellipsis", max_width=_WIDEST_COLUMN)
    return table


def _list(heading: str, texts: Sequence[str]) -> Iterator[Text]:
    for number, text in enumerate(texts):
        if not number:
            yield Text(f"\n{heading}", "bold")
        yield Text(f"{_INDENT}{format_text(text)}")
