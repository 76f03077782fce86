"""The Memcache of a local cloud's project."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from localcloud.appengine.memcache import ProjectCache
from localcloud.services.clock import Clock


class Memcache:
    """One project's Memcache, with the clock that its expiry times go by. `values` has what it holds."""

    def __init__(self, cache: ProjectCache, clock: Clock) -> None:
        self.values = cache
        self._clock = clock

    def flush(self) -> None:
        """Empty the cache."""
        self.values.flush()

    def overwrite(self, value: bytes, flags: int) -> int:
        """Replace every value, as another version of the app might; return how many there were."""
        return self.values.overwrite(value, flags)

    def advance(self, seconds: float) -> None:
        """Let time pass for the entries."""
        self._clock.advance(seconds)

    def now(self) -> float:
        """Return the time by which entries expire, in seconds since the epoch."""
        return self._clock.now()

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Take Memcache away, with all it holds, for the length of the block; it comes back empty."""
        self.flush()
        self.values.available = False
        try:
            yield
        finally:
            self.values.available = True
