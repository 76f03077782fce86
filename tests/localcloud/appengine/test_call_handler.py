"""The gRPC service for the legacy SDK's dev_appserver, on the Datastore's own port."""

import grpc
import pytest
from google.appengine.datastore.datastore_pb import AllocateIdsRequest, AllocateIdsResponse
from google.appengine.ext.remote_api.remote_api_bytes_pb2 import Request, Response, RpcError
from google.cloud import datastore

from datastore_emulator.api.grpc_server import DatastoreServer
from datastore_emulator.engine import Engine
from localcloud.appengine import ApiServer
from localcloud.appengine.call_handler import make_call_handler


@pytest.fixture(scope="module")
def address():
    engine = Engine(":memory:")
    server = DatastoreServer(engine, extra_handlers=[make_call_handler(ApiServer(engine).datastore_dispatcher)])
    server.start()
    yield server.address
    server.stop()
    engine.close()


@pytest.fixture
def handle(address):
    with grpc.insecure_channel(address) as channel:
        yield channel.unary_unary("/apphosting.tools.devappserver2.CallHandler/HandleCall")


def test_call_handler_answers_as_the_api_server(handle):
    allocate = AllocateIdsRequest(size=2)
    allocate.model_key.app = "s~demo"
    allocate.model_key.path.element.add(type="Visit", id=1)
    request = Request(service_name="datastore_v3", method="AllocateIds", request=allocate.SerializeToString())
    answer = Response.FromString(handle(request.SerializeToString(), timeout=10))
    ids = AllocateIdsResponse.FromString(answer.response)
    assert ids.end - ids.start == 1


def test_memcache_is_not_served_without_tickets(handle):
    request = Request(service_name="memcache", method="Stats", request=b"", request_id="demo")
    error = Response.FromString(handle(request.SerializeToString(), timeout=10)).rpc_error
    assert error.code == RpcError.CALL_NOT_FOUND


def test_unknown_service_is_refused_by_name(handle):
    request = Request(service_name="taskqueue", method="Add", request=b"", request_id="demo")
    error = Response.FromString(handle(request.SerializeToString(), timeout=10)).rpc_error
    assert error.code == RpcError.CALL_NOT_FOUND
    assert "taskqueue" in error.detail


def test_malformed_request_is_invalid(handle):
    with pytest.raises(grpc.RpcError, match="the message is not a remote_api Request"):
        handle(b"\xff\xff\xff", timeout=10)


def test_datastore_v1_is_served_on_the_same_port(address, monkeypatch):
    monkeypatch.setenv("DATASTORE_EMULATOR_HOST", address)
    client = datastore.Client(project="demo")
    client.put(datastore.Entity(client.key("Visit", 1)))
    assert client.get(client.key("Visit", 1)) is not None
