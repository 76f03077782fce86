"""The client of a comparison keeps cookies as a browser does, and sends requests as they are recorded."""

from __future__ import annotations

import gzip
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from localcloud.compare.browser import Browser, Jar
from localcloud.traffic import Answer, RecordedRequest
from tests.support.deadline import DEADLINE


def jar(*set_cookies: str, target: str = "/a/b") -> Jar:
    found = Jar()
    found.keep(target, Answer(200, tuple(("Set-Cookie", cookie) for cookie in set_cookies), b""))
    return found


@pytest.mark.parametrize(
    ("cookie", "target", "sent"),
    [
        ("s=1; Path=/", "/x?y", "s=1"),
        ("s=1; Path=/; Secure; HttpOnly", "/x", "s=1"),
        ("s=1; Path=/a", "/a/c", "s=1"),
        ("s=1; Path=/a", "/ab", ""),
        ("s=1", "/a/c", "s=1"),  # for the folder of the page that set it
        ("s=1", "/c", ""),
        ("s=1; Path=/; Max-Age=60", "/", "s=1"),
        ("s=1; Path=/; Max-Age=0", "/", ""),
        ("s=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "/", ""),
        ('s="a b"; Path=/', "/", 's="a b"'),
    ],
)
def test_cookie_is_sent_where_a_browser_sends_it(cookie: str, target: str, sent: str) -> None:
    assert jar(cookie).header(target) == sent


def test_newer_cookie_replaces_an_older_one() -> None:
    assert jar("s=1; Path=/", "s=2; Path=/").header("/") == "s=2"
    assert jar("s=1; Path=/", "s=; Path=/; Max-Age=0").header("/") == ""


@contextmanager
def answering(*answers: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Listen, and give one answer to each connection; yield the port and what is received."""
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(DEADLINE)

        def serve() -> None:
            for answer in answers:
                with server.accept()[0] as connection, connection.makefile("rb") as stream:
                    head = b"".join(iter(stream.readline, b"\r\n"))
                    length = re.search(rb"Content-Length: (\d+)", head)
                    received.append(head + stream.read(int(length[1]) if length else 0))
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], received
        thread.join(DEADLINE)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: s=1\r\n\r\n"


def test_request_is_sent_as_recorded_with_the_cookies_of_its_session() -> None:
    with answering(OK, OK) as (port, received):
        browser = Browser(f"http://localhost:{port}")
        browser.send(RecordedRequest("/%", session="ann"))
        sent = RecordedRequest("/b?x=%ff", "POST", "ann", (("X-Y", "caf\xe9"), ("Host", "elsewhere")), b"a=b")
        browser.send(sent)
    assert received[0].startswith(b"GET /% HTTP/1.1\r\n")
    *head, body = received[1].split(b"\r\n")
    assert head[0] == b"POST /b?x=%ff HTTP/1.1"
    assert {b"X-Y: caf\xe9", b"Content-Length: 3", b"Cookie: s=1"} <= set(head)
    assert b"Host: elsewhere" not in head
    assert body == b"a=b"


def test_no_answer_is_none() -> None:
    with answering(b"") as (port, _):
        browser = Browser(f"http://localhost:{port}")
        assert browser.send(RecordedRequest("/")) is None


def test_body_that_the_app_has_compressed_is_read() -> None:
    body = gzip.compress(b"hello")
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with answering(head + body) as (port, _):
        browser = Browser(f"http://localhost:{port}")
        answer = browser.send(RecordedRequest("/"))
    assert answer
    assert answer.body == b"hello"


def test_longest_body_is_cut_and_a_broken_one_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localcloud.compare.browser._LARGEST_BODY", 4)
    endless, broken = b"HTTP/1.1 200 OK\r\n\r\nhello", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi"
    bodies = []
    for sent in (endless, broken):
        with answering(sent) as (port, _):
            browser = Browser(f"http://localhost:{port}")
            answer = browser.send(RecordedRequest("/"))
            bodies.append(answer and answer.body)
    assert bodies == [b"hell", None]


def test_line_ends_in_a_value_begin_no_header() -> None:
    with answering(OK) as (port, received):
        browser = Browser(f"http://localhost:{port}")
        browser.send(RecordedRequest("/", headers=(("X-Token", "a\r\nX-Evil: 1"), ("Cookie", "c=1\nX-Evil: 2"))))
    assert b"\r\nX-Token: a X-Evil: 1\r\nCookie: c=1 X-Evil: 2\r\n" in received[0]


@pytest.mark.parametrize(
    "body",
    [b"Content-Length: 5\r\n\r\nhello", b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"],
    ids=["length", "chunks"],
)
def test_body_is_read_to_its_end(body: bytes) -> None:
    with answering(b"HTTP/1.1 200 OK\r\n" + body) as (port, _):
        answer = Browser(f"http://localhost:{port}").send(RecordedRequest("/"))
    assert answer
    assert answer.body == b"hello"
