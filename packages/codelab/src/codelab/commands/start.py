"""`codelab start`: make a copy of START to work in."""

from __future__ import annotations

from dataclasses import dataclass

from codelab.check import Checker
from codelab.readme.course import TrackRef
from codelab.readme.model import Step
from codelab.workspace import Workspace


@dataclass(frozen=True)
class Started:
    """A new copy of a track's START, and the first step to do in it."""

    ref: TrackRef
    first_step: Step


def start(workspace: Workspace, ref: TrackRef, checker: Checker | None = None) -> Started:
    """Copy START into work/, and make this the current track.

    `checker` is the track's, if the caller has it already. Raises CodelabError if the copy exists.
    """
    checker = checker or Checker(ref)
    workspace.start(ref, checker.trees[0])
    workspace.remember(ref)
    return Started(ref, ref.track.steps[0])
