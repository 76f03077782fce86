"""Nothing acknowledged is lost: to a kill, to a full disk, to damage, to a second process, to an upgrade."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from google.api_core import exceptions
from google.cloud import datastore

from datastore_emulator.api.grpc_server import DatastoreServer
from datastore_emulator.engine import Engine
from datastore_emulator.errors import UserError
from datastore_emulator.net.ports import free_port
from datastore_emulator.storage import schema
from tests.support.course import ROOT
from tests.support.deadline import DEADLINE

HERE = Path(__file__).parent
KILLS = 100
FILES = 5
SERVE = [sys.executable, "-m", "localcloud", "datastore"]


@contextmanager
def datastore_command(data: Path, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run `localcloud datastore` on a file for the length of a `with` block; yield its address and its process."""
    address = f"127.0.0.1:{free_port()}"
    command = [*prefix, *SERVE, "--data", str(data), "--host-port", address]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        assert "Datastore on" in process.stdout.readline()
        yield address, process
    finally:
        process.terminate()
        process.communicate(timeout=DEADLINE)


@contextmanager
def serve(data: Path) -> Iterator[str]:
    """Serve a file from this process; yield the address."""
    with Engine(data) as engine:
        server = DatastoreServer(engine)
        server.start()
        yield server.address
        server.stop()


def put(client: datastore.Client, number: int, size: int = 0) -> None:
    entity = datastore.Entity(client.key("Thing", number), exclude_from_indexes=("ballast",))
    entity.update(number=number, ballast=os.urandom(size))
    client.put(entity)


def numbers(client: datastore.Client) -> set[int]:
    return {entity["number"] for entity in client.query(kind="Thing", order=["number"]).fetch()}


def put_until_refused(client: datastore.Client, size: int) -> tuple[set[int], exceptions.GoogleAPICallError]:
    """Put entity after entity; return those that were acknowledged, and what the next was refused with."""
    acknowledged: set[int] = set()
    for number in range(1, 200):
        try:
            put(client, number, size)
        except exceptions.GoogleAPICallError as error:
            return acknowledged, error
        acknowledged.add(number)
    return pytest.fail("the disk never became full")


def one_line(error: BaseException) -> str:
    text = str(error)
    assert "\n" not in text
    assert "Traceback" not in text
    return text


