"""The SQLite file: its schema, its connections, and what may be wrong with it.

An entity is one row of `entities`. Each indexed value is a row of `cells` (what does this entity hold?) and one
of `postings` (who holds this value, in order of value and key?): every query is a walk along `postings` or along
the keys of `entities`, with look-ups in `cells` for what else it asks.

The journal is a WAL, so readers see a snapshot and never wait for the writer. With synchronous=NORMAL a commit is
in the operating system's hands when it is acknowledged: it survives the death of this process at any moment, and a
power cut may cost the last commits but never the file's consistency. FULL would add a disk flush to each put.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from localcloud.datastore.dictionary import Dictionary
from localcloud.errors import LocalCloudError

# "LCds" in the file's header says that the file is ours; user_version says which schema it has.
_APPLICATION_ID = 0x4C436473
SCHEMA_VERSION = 2

_SCHEMA = """
CREATE TABLE state (version INTEGER NOT NULL, allocated INTEGER NOT NULL);
INSERT INTO state VALUES (0, 0);
CREATE TABLE partitions (
    id INTEGER PRIMARY KEY, project TEXT NOT NULL, database TEXT NOT NULL, namespace TEXT NOT NULL,
    UNIQUE (project, database, namespace));
CREATE TABLE kinds (
    id INTEGER PRIMARY KEY, partition INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE (partition, name));
CREATE TABLE properties (
    id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE (kind, name));
CREATE TABLE entities (
    id INTEGER PRIMARY KEY, partition INTEGER NOT NULL, kind INTEGER NOT NULL, key BLOB NOT NULL,
    version INTEGER NOT NULL, created INTEGER NOT NULL, body BLOB NOT NULL);
CREATE UNIQUE INDEX entities_by_key ON entities (partition, key);
CREATE INDEX entities_by_kind ON entities (kind, key);
CREATE TABLE cells (
    entity INTEGER NOT NULL, property INTEGER NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (entity, property, value)) WITHOUT ROWID;
CREATE TABLE postings (
    property INTEGER NOT NULL, value BLOB NOT NULL, key BLOB NOT NULL, entity INTEGER NOT NULL,
    many INTEGER NOT NULL, PRIMARY KEY (property, value, key)) WITHOUT ROWID;
CREATE TABLE reserved (
    partition INTEGER NOT NULL, key BLOB NOT NULL, PRIMARY KEY (partition, key)) WITHOUT ROWID;
CREATE TABLE history (
    id INTEGER PRIMARY KEY, partition INTEGER NOT NULL, kind INTEGER NOT NULL, key BLOB NOT NULL,
    version INTEGER NOT NULL, created INTEGER NOT NULL, until INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX history_by_until ON history (partition, until, kind, key);
"""
# state.version      the newest commit, in microseconds since 1970, which is also its entities' version
# state.allocated    how many ids have been handed out
# entities.created   the version at which the entity was first written
# postings.many      whether the entity has several values for the property, so that a walk may meet it again

_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\0"
_BUSY_SECONDS = 10.0


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
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        if os.fspath(path) == ":memory:":
            # SQLite's own in-memory databases have no snapshots that several threads could read.
            self._directory = tempfile.TemporaryDirectory(prefix="localcloud-datastore-")
            path = Path(self._directory.name) / "datastore.db"
        self._path = Path(path).absolute()
        self._synchronous = "OFF" if self._directory else "NORMAL"
        self._lock = threading.Lock()
        self._write_lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._open: set[sqlite3.Connection] = set()
        self._closed = False
        # When the commit in progress began, which is before its version.
        self._writing_since: int | None = None
        _check_header(self._path)
        try:
            self._writer = self._connect()
            _create(self._writer)
        except sqlite3.Error as error:
            self.close()
            raise LocalCloudError(_cannot_open(self._path, error)) from error
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
            if not self._closed:
                snapshot.connection.execute("ROLLBACK")
                self._idle.append(snapshot.connection)

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
        with self._lock:
            self._open.add(connection)
        return connection


def read_state(connection: sqlite3.Connection) -> Snapshot:
    """Return what a connection within a transaction sees."""
    version: int = connection.execute("SELECT version FROM state").fetchone()[0]
    # Never before a commit that is visible, even if the clock was set back.
    return Snapshot(connection, version, max(version, time.time_ns() // 1000))


def _check_header(path: Path) -> None:
    # Read by hand, because opening another program's database with SQLite may already write to it.
    # https://www.sqlite.org/fileformat.html#the_database_header
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except FileNotFoundError:
        return
    except OSError as error:
        raise LocalCloudError(f"{path}: cannot read the Datastore's file: {error.strerror}") from error
    if not header:
        return
    application = int.from_bytes(header[68:72], "big")
    version = int.from_bytes(header[60:64], "big")
    if not header.startswith(_MAGIC) or application != _APPLICATION_ID:
        raise LocalCloudError(
            f"{path}: expected a Datastore file, found something else; name another file, it was left as it is"
        )
    if version > SCHEMA_VERSION:
        raise LocalCloudError(
            f"{path}: expected schema {SCHEMA_VERSION} or older, found {version} of a newer localcloud; "
            "upgrade localcloud or name another file, it was left as it is"
        )
    if not os.access(path, os.W_OK):
        # SQLite would open it for reading, and fail at some later time.
        raise LocalCloudError(_not_writable(path))


def _create(connection: sqlite3.Connection) -> None:
    # The schema is written before the journal becomes a WAL, so that the file's own header always tells what it is.
    connection.execute("BEGIN IMMEDIATE")
    if not connection.execute("PRAGMA user_version").fetchone()[0]:
        for statement in _SCHEMA.split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("SELECT version FROM state").fetchone()


def _cannot_open(path: Path, error: sqlite3.Error) -> str:
    if not path.parent.is_dir():
        return f"{path}: there is no directory {path.parent} for the Datastore's file; make it or name another"
    if not os.access(path.parent, os.W_OK):
        return _not_writable(path)
    return f"{path}: cannot open the Datastore's file: {error}; restore it from a copy or name another file"


def _not_writable(path: Path) -> str:
    return f"{path}: the Datastore's file and its directory must be writable; change that or name another file"
