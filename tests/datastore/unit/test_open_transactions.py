"""Open transactions without a server: identifiers, ages, and how many there may be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from datastore_emulator import messages as m
from datastore_emulator.errors import DatastoreError
from datastore_emulator.storage.database import Storage
from datastore_emulator.transactions import Transactions
from tests.datastore.clock import ManualClock

READ_WRITE = m.TransactionOptions(read_write={})
READ_ONLY = m.TransactionOptions(read_only={})
EXPIRED = "has expired or is no longer valid"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def storage() -> Iterator[Storage]:
    storage = Storage(":memory:")
    yield storage
    storage.close()


@pytest.fixture
def transactions(storage: Storage, clock: ManualClock) -> Transactions:
    return Transactions(storage, clock)


def begin(transactions: Transactions) -> bytes:
    return transactions.begin("demo", "", READ_WRITE)


def read(transactions: Transactions, identifier: bytes) -> None:
    with transactions.reading("demo", "", identifier):
        pass


def test_transaction_may_idle_for_a_minute(transactions, clock):
    identifier = begin(transactions)
    for _ in range(4):
        clock.now += 60
        read(transactions, identifier)
    clock.now += 60.5
    with pytest.raises(DatastoreError, match=EXPIRED):
        read(transactions, identifier)


def test_transaction_in_use_lives_for_270_seconds(transactions, clock):
    identifier = begin(transactions)
    for _ in range(9):
        clock.now += 30
        read(transactions, identifier)
    clock.now += 0.5
    with pytest.raises(DatastoreError, match=EXPIRED):
        read(transactions, identifier)


def test_history_is_needed_from_the_first_read_to_the_end(transactions, storage, clock):
    identifier = begin(transactions)
    assert transactions.oldest_needed() is None
    read(transactions, identifier)
    with storage.snapshot() as snapshot:
        assert transactions.oldest_needed() == snapshot.version
    transactions.rollback("demo", "", identifier)
    assert transactions.oldest_needed() is None


def test_abandoned_transaction_needs_no_history_after_its_age(transactions, clock):
    identifier = begin(transactions)
    read(transactions, identifier)
    clock.now += 61
    transactions.expire()
    assert transactions.oldest_needed() is None
    with pytest.raises(DatastoreError, match=EXPIRED):
        read(transactions, identifier)


def test_transaction_in_use_is_not_ended_by_another_call(transactions, clock):
    identifier = begin(transactions)
    with transactions.reading("demo", "", identifier):
        clock.now += 61
        transactions.expire()
        assert transactions.oldest_needed() is not None
    clock.now += 1
    transactions.expire()
    assert transactions.oldest_needed() is None


@pytest.mark.parametrize(
    ("project", "database", "change", "message"),
    [
        ("other", "", bytes, "is of another project or database"),
        ("demo", "other", bytes, "is of another project or database"),
        ("demo", "", lambda identifier: identifier[:-1], "Invalid transaction."),
        ("demo", "", lambda identifier: b"x" + identifier[1:], "Invalid transaction."),
        ("demo", "", lambda identifier: identifier[:-1] + bytes([identifier[-1] ^ 1]), EXPIRED),
    ],
)
def test_identifier_of_no_open_transaction_is_refused(transactions, project, database, change, message):
    identifier = begin(transactions)
    with pytest.raises(DatastoreError, match=message), transactions.reading(project, database, change(identifier)):
        pass


def test_ended_transaction_is_refused_and_may_be_rolled_back_again(transactions):
    identifier = begin(transactions)
    with transactions.ending("demo", "", identifier):
        pass
    with pytest.raises(DatastoreError, match=EXPIRED), transactions.ending("demo", "", identifier):
        pass
    transactions.rollback("demo", "", identifier)
    with pytest.raises(DatastoreError, match="Invalid transaction"):
        transactions.rollback("demo", "", b"")


def test_longest_idle_transaction_is_aborted_for_want_of_room(transactions, clock, monkeypatch):
    monkeypatch.setattr("datastore_emulator.transactions._MAX_READING", 2)
    first, second, third = (begin(transactions) for _ in range(3))
    for identifier in (first, second, first):
        clock.now += 1
        read(transactions, identifier)
    clock.now += 1
    read(transactions, third)
    with pytest.raises(DatastoreError, match="ABORTED"), transactions.ending("demo", "", second):
        pass
    read(transactions, first)
    read(transactions, third)


def test_write_waits_for_readers_of_its_entities_alone(transactions, monkeypatch):
    monkeypatch.setattr("datastore_emulator.transactions.LOCK_SECONDS", 0.0)
    target, other = (("demo", "", ""), b"one"), (("demo", "", ""), b"other")
    identifier = begin(transactions)
    with transactions.reading("demo", "", identifier) as (transaction, _):
        transaction.lookups[target] = 1
    transactions.wait_for_readers({other})
    with pytest.raises(DatastoreError, match="ABORTED"):
        transactions.wait_for_readers({other, target})
    transactions.rollback("demo", "", identifier)
    transactions.wait_for_readers({target})


def test_write_does_not_wait_for_readers_that_cannot_write_or_are_too_old(transactions, clock, monkeypatch):
    monkeypatch.setattr("datastore_emulator.transactions.LOCK_SECONDS", 0.0)
    target = (("demo", "", ""), b"one")
    identifier = transactions.begin("demo", "", READ_ONLY)
    with transactions.reading("demo", "", identifier) as (transaction, _):
        transaction.lookups[target] = 1
    transactions.wait_for_readers({target})
    with transactions.reading("demo", "", begin(transactions)) as (transaction, _):
        transaction.lookups[target] = 1
    clock.now += 61
    transactions.wait_for_readers({target})


def test_no_more_than_a_few_writes_wait_at_once(storage, clock, monkeypatch):
    monkeypatch.setattr("datastore_emulator.transactions._MAX_WAITING", 0)
    monkeypatch.setattr("datastore_emulator.transactions.LOCK_SECONDS", 300.0)
    transactions = Transactions(storage, clock)
    target = (("demo", "", ""), b"one")
    with transactions.reading("demo", "", begin(transactions)) as (transaction, _):
        transaction.lookups[target] = 1
    with pytest.raises(DatastoreError, match="ABORTED"):
        transactions.wait_for_readers({target})
