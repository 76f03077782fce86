"""Which lines of two texts belong together, by an equality of the caller's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from operator import eq

from localcloud.compare.observation import Line

# Texts with more lines that differ are compared roughly.
_MOST_CHANGES = 400

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
    matches = _longest(first, second, equal)
    if matches is None:
        matches = _rough(one, other, first, second, equal)
    return _gaps(first, second, matches)


def _longest(first: range, second: range, equal: Same) -> list[tuple[int, int]] | None:
    """Return the longest common subsequence as pairs of numbers, None if too much differs.

    By Myers' algorithm, whose time grows with what differs: An O(ND) Difference Algorithm and Its Variations, 1986.
    """
    ends = {1: 0}  # how far in the first text the paths have come, by the diagonal that they are on
    earlier: list[dict[int, int]] = []
    for changes in range(_MOST_CHANGES + 1):
        earlier.append(ends.copy())
        for diagonal in range(-changes, changes + 1, 2):
            before = _previous(ends, changes, diagonal)
            i = ends[before] + (before < diagonal)
            while i < len(first) and i - diagonal < len(second) and equal(first[i], second[i - diagonal]):
                i += 1
            ends[diagonal] = i
            if i >= len(first) and i - diagonal >= len(second):
                return [(first[one], second[other]) for one, other in _trace(earlier, len(first), len(second))]
    return None


def _previous(ends: dict[int, int], changes: int, diagonal: int) -> int:
    """Return the diagonal that a path comes from: by a line of the second text, or by one of the first."""
    if diagonal == -changes or (diagonal != changes and ends[diagonal - 1] < ends[diagonal + 1]):
        return diagonal + 1
    return diagonal - 1


def _trace(earlier: Sequence[dict[int, int]], i: int, j: int) -> list[tuple[int, int]]:
    """Return the pairs on the path that has come to the end of both texts."""
    pairs = []
    for changes in range(len(earlier) - 1, -1, -1):
        before = _previous(earlier[changes], changes, i - j)
        start = earlier[changes][before]
        while i > start and j > start - before:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        i, j = start, start - before
    return pairs[::-1]


def _rough(
    one: Sequence[Line], other: Sequence[Line], first: range, second: range, equal: Same
) -> list[tuple[int, int]]:
    """Return equal lines in their order, and of blocks of equal length between them what belongs together."""
    if [one[i].place for i in first] == [other[j].place for j in second]:
        in_place = [(i, j) for i, j in zip(first, second, strict=True) if equal(i, j)]
        if len(in_place) * 2 >= len(first):  # a table with the same rows, and something new in each: difflib takes long
            return in_place
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
