"""Numbers for the names of partitions, kinds and properties, which keep the rows that repeat them small."""

from __future__ import annotations

import sqlite3
import threading

# Many times the names of an app. Each takes some 200 bytes, and a program could invent names without end.
_MOST_KNOWN = 10_000


class NameIds:
    """One table (id, *columns) with a cache of its latest names. Its rows are never changed or removed."""

    def __init__(self, table: str, *columns: str) -> None:
        where = " AND ".join(f"{column} = ?" for column in columns)
        self._select = f"SELECT id FROM {table} WHERE {where}"
        self._insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' for _ in columns)})"
        self._known: dict[tuple[str | int, ...], int] = {}
        # For changes only; reading a dict needs none.
        self._lock = threading.Lock()
        # Added in the write transaction in progress, and valid for others once that commits.
        self._added: dict[tuple[str | int, ...], int] = {}

    def find(self, connection: sqlite3.Connection, *name: str | int) -> int | None:
        """Return the name's number, None if it has none. Not for the connection that writes."""
        number = self._known.get(name)
        if number is None:
            row = connection.execute(self._select, name).fetchone()
            if row:
                number = row[0]
                self._remember({name: row[0]})
        return number

    def add(self, writer: sqlite3.Connection, *name: str | int) -> int:
        """Return the name's number; insert the name if it has none. Only within a write transaction."""
        number = self._known.get(name) or self._added.get(name)
        if number is None:
            row = writer.execute(self._select, name).fetchone()
            number = row[0] if row else writer.execute(self._insert, name).lastrowid
            assert number
            self._added[name] = number
        return number

    def commit(self) -> None:
        """Keep what was added: the write transaction has been committed."""
        if self._added:
            self._remember(self._added)
            self._added.clear()

    def rollback(self) -> None:
        """Forget what was added: the write transaction has been undone."""
        self._added.clear()

    def _remember(self, names: dict[tuple[str | int, ...], int]) -> None:
        with self._lock:
            self._known.update(names)
            while len(self._known) > _MOST_KNOWN:
                # The oldest; if it is still in use, the next look-up adds it again.
                del self._known[next(iter(self._known))]
