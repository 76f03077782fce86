"""Run the steps of a program with google-cloud-datastore."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from google.cloud import datastore
from google.cloud.datastore import helpers
from google.cloud.datastore.query import And, Or, PropertyFilter

from tests.differential import answers, program
from tests.differential.answers import Answer, attempt


class ByDatastore:
    """A client on one project of the Datastore that DATASTORE_EMULATOR_HOST names as it is made."""

    def __init__(self, project: str) -> None:
        self._client = datastore.Client(project=project)
        self._api = self._client._datastore_api

    def close(self) -> None:
        self._api.transport.close()

    def run(self, step: program.Step) -> Answer:
        """Return what the step gave."""
        if isinstance(step, program.Transaction):
            return self._transact(step)
        return attempt(lambda: self._run(step))

    def _run(self, step: program.Step) -> Answer:
        given: Answer = None
        match step:
            case program.Put():
                self._client.put_multi([self._entity(one) for one in step.entities])
            case program.Delete():
                self._client.delete_multi([self._key(path) for path in step.paths])
            case program.Mutate():
                given = self._mutate(step)
            case program.Get():
                given = self._get(step)
            case program.PutNew():
                given = self._put_new(step.entity)
            case program.Query():
                given = self._pages(step) if step.page else self._rows(self._fetch(step))
            case program.Aggregate():
                given = self._aggregate(step)
            case _:
                raise TypeError(step)
        return given

    @contextlib.contextmanager
    def transaction(self, **options: Any) -> Iterator[datastore.Transaction]:
        """Open a transaction around steps; roll it back at the end unless it has ended by then."""
        transaction = self._client.transaction(**options)
        transaction.begin()
        self._client._push_batch(transaction)
        try:
            yield transaction
        finally:
            self._client._pop_batch()
            if transaction._status == transaction._IN_PROGRESS:
                transaction.rollback()

    def _transact(self, step: program.Transaction) -> Answer:
        with self.transaction(read_only=step.read_only) as transaction:
            given = [self.run(one) for one in step.steps]
            end = transaction.commit if step.end == "commit" else transaction.rollback
            return (*given, attempt(end))

    def _mutate(self, step: program.Mutate) -> Answer:
        mutations = []
        for operation, entity in step.mutations:
            message = helpers.entity_to_protobuf(self._entity(entity))
            mutations.append({operation: message.key if operation == "delete" else message})
        request = {"project_id": self._client.project, "mode": "NON_TRANSACTIONAL", "mutations": mutations}
        return len(self._api.commit(request=request).mutation_results)

    def _get(self, step: program.Get) -> Answer:
        missing: list[Any] = []
        found = self._client.get_multi([self._key(path) for path in step.paths], missing=missing)
        return tuple(sorted(map(answers.entity, found))), tuple(sorted(str(one.key.flat_path) for one in missing))

    def _put_new(self, entity: program.Entity) -> Answer:
        made = self._entity(entity)
        self._client.put(made)
        found = self._client.get(made.key)
        self._client.delete(made.key)
        return made.key.id > 0, answers.properties(found), self._client.get(made.key) is None

    def _aggregate(self, step: program.Aggregate) -> Answer:
        query = self._client.aggregation_query(self._query(step.query))
        for number, (function, name) in enumerate(step.wanted):
            alias = f"{function}{number}"
            if function == "count":
                query.count(alias)
            else:
                getattr(query, function)(name, alias)
        return tuple(sorted((one.alias, answers.words(one.value)) for row in query.fetch() for one in row))

    def _fetch(self, step: program.Query) -> Any:
        return self._query(step).fetch(limit=step.limit, offset=step.offset)

    def _pages(self, step: program.Query) -> Answer:
        pages: list[Answer] = []
        cursor = None
        while True:
            offset = 0 if cursor else step.offset
            found = self._query(step).fetch(limit=step.page, offset=offset, start_cursor=cursor)
            pages.append(self._rows(found))
            # Whether a Datastore says after a full page that more may follow is its own affair: an empty page may.
            cursor = found.next_page_token
            if not cursor or not pages[-1]:
                return tuple(page for page in pages if page)

    def _rows(self, found: Any) -> Answer:
        return tuple(map(answers.entity, found))

    def _query(self, step: program.Query) -> datastore.Query:
        query = self._client.query(
            kind=step.kind,
            ancestor=self._key(step.ancestor) if step.ancestor else None,
            order=step.order,
            projection=step.projection,
            distinct_on=step.distinct_on,
        )
        if step.keys_only:
            query.keys_only()
        for condition in step.where:
            query.add_filter(filter=self._filter(condition))
        return query

    def _filter(self, condition: program.Condition) -> Any:
        match condition:
            case program.Where(name, operator, value):
                return PropertyFilter(name, operator, self._value(value))
            case program.Either(conditions):
                return Or([self._filter(one) for one in conditions])
            case program.Both(conditions):
                return And([self._filter(one) for one in conditions])

    def _key(self, path: program.Path) -> datastore.Key:
        return self._client.key(*path)

    def _entity(self, entity: program.Entity) -> datastore.Entity:
        made = datastore.Entity(self._key(entity.path), exclude_from_indexes=entity.unindexed)
        made.update({name: self._value(value) for name, value in entity.properties.items()})
        return made

    def _value(self, value: Any) -> Any:
        match value:
            case program.Ref(path):
                return self._key(path)
            case program.Point(latitude, longitude):
                return helpers.GeoPoint(latitude, longitude)
            case dict():
                embedded = datastore.Entity()
                embedded.update({name: self._value(one) for name, one in value.items()})
                return embedded
            case list():
                return [self._value(one) for one in value]
        return value
