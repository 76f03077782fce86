"""Namespaces and named databases: each is a world of its own."""

from __future__ import annotations

import pytest
from google.api_core import exceptions
from google.cloud import datastore

WORLDS = [{}, {"namespace": "north"}, {"database": "second"}, {"database": "second", "namespace": "north"}]


@pytest.fixture
def worlds(connect):
    """A client in each of WORLDS, with one entity of the same key and n=0, 1, 2 and 3."""
    clients = [connect(**options) for options in WORLDS]
    for n, client in enumerate(clients):
        entity = datastore.Entity(client.key("Thing", 1))
        entity["n"] = n
        client.put(entity)
    return clients


def test_one_key_is_another_entity_in_each(worlds):
    assert [client.get(client.key("Thing", 1))["n"] for client in worlds] == [0, 1, 2, 3]


def test_queries_find_what_is_in_theirs(worlds):
    assert [[entity["n"] for entity in client.query(kind="Thing").fetch()] for client in worlds] == [[0], [1], [2], [3]]
    assert [[entity["n"] for entity in client.query().fetch()] for client in worlds] == [[0], [1], [2], [3]]


def test_aggregations_count_what_is_in_theirs(worlds):
    for client in worlds:
        (results,) = client.aggregation_query(client.query(kind="Thing")).count(alias="all").fetch()
        assert results[0].value == 1


def test_a_deletion_reaches_no_other(worlds):
    worlds[0].delete(worlds[0].key("Thing", 1))
    assert [client.get(client.key("Thing", 1)) is None for client in worlds] == [True, False, False, False]


def test_keys_say_where_they_are_from(worlds):
    keys = [next(iter(client.query(kind="Thing", namespace=client.namespace).fetch())).key for client in worlds]
    found = [(key.database or "", key.namespace or "") for key in keys]
    assert found == [(world.get("database", ""), world.get("namespace", "")) for world in WORLDS]


def test_a_transaction_is_of_one_database(worlds, project):
    api = worlds[0]._datastore_api
    begun = api.begin_transaction(request={"project_id": project, "database_id": "second"}).transaction
    with pytest.raises(exceptions.InvalidArgument, match="another project or database"):
        api.lookup(request={"project_id": project, "read_options": {"transaction": begun}})


def test_a_key_of_another_database_is_refused(worlds, project):
    key = {"partition_id": {"database_id": "second"}, "path": [{"kind": "Thing", "id": 1}]}
    with pytest.raises(exceptions.InvalidArgument, match="mismatched databases within request"):
        worlds[0]._datastore_api.lookup(request={"project_id": project, "keys": [key]})
