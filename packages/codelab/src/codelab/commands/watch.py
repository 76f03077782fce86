"""`codelab watch`: check a copy again whenever it is saved."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from watchfiles import watch
from watchfiles._rust_notify import WatchfilesRustInternalError

from codelab.commands.check import Checked

# Editors write a file in several steps; what comes within this time is one save.
DEBOUNCE_MILLISECONDS = 200
# watchfiles ends with one of these: for a name that is not UTF-8, and for more folders than the system can watch, which
# a link out of the copy can bring. Something has been saved then, and the watch begins again.
WATCH_ERRORS = (WatchfilesRustInternalError, OSError)
PAUSE_SECONDS = 1.0


def watch_copy(folder: Path, check: Callable[[], Checked]) -> Iterator[Checked]:
    """Yield what `check` returns, now and after each save below the folder, until a check finds the track finished.

    A stop signal ends it too.
    """
    for _ in wait_for_saves(folder):
        checked = check()
        yield checked
        if checked.finished:
            return


def wait_for_saves(folder: Path) -> Iterator[None]:
    """Yield once when the watch has begun, and again after each save below the folder, until a stop signal comes.

    A save while the caller works is not lost: it causes one more round.
    """
    # The first round comes by a time-out with nothing saved, which shows that the watch has begun. The time-out also
    # lets a stop signal through.
    first = True
    # When a signal comes while it waits, watchfiles raises KeyboardInterrupt in place of what the handler raises.
    with suppress(KeyboardInterrupt):
        for saved in _poll_saves(folder):
            if first or saved:
                yield
            first = False


def _poll_saves(folder: Path) -> Iterator[bool]:
    """Yield true at each save, and false at each time-out in between."""
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
            unseen = True  # the save that ended the watch, and those until it has begun again
            pause.wait(PAUSE_SECONDS)  # the strange name may be written again and again
        else:
            return  # by a stop signal
