"""`codelab hint`: show the hint of a step."""

from __future__ import annotations

from dataclasses import dataclass

from codelab.commands.current_step import AllDone, find_step
from codelab.readme.course import Course, TrackRef
from codelab.readme.model import Step
from codelab.workspace import Workspace


@dataclass(frozen=True)
class ShownHint:
    """A step of which to show the hint alone."""

    ref: TrackRef
    step: Step


def hint(course: Course, workspace: Workspace, ref: TrackRef, number: int | None = None) -> ShownHint | AllDone:
    """Return the step with this number, by default the one to do now, to show its hint."""
    step = find_step(course, workspace, ref, number)
    return step if isinstance(step, AllDone) else ShownHint(ref, step)
