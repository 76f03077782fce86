"""Every RPC that Google's messages and stubs name is served, or refused by its name."""

from __future__ import annotations

import importlib
import re
import time
from collections.abc import Iterator

import pytest
from google.appengine.api.apiproxy_stub import APIProxyStub
from google.appengine.ext.remote_api.remote_api_bytes_pb2 import Request, Response, RpcError

from datastore_emulator.engine import Engine
from localcloud.appengine.callers import Caller
from localcloud.appengine.datastore_v3 import DatastoreV3Service
from localcloud.appengine.memcache import MemcacheService
from localcloud.appengine.rpc import Dispatcher
from localcloud.appengine.services import Surroundings, make_services

# The modules of google.appengine with the messages of a service, and those with its stub.
MODULES = {
    "app_identity_service": ("api.app_identity.app_identity_service_pb2", "api.app_identity.app_identity_stub"),
    "blobstore": ("api.blobstore.blobstore_service_pb2", "api.blobstore.blobstore_stub"),
    "capability_service": ("api.capabilities.capability_service_pb2", "api.capabilities.capability_stub"),
    "datastore_v3": ("datastore.datastore_pb", "api.datastore_file_stub"),
    "images": ("api.images.images_service_pb2", "api.images.images_stub"),
    "mail": ("api.mail_service_pb2", "api.mail_stub"),
    "memcache": ("api.memcache.memcache_service_pb2", "api.memcache.memcache_stub"),
    "modules": ("api.modules.modules_service_pb2", "api.modules.modules_stub"),
    "search": ("api.search.search_service_pb2", "api.search.simple_search_stub"),
    "system": ("api.system.system_service_pb2", "api.system.system_stub"),
    "taskqueue": ("api.taskqueue.taskqueue_service_bytes_pb2", "api.taskqueue.taskqueue_stub"),
    "urlfetch": ("api.urlfetch_service_pb2", "api.urlfetch_stub"),
    "user": ("api.user_service_pb2", "api.user_service_stub"),
}
# Messages of some services begin with the service's name.
REQUEST = re.compile(r"(?:TaskQueue|Memcache|Images|URL)?(\w+)Request")


def rpcs(service: str) -> set[str]:
    """Return the names of a service's RPCs: those of its requests, and those that its stub answers."""
    messages, stub = (importlib.import_module(f"google.appengine.{name}") for name in MODULES[service])
    names = {match[1] for name in dir(messages) if (match := REQUEST.fullmatch(name))}
    for value in vars(stub).values():
        if isinstance(value, type) and issubclass(value, APIProxyStub):
            names |= {name.removeprefix("_Dynamic_") for name in dir(value) if name.startswith("_Dynamic_")}
    return names


@pytest.fixture(scope="module")
def dispatcher() -> Iterator[Dispatcher]:
    with Engine(":memory:") as engine:
        datastore = DatastoreV3Service(engine)
        services = make_services(Surroundings(time.time, engine, datastore), lambda call: None)
        yield Dispatcher({"datastore_v3": datastore, "memcache": MemcacheService(time.time), **services})
        for service in services.values():
            service.stop()


@pytest.mark.parametrize("service", MODULES)
def test_rpc_is_served_or_refused_by_name(dispatcher: Dispatcher, service: str) -> None:
    names = rpcs(service)
    assert names
    for name in names:
        log: list[str] = []
        caller = Caller("demo", "ticket", log=log.append)
        request = Request(service_name=service, method=name, request=b"")
        response = Response.FromString(dispatcher.handle(request, caller))
        # A bug's answer, as against a refusal's: localcloud.appengine.rpc.
        assert "localcloud failed" not in response.rpc_error.detail, response.rpc_error.detail
        if response.rpc_error.code == RpcError.CALL_NOT_FOUND:
            assert f" {name}()" in response.rpc_error.detail
            assert log == [response.rpc_error.detail]


@pytest.mark.parametrize("service", ["channel", "logservice", "matcher", "xmpp", "rdbms", "conversion", "prospective"])
def test_service_that_is_not_here_is_refused_by_name(dispatcher: Dispatcher, service: str) -> None:
    log: list[str] = []
    request = Request(service_name=service, method="Send", request=b"")
    dispatcher.handle(request, Caller("demo", "ticket", log=log.append))
    assert f"'{service}' (called for Send())" in log[0]


def test_table_has_every_service() -> None:
    with Engine(":memory:") as engine:
        services = make_services(Surroundings(time.time, engine, DatastoreV3Service(engine)), print)
        assert MODULES.keys() == services.keys() | {"datastore_v3", "memcache"}
