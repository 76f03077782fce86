"""Random bytes at the port, for gRPC and HTTP, get an answer, or a refusal that names the mistake, in time."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import socket
from collections.abc import Callable, Iterator

import grpc
import pytest
from google.cloud import datastore
from google.protobuf import json_format
from google.protobuf.message import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datastore_emulator import messages as m
from datastore_emulator.api.grpc_server import DatastoreServer
from datastore_emulator.api.interface import RPCS, SERVICE
from datastore_emulator.api.serving import serve
from datastore_emulator.engine import Engine
from tests.localcloud.random_messages import TEXTS, Strategies, damaged, messages
from tests.support.deadline import DEADLINE

PROJECT = "fuzz"
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))  # of each RPC
# The codes for an invalid request or the state of the data; INTERNAL and UNKNOWN would be bugs.
ABOUT_THE_REQUEST = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.ABORTED,
}
fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
rpcs = pytest.mark.parametrize(("rpc", "request_class"), [(rpc, request) for _, rpc, request, _ in RPCS])


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a server that has some visits."""
    with Engine() as engine:
        server = DatastoreServer(engine)
        server.start()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DATASTORE_EMULATOR_HOST", server.address)
            client = datastore.Client(project=PROJECT)
        for number in range(1, 4):
            visit = datastore.Entity(client.key("Visit", number))
            visit.update(visitor=f"192.0.2.{number}", tags=["a", "b"], a={"b": number})
            client.put(visit)
        yield int(server.address.rpartition(":")[2])
        server.stop()


