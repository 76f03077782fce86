"""`codelab diff`: compare two states of a track."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codelab.errors import CodelabError
from codelab.readme.course import TrackRef
from codelab.readme.trees import Tree, held, read_tree, step_trees
from codelab.text_diff import describe_too_large, is_comparable
from codelab.workspace import Workspace
from localcloud.files.paths import format_name

# The state that is the learner's copy.
WORK = "work"


@dataclass(frozen=True)
class StateDiff:
    """Two states of a track by their names, and a unified diff from one to the other; "" if they are the same."""

    ref: TrackRef
    old: str
    new: str
    text: str


def diff(workspace: Workspace, ref: TrackRef, old: str, new: str) -> StateDiff:
    """Compare two states; read_state says which names they may have."""
    if old == new:
        raise CodelabError(f'both states are "{old}"; choose two different ones, such as --from START --to work')
    before, after = read_state(workspace, ref, old), read_state(workspace, ref, new)
    text = "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for file in sorted({*before, *after})
        for line in _unified_diff(
            before.get(file, "").splitlines(keepends=True),
            after.get(file, "").splitlines(keepends=True),
            f"{old}/{file}" if file in before else "/dev/null",
            f"{new}/{file}" if file in after else "/dev/null",
        )
    )
    return StateDiff(ref, old, new, text)


def read_state(workspace: Workspace, ref: TrackRef, name: str) -> Tree:
    """Return the files of "work", of the track after a step's number, or of a folder of the module such as FINISH.

    Raises CodelabError for any other name.
    """
    if name == WORK:
        return workspace.read(ref)
    if name.isdecimal():
        trees = step_trees(ref.codelab, ref.track)
        if name in map(str, range(len(trees))):
            return trees[int(name)]
    module = ref.codelab.readme.parent
    # Looked up among the module's folders, so that no name leads anywhere else.
    if name not in {entry.name for entry in module.iterdir() if entry.is_dir()}:
        folders = sorted({name for track in ref.codelab.tracks for name in (track.start, track.finish)})
        choices = f"{WORK}, a step (0 to {len(ref.track.steps)}), {', '.join(folders)}"
        raise CodelabError(f'"{format_name(name)}" is not a state of {ref.name}; choose one of: {choices}')
    return read_tree(held(module, name))


def _unified_diff(old: Sequence[str], new: Sequence[str], old_name: str, new_name: str) -> Iterator[str]:
    """Yield the lines of a unified diff, or for texts that are too large one line that says so."""
    if is_comparable(old, new):
        yield from difflib.unified_diff(old, new, old_name, new_name)
    elif old != new:
        yield f"{old_name} and {new_name}: {describe_too_large(old, new)}\n"
