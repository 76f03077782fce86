"""Numbers for names: partitions, kinds and properties are short integers in the rows that repeat them."""

from __future__ import annotations

import sqlite3
import threading

# As many as an app has, many times over. Each takes some 200 bytes, and who makes up names makes many.
_MOST_KNOWN = 10_000


class NameIds:
    """One table (id, *columns), the latest names of it in memory: its rows are never changed or removed."""

    def __init__(self, table: str, *columns: str) -> None:
        where = " AND ".join(f"{column} = ?" for column in columns)
        self._select = f"SELECT id FROM {table} WHERE {where}"
        self._insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' for _ in columns)})"
        self._known: dict[tuple[str | int, ...], int] = {}
        # For changes only; a look into a dict needs none.
        self._lock = threading.Lock()
        # Added in the write transaction in progress: true for others only once that commits.
        self._added: dict[tuple[str | int, ...], int] = {}

    def find(self, connection: sqlite3.Connection, *name: str | int) -> int | None:
        """Return the name's number, None if it has none. Not for a connection that has added names."""
        number = self._known.get(name)
        if number is None:
            row = connection.execute(self._select, name).fetchone()
            if row:
                number = row[0]
                self._remember({name: row[0]})
        return number

    def add(self, writer: sqlite3.Connection, *name: str | int) -> int:
        """Return the name's number, given to it now if it has none; within a write transaction."""
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
                # The one that came first; if it is still in use, it is looked up and comes again.
                del self._known[next(iter(self._known))]
