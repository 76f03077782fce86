"""A comparison in words, which the terminal, the page and the JUnit file share."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import NamedTuple

from localcloud.compare.observation import Aspect
from localcloud.compare.result import ComparedRequest, Difference, Noise, Report
from localcloud.files.paths import format_text

_DIFFERS = {
    Aspect.STATUS: "the status differs",
    Aspect.REDIRECT: "the redirect differs",
    Aspect.CONTENT_TYPE: "the content type differs",
    Aspect.HEADERS: "the headers differ",
    Aspect.COOKIES: "the cookies differ",
    Aspect.DOCUMENT: "the document differs",
    Aspect.ENTITIES: "the entities that it writes differ",
    Aspect.TASKS: "the tasks that it adds differ",
    Aspect.MAILS: "the mails that it sends differ",
    Aspect.CACHE: "the cache keys that it writes differ",
    Aspect.CALLS: "the calls that it makes differ",
}
# These have one place only, which says nothing more.
_WITHOUT_PLACE = {Aspect.STATUS, Aspect.REDIRECT, Aspect.CONTENT_TYPE}
_ANY_ROUTE = "*"
_MOST_NUMBERS = 5
_LONGEST_ERROR = 400


class CallRow(NamedTuple):
    """How often both apps made a call."""

    name: str
    old: int
    new: int


def count(number: int, noun: str) -> str:
    """Return a number with its noun, as in "2 requests" or "no request"."""
    return f"{number:,} {noun}s" if number > 1 else f"{number or 'no'} {noun}"


def join(words: Sequence[str]) -> str:
    """Return words as a list, as in "4, 7 and 12"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def summarize(report: Report) -> str:
    """Return the verdict, as in "31 requests, 2 differences, 1 accepted"."""
    behaviours = f" with {count(len(report.behaviours), 'behaviour')}" if report.behaviours else ""
    accepted = len(report.differences) - len(report.open)
    parts = [count(len(report.requests), "request") + behaviours, count(len(report.open), "difference")]
    return ", ".join([*parts, *([f"{accepted:,} accepted"] if accepted else [])])


def describe_difference(difference: Difference) -> str:
    """Return where both apps differ, as in "GET /posts/*: the document differs, at html > body > p"."""
    return f"{_describe_route(difference)}: {describe_aspect(difference)}"


def describe_aspect(difference: Difference) -> str:
    """Return what differs and at which place, without the route."""
    place = "" if difference.aspect in _WITHOUT_PLACE else difference.place
    return _DIFFERS[difference.aspect] + (f", at {format_text(place)}" if place else "")


def describe_requests(difference: Difference) -> str:
    """Return which requests show a difference, as in "3 requests: 4, 7 and 12"."""
    numbers = [str(number) for number in difference.requests]
    if len(numbers) == 1:
        return f"request {numbers[0]}"
    shown = numbers if len(numbers) <= _MOST_NUMBERS + 1 else numbers[:_MOST_NUMBERS]
    more = len(numbers) - len(shown)
    return f"{count(len(numbers), 'request')}: {join([*shown, *([f'{more:,} more'] if more else [])])}"


def describe_error(request: ComparedRequest) -> str:
    """Return what the log of the new app says of an answer 5xx, "" if it says nothing or the answer is another one."""
    error = format_text(request.errors[1][:_LONGEST_ERROR])
    return f"The new app's log: {error}" if error else ""


def describe_noise_place(noise: Noise) -> str:
    """Return the aspect and the place of noise."""
    place = "" if noise.aspect in _WITHOUT_PLACE else noise.place
    return format_text(f"{noise.aspect.value}, {place}" if place else noise.aspect.value)


def list_calls(report: Report) -> list[CallRow]:
    """Return how often both apps made each call, by name."""
    old, new = report.calls
    return [CallRow(format_text(name), old[name], new[name]) for name in sorted({*old, *new}) if old[name] or new[name]]


def format_command(line: str) -> str:
    """Return a shell's command line as one that can be printed and does the same."""
    if line.isprintable():
        return line
    try:
        words = shlex.split(line)
    except ValueError:  # it is no command line
        return format_text(line)
    return " ".join(map(quote_word, words))


def quote_word(word: str) -> str:
    """Return a word for a command line that can be printed: line ends and the like become escapes in bash's $'…'."""
    if word.isprintable():
        return shlex.quote(word)
    return "$'" + "".join(map(_escape, word)) + "'"


def _escape(letter: str) -> str:
    if letter in "\\'":
        return f"\\{letter}"
    if letter.isprintable():
        return letter
    # Python keeps a byte that is not UTF-8 as one of these surrogates. No command line can have the others.
    errors = "surrogateescape" if "\udc80" <= letter <= "\udcff" else "surrogatepass"
    # Always two hexadecimal digits, so that a digit that follows is not read as one of them.
    return "".join(f"\\x{byte:02x}" for byte in letter.encode("utf-8", errors))


def _describe_route(difference: Difference) -> str:
    route = "several routes" if difference.route == _ANY_ROUTE else difference.route
    return format_text(f"{route} ({difference.behaviour})" if difference.behaviour else route)
