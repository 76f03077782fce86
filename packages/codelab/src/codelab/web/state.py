"""The state behind the pages: the course, the learner's copies and the running apps."""

from __future__ import annotations

import posixpath
import threading
from collections.abc import Callable

from flask import abort

from codelab.check.outcome import Outcome
from codelab.check.progress import Standing, standing_of
from codelab.check.steps import Judge
from codelab.commands.check import Checked
from codelab.commands.list import CopyState
from codelab.errors import CodelabError
from codelab.readme.course import Course, Place
from codelab.readme.trees import Tree
from codelab.web.app_runner import AppRunner
from codelab.web.live import Saves, SharedRendering
from codelab.workspace import Workspace
from datastore_emulator.http.workers import Workers


class PageState:
    """The state that all pages share. Its methods may be called from any thread."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.workspace = Workspace(course.root)
        self.saves = Saves(self.workspace.folder)
        self.apps = AppRunner()
        # One thread renders for all open pages, so that they never keep more than one core busy.
        self._renderers = Workers("renderer", 1)
        self._renderings: dict[str, SharedRendering] = {}
        self._checks: dict[str, Checked] = {}
        self._judges: dict[tuple[str, int], Judge] = {}
        self._progress: dict[str, tuple[Judge, Tree, Standing]] = {}
        self._lock = threading.Lock()

    def find_track(self, module: str, folder: str) -> Place:
        """Return the track that starts at a module's folder; any other is a 404."""
        try:
            return self.course.place(f"{module}/{folder}")
        except CodelabError as error:
            abort(404, str(error))

    def judge(self, place: Place) -> Judge:
        """Return the track's judge, which is made once for each version of the README."""
        key = (place.name, place.codelab.readme.stat().st_mtime_ns)
        with self._lock:
            if key not in self._judges:
                self._judges[key] = Judge(place.codelab, place.track)
            return self._judges[key]

    def read_copy(self, place: Place) -> CopyState:
        """Read the state of the learner's copy; a copy that cannot be read breaks no page."""
        return self.read_copy_and_outcome(place)[0]

    def read_copy_and_outcome(self, place: Place) -> tuple[CopyState, Outcome | None]:
        """Read the state of the learner's copy, and the outcome of its last check if no file has changed since."""
        if not place.copy.is_dir():
            return CopyState(), None
        try:
            files = self.workspace.read(place)
            known = self._progress.get(place.name)
            judge = self.judge(place)
            if known is None or known[0] is not judge or known[1] != files:
                # Only the newest: each part of a page and each open tab asks for it again.
                known = self._progress[place.name] = judge, files, standing_of(judge, files)
        except CodelabError as error:
            return CopyState(problem=str(error)), None
        checked = self._checks.get(place.name)
        return CopyState(known[2]), checked.outcome if checked and checked.files == files else None

    def keep_check(self, checked: Checked) -> None:
        """Keep what a check found, and show it on every open page."""
        self._checks[checked.place.name] = checked
        self.saves.mark_changed(checked.place.copy)

    def share_rendering(self, place: Place, render: Callable[[], str]) -> SharedRendering:
        """Return the rendering of a track's progress, which its open pages share; call this on the event loop."""
        if place.name not in self._renderings:
            self._renderings[place.name] = SharedRendering(render, self._renderers)
        return self._renderings[place.name]


def address(place: Place, *parts: object) -> str:
    """Return the path of a track's page, the same on every machine."""
    return posixpath.join(f"/{place.name}", *map(str, parts))
