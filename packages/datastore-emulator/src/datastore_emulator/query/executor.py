"""Execute a query plan: from the rows of its scans to the results in a batch."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from datastore_emulator import messages as m
from datastore_emulator.encoding import keys, masks, values
from datastore_emulator.encoding.damage import DECODE_ERRORS, damaged_entity
from datastore_emulator.encoding.results import REPLY_BYTES, fill_result
from datastore_emulator.query.cursors import Position
from datastore_emulator.query.merge import Merge, Row
from datastore_emulator.query.planner import QueryPlan
from datastore_emulator.query.scans import COUNT_ROW, Scan

# The real service's batches end there too, and clients that ask for pages of a query expect several of a large one.
BATCH_RESULTS = 300
# The bytes of a result besides its entity: cursor, version, times.
_RESULT_BYTES = 100
# Entities that are read in one statement. Each may have 1 MiB.
_READ_AT_ONCE = 20

_Batch, _Result = m.QueryResultBatch, m.EntityResult


@dataclass(slots=True)
class Meter:
    """Counts what a query reads: rows of indexes, and whole entities."""

    index_rows: int = 0
    entities: int = 0

    def count_row(self, _key: bytes) -> int:
        """Count one row; always true, for a scan's WHERE."""
        self.index_rows += 1
        return 1


