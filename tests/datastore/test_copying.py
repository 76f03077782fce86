"""A copy of the file, also while the file is in use."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys

import pytest

from datastore_emulator import messages as m
from datastore_emulator.engine import Engine
from datastore_emulator.errors import UserError
from datastore_emulator.storage import copy_data
from tests.datastore.test_storage import WRITER


def count(path):
    with Engine(path) as engine:
        request = m.RunAggregationQueryRequest(project_id="demo")
        request.aggregation_query.nested_query.kind.add(name="Thing")
        request.aggregation_query.aggregations.add(alias="n").count.SetInParent()
        response = engine.run_aggregation_query(request)
        return response.batch.aggregation_results[0].aggregate_properties["n"].integer_value


def test_copy_of_a_file_that_a_process_writes_to_has_what_was_acknowledged(tmp_path):
    source = tmp_path / "data.db"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(source), "demo"], stdout=subprocess.PIPE, text=True)
    try:
        acknowledged = [int(writer.stdout.readline()) for _ in range(200)][-1]
        copy_data(source, tmp_path / "copy.db")
        assert count(tmp_path / "copy.db") >= acknowledged
        assert int(writer.stdout.readline()) == acknowledged + 1
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()


def test_copy_is_left_alone_by_later_writes(tmp_path):
    with Engine(tmp_path / "data.db") as engine:
        copy_data(tmp_path / "data.db", tmp_path / "copy.db")
        entity = m.Entity()
        entity.key.path.add(kind="Thing", id=1)
        request = m.CommitRequest(project_id="demo", mode=m.CommitRequest.NON_TRANSACTIONAL)
        request.mutations.add(upsert=entity)
        engine.commit(request)
    assert (count(tmp_path / "copy.db"), count(tmp_path / "data.db")) == (0, 1)


def test_copy_of_an_empty_file_is_empty(tmp_path):
    (tmp_path / "data.db").touch()
    copy_data(tmp_path / "data.db", tmp_path / "copy.db")
    assert count(tmp_path / "copy.db") == 0


def foreign(path):
    """Another program's file as a crash leaves it: SQLite would write to it what is in the log."""
    original = path.with_name("theirs.db")
    connection = sqlite3.connect(original)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE theirs (x)")
    for suffix in ("", "-wal"):
        shutil.copy(f"{original}{suffix}", f"{path}{suffix}")
    connection.close()


def newer(path):
    Engine(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.commit()
    connection.close()


def damaged(path):
    Engine(path).close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.truncate()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "no file of this name"),
        (lambda path: path.mkdir(), "no file of this name"),
        (lambda path: path.write_text("Dear diary"), "not a Datastore file"),
        (foreign, "not a Datastore file"),
        (newer, "written by a newer version"),
        (damaged, "malformed"),
    ],
    ids=["missing", "directory", "text", "other program's", "newer", "damaged"],
)
def test_file_that_is_no_datastore_is_not_copied_and_left_as_it_is(tmp_path, make, message):
    path = tmp_path / "data.db"
    make(path)
    before = (os.listdir(tmp_path), path.read_bytes() if path.is_file() else b"")
    with pytest.raises(UserError, match=message) as caught:
        copy_data(path, tmp_path / "copy.db")
    assert "\n" not in str(caught.value)
    assert (os.listdir(tmp_path), path.read_bytes() if path.is_file() else b"") == before


def test_copy_replaces_no_file(tmp_path):
    Engine(tmp_path / "data.db").close()
    (tmp_path / "copy.db").write_text("mine")
    with pytest.raises(UserError, match=r"copy\.db: cannot write the copy: File exists"):
        copy_data(tmp_path / "data.db", tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "mine"
