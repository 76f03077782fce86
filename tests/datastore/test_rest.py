"""The REST API, with protobuf and JSON, on the port that also serves gRPC."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from google.api_core import exceptions
from google.cloud import datastore

from datastore_emulator.api.grpc_server import DatastoreServer
from datastore_emulator.api.interface import LARGEST_REQUEST
from datastore_emulator.api.serving import serve
from datastore_emulator.engine import Engine
from datastore_emulator.errors import UserError
from tests.support.deadline import DEADLINE


@pytest.fixture(scope="module")
def both() -> Iterator[str]:
    """The address of a Datastore that answers both protocols."""
    with Engine() as engine:
        server = DatastoreServer(engine, rest=True)
        server.start()
        yield server.address
        server.stop()


@pytest.fixture
def http_client(both: str, address: str, project: str) -> datastore.Client:
    """google-cloud-datastore without gRPC."""
    client = datastore.Client(project=project, _use_grpc=False, _http=requests.Session())
    client.base_url = f"http://{both}"
    return client


@pytest.fixture
def post(both: str, project: str):
    """Send one method's JSON and return the response."""

    def run(method: str, body: Any, **headers: str) -> requests.Response:
        url = f"http://{both}/v1/projects/{project}:{method}"
        sent = {"Content-Type": "application/json", **headers}
        return requests.post(url, data=json.dumps(body), headers=sent, timeout=DEADLINE)

    return run


def test_client_without_grpc_can_use_every_method(http_client):
    key = http_client.key("Thing", 1)
    with http_client.transaction() as transaction:
        entity = datastore.Entity(key)
        entity["n"] = 1
        transaction.put(entity)
    assert http_client.get(key)["n"] == 1
    assert [entity.key for entity in http_client.query(kind="Thing").fetch()] == [key]
    (results,) = http_client.aggregation_query(http_client.query(kind="Thing")).count(alias="all").fetch()
    assert results[0].value == 1
    assert len(http_client.allocate_ids(http_client.key("Thing"), 2)) == 2
    http_client.reserve_ids_multi([key])
    http_client.delete(key)
    assert http_client.get(key) is None


def test_grpc_reads_what_rest_wrote(http_client, both, connect):
    entity = datastore.Entity(http_client.key("Thing", 1))
    entity["n"] = 1
    http_client.put(entity)
    assert connect(both).get(entity.key)["n"] == 1


def test_errors_become_the_clients_exceptions(http_client):
    with pytest.raises(exceptions.BadRequest, match='The kind "__x__" is reserved'):
        http_client.put(datastore.Entity(http_client.key("__x__", 1)))
    first, second = http_client.transaction(), http_client.transaction()
    key = http_client.key("Thing", 1)
    for transaction in (first, second):
        transaction.begin()
        http_client.get(key, transaction=transaction)
        transaction.put(datastore.Entity(key))
    first.commit()
    with pytest.raises(exceptions.Conflict):
        second.commit()


def test_json_is_read_and_written(post):
    key = {"path": [{"kind": "Thing", "name": "one"}]}
    entity = {"key": key, "properties": {"n": {"integerValue": "5"}}}
    assert post("commit", {"mode": "NON_TRANSACTIONAL", "mutations": [{"upsert": entity}]}).status_code == 200
    found = post("lookup", {"keys": [key]}).json()["found"]
    assert found[0]["entity"]["properties"] == {"n": {"integerValue": "5"}}


def test_json_error_has_its_code(post):
    response = post("lookup", {"keys": [{"path": []}]})
    assert response.status_code == 400
    assert response.json()["error"] == {"code": 400, "message": "Key path is empty.", "status": "INVALID_ARGUMENT"}


def test_json_with_unknown_field_is_refused(post):
    response = post("lookup", {"kyes": []})
    assert (response.status_code, "kyes" in response.json()["error"]["message"]) == (400, True)


def test_unknown_method_is_not_found(post):
    assert post("explode", {}).status_code == 404


