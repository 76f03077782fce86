"""Sends open pages an event when a learner's copy has been saved."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path

from watchfiles import watch

from datastore_emulator.http.workers import Workers
from localcloud.files.saves import DEBOUNCE_MILLISECONDS, PAUSE_SECONDS, WATCH_ERRORS

_KEEP_ALIVE_SECONDS = 15


class Saves:
    """Counts the saves in each folder under work/, and wakes its followers."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._followers: set[Callable[[], None]] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="saves", daemon=True)

    def start(self) -> None:
        """Begin to watch; raises OSError if work/ is missing and cannot be made."""
        self._work.mkdir(exist_ok=True)
        self._thread.start()

    def stop(self) -> None:
        """Wake every follower, and stop watching."""
        self._stop.set()
        self._count(())
        self._thread.join()

    @property
    def stopped(self) -> bool:
        """True once `stop` was called."""
        return self._stop.is_set()

    def mark_changed(self, folder: Path) -> None:
        """Count a folder as saved, because something else about it has changed."""
        self._count([folder.name])

    def count(self, folder: Path) -> int:
        """Return the number of a folder's saves."""
        with self._lock:
            return self._counts[folder.name]

    @contextlib.contextmanager
    def follow(self, wake: Callable[[], None]) -> Iterator[None]:
        """Call `wake` after every save, on any thread, while the context lasts."""
        with self._lock:
            self._followers.add(wake)
        try:
            yield
        finally:
            with self._lock:
                self._followers.discard(wake)

    def _count(self, folders: Iterable[str]) -> None:
        with self._lock:
            self._counts.update(folders)
            followers = list(self._followers)
        for wake in followers:
            wake()

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                for changes in watch(
                    self._work, stop_event=self._stop, debounce=DEBOUNCE_MILLISECONDS, step=50, rust_timeout=500
                ):
                    paths = (Path(path) for _, path in changes if Path(path) != self._work)
                    self._count({path.relative_to(self._work).parts[0] for path in paths})
            except WATCH_ERRORS:
                with contextlib.suppress(OSError):
                    self._count(os.listdir(self._work))
                self._stop.wait(PAUSE_SECONDS)


class SharedRendering:
    """A text that many pages need at the same time, rendered once for all requests that come before it begins.

    Rendered for each page separately, it would make a reader wait for hundreds of open tabs.
    """

    def __init__(self, render: Callable[[], str], workers: Workers) -> None:
        self._render = render
        self._workers = workers
        self._turn = asyncio.Lock()
        self._next: asyncio.Task[str] | None = None

    async def get(self) -> str:
        """Return the text as it is now or a moment later."""
        if self._next is None:
            self._next = asyncio.ensure_future(self._render_in_turn())
        # A page that leaves must not cancel the rendering of the others.
        return await asyncio.shield(self._next)

    async def _render_in_turn(self) -> str:
        async with self._turn:
            self._next = None
            return await self._workers.run(self._render)


class PageEvents:
    """The events of one open page: a rendered text now, and again after each save of a folder.

    https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    """

    def __init__(self, saves: Saves, folder: Path, rendering: Callable[[], SharedRendering]) -> None:
        self._saves = saves
        self._folder = folder
        self._rendering = rendering

    async def __aiter__(self) -> AsyncIterator[bytes]:
        loop, changed = asyncio.get_running_loop(), asyncio.Event()
        known = -1

        def wake() -> None:
            loop.call_soon_threadsafe(changed.set)

        with self._saves.follow(wake):
            while not self._saves.stopped:
                changed.clear()
                count = self._saves.count(self._folder)
                if count != known:
                    known = count
                    text = await self._rendering().get()
                    yield ("".join(f"data: {line}\n" for line in text.splitlines()) + "\n").encode()
                    continue
                try:
                    await asyncio.wait_for(changed.wait(), _KEEP_ALIVE_SECONDS)
                except asyncio.TimeoutError:
                    yield b": still here\n\n"
