"""The SQLite file: its connections, who has it, and what may be wrong with it.

The journal is a WAL, so readers see a snapshot and never wait for the writer. With synchronous=NORMAL a commit is
in the operating system's hands when it is acknowledged: it survives the death of this process at any moment, and a
power cut may cost the last commits but never the file's consistency. FULL would add a disk flush to each put.

Readers pin the log: it can only begin again once nobody reads in it. So a read lasts no longer than a call, a
transaction between its calls holds none, and a log that has grown all the same is copied and cut short by force.

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

from grpc import StatusCode

from datastore_emulator.errors import DatastoreError, UserError, invalid
from datastore_emulator.scratch import Scratch
from datastore_emulator.storage import schema
from datastore_emulator.storage.datafile import DataFile, cannot_open
from datastore_emulator.storage.name_ids import NameIds

# For another program that looks into the file with SQLite's tools.
_BUSY_SECONDS = 10.0
# 16 MB of log before it is copied into the file, which flushes the disk and so is worth doing seldom.
_CHECKPOINT_PAGES = 4000
_LOG_BYTES = 16_000_000
# From here on a writer waits for the reads in progress, so that the log can be cut short. Should one take longer than
# that, writers wait again after each step: the log grows slowly then.
LONGEST_LOG_BYTES = 32_000_000
_LOG_STEP_BYTES = 2_000_000
_READERS_SECONDS = 2.0
# Idle connections that are kept: one for each call that the server answers at once.
_MAX_IDLE = 16


class Source(NamedTuple):
    """Whose tables a scan walks: SQLite's name of the schema with a dot, and the newest version that counts there."""

    schema: str = ""
    newest: int | None = None


CURRENT = Source()


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

    Raises UserError if the file is of another kind, newer than this program, or not to be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._directory: Scratch | None = None
        if os.fspath(path) == ":memory:":
            # SQLite's own in-memory databases have no snapshots that several threads could read.
            self._directory = Scratch("localcloud-datastore-")
            path = Path(self._directory.name) / "datastore.db"
        self._synchronous = "OFF" if self._directory else "NORMAL"
        self._lock = threading.Lock()
        self._write_lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._open: set[sqlite3.Connection] = set()
        self._retired: set[sqlite3.Connection] = set()
        self._closed = False
        # When the commit in progress began, which is before its version.
        self._writing_since: int | None = None
        # The log of a lost file is saved once, until a write goes through again.
        self._log_saved = False
        # How long the log may become before it is cut short.
        self._log_limit = LONGEST_LOG_BYTES
        self._file = DataFile(path)
        try:
            schema.check_header(self._file.path, self._file.header())
            self._writer = self._connect()
            schema.prepare(self._writer, self._file.path)
            # The log is made by the first look into it.
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
        """Return the database as it is now, or to be read as of `past`; it stays so until close_snapshot().

        `connection` is one that keep_connection() has kept.
        """
        if past is not None:
            # What is being written now may become part of that past.
            with self._write_lock:
                pass
        # Taken before the snapshot: a commit that this misses has a later version.
        now = min(time.time_ns() // 1000, self._writing_since or sys.maxsize) - 1
        if connection is None:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
        connection = connection or self._connect()
        try:
            connection.execute("BEGIN")
            # BEGIN alone takes no snapshot, the first read does.
            version = read_state(connection).version
            self._file.check_for_reading()
            return Snapshot(connection, version, max(version, now) if past is None else past, past)
        except BaseException:
            self._discard(connection)
            raise

    def close_snapshot(self, snapshot: Snapshot) -> None:
        """Give back what open_snapshot() returned."""
        with self._lock:
            if self._closed:
                return
            snapshot.connection.execute("ROLLBACK")
            if len(self._idle) < _MAX_IDLE and snapshot.connection not in self._retired:
                self._idle.append(snapshot.connection)
                return
        self._discard(snapshot.connection)

    def retire(self, connection: sqlite3.Connection) -> None:
        """Have the connection closed with its snapshot, rather than given to others."""
        with self._lock:
            self._retired.add(connection)

    def keep_connection(self, snapshot: Snapshot) -> sqlite3.Connection | None:
        """End the snapshot, and return its connection if temporary tables were made in it; else give it back."""
        if snapshot.past is None or not schema.has_temporary_tables(snapshot.connection):
            self.close_snapshot(snapshot)
            return None
        snapshot.connection.execute("COMMIT")
        # It may not be asked again for a minute, or never: its cache has up to 2 MB.
        snapshot.connection.execute("PRAGMA shrink_memory")
        return snapshot.connection

    def drop_connection(self, connection: sqlite3.Connection) -> None:
        """Close what keep_connection() returned."""
        self._discard(connection)

    def _discard(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            self._open.discard(connection)
            self._retired.discard(connection)
        connection.close()

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
                self._file.check_for_writing()
                self._writer.execute("COMMIT")
                self._log_saved = False
            except BaseException:
                for dictionary in dictionaries:
                    dictionary.rollback()
                if self._writer.in_transaction:
                    # What went wrong first is what matters, as on a full disk.
                    with contextlib.suppress(sqlite3.Error):
                        self._writer.execute("ROLLBACK")
                self._save_log_of_lost_file()
                raise
            finally:
                self._writing_since = None
            for dictionary in dictionaries:
                dictionary.commit()
            if self._file.log_bytes > self._log_limit:
                self._cut_log()

    def _save_log_of_lost_file(self) -> None:
        """If the name does not lead to the file any more, copy the log into it, wherever it is now.

        SQLite would leave the log behind under the old name. What it has would be missing in the file, and be taken for
        part of another file that comes to that name.
        """
        try:
            self._file.check_for_writing()
        except DatastoreError:
            if not self._log_saved:
                self._log_saved = True
                with contextlib.suppress(sqlite3.Error):
                    self._checkpoint()

    def _cut_log(self) -> None:
        # What is written is written: a checkpoint that fails now is tried again.
        with contextlib.suppress(sqlite3.Error):
            self._checkpoint()
        with contextlib.suppress(DatastoreError):
            self._file.measure_log()
        size = self._file.log_bytes
        self._log_limit = LONGEST_LOG_BYTES if size < LONGEST_LOG_BYTES else size + _LOG_STEP_BYTES

    def _checkpoint(self) -> None:
        """Copy the log into the file and make it empty, if the reads in progress end in time; no others begin in it."""
        execute = self._writer.execute
        execute(f"PRAGMA busy_timeout = {int(_READERS_SECONDS * 1000)}")
        try:
            execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            execute(f"PRAGMA busy_timeout = {int(_BUSY_SECONDS * 1000)}")

    def _connect(self) -> sqlite3.Connection:
        # A name that leads elsewhere is not opened, and nothing is made there.
        self._file.check()
        # Each connection is used by one thread at a time, but not always by the same one.
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