@pytest.fixture(scope="module")
def call(port: int) -> Iterator[Callable[[str, bytes], grpc.StatusCode]]:
    """Call an RPC with any bytes, and return what it answered."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        methods = {rpc: channel.unary_unary(f"/{SERVICE}/{rpc}") for _, rpc, _, _ in RPCS}

        def run(rpc: str, request: bytes) -> grpc.StatusCode:
            error = methods[rpc].future(request, timeout=DEADLINE).exception()
            if error is None:
                return grpc.StatusCode.OK
            assert error.code() in ABOUT_THE_REQUEST, (error.code(), error.details())
            assert "Traceback" not in error.details()
            return error.code()

        yield run


def likely() -> Strategies:
    """Values that lead a request past its first checks, mostly."""
    return {
        "project_id": st.sampled_from([PROJECT] * 9 + ["other"]),
        "database_id": st.sampled_from([""] * 9 + ["other"]),
        "namespace_id": st.sampled_from([""] * 9 + ["a", "!"]),
        "kind": st.sampled_from(["Visit"] * 6) | TEXTS,
        "mode": st.sampled_from([1, 2]),
    }


@rpcs
def test_random_request_is_answered_or_refused(call, rpc, request_class):
    @fuzz
    @given(messages(request_class, likely()))
    def check(request) -> None:
        call(rpc, request.SerializeToString())

    check()


@rpcs
def test_a_damaged_request_is_answered_or_refused(call, rpc, request_class):
    @fuzz
    @given(damaged(messages(request_class, likely()).map(lambda request: request.SerializeToString())))
    def check(request: bytes) -> None:
        call(rpc, request)

    check()


def _conditions(count: int) -> m.RunQueryRequest:
    request = _query()
    composite = request.query.filter.composite_filter
    composite.op = m.CompositeFilter.AND
    for number in range(count):
        condition = composite.filters.add().property_filter
        condition.property.name = f"p{number}"
        condition.op = m.PropertyFilter.EQUAL
        condition.value.integer_value = number
    return request


def _conditions_within_conditions(depth: int) -> m.RunQueryRequest:
    request = _query()
    condition = request.query.filter
    for _ in range(depth):
        condition.composite_filter.op = m.CompositeFilter.AND
        condition = condition.composite_filter.filters.add()
    condition.property_filter.property.name = "visitor"
    condition.property_filter.op = m.PropertyFilter.EQUAL
    condition.property_filter.value.integer_value = 1
    return request


def _orders(count: int) -> m.RunQueryRequest:
    request = _query()
    for number in range(count):
        request.query.order.add(direction=m.PropertyOrder.ASCENDING).property.name = f"p{number}"
    return request


def _projections(count: int) -> m.RunQueryRequest:
    request = _query()
    for number in range(count):
        request.query.projection.add().property.name = f"p{number}"
    return request


def _query() -> m.RunQueryRequest:
    request = m.RunQueryRequest(project_id=PROJECT)
    request.query.kind.add(name="Wide")
    return request


@pytest.fixture(scope="module")
def wide(call):
    """An entity that has all the properties which the queries below name."""
    request = m.CommitRequest(project_id=PROJECT, mode=m.CommitRequest.NON_TRANSACTIONAL)
    entity = request.mutations.add().upsert
    entity.key.path.add(kind="Wide", id=1)
    for number in range(3000):
        entity.properties[f"p{number}"].integer_value = number
    assert call("Commit", request.SerializeToString()) == grpc.StatusCode.OK


@pytest.mark.usefixtures("wide")
@pytest.mark.parametrize("count", [20, 45, 70, 400, 3000])
@pytest.mark.parametrize("make", [_conditions, _orders, _projections])
def test_a_query_of_very_many_parts_is_answered_or_refused(call, make, count):
    call("RunQuery", make(count).SerializeToString())


@pytest.mark.parametrize("depth", [30, 47])
def test_a_deep_query_is_answered_or_refused(call, depth):
    call("RunQuery", _conditions_within_conditions(depth).SerializeToString())


def test_malformed_request_is_refused_with_the_name_of_the_message(port):
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        lookup = channel.unary_unary(f"/{SERVICE}/Lookup")
        with pytest.raises(grpc.RpcError) as caught:
            lookup(b"\xff\xff", timeout=DEADLINE)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "LookupRequest" in caught.value.details()


def test_a_request_that_is_too_large_is_refused_and_the_next_is_answered(port, call):
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        commit = channel.unary_unary(f"/{SERVICE}/Commit")
        with pytest.raises(grpc.RpcError) as caught:
            commit(bytes(12 << 20), timeout=DEADLINE)
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert call("Lookup", m.LookupRequest(project_id=PROJECT).SerializeToString()) == grpc.StatusCode.OK


@fuzz
@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda rest: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + rest))
def test_invalid_http_ends_only_its_connection(port, call, sent):
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as connection:
        connection.sendall(sent)
    assert call("Lookup", m.LookupRequest(project_id=PROJECT).SerializeToString()) == grpc.StatusCode.OK


@pytest.fixture(scope="module")
def http_port() -> Iterator[int]:
    """The port of a server that answers HTTP, too, and that nothing ends."""
    with serve(shutdown=lambda: None) as server:
        yield server.port


JSON, PROTOBUF = "application/json", "application/x-protobuf"


def _as_json(body: Message) -> bytes:
    try:
        return json_format.MessageToJson(body).encode()
    except json_format.SerializeToJsonError:  # it has a time that JSON cannot write
        return b"{}"


BODIES = st.sampled_from(RPCS).flatmap(lambda rpc: messages(rpc[2], likely()))
SENT = (
    st.tuples(st.just(JSON), BODIES.map(_as_json))
    | st.tuples(st.just(PROTOBUF), BODIES.map(lambda body: body.SerializeToString()))
    | st.tuples(st.sampled_from([JSON, PROTOBUF, f"{JSON}; charset=x", "text/plain", ""]), st.binary(max_size=99))
    | st.tuples(
        st.just(JSON), st.sampled_from([b"", b"null", b"[]", b"{" * 999, b'{"a":' * 999, b"1e999", b'{"keys": 1}'])
    )
)
PATHS = (
    st.sampled_from(["/", "/reset", "/shutdown", "//", "*", "http://localhost/reset", "/reset?a", "/reset/"])
    | st.sampled_from([f"/v1/projects/{PROJECT}:{rpc[0].lower()}{rpc[1:]}" for _, rpc, _, _ in RPCS])
    | st.sampled_from([f"/v1/projects/{PROJECT}:{name}" for name in ("export", "import", "x", "lookup?a=b")])
    | st.text(st.characters(min_codepoint=33, max_codepoint=126)).map(lambda text: f"/v1/projects/{text}")
)
HEADERS = st.dictionaries(
    st.sampled_from(["Content-Encoding", "Origin", "Host", "Expect", "Sec-Fetch-Site", "X-HTTP-Method-Override"]),
    st.sampled_from(["gzip", "br", "", "null", "localhost", "http://localhost", "100-continue", "cross-site", "a\tb"]),
    max_size=2,
)
METHODS = st.sampled_from(
    ["POST"] * 9 + ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "post"]
)


@settings(fuzz, max_examples=3 * EXAMPLES)
@given(METHODS, PATHS, SENT, HEADERS, st.booleans(), st.booleans())
def test_any_http_request_is_answered_or_refused(http_port, method, path, sent, headers, packed, in_chunks):
    kind, body = sent
    if packed:
        body, headers = gzip.compress(body), {**headers, "Content-Encoding": "gzip"}
    if kind:
        headers = {**headers, "Content-Type": kind}
    connection = http.client.HTTPConnection("127.0.0.1", http_port, timeout=DEADLINE)
    connection.request(method, path, iter([body]) if in_chunks else body, headers, encode_chunked=in_chunks)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    # Not 500, and neither a status without a name nor one of an upstream server.
    assert answer.status in {200, 400, 403, 404, 405, 409, 413, 415, 501}, content
    if answer.status != 200 and content and answer.headers["Content-Type"] == JSON:
        assert json.loads(content)["error"]["message"].strip()
