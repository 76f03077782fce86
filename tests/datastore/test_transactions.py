"""Transactions: isolated from one another, and retried by the clients when they collide."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.api_core import exceptions
from google.cloud import datastore, ndb

from datastore_emulator.api.grpc_server import DatastoreServer
from datastore_emulator.engine import Engine
from tests.datastore.clock import ManualClock


class Counter(ndb.Model):
    count = ndb.IntegerProperty(default=0)


def test_nothing_is_written_before_the_commit(client, connect):
    key = client.key("Thing", 1)
    with client.transaction() as transaction:
        transaction.put(datastore.Entity(key))
        assert connect().get(key) is None
    assert client.get(key) is not None


def test_nothing_is_written_after_a_rollback(client):
    transaction = client.transaction()
    transaction.begin()
    transaction.put(datastore.Entity(client.key("Thing", 1)))
    transaction.rollback()
    assert client.get(client.key("Thing", 1)) is None


def test_a_transaction_sees_one_state_of_the_database(client, connect, put):
    one, two = put("Thing", 1, n=1), put("Thing", 2, n=1)
    other = connect()
    with client.transaction(read_only=True):
        client.get(one.key)
        for entity in (one, two):
            entity["n"] = 2
        other.put_multi([one, two])
        assert client.get(two.key)["n"] == 1


def test_queries_in_a_transaction_see_the_same_state(client, connect, put):
    thing = put("Thing", 1, n=1)
    other = connect()
    with client.transaction(read_only=True):
        client.get(thing.key)
        other.put(datastore.Entity(other.key("Thing", 2)))
        assert len(list(client.query(kind="Thing").fetch())) == 1


def _collide(client: datastore.Client, read: Callable[[], object], other: datastore.Client, *written: object) -> None:
    """Read in a transaction, let another client's transaction write, and commit a write to something else."""
    with client.transaction() as transaction:
        read()
        with other.transaction():
            other.put_multi(written)
        transaction.put(datastore.Entity(client.key("Elsewhere", 1)))


def test_an_entity_changed_since_it_was_read_aborts_the_commit(client, connect, put):
    thing = put("Thing", 1, n=1)
    thing["n"] = 2
    with pytest.raises(exceptions.Aborted):
        _collide(client, lambda: client.get(thing.key), connect(), thing)


def test_an_entity_created_where_none_was_found_aborts_the_commit(client, connect):
    key = client.key("Thing", 1)
    with pytest.raises(exceptions.Aborted):
        _collide(client, lambda: client.get(key), connect(), datastore.Entity(key))


def test_a_query_that_would_find_more_aborts_the_commit(client, connect):
    def read() -> None:
        list(client.query(kind="Thing").fetch())

    with pytest.raises(exceptions.Aborted):
        _collide(client, read, connect(), datastore.Entity(client.key("Thing", 1)))


def test_an_aborted_commit_writes_nothing(client, connect):
    key = client.key("Thing", 1)
    with pytest.raises(exceptions.Aborted):
        _collide(client, lambda: client.get(key), connect(), datastore.Entity(key))
    assert client.get(client.key("Elsewhere", 1)) is None


def test_a_change_to_something_else_does_not_abort_the_commit(client, connect, put):
    thing = put("Thing", 1, n=1)

    def read() -> None:
        client.get(thing.key)
        list(client.query(kind="Thing").fetch())

    _collide(client, read, connect(), datastore.Entity(client.key("Other", 1)))
    assert client.get(client.key("Elsewhere", 1)) is not None


def test_a_write_without_a_read_is_never_aborted(client, connect):
    key = client.key("Thing", 1)
    _collide(client, lambda: None, connect(), datastore.Entity(key))


def test_a_transaction_that_wrote_nothing_is_never_aborted(client, connect, put):
    thing = put("Thing", 1, n=1)
    with client.transaction():
        client.get(thing.key)
        thing["n"] = 2
        other = connect()
        with other.transaction():
            other.put(thing)


def test_write_outside_a_transaction_is_aborted_if_one_has_read_the_entity(client, connect, put):
    thing = put("Thing", 1, n=1)
    other = connect()
    with client.transaction() as transaction:
        found = client.get(thing.key)
        thing["n"] = 2
        with pytest.raises(exceptions.Aborted):
            other.put(thing)
        found["n"] = 3
        transaction.put(found)
    assert client.get(thing.key)["n"] == 3
    other.put(thing)
    assert client.get(thing.key)["n"] == 2


