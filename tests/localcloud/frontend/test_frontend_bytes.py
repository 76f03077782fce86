"""Other bytes pass through the front ends unchanged, in both directions."""

from __future__ import annotations

import gzip
import socket

import pytest

from localcloud.frontend import FrontEnd
from tests.localcloud.frontend.frontend_ends import Reply, connect, visit


@pytest.mark.parametrize("target", [b"/a%2Fb//c/../d", b"/%e9%C3%a9?x=%20&y=a+b&&z;=%zz", b"/?", b"/{}%s'|\\^", b"*"])
def test_target_is_passed_unchanged(any_front_end: FrontEnd, target: bytes) -> None:
    assert visit(any_front_end, target=target).line == b"GET " + target + b" HTTP/1.1"


@pytest.mark.parametrize(
    ("target", "line"),
    [
        (b"http://demo/a?b", b"GET /a?b HTTP/1.1"),
        (b"HTTP://demo?b/c", b"GET /?b/c HTTP/1.1"),
        (b"http://d", b"GET / HTTP/1.1"),
    ],
)
def test_target_meant_for_a_proxy_becomes_a_path(front_end: FrontEnd, target: bytes, line: bytes) -> None:
    assert visit(front_end, target=target).line == line


@pytest.mark.parametrize(
    "agent",
    [b"caf\xc3\xa9", b"\xff\xfe latin \xe9", b"\"'<script>{}%s", b"a\tb", b"x" * 8_000, b"x" * 32_000],
    ids=["utf-8", "invalid", "markup", "tab", "8000", "32000"],
)
def test_user_agent_arrives_as_the_same_bytes(any_front_end: FrontEnd, agent: bytes) -> None:
    assert visit(any_front_end, b"User-Agent: " + agent).one("User-Agent") == agent


def test_long_head_may_arrive_in_pieces(front_end: FrontEnd) -> None:
    head = b"GET / HTTP/1.1\r\nHost: demo\r\nCookie: " + b"x" * 48_000 + b"\r\n\r\n"
    with connect(front_end) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(head), 1_000):
            connection.sendall(head[start : start + 1_000])
        assert len(Reply(connection, "GET").one("Cookie")) == 48_000


def test_absent_user_agent_stays_absent(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end).all("User-Agent") == []


def test_empty_user_agent_stays_empty(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end, b"User-Agent:").one("User-Agent") == b""


def test_other_headers_keep_their_order_number_and_spelling(any_front_end: FrontEnd) -> None:
    lines = [b"X-b: 1", b"x-A: 2", b"X-B: 3"]
    reply = visit(any_front_end, *lines)
    assert [name + b": " + value for name, value in reply.seen if name.lower() in {b"x-a", b"x-b"}] == lines


def test_each_cookie_reaches_the_visitor(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end, target=b"/cookies").headers.get_all("Set-Cookie") == ["a=1", "b=2"]


def test_bytes_of_the_apps_headers_reach_the_visitor(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end, target=b"/cookies").headers["X-Bytes"].encode("latin-1") == b"\xff\xc3\xa9"


def test_headers_of_the_apps_connection_end_here(any_front_end: FrontEnd) -> None:
    assert "Keep-Alive" not in visit(any_front_end, target=b"/cookies").headers


def test_compressed_body_stays_compressed(front_end: FrontEnd) -> None:
    assert visit(front_end, target=b"/gzip").body == gzip.compress(b"visits", mtime=0)


def test_redirect_is_passed_on(front_end: FrontEnd) -> None:
    reply = visit(front_end, target=b"/redirect")
    assert (reply.status, reply.reason, reply.headers["Location"]) == (302, "Found Elsewhere", "/cookies")
