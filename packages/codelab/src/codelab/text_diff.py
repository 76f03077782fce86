"""Compare two texts line by line, as long as that takes a bounded amount of work."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence

# A part of both texts, as difflib has it: a tag, then from and to in the old and in the new lines.
Part = tuple[str, int, int, int, int]

MAX_LINES = 5_000
# difflib looks at each pair of equal lines again for each part that it finds.
MAX_STEPS = 20_000_000


def parts(old: Sequence[str], new: Sequence[str]) -> list[Part] | None:
    """Return the parts that are equal, replaced, deleted or inserted; None if the texts are too large to compare."""
    if not comparable(old, new):
        return None
    return list(difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes())


def comparable(old: Sequence[str], new: Sequence[str]) -> bool:
    """Tell whether two texts are small enough to compare."""
    return max(len(old), len(new)) <= MAX_LINES and steps(old, new) <= MAX_STEPS


def steps(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how many steps a comparison takes at the most."""
    counts = Counter(new)
    pairs = sum(counts[line] for line in old)
    return (len(old) + pairs) * (1 + min(len(old), len(new)))


def changed_lines(old: Sequence[str], new: Sequence[str]) -> str:
    """Return how many lines come and go, in words."""
    found = parts(old, new)
    if found is None:
        return too_large(old, new)
    blocks = [block for block in found if block[0] != "equal"]
    return f"+{sum(b[4] - b[3] for b in blocks)} -{sum(b[2] - b[1] for b in blocks)} lines"


def too_large(old: Sequence[str], new: Sequence[str]) -> str:
    """Return what is said in place of a comparison."""
    return f"changed, and too large to compare ({len(old):,} and {len(new):,} lines)"
