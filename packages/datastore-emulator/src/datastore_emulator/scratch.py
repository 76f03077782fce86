"""Temporary folders, removed with their process; the next process removes those that a killed one left.

The owner locks a file in the folder. The system releases the lock when the owner ends, however it ends. A folder whose
lock is free is therefore abandoned. This holds between containers too, where process ids say nothing.
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
from contextlib import AbstractContextManager
from pathlib import Path

_LOCK = ".owner"
_PREFIXES = ("localcloud-", "codelab-")
# The name of a folder until its lock is in it, so that another process does not take it for abandoned.
_NEW = ".new-"
_NAME = re.compile(r"(?:localcloud|codelab)-[\w-]*?held-\w+")
_clearing = threading.Lock()
_cleared: set[str] = set()


class Scratch(AbstractContextManager[str]):
    """A temporary folder, `name`; cleanup(), the end of a `with` or the end of the program removes it.

    `prefix` begins with "localcloud-" or "codelab-". The first folder of a process also clears abandoned ones.
    """

    def __init__(self, prefix: str) -> None:
        if not prefix.startswith(_PREFIXES):
            raise ValueError(f"the prefix {prefix} does not begin with one of {', '.join(_PREFIXES)}")
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

    def __exit__(self, *_: object) -> None:
        self.cleanup()

    def cleanup(self) -> None:
        """Remove the folder; a second call does nothing."""
        self._finalizer()


def clear_abandoned(parent: Path) -> None:
    """Remove this user's abandoned folders, once in each process."""
    with _clearing:
        if str(parent) in _cleared:
            return
        _cleared.add(str(parent))
    with contextlib.suppress(OSError):
        for entry in os.scandir(parent):
            if _NAME.fullmatch(entry.name):
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
