"""Faults of visitors and apps, and the front end's own port."""

from __future__ import annotations

import gc
import http.client
import os
import socket
import time
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datastore_emulator.errors import UserError
from datastore_emulator.net.ports import free_port
from localcloud.frontend import FrontEnd, RequestLog
from localcloud.launch.plan import Handler, Platform
from tests.localcloud.frontend.frontend_ends import App, Reply, connect, visit
from tests.support.deadline import DEADLINE

# What goes wrong


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /\xc3\xa9 HTTP/1.1\r\nHost: demo\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: demo\r\nUser-Agent: a\0b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: demo\r\nUser-Agent: " + b"x" * 1_000_000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: demo\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: demo\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\n", 400),
        (b"CONNECT demo:443 HTTP/1.1\r\nHost: demo\r\n\r\n", 405),
    ],
    ids=["no-http", "no-host", "raw-target", "nul", "too-long", "length", "chunk", "connect"],
)
def test_malformed_request_is_a_bad_request(front_end: FrontEnd, request_bytes: bytes, status: int) -> None:
    with connect(front_end) as connection:
        connection.sendall(request_bytes)
        assert Reply(connection, "GET").status == status


@pytest.mark.parametrize("target", [b"/dies", b"/babbles"])
def test_app_without_answer_is_a_502_that_explains(any_front_end: FrontEnd, target: bytes) -> None:
    reply = visit(any_front_end, target=target)
    assert (reply.status, reply.body) == (
        502,
        b"502 Bad Gateway: the app closed the connection before it answered; see its log for the reason.\n",
    )


@pytest.mark.parametrize("target", [b"/breaks", b"/splinters"])
def test_answer_that_breaks_off_does_not_look_whole(front_end: FrontEnd, target: bytes) -> None:
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        visit(front_end, target=target)


