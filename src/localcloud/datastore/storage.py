"""The SQLite file: its connections, who has it, and what may be wrong with it.

The journal is a WAL, so readers see a snapshot and never wait for the writer. With synchronous=NORMAL a commit is
in the operating system's hands when it is acknowledged: it survives the death of this process at any moment, and a
power cut may cost the last commits but never the file's consistency. FULL would add a disk flush to each put.

One process has a file at a time: what its transactions have read is in that process's memory.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout
from grpc import StatusCode

from localcloud.datastore import schema
from localcloud.datastore.dictionary import Dictionary
from localcloud.datastore.errors import DatastoreError, invalid
from localcloud.errors import LocalCloudError
from localcloud.scratch import Scratch

# For another program that looks into the file with SQLite's tools.
_BUSY_SECONDS = 10.0
# 16 MB of journal before it is copied into the file, which flushes the disk and so is worth doing seldom.
_CHECKPOINT_PAGES = 4000
# For the process before to end, in a quick restart.
_LOCK_SECONDS = 1.0
# Idle connections that are kept: one for each call that the server answers at once.
_MAX_IDLE = 16


class Snapshot(NamedTuple):
    """A connection in a transaction: the newest commit it sees, and as of when it reads (microseconds since 1970).

    `past` is that time if it was asked for: the connection may then see later commits as well.
    """

    connection: sqlite3.Connection
    version: int
    time: int
    past: int | None = None


class Storage:
    """Connections to one SQLite file, made if it is not there; ":memory:" is a file that goes with this object.

    Raises LocalCloudError if the file is of another kind, newer than this program, or not to be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._directory: Scratch | None = None
        if os.fspath(path) == ":memory:":
            # SQLite's own in-memory databases have no snapshots that several threads could read.
            self._directory = Scratch("localcloud-datastore-")
            path = Path(self._directory.name) / "datastore.db"
        # By its one true name, so that its lock is one too.
        self._path = Path(path).resolve()
        self._synchronous = "OFF" if self._directory else "NORMAL"
        self._lock = threading.Lock()
        self._write_lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._open: set[sqlite3.Connection] = set()
        self._closed = False
        # When the commit in progress began, which is before its version.
        self._writing_since: int | None = None
        self._file_lock = None if self._directory else _lock(self._path)
        try:
            schema.check_header(self._path)
            if self._path.exists() and not os.access(self._path, os.W_OK):
                # SQLite would open it for reading, and fail at some later time.
                raise LocalCloudError(_not_writable(self._path))
            self._writer = self._connect()
            schema.prepare(self._writer, self._path)
        except sqlite3.Error as error:
            self.close()
            raise LocalCloudError(_cannot_open(self._path, error)) from error
        except BaseException:
            self.close()
            raise
        self.partitions = Dictionary("partitions", "project", "database", "namespace")
        self.kinds = Dictionary("kinds", "partition", "name")
        self.properties = Dictionary("properties", "kind", "name")

    def close(self) -> None:
        """Close every connection, open snapshots included; a second call does nothing."""
        with self._write_lock, self._lock:
            self._closed = True
            self._idle.clear()
            for connection in self._open:
                connection.close()
            self._open.clear()
            if self._directory:
                self._directory.cleanup()
            if self._file_lock:
                _unlock(self._file_lock)

    def open_snapshot(self, past: int | None = None) -> Snapshot:
        """Return the database as it is now, or to be read as of `past`; it stays so until close_snapshot()."""
        if past is not None:
            # What is being written now may become part of that past.
            with self._write_lock:
                pass
        # Taken before the snapshot: a commit that this misses has a later version.
        now = min(time.time_ns() // 1000, self._writing_since or sys.maxsize) - 1
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._connect()
        try:
            connection.execute("BEGIN")
            # BEGIN alone takes no snapshot, the first read does.
            version = read_state(connection).version
            return Snapshot(connection, version, max(version, now) if past is None else past, past)
        except BaseException:
            with self._lock:
                self._open.discard(connection)
            connection.close()
            raise

    def close_snapshot(self, snapshot: Snapshot) -> None:
        """Give back what open_snapshot() returned."""
        with self._lock:
            if self._closed:
                return
            if len(self._idle) < _MAX_IDLE:
                snapshot.connection.execute("ROLLBACK")
                self._idle.append(snapshot.connection)
            else:
                self._open.discard(snapshot.connection)
                snapshot.connection.close()

    @contextlib.contextmanager
    def snapshot(self, past: int | None = None) -> Iterator[Snapshot]:
        """One state of the database for the length of a `with` block."""
        snapshot = self.open_snapshot(past)
        try:
            yield snapshot
        finally:
            self.close_snapshot(snapshot)

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection that writes, alone, in a transaction that an exception undoes."""
        dictionaries = (self.partitions, self.kinds, self.properties)
        with self._write_lock:
            self._writing_since = time.time_ns() // 1000
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                for dictionary in dictionaries:
                    dictionary.rollback()
                if self._writer.in_transaction:
                    # What went wrong first is what matters, as on a full disk.
                    with contextlib.suppress(sqlite3.Error):
                        self._writer.execute("ROLLBACK")
                raise
            finally:
                self._writing_since = None
            for dictionary in dictionaries:
                dictionary.commit()

    def _connect(self) -> sqlite3.Connection:
        # Each connection is used by one thread at a time, but not always by the same one.
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        with self._lock:
            self._open.add(connection)
        return connection


def read_state(connection: sqlite3.Connection) -> Snapshot:
    """Return what a connection within a transaction sees."""
    version: int = connection.execute("SELECT version FROM state").fetchone()[0]
    # Never before a commit that is visible, even if the clock was set back.
    return Snapshot(connection, version, max(version, time.time_ns() // 1000))


@contextlib.contextmanager
def file_errors() -> Iterator[None]:
    """Turn what SQLite says of the file, or of a query's size, into the codes clients act on; the rest are bugs."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        text = str(error)
        if "malformed" in text or "not a database" in text:
            code, advice = StatusCode.DATA_LOSS, "stop the Datastore and restore its file from a copy"
        elif "full" in text:
            code, advice = StatusCode.RESOURCE_EXHAUSTED, "nothing was written; free some disk space and try again"
        elif any(words in text for words in ("locked", "readonly", "I/O", "unable to open")):
            code, advice = StatusCode.UNAVAILABLE, "nothing was written; see to the file and its disk and try again"
        elif any(words in text for words in ("at most", "too many", "too large", "stack overflow")):
            # https://www.sqlite.org/limits.html: a join has 64 tables, an expression a depth of 1000.
            raise invalid(
                f"The query has too many filters, orders or projections for this Datastore: {text}."
            ) from error
        else:
            raise
        raise DatastoreError(code, f"the Datastore's file: {text}; {advice}") from error


def _lock(path: Path) -> FileLock:
    """Take the file for this process, until it ends however it ends."""
    if not path.parent.is_dir():
        # FileLock would make it, wherever a mistyped --data leads.
        raise LocalCloudError(
            f"{path}: there is no directory {path.parent} for the Datastore's file; make it or name another"
        )
    lock_path = path.with_name(f"{path.name}-lock")
    lock = FileLock(lock_path)
    try:
        lock.acquire(timeout=_LOCK_SECONDS)
    except Timeout:
        raise LocalCloudError(
            f"{path}: expected a file that no other process has open, found {_holder(lock_path)} with it; "
            "stop that one, or name another file with --data"
        ) from None
    except OSError as error:
        raise LocalCloudError(_cannot_open(path, error)) from error
    # For _holder(); a full disk takes the lock and not the number.
    with contextlib.suppress(OSError):
        lock_path.write_text(f"{os.getpid()}\n")
    return lock


def _unlock(lock: FileLock) -> None:
    # Removed while it is held: who waits for it finds, once it has the lock, that the file is gone, and makes another.
    if lock.is_locked:
        with contextlib.suppress(OSError):
            os.unlink(lock.lock_file)
        lock.release()


def _holder(lock_path: Path) -> str:
    with contextlib.suppress(OSError, ValueError):
        return f"process {int(lock_path.read_text())}"
    return "another process"


def _cannot_open(path: Path, error: Exception) -> str:
    if not os.access(path.parent, os.W_OK):
        return _not_writable(path)
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    if "full" in reason or "No space" in reason:
        return f"{path}: cannot open the Datastore's file: {reason}; free some space or name another file"
    return f"{path}: cannot open the Datastore's file: {reason}; restore it from a copy or name another file"


def _not_writable(path: Path) -> str:
    return f"{path}: the Datastore's file and its directory must be writable; change that or name another file"
