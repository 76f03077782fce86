"""The progress of a learner's copy, with what its app has shown when it was run last."""

from __future__ import annotations

from codelab.check.checker import Checker
from codelab.check.progress import Progress
from codelab.readme.trees import Tree
from codelab.workspace import Workspace


def known_progress(checker: Checker, workspace: Workspace, files: Tree) -> Progress:
    """Return the progress of a copy with these files.

    A step that the app has shown to be right stays done while the learner goes on. One that it has failed at is the one
    to do, until a later check runs the app again.
    """
    return after_verdict(checker.progress(files), workspace.read_verdict(checker.ref))


def after_verdict(progress: Progress, verdict: tuple[int, bool | None] | None) -> Progress:
    """Return the progress after the last verdict, if there is one: a step, and whether the app worked there.

    None in the place of that: it could not be decided.
    """
    if verdict is None:
        return progress
    number, works = verdict
    if works:
        return progress.accept(number)
    if number != progress.reached:
        return progress
    return progress.doubt(number) if works is None else progress.reject(number)