def test_answer_that_breaks_off_does_not_look_whole_to_http_1_0(front_end: FrontEnd) -> None:
    with connect(front_end) as connection:
        connection.sendall(b"GET /splinters HTTP/1.0\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            connection.makefile("rb").read()


def test_websocket_is_refused_by_name_where_the_platform_has_it(cloud_run: FrontEnd) -> None:
    reply = visit(cloud_run, b"Upgrade: websocket")
    assert (reply.status, b"WebSocket" in reply.body) == (501, True)


def test_app_that_does_not_listen_is_a_503_that_explains(tmp_path: Path) -> None:
    port = free_port()
    front_end = FrontEnd(Platform.CLOUD_RUN, ("127.0.0.1", port), directory=tmp_path, patience=0)
    front_end.start()
    try:
        reply = visit(front_end)
    finally:
        front_end.stop()
    assert (reply.status, f"no app listens on 127.0.0.1:{port}".encode() in reply.body) == (503, True)


def test_request_waits_for_an_app_that_is_starting(tmp_path: Path) -> None:
    upstream = ("127.0.0.1", free_port())
    patient = FrontEnd(Platform.CLOUD_RUN, upstream, directory=tmp_path)
    impatient = FrontEnd(Platform.CLOUD_RUN, upstream, directory=tmp_path, patience=0.2)
    patient.start()
    impatient.start()
    try:
        with connect(patient) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: demo\r\n\r\n")
            assert visit(impatient).status == 503  # so the other has not found an app by now, either
            with App(upstream[1]):
                assert Reply(connection, "GET").status == 200
    finally:
        patient.stop()
        impatient.stop()


# Its own port


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_taken_port_is_refused_in_one_line(tmp_path: Path, family: int, address: str) -> None:
    port = free_port()  # on the other address as well
    with socket.socket(family) as other:
        other.bind((address, port))
        other.listen()
        front_end = FrontEnd(Platform.CLOUD_RUN, ("127.0.0.1", 1), directory=tmp_path, port=port)
        with pytest.raises(UserError, match=rf"^cannot listen on \[?{address}\]?:{port} .*another program .* --port$"):
            front_end.start()


def test_stopped_front_end_ends_its_connections(app: App, tmp_path: Path) -> None:
    front_end = FrontEnd(Platform.CLOUD_RUN, app.address, directory=tmp_path)
    front_end.start()
    with connect(front_end) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: demo\r\n\r\n")
        assert Reply(connection, "GET").status == 200
        front_end.stop()
        assert connection.recv(1) == b""


def test_front_end_that_is_stopped_at_the_end_of_an_answer_closes_its_connection_to_the_app(
    app: App, tmp_path: Path
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        for _ in range(100):
            front_end = FrontEnd(Platform.CLOUD_RUN, app.address, directory=tmp_path)
            front_end.start()
            with connect(front_end) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: demo\r\n\r\n")
                assert connection.recv(1)
                front_end.stop()
        gc.collect()
    assert [str(warning.message) for warning in caught] == []


def test_stopped_front_end_can_be_started_on_its_port_again(app: App, tmp_path: Path) -> None:
    front_end = FrontEnd(Platform.CLOUD_RUN, app.address, directory=tmp_path)
    front_end.start()
    port = front_end.port
    with connect(front_end) as connection:  # ended by us, so that its port lingers in the system
        front_end.stop()
        assert connection.recv(1) == b""
    front_end.start()
    try:
        assert (visit(front_end).status, front_end.port) == (200, port)
    finally:
        front_end.stop()


def test_each_request_is_logged_with_its_status(app: App, tmp_path: Path) -> None:
    requests = RequestLog()
    front_end = FrontEnd(Platform.CLOUD_RUN, app.address, directory=tmp_path, name="demo", requests=requests)
    front_end.start()
    try:
        visit(front_end, target=b"/redirect?a=%20", method=b"PUT", source="127.0.0.9")
        (logged,) = requests.newest()
        end = time.monotonic() + DEADLINE
        while logged.seconds is None:
            assert time.monotonic() < end
            time.sleep(0.01)
    finally:
        front_end.stop()
    assert (logged.app, logged.method, logged.target, logged.visitor, logged.status) == (
        *("demo", "PUT", "/redirect?a=%20", "127.0.0.9"),
        302,
    )


# Requests that no browser sends


@pytest.mark.parametrize("host", ["[::1", "::1", "[]", "a b", "é", "demo:x", "demo:99999", "a/b", "a@b"])
def test_malformed_host_is_a_bad_request(any_front_end: FrontEnd, host: str) -> None:
    with connect(any_front_end) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        reply = Reply(connection, "GET")
    assert (reply.status, reply.headers["Connection"], reply.body.count(b"\n")) == (400, "close", 1)


@pytest.mark.parametrize(
    "host", ["demo.example", "192.168.1.5:8080", "[2001:db8::1]", "xn--caf-dma.example:80", "<script>"]
)
def test_any_host_name_reaches_the_app(any_front_end: FrontEnd, host: str) -> None:
    with connect(any_front_end) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert Reply(connection, "GET").one("Host") == host.encode()


@pytest.mark.parametrize(
    "length", ["²", "٣", "-1", "+5", "5, 6", "1" * 5000, "5\r\nContent-Length: 6"], ids=lambda text: text[:5]
)
def test_malformed_length_is_a_bad_request(front_end: FrontEnd, length: str) -> None:
    with connect(front_end) as connection:
        connection.sendall(f"POST / HTTP/1.1\r\nHost: demo\r\nContent-Length: {length}\r\n\r\nabcde".encode())
        reply = Reply(connection, "POST")
    assert (reply.status, reply.headers["Connection"]) == (400, "close")


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("upstream", ["app", "none"])
def test_head_of_an_answer_of_our_own_has_no_body(app: App, tmp_path: Path, upstream: str) -> None:
    address = app.address if upstream == "app" else ("127.0.0.1", free_port())
    handlers = [Handler(url="/no", refused="not here"), Handler(url="/app", script="main.app")]
    front_end = FrontEnd(Platform.APP_ENGINE, address, directory=tmp_path, handlers=handlers, patience=0)
    front_end.start()
    try:
        for target in ("/no", "/none", "/app", "/no"):  # the last on the connection of the others
            with connect(front_end) as connection:
                request = f"HEAD {target} HTTP/1.1\r\nHost: demo\r\n\r\n".encode()
                connection.sendall(request + request)
                connection.shutdown(socket.SHUT_WR)
                heads = connection.makefile("rb").read().split(b"\r\n\r\n")
            assert [head[:9] for head in heads] == [b"HTTP/1.1 ", b"HTTP/1.1 ", b""], target
    finally:
        front_end.stop()


def test_refusal_with_the_body_still_to_come_says_that_it_closes(front_end: FrontEnd) -> None:
    with connect(front_end) as connection:
        connection.sendall(b"POST /refuses HTTP/1.1\r\nHost: demo\r\nContent-Length: 100\r\n\r\nabc")
        assert Reply(connection, "POST").headers["Connection"] == "close"


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST /keeps HTTP/1.1\r\nHost: demo\r\nContent-Length: 6\r\n\r\nabcdef",
        b"POST /keeps HTTP/1.1\r\nHost: demo\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n",
        b"GET /keeps HTTP/1.1\r\nHost: demo\r\n\r\n",
    ],
    ids=["length", "chunked", "no body"],
)
def test_request_cut_at_any_byte_does_not_look_whole_to_the_app(
    app: App, front_end: FrontEnd, request_bytes: bytes
) -> None:
    for length in range(len(request_bytes) + 1):
        app.kept.clear()
        with connect(front_end) as connection:
            connection.sendall(request_bytes[:length])
            connection.shutdown(socket.SHUT_WR)
            connection.makefile("rb").read()
        assert app.kept == ([b"/keeps"] if length == len(request_bytes) else []), request_bytes[:length]


@pytest.mark.usefixtures("quiet")
@settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "30")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    pieces=st.lists(
        st.sampled_from(
            [
                *(b"GET ", b"HEAD ", b"POST ", b"CONNECT ", b"/ ", b"* ", b"/static ", b"HTTP/1.1", b"HTTP/1.0"),
                *(b"\r\n", b"\r\n", b"\r\n\r\n", b"Host: demo", b"Host: [::1", b"Upgrade: websocket", b"Expect: x"),
                *(
                    b"Content-Length: 3",
                    b"Transfer-Encoding: chunked",
                    b"3\r\nabc\r\n",
                    b"\0",
                    b"\xff",
                    b"Connection: ",
                ),
            ]
        )
        | st.binary(max_size=3),
        max_size=14,
    )
)
def test_random_bytes_cause_no_internal_error(any_front_end: FrontEnd, pieces: list[bytes]) -> None:
    with connect(any_front_end) as connection:
        connection.sendall(b"".join(pieces) + b"\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read()
    assert not answer or answer.startswith(b"HTTP/1.1 ")
    assert not answer.startswith(b"HTTP/1.1 500")
