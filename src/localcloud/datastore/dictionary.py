"""Numbers for names: partitions, kinds and properties are short integers in the rows that repeat them."""

from __future__ import annotations

import sqlite3


class Dictionary:
    """One table (id, *columns), remembered in memory: its rows are never changed or removed."""

    def __init__(self, table: str, *columns: str) -> None:
        where = " AND ".join(f"{column} = ?" for column in columns)
        self._select = f"SELECT id FROM {table} WHERE {where}"
        self._insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' for _ in columns)})"
        self._known: dict[tuple[str | int, ...], int] = {}
        # Added in the write transaction in progress: true for others only once that commits.
        self._added: dict[tuple[str | int, ...], int] = {}

    def find(self, connection: sqlite3.Connection, *name: str | int) -> int | None:
        """Return the name's number, None if it has none. Not for a connection that has added names."""
        number = self._known.get(name)
        if number is None:
            row = connection.execute(self._select, name).fetchone()
            if row:
                number = self._known[name] = row[0]
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
        self._known.update(self._added)
        self._added.clear()

    def rollback(self) -> None:
        """Forget what was added: the write transaction has been undone."""
        self._added.clear()
