"""The file moved, removed, replaced or linked while it is served: no write is acknowledged that could be lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from google.api_core import exceptions
from google.cloud import datastore

from datastore_emulator.api.grpc_server import DatastoreServer
from datastore_emulator.engine import Engine
from datastore_emulator.errors import UserError
from datastore_emulator.storage import datafile
from tests.support.deadline import DEADLINE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data.db"


@pytest.fixture
def served(path: Path, connect: Callable[..., datastore.Client]) -> Iterator[SimpleNamespace]:
    """A client of a Datastore on the file, with Thing 1 in it, and what stops that Datastore."""
    with Engine(path) as engine:
        server = DatastoreServer(engine)
        server.start()
        client = connect(server.address)

        def stop() -> None:
            server.stop()
            engine.close()

        put(client, 1)
        yield SimpleNamespace(client=client, stop=stop)
        stop()


def put(client: datastore.Client, number: int) -> None:
    entity = datastore.Entity(client.key("Thing", number))
    entity["number"] = number
    client.put(entity)


def numbers(path: Path, project: str) -> set[int]:
    """Return what the file has, served again."""
    with Engine(path) as engine:
        server = DatastoreServer(engine)
        server.start()
        client = datastore.Client(project=project)
        client.base_url = f"http://{server.address}"
        found = {entity.key.id for entity in client.query(kind="Thing").fetch()}
        server.stop()
    return found


def _move(path: Path) -> None:
    path.rename(path.with_name("moved.db"))


def _move_with_its_log(path: Path) -> None:
    path.with_name("data.db-wal").rename(path.with_name("moved.db-wal"))
    _move(path)


def _move_its_directory(path: Path) -> None:
    path.parent.rename(path.parent.with_name("moved"))


def _replace(path: Path) -> None:
    copy = path.with_name("copy.db")
    copy.write_bytes(path.read_bytes())
    copy.rename(path)


MOVED = "moved or removed while it was in use; put it back, or restart"
REPLACED = "another file has replaced"
LOST = [
    pytest.param(_move, MOVED, id="moved"),
    pytest.param(_move_with_its_log, MOVED, id="moved with its log"),
    pytest.param(_move_its_directory, MOVED, id="directory moved"),
    pytest.param(os.unlink, MOVED, id="removed"),
    pytest.param(_replace, REPLACED, id="replaced"),
]


@pytest.mark.parametrize(("lose", "message"), LOST)
def test_a_call_after_the_file_was_lost_is_refused_and_makes_no_new_file(path, served, lose, message):
    lose(path)
    there = os.listdir(path.parent) if path.parent.exists() else []
    for call in (lambda: put(served.client, 2), lambda: served.client.get(served.client.key("Thing", 1))):
        with pytest.raises(exceptions.FailedPrecondition, match=message) as caught:
            call()
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
    assert (os.listdir(path.parent) if path.parent.exists() else []) == there


def test_a_file_that_was_put_back_is_served_on(path, served):
    moved = path.with_name("moved.db")
    path.rename(moved)
    with pytest.raises(exceptions.FailedPrecondition):
        put(served.client, 2)
    moved.rename(path)
    put(served.client, 3)
    served.stop()
    assert numbers(path, served.client.project) == {1, 3}


@pytest.mark.parametrize("noticed", [True, False])
def test_a_moved_file_has_all_that_was_acknowledged(path, served, noticed):
    for number in range(2, 20):
        put(served.client, number)
    path.rename(path.with_name("moved.db"))
    if noticed:
        with pytest.raises(exceptions.FailedPrecondition):
            put(served.client, 20)
    served.stop()
    assert numbers(path.with_name("moved.db"), served.client.project) == set(range(1, 20))


def test_replacing_file_gets_nothing_of_the_lost_one(path, served, connect):
    project = served.client.project
    served.stop()
    with Engine(path) as engine:
        server = DatastoreServer(engine)
        server.start()
        before = path.read_bytes()
        put(connect(server.address), 2)
        path.unlink()
        path.write_bytes(before)
        server.stop()
    assert path.read_bytes() == before
    assert numbers(path, project) == {1}


@pytest.fixture
def log_looked_after_at_each_write(monkeypatch):
    for name in ("_LOG_SECONDS", "_LOG_NAME_SECONDS"):
        monkeypatch.setattr(datafile, name, 0)


@pytest.mark.usefixtures("log_looked_after_at_each_write")
@pytest.mark.parametrize("lose", [os.unlink, lambda log: log.rename(log.with_name("log"))], ids=["removed", "moved"])
def test_a_log_that_was_lost_stops_writes_and_loses_nothing(path, served, lose):
    lose(path.with_name("data.db-wal"))
    with pytest.raises(exceptions.FailedPrecondition, match=r"log was moved or removed.*; restart the Datastore"):
        put(served.client, 2)
    served.stop()
    assert numbers(path, served.client.project) == {1}


def test_hard_link_stops_writes_until_it_is_removed_and_reads_go_on(path, served):
    link = path.with_name("link.db")
    link.hardlink_to(path)
    with pytest.raises(exceptions.FailedPrecondition, match=r"has a hard link.*remove the link"):
        put(served.client, 2)
    assert served.client.get(served.client.key("Thing", 1))["number"] == 1
    link.unlink()
    put(served.client, 3)
    assert served.client.get(served.client.key("Thing", 3))["number"] == 3


def test_a_file_with_a_hard_link_is_refused_at_the_start(path):
    Engine(path).close()
    path.with_name("link.db").hardlink_to(path)
    with pytest.raises(UserError, match="remove the link"):
        Engine(path)


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("rename", [Path.rename, lambda path, other: other.hardlink_to(path)], ids=["moved", "linked"])
def test_second_process_cannot_open_the_file_under_another_name(path, tmp_path, rename):
    (tmp_path / "elsewhere").mkdir()
    other = tmp_path / "elsewhere" / "other.db"
    rename(path, other)
    command = [sys.executable, "-m", "localcloud", "datastore", "--data", str(other), "--host-port", "127.0.0.1:0"]
    second = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert (second.returncode, second.stdout) == (1, "")
    assert "another process (under another name) has this file open" in second.stderr
    assert second.stderr.count("\n") == 1
    assert os.listdir(tmp_path / "elsewhere") == ["other.db"]
