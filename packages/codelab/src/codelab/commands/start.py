"""`codelab start`: make a copy of START to work in."""

from __future__ import annotations

from dataclasses import dataclass

from codelab.readme.course import TrackRef
from codelab.readme.model import Step
from codelab.readme.trees import step_trees
from codelab.workspace import Workspace


@dataclass(frozen=True)
class Started:
    """A new copy of a track's START, and the first step to do in it."""

    ref: TrackRef
    first_step: Step


def start(workspace: Workspace, ref: TrackRef) -> Started:
    """Copy START into work/, and make this the current track; raises CodelabError if the copy exists."""
    workspace.start(ref, step_trees(ref.codelab, ref.track)[0])
    workspace.remember(ref)
    return Started(ref, ref.track.steps[0])
