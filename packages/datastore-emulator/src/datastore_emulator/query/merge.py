"""Merge the rows of a query's branches into one sequence, in the query's order and without duplicates."""

from __future__ import annotations

import functools
import heapq
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from datastore_emulator.encoding.keys import KEY
from datastore_emulator.query.cursors import Position
from datastore_emulator.query.filters import ANY, Conjunction
from datastore_emulator.query.normal_form import NormalQuery

Row = Sequence[Any]
"""The entity's number, its key, then each property of the query's terms."""


@functools.total_ordering
class _Descending:
    """A value that sorts in descending order."""

    __slots__ = ("value",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: bytes) -> None:
        self.value = value

    def __lt__(self, other: _Descending) -> bool:
        return other.value < self.value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and other.value == self.value


class Merge:
    """Merges rows that are each in the query's order. `columns` has the column of each term in a row."""

    def __init__(
        self, connection: sqlite3.Connection, query: NormalQuery, columns: Mapping[str, int], start: Position | None
    ) -> None:
        self._connection = connection
        self._query = query
        self._columns = [columns[term.name] for term in query.terms]
        self._start = start

    def rows(self, scans: Iterable[tuple[str, Iterator[Row]]]) -> Iterator[Row]:
        """Yield each entity at its first position; if the query is expanded, each combination of its values.

        A scan is the schema whose tables it reads, as a TableSource has it, and its rows.
        """
        seen: set[object] = set()
        resumed = self._start is not None and not self._query.expanded and len(self._query.branches) > 1
        ranked = [self._ranked(schema, rows) for schema, rows in scans]
        for _, schema, row in heapq.merge(*ranked, key=lambda item: item[0]):
            # Results differ by their key and, if there is one for each combination of values, by their values.
            identity = tuple(row[1:]) if self._query.expanded else row[1]
            if identity in seen or (resumed and self._is_before_start(schema, row)):
                continue
            seen.add(identity)
            yield row

    def _ranked(self, schema: str, rows: Iterator[Row]) -> Iterator[tuple[list[object], str, Row]]:
        for row in rows:
            yield self._rank([row[column] for column in self._columns]), schema, row

    def _rank(self, values: Sequence[bytes]) -> list[object]:
        terms = self._query.terms
        return [_Descending(value) if term.descending else value for term, value in zip(terms, values, strict=True)]

    def _is_before_start(self, schema: str, row: Row) -> bool:
        """Return whether another branch has found the entity before the start cursor, by another of its values."""
        start = self._start
        if start is None or not start.values:
            return False
        indexed: dict[str, list[bytes]] = {}
        for name, value in self._connection.execute(
            f"SELECT p.name, c.value FROM {schema}cells AS c JOIN properties AS p ON p.id = c.property"
            " WHERE c.entity = ? ORDER BY c.value",
            (row[0],),
        ):
            indexed.setdefault(name, []).append(value)
        if all(len(indexed[term.name]) == 1 for term in self._query.terms if term.name != KEY):
            return False
        limit = self._rank(start.values)
        for branch in self._query.branches:
            rank = self._rank_in_branch(branch, row[1], indexed)
            if rank is not None and (rank < limit or (start.after and rank == limit)):
                return True
        return False

    def _rank_in_branch(self, branch: Conjunction, key: bytes, indexed: dict[str, list[bytes]]) -> list[object] | None:
        """Return the position at which the branch finds the entity, None if it does not find it."""
        if key not in branch.keys or any(value not in indexed.get(name, ()) for name, value in branch.equals):
            return None
        names = {*branch.ranges, *(term.name for term in self._query.terms if term.name != KEY)}
        matching = {
            name: [value for value in indexed.get(name, ()) if value in branch.ranges.get(name, ANY)] for name in names
        }
        if not all(matching.values()):
            return None
        return self._rank(
            [
                key if term.name == KEY else matching[term.name][-1 if term.descending else 0]
                for term in self._query.terms
            ]
        )
