"""`codelab diff`: compare two states of a track."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from codelab.errors import CodelabError
from codelab.readme.course import TrackRef
from codelab.readme.trees import Tree, held, read_tree, step_trees
from codelab.text_diff import describe_too_large, is_comparable, split_lines
from codelab.workspace import Workspace, make_diff_command
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


def diff(workspace: Workspace, ref: TrackRef, old: str | None = None, new: str | None = None) -> StateDiff:
    """Compare two states, by default the track's START and FINISH; read_state says which names they may have."""
    old, new = old or ref.track.start, new or ref.track.finish
    if old == new:
        raise CodelabError(
            f'both states are "{old}"; choose two different ones, as in '
            f"`{make_diff_command(ref, ref.track.start, WORK)}`"
        )
    before, after = read_state(workspace, ref, old), read_state(workspace, ref, new)
    text = "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for file in sorted({*before, *after})
        for line in _diff_file(f"{old}/{file}", before.get(file), f"{new}/{file}", after.get(file))
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


def _diff_file(old_name: str, old_text: str | None, new_name: str, new_text: str | None) -> Iterator[str]:
    """Yield the lines of a diff that `git apply` takes, or for texts that are too large one line that says so.

    The text of a file that does not exist is None.
    """
    old, new = split_lines(old_text or ""), split_lines(new_text or "")
    if not old and not new and old_text != new_text:
        # An empty file has no lines to tell of it. The last line here also ends git's header.
        yield f"diff --git {old_name} {new_name}\n"
        yield "new file mode 100644\n" if old_text is None else "deleted file mode 100644\n"
        yield "(an empty file)\n"
    elif is_comparable(old, new):
        old_name, new_name = (f"{name}\t" if " " in name else name for name in (old_name, new_name))  # as git does
        before = "/dev/null" if old_text is None else old_name
        after = "/dev/null" if new_text is None else new_name
        yield from difflib.unified_diff(old, new, before, after)
    elif old != new:
        yield f"{old_name} and {new_name}: {describe_too_large(old, new)}\n"
