"""The learner's commands that change a copy, and the one that compares it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence

from merge3 import Merge3
from rich.console import Console
from rich.syntax import Syntax

from codelab.check import Checker
from codelab.errors import CodelabError
from codelab.readme.course import TrackRef
from codelab.readme.trees import Tree, Unread, held, read_tree
from codelab.text_diff import comparable, too_large
from codelab.workspace import Workspace, list_changes, make_command
from localcloud.files.paths import format_name

WORK = "work"
# What read_tree puts in place of bytes that are no UTF-8; no file of the course has it.
_NO_UTF8 = "\ufffd"


class Editor:
    """Does a step for the learner, takes the copy back to an earlier one, and shows differences."""

    def __init__(self, workspace: Workspace, console: Console) -> None:
        self._workspace = workspace
        self._console = console

    def apply(self, place: TrackRef, *, overwrite: bool) -> bool:
        """Do the first step that is not done, among the learner's own edits.

        Raises CodelabError, with nothing written, where the step and an edit of the learner's meet in the same lines;
        with `overwrite` the step's files replace the learner's, which are kept.
        """
        checker = Checker(place)
        mine = self._workspace.read(place)
        progress = checker.progress(mine)
        if progress.pending is None:
            raise CodelabError(
                f"{place.name}: expected a step to do, found all of them done; `{make_command('check', place)}`"
            )
        step = progress.pending.step
        before, after = checker.trees[step.number - 1], checker.trees[step.number]
        changed = {file for file in {*before, *after} if before.get(file) != after.get(file)}
        files: dict[str, str | None] = {}
        for file in sorted(changed):
            wanted = after.get(file) if overwrite else _merged(file, before, mine, after)
            if wanted != mine.get(file):
                files[file] = wanted
        replaced = any(mine.get(file) not in (None, before.get(file)) for file in files)
        kept = self._workspace.change(place, files, keep=replaced)
        self._say(f"Step {step.number}, {step.title}, is done for you in {', '.join(files) or 'no file'}.")
        if kept:
            self._say(f"Your files as they were: {kept.relative_to(place.root)}")
        self._say(
            f"What it changed and why: {make_command('show', place)} STEP={step.number}; "
            f"then {make_command('check', place)}"
        )
        return True

    def reset(self, place: TrackRef, number: int, confirm: Callable[[], bool]) -> bool:
        """Take the copy back to what it is after a step (0: START), once the learner has seen what goes and agreed."""
        checker = Checker(place)
        if not 0 <= number < len(checker.trees):
            raise CodelabError(f"expected a step of {place.name} from 0 to {len(checker.trees) - 1}, found {number}")
        target = checker.trees[number]
        lost = list_changes(target, self._workspace.read(place))
        if not lost:
            self._say(f"{place.name}: nothing to reset, your copy is what it is {_after(number)}.")
            return True
        self._say(f"{place.name} {_after(number)} is without these changes of yours:")
        for line in lost:
            self._say(f"  {line}")
        if not confirm():
            self._say("Nothing is reset.")
            return False
        kept = self._workspace.replace(place, target)
        self._say(f"Your copy is what it is {_after(number)}. The old one is kept: {kept.relative_to(place.root)}")
        return True

    def diff(self, place: TrackRef, old: str, new: str) -> bool:
        """Print how one state differs from another: "work", a step's number, or a folder such as FINISH."""
        if old == new:
            raise CodelabError(f'expected two different states to compare, found "{old}" twice')
        before, after = state_of(self._workspace, place, old), state_of(self._workspace, place, new)
        text = "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for file in sorted({*before, *after})
            for line in _unified(
                before.get(file, "").splitlines(keepends=True),
                after.get(file, "").splitlines(keepends=True),
                f"{old}/{file}" if file in before else "/dev/null",
                f"{new}/{file}" if file in after else "/dev/null",
            )
        )
        if not text:
            self._say(f"{old} and {new} of {place.name} are the same.")
        elif self._console.is_terminal:
            self._console.print(Syntax(text, "diff", background_color="default", word_wrap=True))
        else:
            self._console.file.write(text)
        return True

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def state_of(workspace: Workspace, place: TrackRef, name: str) -> Tree:
    """Return the files of "work", of the track after a step's number, or of a folder of the module such as FINISH.

    Raises CodelabError for any other name.
    """
    if name == WORK:
        return workspace.read(place)
    if name.isdecimal():
        trees = Checker(place).trees
        if name in map(str, range(len(trees))):
            return trees[int(name)]
    module = place.codelab.readme.parent
    # Looked up among the folders that there are, so that no name leads anywhere else.
    if name not in {entry.name for entry in module.iterdir() if entry.is_dir()}:
        folders = ", ".join(sorted({name for track in place.codelab.tracks for name in (track.start, track.finish)}))
        steps = f"a step from 0 to {len(place.track.steps)}"
        raise CodelabError(f'"{format_name(name)}": expected {WORK}, {steps}, or one of {folders}')
    return read_tree(held(module, name))


def _unified(old: Sequence[str], new: Sequence[str], old_name: str, new_name: str) -> Iterator[str]:
    """Yield the lines of a unified diff, or one line that says why there is none."""
    if comparable(old, new):
        yield from difflib.unified_diff(old, new, old_name, new_name)
    elif old != new:
        yield f"{old_name} and {new_name}: {too_large(old, new)}\n"


def _merged(file: str, before: Tree, mine: Tree, after: Tree) -> str | None:
    """Return the file with both the learner's edits and the step's."""
    base, yours, theirs = before.get(file), mine.get(file), after.get(file)
    if yours == base or theirs is None:
        return theirs
    if yours is None or yours == theirs:
        return theirs
    if isinstance(yours, Unread):
        raise CodelabError(
            f"{file}: to do the step in it, expected {yours.expected}, found {yours.found}; move it away, or "
            "`make apply OVERWRITE=1`, which puts the codelab's file in place of a file and keeps yours"
        )
    if _NO_UTF8 in yours:
        raise CodelabError(
            f"{file}: expected UTF-8 to do the step in, found other bytes; save the file as UTF-8, or "
            "`make apply OVERWRITE=1`, which puts the codelab's file there and keeps yours"
        )
    line_end = "\r\n" if "\r\n" in yours else "\n"
    yours = yours.replace("\r\n", "\n")
    base_lines, lines, their_lines = (text.splitlines(keepends=True) for text in (base or "", yours, theirs))
    if not comparable(base_lines, lines):
        raise CodelabError(
            f"{file}: {len(lines):,} lines are too many to do the step in; do it by hand, or "
            "`make apply OVERWRITE=1`, which puts the codelab's file there and keeps yours"
        )
    merge = Merge3(base_lines, lines, their_lines)
    line = 1
    for group in merge.merge_groups():
        if group[0] == "conflict":
            raise CodelabError(
                f"{file}:{line}: expected to do the step among your edits, found both in the same lines; do it by "
                "hand, or `make apply OVERWRITE=1`, which puts the codelab's file there and keeps yours"
            )
        line += len(group[1])
    return "".join(merge.merge_lines()).replace("\n", line_end)


def _after(number: int) -> str:
    return f"after step {number}" if number else "at START"
