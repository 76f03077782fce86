"""Run the steps of a program with google-cloud-ndb."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterable
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import ndb

from tests.differential import answers, program
from tests.differential.answers import Answer, attempt


class _AnyModel(ndb.Expando):
    """A model that takes any property, and lets queries name any."""

    @classmethod
    def _check_properties(cls, property_names: object, require_indexed: bool = True) -> None:
        pass


# ndb needs a model for each kind that it reads.
_MODELS = {kind: type(kind, (_AnyModel,), {}) for kind in ("K", "L", "N")}


class ByNdb:
    """A client on one project of the Datastore that DATASTORE_EMULATOR_HOST names as it is made."""

    def __init__(self, project: str) -> None:
        self._client = ndb.Client(project=project, credentials=AnonymousCredentials())

    def run(self, step: program.Step) -> Answer:
        """Return what the step gave; nothing of it stays in a cache."""
        with self._client.context(cache_policy=False):
            return self._attempt(step)

    def _attempt(self, step: program.Step) -> Answer:
        return attempt(lambda: self._run(step))

    def _run(self, step: program.Step) -> Answer:
        given: Answer = None
        match step:
            case program.Put():
                ndb.put_multi([self._entity(one) for one in step.entities])
            case program.Delete():
                ndb.delete_multi([ndb.Key(*path) for path in step.paths])
            case program.Get():
                found = ndb.get_multi([ndb.Key(*path) for path in step.paths])
                given = tuple(one and answers.model(one) for one in found)
            case program.PutNew():
                given = self._put_new(step.entity)
            case program.Query():
                given = self._pages(step) if step.page else self._rows(self._fetch(step))
            case program.Transaction():
                given = self._transact(step)
            case _:
                raise TypeError(step)
        return given

    def _transact(self, step: program.Transaction) -> Answer:
        given: list[Answer] = []

        def run() -> None:
            given.extend(self._attempt(one) for one in step.steps)
            if step.end == "rollback":
                raise ndb.Rollback

        with contextlib.suppress(ndb.Rollback):
            ndb.transaction(run, retries=0, read_only=step.read_only)
        return tuple(given)

    def _put_new(self, entity: program.Entity) -> Answer:
        key = self._entity(entity).put()
        found = key.get()
        key.delete()
        return key.id() > 0, answers.model(found)[1:], key.get() is None

    def _fetch(self, step: program.Query) -> Any:
        return self._query(step).fetch(limit=step.limit, offset=step.offset)

    def _pages(self, step: program.Query) -> Answer:
        pages: list[Answer] = []
        cursor = None
        more = True
        while more:
            options = {"start_cursor": cursor} if cursor else {"offset": step.offset}
            found, cursor, more = self._query(step).fetch_page(step.page, **options)
            pages.append(self._rows(found))
            more = more and bool(found)
        return tuple(page for page in pages if page)

    def _rows(self, found: Iterable[Any]) -> Answer:
        return tuple(answers.words(one) if isinstance(one, ndb.Key) else answers.model(one) for one in found)

    def _query(self, step: program.Query) -> ndb.Query:
        conditions = [self._filter(condition) for condition in step.where]
        return ndb.Query(
            kind=step.kind,
            ancestor=ndb.Key(*step.ancestor) if step.ancestor else None,
            filters=ndb.AND(*conditions) if conditions else None,
            order_by=[ndb.query.PropertyOrder(name.lstrip("-"), name.startswith("-")) for name in step.order] or None,
            projection=step.projection or None,
            keys_only=step.keys_only or None,
            distinct_on=step.distinct_on or None,
        )

    def _filter(self, condition: program.Condition) -> Any:
        match condition:
            case program.Where(name, operator, value):
                return ndb.FilterNode(name, operator.lower(), self._value(value))
            case program.Either(conditions):
                return ndb.OR(*(self._filter(one) for one in conditions))
            case program.Both(conditions):
                return ndb.AND(*(self._filter(one) for one in conditions))

    def _entity(self, entity: program.Entity) -> ndb.Model:
        path = entity.path if len(entity.path) % 2 == 0 else (*entity.path, None)
        made = _MODELS[path[-2]](key=ndb.Key(*path))
        made._clone_properties()
        for name, value in entity.properties.items():
            property_ = ndb.GenericProperty(
                name, indexed=name not in entity.unindexed, repeated=isinstance(value, list), write_empty_list=True
            )
            property_._code_name = name
            made._properties[name] = property_
            property_._set_value(made, self._value(value))
        return made

    def _value(self, value: Any) -> Any:
        match value:
            case program.Ref(path):
                return ndb.Key(*path)
            case program.Point(latitude, longitude):
                return ndb.GeoPt(latitude, longitude)
            case datetime.datetime():
                return value.replace(tzinfo=None)
            case list():
                return [self._value(one) for one in value]
        return value