def test_killed_writers_lose_no_acknowledged_commit(connect, tmp_path):
    command = [
        sys.executable,
        "-m",
        "tests.datastore.killed_writers",
        tmp_path,
        str(KILLS),
        str(FILES),
        str(os.getpid()),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    _, opened, _, acknowledged = done.stdout.split()
    # Some die while they open the file, on purpose.
    assert int(opened) > KILLS / 2
    assert int(acknowledged) > KILLS
    for file in range(FILES):
        with serve(tmp_path / f"{file}.sqlite3") as address:
            client = connect(address, project="killed")
            for counter in client.query(kind="Counter").fetch():
                # A commit wrote the counter and an entity: both or neither, and the index knows each.
                kind = f"Log{counter.key.id - 1}"
                query = client.query(kind=kind, order=["number"])
                assert [entity["number"] for entity in query.fetch()] == list(range(1, counter["number"] + 1))


def test_killed_command_restarts_with_all_acknowledged_writes(connect, tmp_path):
    acknowledged: set[int] = set()
    for round_number in range(2):
        with datastore_command(tmp_path / "data.sqlite3") as (address, process):
            client = connect(address)
            assert acknowledged <= numbers(client)
            killer = threading.Thread(target=process.kill)
            first = round_number * 100_000 + 1
            with pytest.raises(exceptions.GoogleAPICallError):  # noqa: PT012 - until it is killed
                for number in range(first, first + 99_999):
                    put(client, number)
                    acknowledged.add(number)
                    if number == first + 10:  # beside the writes that follow
                        killer.start()
            killer.join()
    with serve(tmp_path / "data.sqlite3") as address:
        assert acknowledged <= numbers(connect(address))
    assert len(acknowledged) > 10


def test_a_file_that_may_not_grow_refuses_writes_and_keeps_what_it_has(connect, tmp_path):
    data = tmp_path / "data.sqlite3"
    # In KiB. What a write past it gets is the operating system's "File too large", as from a quota.
    with datastore_command(data, ("bash", "-c", 'ulimit -f 1024; exec "$@"', "bash")) as (address, _):
        client = connect(address)
        acknowledged, error = put_until_refused(client, 50_000)
        assert "the Datastore's file: " in one_line(error)
        assert "nothing was written" in str(error)
        assert numbers(client) == acknowledged
    with datastore_command(data) as (address, _):
        client = connect(address)
        assert numbers(client) == acknowledged
        put(client, 1000)
        assert numbers(client) == acknowledged | {1000}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "localcloud-test", str(place)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("a disk to fill: no mount on PATH")
    if done.returncode:
        pytest.skip(f"a disk to fill: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_refuses_writes_until_there_is_room_again(connect, small_disk):
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(1_000_000))
    with serve(small_disk / "data.sqlite3") as address:
        client = connect(address)
        acknowledged, error = put_until_refused(client, 50_000)
        assert isinstance(error, exceptions.ResourceExhausted)
        assert "free some disk space" in one_line(error)
        assert numbers(client) == acknowledged
        ballast.unlink()
        put(client, 1000)
    with serve(small_disk / "data.sqlite3") as address:
        assert numbers(connect(address)) == acknowledged | {1000}


def test_file_that_cannot_be_created_on_full_disk_is_reported_in_one_line(small_disk):
    with pytest.raises(OSError, match="No space"):
        (small_disk / "ballast").write_bytes(bytes(4_000_000))
    with pytest.raises(UserError, match="free some space") as caught:
        Engine(small_disk / "data.sqlite3")
    one_line(caught.value)


def a_file_with_many_pages(path: Path, connect: Callable[..., datastore.Client]) -> None:
    with serve(path) as address:
        client = connect(address)
        client.put_multi([_thing(client, number) for number in range(1, 401)])


def _thing(client: datastore.Client, number: int) -> datastore.Entity:
    entity = datastore.Entity(client.key("Thing", number))
    entity.update(number=number, text="x" * 1000)
    return entity


def _garble(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(10 * 4096)
        file.write(os.urandom(40 * 4096))


def _cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def test_copy_of_the_file_of_a_stopped_emulator_has_its_entities(connect, tmp_path):
    original, copy = tmp_path / "original.sqlite3", tmp_path / "copy.sqlite3"
    a_file_with_many_pages(original, connect)
    shutil.copyfile(original, copy)
    with serve(copy) as address:
        assert numbers(connect(address)) == set(range(1, 401))


@pytest.mark.parametrize("damage", [_garble, _cut_short])
def test_a_damaged_file_is_refused_and_left_as_it_is(connect, tmp_path, damage):
    path = tmp_path / "data.sqlite3"
    a_file_with_many_pages(path, connect)
    damage(path)
    before = path.read_bytes()
    with pytest.raises(UserError, match="restore it from a copy") as caught:
        Engine(path)
    assert str(path) in one_line(caught.value)
    assert path.read_bytes() == before


def test_a_large_file_is_served_before_all_of_it_was_checked(connect, tmp_path, monkeypatch):
    path = tmp_path / "data.sqlite3"
    a_file_with_many_pages(path, connect)
    _garble(path)
    monkeypatch.setattr(schema, "_CHECK_SECONDS", 0)
    monkeypatch.setattr(schema, "_INSTRUCTIONS_BETWEEN_LOOKS", 1)
    with serve(path) as address:
        client = connect(address)
        assert client.get(client.key("Nothing", 1)) is None


def test_damage_in_a_file_that_is_served_is_data_loss(connect, tmp_path):
    path = tmp_path / "data.sqlite3"
    a_file_with_many_pages(path, connect)
    with serve(path) as address:
        _garble(path)
        with pytest.raises(exceptions.DataLoss, match="restore its file from a copy") as caught:
            numbers(connect(address))
        one_line(caught.value)


def test_second_process_on_the_file_is_refused_with_the_first_one_named(connect, tmp_path):
    data = tmp_path / "data.sqlite3"
    with datastore_command(data) as (address, process):
        command = [*SERVE, "--data", str(data), "--host-port", "127.0.0.1:0"]
        second = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
        assert (second.returncode, second.stdout) == (1, "")
        assert second.stderr.count("\n") == 1
        assert f"process {process.pid} has this file open" in second.stderr
        put(connect(address), 1)
    with datastore_command(data) as (address, _):
        assert numbers(connect(address)) == {1}


def test_a_file_has_one_owner_by_whatever_name(tmp_path):
    (tmp_path / "other-name.sqlite3").symlink_to(tmp_path / "data.sqlite3")
    with (
        Engine(tmp_path / "data.sqlite3"),
        pytest.raises(UserError, match=f"process {os.getpid()} has this file open"),
    ):
        Engine(tmp_path / "other-name.sqlite3")


def test_a_file_is_free_again_once_it_is_closed(tmp_path):
    for _ in range(2):
        Engine(tmp_path / "data.sqlite3").close()
    assert os.listdir(tmp_path) == ["data.sqlite3"]


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    """A file that the first version of localcloud wrote."""
    path = tmp_path / "data.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.executescript((HERE / "schema-1.sql").read_text())
    connection.close()
    return path


def test_an_old_file_opens_with_all_that_is_in_it(connect, old_file):
    with serve(old_file) as address:
        client = connect(address, project="demo")
        query = client.query(kind="Visit", order=["-timestamp"])
        query.add_filter(filter=datastore.query.PropertyFilter("tags", "=", "old"))
        assert [visit["visitor"] for visit in query.fetch()] == [f"192.0.2.{n}: old" for n in (2, 1, 0)]
        visit = client.get(client.key("Visit", 2))
        assert (visit["tags"], visit["timestamp"].year) == (["old", "n1"], 2023)
        (note,) = client.query(kind="Note", namespace="aside").fetch()
        assert note.key.parent.id == 1


def test_an_old_file_can_be_written(connect, old_file):
    with serve(old_file) as address:
        client = connect(address, project="demo")
        (note,) = client.query(kind="Note", namespace="aside").fetch()
        with client.transaction() as transaction:
            visit = client.get(client.key("Visit", 2))
            visit["visitor"] = "198.51.100.1: new"
            transaction.put(visit)
        ids = [key.id for key in client.allocate_ids(client.key("Visit"), 100)]
        assert note.key.id not in ids
        query = client.query(kind="Visit", order=["visitor"])
        assert [entity.key.id for entity in query.fetch()] == [1, 3, 2]


def _tables(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(path)
    tables = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    connection.close()
    return {name: " ".join(sql.split()) for name, sql in tables.items()}


def test_an_old_file_has_the_tables_of_a_new_one_once_it_was_opened(old_file, tmp_path):
    Engine(old_file).close()
    Engine(tmp_path / "new.sqlite3").close()
    assert _tables(old_file) == _tables(tmp_path / "new.sqlite3")


def test_an_upgrade_that_fails_half_way_leaves_the_old_file(connect, old_file, monkeypatch):
    before = _tables(old_file)
    with monkeypatch.context() as patch:
        patch.setattr(schema, "_MIGRATIONS", (*schema._MIGRATIONS, "CREATE TABLE half (x);\nCREATE TABLE state (x);\n"))
        patch.setattr(schema, "SCHEMA_VERSION", schema.SCHEMA_VERSION + 1)
        with pytest.raises(UserError, match="table state already exists"):
            Engine(old_file)
    assert _tables(old_file) == before
    with serve(old_file) as address:
        assert len(list(connect(address, project="demo").query(kind="Visit").fetch())) == 3


def test_a_newer_file_is_refused_also_while_its_upgrade_is_only_in_the_journal(tmp_path):
    path = tmp_path / "data.sqlite3"
    Engine(path).close()
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 999")
    with pytest.raises(UserError, match=r"newer version \(schema 999"):
        Engine(path)
    newer.close()
