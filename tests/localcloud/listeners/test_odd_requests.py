"""Malformed and forged requests: they are refused in one line, and nothing is logged as an error."""

from __future__ import annotations

import http.client
import io
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.localcloud.listeners.listening import Listening

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "50"))
SEPARATORS = [b" ", b"\r\n", b"\r\n\r\n", b"\n", b": ", b":", b"/", b"?", b"%", b"\0", b"\t", b",", b"\xff"]
PIECES = [
    *(
        b"GET",
        b"HEAD",
        b"POST",
        b"OPTIONS",
        b"CONNECT",
        b"*",
        b"http://localhost/",
        b"HTTP/1.1",
        b"HTTP/1.0",
        b"HTTP/2",
    ),
    *(b"/", b"/rpc_http", b"/v1/projects/demo:commit", b"/mod12-memcache/step/1", b"%e9", b"%", b".."),
    *(b"Host: localhost", b"Host: [::1", b"Host", b"Origin: \xe9", b"Sec-Fetch-Site: none", b"Expect: 100-continue"),
    *(b"Content-Length: 0", b"Content-Length: 5", b"Content-Length: \xb2", b"Content-Length: " + b"9" * 5000),
    *(b"Content-Type: application/json", b"Content-Type: application/x-protobuf", b"Content-Type: multipart/form-data"),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip", b"Connection: close", b"Connection: keep-alive"),
    *(b'{"keys": ' + b"[" * 5000, b'{"keys": 1' + b"0" * 5000 + b"}", b'{"a": "\\ud800"}', b"5\r\nhello\r\n0\r\n\r\n"),
]
MALFORMED_HOSTS = [
    "[::1",
    "::1",
    "[]",
    "[::1]x",
    "a b",
    "é",
    "localhost:x",
    "localhost:99999",
    "[v1.a]",
    "a/b",
    "a@b",
    "[g::]",
]
fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

pytestmark = pytest.mark.usefixtures("quiet")


