"""One side of a pair while a scenario runs on it: what visitors do, what the page has to say, and the record of it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from codelab.compare.expectation import expect
from codelab.compare.page import visits
from codelab.compare.visitor import Answer, Browser, Document, Visitor

SHOWN = 10
SECOND = timedelta(seconds=1)


class World(Protocol):
    """What a scenario may do to the world around an app; how it is done is the lane's business."""

    def restart(self) -> None: ...
    def advance(self, seconds: float) -> None: ...
    def cache_outage(self) -> AbstractContextManager[None]: ...
    def stall_redis(self) -> None: ...
    def resume_redis(self) -> int: ...
    def drop_redis_connections(self) -> None: ...
    def overwrite_caches(self, value: bytes, flags: int) -> int: ...
    def datastore_outage(self) -> AbstractContextManager[None]: ...
    def count_visits(self) -> int: ...
    def store_as_older_version(self, visitor: str) -> datetime: ...


@dataclass(frozen=True)
class Window:
    """When a visitor's request was under way."""

    line: str
    started: datetime
    ended: datetime


class Side:
    """A side of a pair. It knows whom every page must list, and keeps the answers as the transcript.

    A side with a `cache` ("Memcache" or "Redis") shows the newest visitor the cached list for an hour, and stores no
    visit meanwhile.
    """

    def __init__(self, name: str, url: str, world: World, *, cache: str | None) -> None:
        self.name = name
        self.world = world
        self.cache = cache
        self.transcript: list[Document] = []
        self._browser = Browser(url)
        self._cache_up = True
        self._cached: list[str] = []  # emptied and filled in place: sides may share it
        self._stored: list[str] = []
        self._windows: list[Window] = []

    def close(self) -> None:
        self._browser.close()

    def visit(self, visitor: Visitor, method: str = "GET", path: str = "/") -> Answer:
        """Let the visitor come, and check that the page lists whom it has to, newest first, each at their time."""
        answer = self._send(visitor, method, path)
        self._expect_a_page(answer)
        self.transcript.append(answer.document())
        expected = self._listed_after(visitor)
        if method == "GET":
            expect(
                answer.listed == expected,
                f"{self.name}: expected the page to list {_short(expected)}, found {_short(answer.listed)}",
            )
            self._check_times(answer)
        return answer

    def ask(self, visitor: Visitor, method: str, path: str = "/") -> Answer:
        """Let the visitor ask for what is no visit, and record the answer."""
        answer = self._browser.request(visitor, method, path)
        expect(answer.status < 500, f"{self.name}: expected an answer to {method} {path}, found {_seen(answer)}")
        self.transcript.append(answer.document())
        return answer

    def try_visit(self, visitor: Visitor) -> Answer:
        """Let the visitor come when the page may fail, or its list depends on chance; nothing is recorded."""
        return self._send(visitor, "GET", "/")

    def visit_at_once(self, visitors: list[Visitor]) -> None:
        """Let all of them come at the same time; each gets a page, in whatever order they were stored."""
        with ThreadPoolExecutor(max_workers=len(visitors)) as pool:
            answers = list(pool.map(self.try_visit, visitors))
        for answer in answers:
            self._expect_a_page(answer)
            strangers = sorted(set(answer.listed) - {visitor.line for visitor in visitors})
            expect(not strangers, f"{self.name}: expected visits of those who came, found {_short(strangers)}")
            self._check_times(answer)

    @contextmanager
    def cache_down(self) -> Iterator[None]:
        """Take the cache away, with all it holds, and bring it back empty."""
        with self.world.cache_outage():
            self._cache_up = False
            self._cached.clear()
            yield
        self._cache_up = True

    def advance(self, seconds: float, *, expires: bool) -> None:
        """Let time pass for the caches; `expires` says that a cached list is too old afterwards."""
        self.world.advance(seconds)
        if expires:
            self._cached.clear()

    @contextmanager
    def redis_stalled(self, calls: int) -> Iterator[None]:
        """Have Redis accept connections and answer none; so many `calls` must cost no more than a time-out each."""
        self.world.stall_redis()
        self._cache_up = False
        self._cached.clear()
        try:
            yield
        finally:
            connections = self.world.resume_redis()
            self._cache_up = True
        expect(
            connections <= calls,
            f"{self.name}: expected {calls} calls to a Redis that never answers, each over one connection at most, "
            f"found {connections} connections: a call that timed out must not be tried again",
        )

    def overwrite_cache(self, value: bytes, flags: int) -> None:
        """Put a value that is not this app's in the place of the cached list, if there is a cache."""
        if self.cache:
            expect(
                self.world.overwrite_caches(value, flags) > 0,
                f"{self.name}: expected a list in {self.cache}, found it empty",
            )
            self._cached.clear()

    def continue_from(self, other: Side) -> None:
        """Take over what the other side has stored: both work on one store, and on one cache if it is of a kind."""
        self._stored = other._stored
        self._windows = other._windows
        if self.cache == other.cache:
            self._cached = other._cached

    def adopt(self, visitor: Visitor, when: datetime) -> None:
        """Count a visit that came to the store by other means."""
        self._stored.append(visitor.line)
        self._windows.append(Window(visitor.line, when, when))

    def _send(self, visitor: Visitor, method: str, path: str) -> Answer:
        answer = self._browser.request(visitor, method, path)
        self._windows.append(Window(visitor.line, answer.started, answer.ended))
        return answer

    def _expect_a_page(self, answer: Answer) -> None:
        expect(answer.status == 200, f"{self.name}: expected the page (status 200), found {_seen(answer)}")

    def _listed_after(self, visitor: Visitor) -> list[str]:
        if self._cached and self._cached[0] == visitor.line:
            return self._cached
        self._stored.append(visitor.line)
        newest = self._stored[::-1][:SHOWN]
        if self.cache and self._cache_up:
            self._cached[:] = newest
        return newest

    def _check_times(self, answer: Answer) -> None:
        """Each time listed lies within a request of that visitor. The page shows whole seconds, in UTC."""
        for time, line in visits(answer.page):
            expect(
                any(
                    window.started - SECOND < time <= window.ended
                    for window in self._windows
                    if window.line == line.strip()
                ),
                f"{self.name}: expected each visit at the time it was made, in UTC; found {time:%c} for {line[:80]!r}",
            )


def _seen(answer: Answer) -> str:
    return f"status {answer.status}: {' '.join(answer.text.split())[:200]}"


def _short(visitors: list[str]) -> str:
    return "[" + ", ".join(repr(visitor[:60]) for visitor in visitors) + "]"
