"""What is in the Datastore's file: its tables, how it says whose it is, and how an older file is brought up to date.

An entity is one row of `entities`. Each indexed value is a row of `cells` (what does this entity hold?) and one
of `postings` (who holds this value, in order of value and key?): every query is a walk along `postings` or along
the keys of `entities`, with look-ups in `cells` for what else it asks.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from datastore_emulator.errors import UserError

# "LCds" in the file's header says that the file is ours; user_version says which schema it has.
_APPLICATION_ID = 0x4C436473

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
"""
# state.version      the newest commit, in microseconds since 1970, which is also its entities' version
# state.allocated    how many ids have been handed out
# entities.created   the version at which the entity was first written
# postings.many      whether the entity has several values for the property, so that a walk may meet it again

_HISTORY = """
CREATE TABLE history (
    id INTEGER PRIMARY KEY, partition INTEGER NOT NULL, kind INTEGER NOT NULL, key BLOB NOT NULL,
    version INTEGER NOT NULL, created INTEGER NOT NULL, until INTEGER NOT NULL, body BLOB NOT NULL,
    total INTEGER NOT NULL);
CREATE INDEX history_by_until ON history (partition, until, kind, key);
CREATE TABLE horizon (past INTEGER NOT NULL);
INSERT INTO horizon SELECT version FROM state;
"""
# history.until      the version of the commit that replaced or deleted the entity, so ids and these grow together
# history.total      the bytes of all bodies so far, this one included
# horizon.past       the earliest time whose history is complete, in microseconds since 1970

_SCHEMA += _HISTORY

_MIGRATIONS: tuple[str, ...] = (_HISTORY,)
"""What makes schema 2 of schema 1, 3 of 2, and so on. A change of _SCHEMA is a migration added here, and the new
_SCHEMA is what a new file gets; a test holds the two to the same tables."""

SCHEMA_VERSION = 1 + len(_MIGRATIONS)

_MAGIC = b"SQLite format 3\0"
# How long the pages of a file are checked before it is served: time for some tens of megabytes.
_CHECK_SECONDS = 0.1
_INSTRUCTIONS_BETWEEN_LOOKS = 10_000


def check_header(path: Path, header: bytes) -> None:
    """Raise UserError if the file is another program's, or newer than this one; an empty one is neither.

    `header` was read by hand, because opening another program's database with SQLite may already write to it.
    https://www.sqlite.org/fileformat.html#the_database_header
    """
    if not header:
        return
    application = int.from_bytes(header[68:72], "big")
    if not header.startswith(_MAGIC) or application != _APPLICATION_ID:
        raise UserError(
            f"{path}: expected a Datastore file, found something else; name another file, it was left as it is"
        )
    _refuse_newer(path, int.from_bytes(header[60:64], "big"))


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new file, or bring those of an older one up to date: all of it or nothing.

    Raises UserError for a file that is newer or damaged, sqlite3.Error for what else is wrong with it.
    """
    # First what only reads: a file that cannot be used is left as it is.
    found = _version(connection, path)
    if found:
        connection.execute("SELECT version FROM state").fetchone()
        _check_pages(connection)
    if found != SCHEMA_VERSION:
        connection.execute("BEGIN IMMEDIATE")
        if not found:
            _execute_all(connection, _SCHEMA)
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        for migration in _MIGRATIONS[found - 1 :] if found else ():
            _execute_all(connection, migration)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
        # Out of the journal, so that the file's own header always tells what the file is.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.execute("PRAGMA journal_mode = WAL")


def _version(connection: sqlite3.Connection, path: Path) -> int:
    # What a newer program wrote last may still be in the journal, where check_header() does not look.
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    _refuse_newer(path, version)
    return version


def _execute_all(connection: sqlite3.Connection, script: str) -> None:
    # Not executescript(), which would commit first.
    for statement in script.split(";\n"):
        connection.execute(statement)


def _refuse_newer(path: Path, version: int) -> None:
    if version > SCHEMA_VERSION:
        raise UserError(
            f"{path}: expected schema {SCHEMA_VERSION} or older, found {version} of a newer localcloud; "
            "upgrade localcloud or name another file, it was left as it is"
        )


def _check_pages(connection: sqlite3.Connection) -> None:
    """Look for damage, for as long as a start may take: better found now than in the middle of somebody's work."""
    end = time.monotonic() + _CHECK_SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > end, _INSTRUCTIONS_BETWEEN_LOOKS)
    try:
        # One row, "ok" or the first damage found.
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        return
    finally:
        connection.set_progress_handler(None, 0)
    if verdict != "ok":
        raise sqlite3.DatabaseError(f"database disk image is malformed ({' '.join(verdict.split())})")
