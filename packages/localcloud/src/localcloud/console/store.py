"""The entities of one project, as the console shows and changes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import grpc

from datastore_emulator import messages as m
from datastore_emulator.errors import DatastoreError, UserError
from localcloud.appengine.services.blob_storage import DATABASE as BLOBS
from localcloud.services import DatastoreService, EmbeddedDatastore

PAGE = 25
"""How many entities a page has."""
COUNTED = 1000
"""How far the entities of a kind are counted."""
_COMMIT_MUTATIONS = 500
_AGGREGATES = re.compile(r"\s*(AGGREGATE\b|SELECT\s+(COUNT|COUNT_UP_TO|SUM|AVG)\s*\()", re.IGNORECASE)


class Place(NamedTuple):
    """A kind in a namespace of a database. An empty name is the default, an empty kind is every kind."""

    database: str = ""
    namespace: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Page:
    """Some results of a query; `next` is the cursor of the following page, b"" if there is none.

    `shown` counts the results up to the end of this page.
    """

    entities: Sequence[m.Entity]
    next: bytes
    shown: int


class ConflictError(UserError):
    """An entity has been written since it was read."""


class Store:
    """The entities of a project. Calls do not count as calls of an app. They raise DatastoreError."""

    def __init__(self, service: DatastoreService, project: str) -> None:
        self._service = service
        self._datastore = service.direct
        self.project = project

    def places(self) -> list[Place]:
        """Return the kinds of entities that are stored, without the pieces of blobs."""
        if isinstance(self._service, EmbeddedDatastore):
            stored = (Place(*where) for project, *where in self._service.stored_kinds() if project == self.project)
            return [place for place in stored if place.database != BLOBS]
        # A server that localcloud did not start does not say which databases it has.
        names = [key.path[0].name for key in self._list_keys("__namespace__", "")]
        return [Place("", name, key.path[0].name) for name in names for key in self._list_keys("__kind__", name)]

    def count(self, place: Place) -> str:
        """Return the number of a kind's entities, counted up to `COUNTED`; "?" if the Datastore cannot count."""
        request = m.RunAggregationQueryRequest(project_id=self.project, database_id=place.database)
        self._fill(request.partition_id, place)
        query = request.aggregation_query
        query.nested_query.kind.add(name=place.kind)
        query.aggregations.add(alias="count").count.up_to.value = COUNTED + 1
        try:
            response = self._datastore.run_aggregation_query(request)
        except DatastoreError as error:
            if error.code is not grpc.StatusCode.UNIMPLEMENTED:
                raise
            return "?"  # Google's Datastore emulator
        found = response.batch.aggregation_results[0].aggregate_properties["count"].integer_value
        return f"{found:,}" if found <= COUNTED else f"more than {COUNTED:,}"

    def list_entities(self, place: Place, cursor: bytes = b"", shown: int = 0) -> Page:
        """Return a page of the entities of a kind, by key."""
        query = m.Query()
        if place.kind:
            query.kind.add(name=place.kind)
        query.order.add().property.name = "__key__"
        return self._fetch(place, query, cursor, shown)

    def run_gql(self, place: Place, text: str, cursor: bytes = b"", shown: int = 0) -> Page:
        """Return a page of the results of a GQL query."""
        request = self._query_request(place)
        request.gql_query.query_string = text
        request.gql_query.allow_literals = True
        # The query itself, in which the page can begin at the cursor.
        query = self._datastore.run_query(request).query
        if cursor:
            query.offset = 0
        return self._fetch(place, query, cursor, shown)

    def run_aggregation(self, place: Place, text: str) -> dict[str, m.Value]:
        """Return the results of a GQL query that counts, sums or averages."""
        request = m.RunAggregationQueryRequest(project_id=self.project, database_id=place.database)
        self._fill(request.partition_id, place)
        request.gql_query.query_string = text
        request.gql_query.allow_literals = True
        response = self._datastore.run_aggregation_query(request)
        return {
            alias: value
            for result in response.batch.aggregation_results
            for alias, value in sorted(result.aggregate_properties.items())
        }

    def find(self, key: m.Key) -> m.EntityResult | None:
        """Return the entity with a key, with its version."""
        request = m.LookupRequest(project_id=self.project, database_id=key.partition_id.database_id, keys=[key])
        found = self._datastore.lookup(request).found
        return found[0] if found else None

    def update(self, entity: m.Entity, version: int) -> None:
        """Write an entity that exists; raises ConflictError if it has another version now."""
        database = entity.key.partition_id.database_id
        request = m.CommitRequest(project_id=self.project, database_id=database, mode=m.CommitRequest.NON_TRANSACTIONAL)
        mutation = request.mutations.add(update=entity)
        if version:
            mutation.base_version = version
        if self._datastore.commit(request).mutation_results[0].conflict_detected:
            raise ConflictError("the entity was written meanwhile; open it again, and repeat your change")

    def delete(self, keys: Iterable[m.Key]) -> int:
        """Delete the entities with these keys, and return how many keys there were."""
        databases: dict[str, dict[bytes, m.Key]] = {}
        for key in keys:
            distinct = databases.setdefault(key.partition_id.database_id, {})
            distinct[key.SerializeToString(deterministic=True)] = key
        for database, distinct in databases.items():
            chosen = list(distinct.values())
            for start in range(0, len(chosen), _COMMIT_MUTATIONS):
                request = m.CommitRequest(
                    project_id=self.project, database_id=database, mode=m.CommitRequest.NON_TRANSACTIONAL
                )
                for key in chosen[start : start + _COMMIT_MUTATIONS]:
                    request.mutations.add(delete=key)
                self._datastore.commit(request)
        return sum(map(len, databases.values()))

    def _fetch(self, place: Place, query: m.Query, cursor: bytes, shown: int) -> Page:
        limit = query.limit.value - shown if query.HasField("limit") else PAGE + 1
        wanted = max(0, min(limit, PAGE + 1))  # one more than a page, to know whether another follows
        query.start_cursor = cursor or query.start_cursor
        results: list[m.EntityResult] = []
        while True:
            query.limit.value = wanted - len(results)
            request = self._query_request(place)
            request.query.CopyFrom(query)
            batch = self._datastore.run_query(request).batch
            results += batch.entity_results
            # A reply may end before the limit, for its size or for results that it has skipped.
            if batch.more_results != m.QueryResultBatch.NOT_FINISHED or len(results) >= wanted:
                break
            query.start_cursor = batch.end_cursor
            query.offset = max(0, query.offset - batch.skipped_results)
        entities = [result.entity for result in results[:PAGE]]
        following = results[PAGE - 1].cursor if len(results) > PAGE else b""
        return Page(entities, following, shown + len(entities))

    def _list_keys(self, kind: str, namespace: str) -> list[m.Key]:
        query = m.Query()
        query.kind.add(name=kind)
        request = self._query_request(Place("", namespace))
        request.query.CopyFrom(query)
        keys = [result.entity.key for result in self._datastore.run_query(request).batch.entity_results]
        # The kinds and properties that the service keeps for itself begin with "__"; the default namespace has an id.
        return [key for key in keys if not key.path[0].name.startswith("__")]

    def _query_request(self, place: Place) -> m.RunQueryRequest:
        request = m.RunQueryRequest(project_id=self.project, database_id=place.database)
        self._fill(request.partition_id, place)
        return request

    def _fill(self, partition: m.PartitionId, place: Place) -> None:
        partition.project_id = self.project
        partition.database_id = place.database
        partition.namespace_id = place.namespace


def aggregates(text: str) -> bool:
    """Return whether a GQL query counts, sums or averages."""
    return _AGGREGATES.match(text) is not None
