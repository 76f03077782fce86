"""Runs START, a learner's copy and FINISH of a track side by side on one Datastore."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from codelab.commands.diff import WORK
from codelab.errors import CodelabError
from codelab.readme.course import TrackRef
from codelab.readme.trees import Tree, read_tree
from codelab.web.live import Saves
from datastore_emulator.errors import UserError
from localcloud import App, Cloud

HOUR = 3600
# Only Linux can use all of 127.0.0.0/8 as addresses of visitors.
ADDRESSES = tuple(f"127.0.0.{number}" for number in range(1, 6)) if sys.platform == "linux" else ("127.0.0.1",)
_LOG_LINES = 200
_PATIENCE_SECONDS = 60


@dataclass
class Pane:
    """One app on the page: its folder, URL and problem, its last answer, and the calls that it made for it.

    `news` says when it was started last, and why.
    """

    name: str
    folder: Path
    url: str | None = None
    problem: str | None = None
    news: str = ""
    status: int | None = None
    page: str | None = None
    calls: Counter[str] = field(default_factory=Counter)
    log: deque[str] = field(default_factory=lambda: deque(maxlen=_LOG_LINES))


class TrackApps:
    """The apps of one track, on a local cloud of their own. Its methods may be called from any thread."""

    def __init__(self, ref: TrackRef, saves: Saves) -> None:
        self.ref = ref
        self._saves = saves
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._cloud = Cloud(log=self._note, observe=self._count)
        self._apps: dict[str, App] = {}
        folders = {ref.track.start: ref.start, WORK: ref.copy, ref.track.finish: ref.finish}
        self.panes = {name: Pane(name, folder) for name, folder in folders.items()}
        self._files = _files_of(ref.copy)
        self._saved = threading.Event()
        self._closed = False
        self._reloading = threading.Thread(target=self._restart_after_saves, name="reloading", daemon=True)

    def start(self) -> None:
        """Start the apps whose folders exist; the pane of an app that does not start has the problem.

        From then on, the learner's app starts again after each save.
        """
        for name, pane in self.panes.items():
            if pane.folder.is_dir():
                self.restart(name)
        self._reloading.start()

    @property
    def running(self) -> list[str]:
        """The names of the apps that run."""
        return [pane.name for pane in self.panes.values() if pane.url]

    def restart(self, name: str, reason: str = "started") -> None:
        """Read the folder again, as a deployment would, and run what is in it now, at the same address."""
        with self._lock:
            if self._closed:
                return
            pane = self._pane(name)
            pane.problem = pane.page = pane.status = None
            try:
                if app := self._apps.get(name):
                    self._cloud.reload(app)
                else:
                    app = self._cloud.add(pane.folder, name=name, function=self.ref.codelab.function)
                    self._apps[name] = app
                    app.start()
            except UserError as error:
                pane.problem = str(error)
            else:
                pane.url = app.url
            pane.news = f"{reason} at {time.strftime('%H:%M:%S')}"

    def _restart_after_saves(self) -> None:
        """Restart the learner's app after each save of its files, until the apps are closed."""
        with self._saves.follow(self._saved.set):
            while not self._closed:
                self._saved.wait()
                self._saved.clear()
                files = _files_of(self.ref.copy)
                if files != self._files and not self._closed:
                    self._files = files
                    self.restart(WORK, "started again after your save")
                    self._saves.mark_changed(self.ref.copy)

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
        self._closed = True
        self._saved.set()
        self._cloud.close()  # without the lock, which they hold

    def _pane(self, name: str) -> Pane:
        if name not in self.panes:
            raise CodelabError(f'there is no app "{name}"; choose one of {", ".join(self.panes)}')
        return self.panes[name]

    def _note(self, name: str, line: str) -> None:
        self.panes[name].log.append(f"{time.strftime('%H:%M:%S')}  {line}")

    def _count(self, call: str) -> None:
        self._calls[call] += 1


def _files_of(folder: Path) -> Tree | None:
    """Return the files of a learner's copy; None if they cannot be read."""
    try:
        return read_tree(folder)
    except (CodelabError, OSError):
        return None


class AppRunner:
    """Runs the apps of one track at a time, so that a laptop runs three apps, not thirty."""

    def __init__(self, saves: Saves) -> None:
        self._saves = saves
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
            apps = self._open = TrackApps(ref, self._saves)
            apps.start()
            return apps

    def close(self) -> None:
        """End all apps, also while they are being started."""
        apps, self._open = self._open, None
        if apps:
            apps.close()
