"""The changes between two states of an app, grouped by the step that they belong to."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from codelab.readme.model import Step, Track
from codelab.readme.trees import Tree
from codelab.text_diff import Part, describe_too_large, find_parts, is_comparable

_CONTEXT = 2
# The rows and columns of a file that are shown; the rest is only counted.
MAX_ROWS = 1_000
MAX_COLUMNS = 1_000
# A new file is a deleted one, renamed, if this much of both is the same: as git has it.
_RENAMED = 0.5
# So many lines in a row that come and go are taken for moved.
_MOVED = 3

Line = tuple[int, str]
_Signed = tuple[str, str]


@dataclass(frozen=True)
class Row:
    """A line of either state, with its number; None if it has none.

    `kind` is kept, changed, added or removed. `moved` is the line's number in the other state if it is there as well.
    """

    kind: str
    old: Line | None
    new: Line | None
    moved: int = 0

    @property
    def touched(self) -> list[_Signed]:
        """The lines that come and go here, by their sign."""
        if self.kind == "kept":
            return []
        signed = [("-", self.old), ("+", self.new)]
        return [(sign, line[1].strip()) for sign, line in signed if line and line[1].strip()]


@dataclass(frozen=True)
class Hunk:
    """Some lines of a file that belong together, and a note about lines that are not shown.

    `file` is the file's name in the new state, or the old one if it is gone, and `was` its old name if it has another.
    """

    file: str
    rows: tuple[Row, ...]
    note: str = ""
    was: str = ""

    @property
    def unified(self) -> Iterator[tuple[str, Line, int]]:
        """Yield each line for one column: its sign, the line, and the number that it has moved to or from.

        Lines that replace others come after all of those.
        """
        waiting: list[tuple[str, Line, int]] = []
        for row in self.rows:
            if row.kind == "kept" and row.new:
                yield from waiting
                waiting = []
                yield " ", row.new, 0
                continue
            if row.old:
                yield "-", row.old, row.moved
            if row.new:
                waiting.append(("+", row.new, row.moved))
        yield from waiting


@dataclass
class StepChanges:
    """The hunks of one step and its reason for them. Without a step, they are the learner's own."""

    step: Step | None
    reason: str
    hunks: list[Hunk] = field(default_factory=list)


def group_by_step(track: Track, old: Tree, new: Tree) -> list[StepChanges]:
    """Find the changes, and give each to the step whose diffs share most of its lines, in either direction."""
    found = [StepChanges(step, reason_of(step)) for step in track.steps]
    own = StepChanges(None, "")
    lines = [_lines_of(step) for step in track.steps]
    for hunk in _find_hunks(old, new):
        for part, best in _split_by_step(hunk, lines):
            (own if best is None else found[best]).hunks.append(part)
    return [changes for changes in [*found, own] if changes.hunks]


def reason_of(step: Step) -> str:
    """Return the first paragraph of a step, which says why it is done."""
    return re.split(r"\n\s*\n|\n```", step.text, maxsplit=1)[0]


def _lines_of(step: Step) -> Counter[_Signed]:
    """Count the lines that a step adds and removes, in both directions, so that going back counts too."""
    lines: Counter[_Signed] = Counter()
    for diff in step.diffs:
        for line in diff.text.splitlines():
            if line[:1] in ("+", "-") and not line.startswith(("+++", "---")) and line[1:].strip():
                lines[line[0], line[1:].strip()] += 1
                lines["-" if line[0] == "+" else "+", line[1:].strip()] += 1
    return lines


def _split_by_step(hunk: Hunk, lines: Sequence[Counter[_Signed]]) -> Iterator[tuple[Hunk, int | None]]:
    """Yield the hunk with the step it belongs to, in several parts if neighbouring lines are of different steps.

    A line that several steps share, or none, belongs to the step of the lines around it.
    """
    whole = _best_step([line for row in hunk.rows for line in row.touched], lines)
    owners: list[int | None] = []
    for row in hunk.rows:
        sharing = [step for step, counts in enumerate(lines) if any(line in counts for line in row.touched)]
        owners.append(sharing[0] if len(sharing) == 1 else None)
    wanted = {owner for owner in owners if owner is not None}
    if len(wanted) < 2 or any(row.kind == "changed" for row in hunk.rows):
        yield hunk, whole
        return
    current = next(owner for owner in owners if owner is not None)
    begin = 0
    for number, owner in enumerate(owners):
        if owner is not None and owner != current:
            yield replace(hunk, rows=hunk.rows[begin:number], note=""), current
            begin, current = number, owner
    yield replace(hunk, rows=hunk.rows[begin:]), current


def _best_step(touched: Sequence[_Signed], lines: Sequence[Counter[_Signed]]) -> int | None:
    counted = Counter(touched)
    shared = [sum((counted & of_step).values()) for of_step in lines]
    best = max(range(len(shared)), key=lambda number: shared[number])
    return best if shared[best] else None


