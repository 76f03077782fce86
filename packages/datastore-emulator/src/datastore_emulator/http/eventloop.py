"""An asyncio loop in a background thread, so that threaded code can own asynchronous servers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, ClassVar, TypeVar

T = TypeVar("T")


class EventLoopThread:
    """Runs one event loop in one daemon thread; `EventLoopThread.shared()` is the one every front end uses.

    The shared loop is started on first use and lasts as long as the program: there is nothing to stop, since
    each server on it stops itself.
    """

    _shared: ClassVar[EventLoopThread | None] = None
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, name: str = "localcloud-loop") -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name=name, daemon=True).start()

    @classmethod
    def shared(cls) -> EventLoopThread:
        with cls._guard:
            if cls._shared is None:
                cls._shared = cls()
            return cls._shared

    def run(self, coroutine: Coroutine[Any, Any, T], timeout: float = 10.0) -> T:
        """Runs the coroutine on the loop and returns its result; not to be called from the loop itself.

        Raises what the coroutine raises, and TimeoutError after `timeout` seconds.
        """
        future = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        return future.result(timeout)
