"""Running a query on a snapshot: from the rows of its scans to the batch a client gets."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from datastore_emulator import messages as m
from datastore_emulator.encoding import keys, values
from datastore_emulator.encoding.damage import DECODE_ERRORS, damaged_entity
from datastore_emulator.encoding.keys import KEY
from datastore_emulator.encoding.masks import cut
from datastore_emulator.query.cursors import Cursors, Position
from datastore_emulator.query.merge import Merge, Row
from datastore_emulator.query.normal_form import NormalQuery, Term
from datastore_emulator.query.planner import COUNT, Scan, plan
from datastore_emulator.storage import history
from datastore_emulator.storage.database import CURRENT, Snapshot, Source, Storage

# Clients take replies up to 4 MB, gRPC's default; the last entity of a batch may have 1 MiB.
REPLY_BYTES = 3_000_000
# The real service's batches end there too, and clients that ask for pages of a query expect several of a large one.
BATCH_RESULTS = 300
# What a result weighs besides its entity: cursor, version, times.
_RESULT_BYTES = 100


_Batch, _Result = m.QueryResultBatch, m.EntityResult


@dataclass(slots=True)
class Meter:
    """What a query has read: rows of indexes that it came by, and whole entities."""

    index_rows: int = 0
    entities: int = 0

    def count_row(self, _key: bytes) -> int:
        """Count one row; always true, for a scan's WHERE."""
        self.index_rows += 1
        return 1


