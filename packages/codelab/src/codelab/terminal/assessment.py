"""Prints an assessment: each finding with its places, and the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console

from codelab.assess import Area, Assessment, Finding, Place, Verdict
from codelab.invocation import suggest

_MOST_PLACES = 6
_STYLES = {Verdict.CHANGE: "bold", Verdict.DELETE: "bold", Verdict.DECIDE: "bold", Verdict.STAYS: "dim"}
_INDENT = " " * 10


def print_assessment(console: Console, assessment: Assessment) -> None:
    """Print what must change, area by area, and then the modules in order."""

    def write(text: str = "", style: str = "") -> None:
        console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    for line in describe_app(assessment):
        write(line)
    for area in Area:
        findings = assessment.of(area)
        if findings:
            write(f"\n{area.title}", "bold")
        for finding in findings:
            verdict = finding.advice.verdict(assessment.destination)
            first, *others = _describe(finding, assessment)
            write(f"  {verdict.value:7} {first}", _STYLES[verdict])
            for line in others:
                write(f"{_INDENT}{line}")
    write("\nThe way, in order", "bold")
    for number, stop in enumerate(assessment.route, 1):
        name = f"{stop.name}: " if stop.is_module else ""
        where = "" if stop.is_module or stop.link is None else f" ({stop.link.target})"
        write(f"  {number}. {name}{stop.title}{where}")
        write(f"     {stop.why}".replace("`", ""))
    modules = [stop.name for stop in assessment.route if stop.is_module]
    if modules:
        write(f"\nBegin: {suggest('start', modules[0])}")
    elif not assessment.route:
        write("  No module is needed for it.")


def describe_app(assessment: Assessment) -> Iterator[str]:
    """Yield what was read, and what for."""
    runtimes = ", ".join(f"{runtime} ({file})" for file, runtime in assessment.runtimes.items()) or "no app.yaml"
    python = "Python 2" if assessment.python2 else "Python 3"
    files = "file" if assessment.files == 1 else "files"
    yield f"{assessment.folder}: {assessment.files:,} {files} and {assessment.lines:,} lines of {python}; {runtimes}."
    bundled = ", with the bundled services" if assessment.destination.value == "appengine" else ""
    yield f"This is what becomes of it on {assessment.destination.title}{bundled}."


def _describe(finding: Finding, assessment: Assessment) -> Iterator[str]:
    """Yield the title with the outcome, then the places, then who shows it."""
    outcome = finding.advice.outcome(assessment.destination).replace("`", "")
    count = f" ({len(finding.places)})" if len(finding.places) > 1 else ""
    yield f"{finding.title}{count}{'. ' if outcome else ''}{outcome}"
    chosen = _choose_places(finding.places)
    for place in chosen:
        yield f"{place}  {place.code or place.what}".rstrip()
    if len(chosen) < len(finding.places):
        yield f"... and {len(finding.places) - len(chosen)} more"
    if finding.advice.tool:
        yield f"by a tool: {finding.advice.tool}"
    if finding.advice.finder:
        yield f"found by: {finding.advice.finder}"
    if shown := finding.shown_by(assessment.destination):
        yield "shown by: " + "; ".join(f"{link.title} ({link.target})" for link in shown)
    elif finding.advice.verdict(assessment.destination) is not Verdict.STAYS and finding.area is not Area.UNREAD:
        yield "not covered here" + "".join(f"; {link.title}: {link.target}" for link in finding.explained_by)


def _choose_places(places: Sequence[Place]) -> list[Place]:
    """Return the places to show, in order. Each thing is there once before another is there twice."""
    first = {place.what: place for place in reversed(places)}
    return sorted(sorted(places, key=lambda place: (first[place.what] is not place, place))[:_MOST_PLACES])
