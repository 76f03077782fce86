"""Ports: a free one is free, and a held one goes to nobody else."""

import socket

import pytest

from datastore_emulator.net.ports import free_port, hold


def test_a_free_port_can_be_listened_on() -> None:
    socket.create_server(("127.0.0.1", free_port())).close()


def test_a_port_does_not_come_again_soon() -> None:
    ports = [free_port() for _ in range(1000)]
    assert len(set(ports)) == len(ports)


def test_a_port_that_something_listens_on_is_not_free() -> None:
    first = free_port()
    with socket.create_server(("127.0.0.1", first + 1)):
        assert free_port() != first + 1


def test_a_held_port_refuses_connections() -> None:
    port = free_port()
    with hold(port), pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_held_port_is_kept_from_others_until_it_is_let_go() -> None:
    port = free_port()
    with hold(port), socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))
    socket.create_server(("127.0.0.1", port)).close()
