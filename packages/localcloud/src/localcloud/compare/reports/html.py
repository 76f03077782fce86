"""A comparison as one HTML file that needs nothing else, for a screen in light and dark and for paper."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from localcloud.compare.reports import wording
from localcloud.compare.reports.marked_lines import MarkedLine, mark_changes
from localcloud.compare.reports.report_files import write_report_file
from localcloud.compare.result import ComparedRequest, Difference, Report
from localcloud.files.paths import format_text

_LONGEST_LINE = 4_000


def write_html(report: Report, path: Path) -> None:
    """Write the page; raises UserError if the file cannot be written."""
    write_report_file(path, render_html(report))


def render_html(report: Report) -> str:
    """Return the page."""
    accepted = [one for one in report.differences if one.accepted is not None]
    environment = Environment(
        loader=PackageLoader("localcloud.compare.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_make_printable,
    )
    environment.globals.update(
        base=Markup((files("localcloud.pages") / "static" / "base.css").read_text(encoding="utf-8")),
        wording=wording,
        mark=_mark,
        requests_of=lambda difference: _list_requests(report, difference),
        open_of=lambda request: [number for number, one in enumerate(report.open, 1) if request.shows(one)],
        accepted_of=lambda request: [one for one in accepted if request.shows(one)],
    )
    same = sum(not any(request.shows(one) for one in report.open) for request in report.requests)
    return environment.get_template("report.html").render(report=report, accepted=accepted, same=same)


def _make_printable(value: object) -> object:
    """Return a text of an app without the control characters that HTML cannot have or that would reorder a line."""
    return format_text(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _mark(difference: Difference) -> list[MarkedLine]:
    return [line.shortened(_LONGEST_LINE) for line in mark_changes(difference.diff)]


def _list_requests(report: Report, difference: Difference) -> list[tuple[int, ComparedRequest]]:
    """Return the requests that show a difference, each with its row in the table of all requests."""
    return [(row, request) for row, request in enumerate(report.requests, 1) if request.shows(difference)]
