"""The file: what it keeps, and the refusal of a file that cannot be used."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from google.cloud import datastore

from datastore_emulator import messages as m
from datastore_emulator.api.grpc_server import DatastoreServer
from datastore_emulator.engine import Engine
from datastore_emulator.errors import UserError
from datastore_emulator.storage import name_ids

# Puts entity after entity and prints the id of each once it is acknowledged.
WRITER = """
import sys
from datastore_emulator import messages as m
from datastore_emulator.engine import Engine
engine = Engine(sys.argv[1])
for number in range(1, 100_000):
    request = m.CommitRequest(project_id=sys.argv[2], mode=m.CommitRequest.NON_TRANSACTIONAL)
    entity = request.mutations.add().upsert
    entity.key.path.add(kind="Thing", id=number)
    entity.properties["n"].integer_value = number
    engine.commit(request)
    print(number, flush=True)
"""


@pytest.fixture
def serve(connect: Callable[..., datastore.Client]) -> Callable[[Path], object]:
    """Serve a file for the length of a `with` block, and yield a client of it."""

    @contextmanager
    def run(path: Path) -> Iterator[datastore.Client]:
        with Engine(path) as engine:
            server = DatastoreServer(engine)
            server.start()
            yield connect(server.address)
            server.stop()

    return run


def test_entities_are_there_after_a_restart(serve, tmp_path):
    with serve(tmp_path / "data.db") as client:
        entity = datastore.Entity(client.key("Thing", 1))
        entity["n"] = 1
        client.put(entity)
    with serve(tmp_path / "data.db") as client:
        query = client.query(kind="Thing", order=["n"])
        assert (client.get(entity.key), [found.key for found in query.fetch()]) == (entity, [entity.key])


def test_ids_are_not_allocated_again_after_restart(serve, tmp_path):
    allocated = []
    for _ in range(2):
        with serve(tmp_path / "data.db") as client:
            allocated += client.allocate_ids(client.key("Thing"), 5)
    assert len(set(allocated)) == 10


def test_versions_go_on_rising_after_a_restart(serve, tmp_path):
    versions = []
    for n in range(2):
        with serve(tmp_path / "data.db") as client:
            entity = datastore.Entity(client.key("Thing", 1))
            entity["n"] = n
            client.put(entity)
            request = {"project_id": client.project, "keys": [entity.key.to_protobuf()]}
            versions.append(client._datastore_api.lookup(request=request).found[0].version)
    assert versions[0] < versions[1]


def test_a_killed_writer_loses_no_acknowledged_commit(serve, tmp_path, project):
    command = [sys.executable, "-c", WRITER, str(tmp_path / "data.db"), project]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert writer.stdout
    acknowledged = [writer.stdout.readline() for _ in range(200)]
    writer.kill()
    acknowledged += writer.stdout.readlines()
    writer.stdout.close()
    writer.wait()
    # A last line may have been cut short.
    numbers = {int(line) for line in acknowledged if line.endswith("\n")}
    with serve(tmp_path / "data.db") as client:
        found = {entity["n"] for entity in client.query(kind="Thing", order=["n"]).fetch()}
    assert numbers <= found


def test_memory_leaves_no_file_behind(serve, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with serve(Path(":memory:")) as client:
        client.put(datastore.Entity(client.key("Thing", 1)))
    assert list(tmp_path.iterdir()) == []


def test_a_reset_empties_one_project(connect, tmp_path):
    with Engine(tmp_path / "data.db") as engine:
        server = DatastoreServer(engine)
        server.start()
        clients = [connect(server.address, project=name) for name in ("gone", "kept")]
        for client in clients:
            client.put(datastore.Entity(client.key("Thing", 1)))
        stored = [("gone", "", "", "Thing"), ("kept", "", "", "Thing")]
        assert engine.stored_kinds() == stored
        engine.reset("gone")
        assert engine.stored_kinds() == stored[1:]
        left = [len(list(client.query(kind="Thing").fetch())) for client in clients]
        server.stop()
    assert left == [0, 1]


def _foreign_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()


def _newer_database(path: Path) -> None:
    Engine(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_text("Dear diary"), "not a Datastore file"),
        (_foreign_database, "not a Datastore file"),
        (_newer_database, r"newer version \(schema 999, this one reads up to 2\)"),
        (lambda path: path.mkdir(), "cannot read the Datastore's file"),
    ],
)
def test_a_file_of_another_kind_is_refused_and_left_as_it_is(tmp_path, make, message):
    path = tmp_path / "data.db"
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(UserError, match=message) as caught:
        Engine(path)
    assert "\n" not in str(caught.value)
    assert (path.read_bytes() if path.is_file() else b"") == before
    assert os.listdir(tmp_path) == ["data.db"]


def test_a_file_in_no_directory_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"directory .* does not exist; create it"):
        Engine(tmp_path / "nowhere" / "data.db")


_NOBODY = 65534


@pytest.fixture
def place_without_root_rights():
    """A directory, with this process bereft of root's right to write anywhere while the test runs."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        if os.geteuid() != 0:
            yield place
        else:
            os.chown(place, _NOBODY, _NOBODY)
            os.setresuid(_NOBODY, _NOBODY, 0)
            try:
                yield place
            finally:
                os.setresuid(0, 0, 0)