def test_a_write_outside_any_transaction_waits_for_one_that_ends(client, connect, put):
    thing = put("Thing", 1, n=1)
    with ThreadPoolExecutor(1) as pool:
        with client.transaction() as transaction:
            found = client.get(thing.key)
            thing["n"] = 2
            waiting = pool.submit(connect().put, thing)
            found["n"] = 3
            transaction.put(found)
        waiting.result()
    assert client.get(thing.key)["n"] == 2


def test_all_increments_of_many_threads_count(ndb_client):
    def increment() -> None:
        counter = Counter.get_by_id("all") or Counter(id="all")
        counter.count += 1
        counter.put()

    def work() -> None:
        for _ in range(5):
            with ndb_client.context():
                ndb.transaction(increment, retries=50)

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(work) for _ in range(4)]:
            future.result()
    with ndb_client.context():
        assert Counter.get_by_id("all").count == 20


def test_a_reader_never_sees_half_a_commit(client, connect):
    keys = [client.key("Half", number) for number in (1, 2)]
    done = threading.Event()

    def write() -> None:
        writer = connect()
        for n in range(40):
            entities = [datastore.Entity(key) for key in keys]
            for entity in entities:
                entity["n"] = n
            with writer.transaction() as transaction:
                for entity in entities:
                    transaction.put(entity)
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    seen = []
    while not done.is_set():
        seen.append({entity["n"] for entity in client.get_multi(keys)})
        seen.append({entity["n"] for entity in client.query(kind="Half").fetch()})
    thread.join()
    assert max(map(len, seen)) == 1


def test_a_read_can_begin_the_transaction(client, put):
    thing = put("Thing", 1, n=1)
    with client.transaction(begin_later=True) as transaction:
        found = client.get(thing.key)
        found["n"] += 1
        transaction.put(found)
    assert client.get(thing.key)["n"] == 2


def test_a_read_only_transaction_cannot_write(client, project):
    api = client._datastore_api
    begun = api.begin_transaction(request={"project_id": project, "transaction_options": {"read_only": {}}})
    mutation = {"delete": client.key("Thing", 1).to_protobuf()}
    with pytest.raises(exceptions.InvalidArgument, match="read-only transaction"):
        api.commit(
            request={
                "project_id": project,
                "mode": "TRANSACTIONAL",
                "transaction": begun.transaction,
                "mutations": [mutation],
            }
        )


def test_a_transaction_is_over_after_its_commit(client):
    with client.transaction() as transaction:
        identifier = transaction.id
    with pytest.raises(exceptions.InvalidArgument, match="expired or is no longer valid"):
        client._datastore_api.lookup(
            request={"project_id": client.project, "read_options": {"transaction": identifier}}
        )


def test_unknown_transaction_identifier_is_refused(client):
    with pytest.raises(exceptions.InvalidArgument, match="Invalid transaction"):
        client._datastore_api.rollback(request={"project_id": client.project, "transaction": b"?"})


def test_a_failed_commit_can_be_rolled_back(client):
    # Both clients do so before they try again.
    transaction = client.transaction()
    transaction.begin()
    identifier = transaction.id
    transaction.commit()
    client._datastore_api.rollback(request={"project_id": client.project, "transaction": identifier})


@pytest.fixture
def clocked_client(clock: ManualClock, connect: Callable[..., datastore.Client]) -> Iterator[datastore.Client]:
    """A client of a Datastore whose transactions expire by `clock`."""
    with Engine(clock=clock) as engine:
        server = DatastoreServer(engine)
        server.start()
        yield connect(server.address)
        server.stop()


@pytest.mark.parametrize(("step", "steps"), [(61, 1), (50, 6)])
def test_a_transaction_expires_when_idle_or_old(clocked_client, clock, step, steps):
    key = clocked_client.key("Thing", 1)
    transaction = clocked_client.transaction()
    transaction.begin()
    for _ in range(steps):
        clocked_client.get(key, transaction=transaction)
        clock.now += step
    with pytest.raises(exceptions.InvalidArgument, match="expired"):
        clocked_client.get(key, transaction=transaction)


def test_a_transaction_in_use_does_not_expire(clocked_client, clock):
    key = clocked_client.key("Thing", 1)
    with clocked_client.transaction():
        for _ in range(5):
            clocked_client.get(key)
            clock.now += 50


def test_too_many_open_transactions_abort_the_longest_idle(clocked_client, clock):
    api, project = clocked_client._datastore_api, clocked_client.project
    begun = []
    for _ in range(101):
        clock.now += 0.1
        options = {"new_transaction": {}}
        begun.append(api.lookup(request={"project_id": project, "read_options": options}).transaction)
    with pytest.raises(exceptions.Aborted):
        api.lookup(request={"project_id": project, "read_options": {"transaction": begun[0]}})
    api.lookup(request={"project_id": project, "read_options": {"transaction": begun[1]}})
