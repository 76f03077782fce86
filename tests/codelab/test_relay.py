"""The relay: a server that is not ours looks as if it had gone, and is back where it was."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator

import pytest

from codelab.compare.relay import Relay

SECONDS = 10


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(1024):
            self.request.sendall(data)


@pytest.fixture
def relay() -> Iterator[Relay]:
    """A relay in front of a server that says back what it hears."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        relay = Relay(("127.0.0.1", server.server_address[1]))
        relay.start()
        yield relay
        relay.stop()
        server.shutdown()


def connect(relay: Relay) -> socket.socket:
    return socket.create_connection(("127.0.0.1", relay.port), timeout=SECONDS)


def test_it_passes_on_what_is_said_on_either_side(relay: Relay) -> None:
    with connect(relay) as client:
        client.sendall(b"hello")
        assert client.recv(5) == b"hello"


def test_stopped_it_hangs_up(relay: Relay) -> None:
    with connect(relay) as client:
        client.sendall(b"hello")
        client.recv(5)
        relay.stop()
        assert client.recv(5) == b""


def test_stopped_it_refuses(relay: Relay) -> None:
    relay.stop()
    with pytest.raises(ConnectionRefusedError):
        connect(relay)


def test_started_again_it_is_back_on_its_port(relay: Relay) -> None:
    port = relay.port
    relay.stop()
    relay.start()
    assert relay.port == port
    with connect(relay) as client:
        client.sendall(b"again")
        assert client.recv(5) == b"again"
