"""Checks a copy again whenever it is saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from watchfiles import watch

# Editors write a file in several steps; what comes within this time is one save.
DEBOUNCE_MILLISECONDS = 200


def on_each_save(folder: Path, act: Callable[[], bool]) -> None:
    """Call `act` now and after each save below the folder, until it returns true.

    What is saved while `act` runs calls it once more.
    """
    if act():
        return
    # rust_timeout lets a stop signal through at least every so many milliseconds.
    for _ in watch(folder, debounce=DEBOUNCE_MILLISECONDS, step=50, rust_timeout=200, yield_on_timeout=False):
        if act():
            return
