"""Every HTTP listener of the packages, in front of code that records what reaches it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest
from google.appengine.api.memcache.memcache_service_pb2 import MemcacheFlushRequest, MemcacheSetRequest
from google.appengine.datastore.datastore_pb import DeleteRequest, PutRequest
from google.appengine.ext.remote_api.remote_api_bytes_pb2 import Request as Envelope

from datastore_emulator import messages as m
from datastore_emulator.api.grpc_server import DatastoreServer
from datastore_emulator.api.tracing import traced
from datastore_emulator.engine import Engine
from datastore_emulator.net.listen import listen
from localcloud.appengine import ApiServer
from localcloud.pages.wsgi import WsgiServer
from tests.localcloud.listeners.listening import Listening, post, thing


@pytest.fixture(scope="module")
def rest() -> Iterator[Listening]:
    """The Datastore's port with REST and gRPC."""
    acted: list[str] = []
    commit = m.CommitRequest(mode="NON_TRANSACTIONAL")
    for number in (1, 2, 3):
        commit.mutations.add().upsert.CopyFrom(thing(number))
    lookup = m.LookupRequest(keys=[thing(1).key])
    allocate = m.AllocateIdsRequest()
    allocate.keys.add().path.add(kind="Thing")
    kind, path = "application/x-protobuf", "/v1/projects/demo:"
    with Engine() as engine:
        server = DatastoreServer(traced(engine, acted.append), rest=True)
        server.start()
        yield Listening(
            server.port,
            {
                "commit": post(f"{path}commit", commit.SerializeToString(), kind),
                "chunked commit": post(f"{path}commit", commit.SerializeToString(), kind, chunked=True),
                "commit in JSON": post(
                    f"{path}commit",
                    b'{"mode": "NON_TRANSACTIONAL", "mutations": [{"delete": {"path": [{"kind": "A", "id": "1"}]}}]}',
                    "application/json",
                ),
                "lookup": post(f"{path}lookup", lookup.SerializeToString(), kind),
                "allocate": post(f"{path}allocateIds", allocate.SerializeToString(), kind),
                "begin without a body": post(f"{path}beginTransaction", b"", "application/json"),
                "rollback": post(f"{path}rollback", m.RollbackRequest(transaction=b"x").SerializeToString(), kind),
            },
            acted,
        )
        server.stop()


@pytest.fixture(scope="module")
def api() -> Iterator[Listening]:
    """The bundled services' API server."""
    acted: list[str] = []
    with Engine() as engine:
        server = ApiServer(traced(engine, acted.append), observe=acted.append)
        server.start()
        ticket = server.ticket("demo")
        put, delete = PutRequest(), DeleteRequest()
        for key in (put.entity.add().key, delete.key.add()):
            key.app = "s~demo"
            key.path.element.add(type="Thing", id=1)
        put.entity[0].entity_group.element.add(type="Thing", id=1)
        item = {"key": b"key", "value": b"value"}
        calls = {
            "put": ("datastore_v3", "Put", put),
            "delete": ("datastore_v3", "Delete", delete),
            "set": ("memcache", "Set", MemcacheSetRequest(item=[item])),
            "flush": ("memcache", "FlushAll", MemcacheFlushRequest()),
        }
        requests = {}
        for name, (service, method, message) in calls.items():
            call = Envelope(
                service_name=service, method=method, request=message.SerializeToString(), request_id=ticket
            ).SerializeToString()
            requests[name] = post("/rpc_http", call, "application/octet-stream")
            requests[f"chunked {name}"] = post("/", call, "application/octet-stream", chunked=True)
        yield Listening(server.port, requests, acted)
        server.stop()


@pytest.fixture(scope="module")
def page() -> Iterator[Listening]:
    """The learning page's server, in front of an app that records each request."""
    acted: list[str] = []

    def app(environ: dict, start_response: Callable[..., None]) -> list[bytes]:
        acted.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["wsgi.input"].read()]

    listener = listen("127.0.0.1", 0, "the page")
    port = listener.getsockname()[1]
    server = WsgiServer(app, port)
    server.listen([listener])
    form = "application/x-www-form-urlencoded"
    yield Listening(
        port,
        {
            "apply": post("/mod12-memcache/apply", b"token=abc&back=/", form),
            "chunked apply": post("/mod12-memcache/apply", b"token=abc&back=/", form, chunked=True),
            "visit": post("/mod12-memcache/run/stop", b"", form),
            "look": b"GET /mod12-memcache/compare?old=START HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n",
        },
        acted,
    )
    server.close()


LISTENERS = ("rest", "api", "page")


@pytest.fixture(params=LISTENERS)
def listening(request: pytest.FixtureRequest) -> Listening:
    """Each listener in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Fail the test if something is logged as an error, or if a traceback is printed."""
    caplog.set_level(logging.WARNING)
    yield
    assert [record.getMessage() for record in caplog.records] == []
    assert "Traceback" not in capfd.readouterr().err
