"""A log of the requests that apps have answered, with the calls to services that each of them made."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from localcloud.frontend.exchange import SeenExchange

_MOST = 200
_LONGEST_TARGET = 2000


@dataclass
class LoggedRequest:
    """A request for an app; `status` is None until it is answered. `visitor` is an address, or names App Engine.

    `calls` counts the calls that it made, as in "Datastore RunQuery". `shared` counts those that were made while other
    requests ran, too: any of them may have made these.
    """

    number: int
    app: str
    method: str
    target: str
    visitor: str
    began: float
    status: int | None = None
    ended: float | None = None
    seconds: float | None = None
    calls: Counter[str] = field(default_factory=Counter)
    shared: Counter[str] = field(default_factory=Counter)

    def ran_at(self, when: float | None) -> bool:
        """Return whether it was being answered at a time; it is now if `when` is None and it has not ended."""
        if when is None:
            return self.ended is None
        return self.began <= when and (self.ended is None or when <= self.ended)


class RequestLog:
    """The last requests to all apps of a cloud. Its methods may be called from any thread.

    A call to a service does not say which request has made it, so it belongs to the request that is being answered.
    `outside` counts the calls that were made while there was none.

    `tell`, if it is set, receives each exchange with a visitor when it has ended; it is called on the event loop, so it
    must return at once.
    """

    def __init__(self) -> None:
        self.outside: Counter[str] = Counter()
        self._total: Counter[str] = Counter()
        self.tell: Callable[[SeenExchange], None] | None = None
        self._requests: deque[LoggedRequest] = deque(maxlen=_MOST)
        self._running: dict[int, LoggedRequest] = {}
        self._count = 0
        self._lock = threading.Lock()

    @contextmanager
    def record(self, app: str, method: str, target: str, visitor: str) -> Iterator[LoggedRequest]:
        """Log a request, which is answered in the block."""
        began = time.monotonic()
        with self._lock:
            self._count += 1
            request = LoggedRequest(self._count, app, method, target[:_LONGEST_TARGET], visitor, time.time())
            self._requests.append(request)
            self._running[request.number] = request
        try:
            yield request
        finally:
            with self._lock:
                request.ended = time.time()
                request.seconds = time.monotonic() - began
                del self._running[request.number]

    def note(self, call: str, app: str | None = None, when: float | None = None) -> None:
        """Count a call to a service; `app` is the name of the app that makes it, if that is known.

        `when` is the time of a call that is reported later, in seconds since the epoch.
        """
        with self._lock:
            self._total[call] += 1
            running = self._running.values() if when is None else self._requests
            makers = [request for request in running if app in (None, request.app) and request.ran_at(when)]
            if len(makers) == 1:
                makers[0].calls[call] += 1
            elif makers:
                for request in makers:
                    request.shared[call] += 1
            else:
                self.outside[call] += 1

    def total_calls(self) -> Counter[str]:
        """Return how often each call has been made since the start."""
        with self._lock:
            return self._total.copy()

    def running(self) -> list[LoggedRequest]:
        """Return the requests that are being answered now, the oldest first."""
        with self._lock:
            return list(self._running.values())

    def newest(self) -> list[LoggedRequest]:
        """Return the last requests, the newest first."""
        with self._lock:
            return list(reversed(self._requests))

    def find(self, number: int) -> LoggedRequest | None:
        """Return the request with a number, None if it is not kept any more."""
        return next((request for request in self.newest() if request.number == number), None)

    def clear(self) -> None:
        """Forget what has been answered."""
        with self._lock:
            self._requests.clear()
            self.outside.clear()
