"""An app while a scenario runs on it: what visitors do, what each page has to show, and the record of the answers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from codelab.compare.assertions import expect
from codelab.compare.visitor import PATIENCE, Answer, Browser, Document, Visitor

SHOWN = 10
SECOND = timedelta(seconds=1)


class Backend(Protocol):
    """The actions of a scenario on an app's process and on the services behind it."""

    def restart(self) -> None:
        """Restart the app's process."""

    def advance(self, seconds: float) -> None:
        """Let time pass for the caches."""

    def cache_outage(self) -> AbstractContextManager[None]:
        """Take the caches away, with all they hold, and bring them back empty."""
        ...

    def stall_redis(self) -> None:
        """Make Redis accept connections and never answer."""

    def resume_redis(self) -> int:
        """Make Redis answer again; return how many connections were made to it meanwhile."""

    def drop_redis_connections(self) -> None:
        """Close the apps' connections to Redis."""

    def overwrite_caches(self, value: bytes, flags: int) -> int:
        """Replace every cached value by this one; return how many there were."""

    def datastore_outage(self) -> AbstractContextManager[None]:
        """Take the Datastore away; it keeps what it holds."""
        ...

    def count_visits(self) -> int:
        """Return how many visits the Datastore holds."""

    def store_as_older_version(self, visitor: str) -> datetime:
        """Store a visit as an older version of the app did; return its time."""


@dataclass(frozen=True)
class Window:
    """The time that a visitor's request took."""

    line: str
    started: datetime
    ended: datetime


