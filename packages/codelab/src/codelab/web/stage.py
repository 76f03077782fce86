"""START, a learner's app and FINISH, running side by side on one store while a page looks on."""

from __future__ import annotations

import sys
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from codelab.errors import CodelabError
from codelab.readme.course import TrackRef
from datastore_emulator.errors import UserError
from localcloud import App, Cloud

HOUR = 3600
# Only Linux has the whole of 127.0.0.0/8 at hand for visitors of their own.
ADDRESSES = tuple(f"127.0.0.{number}" for number in range(1, 6)) if sys.platform == "linux" else ("127.0.0.1",)
_LOG_LINES = 200
_PATIENCE_SECONDS = 60


@dataclass
class Pane:
    """One app on the stage: where it is, how it is, what it last answered, and what it asked the services for then."""

    name: str
    folder: Path
    url: str | None = None
    problem: str | None = None
    status: int | None = None
    page: str | None = None
    calls: Counter[str] = field(default_factory=Counter)
    log: deque[str] = field(default_factory=lambda: deque(maxlen=_LOG_LINES))


class Stage:
    """The panes of one track on a local cloud of their own. Its methods may be called from any thread."""

    def __init__(self, place: TrackRef) -> None:
        self.place = place
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._cloud = Cloud(log=self._note, observe=self._count)
        self._apps: dict[str, App] = {}
        folders = {"START": place.start, "work": place.copy, "FINISH": place.finish}
        self.panes = {name: Pane(name, folder) for name, folder in folders.items()}

    def start(self) -> None:
        """Start what is there; a pane whose app does not start says why, and the others run."""
        for name, pane in self.panes.items():
            if pane.folder.is_dir():
                self.restart(name)

    def restart(self, name: str) -> None:
        """Read the folder again, as a deploy would, and run what is in it now."""
        with self._lock:
            pane = self._pane(name)
            if app := self._apps.pop(name, None):
                self._cloud.remove(app)
            pane.url = pane.problem = pane.page = pane.status = None
            try:
                app = self._cloud.add(pane.folder, name=name, function=self.place.codelab.function)
                self._apps[name] = app
                app.start()
            except UserError as error:
                pane.problem = str(error)
            else:
                pane.url = app.url

    def visit(self, name: str, address: str, user_agent: str) -> None:
        """Let a visitor come to one app, and keep the answer and what the app asked of Datastore and cache for it."""
        with self._lock:
            pane = self._pane(name)
            if address not in ADDRESSES:
                raise CodelabError(f"expected an address of {', '.join(ADDRESSES)}, found {address}")
            if pane.url is None:
                raise CodelabError(f"{name}: expected an app that runs, found none")
            self._calls.clear()
            before = self._cloud.redis_calls()
            transport = httpx.HTTPTransport(local_address=address, verify=False)
            try:
                with httpx.Client(transport=transport, timeout=_PATIENCE_SECONDS) as client:
                    url = pane.url.replace("localhost", "127.0.0.1")
                    # What HTTP allows in a header: https://www.rfc-editor.org/rfc/rfc9110#name-field-values
                    agent = user_agent.replace("\r", " ").replace("\n", " ").replace("\0", " ").strip()
                    answer = client.get(url, headers=[(b"User-Agent", agent.encode())])
            except httpx.HTTPError as error:
                pane.status, pane.page = None, f"No answer: {error}"
            else:
                pane.status, pane.page = answer.status_code, answer.text
            pane.calls = Counter(self._calls) + (self._cloud.redis_calls() - before)

    def pass_an_hour(self) -> None:
        """Let an hour pass for the caches."""
        with self._lock:
            self._cloud.advance(HOUR)

    def close(self) -> None:
        """End every app."""
        with self._lock:
            self._cloud.close()

    def _pane(self, name: str) -> Pane:
        if name not in self.panes:
            raise CodelabError(f'"{name}": expected one of {", ".join(self.panes)}')
        return self.panes[name]

    def _note(self, name: str, line: str) -> None:
        self.panes[name].log.append(line)

    def _count(self, call: str) -> None:
        self._calls[call] += 1


class Stages:
    """The stage that is open, one at a time: a learner's laptop runs three apps, not thirty."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: Stage | None = None

    def of(self, place: TrackRef) -> Stage | None:
        """Return this track's stage if it is the open one."""
        stage = self._open
        return stage if stage and stage.place.name == place.name else None

    def open(self, place: TrackRef) -> Stage:
        """Close another track's stage, and start this one's apps."""
        with self._lock:
            self._close()
            self._open = Stage(place)
            self._open.start()
            return self._open

    def close(self) -> None:
        """End all apps."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._open:
            self._open.close()
            self._open = None
