"""The tables of the Datastore's file, and the migrations of older files.

An entity is one row of `entities`. Each of its indexed values is a row of `cells`, by entity, and a row of `postings`,
in the order of values and keys. Every query walks `postings` or the keys of `entities`, and looks up in `cells` what
else it requires.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from datastore_emulator.errors import UserError

# "LCds" in the file's header marks a file of this program; user_version is the number of its schema.
_APPLICATION_ID = 0x4C436473

_ENTITIES = """(
    id INTEGER PRIMARY KEY, partition INTEGER NOT NULL, kind INTEGER NOT NULL, key BLOB NOT NULL,
    version INTEGER NOT NULL, created INTEGER NOT NULL, body BLOB NOT NULL)"""
_CELLS = """(
    entity INTEGER NOT NULL, property INTEGER NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (entity, property, value)) WITHOUT ROWID"""
_POSTINGS = """(
    property INTEGER NOT NULL, value BLOB NOT NULL, key BLOB NOT NULL, entity INTEGER NOT NULL,
    many INTEGER NOT NULL, PRIMARY KEY (property, value, key)) WITHOUT ROWID"""

_SCHEMA = f"""
CREATE TABLE state (version INTEGER NOT NULL, allocated INTEGER NOT NULL);
INSERT INTO state VALUES (0, 0);
CREATE TABLE partitions (
    id INTEGER PRIMARY KEY, project TEXT NOT NULL, database TEXT NOT NULL, namespace TEXT NOT NULL,
    UNIQUE (project, database, namespace));
CREATE TABLE kinds (
    id INTEGER PRIMARY KEY, partition INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE (partition, name));
CREATE TABLE properties (
    id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE (kind, name));
CREATE TABLE entities {_ENTITIES};
CREATE UNIQUE INDEX entities_by_key ON entities (partition, key);
CREATE INDEX entities_by_kind ON entities (kind, key);
CREATE TABLE cells {_CELLS};
CREATE TABLE postings {_POSTINGS};
CREATE TABLE reserved (
    partition INTEGER NOT NULL, key BLOB NOT NULL, PRIMARY KEY (partition, key)) WITHOUT ROWID;
"""

_TEMPORARY = f"""
CREATE TEMP TABLE entities {_ENTITIES};
CREATE INDEX temp.entities_by_kind ON entities (kind, key);
CREATE TEMP TABLE cells {_CELLS};
CREATE TEMP TABLE postings {_POSTINGS};
CREATE TEMP TABLE rebuilt (partition INTEGER, kind INTEGER, seen INTEGER, PRIMARY KEY (partition, kind));
"""
# rebuilt.kind       0 for all kinds of the partition
# rebuilt.seen       the newest commit whose changes are in the temporary tables

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
"""The statements that make schema 2 from schema 1, 3 from 2, and so on. A change of _SCHEMA needs a migration here.
A test compares the tables of a new file with those of a migrated one."""

SCHEMA_VERSION = 1 + len(_MIGRATIONS)

_MAGIC = b"SQLite format 3\0"
# How long the pages of a file are checked before it is served: enough for some tens of megabytes.
_CHECK_SECONDS = 0.1
_INSTRUCTIONS_BETWEEN_LOOKS = 10_000


def check_header(path: Path, header: bytes) -> None:
    """Raise UserError if the file is another program's, or newer than this one; an empty one is neither.

    `header` was read by hand, because opening another program's database with SQLite may already write to it.
    https://www.sqlite.org/fileformat.html#the_database_header
    """
    if not header:
        return
    application = int.from_bytes(header[68:72], "big") if header.startswith(_MAGIC) else 0
    check_numbers(path, application, int.from_bytes(header[60:64], "big"))


def check_numbers(path: Path, application: int, version: int) -> None:
    """Raise UserError if a file with these numbers, `application_id` and `user_version`, cannot be used."""
    if application != _APPLICATION_ID:
        raise UserError(f"{path}: not a Datastore file; choose another file with --data (this one was not changed)")
    _refuse_newer(path, version)


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new file, or migrate those of an older one, all or nothing.

    Raises UserError for a file that is newer, sqlite3.Error for one that is damaged.
    """
    # Read first: a file that cannot be used is left as it is.
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
        # Out of the journal, so that the file's own header always has its version.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.execute("PRAGMA journal_mode = WAL")


def _version(connection: sqlite3.Connection, path: Path) -> int:
    # The last writes of a newer program may still be in the journal, which check_header() does not read.
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    _refuse_newer(path, version)
    return version


def make_temporary_tables(connection: sqlite3.Connection) -> None:
    """Make temporary tables with the columns of the lasting ones, unless the connection has them already."""
    if not has_temporary_tables(connection):
        _execute_all(connection, _TEMPORARY)


def has_temporary_tables(connection: sqlite3.Connection) -> bool:
    """Return whether the connection has temporary tables."""
    return connection.execute("SELECT 1 FROM temp.sqlite_master").fetchone() is not None


def _execute_all(connection: sqlite3.Connection, script: str) -> None:
    # Not executescript(), which would commit first.
    for statement in script.split(";\n"):
        connection.execute(statement)


def _refuse_newer(path: Path, version: int) -> None:
    if version > SCHEMA_VERSION:
        raise UserError(
            f"{path}: written by a newer version (schema {version}, this one reads up to {SCHEMA_VERSION}); "
            "upgrade, or choose another file with --data (this one was not changed)"
        )


def _check_pages(connection: sqlite3.Connection) -> None:
    """Look for damage, for as long as a start may take."""
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
