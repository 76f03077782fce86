"""Which lines of two texts belong together, by an equality of the caller's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from operator import eq

from localcloud.compare.observation import Line

# A table of all pairs of lines is made for smaller blocks only.
_MOST_PAIRS = 200_000

Same = Callable[[int, int], bool]
"""Returns whether the line of that number in the first text and that in the second belong together."""


def align(one: Sequence[Line], other: Sequence[Line], same: Same | None = None) -> list[tuple[range, range]]:
    """Return the blocks in which two texts differ, as ranges of lines; one of the two may be empty."""
    equal = same or (lambda i, j: eq(one[i], other[j]))
    start = 0
    shortest = min(len(one), len(other))
    while start < shortest and equal(start, start):
        start += 1
    end = 0
    while end < shortest - start and equal(len(one) - 1 - end, len(other) - 1 - end):
        end += 1
    first, second = range(start, len(one) - end), range(start, len(other) - end)
    if not first and not second:
        return []
    if not first or not second:
        return [(first, second)]
    matches = (
        _longest(first, second, equal)
        if len(first) * len(second) <= _MOST_PAIRS
        else _rough(one, other, first, second, equal)
    )
    return _gaps(first, second, matches)


def _longest(first: range, second: range, equal: Same) -> list[tuple[int, int]]:
    """Return the longest common subsequence as pairs of numbers."""
    width = len(second)
    lengths = [[0] * (width + 1) for _ in range(len(first) + 1)]
    found = [[equal(i, j) for j in second] for i in first]
    for i in range(len(first) - 1, -1, -1):
        row, below = lengths[i], lengths[i + 1]
        for j in range(width - 1, -1, -1):
            row[j] = below[j + 1] + 1 if found[i][j] else max(below[j], row[j + 1])
    matches = []
    i = j = 0
    while i < len(first) and j < width:
        if found[i][j] and lengths[i][j] == lengths[i + 1][j + 1] + 1:
            matches.append((first[i], second[j]))
            i, j = i + 1, j + 1
        elif lengths[i + 1][j] >= lengths[i][j + 1]:
            i += 1
        else:
            j += 1
    return matches


def _rough(
    one: Sequence[Line], other: Sequence[Line], first: range, second: range, equal: Same
) -> list[tuple[int, int]]:
    """Return equal lines in their order, and of blocks of equal length between them what belongs together."""
    matcher = SequenceMatcher(None, [one[i] for i in first], [other[j] for j in second], autojunk=True)
    matches = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        pairs = list(zip(first[i1:i2], second[j1:j2], strict=False))
        if tag == "equal" or (tag == "replace" and i2 - i1 == j2 - j1):
            matches += [(i, j) for i, j in pairs if tag == "equal" or equal(i, j)]
    return matches


def _gaps(first: range, second: range, matches: list[tuple[int, int]]) -> list[tuple[range, range]]:
    gaps = []
    i, j = first.start, second.start
    for one, other in [*matches, (first.stop, second.stop)]:
        if one > i or other > j:
            gaps.append((range(i, one), range(j, other)))
        i, j = one + 1, other + 1
    return gaps
