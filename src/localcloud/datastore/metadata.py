"""Metadata queries: the kinds __namespace__, __kind__ and __property__, which only the service writes.

https://cloud.google.com/datastore/docs/concepts/metadataqueries
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from localcloud.datastore import keys, values
from localcloud.datastore import messages as m
from localcloud.datastore.cursors import Cursors
from localcloud.datastore.errors import invalid, unimplemented
from localcloud.datastore.filters import KEY, Conjunction
from localcloud.datastore.query import Query
from localcloud.datastore.results import (
    BATCH_RESULTS,
    FULL,
    KEY_ONLY,
    MORE_AFTER_CURSOR,
    MORE_AFTER_LIMIT,
    NO_MORE,
    NOT_FINISHED,
)
from localcloud.datastore.storage import Snapshot

NAMESPACE, KIND, PROPERTY = "__namespace__", "__kind__", "__property__"
KINDS = (NAMESPACE, KIND, PROPERTY)

# The key of the default namespace, whose name is empty, has this id.
_DEFAULT_NAMESPACE = 1


def run(snapshot: Snapshot, query: Query) -> m.QueryResultBatch:
    """Return the batch of a query on one of KINDS; DatastoreError for filters and orders by anything but keys."""
    if snapshot.past is not None:
        raise unimplemented("A metadata query at a read_time")
    if query.projection or query.distinct:
        raise unimplemented("Projection in a metadata query")
    if [term.name for term in query.terms] != [KEY] or any(branch.equals for branch in query.branches):
        raise invalid(f"Metadata queries can only be filtered and ordered by {KEY}.")
    cursors = Cursors(query.terms)
    entities = [entity for entity in _entities(snapshot.connection, query) if _wanted(entity, query.branches)]
    entities.sort(key=lambda entity: keys.encode_path(entity.key), reverse=query.terms[0].descending)
    batch = m.QueryResultBatch(entity_result_type=KEY_ONLY if query.keys_only else FULL)
    batch.snapshot_version = snapshot.version
    batch.read_time.FromMicroseconds(snapshot.time)
    batch.end_cursor = query.start or cursors.encode(())
    batch.more_results = _fill(batch, query, cursors, entities)
    return batch


def _fill(batch: m.QueryResultBatch, query: Query, cursors: Cursors, entities: list[m.Entity]) -> int:
    start, end = (cursors.decode(cursor) if cursor else None for cursor in (query.start, query.end))
    descending = query.terms[0].descending
    for entity in entities:
        path = keys.encode_path(entity.key)
        if start and start.values and not _after(path, start.values[0], descending, start.after):
            continue
        if end and end.values and _after(path, end.values[0], descending, end.after):
            return MORE_AFTER_CURSOR
        cursor = cursors.encode([path])
        if batch.skipped_results < query.offset:
            batch.skipped_results += 1
            batch.skipped_cursor = batch.end_cursor = cursor
            continue
        if len(batch.entity_results) == query.limit:
            return MORE_AFTER_LIMIT
        if len(batch.entity_results) == BATCH_RESULTS:
            return NOT_FINISHED
        result = batch.entity_results.add(cursor=cursor, version=1)
        result.entity.CopyFrom(entity)
        if query.keys_only:
            result.entity.properties.clear()
        batch.end_cursor = cursor
    return NO_MORE


def _after(path: bytes, place: bytes, descending: bool, after: bool) -> bool:
    """Whether the path comes behind the position right after `place`, or right before it."""
    if path == place:
        return not after
    return (path < place) if descending else (path > place)


def _wanted(entity: m.Entity, branches: list[Conjunction]) -> bool:
    path = keys.encode_path(entity.key)
    return any(path in branch.keys for branch in branches)


def _entities(connection: sqlite3.Connection, query: Query) -> Iterator[m.Entity]:
    if query.kind == NAMESPACE:
        yield from _namespaces(connection, query.partition)
        return
    for number, name in connection.execute(
        "SELECT k.id, k.name FROM kinds AS k JOIN partitions AS p ON p.id = k.partition"
        " WHERE p.project = ? AND p.database = ? AND p.namespace = ?"
        " AND EXISTS (SELECT 1 FROM entities AS e WHERE e.kind = k.id)",
        query.partition,
    ).fetchall():
        if query.kind == KIND:
            yield _entity(query.partition, (KIND, name))
        else:
            yield from _properties(connection, query.partition, number, name)


def _namespaces(connection: sqlite3.Connection, partition: keys.Partition) -> Iterator[m.Entity]:
    for (name,) in connection.execute(
        "SELECT namespace FROM partitions AS p WHERE project = ? AND database = ?"
        " AND EXISTS (SELECT 1 FROM entities AS e WHERE e.partition = p.id)",
        (partition.project, partition.database),
    ).fetchall():
        yield _entity(partition, (NAMESPACE, name or _DEFAULT_NAMESPACE))


def _properties(
    connection: sqlite3.Connection, partition: keys.Partition, kind: int, kind_name: str
) -> Iterator[m.Entity]:
    for number, name in connection.execute("SELECT id, name FROM properties WHERE kind = ?", (kind,)).fetchall():
        # One look into the index for each type that a value can have.
        representations = [
            representation
            for tag, representation in values.REPRESENTATIONS.items()
            if connection.execute(
                "SELECT 1 FROM postings WHERE property = ? AND value >= ? AND value < ? LIMIT 1",
                (number, bytes((tag,)), bytes((tag + 1,))),
            ).fetchone()
        ]
        if representations:
            entity = _entity(partition, (KIND, kind_name), (PROPERTY, name))
            array = entity.properties["property_representation"].array_value
            for representation in sorted(representations):
                array.values.add().string_value = representation
            yield entity


def _entity(partition: keys.Partition, *path: tuple[str, str | int]) -> m.Entity:
    entity = m.Entity()
    keys.fill_partition(entity.key.partition_id, partition)
    for kind, name in path:
        if isinstance(name, int):
            entity.key.path.add(kind=kind, id=name)
        else:
            entity.key.path.add(kind=kind, name=name)
    return entity
