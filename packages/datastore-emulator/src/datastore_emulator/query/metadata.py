"""Run metadata queries: on the kinds __namespace__, __kind__ and __property__, which only the service writes.

https://cloud.google.com/datastore/docs/concepts/metadataqueries
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from datastore_emulator import messages as m
from datastore_emulator.encoding import keys, values
from datastore_emulator.encoding.keys import KEY
from datastore_emulator.errors import invalid, unimplemented
from datastore_emulator.query.cursors import Cursors
from datastore_emulator.query.executor import BATCH_RESULTS
from datastore_emulator.query.filters import Conjunction
from datastore_emulator.query.normal_form import NormalQuery
from datastore_emulator.storage import CURRENT, Snapshot, Storage, TableSource, history

NAMESPACE, KIND, PROPERTY = "__namespace__", "__kind__", "__property__"
KINDS = (NAMESPACE, KIND, PROPERTY)

_Batch, _Result = m.QueryResultBatch, m.EntityResult

# The key of the default namespace, whose name is empty, has this id.
_DEFAULT_NAMESPACE = 1


def fetch_batch(storage: Storage, snapshot: Snapshot, query: NormalQuery, batch: m.QueryResultBatch) -> None:
    """Fill the batch of a query on one of KINDS; DatastoreError for filters and orders by anything but keys."""
    if query.projection or query.distinct:
        raise unimplemented("Projection in a metadata query")
    if [term.name for term in query.terms] != [KEY] or any(branch.equals for branch in query.branches):
        raise invalid(f"Metadata queries can only be filtered and ordered by {KEY}.")
    cursors = Cursors(query.terms)
    entities = [entity for entity in _Metadata(storage, snapshot, query).entities() if _matches(entity, query.branches)]
    entities.sort(key=lambda entity: keys.encode_path(entity.key), reverse=query.terms[0].descending)
    batch.entity_result_type = _Result.KEY_ONLY if query.keys_only else _Result.FULL
    batch.end_cursor = query.start or cursors.encode(())
    batch.more_results = _add_results(batch, query, cursors, entities)


def _add_results(
    batch: m.QueryResultBatch, query: NormalQuery, cursors: Cursors, entities: list[m.Entity]
) -> m.QueryResultBatch.MoreResultsType.ValueType:
    start, end = (cursors.decode(cursor) if cursor else None for cursor in (query.start, query.end))
    descending = query.terms[0].descending
    for entity in entities:
        path = keys.encode_path(entity.key)
        if start and start.values and not _after(path, start.values[0], descending, start.after):
            continue
        if end and end.values and _after(path, end.values[0], descending, end.after):
            return _Batch.MORE_RESULTS_AFTER_CURSOR
        cursor = cursors.encode([path])
        if batch.skipped_results < query.offset:
            batch.skipped_results += 1
            batch.skipped_cursor = batch.end_cursor = cursor
            continue
        if len(batch.entity_results) == query.limit:
            return _Batch.MORE_RESULTS_AFTER_LIMIT
        if len(batch.entity_results) == BATCH_RESULTS:
            return _Batch.NOT_FINISHED
        result = batch.entity_results.add(cursor=cursor, version=1)
        result.entity.CopyFrom(entity)
        if query.keys_only:
            result.entity.properties.clear()
        batch.end_cursor = cursor
    return _Batch.NO_MORE_RESULTS


def _after(path: bytes, position: bytes, descending: bool, after: bool) -> bool:
    """Return whether the path comes after the cursor that is right after `position`, or right before it."""
    if path == position:
        return not after
    return (path < position) if descending else (path > position)


def _matches(entity: m.Entity, branches: Sequence[Conjunction]) -> bool:
    path = keys.encode_path(entity.key)
    return any(path in branch.keys for branch in branches)


class _Metadata:
    """The metadata at the snapshot's time."""

    def __init__(self, storage: Storage, snapshot: Snapshot, query: NormalQuery) -> None:
        self._storage = storage
        self._snapshot = snapshot
        self._connection = snapshot.connection
        self._query = query

    def entities(self) -> Iterator[m.Entity]:
        """Yield the entities of the query's kind, in no order."""
        query = self._query
        if query.kind == NAMESPACE:
            yield from self._namespaces()
            return
        sources = self._sources(query.partition)
        for number, name in self._connection.execute(
            "SELECT k.id, k.name FROM kinds AS k JOIN partitions AS p ON p.id = k.partition"
            " WHERE p.project = ? AND p.database = ? AND p.namespace = ?",
            query.partition,
        ).fetchall():
            if not self._holds(sources, "kind", number):
                continue
            if query.kind == KIND:
                yield _entity(query.partition, (KIND, name))
            else:
                yield from self._properties(sources, number, name)

    def _sources(self, partition: keys.Partition) -> tuple[TableSource, ...]:
        if self._snapshot.past is None:
            return (CURRENT,)
        return history.open_sources(self._storage, self._snapshot, partition)

    def _holds(self, sources: tuple[TableSource, ...], column: str, number: int) -> bool:
        return any(
            self._connection.execute(
                f"SELECT 1 FROM {source.schema}entities WHERE {column} = ?1 AND (?2 IS NULL OR version <= ?2) LIMIT 1",
                (number, source.newest),
            ).fetchone()
            for source in sources
        )

    def _namespaces(self) -> Iterator[m.Entity]:
        partition = self._query.partition
        for number, name in self._connection.execute(
            "SELECT id, namespace FROM partitions WHERE project = ? AND database = ?",
            (partition.project, partition.database),
        ).fetchall():
            if self._holds(self._sources(partition._replace(namespace=name)), "partition", number):
                yield _entity(partition, (NAMESPACE, name or _DEFAULT_NAMESPACE))

    def _properties(self, sources: tuple[TableSource, ...], kind: int, kind_name: str) -> Iterator[m.Entity]:
        for number, name in self._connection.execute(
            "SELECT id, name FROM properties WHERE kind = ?", (kind,)
        ).fetchall():
            # One search of the index for each type that a value can have.
            representations = [
                representation
                for tag, representation in values.REPRESENTATIONS.items()
                if any(self._has_value(source, number, tag) for source in sources)
            ]
            if representations:
                entity = _entity(self._query.partition, (KIND, kind_name), (PROPERTY, name))
                array = entity.properties["property_representation"].array_value
                for representation in sorted(representations):
                    array.values.add().string_value = representation
                yield entity

    def _has_value(self, source: TableSource, number: int, tag: int) -> bool:
        schema = source.schema
        found = self._connection.execute(
            f"SELECT 1 FROM {schema}postings AS p WHERE property = ?1 AND value >= ?2 AND value < ?3"
            f" AND (?4 IS NULL OR (SELECT e.version FROM {schema}entities AS e WHERE e.id = p.entity) <= ?4) LIMIT 1",
            (number, bytes((tag,)), bytes((tag + 1,)), source.newest),
        ).fetchone()
        return found is not None


def _entity(partition: keys.Partition, *path: tuple[str, str | int]) -> m.Entity:
    entity = m.Entity()
    keys.fill_partition(entity.key.partition_id, partition)
    for kind, name in path:
        if isinstance(name, int):
            entity.key.path.add(kind=kind, id=name)
        else:
            entity.key.path.add(kind=kind, name=name)
    return entity
