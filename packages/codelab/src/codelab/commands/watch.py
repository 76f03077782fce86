"""`codelab watch`: check a copy again whenever it is saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from watchfiles import Change, DefaultFilter

from codelab.commands.check import Checked
from localcloud.files.saves import poll_saves


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
    is_kept = DefaultFilter()
    first = True
    for saved in poll_saves(folder):
        if first or any(is_kept(Change.modified, str(path)) for path in saved):
            yield
        first = False
