"""Reads a whole app, and puts all findings and the route together."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from codelab.assess.cloud_ndb import find_cloud_ndb
from codelab.assess.collecting import Collected
from codelab.assess.finding import Advice, Area, Destination, Finding, Link, Place, Verdict
from codelab.assess.folder import AppFolder, Unread, adopt_own_code, read_folder
from codelab.assess.guide import Guide
from codelab.assess.habits import find_habits
from codelab.assess.imports import Module, read_module
from codelab.assess.packages import find_packages, find_unnamed
from codelab.assess.python2 import Parsed, UnreadableError, parse_either
from codelab.assess.python2_kinds import PROOFS, find_python2
from codelab.assess.route import Stop, plan_route
from codelab.assess.services import find_frameworks, find_services, uses_django
from codelab.assess.settings import find_settings
from codelab.readme.course import Course
from localcloud.files.paths import format_name, format_text

# The version of the data that --json prints: docs/assess.md.
SCHEMA = 1
_FILES_BETWEEN_REPORTS = 100
_LONGEST_CODE = 100


@dataclass(frozen=True)
class Assessment:
    """What an app has, what becomes of it at a destination, and the way there.

    `files` and `lines` are of the app's own Python. `runtimes` has the runtime of each service file.
    """

    folder: Path
    destination: Destination
    files: int
    lines: int
    python2: bool
    runtimes: dict[str, str]
    findings: tuple[Finding, ...]
    route: tuple[Stop, ...]

    @property
    def name(self) -> str:
        """The name of the app's folder, also if it was named as "."."""
        return format_name(self.folder.resolve().name)

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many things there are of each verdict."""
        verdicts = [finding.advice.verdict(self.destination) for finding in self.findings]
        return {verdict: verdicts.count(verdict) for verdict in Verdict}

    def of(self, area: Area) -> list[Finding]:
        """Return the findings of an area, the most frequent first, what has to change before what stays."""
        found = [finding for finding in self.findings if finding.area is area]
        return sorted(
            found,
            key=lambda each: (each.advice.verdict(self.destination).value == "stays", -len(each.places), each.name),
        )

    def as_json(self) -> dict[str, object]:
        """Return the assessment as data for JSON."""
        return {
            "schema": SCHEMA,
            "folder": format_name(str(self.folder)),
            "to": self.destination.value,
            "python": 2 if self.python2 else 3,
            "runtimes": self.runtimes,
            "files": self.files,
            "lines": self.lines,
            "findings": [self._as_json(finding) for area in Area for finding in self.of(area)],
            "route": [
                {
                    "module": stop.name or None,
                    "title": stop.title,
                    "why": stop.why,
                    "link": stop.link.target if stop.link else None,
                }
                for stop in self.route
            ],
        }

    def _as_json(self, finding: Finding) -> dict[str, object]:
        advice = finding.advice
        return {
            "area": finding.area.value,
            "name": finding.name,
            "title": finding.title,
            "verdict": advice.verdict(self.destination).value,
            "outcome": advice.outcome(self.destination),
            "tool": advice.tool or None,
            "finder": advice.finder or None,
            "covered": bool(finding.shown_by(self.destination)),
            "shown_by": [_link_as_json(link) for link in finding.shown_by(self.destination)],
            "explained_by": [_link_as_json(link) for link in finding.explained_by],
            "count": len(finding.places),
            "places": [
                {"file": place.file, "line": place.line, "what": place.what, "code": place.code or None}
                for place in finding.places
            ],
        }


def _link_as_json(link: Link) -> dict[str, str]:
    return {"title": link.title, "target": link.target}


def assess(
    course: Course,
    folder: Path,
    destination: Destination = Destination.APP_ENGINE,
    on_progress: Callable[[str], None] = lambda text: None,
) -> Assessment:
    """Read an app and return what becomes of it. Nothing of it is run, and nothing is written.

    `on_progress` is called with words, now and then. Raises CodelabError if there is no such folder, if it is far
    larger than an app, or if the course lacks the pages that have the advice.
    """
    guide = Guide(course)
    app = read_folder(folder, lambda count: _report_reading(count, on_progress))
    collected = {area: Collected(area) for area in Area}
    sources = _parse(app, on_progress)
    services = find_settings(app, guide, collected[Area.SETTING])
    named = find_packages(app, services, guide, collected[Area.PACKAGE])
    for name, place in services.used:
        collected[Area.SERVICE].add(name, place)
    python2 = services.is_python2 or (not services.is_python3 and _is_python2(sources, guide))
    is_django = any(uses_django(source.module) for source in sources.values())
    frameworks = _frameworks(guide, python2=python2)
    own = _find_own(app)
    siblings = _find_siblings(app)
    for count, (file, source) in enumerate(sources.items(), 1):
        on_progress(f"Looking at {format_name(file)} ({count} of {len(sources)}) ...")
        module = source.module
        find_services(file, module, guide, collected[Area.SERVICE])
        find_cloud_ndb(file, module, guide.services, collected[Area.SERVICE])
        find_frameworks(file, module, frameworks, own, collected[Area.FRAMEWORK], is_django=is_django)
        beside = siblings.get(posixpath.dirname(file), frozenset())
        find_unnamed(file, module, named | own | beside, guide, collected[Area.PACKAGE])
        for line in module.dynamic:
            collected[Area.UNREAD].add("imports by a computed name", Place(file, line))
        for kind, line, what in find_habits(module):
            collected[Area.HABIT].add(kind, Place(file, line, what))
        lines = _split_lines(app.python[file])
        for kind, line, what in _python2(file, source, guide, python2, siblings, own):
            # "urllib2: urllib.request" says more than its line.
            code = "" if ": " in what else _shorten("".join(lines[max(line - 1, 0) : line]))
            collected[Area.PYTHON2].add(kind, Place(file, line, what, code))
    for file, line, script in services.scripts:
        if not _has_script(app, file, script):
            collected[Area.UNREAD].add("scripts without a file", Place(file, line, script))
    for unread in app.unread:
        collected[Area.UNREAD].add("files", Place(unread.file, unread.line, unread.reason))
    findings = tuple(_findings(collected, guide, frameworks))
    return Assessment(
        folder,
        destination,
        len(app.python),
        app.lines,
        python2,
        services.runtimes,
        findings,
        plan_route(course, destination, findings, python2=python2),
    )


def _report_reading(count: int, on_progress: Callable[[str], None]) -> None:
    if count % _FILES_BETWEEN_REPORTS == 1:
        on_progress(f"Reading the folder: {count:,} {'file' if count == 1 else 'files'} ...")


@dataclass(frozen=True)
class _Source:
    parsed: Parsed
    module: Module


def _parse(app: AppFolder, on_progress: Callable[[str], None]) -> dict[str, _Source]:
    """Return the app's modules by file, with those of a folder such as `lib` if the app imports it as its own."""
    sources: dict[str, _Source] = {}
    new = frozenset(app.python)
    while new:
        for count, file in enumerate(sorted(new), 1):
            on_progress(f"Parsing {format_name(file)} ({count} of {len(new)}) ...")
            try:
                parsed = parse_either(app.python[file])
                sources[file] = _Source(parsed, read_module(parsed.tree))
            except UnreadableError as error:
                app.unread.append(Unread(file, error.line, error.reason))
            except RecursionError:
                app.unread.append(Unread(file, 0, "it is nested too deep"))
        imported = {name for source in sources.values() for name in source.module.imported}
        new = adopt_own_code(app, imported)
    return sources