class QueryExecutor:
    """Executes a plan on the connection of its snapshot.

    A `meter` counts what it reads. The plan must be a counted one then, and the connection has a function afterwards
    that cannot be removed.
    """

    def __init__(self, plan: QueryPlan, connection: sqlite3.Connection, meter: Meter | None = None) -> None:
        self._plan = plan
        self._query = plan.query
        self._connection = connection
        self._meter = meter
        self._term_columns = [plan.columns[term.name] for term in plan.query.terms]
        if meter:
            connection.create_function(COUNT_ROW, 1, meter.count_row)

    def fetch_batch(self, batch: m.QueryResultBatch) -> None:
        """Fill the batch with as many results as a reply holds, and note whether there are more."""
        batch.entity_result_type = self._result_type()
        batch.end_cursor = self._query.start or self._plan.cursors.encode(())
        batch.more_results = self._add_results(self._skip_offset(batch), batch)
        if batch.more_results == _Batch.NO_MORE_RESULTS and self._has_results_after_end():
            batch.more_results = _Batch.MORE_RESULTS_AFTER_CURSOR

    def count(self, up_to: int | None = None) -> int:
        """Return how many results the query has within its offset and limit, or `up_to` if that is fewer."""
        query = self._query
        limits = [limit for limit in (query.limit, up_to) if limit is not None]
        limit = min(limits) if limits else None
        if scan := self._single_scan():
            sql = f"SELECT count(*) FROM ({scan.sql} LIMIT {-1 if limit is None else limit} OFFSET {query.offset})"
            count: int = self._connection.execute(sql, scan.parameters).fetchone()[0]
            return count
        end = None if limit is None else query.offset + limit
        return sum(1 for _ in itertools.islice(self._rows(), query.offset, end))

    def values(self, names: Sequence[str]) -> Iterator[list[bytes]]:
        """Yield the encoded values of these terms for each result within the query's offset and limit."""
        query = self._query
        columns = [self._plan.columns[name] for name in names]
        end = None if query.limit is None else query.offset + query.limit
        for row in itertools.islice(self._rows(), query.offset, end):
            yield [row[column] for column in columns]

    def _single_scan(self) -> Scan | None:
        """Return the plan's only scan, if each of its rows is a result."""
        return self._plan.scans[0] if len(self._plan.scans) == 1 and not self._query.distinct else None

    def _rows(self) -> Iterator[Row]:
        """Yield a row for each result, from the first, without the query's offset and limit."""
        return self._distinct(self._merge(self._plan.scans, self._plan.start))

    def _merge(self, scans: Sequence[Scan], start: Position | None) -> Iterator[Row]:
        found = [(scan.source.schema, self._select(scan)) for scan in scans]
        if len(found) == 1:
            return found[0][1]
        return Merge(self._connection, self._query, self._plan.columns, start).rows(found)

    def _select(self, scan: Scan, clause: str = "") -> Iterator[Row]:
        return self._connection.execute(scan.sql + clause, scan.parameters)

    def _distinct(self, rows: Iterator[Row]) -> Iterator[Row]:
        # The distinct properties lead the order, so that equal ones follow each other.
        count = len(self._query.distinct)
        if not count:
            return rows
        start = self._plan.start
        before = start.values[:count] if start and start.after else ()
        return _first_of_each(rows, self._term_columns[:count], before)

    def _skip_offset(self, batch: m.QueryResultBatch) -> Iterator[Row]:
        """Return the rows after the offset, and note in the batch how many were skipped."""
        offset = self._query.offset
        scan = self._single_scan()
        if scan is None:
            # The number of rows in a result is known only while reading them.
            rows = self._rows()
            for skipped, row in enumerate(itertools.islice(rows, offset), start=1):
                self._note_skipped(batch, skipped, row)
            return rows
        # One more than the batch takes, to know whether there is more.
        wanted = self._batch_limit() + 1
        if not offset:
            return self._select(scan, f" LIMIT {wanted}")
        # The last row to skip is read too, for its cursor.
        rows = self._select(scan, f" LIMIT {wanted + 1} OFFSET {offset - 1}")
        last = next(rows, None)
        skipped = offset
        if last is None:
            count = f"SELECT count(*) FROM ({scan.sql})"
            skipped = self._connection.execute(count, scan.parameters).fetchone()[0]
            if skipped:
                last = next(self._select(scan, f" LIMIT 1 OFFSET {skipped - 1}"))
        if last is not None:
            self._note_skipped(batch, skipped, last)
        return rows

    def _note_skipped(self, batch: m.QueryResultBatch, count: int, last: Row) -> None:
        batch.skipped_results = count
        batch.skipped_cursor = batch.end_cursor = self._cursor(last)

    def _batch_limit(self) -> int:
        limit = self._query.limit
        return BATCH_RESULTS if limit is None else min(limit, BATCH_RESULTS)

    def _add_results(
        self, rows: Iterator[Row], batch: m.QueryResultBatch
    ) -> m.QueryResultBatch.MoreResultsType.ValueType:
        room = REPLY_BYTES
        taken = itertools.islice(rows, self._batch_limit())
        while chunk := list(itertools.islice(taken, _READ_AT_ONCE)):
            entities = self._read_entities(chunk)
            for row in chunk:
                result = batch.entity_results.add(cursor=self._cursor(row))
                self._fill(result, row, entities)
                room -= result.ByteSize() + _RESULT_BYTES
                if room < 0 and len(batch.entity_results) > 1:
                    del batch.entity_results[-1]
                    return _Batch.NOT_FINISHED
                batch.end_cursor = result.cursor
        if next(rows, None) is None:
            return _Batch.NO_MORE_RESULTS
        limited = len(batch.entity_results) == self._query.limit
        return _Batch.MORE_RESULTS_AFTER_LIMIT if limited else _Batch.NOT_FINISHED

    def _has_results_after_end(self) -> bool:
        scans = self._plan.scans_after_end
        return bool(scans) and next(self._merge(scans, self._plan.end), None) is not None

    def _cursor(self, row: Row) -> bytes:
        return self._plan.cursors.encode([row[column] for column in self._term_columns])

    def _result_type(self) -> m.EntityResult.ResultType.ValueType:
        if self._query.keys_only:
            return _Result.KEY_ONLY
        return _Result.PROJECTION if self._query.projection else _Result.FULL

    def _read_entities(self, rows: Sequence[Row]) -> Mapping[int, Row]:
        """Return the stored entities of these rows by their numbers; none if the query does not return entities."""
        if self._query.keys_only or self._query.projection:
            return {}
        if self._meter:
            self._meter.entities += len(rows)
        numbers = [row[0] for row in rows]
        marks = ", ".join("?" * len(numbers))
        return {
            entity[0]: entity
            for source in self._plan.sources
            for entity in self._connection.execute(
                f"SELECT id, version, created, body FROM {source.schema}entities WHERE id IN ({marks})", numbers
            )
        }

    def _fill(self, result: m.EntityResult, row: Row, entities: Mapping[int, Row]) -> None:
        query = self._query
        number, path = row[0], row[1]
        try:
            if entities:
                fill_result(result, *entities[number][1:])
            else:
                keys.decode_path(path, query.partition, result.entity.key)
                for name in query.projection:
                    values.decode(row[self._plan.columns[name]], result.entity.properties[name])
        except DECODE_ERRORS as error:
            raise damaged_entity(path) from error
        if query.mask is not None and entities:
            masks.cut(result.entity, query.mask)


def _first_of_each(rows: Iterator[Row], columns: Sequence[int], before: tuple[bytes, ...]) -> Iterator[Row]:
    """Yield the first row of each group with the same values in these columns, except the group `before`."""
    for row in rows:
        group = tuple(row[column] for column in columns)
        if group != before:
            before = group
            yield row