class Run:
    """One query on one snapshot; a `meter` counts what it reads."""

    def __init__(self, storage: Storage, snapshot: Snapshot, query: NormalQuery, meter: Meter | None = None) -> None:
        self._storage = storage
        self._connection = snapshot.connection
        self._query = query
        self._meter = meter
        if meter:
            self._connection.create_function(COUNT, 1, meter.count_row)
        self._sources: tuple[Source, ...] = (CURRENT,)
        if snapshot.past is not None:
            self._sources = history.open_sources(storage, snapshot, query.partition, query.kind)
        self._cursors = Cursors(query.terms)
        self._start = self._cursors.decode(query.start) if query.start else None
        self._end = self._cursors.decode(query.end) if query.end else None
        self._scans = self._plan(self._start, self._end)
        # Where in a row each of the terms is.
        columns = [KEY, *(term.name for term in query.terms if term.name != KEY)]
        self._places = {name: place for place, name in enumerate(columns, start=1)}
        self.batch = m.QueryResultBatch()
        self.batch.entity_result_type = _result_type(query)
        self.batch.snapshot_version = snapshot.version
        self.batch.read_time.FromMicroseconds(snapshot.time)

    @property
    def indexes(self) -> list[list[Term]]:
        """What the query reads of indexes, for each of its scans, and whether it goes downwards there."""
        return [scan.walked for _, scan in self._scans]

    def fill(self) -> m.QueryResultBatch:
        """Return the batch: as many results as a reply holds, and exactly what is left after them."""
        batch = self.batch
        batch.end_cursor = self._query.start or self._cursors.encode(())
        batch.more_results = self._add_results(self._skip())
        if batch.more_results == _Batch.NO_MORE_RESULTS and self._end and self._goes_on():
            batch.more_results = _Batch.MORE_RESULTS_AFTER_CURSOR
        return batch

    def count(self, up_to: int | None = None) -> int:
        """Return how many results the query has within its offset and limit, or `up_to` if that is fewer."""
        query = self._query
        limits = [limit for limit in (query.limit, up_to) if limit is not None]
        limit = min(limits) if limits else None
        if self._single:
            scan = self._single
            sql = f"SELECT count(*) FROM ({scan.sql} LIMIT {-1 if limit is None else limit} OFFSET {query.offset})"
            count: int = self._connection.execute(sql, scan.parameters).fetchone()[0]
            return count
        end = None if limit is None else query.offset + limit
        return sum(1 for _ in itertools.islice(self._rows(self._scans), query.offset, end))

    def rows(self, names: list[str]) -> Iterator[list[bytes]]:
        """Yield the encoded values of these terms for each result within the query's offset and limit."""
        query = self._query
        places = [self._places[name] for name in names]
        end = None if query.limit is None else query.offset + query.limit
        for row in itertools.islice(self._rows(self._scans), query.offset, end):
            yield [row[place] for place in places]

    @property
    def _single(self) -> Scan | None:
        """The query's only scan, if each of its rows is a result."""
        if len(self._scans) == 1 and not self._query.distinct:
            return self._scans[0][1]
        return None

    def _plan(self, start: Position | None, end: Position | None) -> list[tuple[Source, Scan]]:
        scans = []
        for source, branch in itertools.product(self._sources, self._query.branches):
            scan = plan(
                self._storage,
                self._connection,
                self._query,
                branch,
                start,
                end,
                source=source,
                counted=self._meter is not None,
            )
            if scan:
                scans.append((source, scan))
        return scans

    def _rows(self, scans: list[tuple[Source, Scan]], clause: str = "", start: Position | None = None) -> Iterator[Row]:
        connection = self._connection
        found: list[tuple[str, Iterator[Row]]] = [
            (source.schema, connection.execute(scan.sql + clause, scan.parameters)) for source, scan in scans
        ]
        if len(found) == 1:
            rows = found[0][1]
        else:
            rows = Merge(connection, self._query, self._places, start or self._start).rows(found)
        return self._distinct(rows)

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
        offset, limit = self._query.offset, self._query.limit
        if not self._scans:
            return iter(())
        # One more than wanted, to know whether there is more.
        wanted = -1 if limit is None else limit + 1
        scan = self._single
        if scan is None:
            # How many rows make a result is only known on the way.
            rows = self._rows(self._scans)
            for skipped, row in enumerate(itertools.islice(rows, offset), start=1):
                self._note_skipped(skipped, row)
            return rows
        if not offset:
            return self._rows(self._scans, f" LIMIT {wanted}")
        # The last row to skip is read too, for its cursor.
        rows = self._rows(self._scans, f" LIMIT {wanted + 1 if limit is not None else -1} OFFSET {offset - 1}")
        last = next(rows, None)
        skipped = offset
        if last is None:
            count = f"SELECT count(*) FROM ({scan.sql})"
            skipped = self._connection.execute(count, scan.parameters).fetchone()[0]
            if skipped:
                last = next(self._rows(self._scans, f" LIMIT 1 OFFSET {skipped - 1}"))
        if last is not None:
            self._note_skipped(skipped, last)
        return rows

    def _note_skipped(self, count: int, last: Row) -> None:
        self.batch.skipped_results = count
        self.batch.skipped_cursor = self.batch.end_cursor = self._cursor(last)

    def _add_results(self, rows: Iterator[Row]) -> m.QueryResultBatch.MoreResultsType.ValueType:
        batch = self.batch
        room = REPLY_BYTES
        for count, row in enumerate(rows):
            if count == self._query.limit:
                return _Batch.MORE_RESULTS_AFTER_LIMIT
            if count == BATCH_RESULTS:
                return _Batch.NOT_FINISHED
            result = self._result(row)
            room -= result.ByteSize() + _RESULT_BYTES
            if count and room < 0:
                return _Batch.NOT_FINISHED
            batch.entity_results.append(result)
            batch.end_cursor = result.cursor
        return _Batch.NO_MORE_RESULTS

    def _goes_on(self) -> bool:
        """Whether the query has a result behind its end cursor."""
        return next(self._rows(self._plan(self._end, None), start=self._end), None) is not None

    def _cursor(self, row: Row) -> bytes:
        return self._cursors.encode([row[self._places[term.name]] for term in self._query.terms])

    def _result(self, row: Row) -> m.EntityResult:
        try:
            return self._read_result(row)
        except DECODE_ERRORS as error:
            raise damaged_entity(row[1]) from error

    def _read_result(self, row: Row) -> m.EntityResult:
        result = m.EntityResult(cursor=self._cursor(row))
        query = self._query
        if query.projection or query.keys_only:
            keys.decode_path(row[1], query.partition, result.entity.key)
            for name in query.projection:
                values.decode(row[self._places[name]], result.entity.properties[name])
            return result
        if self._meter:
            self._meter.entities += 1
        for source in self._sources:
            found = self._connection.execute(
                f"SELECT version, created, body FROM {source.schema}entities WHERE id = ?", (row[0],)
            ).fetchone()
            if found:
                fill_result(result, *found)
                break
        if query.wanted is not None:
            cut(result.entity, query.wanted)
        return result


def _result_type(query: NormalQuery) -> m.EntityResult.ResultType.ValueType:
    if query.keys_only:
        return _Result.KEY_ONLY
    return _Result.PROJECTION if query.projection else _Result.FULL


def fill_result(result: m.EntityResult, version: int, created: int, body: bytes) -> None:
    """Write a stored entity into a result; one of DECODE_ERRORS if it cannot be read."""
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
