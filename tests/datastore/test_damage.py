"""An entity whose stored bytes are damaged is DATA_LOSS wherever it is read, and nothing else is."""

from __future__ import annotations

import json
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from google.api_core import exceptions
from google.appengine.datastore import datastore_pb as v3
from google.appengine.runtime.apiproxy_errors import ApplicationError
from google.cloud import datastore
from google.cloud.datastore.query import PropertyFilter

from datastore_emulator.api.grpc_server import DatastoreServer
from datastore_emulator.engine import Engine
from localcloud.appengine.callers import Caller
from localcloud.appengine.datastore_v3 import DatastoreV3Service

PROJECT = "demo"


@pytest.fixture
def engine(tmp_path: Path, connect: Callable[..., datastore.Client]) -> Iterator[Engine]:
    """A Datastore whose Thing 2 of three is damaged."""
    path = tmp_path / "data.db"
    with Engine(path) as made:
        server = DatastoreServer(made)
        server.start()
        client = connect(server.address, project=PROJECT)
        for number in (1, 2, 3):
            entity = datastore.Entity(client.key("Thing", number))
            entity["number"] = number
            client.put(entity)
        server.stop()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE entities SET body = x'ff00ff' WHERE id = 2")
    connection.close()
    with Engine(path) as opened:
        yield opened


@pytest.fixture
def server(engine: Engine) -> Iterator[DatastoreServer]:
    started = DatastoreServer(engine, rest=True)
    started.start()
    yield started
    started.stop()


@pytest.fixture
def client(server: DatastoreServer, connect: Callable[..., datastore.Client]) -> datastore.Client:
    return connect(server.address, project=PROJECT)


def _numbered(client: datastore.Client, operator: str, number: int) -> list[datastore.Entity]:
    query = client.query(kind="Thing")
    query.add_filter(filter=PropertyFilter("number", operator, number))
    return list(query.fetch())


def _change_one_property(client: datastore.Client) -> None:
    entity = {"key": client.key("Thing", 2).to_protobuf(), "properties": {"other": {"integer_value": 1}}}
    mutation = {"update": entity, "property_mask": {"paths": ["other"]}}
    client._datastore_api.commit(request={"project_id": PROJECT, "mode": "NON_TRANSACTIONAL", "mutations": [mutation]})


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda client: client.get(client.key("Thing", 2)), id="lookup"),
        pytest.param(lambda client: list(client.query(kind="Thing").fetch()), id="query"),
        pytest.param(lambda client: _numbered(client, "=", 2), id="query with a filter"),
        pytest.param(_change_one_property, id="change of one property"),
    ],
)
def test_damaged_entity_is_data_loss_with_its_key(client, call):
    with pytest.raises(
        exceptions.DataLoss, match=r"the entity \[Thing: 2\] is damaged; delete it, put it again"
    ) as caught:
        call(client)
    assert "\n" not in str(caught.value)


def test_the_other_entities_stay_readable(client):
    assert [entity["number"] for entity in client.get_multi([client.key("Thing", n) for n in (1, 3)])] == [1, 3]
    assert [entity["number"] for entity in _numbered(client, ">", 2)] == [3]


def test_what_the_indexes_have_of_a_damaged_entity_stays_readable(client):
    query = client.query(kind="Thing", projection=["number"])
    assert [entity["number"] for entity in query.fetch()] == [1, 2, 3]


@pytest.mark.parametrize(
    "repair", [lambda client, entity: client.put(entity), lambda client, entity: client.delete(entity.key)]
)
def test_a_damaged_entity_can_be_put_again_or_deleted(client, repair):
    entity = datastore.Entity(client.key("Thing", 2))
    entity["number"] = 2
    repair(client, entity)
    assert {found["number"] for found in client.query(kind="Thing").fetch()} <= {1, 2, 3}


def test_a_damaged_entity_that_changed_is_data_loss_to_a_query_of_before(client):
    with client.transaction(read_only=True):
        client.get(client.key("Thing", 1))
        outside = datastore.Client(project=PROJECT)
        outside.base_url = client.base_url
        outside.delete(client.key("Thing", 2))
        with pytest.raises(exceptions.DataLoss, match=r"\[Thing: 2\] is damaged"):
            list(client.query(kind="Thing").fetch())
        assert list(client.query(kind="Other").fetch()) == []


@pytest.mark.parametrize(
    ("damage", "query"),
    [
        ("UPDATE entities SET key = x'01' WHERE id = 1", {"projection": ["__key__"]}),
        ("UPDATE postings SET value = x'70ff' WHERE entity = 1", {"projection": ["number"]}),
    ],
)
def test_damaged_keys_and_indexes_are_data_loss(engine, client, damage, query):
    with engine._storage.writing() as connection:
        connection.execute(damage)
    with pytest.raises(exceptions.DataLoss, match="is damaged"):
        list(client.query(kind="Thing", **query).fetch())


def test_a_damaged_entity_is_data_loss_over_rest(server):
    body = json.dumps({"keys": [{"path": [{"kind": "Thing", "id": "2"}]}]}).encode()
    request = urllib.request.Request(
        f"http://{server.address}/v1/projects/{PROJECT}:lookup", body, {"Content-Type": "application/json"}
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    error = json.load(caught.value)["error"]
    assert (caught.value.code, error["status"]) == (500, "DATA_LOSS")
    assert "[Thing: 2] is damaged" in error["message"]


def test_a_damaged_entity_is_an_internal_error_to_the_bundled_datastore(engine):
    # datastore_v3 has no code for lost data.
    request = v3.GetRequest()
    reference = request.key.add(app=f"s~{PROJECT}")
    reference.path.element.add(type="Thing", id=2)
    with pytest.raises(ApplicationError, match=r"\[Thing: 2\] is damaged") as caught:
        DatastoreV3Service(engine).call("Get", request.SerializeToString(), Caller(PROJECT))
    assert caught.value.application_error == v3.Error.INTERNAL_ERROR
