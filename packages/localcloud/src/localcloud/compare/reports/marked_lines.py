"""The lines of a diff, with the words that differ marked in each pair of an old line and a new one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile

from localcloud.compare.result import DiffLine
from localcloud.files.paths import format_text

_WORD = re.compile(r"\w+|\W")
_SPACE = re.compile(r"\s")


@dataclass(frozen=True)
class MarkedLine:
    """A line that can be printed: `changed` is what its partner does not have, "" if it has none or all is new."""

    sign: str
    before: str
    changed: str = ""
    after: str = ""

    def __str__(self) -> str:
        return f"{self.sign} {self.before}{self.changed}{self.after}"

    def shortened(self, longest: int) -> MarkedLine:
        """Return the line with at most about so many characters, from around what has changed."""
        if len(self.before) + len(self.changed) + len(self.after) <= longest:
            return self
        if not self.changed and not self.after:
            return MarkedLine(self.sign, _cut_end(self.before, longest))
        side = longest // 4
        return MarkedLine(
            self.sign, _cut_start(self.before, side), _cut_end(self.changed, 2 * side), _cut_end(self.after, side)
        )


def mark_changes(diff: Sequence[DiffLine]) -> list[MarkedLine]:
    """Return the lines of a diff; where as many lines are added as removed, they are pairs."""
    blocks = [(sign, [format_text(line.text) for line in lines]) for sign, lines in groupby(diff, lambda one: one.sign)]
    return list(_mark_blocks(blocks))


def _mark_blocks(blocks: Sequence[tuple[str, list[str]]]) -> Iterator[MarkedLine]:
    number = 0
    while number < len(blocks):
        sign, texts = blocks[number]
        following = blocks[number + 1] if number + 1 < len(blocks) else ("", [])
        if (sign, following[0]) == ("-", "+") and len(texts) == len(following[1]):
            pairs = [mark_pair(old, new) for old, new in zip(texts, following[1], strict=True)]
            yield from (old for old, _ in pairs)
            yield from (new for _, new in pairs)
            number += 2
        else:
            yield from (MarkedLine(sign, text) for text in texts)
            number += 1


def mark_pair(old: str, new: str) -> tuple[MarkedLine, MarkedLine]:
    """Return an old line and a new one, with the words marked that only one of them has."""
    olds, news = _WORD.findall(old), _WORD.findall(new)
    start = _count_equal(olds, news)
    end = _count_equal(olds[start:][::-1], news[start:][::-1])
    if not start and not end:
        return MarkedLine("-", old), MarkedLine("+", new)
    return _mark("-", olds, start, end), _mark("+", news, start, end)


def find_changed_words(one: str, other: str) -> tuple[str, str]:
    """Return what differs between two lines that can be printed, up to the spaces around it."""
    first, second = (
        f"{_SPACE.split(line.before)[-1]}{line.changed}{_SPACE.split(line.after, maxsplit=1)[0]}"
        for line in mark_pair(format_text(one), format_text(other))
    )
    return first, second


def _count_equal(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _mark(sign: str, words: Sequence[str], start: int, end: int) -> MarkedLine:
    stop = len(words) - end
    return MarkedLine(sign, "".join(words[:start]), "".join(words[start:stop]), "".join(words[stop:]))


def _cut_end(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}[{len(text) - longest:,} more characters]"


def _cut_start(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"[{len(text) - longest:,} more characters]{text[len(text) - longest :]}"
