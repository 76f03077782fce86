"""Connections to the SQLite file: snapshots for reading, and one connection for writing.

The journal is a write-ahead log (WAL), so readers see a snapshot and never wait for the writer. With
synchronous=NORMAL the operating system has a commit when it is acknowledged. The commit survives if this process is
killed. A power cut may lose the last commits, but never damages the file. FULL would add a disk flush to each put.

SQLite can restart the log only when no snapshot is open in it. So a snapshot lasts no longer than a call, and a
transaction has none between its calls. A log that has grown all the same is copied and truncated, while writers wait.

One process uses a file at a time, because what transactions have read is in the memory of that process.
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

from datastore_emulator.errors import DatastoreError, UserError
from datastore_emulator.scratch import Scratch
from datastore_emulator.storage import schema
from datastore_emulator.storage.datafile import DataFile, cannot_open
from datastore_emulator.storage.name_ids import NameIds

# Time for another program, such as SQLite's shell, that has locked the file.
_BUSY_SECONDS = 10.0
# The log is copied into the file at 16 MB: seldom, because that flushes the disk.
_CHECKPOINT_PAGES = 4000
_LOG_BYTES = 16_000_000
# From this size on a writer waits for the open snapshots, so that the log can be truncated. If one takes too long,
# writers wait again after each further step, so that the log grows slowly.
LONGEST_LOG_BYTES = 32_000_000
_LOG_STEP_BYTES = 2_000_000
_READERS_SECONDS = 2.0
# Idle connections to keep: one for each thread of the server.
_MAX_IDLE = 16


class TableSource(NamedTuple):
    """The tables that a scan reads: SQLite's schema with a dot, and the newest version of entities to read there."""

    schema: str = ""
    newest: int | None = None


CURRENT = TableSource()


class Snapshot(NamedTuple):
    """A connection in a transaction, the newest commit that it sees, and its time (microseconds since 1970).

    `past` is that time if the snapshot is of the past. The connection may see later commits then.
    """

    connection: sqlite3.Connection
    version: int
    time: int
    past: int | None = None


