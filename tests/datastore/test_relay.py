"""The relay: a server looks as if it had ended, or as if it did not answer, and is back on its port."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator

import pytest

from datastore_emulator.net.ports import free_port, hold
from datastore_emulator.net.relay import Relay
from tests.support.deadline import DEADLINE
from tests.support.relays import RedisRelay, StallingRelay


class Echo(socketserver.BaseRequestHandler):
    """A server that sends back what it receives."""

    def handle(self) -> None:
        while data := self.request.recv(1024):
            self.request.sendall(data)


@pytest.fixture(scope="module")
def echo() -> Iterator[tuple[str, int]]:
    """The address of a server that sends back what it receives."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield ("127.0.0.1", server.server_address[1])
        server.shutdown()


@pytest.fixture
def relay(echo: tuple[str, int]) -> Iterator[StallingRelay]:
    """A relay in front of the server."""
    relay = StallingRelay(echo)
    relay.start()
    yield relay
    relay.stop()


def connect(relay: Relay) -> socket.socket:
    return socket.create_connection(("127.0.0.1", relay.port), timeout=DEADLINE)


def test_relay_passes_bytes_both_ways(relay: StallingRelay) -> None:
    with connect(relay) as client:
        client.sendall(b"hello")
        assert client.recv(5) == b"hello"


def test_stopped_relay_closes_connections(relay: StallingRelay) -> None:
    with connect(relay) as client:
        client.sendall(b"hello")
        client.recv(5)
        relay.stop()
        assert client.recv(5) == b""


def test_stopped_relay_refuses_connections(relay: StallingRelay) -> None:
    relay.stop()
    with pytest.raises(ConnectionRefusedError):
        connect(relay)


def test_restarted_relay_is_on_the_same_port(relay: StallingRelay) -> None:
    port = relay.port
    relay.stop()
    relay.start()
    assert relay.port == port
    with connect(relay) as client:
        client.sendall(b"again")
        assert client.recv(5) == b"again"


def test_stalled_relay_passes_nothing_on_until_it_resumes(relay: StallingRelay) -> None:
    with connect(relay) as client:
        client.sendall(b"hello")
        client.recv(5)
        relay.stall()
        client.sendall(b"late")
        client.settimeout(0.1)  # the wait for what must not come
        with pytest.raises(TimeoutError):
            client.recv(4)
        client.settimeout(DEADLINE)
        relay.resume()
        assert client.recv(4) == b"late"


def test_client_is_closed_if_the_server_is_away() -> None:
    port = free_port()
    relay = Relay(("127.0.0.1", port))
    with hold(port):
        relay.start()
        with connect(relay) as client:
            assert client.recv(1) == b""
        relay.stop()


def test_forgotten_connection_is_reset_at_its_next_bytes(echo: tuple[str, int]) -> None:
    with RedisRelay(echo[1]) as relay, connect(relay) as client:
        client.sendall(b"hello")
        assert client.recv(5) == b"hello"
        assert relay.forget_connections() == 1
        client.sendall(b"again")
        with pytest.raises(ConnectionResetError):
            client.recv(5)
