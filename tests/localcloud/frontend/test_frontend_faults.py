"""What goes wrong with visitors and apps, and the front end's own port."""

from __future__ import annotations

import http.client
import socket
import threading
from pathlib import Path

import pytest
from frontend_ends import DEADLINE, App, Reply, connect, visit

from localcloud.errors import LocalCloudError
from localcloud.frontend import FrontEnd
from localcloud.launch.plan import Platform
from localcloud.ports import free_port

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
def test_bad_request_is_the_visitors_fault(front_end: FrontEnd, request_bytes: bytes, status: int) -> None:
    with connect(front_end) as connection:
        connection.sendall(request_bytes)
        assert Reply(connection, "GET").status == status


@pytest.mark.parametrize("target", [b"/dies", b"/babbles"])
def test_app_that_gives_no_answer_is_a_502_in_plain_words(any_front_end: FrontEnd, target: bytes) -> None:
    reply = visit(any_front_end, target=target)
    assert (reply.status, reply.body) == (
        502,
        b"502 Bad Gateway: the app broke off before it had answered; its log says why.\n",
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


def test_app_that_does_not_listen_is_a_503_in_plain_words(tmp_path: Path) -> None:
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
            assert visit(impatient).status == 503  # so the other has found nobody either by now
            with App(upstream[1]):
                assert Reply(connection, "GET").status == 200
    finally:
        patient.stop()
        impatient.stop()


# Its own port


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_port_taken_is_one_line_with_the_way_round(tmp_path: Path, family: int, address: str) -> None:
    port = free_port()  # on the other address as well
    with socket.socket(family) as other:
        other.bind((address, port))
        other.listen()
        front_end = FrontEnd(Platform.CLOUD_RUN, ("127.0.0.1", 1), directory=tmp_path, port=port)
        with pytest.raises(LocalCloudError, match=rf"^port {port} on {address} is in use .* --port$"):
            front_end.start()


def test_stopped_front_end_ends_its_connections(app: App, tmp_path: Path) -> None:
    front_end = FrontEnd(Platform.CLOUD_RUN, app.address, directory=tmp_path)
    front_end.start()
    with connect(front_end) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: demo\r\n\r\n")
        assert Reply(connection, "GET").status == 200
        front_end.stop()
        assert connection.recv(1) == b""


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


def test_each_answer_is_told_to_the_log(app: App, tmp_path: Path) -> None:
    told: list[tuple[str, str, int, str]] = []
    done = threading.Event()
    front_end = FrontEnd(
        Platform.CLOUD_RUN,
        app.address,
        directory=tmp_path,
        on_request=lambda *entry: (told.append(entry), done.set())[1],
    )
    front_end.start()
    try:
        visit(front_end, target=b"/redirect?a=%20", method=b"PUT", source="127.0.0.9")
        assert done.wait(DEADLINE)
    finally:
        front_end.stop()
    assert told == [("PUT", "/redirect?a=%20", 302, "127.0.0.9")]
