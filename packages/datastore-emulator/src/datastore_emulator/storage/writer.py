"""Write one commit to the tables: entities with their index rows, allocated ids, and the version."""

from __future__ import annotations

import sqlite3
import time
from typing import NamedTuple

from datastore_emulator.encoding import keys
from datastore_emulator.encoding.keys import Partition
from datastore_emulator.encoding.values import IndexedValues
from datastore_emulator.storage import history
from datastore_emulator.storage.database import Storage

# Ids have 16 digits and fit a double, as the real service's do. Counting in steps of an odd number, modulo a power of
# two, visits each number once in a scattered order, so that ids are unique without a table of them. Blocks are
# scattered, and ids within their block. Entities that are written together are near each other in the indexes then, and
# a commit changes few pages.
_ID_PLACES = 1 << 52
_ID_BLOCK = 1 << 12
_BLOCK_STEP = 0x9E3779B97F
_PLACE_STEP = 0x9E3


def _scatter(number: int) -> int:
    block, place = divmod(number, _ID_BLOCK)
    first = (block + 1) * _BLOCK_STEP % (_ID_PLACES // _ID_BLOCK) * _ID_BLOCK
    return _ID_PLACES + first + place * _PLACE_STEP % _ID_BLOCK


class StoredEntity(NamedTuple):
    """The row of an entity; `version` and `created` are microseconds since 1970."""

    id: int
    version: int
    created: int
    body: bytes


class Written(NamedTuple):
    """An entity that a commit has written or deleted, as bytes before and after; None if there is none.

    A commit that comes later has a larger `version`.
    """

    version: int
    partition: Partition
    path: bytes
    before: bytes | None
    after: bytes | None


class Writer:
    """Writes the changes of one commit. They are complete after finish(), and last once the transaction commits.

    The history that reads at the time `needed` can see is kept. `written` has the changes in their order.
    """

    def __init__(self, storage: Storage, connection: sqlite3.Connection, needed: int | None = None) -> None:
        self._storage = storage
        self.connection = connection
        state: tuple[int, int] = connection.execute("SELECT version, allocated FROM state").fetchone()
        self._newest, self._allocated = state
        self._allocated_before = self._allocated
        # Versions grow even if the clock stops or goes back.
        self.version = max(self._newest + 1, time.time_ns() // 1000)
        # A transaction that begins before this commit reads what the commit replaces.
        self._needed = self._newest if needed is None else min(needed, self._newest)
        self.index_updates = 0
        self.written: list[Written] = []
        self._changed = False
        # Index rows are written in finish(): many at once, in the order of their table, are faster.
        self._postings: list[tuple[int, bytes, bytes, int, bool]] = []
        self._cells: list[tuple[int, int, bytes]] = []

    def finish(self) -> None:
        """Write the index rows, the version and the number of allocated ids."""
        self._write_index()
        if self._changed or self._allocated != self._allocated_before:
            newest = self.version if self._changed else self._newest
            history.prune(self.connection, newest, self._needed)
            self.connection.execute("UPDATE state SET version = ?, allocated = ?", (newest, self._allocated))

    def read(self, partition: Partition, path: bytes) -> StoredEntity | None:
        """Return the stored entity, with the earlier changes of this commit."""
        row = self.connection.execute(
            "SELECT id, version, created, body FROM entities WHERE partition = ? AND key = ?",
            (self._storage.partitions.add(self.connection, *partition), path),
        ).fetchone()
        return StoredEntity(*row) if row else None

    def put(
        self,
        partition: Partition,
        kind: str,
        path: bytes,
        body: bytes,
        indexed: IndexedValues,
        old: StoredEntity | None,
    ) -> None:
        """Insert the entity, or replace `old`, and update the indexes."""
        execute = self.connection.execute
        partition_number = self._storage.partitions.add(self.connection, *partition)
        kind_number = self._storage.kinds.add(self.connection, partition_number, kind)
        if old:
            number = old.id
            history.record(self.connection, number, self.version)
            execute("UPDATE entities SET version = ?, body = ? WHERE id = ?", (self.version, body, number))
        else:
            inserted = execute(
                "INSERT INTO entities (partition, kind, key, version, created, body) VALUES (?, ?, ?, ?, ?, ?)",
                (partition_number, kind_number, path, self.version, self.version, body),
            ).lastrowid
            assert inserted
            number = inserted
        rows = {
            (self._storage.properties.add(self.connection, kind_number, name), value, len(values) > 1)
            for name, values in indexed.items()
            for value in values
        }
        self._index(number, path, self._indexed(old) if old else set(), rows)
        self.written.append(Written(self.version, partition, path, old.body if old else None, body))
        self._changed = True

    def delete(self, partition: Partition, path: bytes, old: StoredEntity | None) -> None:
        """Remove the entity and its index rows, if there is one; the commit counts as a change in any case."""
        if old:
            history.record(self.connection, old.id, self.version)
            self._index(old.id, path, self._indexed(old), set())
            self.connection.execute("DELETE FROM entities WHERE id = ?", (old.id,))
            self.written.append(Written(self.version, partition, path, old.body, None))
        self._changed = True

    def allocate(self, partition: Partition, path: bytes) -> int:
        """Return a new id that completes `path` to a key that is neither stored nor reserved."""
        number = self._storage.partitions.add(self.connection, *partition)
        while True:
            self._allocated += 1
            candidate = _scatter(self._allocated) + self._storage.id_shift * _ID_BLOCK
            key = (number, path + keys.encode_id(candidate))
            taken = self.connection.execute(
                "SELECT 1 FROM entities WHERE partition = ? AND key = ?"
                " UNION ALL SELECT 1 FROM reserved WHERE partition = ? AND key = ?",
                key * 2,
            ).fetchone()
            if not taken:
                return candidate

    def reserve(self, partition: Partition, path: bytes) -> None:
        """Reserve the id at the end of `path`, so that allocate() never returns it."""
        self.connection.execute(
            "INSERT OR IGNORE INTO reserved VALUES (?, ?)",
            (self._storage.partitions.add(self.connection, *partition), path),
        )

    def clear(self, project: str) -> None:
        """Remove every entity of every database and namespace of the project."""
        partitions = "SELECT id FROM partitions WHERE project = ?"
        entities = f"SELECT id FROM entities WHERE partition IN ({partitions})"
        properties = (
            "SELECT properties.id FROM properties JOIN kinds ON kinds.id = properties.kind"
            f" WHERE kinds.partition IN ({partitions})"
        )
        for statement in (
            f"DELETE FROM postings WHERE property IN ({properties})",
            f"DELETE FROM cells WHERE entity IN ({entities})",
            f"DELETE FROM entities WHERE partition IN ({partitions})",
            f"DELETE FROM history WHERE partition IN ({partitions})",
            f"DELETE FROM reserved WHERE partition IN ({partitions})",
        ):
            self.connection.execute(statement, (project,))
        # The history was removed with the entities.
        self.connection.execute("UPDATE horizon SET past = ?", (self.version,))
        self._changed = True

    def _indexed(self, entity: StoredEntity) -> set[tuple[int, bytes, bool]]:
        if entity.version == self.version:
            # It was written earlier in this commit, and its index rows may not be written yet.
            self._write_index()
        rows = self.connection.execute("SELECT property, value FROM cells WHERE entity = ?", (entity.id,)).fetchall()
        values: dict[int, int] = {}
        for number, _ in rows:
            values[number] = values.get(number, 0) + 1
        return {(number, value, values[number] > 1) for number, value in rows}

    def _index(
        self,
        entity: int,
        path: bytes,
        old: set[tuple[int, bytes, bool]],
        new: set[tuple[int, bytes, bool]],
    ) -> None:
        if gone := old - new:
            executemany = self.connection.executemany
            executemany(
                "DELETE FROM postings WHERE property = ? AND value = ? AND key = ?",
                [(number, value, path) for number, value, _ in gone],
            )
            executemany(
                "DELETE FROM cells WHERE entity = ? AND property = ? AND value = ?",
                [(entity, number, value) for number, value, _ in gone],
            )
        added = new - old
        for number, value, many in added:
            self._postings.append((number, value, path, entity, many))
            self._cells.append((entity, number, value))
        self.index_updates += len(gone) + len(added)

    def _write_index(self) -> None:
        self._postings.sort()
        self.connection.executemany(
            "INSERT INTO postings (property, value, key, entity, many) VALUES (?, ?, ?, ?, ?)", self._postings
        )
        self.connection.executemany("INSERT INTO cells (entity, property, value) VALUES (?, ?, ?)", self._cells)
        self._postings.clear()
        self._cells.clear()
