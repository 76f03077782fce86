"""Numbers that stand for what a server remembers between two calls: open transactions and unfinished queries."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from typing import Generic, TypeVar

Held = TypeVar("Held")


class HandleTable(Generic[Held]):
    """Hands out a number for each object put in, and forgets the longest unused beyond `capacity`.

    Clients may leave without a word, so what they leave behind is bounded by number. Numbers are random: one given
    out before a restart must not name something else after it. Safe to use from several threads.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._held: OrderedDict[int, Held] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, held: Held) -> int:
        """Remember `held` and return its handle, which fits the wire's 64 bits."""
        handle = secrets.randbits(62)
        with self._lock:
            self._held[handle] = held
            if len(self._held) > self._capacity:
                self._held.popitem(last=False)
        return handle

    def get(self, handle: int) -> Held | None:
        """Return what `handle` stands for, None if nothing (any more)."""
        with self._lock:
            if handle in self._held:
                self._held.move_to_end(handle)
            return self._held.get(handle)

    def pop(self, handle: int) -> Held | None:
        """Forget `handle` and return what it stood for."""
        with self._lock:
            return self._held.pop(handle, None)
