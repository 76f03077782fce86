"""Checks a copy again whenever it is saved."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from watchfiles import watch

# Editors write a file in several steps; what comes within this time is one save.
DEBOUNCE_MILLISECONDS = 200


def on_each_save(folder: Path, act: Callable[[], bool]) -> None:
    """Call `act` now and after each save below the folder, until it returns true or a stop signal comes.

    What is saved while `act` runs calls it once more.
    """
    # The first round comes when the watch has begun, by a timeout with nothing saved: no save before it is lost.
    # The timeout also lets a stop signal through.
    first = True
    # When a signal comes while it waits, watchfiles raises KeyboardInterrupt in place of what the handler raises.
    with suppress(KeyboardInterrupt):
        for saved in watch(folder, debounce=DEBOUNCE_MILLISECONDS, step=50, rust_timeout=200, yield_on_timeout=True):
            if (first or saved) and act():
                return
            first = False
