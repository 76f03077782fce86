"""A line whose noise is known: two texts of it that mean the same, as a pattern for others.

Two answers of one app to one request differ in times, ids and tokens. The parts that they share must be in the answer
of another app, too. Between them it may have what has the same shape: digits for digits, letters for letters.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from difflib import SequenceMatcher

NOISE = "…"
_TOKEN = re.compile(
    r"""
    [0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}  # a UUID
    | (?=[\w-]*\d)[\w-]{16,}  # a random word, as in Base64 for URLs
    | \d+\.\d+(?:[eE][-+]?\d+)?
    | \d{1,3}(?:,\d{3})+(?!\d)
    | \w+
    | \W
    """,
    re.VERBOSE,
)
_NUMBER = re.compile(r"[-+]?[\d.,]+(?:[eE][-+]?\d+)?")
# An app that shows parts of a second shows them each time, and one that groups thousands groups all of them.
_FRACTION = r"[-+]?(?:[\d,]*\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)"
_GROUPED = r"[-+]?\d{1,3}(?:,\d{3})*(?:\.\d+)?"
_RANDOM = r"[\w\-+/=.%:~|!]"
# Nobody guesses a random word so long. A name or a small number in its place is no such word.
_HARD_TO_GUESS = 16
# Texts of more words are not aligned word by word: that would take minutes for a picture in Base64.
_MOST_WORDS = 2_000
_MOST_NOISES = 200
# Below this, two texts are no two versions of one line: all of it is noise, as a quotation of the day is.
_ALIKE = 0.4


def tokens(text: str) -> list[str]:
    """Return a text's words and the characters between them."""
    return _TOKEN.findall(text)


def is_number(text: str) -> bool:
    """Return whether a text is a number, with a sign, commas or an exponent."""
    return _NUMBER.fullmatch(text) is not None


def shape(texts: Collection[str]) -> str:
    """Return the pattern of texts that are as noisy as these; none of them may be empty unless one of these is."""
    full = [text for text in texts if text]
    pattern = _shape(full)
    return pattern if len(full) == len(texts) else f"(?:{pattern})?"


def _shape(texts: Collection[str]) -> str:
    if all(map(str.isdecimal, texts)):
        return r"\d+"
    for pattern in (_FRACTION, _GROUPED):
        if all(re.fullmatch(pattern, text) for text in texts):
            return pattern
    if all(map(is_number, texts)):
        return r"[\d.,eE+\-]+"
    if all(map(str.isalpha, texts)):
        return r"[^\W\d_]+"
    if _are_random(texts):
        shortest = min(map(len, texts))
        return rf"{_RANDOM}{{{shortest // 4 if shortest >= _HARD_TO_GUESS else 1},}}"
    return r"[\s\S]+"


def _are_random(texts: Collection[str]) -> bool:
    return all(re.fullmatch(f"{_RANDOM}+", text) for text in texts)


@dataclass(frozen=True)
class Template:
    """A line with noise. `masked` is its text with "…" in the place of each noise.

    `pattern` matches lines like it, with a group for each noise.
    """

    masked: str
    pattern: re.Pattern[str]

    def matches(self, text: str) -> bool:
        """Return whether a text differs from the line in noise alone."""
        return self.pattern.fullmatch(text) is not None


def make_template(one: str, other: str) -> Template:
    """Make the template of two texts of one line, which differ."""
    words, others = tokens(one), tokens(other)
    long = max(len(words), len(others)) > _MOST_WORDS
    pieces = _join_noise(_align_ends(words, others) if long and len(words) != len(others) else _align(words, others))
    if len(pieces) > _MOST_NOISES:
        pieces = _align_ends(words, others)
    masked, pattern = [], []
    for stable, first, second in pieces:
        if stable:
            masked.append(stable)
            pattern.append(re.escape(stable))
        else:
            masked.append(NOISE)
            pattern.append(f"({shape((first, second))})")
    return Template("".join(masked), re.compile("".join(pattern)))


# A stable text and "", "" or "" and the two texts of a noise.
_Piece = tuple[str, str, str]


def _align(one: list[str], other: list[str]) -> list[_Piece]:
    if len(one) == len(other):
        # By position: in a time, 12:12 and 12:13 have one part that differs, and not a part more and a part less.
        pairs = [(a, "", "") if a == b else ("", a, b) for a, b in zip(one, other, strict=True)]
        if _is_alike([stable for stable, _, _ in pairs], one, other):
            return pairs
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    if not _is_alike([word for tag, i1, i2, _, _ in blocks if tag == "equal" for word in one[i1:i2]], one, other):
        text = "".join(one).lstrip()
        indent = "".join(one)[: -len(text) or None]
        return [(indent, "", ""), ("", text, " \n")]
    return [
        ("".join(one[i1:i2]), "", "") if tag == "equal" else ("", "".join(one[i1:i2]), "".join(other[j1:j2]))
        for tag, i1, i2, j1, j2 in blocks
    ]


def _align_ends(one: list[str], other: list[str]) -> list[_Piece]:
    """Return what two long texts share at their ends, with one noise between."""
    start = _count_equal(one, other)
    end = _count_equal(one[start:][::-1], other[start:][::-1])
    middle = "".join(one[start : len(one) - end]), "".join(other[start : len(other) - end])
    pieces = [("".join(one[:start]), "", ""), ("", *middle), ("".join(one[len(one) - end :]), "", "")]
    return [piece for piece in pieces if any(piece)]


def _count_equal(one: list[str], other: list[str]) -> int:
    """Return how many words both begin with."""
    shortest = min(len(one), len(other))
    return next((number for number in range(shortest) if one[number] != other[number]), shortest)


def _is_alike(shared: list[str], one: list[str], other: list[str]) -> bool:
    """Return whether two texts are versions of one line, by the words and marks that they share."""
    return _count(shared) >= _ALIKE * min(_count(one), _count(other))


def _count(words: list[str]) -> int:
    return sum(not word.isspace() for word in words)


def _join_noise(pieces: list[_Piece]) -> list[_Piece]:
    """Join neighbours, and random words with the punctuation between them, as a token in Base64 has it."""
    joined: list[_Piece] = []
    for piece in pieces:
        if joined and bool(joined[-1][0]) == bool(piece[0]):
            joined[-1] = tuple(map("".join, zip(joined[-1], piece, strict=True)))  # type: ignore[assignment]
        elif (
            len(joined) >= 2
            and not piece[0]
            and _is_random(joined[-2])
            and _is_random(piece)
            and not joined[-1][0].strip("-+/=._~")
        ):
            mark = joined.pop()[0]
            _, first, second = joined.pop()
            joined.append(("", first + mark + piece[1], second + mark + piece[2]))
        else:
            joined.append(piece)
    return joined


def _is_random(piece: _Piece) -> bool:
    """Return whether a noise is more than digits or a word of letters."""
    texts = [text for text in piece[1:] if text]
    return not piece[0] and not all(map(is_number, texts)) and not all(map(str.isalpha, texts)) and _are_random(texts)
