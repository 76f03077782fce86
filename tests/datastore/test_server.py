"""The gRPC server: started, stopped, started again, and in front of another emulator."""

from __future__ import annotations

import contextlib
import socket

import grpc
import pytest
from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.cloud import datastore

from datastore_emulator import messages as m
from datastore_emulator.api.grpc_server import DatastoreServer
from datastore_emulator.api.remote import RemoteDatastore
from datastore_emulator.engine import Engine
from datastore_emulator.errors import DatastoreError, UserError
from tests.support.deadline import DEADLINE


@pytest.fixture
def engine():
    with Engine() as engine:
        yield engine


@pytest.fixture
def server(engine):
    server = DatastoreServer(engine)
    server.start()
    yield server
    server.stop()


def test_call_on_new_channel_is_answered_once_start_returns(engine, project):
    server = DatastoreServer(engine)
    server.start()
    with grpc.insecure_channel(server.address) as channel:
        begin = channel.unary_unary(
            "/google.datastore.v1.Datastore/BeginTransaction",
            request_serializer=m.BeginTransactionRequest.SerializeToString,
            response_deserializer=m.BeginTransactionResponse.FromString,
        )
        assert begin(m.BeginTransactionRequest(project_id=project), timeout=DEADLINE).transaction
    server.stop()


def test_port_in_use_is_one_line(engine):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = DatastoreServer(engine, port=taken.getsockname()[1])
        message = r"^cannot listen on 127\.0\.0\.1:\d+ for the Datastore: another program uses the port; .*"
        with pytest.raises(UserError, match=message) as caught:
            server.start()
    assert "\n" not in str(caught.value)


def test_two_servers_cannot_share_a_port(engine, server):
    with pytest.raises(UserError):
        DatastoreServer(engine, port=int(server.address.rpartition(":")[2])).start()


def test_stopped_server_is_unavailable(connect, server):
    client = connect(server.address)
    server.stop()
    with pytest.raises(exceptions.ServiceUnavailable):
        client._datastore_api.lookup(request={"project_id": client.project}, retry=None, timeout=DEADLINE)


def test_client_reconnects_to_restarted_server(connect, engine, server):
    client = connect(server.address)
    entity = datastore.Entity(client.key("Thing", 1))
    client.put(entity)
    server.stop()
    with pytest.raises(exceptions.ServiceUnavailable):
        client._datastore_api.lookup(request={"project_id": client.project}, retry=None, timeout=DEADLINE)
    second = DatastoreServer(engine, port=int(server.address.rpartition(":")[2]))
    second.start()
    # The channel tries again after a pause of its own; the client's Retry waits for that.
    assert (
        client.get(entity.key, retry=Retry(if_exception_type(exceptions.ServiceUnavailable), timeout=DEADLINE))
        == entity
    )
    second.stop()


def test_unknown_method_is_unimplemented(address):
    with grpc.insecure_channel(address) as channel:
        unknown = channel.unary_unary("/google.datastore.v1.Datastore/Unknown")
        with pytest.raises(grpc.RpcError) as caught:
            unknown(b"", timeout=DEADLINE)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_unreadable_request_is_an_error_and_the_next_is_answered(address, client):
    with grpc.insecure_channel(address) as channel:
        lookup = channel.unary_unary("/google.datastore.v1.Datastore/Lookup")
        with pytest.raises(grpc.RpcError):
            lookup(b"\xff\xff", timeout=DEADLINE)
    assert client.get(client.key("Thing", 1)) is None


@pytest.fixture
def forwarded(connect, server):
    """A client of a server that forwards to another."""
    with RemoteDatastore(server.address) as remote:
        front = DatastoreServer(remote)
        front.start()
        yield connect(front.address)
        front.stop()


def test_remote_datastore_forwards_writes_and_reads(forwarded, connect, server):
    entity = datastore.Entity(forwarded.key("Thing", 1))
    with forwarded.transaction() as transaction:
        transaction.put(entity)
    keys = [found.key for found in forwarded.query(kind="Thing").fetch()]
    assert (keys, connect(server.address).get(entity.key)) == ([entity.key], entity)


def test_remote_datastore_forwards_ids(forwarded):
    forwarded.reserve_ids_multi([forwarded.key("Thing", 1)])
    assert len(forwarded.allocate_ids(forwarded.key("Thing"), 2)) == 2


def test_remote_datastore_forwards_errors(forwarded):
    with pytest.raises(exceptions.InvalidArgument, match="reserved"):
        forwarded.put(datastore.Entity(forwarded.key("__Thing__", 1)))


def test_remote_datastore_without_server_is_unavailable(project):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with (
            RemoteDatastore(f"127.0.0.1:{unused.getsockname()[1]}") as remote,
            pytest.raises(DatastoreError) as caught,
        ):
            remote.lookup(m.LookupRequest(project_id=project))
    assert caught.value.code == grpc.StatusCode.UNAVAILABLE


def test_call_after_its_deadline_is_not_answered(connect, project):
    # gRPC makes a millisecond of any shorter deadline, so a few answers could arrive in time by chance.
    api = connect()._datastore_api

    def ask_often() -> int:
        answered = 0
        for _ in range(20):
            with contextlib.suppress(exceptions.DeadlineExceeded):
                api.lookup(request={"project_id": project}, timeout=1e-9, retry=None)
                answered += 1
        return answered

    api.lookup(request={"project_id": project})
    assert ask_often() == 0
