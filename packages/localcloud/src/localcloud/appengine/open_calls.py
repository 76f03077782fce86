"""The transactions and queries that an API server remembers between two calls, each under a number."""

from __future__ import annotations

import secrets
import threading
from typing import Generic, TypeVar

from cachetools import LRUCache

Entry = TypeVar("Entry")


class OpenCalls(Generic[Entry]):
    """Gives each entry a number, and drops the least recently used entries beyond `capacity`.

    Clients may leave without ending what they began, so there is a limit. Numbers are random: one from before a restart
    must not name another entry after it. Safe to use from several threads.
    """

    def __init__(self, capacity: int) -> None:
        self._entries: LRUCache[int, Entry] = LRUCache(capacity)
        self._lock = threading.Lock()

    def put(self, entry: Entry) -> int:
        """Keep an entry and return its number, which fits the wire's 64 bits."""
        number = secrets.randbits(62)
        with self._lock:
            self._entries[number] = entry
        return number

    def get(self, number: int) -> Entry | None:
        """Return the entry of this number, None if there is none (any more)."""
        with self._lock:
            return self._entries.get(number)

    def pop(self, number: int) -> Entry | None:
        """Drop the entry of this number and return it."""
        with self._lock:
            return self._entries.pop(number, None)