class AppUnderTest:
    """An app with what its pages must list; `transcript` has its answers.

    An app with a `cache` ("Memcache" or "Redis") shows the newest visitor the cached list for an hour, and stores no
    visit meanwhile.
    """

    def __init__(self, name: str, url: str, backend: Backend, *, cache: str | None, patience: float = PATIENCE) -> None:
        self.name = name
        self.backend = backend
        self.cache = cache
        self.transcript: list[Document] = []
        self._browser = Browser(url, patience)
        self._cache_up = True
        self._cached: list[str] = []  # changed in place: two apps may share it
        self._stored: list[str] = []
        self._windows: list[Window] = []
        self._event = ""  # what has happened since the last visit, in words
        self._seconds = 0.0  # that have passed since the list was cached

    def close(self) -> None:
        """Close the connections."""
        self._browser.close()

    def visit(self, visitor: Visitor, method: str = "GET", path: str = "/") -> Answer:
        """Send the visitor to the page. It must list the right visitors, newest first, with their times."""
        answer = self._send(visitor, method, path)
        self._expect_a_page(answer)
        self.transcript.append(answer.document())
        cached = bool(self._cached) and self._cached[0] == visitor.line
        expected = self._listed_after(visitor)
        if method == "GET":
            reason = self._reason(visitor, cached=cached)
            expect(
                answer.listed == expected,
                f"{self.name}: {reason}expected the page to list {_short(expected)}, found {_short(answer.listed)}",
                only_addresses=_agents(answer.listed) == _agents(expected),
            )
            self._check_times(answer)
        self._event = ""
        return answer

    def _reason(self, visitor: Visitor, *, cached: bool) -> str:
        """Return in words what has happened, and why the page should list what it should; "" for a plain visit."""
        if cached:
            before = f"{self._event}, less than an hour; " if self._event else ""
            return f"{before}the same visitor came again, so the cached list should be shown and no visit added: "
        if self._event and self.cache:
            return f"{self._event}; the list should have been fetched anew: "
        if self._event:
            return f"{self._event}; the visits from before should be there: "
        if visitor.headers:
            sent = "; ".join(f"{name.decode()}: {value.decode('latin-1')}" for name, value in visitor.headers)
            return f"the client sent {sent[:200]}; the page should show the address that the platform saw: "
        return ""

    def request(self, visitor: Visitor, method: str, path: str = "/") -> Answer:
        """Send a request other than a visit, and record the answer."""
        answer = self._browser.request(visitor, method, path)
        expect(
            answer.status < 500, f"{self.name}: expected a status below 500 for {method} {path}, found {_seen(answer)}"
        )
        self.transcript.append(answer.document())
        return answer

    def try_visit(self, visitor: Visitor) -> Answer:
        """Send the visitor when the page may fail, or its list depends on chance. Nothing is checked or recorded."""
        return self._send(visitor, "GET", "/")

    def visit_at_once(self, visitors: list[Visitor]) -> None:
        """Send all visitors at the same time. Each must get a page; the order in which they are stored is open."""
        with ThreadPoolExecutor(max_workers=len(visitors)) as pool:
            answers = list(pool.map(self.try_visit, visitors))
        for answer in answers:
            self._expect_a_page(answer)
            strangers = sorted(set(answer.listed) - {visitor.line for visitor in visitors})
            expect(not strangers, f"{self.name}: expected only these visitors on the page, found {_short(strangers)}")
            self._check_times(answer)

    def restart(self) -> None:
        """Restart the app's process."""
        self.backend.restart()
        self._event = f"{self._event}, and the app was restarted" if self._event else "the app was restarted"

    @contextmanager
    def cache_down(self) -> Iterator[None]:
        """Take the cache away for the length of a `with` block, and bring it back empty."""
        with self.backend.cache_outage():
            self._event = f"{self.cache} is away"
            self._cache_up = False
            self._cached.clear()
            try:
                yield
            finally:
                self._event = f"{self.cache} was away and is back, empty"
                self._cache_up = True

    def advance(self, seconds: float, *, expires: bool) -> None:
        """Let time pass for the caches. `expires`: a cached list is too old afterwards."""
        self.backend.advance(seconds)
        self._seconds += seconds
        self._event = "an hour passed" if expires else f"{round(self._seconds / 60)} minutes passed"
        if expires:
            self._seconds = 0
            self._cached.clear()

    @contextmanager
    def redis_stalled(self, calls: int) -> Iterator[None]:
        """Stall Redis for the length of a `with` block, in which the app makes this many `calls`.

        Each may cost one time-out, so one connection.
        """
        self.backend.stall_redis()
        self._event = "Redis accepts connections and does not answer"
        self._cache_up = False
        self._cached.clear()
        try:
            yield
        finally:
            connections = self.backend.resume_redis()
            self._cache_up = True
        expect(
            connections <= calls,
            f"{self.name}: expected at most {calls} connections for {calls} calls to a Redis that never answers, "
            f"found {connections}: a call that timed out must not be tried again",
        )

    def overwrite_cache(self, value: bytes, flags: int) -> None:
        """Replace the cached list by a value that the app did not write."""
        expect(
            self.backend.overwrite_caches(value, flags) > 0,
            f"{self.name}: {self.cache} is empty; the app should have cached its list there",
        )
        self._cached.clear()
        self._event = f"another program wrote {value[:40]!r} into {self.cache}"

    def share_store_with(self, other: AppUnderTest) -> None:
        """Expect what the other app has stored: both use one store, and one cache if they have the same kind."""
        self._stored = other._stored
        self._windows = other._windows
        if self.cache == other.cache:
            self._cached = other._cached

    def expect_stored(self, visitor: Visitor, when: datetime) -> None:
        """Expect a visit that something else has stored."""
        self._stored.append(visitor.line)
        self._windows.append(Window(visitor.line, when, when))

    def _send(self, visitor: Visitor, method: str, path: str) -> Answer:
        answer = self._browser.request(visitor, method, path)
        self._windows.append(Window(visitor.line, answer.started, answer.ended))
        return answer

    def _expect_a_page(self, answer: Answer) -> None:
        event = f"{self._event}; " if self._event else ""
        expect(answer.status == 200, f"{self.name}: {event}expected the page (status 200), found {_seen(answer)}")

    def _listed_after(self, visitor: Visitor) -> list[str]:
        if self._cached and self._cached[0] == visitor.line:
            return self._cached
        self._stored.append(visitor.line)
        newest = self._stored[::-1][:SHOWN]
        if self.cache and self._cache_up:
            self._cached[:] = newest
        return newest

    def _check_times(self, answer: Answer) -> None:
        """Check that each listed time is within a request of that visitor. The page shows whole seconds, in UTC."""
        for time, line in answer.visits:
            expect(
                any(window.started - SECOND < time <= window.ended for window in self._windows if window.line == line),
                f"{self.name}: expected each visit at the time it was made, in UTC; found {time:%c} for {line[:80]!r}",
            )


def _seen(answer: Answer) -> str:
    return f"status {answer.status}: {' '.join(answer.text.split())[:200]}"


def _agents(visitors: list[str]) -> list[str]:
    """Return the visitors without their addresses."""
    return [visitor.partition(": ")[2] for visitor in visitors]


def _short(visitors: list[str]) -> str:
    return "[" + ", ".join(repr(visitor[:60]) for visitor in visitors) + "]"