def test_get_of_root_is_ok(both):
    response = requests.get(f"http://{both}/", timeout=DEADLINE)
    assert (response.status_code, response.text.strip()) == (200, "Ok")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://example.com"}, 403),
        ({"Host": "example.com"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
def test_web_page_cannot_write(post, headers, status):
    response = post("commit", {"mode": "NON_TRANSACTIONAL", "mutations": []}, **headers)
    assert (response.status_code, response.headers["Connection"]) == (status, "close")


def test_server_for_remote_clients_accepts_any_host_name():
    with Engine() as engine:
        server = DatastoreServer(engine, rest=True, any_host=True)
        server.start()
        response = requests.get(f"http://{server.address}/", headers={"Host": "build-7.example:80"}, timeout=DEADLINE)
        server.stop()
    assert response.status_code == 200


def test_slow_and_silent_connections_delay_nobody(both, http_client):
    host, port = both.split(":")
    with socket.create_connection((host, int(port))), socket.create_connection((host, int(port))) as slow:
        slow.sendall(b"P")
        assert http_client.get(http_client.key("Thing", 1)) is None


def test_too_large_body_is_refused(both, project):
    with socket.create_connection(both.split(":")) as connection:
        connection.sendall(
            f"POST /v1/projects/{project}:lookup HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            "Content-Length: 99999999999\r\n\r\n".encode()
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_port_in_use_is_one_line(both):
    message = r"^cannot listen on 127\.0\.0\.1:\d+ for the Datastore: another program"
    with Engine() as engine, pytest.raises(UserError, match=message) as caught:
        DatastoreServer(engine, port=int(both.rpartition(":")[2]), rest=True).start()
    assert "\n" not in str(caught.value)


def chunks(body: bytes) -> Iterator[bytes]:
    yield body[:5]
    yield body[5:]


BEGIN = b'{"transactionOptions": {"readWrite": {}}}'


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (None, {}),
        (b"", {"Content-Type": "application/json"}),
        (chunks, {"Content-Type": "application/json"}),
        (gzip.compress(BEGIN), {"Content-Type": "application/json", "Content-Encoding": "gzip"}),
    ],
    ids=["none", "empty", "chunked", "gzip"],
)
def test_body_may_be_absent_chunked_or_gzip(both, project, body, headers):
    url = f"http://{both}/v1/projects/{project}:beginTransaction"
    sent = body(BEGIN) if callable(body) else body
    answer = requests.post(url, data=sent, headers=headers, timeout=DEADLINE)
    assert (answer.status_code, list(answer.json())) == (200, ["transaction"])


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (BEGIN, "gzip", 400),
        (gzip.compress(BEGIN)[:-9], "gzip", 400),
        (gzip.compress(b" " * (LARGEST_REQUEST + 1)), "gzip", 413),
        (BEGIN, "br", 415),
    ],
    ids=["no gzip", "cut off", "a bomb", "another encoding"],
)
def test_body_that_cannot_be_decompressed_is_refused(both, project, body, encoding, status):
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    url = f"http://{both}/v1/projects/{project}:beginTransaction"
    assert requests.post(url, data=body, headers=headers, timeout=DEADLINE).status_code == status


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("/reset", "delete the entities"),
        ("/shutdown", "end the program"),
        ("/v1/projects/demo:export", "copy the file of --data"),
        ("/v1/projects/demo:import", "start it with --data FILE"),
    ],
)
def test_requests_that_this_server_does_not_answer_are_refused_by_name(both, path, advice):
    answer = requests.post(f"http://{both}{path}", timeout=DEADLINE)
    assert (answer.status_code, answer.json()["error"]["status"]) == (501, "UNIMPLEMENTED")
    assert advice in answer.json()["error"]["message"]


def test_request_without_a_body_from_a_page_is_refused(both, project):
    url = f"http://{both}/v1/projects/{project}:beginTransaction"
    assert requests.post(url, headers={"Origin": "http://example.com"}, timeout=DEADLINE).status_code == 403


@pytest.fixture(scope="module")
def controlled_server() -> Iterator[tuple[str, list[str]]]:
    """A server that notes the shutdowns asked for: its address, and the notes."""
    shutdowns: list[str] = []
    with serve(shutdown=lambda: shutdowns.append("asked")) as server:
        yield server.address, shutdowns


@pytest.fixture
def controlled(controlled_server, connect) -> tuple[str, list[str], Callable[[], list[int]]]:
    """That server with one entity in each of two projects, and a count of them."""
    address, shutdowns = controlled_server
    shutdowns.clear()
    clients = [connect(address, project=name, namespace=name) for name in ("first", "second")]
    for client in clients:
        client.put(datastore.Entity(client.key("Thing", 1)))
    return address, shutdowns, lambda: [len(list(client.query().fetch())) for client in clients]


# As curl -X POST, curl -d "" and Python's urlopen(url, data=b"") send it, and a client that speaks JSON.
@pytest.mark.parametrize(
    "sent",
    [{}, {"headers": {"Content-Type": "application/x-www-form-urlencoded"}}, {"json": {}}],
    ids=["no body", "an empty form", "JSON"],
)
def test_reset_empties_all_projects(controlled, sent):
    address, _, count = controlled
    answer = requests.post(f"http://{address}/reset", timeout=DEADLINE, **sent)
    assert (answer.status_code, answer.text, count()) == (200, "Resetting...\n", [0, 0])


def test_shutdown_is_answered_and_then_done(controlled):
    address, shutdowns, _ = controlled
    answer = requests.post(f"http://{address}/shutdown", timeout=DEADLINE)
    # The next answer on the loop comes after what follows the first.
    requests.get(f"http://{address}/", timeout=DEADLINE)
    assert (answer.status_code, answer.text, shutdowns) == (200, "Shutting down...\n", ["asked"])


@pytest.mark.parametrize("path", ["/reset", "/shutdown"])
@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Origin": "http://example.com"}, None, 403),
        ({"Origin": "null"}, None, 403),
        ({"Sec-Fetch-Site": "same-site"}, None, 403),
        ({"Host": "example.com"}, None, 403),
        ({"Content-Type": "text/plain"}, b"{}", 415),
    ],
)
def test_web_page_cannot_reset_or_stop_the_server(controlled, path, headers, body, status):
    address, shutdowns, count = controlled
    answer = requests.post(f"http://{address}{path}", data=body, headers=headers, timeout=DEADLINE)
    assert (answer.status_code, shutdowns, count()) == (status, [], [1, 1])


@pytest.mark.parametrize("path", ["/reset", "/shutdown"])
def test_link_cannot_reset_or_stop_the_server(controlled, path):
    address, shutdowns, count = controlled
    assert requests.get(f"http://{address}{path}", timeout=DEADLINE).status_code == 404
    assert (shutdowns, count()) == ([], [1, 1])
