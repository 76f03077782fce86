"""The Datastore's file in the file system: its locks, and a check that it has not been moved or replaced.

SQLite would go on writing to a file that was moved or removed, and acknowledged writes would be lost with it. So each
call checks that the name still leads to the file that was opened. Two locks keep other processes out: one on the name,
and one on the file itself, which holds under any other name.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import struct
import sys
import time
from pathlib import Path
from typing import NoReturn

from filelock import FileLock, Timeout
from grpc import StatusCode

from datastore_emulator.errors import DatastoreError, UserError

# Time for the previous process to end, in a quick restart.
_LOCK_SECONDS = 1.0
_LOOK_AGAIN_SECONDS = 0.02
# After the last byte that a database may have, so that SQLite's own locks on the file do not conflict with it:
# https://www.sqlite.org/limits.html, "Maximum Database Size".
_LOCKED_BYTE = 1 << 60
_HEADER_BYTES = 100
# The system call lets other threads run, which delays the caller. So reads and the log are checked at these intervals,
# and writes each time.
_READS_SECONDS = 0.05
_LOG_SECONDS = 0.01
_LOG_NAME_SECONDS = 1.0


class DataFile:
    """A file that this process has locked, until release() or its end; created empty if it does not exist.

    Raises UserError if another process has it, or if it cannot be a database.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = _resolve(path)
        # As text, which is faster for the check in each call.
        self._name = str(self.path)
        self._log_name = f"{self.path}-wal"
        self._log_descriptor = -1
        self._log_bytes = 0
        # When to check each again.
        self._next_for_reads = self._next_for_log = self._next_for_log_name = 0.0
        self._name_lock = _lock_name(self.path)
        self._descriptor = -1
        try:
            self._descriptor = _open(self.path)
            found = os.fstat(self._descriptor)
            _refuse_special(self.path, found)
            self._identity = _identity(found)
            _lock_file(self.path, self._descriptor)
            if found.st_nlink > 1:
                raise UserError(_linked(self.path))
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Release the locks. SQLite must have closed the file before, because this ends its locks too."""
        for descriptor in (self._descriptor, self._log_descriptor):
            if descriptor >= 0:
                os.close(descriptor)
        self._descriptor = self._log_descriptor = -1
        # Unlink while still holding the lock. A waiter that gets it then sees that the file is gone, and creates
        # another.
        if self._name_lock.is_locked:
            with contextlib.suppress(OSError):
                os.unlink(self._name_lock.lock_file)
            self._name_lock.release()

    def header(self) -> bytes:
        """Return the first bytes of the file; none if it is empty."""
        try:
            return os.pread(self._descriptor, _HEADER_BYTES, 0)
        except OSError as error:
            raise UserError(f"{self.path}: cannot read the Datastore's file: {error.strerror}") from error

    def remember_log(self) -> None:
        """Remember the write-ahead log that exists now as the file's own; some file systems have none."""
        with contextlib.suppress(FileNotFoundError):
            self._log_descriptor = os.open(self._log_name, os.O_RDONLY | os.O_CLOEXEC)

    def check(self) -> None:
        """Raise DatastoreError if the file was moved, removed or replaced."""
        self._stat()

    def check_for_reading(self) -> None:
        """Raise DatastoreError if the file was moved, removed or replaced some milliseconds ago or earlier."""
        now = time.monotonic()
        if now >= self._next_for_reads:
            self._stat()
            self._next_for_reads = now + _READS_SECONDS

    def check_for_writing(self) -> None:
        """Raise DatastoreError if a write could be lost."""
        if self._stat().st_nlink > 1:
            _refuse(_linked(self.path))
        if time.monotonic() >= self._next_for_log:
            self.measure_log()

    @property
    def log_bytes(self) -> int:
        """The size of the log when it was last measured."""
        return self._log_bytes

    def measure_log(self) -> None:
        """Measure the log; DatastoreError if it was moved or removed, because SQLite would still copy from it."""
        if self._log_descriptor < 0:
            return
        log = os.fstat(self._log_descriptor)
        now = time.monotonic()
        if not log.st_nlink or now >= self._next_for_log_name:
            if self._find_log() != _identity(log):
                _refuse(
                    f"{self._log_name}: the Datastore's log was moved or removed while it was in use; "
                    "restart the Datastore to write again"
                )
            self._next_for_log_name = now + _LOG_NAME_SECONDS
        self._log_bytes = log.st_size
        self._next_for_log = now + _LOG_SECONDS

    def _find_log(self) -> tuple[int, int] | None:
        try:
            return _identity(os.stat(self._log_name))
        except OSError:
            return None

    def _stat(self) -> os.stat_result:
        try:
            found = os.stat(self._name)
        except OSError:
            self._next_for_reads = 0.0
            _refuse(
                f"{self.path}: the Datastore's file was moved or removed while it was in use; "
                "put it back, or restart the Datastore and name the file with --data"
            )
        if _identity(found) != self._identity:
            self._next_for_reads = 0.0
            _refuse(
                f"{self.path}: another file has replaced the Datastore's file; "
                "put the first one back, or restart the Datastore to use the new one"
            )
        return found


