"""Idle connections: they have no threads, are closed after a time, and delay no request."""

from __future__ import annotations

import contextlib
import gc
import socket
import threading
import warnings
from collections.abc import Callable, Iterator

import h11
import pytest

from datastore_emulator.http.listener import Listener
from datastore_emulator.http.wire import Wire
from datastore_emulator.net.listen import listen
from localcloud.pages.wsgi import WsgiServer
from tests.localcloud.listeners.listening import Listening, holds
from tests.support.deadline import DEADLINE

MANY = 100

pytestmark = pytest.mark.usefixtures("quiet")


@contextlib.contextmanager
def connections(listening: Listening, said: bytes) -> Iterator[list[socket.socket]]:
    """Open many connections that send this and no more."""
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(listening.connect()) for _ in range(MANY)]
        for connection in opened:
            connection.sendall(said)
        yield opened


@pytest.mark.parametrize("cut", [0, 10, -1], ids=["silent", "a part of the head", "all but a byte"])
def test_idle_connections_have_no_threads_and_delay_nobody(listening: Listening, cut: int) -> None:
    _, data = next(iter(listening.requests.items()))
    listening.exchange(data)
    before = threading.active_count()
    with connections(listening, data[:cut]) as opened:
        assert listening.exchange(data).startswith(b"HTTP/1.1 200 ")
        assert threading.active_count() - before < MANY / 2
        for connection in opened:
            connection.sendall(data[cut:] if cut else data)
        for connection in opened:
            assert connection.recv(12) == b"HTTP/1.1 200"
        assert threading.active_count() - before < MANY / 2


class UnusedListener(Listener):
    """A listener that gets no whole request."""

    async def respond(self, wire: Wire, request: h11.Request, visitor: str) -> int:
        raise AssertionError("no request was sent")


def test_listener_that_is_closed_at_a_new_connection_closes_it() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        for _ in range(MANY):
            server = UnusedListener()
            listener = listen("127.0.0.1", 0, "the test")
            server.listen([listener])
            socket.create_connection(listener.getsockname()[:2], timeout=DEADLINE).close()
            server.close()
        gc.collect()
    assert [str(warning.message) for warning in caught] == []


def test_silent_connection_is_closed(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Listener, "idle_seconds", 0.1)
    monkeypatch.setattr("datastore_emulator.api.port_sharing._FIRST_BYTES_SECONDS", 0.1)
    for said in (b"", b"POST / HT"):
        # A reset, if it was closed before all of it was sent.
        with listening.connect() as connection, contextlib.suppress(ConnectionError):
            connection.sendall(said)
            assert connection.recv(1) == b""


def test_body_that_does_not_arrive_is_refused(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datastore_emulator.http.service._BODY_SECONDS", 0.1)
    _, data = next(iter(listening.requests.items()))
    with listening.connect() as connection:
        connection.sendall(data[:-1])
        assert connection.recv(12) == b"HTTP/1.1 408"


@pytest.fixture
def few(page: Listening) -> Iterator[tuple[Listening, WsgiServer]]:
    """A listener that accepts three connections at most."""

    def app(environ: dict, start_response: Callable[..., None]) -> list[bytes]:
        start_response("200 OK", [])
        return []

    socket_ = listen("127.0.0.1", 0, "the page")
    port = socket_.getsockname()[1]
    server = WsgiServer(app, port)
    server.most_connections = 3
    server.listen([socket_])
    yield Listening(port, page.requests), server
    server.close()


def test_new_connection_replaces_the_longest_idle_one(few: tuple[Listening, WsgiServer]) -> None:
    listening, server = few
    with listening.connect() as first, listening.connect() as second, listening.connect():
        assert holds(lambda: len(server._idle) == 3)
        assert listening.exchange(listening.requests["look"]).startswith(b"HTTP/1.1 200 ")
        assert first.recv(1) == b""
        second.sendall(listening.requests["look"])
        assert second.recv(12) == b"HTTP/1.1 200"


def test_new_connection_is_answered_503_if_all_are_busy(few: tuple[Listening, WsgiServer]) -> None:
    listening, server = few
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(listening.connect()).sendall(listening.requests["apply"][:-1])
        assert holds(lambda: server._open == 3 and not server._idle)
        with listening.connect() as late:
            assert late.makefile("rb").read().startswith(b"HTTP/1.1 503 ")


def test_clients_that_leave_cause_no_error(listening: Listening) -> None:
    for data in listening.requests.values():
        for _ in range(10):
            with listening.connect() as connection:
                connection.sendall(data)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert listening.exchange(next(iter(listening.requests.values()))).startswith(b"HTTP/1.1 200 ")
