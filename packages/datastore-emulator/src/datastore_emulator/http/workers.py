"""Threads that run blocking calls for an event loop."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
_Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]


class Workers:
    """Threads that run at most `most` calls at once; further calls wait for their turn.

    They are daemon threads, started when they are needed. Unlike those of concurrent.futures, they do not keep the
    program from ending while a call runs.
    """

    def __init__(self, name: str, most: int) -> None:
        self._name = name
        self._most = most
        self._lock = threading.Lock()
        self._crew = _Crew()

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call the function on one of the threads and return its result, or raise what it raises."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._lock:
            crew = self._crew
            crew.jobs.put((loop, future, lambda: function(*arguments)))
            if not crew.idle.acquire(blocking=False) and crew.count < self._most:
                crew.count += 1
                threading.Thread(target=crew.work, name=self._name, daemon=True).start()
        return await future

    def stop(self) -> None:
        """End idle threads at once and the others after their call; run() starts new ones."""
        with self._lock:
            crew, self._crew = self._crew, _Crew()
        for _ in range(crew.count):
            crew.jobs.put(None)


class _Crew:
    """The threads between one stop and the next, and their jobs."""

    def __init__(self) -> None:
        self.jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self.idle = threading.Semaphore(0)
        self.count = 0

    def work(self) -> None:
        """Run jobs until one is None."""
        while (job := self.jobs.get()) is not None:
            loop, future, call = job
            try:
                result = call()
            except BaseException as error:
                _settle(loop, future, future.set_exception, error)
            else:
                _settle(loop, future, future.set_result, result)
            del job, loop, future, call
            self.idle.release()


def _settle(
    loop: asyncio.AbstractEventLoop, future: asyncio.Future[Any], setter: Callable[[Any], None], outcome: Any
) -> None:
    """Set a future's result or exception on its loop."""

    def settle() -> None:
        if not future.done():  # the task that waited for it was cancelled
            setter(outcome)

    loop.call_soon_threadsafe(settle)
