"""The changes between two states of an app, grouped by the step that they belong to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from codelab.readme.model import Step, Track
from codelab.readme.trees import Tree
from codelab.text_diff import describe_too_large, find_parts

_CONTEXT = 2
# The rows and columns of a file that are shown; the rest is only counted.
MAX_ROWS = 1_000
MAX_COLUMNS = 1_000


@dataclass(frozen=True)
class Row:
    """A line of either state, with its number; None if it has none. `kind` is kept, changed, added or removed."""

    kind: str
    old: tuple[int, str] | None
    new: tuple[int, str] | None


@dataclass(frozen=True)
class Hunk:
    """Some lines of a file that belong together, and a note about lines that are not shown."""

    file: str
    rows: tuple[Row, ...]
    note: str = ""

    @property
    def touched(self) -> Counter[tuple[str, str]]:
        """The lines that come and go, by their sign."""
        lines = [("-", row.old[1].strip()) for row in self.rows if row.old and row.kind != "kept"]
        lines += [("+", row.new[1].strip()) for row in self.rows if row.new and row.kind != "kept"]
        return Counter(line for line in lines if line[1])


@dataclass
class StepChanges:
    """The hunks of one step and its reason for them. Without a step, they are the learner's own."""

    step: Step | None
    reason: str
    hunks: list[Hunk] = field(default_factory=list)


def group_by_step(track: Track, old: Tree, new: Tree) -> list[StepChanges]:
    """Find the changes, and give each hunk to the step whose diffs share most of its lines, in either direction."""
    found = [StepChanges(step, reason_of(step)) for step in track.steps]
    own = StepChanges(None, "")
    lines = [_lines_of(step) for step in track.steps]
    for hunk in _find_hunks(old, new):
        shared = [sum((hunk.touched & of_step).values()) for of_step in lines]
        best = max(range(len(shared)), key=lambda number: shared[number])
        (found[best] if shared[best] else own).hunks.append(hunk)
    return [changes for changes in [*found, own] if changes.hunks]


def reason_of(step: Step) -> str:
    """Return the first paragraph of a step, which says why it is done."""
    return re.split(r"\n\s*\n|\n```", step.text, maxsplit=1)[0]


def _lines_of(step: Step) -> Counter[tuple[str, str]]:
    """Count the lines that a step adds and removes, in both directions, so that going back counts too."""
    lines: Counter[tuple[str, str]] = Counter()
    for diff in step.diffs:
        for line in diff.text.splitlines():
            if line[:1] in ("+", "-") and not line.startswith(("+++", "---")) and line[1:].strip():
                lines[line[0], line[1:].strip()] += 1
                lines["-" if line[0] == "+" else "+", line[1:].strip()] += 1
    return lines


def _find_hunks(old: Tree, new: Tree) -> Iterator[Hunk]:
    for file in sorted({*old, *new}):
        before, after = old.get(file, "").splitlines(), new.get(file, "").splitlines()
        found = find_parts(before, after)
        if found is None:
            # A file that is the same is left out, however large it is.
            if before != after:
                yield Hunk(file, (), describe_too_large(before, after))
            continue
        left = MAX_ROWS
        for tag, old_start, old_end, new_start, new_end in found:
            if tag != "equal":
                # Each change is a hunk of its own: two that are close may belong to different steps.
                above = min(_CONTEXT, old_start, new_start)
                below = min(_CONTEXT, len(before) - old_end, len(after) - new_end)
                blocks = (
                    ("equal", old_start - above, old_start, new_start - above, new_start),
                    (tag, old_start, old_end, new_start, new_end),
                    ("equal", old_end, old_end + below, new_end, new_end + below),
                )
                rows = [row for block in blocks for row in _rows(block, before, after)]
                if len(rows) > left:
                    yield Hunk(file, tuple(rows[:left]), f"{len(rows) - left:,} more lines here are not shown")
                    left = 0
                    continue
                left -= len(rows)
                yield Hunk(file, tuple(rows))


def _rows(block: tuple[str, int, int, int, int], before: list[str], after: list[str]) -> Iterator[Row]:
    tag, old_start, old_end, new_start, new_end = block
    olds = [(number + 1, _clipped(before[number])) for number in range(old_start, old_end)]
    news = [(number + 1, _clipped(after[number])) for number in range(new_start, new_end)]
    for position in range(max(len(olds), len(news))):
        old = olds[position] if position < len(olds) else None
        new = news[position] if position < len(news) else None
        kind = "kept" if tag == "equal" else "changed" if old and new else "added" if new else "removed"
        yield Row(kind, old, new)


def _clipped(line: str) -> str:
    return line if len(line) <= MAX_COLUMNS else f"{line[:MAX_COLUMNS]} ({len(line) - MAX_COLUMNS:,} more characters)"