def _find_hunks(old: Tree, new: Tree) -> Iterator[Hunk]:
    renamed = _find_renamed(old, new)
    for file in sorted({*old, *new} - set(renamed.values())):
        was = renamed.get(file, "")
        yield from _hunks_of(file, old.get(was or file, ""), new.get(file, ""), was)


def _find_renamed(old: Tree, new: Tree) -> Mapping[str, str]:
    """Return the old names of files that have a new one, by the new name."""
    gone = [file for file in old if file not in new]
    found: dict[str, str] = {}
    for file in sorted(set(new) - set(old)):
        alike = {was: _likeness(old[was], new[file]) for was in gone if was not in found.values()}
        best = max(alike, key=lambda was: alike[was], default="")
        if best and alike[best] >= _RENAMED:
            found[file] = best
    return found


def _likeness(old: str, new: str) -> float:
    before, after = old.splitlines(), new.splitlines()
    if not before or not after or not is_comparable(before, after):
        return 0.0
    return difflib.SequenceMatcher(None, before, after, autojunk=False).ratio()


def _hunks_of(file: str, old: str, new: str, was: str) -> Iterator[Hunk]:
    before, after = old.splitlines(), new.splitlines()
    found = find_parts(before, after)
    if found is None:
        # A file that is the same is left out, however large it is.
        if before != after:
            yield Hunk(file, (), describe_too_large(before, after), was)
        return
    if was and before == after:
        yield Hunk(file, (), f"was {was}; its content is the same", was)
        return
    moved = _find_moved(found, before, after)
    left = MAX_ROWS
    for tag, old_start, old_end, new_start, new_end in found:
        if tag == "equal":
            continue
        # Each change is a hunk of its own: two that are close may belong to different steps.
        above = min(_CONTEXT, old_start, new_start)
        below = min(_CONTEXT, len(before) - old_end, len(after) - new_end)
        blocks: list[Part] = [
            ("equal", old_start - above, old_start, new_start - above, new_start),
            (tag, old_start, old_end, new_start, new_end),
            ("equal", old_end, old_end + below, new_end, new_end + below),
        ]
        rows = [row for block in blocks for row in _rows(block, before, after, moved)]
        if len(rows) > left:
            yield Hunk(file, tuple(rows[:left]), f"{len(rows) - left:,} more lines here are not shown", was)
            left = 0
            continue
        left -= len(rows)
        yield Hunk(file, tuple(rows), was=was)


def _find_moved(parts: Sequence[Part], before: Sequence[str], after: Sequence[str]) -> Mapping[tuple[str, int], int]:
    """Return the lines of blocks that are removed in one place and added in another, with their other number."""
    gone = [number for tag, start, end, _, _ in parts if tag != "equal" for number in range(start, end)]
    new = [number for tag, _, _, start, end in parts if tag != "equal" for number in range(start, end)]
    found: dict[tuple[str, int], int] = {}
    texts = [before[number] for number in gone], [after[number] for number in new]
    for block in difflib.SequenceMatcher(None, *texts, autojunk=False).get_matching_blocks():
        pairs = list(zip(gone[block.a : block.a + block.size], new[block.b : block.b + block.size], strict=True))
        if sum(bool(before[one].strip()) for one, _ in pairs) >= _MOVED:
            for one, other in pairs:
                found["-", one + 1] = other + 1
                found["+", other + 1] = one + 1
    return found


def _rows(
    block: Part, before: Sequence[str], after: Sequence[str], moved: Mapping[tuple[str, int], int]
) -> Iterator[Row]:
    tag, old_start, old_end, new_start, new_end = block
    olds = [(number + 1, _clipped(before[number])) for number in range(old_start, old_end)]
    news = [(number + 1, _clipped(after[number])) for number in range(new_start, new_end)]
    if tag == "replace" and any(("-", number) in moved for number, _ in olds):
        # What has moved is not changed into what stands in its place.
        yield from (Row("removed", old, None, moved.get(("-", old[0]), 0)) for old in olds)
        yield from (Row("added", None, new, moved.get(("+", new[0]), 0)) for new in news)
        return
    for position in range(max(len(olds), len(news))):
        old = olds[position] if position < len(olds) else None
        new = news[position] if position < len(news) else None
        kind = "kept" if tag == "equal" else "changed" if old and new else "added" if new else "removed"
        other = moved.get(("+", new[0]), 0) if new and not old else moved.get(("-", old[0]), 0) if old else 0
        yield Row(kind, old, new, other if kind != "kept" else 0)


def _clipped(line: str) -> str:
    return line if len(line) <= MAX_COLUMNS else f"{line[:MAX_COLUMNS]} ({len(line) - MAX_COLUMNS:,} more characters)"
