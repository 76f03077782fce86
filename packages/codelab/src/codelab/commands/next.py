"""`codelab next`: find what to do now."""

from __future__ import annotations

from dataclasses import dataclass

from codelab.commands.current_step import AllDone
from codelab.commands.show import ShownStep, show
from codelab.readme.course import Course, TrackRef
from codelab.workspace import Workspace


@dataclass(frozen=True)
class NotStarted:
    """A track that has no copy yet."""

    ref: TrackRef


def find_next(course: Course, workspace: Workspace, ref: TrackRef) -> NotStarted | ShownStep | AllDone:
    """Return what to do now: start the track, do a step, or go on to the next track."""
    return show(course, workspace, ref) if ref.copy.exists() else NotStarted(ref)
