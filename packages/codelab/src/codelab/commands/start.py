"""`codelab start`: make a copy of START to work in."""

from __future__ import annotations

from dataclasses import dataclass

from codelab.check.steps import Judge
from codelab.readme.course import Place
from codelab.readme.model import Step
from codelab.workspace import Workspace


@dataclass(frozen=True)
class Started:
    """A new copy of a track's START, and the first step to do in it."""

    place: Place
    first_step: Step


def start(workspace: Workspace, place: Place, judge: Judge | None = None) -> Started:
    """Copy START into work/, and make this the current track.

    `judge` is the track's, if the caller has it already. Raises CodelabError if the copy exists.
    """
    judge = judge or Judge(place.codelab, place.track)
    workspace.start(place, judge.trees[0])
    workspace.remember(place)
    return Started(place, place.track.steps[0])
