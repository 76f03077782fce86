"""Tells open pages when a learner's copy has been saved."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from watchfiles import watch

from codelab.watch import DEBOUNCE_MILLISECONDS, PAUSE_SECONDS, WATCH_ERRORS


class Saves:
    """Counts the saves in each folder below work/, and lets a page wait for the next one."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._counts: Counter[str] = Counter()
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="saves", daemon=True)

    def start(self) -> None:
        """Begin to watch; raises OSError if work/ is not there and cannot be made."""
        self._work.mkdir(exist_ok=True)
        self._thread.start()

    def stop(self) -> None:
        """Let every page that waits go, and stop watching."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.join()

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def tell(self, folder: Path) -> None:
        """Say that what is known of a folder has changed, although no file was saved."""
        with self._changed:
            self._counts[folder.name] += 1
            self._changed.notify_all()

    def wait(self, folder: Path, known: int, seconds: float) -> int:
        """Return the count as soon as it is another than the known one, or after so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._stop.is_set() or self._counts[folder.name] != known, seconds)
            return self._counts[folder.name]

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                for changes in watch(
                    self._work, stop_event=self._stop, debounce=DEBOUNCE_MILLISECONDS, step=50, rust_timeout=500
                ):
                    paths = (Path(path) for _, path in changes if Path(path) != self._work)
                    self._count({path.relative_to(self._work).parts[0] for path in paths})
            except WATCH_ERRORS:
                with suppress(OSError):
                    self._count(os.listdir(self._work))
                self._stop.wait(PAUSE_SECONDS)

    def _count(self, folders: Iterable[str]) -> None:
        with self._changed:
            self._counts.update(folders)
            self._changed.notify_all()
