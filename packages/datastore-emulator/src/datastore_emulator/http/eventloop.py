"""An asyncio loop in a background thread, so that threaded code can own asynchronous servers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, ClassVar, TypeVar

T = TypeVar("T")


class EventLoopThread:
    """An event loop in a daemon thread; `EventLoopThread.shared()` is the one that every listener uses.

    The shared loop starts at its first use and runs until the program ends. Each server on it stops by itself.
    """

    _shared: ClassVar[EventLoopThread | None] = None
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, name: str = "http-loop") -> None:
        self.loop = asyncio.SelectorEventLoop()  # the default but on Windows, whose own has no add_reader
        threading.Thread(target=self.loop.run_forever, name=name, daemon=True).start()

    @classmethod
    def shared(cls) -> EventLoopThread:
        """Return the loop of this process, started if it is not running yet."""
        with cls._guard:
            if cls._shared is None:
                cls._shared = cls()
            return cls._shared

    def run(self, coroutine: Coroutine[Any, Any, T], timeout: float = 10.0) -> T:
        """Run the coroutine on the loop and return its result; do not call this on the loop itself.

        Raises what the coroutine raises, and TimeoutError after `timeout` seconds.
        """
        future = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        return future.result(timeout)
