"""Runs START and other folders side by side, and holds them to START's output."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from codelab.compare.expectation import MismatchError
from codelab.compare.local_cloud import FAR_FROM_UTC, LocalWorld, fresh_side
from codelab.compare.scenarios import REDIS_SCENARIOS, REPEAT_VISITORS, SCENARIOS, Scenario
from codelab.compare.visitor import Document
from datastore_emulator.errors import UserError
from localcloud.cloud import App, Cloud

# After each step these; at the end of a track all of them (all_scenarios).
FIRST_SCENARIOS: Sequence[Scenario] = SCENARIOS[:4] + SCENARIOS[6:10]

_ERROR = 400
_LINE = re.compile(r'File "([^"]+)", line (\d+)')
# An exception's last line, or what gunicorn says of an app that it cannot find.
_EXCEPTION = re.compile(
    r"^(?:(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception|Exit|Interrupt|NotFound|Warning)\b|Failed to find attribute ).*"
)


@dataclass(frozen=True)
class Difference:
    """The first thing in which a copy differs from START: during which scenario, what, and the app's own error."""

    scenario: str
    text: str
    error: str | None

    def __str__(self) -> str:
        return f"{self.text}\n{self.error}" if self.error else self.text


def all_scenarios(cache: str | None) -> Sequence[Scenario]:
    """Return what an app with this cache is held to at the end; they restart the app and take its services away."""
    return [*SCENARIOS, *REDIS_SCENARIOS] if cache == "Redis" else SCENARIOS


@dataclass
class Log:
    """What the apps print, so that the reason for a 500 can be told."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, name: str, line: str) -> None:
        self.lines.append((name, line))

    def last_error(self, name: str, folder: Path, patience: float = 2.0) -> str | None:
        """Return an app's last exception with its line in the app's own code; the log may be a moment behind."""
        deadline = time.monotonic() + patience
        while True:
            lines = [line for app, line in self.lines if app == name]
            raised = [number for number, line in enumerate(lines) if _EXCEPTION.match(line)]
            if raised or time.monotonic() > deadline:
                break
            time.sleep(0.05)  # a poll with a deadline
        if not raised:
            return None
        for line in reversed(lines[: raised[-1]]):
            place = _LINE.search(line)
            # By realpath, which takes any name that an app may print.
            if place and "\0" not in place[1]:
                name = os.path.relpath(os.path.realpath(place[1]), folder.resolve())
                if not name.startswith(".."):
                    return f"{name}:{place[2]}: {lines[raised[-1]]}"
        return lines[raised[-1]]


@dataclass(frozen=True)
class Site:
    """A folder to run: what messages call it, where it is, and the cache that it answers from."""

    name: str
    folder: Path
    cache: str | None


class Comparison:
    """START and other sites on one local cloud; a context manager that starts and ends them all.

    Entering raises UserError if one of them does not start; `error_of` tells why.
    """

    def __init__(self, start: Site, others: Sequence[Site], function: str | None) -> None:
        self._start = start
        self._sites = [start, *others]
        self._function = function
        self._log = Log()
        self._cleanup = ExitStack()
        self._running: dict[str, tuple[App, LocalWorld]] = {}
        self._transcripts: dict[str, list[Document]] = {}

    def __enter__(self) -> Comparison:
        with ExitStack() as stack:
            cloud = stack.enter_context(Cloud(log=self._log))
            apps = [
                cloud.add(site.folder, name=site.name, function=self._function, environment=FAR_FROM_UTC)
                for site in self._sites
            ]
            cloud.start()
            self._running = {app.name: (app, LocalWorld(cloud, app)) for app in apps}
            self._cleanup = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def error_of(self, site: Site) -> str | None:
        """Return the last error that a site has printed, with its line in the site's own code."""
        return self._log.last_error(site.name, site.folder)

    def first_difference(self, site: Site, scenarios: Sequence[Scenario]) -> Difference | None:
        """Run the scenarios on START, if they have not run there yet, and on the site; return what differs first."""
        for scenario in scenarios:
            title = scenario.__name__.replace("_", " ")
            try:
                if scenario.__name__ not in self._transcripts:
                    self._transcripts[scenario.__name__] = self._transcript(self._start, scenario)
                transcript = self._transcript(site, scenario)
            except MismatchError as mismatch:
                error = self.error_of(site) if "status 50" in str(mismatch) else None
                return Difference(title, str(mismatch), error)
            except (UserError, httpx.HTTPError) as failed:
                return Difference(title, f"{site.name}: expected an answer, found {failed}", self.error_of(site))
            if self._start.cache == site.cache or scenario not in REPEAT_VISITORS:
                for one, other in zip(self._transcripts[scenario.__name__], transcript, strict=True):
                    if one != other:
                        return Difference(title, f"{site.name}: {_difference(one, other)}", None)
        return None

    def _transcript(self, site: Site, scenario: Scenario) -> list[Document]:
        app, world = self._running[site.name]
        with fresh_side(site.name, app, world, site.cache) as side:
            scenario(side)
            return [_seen(document) for document in side.transcript]


def _seen(document: Document) -> Document:
    """The answer without the text of an error page, which is the framework's own."""
    return document._replace(nodes=[]) if document.status >= _ERROR else document


def _difference(start: Document, copy: Document) -> str:
    if start[:2] != copy[:2]:
        return f"expected {_head(start)} as from START, found {_head(copy)}"
    for one, other in zip(start.nodes, copy.nodes, strict=False):
        if one != other:
            return f"expected the page to have {one}, as START's; found {other}"
    return f"expected a page of {len(start.nodes)} elements and texts, as START's; found {len(copy.nodes)}"


def _head(document: Document) -> str:
    return f"status {document.status} ({document.content_type})"