@pytest.mark.parametrize("read_only", ["file", "directory"])
def test_a_file_that_cannot_be_written_is_refused(place_without_root_rights, read_only):
    path = place_without_root_rights / "data.db"
    Engine(path).close()
    (path if read_only == "file" else path.parent).chmod(0o500)
    with pytest.raises(UserError, match="must be readable and writable"):
        Engine(path)
    path.parent.chmod(0o700)


def test_names_that_were_never_used_before_do_not_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(name_ids, "_MOST_KNOWN", 10)
    with Engine(tmp_path / "data.db") as engine:
        for number in range(50):
            request = m.CommitRequest(project_id="demo", mode=m.CommitRequest.NON_TRANSACTIONAL)
            entity = request.mutations.add().upsert
            entity.key.partition_id.namespace_id = f"space{number}"
            entity.key.path.add(kind=f"Kind{number}", name="x")
            entity.properties[f"property{number}"].integer_value = number
            engine.commit(request)
        storage = engine._storage
        for names in (storage.partitions, storage.kinds, storage.properties):
            assert len(names._known) == 10
        # One that was forgotten is found again.
        query = m.RunQueryRequest(project_id="demo", query={"kind": [{"name": "Kind3"}]})
        query.partition_id.namespace_id = "space3"
        assert len(engine.run_query(query).batch.entity_results) == 1


_NOT_REGULAR = "it is not a regular file"


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(os.mkfifo, _NOT_REGULAR, id="named pipe"),
        pytest.param(_socket, _NOT_REGULAR, id="socket"),
        pytest.param(lambda path: path.symlink_to("/dev/zero"), _NOT_REGULAR, id="device"),
        pytest.param(lambda path: path.symlink_to(path), "circle|symbolic links", id="symbolic link to itself"),
        pytest.param(os.mkdir, "it is a directory", id="directory"),
    ],
)
def test_path_that_is_not_a_file_is_refused_in_one_line(tmp_path, make, message):
    make(tmp_path / "data")
    with pytest.raises(UserError, match=message) as caught:
        Engine(tmp_path / "data")
    assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == ["data"]


@pytest.mark.parametrize("name", ["a\0b", "x" * 300])
def test_a_name_that_no_file_can_have_is_refused(tmp_path, name):
    with pytest.raises(UserError, match=r"with --data|name another file") as caught:
        Engine(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert "\0" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_refused(place_without_root_rights):
    path = place_without_root_rights / "data.db"
    Engine(path).close()
    path.chmod(0o200)
    with pytest.raises(UserError, match="must be readable and writable"):
        Engine(path)
