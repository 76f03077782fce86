"""The step that a learner is to do now."""

from __future__ import annotations

from dataclasses import dataclass

from codelab.check import Checker, known_progress
from codelab.errors import CodelabError
from codelab.readme.course import Course, TrackRef
from codelab.readme.model import Step
from codelab.workspace import Workspace


@dataclass(frozen=True)
class AllDone:
    """All steps of a track are done; `following` is the track to do next."""

    ref: TrackRef
    following: TrackRef | None


def find_step(course: Course, workspace: Workspace, ref: TrackRef, number: int | None) -> Step | AllDone:
    """Return the step with this number; without a number, the first step that is not done.

    Raises CodelabError for a number that no step has, and without a number if there is no copy.
    """
    steps = ref.track.steps
    if number is None:
        pending = known_progress(Checker(ref), workspace, workspace.read(ref)).pending
        return pending.step if pending else AllDone(ref, course.after(ref))
    if not 1 <= number <= len(steps):
        raise CodelabError(f"{ref.name} has no step {number}; its steps are 1 to {len(steps)}")
    return steps[number - 1]
