"""Running a query on a snapshot: from the rows of its scan to the batch a client gets."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from localcloud.datastore import keys, values
from localcloud.datastore import messages as m
from localcloud.datastore.cursors import Cursors, Position
from localcloud.datastore.plan import Scan, plan
from localcloud.datastore.query import KEY, Query
from localcloud.datastore.storage import Snapshot, Storage

# Clients take replies up to 4 MB, gRPC's default; the last entity of a batch may have 1 MiB.
REPLY_BYTES = 3_000_000
_BATCH_RESULTS = 1000
# What a result weighs besides its entity: cursor, version, times.
_RESULT_BYTES = 100

# EntityResult.ResultType
_FULL, _PROJECTION, _KEY_ONLY = 1, 2, 3
# QueryResultBatch.MoreResultsType
_NOT_FINISHED, _MORE_AFTER_LIMIT, _NO_MORE, _MORE_AFTER_CURSOR = 1, 2, 3, 4

Row = Sequence[bytes]
"""The entity's number, its key, then each property of the query's terms."""


class Run:
    """One query on one snapshot."""

    def __init__(self, storage: Storage, snapshot: Snapshot, query: Query) -> None:
        self._storage = storage
        self._connection = snapshot.connection
        self._query = query
        self._cursors = Cursors(query.terms)
        self._start = self._cursors.decode(query.start) if query.start else None
        self._end = self._cursors.decode(query.end) if query.end else None
        self._scan = self._plan(self._start, self._end)
        # Where in a row each of the terms is.
        columns = [KEY, *(term.name for term in query.terms if term.name != KEY)]
        self._places = {name: place for place, name in enumerate(columns, start=1)}
        self.batch = m.QueryResultBatch()
        self.batch.entity_result_type = _KEY_ONLY if query.keys_only else _PROJECTION if query.projection else _FULL
        self.batch.snapshot_version = snapshot.version
        self.batch.read_time.FromMicroseconds(snapshot.time)

    def fill(self) -> m.QueryResultBatch:
        """Return the batch: as many results as a reply holds, and exactly what is left after them."""
        batch = self.batch
        batch.end_cursor = self._query.start or self._cursors.encode(())
        batch.more_results = self._add_results(self._skip())
        if batch.more_results == _NO_MORE and self._end and self._goes_on():
            batch.more_results = _MORE_AFTER_CURSOR
        return batch

    def _plan(self, start: Position | None, end: Position | None) -> Scan | None:
        return plan(self._storage, self._connection, self._query, start, end)

    def _rows(self, scan: Scan, clause: str = "") -> Iterator[Row]:
        return self._distinct(self._connection.execute(scan.sql + clause, scan.parameters))

    def _distinct(self, rows: Iterator[Row]) -> Iterator[Row]:
        # The distinct properties lead the order, so what belongs together comes together.
        count = len(self._query.distinct)
        if not count:
            yield from rows
            return
        before = self._start.values[:count] if self._start and self._start.after else ()
        leading = [self._places[term.name] for term in self._query.terms[:count]]
        for row in rows:
            group = tuple(row[place] for place in leading)
            if group != before:
                before = group
                yield row

    def _skip(self) -> Iterator[Row]:
        """Return the rows after the offset, having noted in the batch how many were skipped."""
        scan, offset, limit = self._scan, self._query.offset, self._query.limit
        if scan is None:
            return iter(())
        if self._query.distinct:
            # How many rows make a result is only known on the way.
            rows = self._rows(scan)
            for skipped, row in enumerate(itertools.islice(rows, offset), start=1):
                self._note_skipped(skipped, row)
            return rows
        # One more than wanted, to know whether there is more.
        wanted = -1 if limit is None else limit + 1
        if not offset:
            return self._rows(scan, f" LIMIT {wanted}")
        # The last row to skip is read too, for its cursor.
        rows = self._rows(scan, f" LIMIT {wanted + 1 if limit is not None else -1} OFFSET {offset - 1}")
        last = next(rows, None)
        skipped = offset
        if last is None:
            count = f"SELECT count(*) FROM ({scan.sql})"
            skipped = self._connection.execute(count, scan.parameters).fetchone()[0]
            if skipped:
                last = next(self._rows(scan, f" LIMIT 1 OFFSET {skipped - 1}"))
        if last is not None:
            self._note_skipped(skipped, last)
        return rows

    def _note_skipped(self, count: int, last: Row) -> None:
        self.batch.skipped_results = count
        self.batch.skipped_cursor = self.batch.end_cursor = self._cursor(last)

    def _add_results(self, rows: Iterator[Row]) -> int:
        batch = self.batch
        room = REPLY_BYTES
        for count, row in enumerate(rows):
            if count == self._query.limit:
                return _MORE_AFTER_LIMIT
            result = self._result(row)
            room -= result.ByteSize() + _RESULT_BYTES
            if count == _BATCH_RESULTS or (count and room < 0):
                return _NOT_FINISHED
            batch.entity_results.append(result)
            batch.end_cursor = result.cursor
        return _NO_MORE

    def _goes_on(self) -> bool:
        """Whether the query has a result behind its end cursor."""
        scan = self._plan(self._end, None)
        return scan is not None and next(self._rows(scan, " LIMIT 1"), None) is not None

    def _cursor(self, row: Row) -> bytes:
        return self._cursors.encode([row[self._places[term.name]] for term in self._query.terms])

    def _result(self, row: Row) -> m.EntityResult:
        result = m.EntityResult(cursor=self._cursor(row))
        query = self._query
        if query.projection or query.keys_only:
            keys.decode_path(row[1], query.partition, result.entity.key)
            for name in query.projection:
                values.decode(row[self._places[name]], result.entity.properties[name])
        else:
            version, created, body = self._connection.execute(
                "SELECT version, created, body FROM entities WHERE id = ?", (row[0],)
            ).fetchone()
            fill_result(result, version, created, body)
        return result


def fill_result(result: m.EntityResult, version: int, created: int, body: bytes) -> None:
    """Write a stored entity into a result."""
    result.entity.ParseFromString(body)
    result.version = version
    result.update_time.FromMicroseconds(version)
    result.create_time.FromMicroseconds(created)


def fingerprint(batch: m.QueryResultBatch) -> object:
    """Return what tells whether the query, run again, has the same answer: equal if and only if nothing changed."""
    return (
        batch.more_results,
        batch.skipped_results,
        batch.end_cursor,
        [(result.cursor, result.version) for result in batch.entity_results],
    )
