"""`codelab show`: show a step of the codelab."""

from __future__ import annotations

from dataclasses import dataclass

from codelab.commands.current_step import AllDone, find_step
from codelab.readme.course import Course, TrackRef
from codelab.readme.model import Step
from codelab.workspace import Workspace


@dataclass(frozen=True)
class ShownStep:
    """A step to show, with its text."""

    ref: TrackRef
    step: Step


def show(course: Course, workspace: Workspace, ref: TrackRef, number: int | None = None) -> ShownStep | AllDone:
    """Return the step with this number, by default the one to do now."""
    step = find_step(course, workspace, ref, number)
    return step if isinstance(step, AllDone) else ShownStep(ref, step)
