"""The Memcache of a local cloud's project."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from localcloud.appengine.memcache import ProjectCache
from localcloud.services.clock import Clock


class Memcache:
    """One project's Memcache, with the clock that its expiry times go by."""

    def __init__(self, cache: ProjectCache, clock: Clock) -> None:
        self._cache = cache
        self._clock = clock

    def flush(self) -> None:
        """Empty the cache."""
        self._cache.flush()

    def overwrite(self, value: bytes, flags: int) -> int:
        """Replace every value, as another version of the app might; return how many there were."""
        return self._cache.overwrite(value, flags)

    def advance(self, seconds: float) -> None:
        """Let time pass for the entries."""
        self._clock.advance(seconds)

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Take Memcache away, with all it holds, for the length of the block; it comes back empty."""
        self.flush()
        self._cache.available = False
        try:
            yield
        finally:
            self._cache.available = True
