"""A clock that can be moved forward, so that an hour passes without waiting for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Clock:
    """The time as a service sees it: `source` plus what `advance` has added.

    Services take `clock.now` where they would take `time.time`. Safe to use from several threads.
    """

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._advanced = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return seconds since the epoch, as `time.time` does."""
        with self._lock:
            return self._source() + self._advanced

    def advance(self, seconds: float) -> None:
        """Move the clock `seconds` forward; ValueError if negative, since caches rely on time not going back."""
        if seconds < 0:
            raise ValueError(f"a clock moves forward only, got {seconds} seconds")
        with self._lock:
            self._advanced += seconds
