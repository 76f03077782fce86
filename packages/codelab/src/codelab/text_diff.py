"""Compare two texts line by line, unless they are so large that it would take too long."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Sequence

# One of difflib's opcodes: a tag, then the range in the old lines and the range in the new ones.
Part = tuple[str, int, int, int, int]

MAX_LINES = 5_000
# difflib looks at every pair of equal lines again for each part that it finds.
MAX_STEPS = 20_000_000


def split_lines(text: str) -> list[str]:
    """Split a text after each newline, as diff and git do; other line ends, such as a form feed, stay in their line."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def find_parts(old: Sequence[str], new: Sequence[str]) -> list[Part] | None:
    """Find the parts that are equal, replaced, deleted or inserted; None if the texts are too large to compare."""
    if not is_comparable(old, new):
        return None
    return list(difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes())


def is_comparable(old: Sequence[str], new: Sequence[str]) -> bool:
    """Return true if two texts are small enough to compare."""
    return max(len(old), len(new)) <= MAX_LINES and count_steps(old, new) <= MAX_STEPS


def count_steps(old: Sequence[str], new: Sequence[str]) -> int:
    """Return the largest number of steps that a comparison may take."""
    counts = Counter(new)
    pairs = sum(counts[line] for line in old)
    return (len(old) + pairs) * (1 + min(len(old), len(new)))


def describe_change(old: Sequence[str], new: Sequence[str]) -> str:
    """Describe how many lines are added and removed, such as "+2 -1 lines"."""
    found = find_parts(old, new)
    if found is None:
        return describe_too_large(old, new)
    blocks = [block for block in found if block[0] != "equal"]
    return f"+{sum(b[4] - b[3] for b in blocks)} -{sum(b[2] - b[1] for b in blocks)} lines"


def describe_too_large(old: Sequence[str], new: Sequence[str]) -> str:
    """Describe a change that is too large to compare."""
    return f"changed, and too large to compare ({len(old):,} and {len(new):,} lines)"
