"""Checks a copy again whenever it is saved."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from watchfiles import watch
from watchfiles._rust_notify import WatchfilesRustInternalError

# Editors write a file in several steps; what comes within this time is one save.
DEBOUNCE_MILLISECONDS = 200
# The watch ends with one of these: for a name that is not UTF-8, and for more folders than the system watches, as a
# link out of the copy can bring. Something has been saved, and the watch begins again.
WATCH_ERRORS = (WatchfilesRustInternalError, OSError)
PAUSE_SECONDS = 1.0


def on_each_save(folder: Path, act: Callable[[], bool]) -> None:
    """Call `act` now and after each save below the folder, until it returns true or a stop signal comes.

    What is saved while `act` runs calls it once more.
    """
    # The first round comes when the watch has begun, by a timeout with nothing saved: no save before it is lost.
    # The timeout also lets a stop signal through.
    first = True
    # When a signal comes while it waits, watchfiles raises KeyboardInterrupt in place of what the handler raises.
    with suppress(KeyboardInterrupt):
        for saved in _saves(folder):
            if (first or saved) and act():
                return
            first = False


def _saves(folder: Path) -> Iterator[bool]:
    """Yield whether something was saved, at each save and in between."""
    pause = threading.Event()
    unseen = False
    while True:
        try:
            for saved in watch(
                folder, debounce=DEBOUNCE_MILLISECONDS, step=50, rust_timeout=200, yield_on_timeout=True
            ):
                yield bool(saved) or unseen
                unseen = False
        except WATCH_ERRORS:
            unseen = True  # that, and what is saved until the watch has begun again
            pause.wait(PAUSE_SECONDS)  # the strange name may be written again and again
        else:
            return  # by a stop signal
