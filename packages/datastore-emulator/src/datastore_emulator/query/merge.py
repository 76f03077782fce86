"""The rows of a query's branches as one sequence, in the query's order and without repetition."""

from __future__ import annotations

import functools
import heapq
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from datastore_emulator.encoding.keys import KEY
from datastore_emulator.query.cursors import Position
from datastore_emulator.query.filters import Conjunction, Range
from datastore_emulator.query.normal_form import NormalQuery

Row = Sequence[Any]
"""The entity's number, its key, then each property of the query's terms."""


@functools.total_ordering
class _Turned:
    """A value in a descending order."""

    __slots__ = ("value",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: bytes) -> None:
        self.value = value

    def __lt__(self, other: _Turned) -> bool:
        return other.value < self.value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Turned) and other.value == self.value


class Merge:
    """Merges rows that are each in the query's order. `places` tells where in a row each of the terms is."""

    def __init__(
        self, connection: sqlite3.Connection, query: NormalQuery, places: dict[str, int], start: Position | None
    ) -> None:
        self._connection = connection
        self._query = query
        self._places = [places[term.name] for term in query.terms]
        self._start = start

    def rows(self, scans: Iterable[tuple[str, Iterator[Row]]]) -> Iterator[Row]:
        """Yield each entity, or each combination of values if the query asks for those, where it stands first.

        A scan is the schema whose tables it walks, as a Source has it, and its rows.
        """
        seen: set[object] = set()
        resumed = self._start is not None and not self._query.expanded and len(self._query.branches) > 1
        tagged = [self._tag(schema, rows) for schema, rows in scans]
        for _, schema, row in heapq.merge(*tagged, key=lambda item: item[0]):
            # What tells results apart is the key, and with it the values if there is a result for each of them.
            identity = tuple(row[1:]) if self._query.expanded else row[1]
            if identity in seen or (resumed and self._stood_before(schema, row)):
                continue
            seen.add(identity)
            yield row

    def _tag(self, schema: str, rows: Iterator[Row]) -> Iterator[tuple[list[object], str, Row]]:
        for row in rows:
            yield self._rank([row[place] for place in self._places]), schema, row

    def _rank(self, values: Sequence[bytes]) -> list[object]:
        terms = self._query.terms
        return [_Turned(value) if term.descending else value for term, value in zip(terms, values, strict=True)]

    def _stood_before(self, schema: str, row: Row) -> bool:
        """Whether another branch has found the entity before the start cursor, by another of its values."""
        start = self._start
        if start is None or not start.values:
            return False
        cells: dict[str, list[bytes]] = {}
        for name, value in self._connection.execute(
            f"SELECT p.name, c.value FROM {schema}cells AS c JOIN properties AS p ON p.id = c.property"
            " WHERE c.entity = ? ORDER BY c.value",
            (row[0],),
        ):
            cells.setdefault(name, []).append(value)
        if all(len(cells[term.name]) == 1 for term in self._query.terms if term.name != KEY):
            return False
        limit = self._rank(start.values)
        for branch in self._query.branches:
            place = self._place(branch, row[1], cells)
            if place is not None and (place < limit or (start.after and place == limit)):
                return True
        return False

    def _place(self, branch: Conjunction, key: bytes, cells: dict[str, list[bytes]]) -> list[object] | None:
        """Return where the branch finds the entity, None if it does not."""
        if key not in branch.keys or any(value not in cells.get(name, ()) for name, value in branch.equals):
            return None
        values = []
        names = {*branch.ranges, *(term.name for term in self._query.terms if term.name != KEY)}
        matching = {
            name: [value for value in cells.get(name, ()) if value in branch.ranges.get(name, Range())]
            for name in names
        }
        if not all(matching.values()):
            return None
        for term in self._query.terms:
            if term.name == KEY:
                values.append(key)
            else:
                values.append(matching[term.name][-1 if term.descending else 0])
        return self._rank(values)
