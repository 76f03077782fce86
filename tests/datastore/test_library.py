"""The package as a library: `serve()` and the names that it exports."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from google.cloud import datastore

import datastore_emulator
from datastore_emulator import Engine, UserError, serve
from datastore_emulator.net.ports import free_port, hold
from tests.support.deadline import DEADLINE


def test_serve_gives_an_address_on_loopback():
    with serve() as server:
        assert server.address == f"{server.host}:{server.port}"
        assert server.host == "127.0.0.1"


def test_serve_answers_grpc_and_rest(connect):
    with serve() as server:
        client = connect(server.address)
        client.put(datastore.Entity(client.key("Thing", 1)))
        assert requests.get(f"http://{server.address}/", timeout=DEADLINE).text == "Ok\n"


def test_serve_on_a_named_port(connect):
    port = free_port()
    with serve(port=port) as server:
        assert server.port == port


def test_port_is_free_after_serve():
    with serve() as server:
        pass
    hold(server.port).close()


def test_port_is_free_after_an_exception():
    with pytest.raises(ZeroDivisionError), serve() as server:
        raise ZeroDivisionError
    hold(server.port).close()


def test_serve_keeps_entities_in_a_file(connect, tmp_path: Path):
    for _ in range(2):
        with serve(tmp_path / "entities.db") as server:
            client = connect(server.address)
            found = client.get(client.key("Thing", 1))
            client.put(datastore.Entity(client.key("Thing", 1)))
    assert found is not None


def test_two_servers_share_nothing(connect):
    with serve() as one, serve() as other:
        client = connect(one.address)
        client.put(datastore.Entity(client.key("Thing", 1)))
        assert connect(other.address).get(client.key("Thing", 1)) is None


def test_port_in_use_leaves_the_file_free(tmp_path: Path):
    file = tmp_path / "entities.db"
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(UserError, match="another program uses"):
        serve(file, port=other.getsockname()[1]).__enter__()
    Engine(file).close()


@pytest.mark.parametrize("name", datastore_emulator.__all__)
def test_public_name_can_be_imported(name: str):
    namespace: dict[str, object] = {}
    exec(f"from datastore_emulator import {name}", namespace)
    assert namespace[name].__doc__
    assert name in dir(datastore_emulator)


def test_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'datastore_emulator' has no attribute 'nothing'"):
        datastore_emulator.nothing  # noqa: B018


def test_import_of_the_package_is_cheap():
    code = (
        "import sys, datastore_emulator; print(*{'grpc', 'google.protobuf', 'sqlite3', 'asyncio'} & sys.modules.keys())"
    )
    ended = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "\n"
