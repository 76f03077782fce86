"""Bodies, framings and connections."""

from __future__ import annotations

import concurrent.futures

import httpx

from localcloud.frontend import FrontEnd
from tests.localcloud.frontend.frontend_ends import App, Reply, connect, visit
from tests.support.deadline import DEADLINE

LIMIT = 32 << 20
TOO_LARGE = b"(the platform takes at most 32 MiB in a request over HTTP/1).\n"


def test_head_has_the_length_and_no_body(front_end: FrontEnd) -> None:
    with connect(front_end) as connection:
        connection.sendall(b"HEAD /head HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n")
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    assert (b"Content-Length: 1234" in head, body) == (True, b"")


def test_body_of_announced_length_reaches_the_app(front_end: FrontEnd) -> None:
    body = bytes(range(256)) * 4_000
    assert visit(front_end, b"Content-Length: %d" % len(body), method=b"POST", body=body).sent == body


def test_chunked_body_reaches_the_app(front_end: FrontEnd) -> None:
    reply = visit(
        front_end, b"Transfer-Encoding: chunked", method=b"POST", body=b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    )
    assert reply.sent == b"abcde"


def test_two_framings_of_one_body_reach_the_app_as_one(front_end: FrontEnd) -> None:
    lines = [b"Content-Length: 4", b"Transfer-Encoding: chunked"]
    reply = visit(front_end, *lines, method=b"POST", body=b"3\r\nabc\r\n0\r\n\r\n")
    assert (reply.all("Content-Length"), reply.sent) == ([], b"abc")


def test_visitor_who_waits_for_100_continue_gets_it(front_end: FrontEnd) -> None:
    with connect(front_end) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: demo\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"abc")
        assert Reply(connection, "POST").sent == b"abc"


def test_answer_is_passed_on_while_the_app_still_writes_it(app: App, front_end: FrontEnd) -> None:
    app.gate.clear()
    with httpx.stream("GET", f"{front_end.url}/slow", timeout=DEADLINE) as response:
        parts = response.iter_bytes()
        assert next(parts) == b"first"
        app.gate.set()
        assert b"".join(parts) == b"second"


def test_body_is_passed_on_while_the_visitor_still_sends_it(app: App, front_end: FrontEnd) -> None:
    app.gate.clear()
    with connect(front_end) as connection:
        connection.sendall(b"POST /reads HTTP/1.1\r\nHost: demo\r\nContent-Length: 10\r\n\r\nfirst")
        assert app.gate.wait(DEADLINE)
        connection.sendall(b"other")
        assert Reply(connection, "POST").body == b"firstother"


def test_app_may_answer_before_it_has_read_the_body(front_end: FrontEnd) -> None:
    with connect(front_end) as connection:
        connection.sendall(b"POST /refuses HTTP/1.1\r\nHost: demo\r\nContent-Length: 30000000\r\n\r\n" + b"x" * 100_000)
        reply = Reply(connection, "POST")
    assert (reply.status, reply.body) == (413, b"stop")


def test_app_may_end_its_answer_by_closing(front_end: FrontEnd) -> None:
    assert visit(front_end, target=b"/ends").body == b"until the end"


def test_connection_takes_several_requests(front_end: FrontEnd) -> None:
    with connect(front_end) as connection:
        for method in (b"GET", b"HEAD", b"POST", b"GET"):
            path = b"/head" if method == b"HEAD" else b"/"
            connection.sendall(method + b" " + path + b" HTTP/1.1\r\nHost: demo\r\nContent-Length: 0\r\n\r\n")
            assert Reply(connection, method.decode()).status == 200


def test_http_1_0_is_served(front_end: FrontEnd) -> None:
    with connect(front_end) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert Reply(connection, "GET").one("Host") == f"localhost:{front_end.port}".encode()


def test_twenty_visitors_at_once_are_not_mixed_up(front_end: FrontEnd) -> None:
    sources = [f"127.0.0.{n}" for n in range(2, 22)]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda source: visit(front_end, source=source), sources))
    assert [reply.one("X-Forwarded-For").decode() for reply in replies] == sources


def test_body_over_the_limit_of_cloud_run_is_refused_at_once(cloud_run: FrontEnd) -> None:
    with connect(cloud_run) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: demo\r\nContent-Length: %d\r\n\r\n" % (LIMIT + 1))
        reply = Reply(connection, "POST")
    assert (reply.status, reply.body.endswith(TOO_LARGE)) == (413, True)


def test_chunked_body_over_the_limit_of_cloud_run_is_refused(cloud_run: FrontEnd) -> None:
    chunk = b"%x\r\n%s\r\n" % (1 << 20, b"x" * (1 << 20))
    with connect(cloud_run) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: demo\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(32):
            connection.sendall(chunk)
        connection.sendall(b"1\r\nx\r\n")
        reply = Reply(connection, "POST")
    assert (reply.status, reply.body.endswith(TOO_LARGE)) == (413, True)


def test_body_at_the_limit_of_cloud_run_reaches_the_app(cloud_run: FrontEnd) -> None:
    body = b"x" * LIMIT
    assert visit(cloud_run, b"Content-Length: %d" % LIMIT, method=b"POST", body=body).sent == body
