"""Runs START, a learner's copy and FINISH of a track side by side on one Datastore."""

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
# Only Linux can use all of 127.0.0.0/8 as addresses of visitors.
ADDRESSES = tuple(f"127.0.0.{number}" for number in range(1, 6)) if sys.platform == "linux" else ("127.0.0.1",)
_LOG_LINES = 200
_PATIENCE_SECONDS = 60


@dataclass
class Pane:
    """One app on the page: its folder, URL and problem, its last answer, and the calls that it made for it."""

    name: str
    folder: Path
    url: str | None = None
    problem: str | None = None
    status: int | None = None
    page: str | None = None
    calls: Counter[str] = field(default_factory=Counter)
    log: deque[str] = field(default_factory=lambda: deque(maxlen=_LOG_LINES))


class TrackApps:
    """The apps of one track, on a local cloud of their own. Its methods may be called from any thread."""

    def __init__(self, ref: TrackRef) -> None:
        self.ref = ref
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._cloud = Cloud(log=self._note, observe=self._count)
        self._apps: dict[str, App] = {}
        folders = {"START": ref.start, "work": ref.copy, "FINISH": ref.finish}
        self.panes = {name: Pane(name, folder) for name, folder in folders.items()}

    def start(self) -> None:
        """Start the apps whose folders exist; the pane of an app that does not start has the problem."""
        for name, pane in self.panes.items():
            if pane.folder.is_dir():
                self.restart(name)

    @property
    def running(self) -> list[str]:
        """The names of the apps that run."""
        return [pane.name for pane in self.panes.values() if pane.url]

    def restart(self, name: str) -> None:
        """Read the folder again, as a deployment would, and run what is in it now."""
        with self._lock:
            pane = self._pane(name)
            if app := self._apps.pop(name, None):
                self._cloud.remove(app)
            pane.url = pane.problem = pane.page = pane.status = None
            try:
                app = self._cloud.add(pane.folder, name=name, function=self.ref.codelab.function)
                self._apps[name] = app
                app.start()
            except UserError as error:
                pane.problem = str(error)
            else:
                pane.url = app.url

    def visit(self, name: str, address: str, user_agent: str) -> None:
        """Send a visit to one app; keep the answer, and the calls that the app made to Datastore and cache for it."""
        with self._lock:
            pane = self._pane(name)
            if address not in ADDRESSES:
                raise CodelabError(f"a visit cannot come from {address}; choose one of {', '.join(ADDRESSES)}")
            if pane.url is None:
                raise CodelabError(f"{name} is not running; restart it first")
            self._calls.clear()
            before = self._cloud.redis_calls()
            transport = httpx.HTTPTransport(local_address=address, verify=False)
            try:
                with httpx.Client(transport=transport, timeout=_PATIENCE_SECONDS) as client:
                    url = pane.url.replace("localhost", "127.0.0.1")
                    # A header may have none of these: https://www.rfc-editor.org/rfc/rfc9110#name-field-values
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
        """End every app, and break off a start or a visit that another thread waits for."""
        self._cloud.close()  # without the lock, which they hold

    def _pane(self, name: str) -> Pane:
        if name not in self.panes:
            raise CodelabError(f'there is no app "{name}"; choose one of {", ".join(self.panes)}')
        return self.panes[name]

    def _note(self, name: str, line: str) -> None:
        self.panes[name].log.append(line)

    def _count(self, call: str) -> None:
        self._calls[call] += 1


class AppRunner:
    """Runs the apps of one track at a time, so that a laptop runs three apps, not thirty."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: TrackApps | None = None

    def find(self, ref: TrackRef) -> TrackApps | None:
        """Return this track's apps if they are the ones that run."""
        apps = self._open
        return apps if apps and apps.ref.name == ref.name else None

    def start(self, ref: TrackRef) -> TrackApps:
        """Start the apps of this track, after those of any other have ended."""
        with self._lock:
            self.close()
            apps = self._open = TrackApps(ref)
            apps.start()
            return apps

    def close(self) -> None:
        """End all apps, also while they are being started."""
        apps, self._open = self._open, None
        if apps:
            apps.close()