def _is_python2(sources: dict[str, _Source], guide: Guide) -> bool:
    """Return whether some file of an app without app.yaml can be nothing else than Python 2."""
    return any(
        source.parsed.rewritten
        or any(kind in PROOFS for kind, _, _ in find_python2(source.module, guide, runs_on_python2=False))
        for source in sources.values()
    )


def _frameworks(guide: Guide, *, python2: bool) -> dict[str, Advice]:
    """Return the advice about frameworks and templates; one that is on Python 3 already has less to change."""
    found = {**guide.frameworks, **guide.templates}
    return found if python2 else found | guide.on_python3


def _has_script(app: AppFolder, file: str, script: str) -> bool:
    """Return whether the folder has what `script` of app.yaml names: main.app, main.py, or auto."""
    if script == "auto" or script.startswith(("google.", "$PYTHON_LIB/")):
        return True
    name = script.removesuffix(".py") if script.endswith(".py") else script.rpartition(".")[0].replace(".", "/")
    folder = posixpath.dirname(file)
    known = {*app.python, *(unread.file for unread in app.unread)}
    return any(posixpath.join(folder, path) in known for path in (f"{name}.py", f"{name}/__init__.py"))


def _find_own(app: AppFolder) -> frozenset[str]:
    """Return the names by which the app can import its own code, also from a folder that it puts on the path."""
    found = {file.removesuffix(".py").partition("/")[0] for file in app.python}
    for file in app.python:
        top = file
        while f"{posixpath.dirname(top)}/__init__.py" in app.python:
            top = posixpath.dirname(top)
        found.add(posixpath.basename(top).removesuffix(".py"))
    return frozenset(found)


