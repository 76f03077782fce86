"""Free ports, and ports that are held while no server listens on them."""

import socket

import pytest

from datastore_emulator.net.ports import free_port, hold
from tests.support.deadline import DEADLINE


def test_free_port_can_be_listened_on() -> None:
    socket.create_server(("127.0.0.1", free_port())).close()


def test_same_port_is_not_returned_twice_soon() -> None:
    ports = [free_port() for _ in range(1000)]
    assert len(set(ports)) == len(ports)


def test_port_in_use_is_not_free() -> None:
    first = free_port()
    with socket.create_server(("127.0.0.1", first + 1)):
        assert free_port() != first + 1


def test_held_port_refuses_connections() -> None:
    port = free_port()
    with hold(port), pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)


def test_held_port_cannot_be_bound_until_it_is_released() -> None:
    port = free_port()
    with hold(port), socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))
    socket.create_server(("127.0.0.1", port)).close()
