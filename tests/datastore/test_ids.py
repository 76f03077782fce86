"""Allocated ids: sixteen digits, scattered, and never the same twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from google.api_core import exceptions
from google.cloud import datastore

from datastore_emulator import messages as m
from datastore_emulator.api.grpc_server import DatastoreServer
from datastore_emulator.engine import Engine


def test_an_incomplete_key_is_given_an_id_of_sixteen_digits(put):
    assert len(str(put("Thing").key.id)) == 16


def test_allocated_ids_are_all_different(client):
    keys = client.allocate_ids(client.key("Thing"), 200)
    entities = [datastore.Entity(client.key("Thing")) for _ in range(200)]
    client.put_multi(entities)
    ids = {key.id for key in keys} | {entity.key.id for entity in entities}
    assert len(ids) == 400


def test_a_key_with_an_id_is_given_no_other(client):
    with pytest.raises(exceptions.InvalidArgument, match="must not be complete"):
        client._datastore_api.allocate_ids(
            request={"project_id": client.project, "keys": [client.key("Thing", 1).to_protobuf()]}
        )


@pytest.mark.parametrize("take", ["reserve_ids_multi", "put"])
def test_ids_that_were_reserved_or_used_are_not_allocated(connect, take):
    # Which id comes next is the same in every new store.
    upcoming = _allocate_in_a_new_store(connect, lambda client: None)

    def take_them(client: datastore.Client) -> None:
        if take == "put":
            client.put_multi([datastore.Entity(key) for key in upcoming])
        else:
            client.reserve_ids_multi(upcoming)

    assert not set(upcoming) & set(_allocate_in_a_new_store(connect, take_them))


def _allocate_in_a_new_store(
    connect: Callable[..., datastore.Client], first: Callable[[datastore.Client], None]
) -> list[datastore.Key]:
    with Engine() as engine:
        server = DatastoreServer(engine)
        server.start()
        client = connect(server.address)
        first(client)
        keys: list[datastore.Key] = client.allocate_ids(client.key("Thing"), 3)
        server.stop()
    return keys


def test_a_shifted_store_allocates_other_ids_in_the_same_order():
    stores = []
    for blocks in (0, 1):
        with Engine() as engine:
            engine.shift_ids(blocks)
            key = m.Key(path=[m.Key.PathElement(kind="Thing")])
            request = m.AllocateIdsRequest(project_id="demo", keys=[key] * 50)
            stores.append([key.path[0].id for key in engine.allocate_ids(request).keys])
    plain, shifted = stores
    assert not set(plain) & set(shifted)
    assert sorted(range(50), key=plain.__getitem__) == sorted(range(50), key=shifted.__getitem__)
