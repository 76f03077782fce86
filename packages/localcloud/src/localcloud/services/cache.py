"""The protocol that the caches of a local cloud share."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Cache(Protocol):
    """A cache that apps share: Memcache or Redis."""

    def flush(self) -> None:
        """Empty the cache."""
        ...

    def overwrite(self, value: bytes, flags: int) -> int:
        """Replace every value, as another program might; return how many there were. `flags` are Memcache's."""
        ...

    def advance(self, seconds: float) -> None:
        """Let time pass, so that entries expire."""
        ...

    def outage(self) -> AbstractContextManager[None]:
        """Take the cache away, with all it holds, for the length of the block; it comes back empty."""
        ...
