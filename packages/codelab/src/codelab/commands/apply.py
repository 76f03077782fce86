"""`codelab apply`: do the next step in a learner's copy, among the learner's own edits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from merge3 import Merge3

from codelab.check import Checker, known_progress
from codelab.errors import CodelabError
from codelab.invocation import suggest
from codelab.readme.course import TrackRef
from codelab.readme.model import Step
from codelab.readme.trees import Tree, Unread
from codelab.text_diff import is_comparable
from codelab.workspace import Workspace, make_command

# read_tree puts this in place of bytes that are not UTF-8; no file of the course has it.
_NOT_UTF8 = "\ufffd"


@dataclass(frozen=True)
class Applied:
    """A step that was done: the files that changed, and where the learner's own are kept if one was overwritten."""

    ref: TrackRef
    step: Step
    files: tuple[str, ...]
    kept: Path | None


def apply(workspace: Workspace, ref: TrackRef, *, overwrite: bool = False, checker: Checker | None = None) -> Applied:
    """Do the first step that is not done, and keep the learner's own edits.

    `checker` is the track's, if the caller has it already. With `overwrite`, the step's files replace the learner's,
    which are kept. Without it, raises CodelabError, with nothing written, where both change the same lines.
    """
    checker = checker or Checker(ref)
    mine = workspace.read(ref)
    progress = known_progress(checker, workspace, mine)
    pending = progress.pending
    if pending is None:
        raise CodelabError(f"{ref.name}: all steps are done already; run `{make_command('check', ref)}`")
    step = pending.step
    if (pending.app_works is False or pending.doubtful) and not overwrite:
        overwrite_command = suggest("apply", ref.name, overwrite=True)
        fails = "it cannot be decided here whether it is right" if pending.doubtful else "its app fails"
        reason = f"{fails}; `{make_command('check', ref)}` says why"
        for fault in (*progress.damage, *progress.faults)[:1]:
            reason = f"there is a fault in them: {fault}"
        raise CodelabError(
            f"step {step.number} is in your files, and {reason}; "
            f"correct it, or run `{overwrite_command}` to take the codelab's files (yours are kept in work/.kept)"
        )
    before, after = checker.trees[step.number - 1], checker.trees[step.number]
    changed = {file for file in {*before, *after} if before.get(file) != after.get(file)}
    files: dict[str, str | None] = {}
    for file in sorted(changed):
        wanted = after.get(file) if overwrite else _merge(ref, file, before, mine, after)
        if wanted != mine.get(file):
            files[file] = wanted
    replaced = any(mine.get(file) not in (None, before.get(file)) for file in files)
    kept = workspace.change(ref, files, keep=replaced)
    return Applied(ref, step, tuple(files), kept)


def _merge(ref: TrackRef, file: str, before: Tree, mine: Tree, after: Tree) -> str | None:
    """Return the file with both the learner's edits and the step's; None if the step deletes it."""
    base, yours, theirs = before.get(file), mine.get(file), after.get(file)
    if theirs is None or yours in (None, base, theirs):
        return theirs
    overwrite = suggest("apply", ref.name, overwrite=True)
    otherwise = f"or run `{overwrite}` to take the codelab's file (yours is kept in work/.kept)"
    if isinstance(yours, Unread):
        raise CodelabError(f"{file}: expected {yours.expected}, found {yours.found}; move it away, then apply again")
    if _NOT_UTF8 in yours:
        raise CodelabError(f"{file} is not UTF-8, so the step cannot be merged into it; save it as UTF-8, {otherwise}")
    line_end = "\r\n" if "\r\n" in yours else "\n"
    yours = yours.replace("\r\n", "\n")
    base_lines, lines, their_lines = (text.splitlines(keepends=True) for text in (base or "", yours, theirs))
    if not is_comparable(base_lines, lines):
        raise CodelabError(f"{file} is too large to merge ({len(lines):,} lines); do the step by hand, {otherwise}")
    merge = Merge3(base_lines, lines, their_lines)
    line = 1
    for group in merge.merge_groups():
        if group[0] == "conflict":
            raise CodelabError(
                f"{file}:{line}: this step and your edits change the same lines; do it by hand, {otherwise}"
            )
        line += len(group[1])
    return "".join(merge.merge_lines()).replace("\n", line_end)
