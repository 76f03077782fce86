"""Earlier versions of entities, for reads in the past.

A commit that replaces or deletes an entity leaves the old row in `history`. It is kept as long as the service allows
reads in the past, and as long as an open transaction reads the state before. A query in the past runs twice: on the
rows that have not changed since, and on small temporary tables with the old versions of those that have. So it costs
what has changed, not what there is.
"""

from __future__ import annotations

import sqlite3
import time

from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode

from datastore_emulator import messages as m
from datastore_emulator.encoding import values
from datastore_emulator.encoding.damage import DECODE_ERRORS, damaged_entity
from datastore_emulator.encoding.keys import Partition
from datastore_emulator.errors import DatastoreError, invalid
from datastore_emulator.storage import schema
from datastore_emulator.storage.database import Snapshot, Storage, TableSource

# https://cloud.google.com/datastore/docs/reference/data/rpc/google.datastore.v1#readoptions: "within the past one
# hour", without point-in-time recovery.
KEPT_MICROSECONDS = 3_600_000_000
# Otherwise an app that writes a large entity each second would fill the disk.
KEPT_BYTES = 100_000_000
_PRUNED_AT_ONCE = 1000


def check_read_time(read_time: Timestamp) -> int:
    """Return the time in microseconds since 1970; DatastoreError if it cannot be read."""
    if read_time.nanos % 1000:
        raise invalid("timestamp cannot have more than microseconds precision")
    micros = int(read_time.seconds) * 1_000_000 + int(read_time.nanos) // 1000
    now = time.time_ns() // 1000
    if micros > now:
        raise invalid("The requested 'read_time' cannot be in the future.")
    if micros < now - KEPT_MICROSECONDS:
        raise _too_old()
    return micros


def _too_old() -> DatastoreError:
    return DatastoreError(StatusCode.FAILED_PRECONDITION, "The requested 'read_time' is too old.")


def check_horizon(snapshot: Snapshot) -> None:
    """Raise DatastoreError if the history does not reach back to the snapshot's past time."""
    if snapshot.past is not None:
        horizon: int = snapshot.connection.execute("SELECT past FROM horizon").fetchone()[0]
        if snapshot.past < horizon:
            raise _too_old()


def record(connection: sqlite3.Connection, entity: int, until: int) -> None:
    """Copy the entity's row to the history; `until` is the version of the commit that changes it."""
    connection.execute(
        "INSERT INTO history (partition, kind, key, version, created, until, body, total)"
        " SELECT partition, kind, key, version, created, ?, body,"
        " length(body) + coalesce((SELECT total FROM history ORDER BY id DESC LIMIT 1), 0) FROM entities WHERE id = ?",
        (until, entity),
    )


def prune(connection: sqlite3.Connection, now: int, needed: int) -> None:
    """Remove some of the history that is too old to be read, or that exceeds KEPT_BYTES.

    Keep what reads at the time `needed` or later can see.
    """
    row = connection.execute(
        "SELECT until, total, (SELECT total FROM history ORDER BY id DESC LIMIT 1) FROM history ORDER BY id LIMIT 1"
    ).fetchone()
    if row is None:
        return
    until, oldest, newest = row
    if until > needed or (until >= now - KEPT_MICROSECONDS and newest - oldest <= KEPT_BYTES):
        return
    last, past = connection.execute(
        "SELECT max(id), max(until) FROM (SELECT id, until, total FROM history ORDER BY id LIMIT ?)"
        " WHERE until <= ? AND (until < ? OR total < ?)",
        (_PRUNED_AT_ONCE, needed, now - KEPT_MICROSECONDS, newest - KEPT_BYTES),
    ).fetchone()
    if last is None:
        return
    connection.execute("DELETE FROM history WHERE id <= ?", (last,))
    connection.execute("UPDATE horizon SET past = ?", (past,))


def find(
    connection: sqlite3.Connection, partition: int | None, path: bytes, past: int
) -> tuple[int, int, bytes] | None:
    """Return the version, creation and body that the entity had at the time `past`."""
    row: tuple[int, int, bytes] | None = connection.execute(
        "SELECT version, created, body FROM main.entities WHERE partition = ?1 AND key = ?2 AND version <= ?3"
        " UNION ALL SELECT version, created, body FROM main.history"
        " WHERE partition = ?1 AND until > ?3 AND key = ?2 AND version <= ?3",
        (partition, path, past),
    ).fetchone()
    return row


def open_sources(
    storage: Storage, snapshot: Snapshot, partition: Partition, kind: str | None = None
) -> tuple[TableSource, ...]:
    """Return the sources of a scan of a partition, or one of its kinds, at the snapshot's past time."""
    assert snapshot.past is not None
    connection = snapshot.connection
    number = storage.partitions.find(connection, *partition)
    kind_number = storage.kinds.find(connection, number, kind) if number is not None and kind is not None else None
    if number is not None and (kind is None or kind_number is not None):
        _rebuild(storage, connection, number, kind_number, snapshot.past)
    return (TableSource("main.", newest=snapshot.past), TableSource("temp."))


def _rebuild(storage: Storage, connection: sqlite3.Connection, partition: int, kind: int | None, past: int) -> None:
    """Fill temporary tables with the old versions of the entities that have changed since.

    They vanish with the connection's transaction, unless it commits. Then later calls add only what is new.
    """
    schema.make_temporary_tables(connection)
    newest: int = connection.execute("SELECT version FROM main.state").fetchone()[0]
    # No kind has the number 0; it means all kinds.
    rebuilt = (partition, kind or 0)
    seen = connection.execute("SELECT seen FROM rebuilt WHERE partition = ? AND kind IN (?, 0)", rebuilt).fetchone()
    for number, kind_number, key, version, created, body in connection.execute(
        "SELECT id, kind, key, version, created, body FROM main.history"
        " WHERE partition = ?1 AND until > ?2 AND version <= ?3 AND (?4 IS NULL OR kind = ?4)",
        (partition, max(past, seen[0]) if seen else past, past, kind),
    ):
        _rebuild_entity(storage, connection, (-number, partition, kind_number, key, version, created, body))
    connection.execute("INSERT OR REPLACE INTO rebuilt VALUES (?, ?, ?)", (*rebuilt, newest))


def _rebuild_entity(
    storage: Storage, connection: sqlite3.Connection, row: tuple[int, int, int, bytes, int, int, bytes]
) -> None:
    # Its number is negative, so that it differs from all numbers of current entities.
    entity, _, kind, key, _, _, body = row
    inserted = connection.execute(
        "INSERT OR IGNORE INTO temp.entities (id, partition, kind, key, version, created, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        row,
    )
    if not inserted.rowcount:
        # It has been rebuilt before, for its kind or for all kinds.
        return
    try:
        cells = values.index_entity(m.Entity.FromString(body))
    except (*DECODE_ERRORS, DatastoreError) as error:
        raise damaged_entity(key) from error
    for name, encoded in cells.items():
        numbered = storage.properties.find(connection, kind, name)
        for value in encoded:
            connection.execute(
                "INSERT INTO temp.cells (entity, property, value) VALUES (?, ?, ?)", (entity, numbered, value)
            )
            connection.execute(
                "INSERT INTO temp.postings (property, value, key, entity, many) VALUES (?, ?, ?, ?, ?)",
                (numbered, value, key, entity, len(encoded) > 1),
            )
