"""`codelab reset`: take a copy back to START, or to what it is after a step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from codelab.errors import CodelabError
from codelab.readme.course import TrackRef
from codelab.readme.trees import Tree, step_trees
from codelab.workspace import Workspace, list_changes


@dataclass(frozen=True)
class ResetPlan:
    """The effect of a reset to the end of step `number` (0: to START), before it happens.

    `files` are the files it would put there, and `lost` lists the learner's changes that it would remove.
    """

    ref: TrackRef
    number: int
    files: Tree
    lost: tuple[str, ...]


def plan_reset(workspace: Workspace, ref: TrackRef, number: int = 0) -> ResetPlan:
    """Work out what a reset would change, without changing anything.

    Raises CodelabError for a number that no step has.
    """
    trees = step_trees(ref.codelab, ref.track)
    if not 0 <= number < len(trees):
        raise CodelabError(f"{ref.name} has no step {number}; choose 0 (START) to {len(trees) - 1}")
    lost = list_changes(trees[number], workspace.read(ref))
    return ResetPlan(ref, number, trees[number], tuple(lost))


def reset(workspace: Workspace, plan: ResetPlan) -> Path:
    """Do the reset, and return the folder where the old copy is kept."""
    return workspace.replace(plan.ref, plan.files)
