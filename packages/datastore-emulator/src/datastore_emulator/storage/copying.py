"""Copy a Datastore's file, also one that a process is using."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from datastore_emulator.errors import UserError
from datastore_emulator.storage import schema
from datastore_emulator.storage.datafile import cannot_open

_BUSY_SECONDS = 10.0


def copy_data(source: Path, target: Path) -> None:
    """Copy the Datastore's file `source` as it is now to `target`, a name that no file has yet.

    Another process may use the source meanwhile. The copy has all of a commit or nothing of it. Raises UserError.
    """
    if not source.is_file():
        raise UserError(f"{source}: there is no file of this name; name one that `localcloud run --data` has made")
    try:
        # Without O_EXCL two copies could mix. SQLite takes an empty file for a new database.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise UserError(f"{target}: cannot write the copy: {error.strerror}; choose another name") from error
    try:
        _copy(source, target)
    except BaseException:
        with contextlib.suppress(OSError):
            target.unlink()
        raise


def _copy(source: Path, target: Path) -> None:
    if not source.stat().st_size:
        return  # a Datastore that has never been used
    try:
        # SQLite reads nothing but the file itself, and writes nothing: it may be another program's.
        with closing(_connect(source, "mode=ro&immutable=1")) as connection:
            application, version = (_read_number(connection, name) for name in ("application_id", "user_version"))
        schema.check_numbers(source, application, version)
        with closing(_connect(source, "mode=ro")) as reading, closing(_connect(target, "mode=rw")) as writing:
            # All pages at once, in one transaction: between steps a writer would make the copy begin again.
            reading.backup(writing, pages=-1)
    except sqlite3.Error as error:
        raise UserError(cannot_open(source, error)) from error


def _read_number(connection: sqlite3.Connection, name: str) -> int:
    try:
        number: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    except sqlite3.DatabaseError as error:
        if "not a database" not in str(error):
            raise
        return 0
    return number


def _connect(path: Path, options: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?{options}", uri=True, timeout=_BUSY_SECONDS)