def reply(answer: bytes) -> tuple[int, bytes, http.client.HTTPMessage]:
    """Return status, body and headers of an answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    line, _, headers = head.partition(b"\r\n")
    return int(line.split()[1]), body, http.client.parse_headers(io.BytesIO(headers + b"\r\n\r\n"))


@pytest.mark.parametrize(
    "length",
    ["²", "٣", "-1", "+5", "5, 6", "5 5", "0x5", "", "1" * 5000, "5\r\nContent-Length: 6"],
    ids=["superscript", "Arabic", "minus", "plus", "two", "blank", "hexadecimal", "empty", "5000 digits", "two lines"],
)
def test_malformed_length_is_refused(listening: Listening, length: str) -> None:
    del listening.acted[:]
    for name, data in listening.requests.items():
        if b"Content-Length:" in data:
            head, _, body = data.partition(b"\r\n\r\n")
            lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
            answer = listening.exchange(
                b"\r\n".join([*lines, b"Content-Length: " + length.encode()]) + b"\r\n\r\n" + body
            )
            status, body, headers = reply(answer)
            assert (status, headers["Connection"], body.count(b"\n") <= 1) == (400, "close", True), name
    assert listening.acted == []


@pytest.mark.parametrize("host", MALFORMED_HOSTS)
def test_malformed_host_is_refused(listening: Listening, host: str) -> None:
    del listening.acted[:]
    for name, data in listening.requests.items():
        answer = listening.exchange(data.replace(b"Host: localhost", f"Host: {host}".encode()))
        status, body, headers = reply(answer)
        assert (status, headers["Connection"], body.count(b"\n") <= 1) == (400, "close", True), name
    assert listening.acted == []


@pytest.mark.parametrize(
    "line",
    [
        "Host: evil.example",
        "Host: localhost.evil.example",
        "Host: 10.0.0.1",
        "Host: [2001:db8::1]",
        "Host: localhost\r\nOrigin: http://evil.example",
        "Host: localhost\r\nOrigin: null",
        "Host: localhost\r\nOrigin: é",
        "Host: localhost\r\nOrigin: http://[",
        "Host: localhost\r\nOrigin: http://localhost:1",
        "Host: localhost\r\nSec-Fetch-Site: cross-site",
        "Host: localhost\r\nSec-Fetch-Site: same-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image",
    ],
)
def test_request_of_foreign_page_is_refused(listening: Listening, line: str) -> None:
    del listening.acted[:]
    for name, data in listening.requests.items():
        status, body, headers = reply(listening.exchange(data.replace(b"Host: localhost", line.encode())))
        assert (status, headers["Connection"], body.count(b"\n") <= 1) == (403, "close", True), name
    assert listening.acted == []


@pytest.mark.parametrize("host", ["localhost", "Localhost:1", "127.0.0.1", "127.1.2.3:80", "[::1]:80"])
def test_every_name_of_this_machine_is_accepted(listening: Listening, host: str) -> None:
    for name, data in listening.requests.items():
        del listening.acted[:]
        listening.exchange(data.replace(b"Host: localhost", f"Host: {host}".encode()))
        assert len(listening.acted) == 1, name


def test_link_on_foreign_page_is_followed_and_its_form_refused(page: Listening) -> None:
    link = b"Host: localhost\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document"
    assert page.exchange(page.requests["look"].replace(b"Host: localhost", link)).startswith(b"HTTP/1.1 200 ")
    form = page.requests["apply"].replace(b"Host: localhost", link)
    assert page.exchange(form).startswith(b"HTTP/1.1 403 ")


def test_form_of_own_page_is_accepted(page: Listening) -> None:
    own = b"Host: localhost:8800\r\nOrigin: http://localhost:8800\r\nSec-Fetch-Site: same-origin"
    form = page.requests["apply"].replace(b"Host: localhost", own)
    assert page.exchange(form).endswith(b"token=abc&back=/")


def test_head_has_no_body_and_keeps_the_connection(listening: Listening) -> None:
    head = b"HEAD /none HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n\r\n"
    answers = listening.exchange(head + head)
    assert answers.startswith(b"HTTP/1.1 ")
    assert all(b"\r\n" in part or not part for part in answers.split(b"\r\n\r\n"))


def test_too_long_body_is_refused_before_it_is_sent(listening: Listening) -> None:
    for name, data in listening.requests.items():
        if b"Content-Length:" in data:
            head, _, _ = data.partition(b"Content-Length")
            with listening.connect() as connection:
                connection.sendall(head + b"Content-Length: 99999999999\r\nExpect: 100-continue\r\n\r\n")
                status, _, headers = reply(connection.makefile("rb").read())
            assert (status, headers["Connection"]) == (413, "close"), name


def test_too_long_chunked_body_is_refused(page: Listening) -> None:
    head, _, _ = page.requests["chunked apply"].partition(b"\r\n\r\n")
    answer = page.exchange(head + b"\r\n\r\n" + b"fffff\r\n" + b"x" * 0xFFFFF + b"\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")


@fuzz
@given(data=st.data())
def test_randomly_edited_request_causes_no_error(listening: Listening, data: st.DataObject) -> None:
    request = data.draw(st.sampled_from(list(listening.requests.values())))
    edits = st.tuples(st.integers(0, len(request)), st.integers(0, 30), st.sampled_from([*PIECES, *SEPARATORS]))
    for start, length, piece in data.draw(st.lists(edits, min_size=1, max_size=4)):
        request = request[:start] + piece + request[start + length :]
    check(request, listening.exchange(request))


@fuzz
@given(pieces=st.lists(st.sampled_from([*PIECES, *SEPARATORS, *SEPARATORS]) | st.binary(max_size=4), max_size=12))
def test_request_of_random_pieces_causes_no_error(listening: Listening, pieces: list[bytes]) -> None:
    request = b"".join(pieces) + b"\r\n\r\n"
    check(request, listening.exchange(request))


def check(request: bytes, answer: bytes) -> None:
    """Fail if the answer shows a bug: status 500, or something that is not HTTP."""
    # The gRPC server answers what begins as HTTP/2.
    assert not answer or answer.startswith(b"HTTP/1.1 ") or request.startswith(b"PRI "), answer
    assert b"HTTP/1.1 500" not in answer
    assert b"INTERNAL" not in answer
    assert b"localcloud failed" not in answer
