"""Saves of files below folders, as they happen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from watchfiles import watch
from watchfiles._rust_notify import WatchfilesRustInternalError

# Editors write a file in several steps; what comes within this time is one save.
DEBOUNCE_MILLISECONDS = 200
# watchfiles ends with one of these: for a name that is not UTF-8, and for more folders than the system can watch, which
# a link out of the folder can bring. Something has been saved then, and the watch begins again.
WATCH_ERRORS = (WatchfilesRustInternalError, OSError)
PAUSE_SECONDS = 1.0


def poll_saves(*folders: Path) -> Iterator[set[Path]]:
    """Yield the paths that were saved, and at least five times a second an empty set, until a stop signal comes.

    The first set comes when the watch has begun. A save while the caller works is not lost: it is in the next set.
    After an error of the watch the set has the folders themselves, since anything may have been saved.
    """
    pause = threading.Event()
    unseen: set[Path] = set()
    # When a signal comes while it waits, watchfiles raises KeyboardInterrupt in place of what the handler raises.
    with suppress(KeyboardInterrupt):
        while True:
            try:
                for saved in watch(
                    *folders,
                    watch_filter=None,
                    debounce=DEBOUNCE_MILLISECONDS,
                    step=50,
                    rust_timeout=200,
                    yield_on_timeout=True,
                ):
                    paths, unseen = {Path(path) for _, path in saved} | unseen, set()
                    yield paths
            except WATCH_ERRORS:
                unseen = set(folders)  # the save that ended the watch, and those until it has begun again
                pause.wait(PAUSE_SECONDS)  # the strange name may be written again and again
            else:
                return  # by a stop signal
