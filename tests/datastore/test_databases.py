"""Namespaces and named databases: each is a database of its own."""

from __future__ import annotations

import pytest
from google.api_core import exceptions
from google.cloud import datastore

DATABASES = [{}, {"namespace": "north"}, {"database": "second"}, {"database": "second", "namespace": "north"}]


@pytest.fixture
def clients(connect):
    """A client in each of DATABASES, with one entity of the same key and n=0, 1, 2 and 3."""
    clients = [connect(**options) for options in DATABASES]
    for n, client in enumerate(clients):
        entity = datastore.Entity(client.key("Thing", 1))
        entity["n"] = n
        client.put(entity)
    return clients


def test_one_key_is_another_entity_in_each(clients):
    assert [client.get(client.key("Thing", 1))["n"] for client in clients] == [0, 1, 2, 3]


@pytest.mark.parametrize("kind", ["Thing", None])
def test_queries_find_the_entities_of_their_database(clients, kind):
    found = [[entity["n"] for entity in client.query(kind=kind).fetch()] for client in clients]
    assert found == [[0], [1], [2], [3]]


def test_aggregations_count_what_is_in_theirs(clients):
    for client in clients:
        (results,) = client.aggregation_query(client.query(kind="Thing")).count(alias="all").fetch()
        assert results[0].value == 1


def test_a_deletion_reaches_no_other(clients):
    clients[0].delete(clients[0].key("Thing", 1))
    assert [client.get(client.key("Thing", 1)) is None for client in clients] == [True, False, False, False]


def test_keys_say_where_they_are_from(clients):
    keys = [next(iter(client.query(kind="Thing", namespace=client.namespace).fetch())).key for client in clients]
    found = [(key.database or "", key.namespace or "") for key in keys]
    assert found == [(database.get("database", ""), database.get("namespace", "")) for database in DATABASES]


def test_a_transaction_is_of_one_database(clients, project):
    api = clients[0]._datastore_api
    begun = api.begin_transaction(request={"project_id": project, "database_id": "second"}).transaction
    with pytest.raises(exceptions.InvalidArgument, match="another project or database"):
        api.lookup(request={"project_id": project, "read_options": {"transaction": begun}})


def test_a_key_of_another_database_is_refused(clients, project):
    key = {"partition_id": {"database_id": "second"}, "path": [{"kind": "Thing", "id": 1}]}
    with pytest.raises(exceptions.InvalidArgument, match="mismatched databases within request"):
        clients[0]._datastore_api.lookup(request={"project_id": project, "keys": [key]})