class Storage:
    """Connections to one SQLite file, which is created if it does not exist; ":memory:" is a temporary file.

    Raises UserError if the file is of another kind, newer than this program, or cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._directory: Scratch | None = None
        if os.fspath(path) == ":memory:":
            # SQLite's own in-memory databases have no snapshots for several threads.
            self._directory = Scratch("localcloud-datastore-")
            path = Path(self._directory.name) / "datastore.db"
        self._synchronous = "OFF" if self._directory else "NORMAL"
        self._lock = threading.Lock()
        self._write_lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._open: set[sqlite3.Connection] = set()
        self._retired: set[sqlite3.Connection] = set()
        self._closed = False
        # The time when the commit in progress began, which is before its version.
        self._writing_since: int | None = None
        # The log of a lost file is saved once, until a write succeeds again.
        self._log_saved = False
        # Ids are as many blocks higher than those of another store with the same commits, and in the same order.
        self.id_shift = 0
        # The size at which the log is truncated.
        self._log_limit = LONGEST_LOG_BYTES
        self._file = DataFile(path)
        try:
            schema.check_header(self._file.path, self._file.header())
            self._writer = self._connect()
            schema.prepare(self._writer, self._file.path)
            # The first read makes the log.
            read_state(self._writer)
            self._file.remember_log()
        except (sqlite3.Error, OSError, DatastoreError) as error:
            self.close()
            raise UserError(cannot_open(self._file.path, error)) from error
        except BaseException:
            self.close()
            raise
        self.partitions = NameIds("partitions", "project", "database", "namespace")
        self.kinds = NameIds("kinds", "partition", "name")
        self.properties = NameIds("properties", "kind", "name")

    def close(self) -> None:
        """Close every connection, open snapshots included; a second call does nothing."""
        with self._write_lock, self._lock:
            if self._closed:
                return
            self._closed = True
            self._idle.clear()
            writer: sqlite3.Connection | None = getattr(self, "_writer", None)
            for connection in self._open:
                if connection is not writer:
                    connection.close()
            if writer:
                self._save_log_of_lost_file()
                writer.close()
            self._open.clear()
            self._file.release()
            if self._directory:
                self._directory.cleanup()

    def open_snapshot(self, past: int | None = None, connection: sqlite3.Connection | None = None) -> Snapshot:
        """Open a snapshot as of now, or of the time `past`. Close it with close_snapshot().

        `connection` is one that keep_connection() returned.
        """
        if past is not None:
            # The commit in progress may have an earlier time.
            with self._write_lock:
                pass
        # Taken before the snapshot: a commit that the snapshot does not see has a later version.
        now = min(time.time_ns() // 1000, self._writing_since or sys.maxsize) - 1
        if connection is None:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
        connection = connection or self._connect()
        try:
            connection.execute("BEGIN")
            # BEGIN alone opens no snapshot, the first read does.
            version = read_state(connection).version
            self._file.check_for_reading()
            return Snapshot(connection, version, max(version, now) if past is None else past, past)
        except BaseException:
            self.drop_connection(connection)
            raise

    def close_snapshot(self, snapshot: Snapshot) -> None:
        """Close the snapshot, and keep its connection for others."""
        with self._lock:
            if self._closed:
                return
            snapshot.connection.execute("ROLLBACK")
            if len(self._idle) < _MAX_IDLE and snapshot.connection not in self._retired:
                self._idle.append(snapshot.connection)
                return
        self.drop_connection(snapshot.connection)

    def retire(self, connection: sqlite3.Connection) -> None:
        """Have the connection closed with its snapshot, rather than given to others."""
        with self._lock:
            self._retired.add(connection)

    def keep_connection(self, snapshot: Snapshot) -> sqlite3.Connection | None:
        """Close the snapshot; return its connection if it has temporary tables, None if it is kept for others."""
        if snapshot.past is None or not schema.has_temporary_tables(snapshot.connection):
            self.close_snapshot(snapshot)
            return None
        snapshot.connection.execute("COMMIT")
        # It may be idle for a minute, and its cache has up to 2 MB.
        snapshot.connection.execute("PRAGMA shrink_memory")
        return snapshot.connection

    def drop_connection(self, connection: sqlite3.Connection) -> None:
        """Close a connection with its snapshot, if it has one, rather than keep it for others."""
        with self._lock:
            self._open.discard(connection)
            self._retired.discard(connection)
        connection.close()

    @contextlib.contextmanager
    def snapshot(self, past: int | None = None) -> Iterator[Snapshot]:
        """Open a snapshot for the length of a `with` block."""
        snapshot = self.open_snapshot(past)
        try:
            yield snapshot
        finally:
            self.close_snapshot(snapshot)

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection for writing, in a transaction that an exception rolls back. One thread at a time."""
        name_tables = (self.partitions, self.kinds, self.properties)
        with self._write_lock:
            self._writing_since = time.time_ns() // 1000
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._file.check_for_writing()
                self._writer.execute("COMMIT")
                self._log_saved = False
            except BaseException:
                for names in name_tables:
                    names.rollback()
                if self._writer.in_transaction:
                    # The first error matters, such as a full disk.
                    with contextlib.suppress(sqlite3.Error):
                        self._writer.execute("ROLLBACK")
                self._save_log_of_lost_file()
                raise
            finally:
                self._writing_since = None
            for names in name_tables:
                names.commit()
            if self._file.log_bytes > self._log_limit:
                self._truncate_log()

    def _save_log_of_lost_file(self) -> None:
        """Copy the log into the file if the file was moved or replaced.

        SQLite would leave the log under the old name. Its commits would be missing in the file, and another file that
        gets the name would be damaged by them.
        """
        try:
            self._file.check_for_writing()
        except DatastoreError:
            if not self._log_saved:
                self._log_saved = True
                with contextlib.suppress(sqlite3.Error):
                    self._checkpoint()

    def _truncate_log(self) -> None:
        # The commit is done; a checkpoint that fails now is tried again later.
        with contextlib.suppress(sqlite3.Error):
            self._checkpoint()
        with contextlib.suppress(DatastoreError):
            self._file.measure_log()
        size = self._file.log_bytes
        self._log_limit = LONGEST_LOG_BYTES if size < LONGEST_LOG_BYTES else size + _LOG_STEP_BYTES

    def _checkpoint(self) -> None:
        """Copy the log into the file and truncate it, if the open snapshots close in time."""
        execute = self._writer.execute
        execute(f"PRAGMA busy_timeout = {int(_READERS_SECONDS * 1000)}")
        try:
            execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            execute(f"PRAGMA busy_timeout = {int(_BUSY_SECONDS * 1000)}")

    def _connect(self) -> sqlite3.Connection:
        # Do not open or create another file under the name.
        self._file.check()
        # One thread at a time uses a connection, but not always the same one.
        connection = sqlite3.connect(
            f"{self._file.path.as_uri()}?mode=rw",
            uri=True,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
        with self._lock:
            self._open.add(connection)
        return connection


def read_state(connection: sqlite3.Connection) -> Snapshot:
    """Return the snapshot of a connection in a transaction."""
    version: int = connection.execute("SELECT version FROM state").fetchone()[0]
    # Not earlier than the newest commit, even if the clock was set back.
    return Snapshot(connection, version, max(version, time.time_ns() // 1000))