def cannot_open(path: Path, error: Exception) -> str:
    """Return the message for a file that SQLite or the system does not open."""
    if not os.access(path.parent, os.W_OK):
        return not_writable(path)
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    if "full" in reason or "No space" in reason:
        return f"{path}: cannot open the Datastore's file: {reason}; free some space or name another file"
    return f"{path}: cannot open the Datastore's file: {reason}; restore it from a copy or name another file"


def not_writable(path: Path) -> str:
    """Return the message for a file or directory that is read-only."""
    return (
        f"{path}: the Datastore's file and its directory must be readable and writable; "
        "change their permissions or name another file"
    )


def _refuse(message: str) -> NoReturn:
    # Not UNAVAILABLE, on which clients would try again for a minute.
    raise DatastoreError(StatusCode.FAILED_PRECONDITION, message)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _linked(path: Path) -> str:
    # https://www.sqlite.org/howtocorrupt.html, "Multiple links to the same file": each name has its own log.
    return (
        f"{path}: the Datastore's file has a hard link, and writing under two names could damage it; "
        "remove the link, or make a copy instead"
    )


def _resolve(path: str | os.PathLike[str]) -> Path:
    """Return the file's absolute name without symbolic links, so that there is one lock for it."""
    try:
        resolved = Path(path).resolve()
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            # Before creating anything beside it, or waiting for a pipe to open.
            _refuse_special(resolved, os.stat(resolved))
        return resolved
    except ValueError:
        # A NUL byte.
        raise UserError(f"{os.fspath(path)!r}: no file can have this name; name another with --data") from None
    except (OSError, RuntimeError) as error:
        # Python before 3.13 raises RuntimeError for symbolic links in a circle.
        reason = (error.strerror if isinstance(error, OSError) else None) or "symbolic links lead in a circle"
        raise UserError(f"{os.fspath(path)}: cannot open the Datastore's file: {reason}; name another file") from error


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise UserError(not_writable(path)) from error
        raise UserError(cannot_open(path, error)) from error


def _refuse_special(path: Path, found: os.stat_result) -> None:
    if stat.S_ISREG(found.st_mode):
        return
    kind = "a directory" if stat.S_ISDIR(found.st_mode) else "not a regular file"
    raise UserError(f"{path}: cannot read the Datastore's file: it is {kind}; name another with --data")


def _lock_name(path: Path) -> FileLock:
    """Lock the name for this process. The system releases the lock when the process ends, in whatever way."""
    if not path.parent.is_dir():
        # FileLock would create it, even for a mistyped --data.
        raise UserError(
            f"{path}: directory {path.parent} does not exist; create it, or choose another file with --data"
        )
    lock_path = path.with_name(f"{path.name}-lock")
    lock = FileLock(lock_path)
    try:
        lock.acquire(timeout=_LOCK_SECONDS)
    except Timeout:
        raise UserError(_in_use(path, _holder(lock_path))) from None
    except OSError as error:
        raise UserError(cannot_open(path, error)) from error
    # For _holder(). On a full disk the lock works, but the number cannot be written.
    with contextlib.suppress(OSError):
        lock_path.write_text(f"{os.getpid()}\n")
    return lock


def _lock_file(path: Path, descriptor: int) -> None:
    """Lock the file itself, whatever name it was opened by. On a file system without locks, only the name is locked."""
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            _lock_byte(descriptor)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                return
        else:
            return
        if time.monotonic() > deadline:
            raise UserError(_in_use(path, "another process (under another name)"))
        time.sleep(_LOOK_AGAIN_SECONDS)


def _lock_byte(descriptor: int) -> None:
    """Lock one byte of the file; on Linux, until the descriptor is closed."""
    if sys.platform != "linux":
        # The lock of the process ends as soon as the process closes the file anywhere, which SQLite avoids.
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _LOCKED_BYTE)
        return
    # struct flock: type, whence, start, length, process.
    fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, _LOCKED_BYTE, 1, 0))


def _in_use(path: Path, holder: str) -> str:
    return f"{path}: {holder} has this file open; stop it, or choose another file with --data"


def _holder(lock_path: Path) -> str:
    with contextlib.suppress(OSError, ValueError):
        return f"process {int(lock_path.read_text())}"
    return "another process"
