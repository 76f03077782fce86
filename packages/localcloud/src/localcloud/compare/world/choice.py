"""The few requests of a recording that a behaviour repeats: a page of each route, and what it takes to see it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from localcloud.compare.routes import route
from localcloud.compare.world.makers import MOST_MADE, find_makers
from localcloud.frontend.sign_in import LOGIN as SIGN_IN
from localcloud.traffic import Answer, Recording

_PAGES = 6
_WRITES = 4
_REWRITES = 2
_FILE = re.compile(r"\.(?:css|js|map|png|jpe?g|gif|svg|ico|webp|woff2?|ttf|txt|xml)$", re.IGNORECASE)
_FILE_TYPES = ("image/", "font/", "audio/", "video/", "text/css", "text/javascript", "application/javascript")
_SIGNS_IN = re.compile(r"(?<![a-z])(?:log|sign)[-_]?(?:in|up)|register|auth(?!or)|session", re.IGNORECASE)


@dataclass(frozen=True)
class Seen:
    """What the old app has answered to a request of the recording, and the services that it has called for that."""

    answer: Answer
    calls: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Choice:
    """Numbers of requests. `pages` has one GET of each route; `all` are these and what has to precede, in order.

    `writes` are requests that write, one of each route; `rewrites` are these with the pages that they take values from,
    to write once more. Before a thing is deleted once more, another one is made. `of_visitors` are pages that anybody
    can see.
    """

    recording: Recording
    all: tuple[int, ...]
    pages: tuple[int, ...]
    writes: tuple[int, ...]
    rewrites: tuple[int, ...]
    of_visitors: frozenset[int]


class Chooser:
    """Chooses from a recording. `seen` has what the old app did with each request, as far as that is known."""

    def __init__(self, recording: Recording, seen: Mapping[int, Seen]) -> None:
        self._recording = recording
        self._requests = dict(enumerate(recording.requests, 1))
        self._seen = seen
        self._answers = {number: one.answer for number, one in seen.items()}
        self._makers: dict[int, list[int]] = {}  # by the requests that need them; each takes a look at all answers

    def choose(self, matters: Callable[[str], bool] = lambda call: True) -> Choice:
        """Choose pages and writes: first those for which the app makes a call that `matters`."""
        pages = self._one_of_each_route(self._is_page, matters)[:_PAGES]
        writes = self._one_of_each_route(self._is_write, matters)[:_WRITES]
        needed = self._with_needed({*pages, *writes})
        sessions = {self._requests[number].session for number in needed.difference(pages)}
        visitors = {
            number
            for number in pages
            if self._requests[number].session not in sessions and not self._requests[number].taken
        }
        rewrites = sorted({one for write in writes[:_REWRITES] for one in self._once_more(write)})
        return Choice(
            self._recording,
            tuple(sorted(needed)),
            tuple(pages),
            tuple(writes),
            tuple(rewrites),
            frozenset(visitors),
        )

    def may_add(self, number: int) -> bool:
        """Return whether a write may add one more thing: it names none that is there, and signs nobody in."""
        request = self._requests[number]
        return not self._signs_in(number) and not any(one.value in request.target for one in request.taken)

    def same_writes(self, number: int) -> list[int]:
        """Return the requests that write as this one does and in its session, itself included."""
        kind, session = route(self._requests[number]), self._requests[number].session
        return [
            other
            for other, request in self._requests.items()
            if request.session == session and route(request) == kind and self._is_write(other)
        ]

    def needed_for(self, number: int) -> tuple[int, ...]:
        """Return a request and those before it without which the app would refuse it, in order."""
        return tuple(sorted(self._with_needed({number})))

    def needed_before(self, number: int) -> set[int]:
        """Return the requests before this one without which the app would refuse it."""
        return self._with_needed({number}) - {number}

    def _once_more(self, number: int) -> set[int]:
        """Return a write with what it needs if it was sent before: pages, and a thing in the place of a deleted one."""
        again = {*self._makers_of(number)[-1:], number}
        return again.union(*map(self._sources_of, again))

    def _sources_of(self, number: int) -> list[int]:
        """Return the requests whose answers a request has values from, in order."""
        return sorted({one.source.request for one in self._requests[number].taken})

    def _makers_of(self, number: int) -> list[int]:
        """Return the writes that have made the things whose ids a request has, in order."""
        if number not in self._makers:
            found = {
                maker
                for one in self._requests[number].taken
                for maker in find_makers(one, self._recording.requests, self._answers, self._is_write)
            }
            self._makers[number] = sorted(found)
        return self._makers[number]

    def _one_of_each_route(self, fits: Callable[[int], bool], matters: Callable[[str], bool]) -> list[int]:
        first: dict[str, int] = {}
        for number, request in self._requests.items():
            if fits(number):
                first.setdefault(route(request), number)

        def has_no_such_call(number: int) -> bool:
            return number in self._seen and not any(map(matters, self._seen[number].calls))

        return sorted(first.values(), key=lambda number: (has_no_such_call(number), number))

    def _is_page(self, number: int) -> bool:
        request = self._requests[number]
        path = request.target.partition("?")[0]
        if request.method != "GET" or path.startswith("/_ah/") or _FILE.search(path):
            return False
        return number not in self._seen or (
            self._status(number) == 200 and not self._seen[number].answer.header("Content-Type").startswith(_FILE_TYPES)
        )

    def _is_write(self, number: int) -> bool:
        if self._requests[number].method in ("GET", "HEAD", "OPTIONS"):
            return False
        return number not in self._seen or self._status(number) < 400

    def _status(self, number: int) -> int:
        return self._seen[number].answer.status

    def _with_needed(self, numbers: Iterable[int]) -> set[int]:
        """Return requests with those that they cannot do without.

        These are signing in, the sources of their values, and the writes without which a source would not have them.
        """
        found: set[int] = set()
        made: set[int] = set()
        pending = list(numbers)
        while pending:
            number = pending.pop()
            if number in found:
                continue
            found.add(number)
            request = self._requests[number]
            pending += [one.source.request for one in request.taken]
            pending += self._sign_ins_before(number)
            if len(made.union(makers := self._makers_of(number))) <= MOST_MADE:
                made.update(makers)
                pending += makers
        return found

    def _sign_ins_before(self, number: int) -> list[int]:
        """Return the first and the last request of each route by which the visitor may have signed in or registered."""
        routes: dict[str, list[int]] = {}
        if self._signs_in(number):
            return []  # else each would need all before it
        for earlier in range(1, number):
            request = self._requests[earlier]
            if request.session == self._requests[number].session and self._signs_in(earlier):
                routes.setdefault(route(request), []).append(earlier)
        return [one for numbers in routes.values() for one in (numbers[0], numbers[-1])]

    def _signs_in(self, number: int) -> bool:
        request = self._requests[number]
        if request.target.startswith(SIGN_IN):
            return True
        return self._is_write(number) and bool(_SIGNS_IN.search(request.target) or b"assword" in request.body)
