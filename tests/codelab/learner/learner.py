"""A learner, who types commands and edits files in a course of their own."""

from __future__ import annotations

import functools
from pathlib import Path

from codelab.check import Checker
from codelab.readme.course import Course
from codelab.workspace import Workspace
from tests.codelab.command import Answer, Keyboard, run_codelab
from tests.codelab.conftest import read_files
from tests.codelab.learner.hand import Edit, edit
from tests.support.course import COURSE, ROOT


class Learner:
    """A learner in a course. `codelab` runs the command; `copy` is the path of a track's copy."""

    def __init__(self, course: Path) -> None:
        self.course = course

    def codelab(self, *words: str, keyboard: Keyboard | None = None) -> Answer:
        """Run a command, and return its answer."""
        return run_codelab(self.course, *words, keyboard=keyboard)

    def copy(self, place: str) -> Path:
        return self.course / "work" / place.replace("/", "-")

    def edits(self, place: str, *edits: Edit) -> None:
        """Change files of the copy by hand."""
        edit(self.copy(place), edits)

    def has_done(self, place: str, steps: int) -> None:
        """Make a copy that is where the codelab's own diffs lead to in this many steps."""
        checker, workspace = checker_of(self.course, place), Workspace(self.course)
        workspace.start(checker.ref, checker.trees[steps])
        workspace.remember(checker.ref)

    def makes(self, place: str, *mistake: Edit, after: int = 0) -> None:
        """Make a copy with this many steps done, then make a mistake in it."""
        self.has_done(place, after)
        self.edits(place, *mistake)

    def files(self, place: str) -> dict[str, bytes]:
        """Return the copy's files."""
        return read_files(self.copy(place))


@functools.cache
def checker_of(course: Path, place: str) -> Checker:
    """Return the checker of a track; its `trees` are START and what it is after each step."""
    return Checker((COURSE if course == ROOT else Course(course)).track(place))
