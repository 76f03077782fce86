"""The writes that have made the things whose ids an app gives out, so that a page has these ids again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from localcloud.traffic import Answer, RecordedRequest, Source, Taken, look_up
from localcloud.traffic.given import WORD, Given, read_given
from localcloud.traffic.patterns import match
from localcloud.traffic.values import looks_handed_out

MOST_MADE = 6
"""The most writes that are repeated so that things are there."""
# Fields and attributes with these names have values that belong to a visitor or a page, and to no stored thing.
_TOKEN = re.compile(r"csrf|xsrf|nonce|token|authenticity|^state$", re.IGNORECASE)
_INDEX = re.compile(r"\[\d+\]")


def find_makers(
    taken: Taken,
    requests: Sequence[RecordedRequest],
    answers: Mapping[int, Answer],
    is_write: Callable[[int], bool],
) -> list[int]:
    """Return the numbers of the writes without which an answer would not give out a value, in order.

    `answers` are those of one app to the requests, by numbers from 1. A value that is the third in a list needs the two
    things before it, too. Returns at most the last MOST_MADE, and none for a token.
    """
    source = taken.source
    if source.request not in answers or source.kind == "cookie" or _TOKEN.search(source.pattern):
        return []
    value = look_up(answers[source.request], source, taken.value)
    listed = _list_values(read_given(answers[source.request]), source)
    if value is None or value not in listed:
        return []
    missing = set(listed[: listed.index(value) + 1])
    makers: set[int] = set()
    looks: dict[tuple[str, str, str], int] = {}  # by what was requested: the last answer to that
    for number in range(1, source.request + 1):
        if number not in answers or not missing:
            continue
        request = requests[number - 1]
        place = (request.session, request.method, request.target)
        before, looks[place] = looks.get(place, 0), number
        given = read_given(answers[number])
        values = _list_values(given, source)
        shown = {one for one in missing if one in values or _mentions(given, one)}
        if not shown:
            continue
        missing -= shown
        if is_write(number):
            makers.add(number)
        elif _may_be_new(shown, values, _list_values(read_given(answers[before]), source) if before else None):
            # Made since the page was without it. For a page that was not seen before, any earlier write may have.
            makers.update(filter(is_write, range(before + 1, number)))
    return sorted(makers)[-MOST_MADE:]


def _list_values(given: Given, source: Source) -> list[str]:
    """Return the values that an answer has in the place of a source, of a JSON list those of all its items."""
    return match(given, source.kind, _INDEX.sub("[]", source.pattern) if source.kind == "json" else source.pattern)


def _mentions(given: Given, value: str) -> bool:
    return looks_handed_out(value) and given.words.issuperset(WORD.findall(value))


def _may_be_new(shown: Iterable[str], values: Sequence[str], earlier: Sequence[str] | None) -> bool:
    """Return whether a page shows things that were added, with its values now and earlier, None if not seen before.

    If all values are others, they were replaced, as a token is that is new for each page. On a page that was not seen
    before, a value that looks like no id may have been there always.
    """
    if earlier is None:
        return any(map(looks_handed_out, shown))
    return not earlier or not set(values).isdisjoint(earlier)
