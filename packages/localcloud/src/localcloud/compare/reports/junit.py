"""A comparison in JUnit's XML, which CI systems read.

The format has no standard. This keeps to what the schema of Jenkins' plugin and GitLab's page allow, and to names that
are unique in a suite, since GitLab shows only the first test of a name: docs/platform-facts.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from localcloud.compare.reports.marked_lines import mark_changes
from localcloud.compare.reports.report_files import write_report_file
from localcloud.compare.reports.wording import describe_aspect, describe_difference, describe_error, format_command
from localcloud.compare.result import ComparedRequest, Difference, Report
from localcloud.files.paths import format_text

_NAME = "localcloud compare"
_LONGEST_LINE = 400
_MOST_IN_MESSAGE = 3


@dataclass(frozen=True)
class _Case:
    """A test: a request with the differences that it shows, or a difference that no request shows."""

    name: str
    seconds: float
    differences: Sequence[Difference]
    number: int = 0
    curl: str = ""
    answered: bool = True
    error: str = ""

    @property
    def failures(self) -> list[Difference]:
        return [one for one in self.differences if one.accepted is None]

    @property
    def is_skipped(self) -> bool:
        return not self.answered and not self.failures


def write_junit(report: Report, path: Path) -> None:
    """Write the file; raises UserError if it cannot be written."""
    write_report_file(path, render_junit(report))


def render_junit(report: Report) -> str:
    """Return the XML: a suite for the requests, and one for each behaviour, with a test for each request."""
    root = ElementTree.Element("testsuites", name=_NAME)
    every: list[_Case] = []
    behaviours = [*(one.behaviour for one in report.requests), *(one.behaviour for one in report.differences)]
    for behaviour in dict.fromkeys(behaviours):
        if cases := _list_cases(report, behaviour):
            name = format_text(f"{_NAME}: {behaviour}" if behaviour else _NAME)
            _add_suite(root, name, cases)
            every += cases
    # The root has no "skipped" in Jenkins' schema.
    root.attrib.update({name: value for name, value in _count(every).items() if name != "skipped"})
    ElementTree.indent(root)
    data: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return f"{data.decode()}\n"


def _list_cases(report: Report, behaviour: str) -> list[_Case]:
    requests = [one for one in report.requests if one.behaviour == behaviour]
    cases = [_make_case(report, request) for request in requests]
    for one in report.differences:
        if one.behaviour == behaviour and not any(request.shows(one) for request in requests):
            cases.append(_Case(describe_difference(one), 0, [one]))
    return cases


def _make_case(report: Report, request: ComparedRequest) -> _Case:
    return _Case(
        format_text(f"{request.number} {request.title}"),
        request.seconds[1],
        [one for one in report.differences if request.shows(one)],
        request.number,
        format_command(request.curl),
        any(status is not None for status in request.statuses),
        describe_error(request),
    )


def _add_suite(root: ElementTree.Element, name: str, cases: Sequence[_Case]) -> None:
    suite = ElementTree.SubElement(root, "testsuite", {"name": name, **_count(cases)})
    for case in cases:
        element = ElementTree.SubElement(suite, "testcase", classname=name, name=case.name, time=f"{case.seconds:.3f}")
        if case.failures:
            failure = ElementTree.SubElement(element, "failure", type="difference", message=_summarize(case))
            failure.text = _describe(case)
        elif case.is_skipped:
            ElementTree.SubElement(element, "skipped", message="neither app answered")
        if accepted := [one for one in case.differences if one.accepted is not None]:
            notes = (f"accepted: {describe_aspect(one)}: {format_text(one.accepted or '')}" for one in accepted)
            ElementTree.SubElement(element, "system-out").text = "\n".join(notes)


def _count(cases: Sequence[_Case]) -> dict[str, str]:
    return {
        "tests": str(len(cases)),
        "failures": str(sum(bool(case.failures) for case in cases)),
        "errors": "0",
        "skipped": str(sum(case.is_skipped for case in cases)),
        "time": f"{sum(case.seconds for case in cases):.3f}",
    }


def _describe(case: _Case) -> str:
    """Return the differences of a test, with the lines of those that no earlier test shows.

    Lines that were repeated for each request would make a file that CI systems refuse.
    """
    lines: list[str] = []
    for one in case.failures:
        lines += ["", describe_difference(one)]
        if case.number in one.requests[1:]:
            lines.append(f"(the lines are at request {one.requests[0]})")
        else:
            lines += _describe_lines(one)
            for follower in one.followers:
                lines += [f"With it, {describe_aspect(follower)}:", *_describe_lines(follower)]
    return "\n".join([*lines[1:], *(["", case.error] if case.error else []), *(["", case.curl] if case.curl else [])])


def _describe_lines(difference: Difference) -> list[str]:
    return [str(line.shortened(_LONGEST_LINE)) for line in mark_changes(difference.diff)]


def _summarize(case: _Case) -> str:
    aspects = [describe_aspect(one) for one in case.failures]
    more = len(aspects) - _MOST_IN_MESSAGE
    return "; ".join([*aspects[:_MOST_IN_MESSAGE], *([f"and {more:,} more"] if more > 0 else [])])
