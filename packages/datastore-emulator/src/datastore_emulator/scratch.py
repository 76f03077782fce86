"""Temporary folders that do not outlive their process for long: the next start clears what a killed one left.

The owner holds a lock on a file in the folder. The system lets go of it when the owner ends, however it ends, so that
a folder is abandoned if somebody else can have the lock. That holds between containers too, which number their
processes each for itself.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import sys
import tempfile
import threading
import weakref
from pathlib import Path
from types import TracebackType

_LOCK = ".owner"
_PREFIXES = ("localcloud-", "codelab-")
# Without a lock in it as yet, so that nobody takes it for abandoned.
_NEW = ".new-"
_OURS = re.compile(r"(?:localcloud|codelab)-[\w-]*?held-\w+")
_clearing = threading.Lock()
_cleared: set[str] = set()


class Scratch:
    """A temporary folder, `name`, which `cleanup`, the end of a `with` or the end of the program removes.

    `prefix` begins with "localcloud-" or "codelab-". The first one of a process clears what others have left.
    """

    def __init__(self, prefix: str) -> None:
        if not prefix.startswith(_PREFIXES):
            raise ValueError(f"expected a prefix such as localcloud-, found {prefix}")
        parent = tempfile.gettempdir()
        clear_abandoned(Path(parent))
        new = Path(tempfile.mkdtemp(prefix=f"{_NEW}{prefix}held-", dir=parent))
        self._lock = _lock(new / _LOCK)
        path = new.with_name(new.name.removeprefix(_NEW))
        new.rename(path)
        self.name = str(path)
        self._finalizer = weakref.finalize(self, _remove, self.name, self._lock)

    def __enter__(self) -> str:
        return self.name

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.cleanup()

    def cleanup(self) -> None:
        """Remove the folder; a second call does nothing."""
        self._finalizer()


def clear_abandoned(parent: Path) -> None:
    """Remove the folders of ours that no living process holds, once for each process; never another user's."""
    with _clearing:
        if str(parent) in _cleared:
            return
        _cleared.add(str(parent))
    with contextlib.suppress(OSError):
        for entry in os.scandir(parent):
            if _OURS.fullmatch(entry.name):
                with contextlib.suppress(OSError):
                    _clear(Path(entry.path))


def _clear(folder: Path) -> None:
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or (hasattr(os, "getuid") and status.st_uid != os.getuid()):
        return
    lock = _lock(folder / _LOCK, create=False)
    if lock is not None:
        _remove(str(folder), lock)


def _lock(file: Path, create: bool = True) -> int | None:
    """Return a lock on the file, None if another process has it; raises OSError if there is no such file."""
    flags = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | (os.O_CREAT | os.O_EXCL if create else 0)
    descriptor = os.open(file, flags, 0o600)
    if sys.platform == "win32":
        return descriptor  # Windows does not remove a file that is open
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        if create:
            raise
        return None
    return descriptor


def _remove(folder: str, lock: int | None) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if lock is not None:
        with contextlib.suppress(OSError):
            os.close(lock)
