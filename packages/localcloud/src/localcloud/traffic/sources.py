"""Values that an app gives out itself, such as a CSRF token or a new id: where from, and what to send instead.

A recording has the values that one app gave out. When the requests are sent again, each app gives out its own.
Load-test tools call this correlation.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from localcloud.traffic.given import WORD, read_given
from localcloud.traffic.patterns import list_patterns, match
from localcloud.traffic.recording import Answer, Exchange, RecordedRequest, Source, Taken
from localcloud.traffic.values import Place, change_values, list_values, looks_handed_out

# A value may be a part of another: a token in `Bearer TOKEN`, an id in 5629499534213120.html.
_FINER = (re.compile(r'[\s;,="/?&]+'), re.compile(r"[^\w-]+"), re.compile(r"[^A-Za-z0-9]+"))
_STATIC = re.compile(
    r"\.(js|mjs|css|map|png|jpe?g|gif|svg|ico|webp|woff2?|ttf|eot|mp[34]|pdf|txt|html?)$", re.IGNORECASE
)
_HASH = re.compile(r"[0-9a-f]{8,}|[A-Za-z0-9_-]{16,}")
# What many fields have by chance: no app needs to be asked for it.
_SAYS_NOTHING = frozenset({"/", "0", "1", "true"})
# Headers that say something about the browser, not about what the app gave it.
_BROWSERS_OWN = frozenset(
    {"accept", "accept-encoding", "accept-language", "content-type", "content-length", "host", "user-agent", "range"}
)


def find_taken(request: RecordedRequest, earlier: Mapping[int, Exchange]) -> tuple[Taken, ...]:
    """Return the values of a request that an earlier answer of its session has given out.

    `earlier` are the exchanges of the session before it, by their numbers in the recording. What the visitor sent
    before an answer had it was typed, and is not taken.
    """
    places = list_values(request)
    alike = Counter(value for _, value in places)
    taken: dict[str, Taken] = {}
    for place, value in places:
        if place.part == "cookie" or (place.part == "header" and place.name in _BROWSERS_OWN):
            continue
        for piece in _list_pieces(place, value):
            if any(piece in known for known in taken if known in value):
                continue  # it goes with the larger one
            alone = piece == value and alike[value] == 1
            if (source := _find_source(piece, place, earlier, alone)) and not _was_typed(piece, earlier, source):
                taken[piece] = Taken(piece, source)
    return tuple(taken.values())


def look_up(answer: Answer, source: Source, value: str = "") -> str | None:
    """Return the value that another app's answer has in the place; None if there is none.

    `value` is the recorded one. If the answer gives it out, too, among several that fit, it is the one that is meant:
    both apps have begun with the same data.
    """
    found = match(read_given(answer), source.kind, source.pattern)
    if value and (value in found or value in match(read_given(answer), source.kind, _any_index(source))):
        return value
    return found[source.number] if source.number < len(found) else None


def substitute(request: RecordedRequest, values: Mapping[str, str]) -> RecordedRequest:
    """Return the request with other values in the place of some, each encoded as its place needs.

    A value that looks handed out is also replaced where it is a part of another; a short one only where it is alone.
    """
    changes = {old: new for old, new in values.items() if old != new}
    if not changes:
        return request
    parts = sorted((old for old in changes if looks_handed_out(old)), key=len, reverse=True)
    pattern = (
        re.compile("|".join(rf"(?<![A-Za-z0-9]){re.escape(old)}(?![A-Za-z0-9])" for old in parts)) if parts else None
    )

    def change(place: Place, value: str) -> str:
        if value in changes:
            return changes[value]
        return pattern.sub(lambda found: changes[found[0]], value) if pattern else value

    return change_values(request, change)


def _list_pieces(place: Place, value: str) -> Iterator[str]:
    """Yield a value and its parts, the largest first."""
    seen = set()
    static = place.part == "path" and _STATIC.search(value)
    for piece in (value, *(piece for finer in _FINER for piece in finer.split(value))):
        if piece in seen or not piece or (static and not _HASH.fullmatch(piece)):
            continue
        seen.add(piece)
        if piece == value or looks_handed_out(piece):
            yield piece


def _find_source(value: str, place: Place, earlier: Mapping[int, Exchange], alone: bool) -> Source | None:
    """Return where the last answer that gives out a value has it."""
    token = looks_handed_out(value)
    if not token and not (alone and place.name):
        return None
    words = WORD.findall(value)
    for number in sorted(earlier, reverse=True):
        given = read_given(earlier[number].answer)
        if token and not given.words.issuperset(words):
            continue
        for kind, pattern in list_patterns(value, place.name, given, alone=alone):
            if kind == "field" and value in _SAYS_NOTHING:
                continue
            found = match(given, kind, pattern)
            if value in found:
                return Source(number, kind, pattern, found.index(value))
    return None


def _was_typed(value: str, earlier: Mapping[int, Exchange], source: Source) -> bool:
    """Return whether the visitor sent a value before any answer had it."""
    if not looks_handed_out(value):
        return False
    words = set(WORD.findall(value))
    for number in sorted(earlier):
        if any(
            value == sent or value in _list_pieces(place, sent) for place, sent in list_values(earlier[number].request)
        ):
            return True
        if number == source.request or read_given(earlier[number].answer).words >= words:
            return False
    return False


def _any_index(source: Source) -> str:
    """Return a pattern that fits a JSON value at any place of its lists; other patterns stay."""
    return re.sub(r"\[\d+\]", "[]", source.pattern) if source.kind == "json" else source.pattern
