"""Reads at a time that is past: what was there then, and nothing of what came since."""

from __future__ import annotations

import datetime
import random
import sqlite3
import time
from pathlib import Path

import pytest
from google.api_core import exceptions
from google.cloud import datastore
from google.cloud.datastore.query import PropertyFilter

from datastore_emulator.api.grpc_server import DatastoreServer
from datastore_emulator.engine import Engine


def now() -> datetime.datetime:
    """A time that is after every commit so far and before every later one."""
    moment = datetime.datetime.now(tz=datetime.timezone.utc)
    while datetime.datetime.now(tz=datetime.timezone.utc) <= moment:
        pass
    return moment


@pytest.fixture
def then(client, put):
    """A time at which Thing 1 and 2 had n=1 and n=2; since then 1 has changed, 2 was deleted and 3 is new."""
    one, _ = put("Thing", 1, n=1), put("Thing", 2, n=2)
    moment = now()
    one["n"] = 10
    client.put(one)
    client.delete(client.key("Thing", 2))
    put("Thing", 3, n=3)
    return moment


@pytest.fixture
def find_at(client):
    """Run a query for "Thing" at a time and return ids with their n."""

    def run(moment, *filters, order=(), **options):
        query = client.query(kind="Thing", order=order)
        for one in filters:
            query.add_filter(filter=PropertyFilter(*one))
        return [(entity.key.id, entity["n"]) for entity in query.fetch(read_time=moment, **options)]

    return run


def test_a_lookup_finds_what_was_there(client, then):
    keys = [client.key("Thing", number) for number in (1, 2, 3)]
    assert [entity["n"] for entity in client.get_multi(keys, read_time=then)] == [1, 2]
    assert [entity["n"] for entity in client.get_multi(keys)] == [10, 3]


def test_a_query_finds_what_was_there(find_at, then):
    assert find_at(then) == [(1, 1), (2, 2)]


def test_filters_and_orders_go_by_the_values_of_then(find_at, then):
    assert find_at(then, ("n", "=", 1)) == [(1, 1)]
    assert find_at(then, ("n", ">", 2)) == []
    assert find_at(then, order=["-n"]) == [(2, 2), (1, 1)]
    assert find_at(then, order=["-n"], limit=1, offset=1) == [(1, 1)]
    assert find_at(then, ("n", "IN", [2, 3, 10])) == [(2, 2)]


def test_aggregations_go_by_the_values_of_then(client, then):
    query = client.aggregation_query(client.query(kind="Thing")).count("count").sum("n", "sum")
    (results,) = query.fetch(read_time=then)
    assert {result.alias: result.value for result in results} == {"count": 2, "sum": 3}


def test_a_read_only_transaction_reads_at_its_time(client, find_at, then):
    with client.transaction(read_only=True, read_time=then):
        assert client.get(client.key("Thing", 1))["n"] == 1
        query = client.query(kind="Thing")
        assert [entity.key.id for entity in query.fetch()] == [1, 2]
        assert [entity.key.id for entity in query.fetch()] == [1, 2]


def test_versions_and_times_are_those_of_then(client, project, then):
    key = client.key("Thing", 1).to_protobuf()
    request = {"project_id": project, "keys": [key]}
    before = client._datastore_api.lookup(request={**request, "read_options": {"read_time": then}})
    after = client._datastore_api.lookup(request=request)
    assert before.read_time == then
    assert before.found[0].update_time == before.found[0].create_time < then
    assert after.found[0].create_time == before.found[0].create_time < after.found[0].update_time


def test_the_read_time_of_an_answer_gives_that_answer_again(client, project, put):
    put("Thing", 1, n=1)
    request = {"project_id": project, "keys": [client.key("Thing", 1).to_protobuf()]}
    first = client._datastore_api.lookup(request=request)
    put("Thing", 1, n=2)
    again = client._datastore_api.lookup(request={**request, "read_options": {"read_time": first.read_time}})
    assert again.found == first.found


def test_each_past_state_can_be_read(client, find_at, put):
    choice = random.Random(7)
    states, things = [], {}
    for _ in range(40):
        number = choice.randrange(1, 6)
        if things.get(number) and choice.random() < 0.3:
            client.delete(client.key("Thing", number))
            del things[number]
        else:
            things[number] = choice.randrange(100)
            put("Thing", number, n=things[number])
        states.append((now(), dict(things)))
    for moment, state in states:
        assert find_at(moment) == sorted(state.items())
        assert sorted(find_at(moment, ("n", ">=", 50))) == sorted((i, n) for i, n in state.items() if n >= 50)


@pytest.mark.parametrize(
    ("read_time", "error", "message"),
    [
        ({"seconds": 99_999_999_999}, exceptions.InvalidArgument, "cannot be in the future"),
        ({"seconds": 1}, exceptions.FailedPrecondition, "too old"),
        ({"seconds": int(time.time()) - 5, "nanos": 1}, exceptions.InvalidArgument, "microseconds precision"),
    ],
)
def test_a_time_that_cannot_be_read_is_refused(client, project, read_time, error, message):
    with pytest.raises(error, match=message):
        client._datastore_api.lookup(request={"project_id": project, "read_options": {"read_time": read_time}})
    options = {"read_only": {"read_time": read_time}}
    with pytest.raises(error, match=message):
        client._datastore_api.begin_transaction(request={"project_id": project, "transaction_options": options})


@pytest.mark.parametrize(("kept", "amount"), [("KEPT_MICROSECONDS", 1), ("KEPT_BYTES", 500_000)])
def test_history_that_is_too_old_or_too_large_is_removed(connect, tmp_path, monkeypatch, kept, amount):
    path = tmp_path / "data.db"
    monkeypatch.setattr(f"datastore_emulator.storage.history.{kept}", amount)
    with Engine(path) as engine:
        server = DatastoreServer(engine)
        server.start()
        client = connect(server.address)
        entity = datastore.Entity(client.key("Thing", 1), exclude_from_indexes=("data",))
        for number in range(50):
            entity["data"] = bytes([number]) * 100_000
            client.put(entity)
            if number == 5:
                early = now()
            if number == 48:
                late = now()
        with pytest.raises(exceptions.FailedPrecondition, match="too old"):
            client.get(entity.key, read_time=early)
        if kept == "KEPT_BYTES":
            assert client.get(entity.key, read_time=late)["data"][0] == 48
        server.stop()
    assert path.stat().st_size < 2_000_000


def test_a_file_from_before_there_was_a_history_can_be_read_since_its_last_commit(connect, tmp_path):
    path = tmp_path / "data.db"
    commit = now()
    with sqlite3.connect(path) as connection:
        connection.executescript((Path(__file__).parent / "schema-1.sql").read_text())
        connection.execute("UPDATE state SET version = ?", (round(commit.timestamp() * 1_000_000),))
    connection.close()
    with Engine(path) as engine:
        server = DatastoreServer(engine)
        server.start()
        client = connect(server.address, project="demo")
        key = client.key("Visit", 2)
        assert client.get(key, read_time=now()) is not None
        with pytest.raises(exceptions.FailedPrecondition, match="too old"):
            client.get(key, read_time=commit - datetime.timedelta(seconds=1))
        server.stop()
