"""Entities: the net changes of commits."""

from __future__ import annotations

import io
from typing import Any

import pytest

from datastore_emulator import messages as m
from localcloud.appengine.services.blob_storage import DatastoreBlobStorage
from localcloud.effects import EntityChange, PropertyValue
from tests.localcloud.effects.watched import Watched


def entity(
    name: str = "a", *, project: str = "demo", database: str = "", namespace: str = "", **values: int
) -> m.Entity:
    made = m.Entity()
    partition = made.key.partition_id
    partition.project_id, partition.database_id, partition.namespace_id = project, database, namespace
    made.key.path.add(kind="Thing", name=name)
    for key, value in values.items():
        made.properties[key].integer_value = value
    return made


def commit(watched: Watched, *mutations: m.Mutation) -> None:
    for mutation in mutations:
        key = mutation.delete if mutation.HasField("delete") else mutation.upsert.key
        request = m.CommitRequest(
            project_id=key.partition_id.project_id,
            database_id=key.partition_id.database_id,
            mode=m.CommitRequest.NON_TRANSACTIONAL,
            mutations=[mutation],
        )
        watched.cloud.datastore.direct.commit(request)


def put(*args: Any, **values: Any) -> m.Mutation:
    return m.Mutation(upsert=entity(*args, **values))


def delete(*args: Any, **values: Any) -> m.Mutation:
    return m.Mutation(delete=entity(*args, **values).key)


def names(changes: tuple[EntityChange, ...]) -> list[str]:
    return [change.key for change in changes]


def test_entity_that_is_written_twice_has_changed_once(watched: Watched) -> None:
    commit(watched, put("a", n=1), put("b", n=1), put("a", n=2))
    assert watched.watch.read().entities == (
        EntityChange("Thing", 'Thing:"a"', properties={"n": PropertyValue("integer 2", True)}),
        EntityChange("Thing", 'Thing:"b"', properties={"n": PropertyValue("integer 1", True)}),
    )
    assert watched.watch.read().entities == ()


def test_entity_that_is_as_before_has_not_changed(watched: Watched) -> None:
    commit(watched, put("a", n=1))
    watched.watch.begin()
    commit(watched, put("a", n=1))
    commit(watched, put("a", n=2), put("a", n=1))
    commit(watched, put("b", n=1), delete("b"))
    commit(watched, delete("never there"))
    commit(watched, delete("a"), put("a", n=1))
    assert watched.watch.read().entities == ()


def test_deleted_entity_has_changed(watched: Watched) -> None:
    commit(watched, put("a", n=1))
    watched.watch.begin()
    commit(watched, put("a", n=2), delete("a"))
    assert watched.watch.read().entities == (EntityChange("Thing", 'Thing:"a"', deleted=True),)


def test_transaction_counts_if_it_is_committed(watched: Watched) -> None:
    datastore = watched.cloud.datastore.direct
    begin = m.BeginTransactionRequest(project_id="demo")
    transaction = datastore.begin_transaction(begin).transaction
    insert = m.Mutation(insert=entity("a"))
    request = m.CommitRequest(project_id="demo", transaction=transaction, mode=m.CommitRequest.TRANSACTIONAL)
    request.mutations.extend([put("b"), insert])
    commit(watched, put("a"))
    with pytest.raises(Exception, match="ALREADY_EXISTS"):
        datastore.commit(request)
    assert names(watched.watch.read().entities) == ['Thing:"a"']


def test_changes_are_of_all_databases_and_projects_but_the_bytes_of_blobs(watched: Watched) -> None:
    commit(watched, put(project="other"), put(database="second", namespace="space"))
    DatastoreBlobStorage(watched.cloud.datastore.direct, "demo").StoreBlob("blob", io.BytesIO(b"x"))
    changes = watched.watch.read().entities
    assert [(one.database, one.namespace) for one in changes] == [("", ""), ("second", "space")]


def test_empty_list_is_no_property(watched: Watched) -> None:
    thing = entity("a", n=1)
    thing.properties["tags"].array_value.SetInParent()
    thing.properties["numbers"].array_value.values.add(integer_value=1)
    commit(watched, m.Mutation(upsert=thing))
    (change,) = watched.watch.read().entities
    assert list(change.properties) == ["n", "numbers"]
