"""Random bytes at the API server get a Response or an HTTP refusal, in time."""

from __future__ import annotations

import http.client
import os
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from google.appengine.api import mail_service_pb2 as mail
from google.appengine.api.blobstore import blobstore_service_pb2 as blobstore
from google.appengine.api.images import images_service_pb2 as images
from google.appengine.api.memcache import memcache_service_pb2 as memcache
from google.appengine.api.taskqueue import taskqueue_service_bytes_pb2 as taskqueue
from google.appengine.datastore import datastore_pb as v3
from google.appengine.ext.remote_api.remote_api_bytes_pb2 import Request, Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datastore_emulator.engine import Engine
from localcloud.appengine import ApiServer
from tests.localcloud.random_messages import TEXTS, Strategies, damaged, messages
from tests.support.deadline import DEADLINE

APP = "fuzz"
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "20"))  # of each method
CALLS = [
    ("datastore_v3", "Get", v3.GetRequest),
    ("datastore_v3", "Put", v3.PutRequest),
    ("datastore_v3", "Delete", v3.DeleteRequest),
    ("datastore_v3", "RunQuery", v3.Query),
    ("datastore_v3", "Next", v3.NextRequest),
    ("datastore_v3", "BeginTransaction", v3.BeginTransactionRequest),
    ("datastore_v3", "Commit", v3.Transaction),
    ("datastore_v3", "Rollback", v3.Transaction),
    ("datastore_v3", "AllocateIds", v3.AllocateIdsRequest),
    ("memcache", "Get", memcache.MemcacheGetRequest),
    ("memcache", "Set", memcache.MemcacheSetRequest),
    ("memcache", "Delete", memcache.MemcacheDeleteRequest),
    ("memcache", "Increment", memcache.MemcacheIncrementRequest),
    ("memcache", "BatchIncrement", memcache.MemcacheBatchIncrementRequest),
    ("memcache", "FlushAll", memcache.MemcacheFlushRequest),
    ("memcache", "Stats", memcache.MemcacheStatsRequest),
    # Of Google's stubs, those that fail in many ways at what the SDK's client would not send.
    ("blobstore", "CreateUploadURL", blobstore.CreateUploadURLRequest),
    ("blobstore", "DeleteBlob", blobstore.DeleteBlobRequest),
    ("blobstore", "FetchData", blobstore.FetchDataRequest),
    ("images", "GetUrlBase", images.ImagesGetUrlBaseRequest),
    ("images", "DeleteUrlBase", images.ImagesDeleteUrlBaseRequest),
    ("mail", "Send", mail.MailMessage),
    ("taskqueue", "Add", taskqueue.TaskQueueAddRequest),
    ("taskqueue", "BulkAdd", taskqueue.TaskQueueBulkAddRequest),
]
fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
calls = pytest.mark.parametrize(("service", "method", "request_class"), CALLS)


@pytest.fixture(scope="module")
def server() -> Iterator[ApiServer]:
    with Engine() as engine:
        server = ApiServer(engine)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="module")
def connection(server: ApiServer) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE)) as connection:
        yield connection


@pytest.fixture(scope="module")
def post(connection: http.client.HTTPConnection, server: ApiServer) -> Callable[[bytes], Response | None]:
    """Post any bytes; return the Response, or None if the refusal came in HTTP's own words."""

    def run(body: bytes) -> Response | None:
        headers = {"Content-Type": "application/octet-stream", "X-Appengine-Api-Ticket": server.ticket(APP)}
        connection.request("POST", "/rpc_http", body, headers)
        answer = connection.getresponse()
        text = answer.read()
        assert b"Traceback" not in text
        if answer.status == http.client.BAD_REQUEST:
            return None
        assert answer.status == http.client.OK
        response = Response.FromString(text)
        # A bug's answer, as against a refusal's: localcloud.appengine.rpc.
        assert "localcloud failed" not in response.rpc_error.detail, response.rpc_error.detail
        return response

    return run


def likely() -> Strategies:
    """Values that lead a call past its first checks, mostly."""
    return {
        "app": st.sampled_from([APP] + ["s~" + APP] * 6) | TEXTS,
        "name_space": st.sampled_from([""] * 6 + ["a", "!"]),
        "type": st.sampled_from(["Visit"] * 6) | TEXTS,
    }


def wrap(service: str, method: str, payload: bytes) -> bytes:
    return bytes(Request(service_name=service, method=method, request=payload, request_id=APP).SerializeToString())


@calls
def test_random_call_is_answered_or_refused(post, service, method, request_class):
    @fuzz
    @given(messages(request_class, likely()))
    def check(request) -> None:
        assert post(wrap(service, method, request.SerializePartialToString()))

    check()


@calls
def test_damaged_call_is_answered_or_refused(post, service, method, request_class):
    payloads = messages(request_class, likely()).map(lambda request: request.SerializePartialToString())

    @fuzz
    @given(damaged(payloads))
    def check(payload: bytes) -> None:
        assert post(wrap(service, method, payload))

    check()


@fuzz
@given(damaged(st.just(wrap("datastore_v3", "Get", b""))) | st.binary(max_size=100))
def test_random_bytes_are_answered_or_refused(post, body):
    post(body)


def test_oversized_call_is_refused(connection, post):
    connection.putrequest("POST", "/rpc_http")
    connection.putheader("Content-Type", "application/octet-stream")
    connection.putheader("Content-Length", str(1 << 40))
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (413, b"localcloud API server: the body is longer than 34603008 bytes\n")
    assert post(wrap("memcache", "Stats", b""))