def _find_siblings(app: AppFolder) -> dict[str, frozenset[str]]:
    """Return the modules and packages in each folder that is a package itself."""
    inside: dict[str, set[str]] = {}
    for file in app.python:
        folder, name = posixpath.split(file)
        inside.setdefault(folder, set()).add(name.removesuffix(".py"))
        if name == "__init__.py" and folder:
            inside.setdefault(posixpath.dirname(folder), set()).add(posixpath.basename(folder))
    return {
        folder: frozenset(names - {"__init__"}) for folder, names in inside.items() if folder and "__init__" in names
    }


def _python2(
    file: str, source: _Source, guide: Guide, python2: bool, siblings: dict[str, frozenset[str]], own: frozenset[str]
) -> Iterator[tuple[str, int, str]]:
    for each in source.parsed.rewritten:
        yield each.kind, each.line, each.kind
    # A file that only Python 2 reads runs there, whatever app.yaml says.
    runs = python2 or bool(source.parsed.rewritten)
    beside = siblings.get(posixpath.dirname(file), frozenset()) - {posixpath.basename(file).removesuffix(".py")}
    yield from find_python2(
        source.module, guide, runs_on_python2=runs, siblings=beside if runs else frozenset(), own=own
    )


def _split_lines(text: str) -> list[str]:
    """Return the lines as Python counts them: a form feed ends none."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _shorten(line: str) -> str:
    """Return a line of code as one short line of print."""
    line = format_text(" ".join(line.split()))
    return line if len(line) <= _LONGEST_CODE else f"{line[: _LONGEST_CODE - 4]} ..."


def _findings(collected: dict[Area, Collected], guide: Guide, frameworks: dict[str, Advice]) -> Iterator[Finding]:
    tables = {
        Area.FRAMEWORK: frameworks,
        Area.SERVICE: guide.services,
        Area.SETTING: guide.settings,
        Area.PACKAGE: guide.packages,
        Area.HABIT: guide.habits,
    }
    for area, table in tables.items():
        yield from collected[area].findings(lambda name, table=table: table.get(name, _UNKNOWN))  # type: ignore[misc]
    yield from collected[Area.PYTHON2].findings(guide.advise_python2)
    yield from collected[Area.UNREAD].findings(lambda name: _LOOK)


_SAME = "Decide: no page of ours knows it. Look it up before you plan"
_UNKNOWN = Advice(dict.fromkeys(Destination, _SAME))
_LOOK = Advice(dict.fromkeys(Destination, "Decide: nothing was found out about it"))
