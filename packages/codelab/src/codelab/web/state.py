"""The state behind the pages: the course, the learner's copies and the running apps."""

from __future__ import annotations

import posixpath
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import abort

from codelab.check import Checker, Outcome, Progress, known_progress
from codelab.commands.check import Checked, check
from codelab.commands.list import CopyState
from codelab.errors import CodelabError
from codelab.readme.course import Course, TrackRef
from codelab.readme.trees import Tree
from codelab.web.app_runner import AppRunner
from codelab.web.assessments import Assessments
from codelab.web.checks import BackgroundChecks
from codelab.web.live import Saves, SharedRendering
from codelab.workspace import Workspace
from datastore_emulator.http.workers import Workers

if TYPE_CHECKING:
    from codelab.compare.session import Session


@dataclass(frozen=True)
class LastOutcome:
    """The outcome of the last check of a copy; `outdated` says that a file has changed since."""

    outcome: Outcome
    outdated: bool


class PageState:
    """The state that all pages share. Its methods may be called from any thread."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.workspace = Workspace(course.root)
        self.saves = Saves(self.workspace.folder)
        self.apps = AppRunner(self.saves)
        self.checks = BackgroundChecks(self._check, lambda ref: self.saves.mark_changed(ref.copy))
        # One thread renders for all open pages, so that they never keep more than one core busy.
        self.renderers = Workers("renderer", 1)
        self.assessments = Assessments(course.root)
        self._renderings: dict[str, SharedRendering] = {}
        self._checks: dict[str, Checked] = {}
        self._checkers: dict[str, Checker] = {}
        self._progress: dict[str, tuple[Checker, Tree, Progress]] = {}
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._session_lock = threading.Lock()

    def _check(self, ref: TrackRef, on_scenario: Callable[[str], None]) -> None:
        """Check the learner's copy, and keep what was found. The apps of one check stay for the next."""
        from codelab.compare.session import Session

        with self._session_lock:
            self._session = self._session or Session()
            checked = check(
                self.course,
                self.workspace,
                ref,
                checker=self.checker(ref),
                on_scenario=on_scenario,
                session=self._session,
            )
        self.keep_check(checked)

    def close(self) -> None:
        """End all apps, and break off a check that is under way."""
        if self._session:  # without its lock, which a check holds
            self._session.close()
        self.apps.close()
        self.assessments.close()

    def find_track(self, module: str, folder: str) -> TrackRef:
        """Return the track that starts at a module's folder; any other is a 404."""
        try:
            return self.course.track(f"{module}/{folder}")
        except CodelabError as error:
            abort(404, str(error))

    def checker(self, ref: TrackRef) -> Checker:
        """Return the track's checker, which is made once for each version of the README."""
        with self._lock:
            known = self._checkers.get(ref.name)
            # The course reads a README once for each version.
            if known is None or known.ref.codelab is not ref.codelab:
                known = self._checkers[ref.name] = Checker(ref)
            return known

    def read_copy(self, ref: TrackRef) -> CopyState:
        """Read the state of the learner's copy; a copy that cannot be read breaks no page."""
        return self.read_copy_and_outcome(ref)[0]

    def read_copy_and_outcome(self, ref: TrackRef) -> tuple[CopyState, LastOutcome | None]:
        """Read the state of the learner's copy, and the outcome of its last check."""
        if not ref.copy.is_dir():
            return CopyState(), None
        try:
            files = self.workspace.read(ref)
            known = self._progress.get(ref.name)
            checker = self.checker(ref)
            if known is None or known[0] is not checker or known[1] != files:
                # Only the newest: each part of a page and each open tab asks for it again.
                known = self._progress[ref.name] = checker, files, known_progress(checker, self.workspace, files)
        except CodelabError as error:
            return CopyState(problem=str(error)), None
        checked = self._checks.get(ref.name)
        last = LastOutcome(checked.outcome, checked.files != files) if checked and checked.outcome else None
        return CopyState(known[2]), last

    def keep_check(self, checked: Checked) -> None:
        """Keep what a check found, and show it on every open page."""
        self._checks[checked.ref.name] = checked
        self._progress.pop(checked.ref.name, None)  # the check may have shown that a step is done
        self.saves.mark_changed(checked.ref.copy)

    def share_rendering(self, ref: TrackRef, render: Callable[[], str]) -> SharedRendering:
        """Return the rendering of a track's progress, which its open pages share; call this on the event loop."""
        if ref.name not in self._renderings:
            self._renderings[ref.name] = SharedRendering(render, self.renderers)
        return self._renderings[ref.name]


def address(ref: TrackRef, *parts: object) -> str:
    """Return the path of a track's page, the same on every machine."""
    return posixpath.join(f"/{ref.name}", *map(str, parts))
