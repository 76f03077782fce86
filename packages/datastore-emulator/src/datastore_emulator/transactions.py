"""Open transactions, and what each has read, so that its commit can check that nothing of it has changed.

Concurrency is optimistic. A transaction reads one state of the database, that of its first read, and nothing is
locked. Its commit repeats all reads, and is ABORTED if one has another result. A read-only transaction, or one that
writes nothing, never fails.

Between its reads a transaction keeps no snapshot open, because SQLite's log cannot be emptied while a snapshot is open.
It reads what others have changed since its first read from the history, which is kept as long as it needs it.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field

from datastore_emulator import messages as m
from datastore_emulator.encoding.keys import Partition
from datastore_emulator.errors import DatastoreError, conflict, invalid
from datastore_emulator.query import QueryRequest
from datastore_emulator.storage import Snapshot, Storage, history

# https://cloud.google.com/datastore/docs/concepts/transactions: idle for a minute, or 270 seconds in all.
IDLE_SECONDS = 60
LIFETIME_SECONDS = 270
# How long a write outside any transaction waits for those that have read what it writes.
LOCK_SECONDS = 2.0
_MAX_WAITING = 12
_SWEEP_SECONDS = 1
# Each that has read keeps its reads in memory, and some a connection. Beyond this, the one longest idle is aborted.
_MAX_READING = 100

_ID_PREFIX = b"txn\0"
_ID_BYTES = 16


@dataclass(slots=True, eq=False)
class Transaction:
    """One transaction. Hold its lock to use it."""

    project: str
    database: str
    read_only: bool
    begun: float
    used: float
    past: int | None = None
    """The time it reads at, in microseconds since 1970; None for the time of its first read."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    over: threading.Event = field(default_factory=threading.Event)
    """Set once it has ended and its commit, if there was one, is done."""
    read_version: int | None = None
    """The newest commit at its first read."""
    read_time: int = 0
    """The time of its snapshot, in microseconds since 1970."""
    connection: sqlite3.Connection | None = None
    """A connection with temporary tables of what has changed since the first read, once it has read any of that."""
    ended: DatastoreError | None = None
    """The error for further calls, once it has ended."""
    lookups: dict[tuple[Partition, bytes], int] = field(default_factory=dict)
    """The version found for each key read, 0 for none."""
    queries: list[tuple[QueryRequest, object]] = field(default_factory=list)
    """Each query that was run, with the fingerprint of its results."""


class Transactions:
    """The open transactions, by identifier; thread-safe. `clock` returns seconds that never go back."""

    def __init__(self, storage: Storage, clock: Callable[[], float]) -> None:
        self._storage = storage
        self._clock = clock
        # Reentrant: _end() is called with it and without.
        self._lock = threading.RLock()
        self._open: dict[bytes, Transaction] = {}
        self._ending: set[Transaction] = set()
        # Transactions that have read, and the time from which each needs the history.
        self._needed: dict[Transaction, int] = {}
        self._waiting = threading.Semaphore(_MAX_WAITING)
        self._next_sweep = clock()

    def begin(self, project: str, database: str, options: m.TransactionOptions) -> bytes:
        """Open a transaction and return its identifier; a retry's previous_transaction is not needed."""
        if not project:
            raise invalid("missing project id in header")
        read_only = options.WhichOneof("mode") == "read_only"
        past = None
        if read_only and options.read_only.HasField("read_time"):
            past = history.check_read_time(options.read_only.read_time)
        now = self._clock()
        identifier = _ID_PREFIX + secrets.token_bytes(_ID_BYTES - len(_ID_PREFIX))
        self.expire()
        with self._lock:
            self._open[identifier] = Transaction(project, database, read_only, now, now, past)
        return identifier

    @contextlib.contextmanager
    def reading(self, project: str, database: str, identifier: bytes) -> Iterator[tuple[Transaction, Snapshot]]:
        """Hold the transaction for the length of a `with` block; yield it and its snapshot."""
        transaction = self._find(project, database, identifier)
        with transaction.lock:
            if transaction.ended:
                raise transaction.ended
            transaction.used = self._clock()
            snapshot = self._open_snapshot(transaction)
            try:
                yield transaction, snapshot
            except BaseException:
                # Its temporary tables may be incomplete.
                self._storage.drop_connection(snapshot.connection)
                raise
            transaction.connection = self._storage.keep_connection(snapshot)

    def _open_snapshot(self, transaction: Transaction) -> Snapshot:
        """Return a snapshot as of the transaction's first read, which may be this one."""
        past = transaction.past
        first = transaction.read_version is None
        if first:
            self._make_room()
            with self._lock:
                # All of the history, until the snapshot's version is known.
                self._needed[transaction] = 0
        connection, transaction.connection = transaction.connection, None
        snapshot = self._storage.open_snapshot(past if first else None, connection)
        if first:
            transaction.read_version, transaction.read_time = snapshot.version, snapshot.time
            with self._lock:
                self._needed[transaction] = snapshot.version if past is None else past
            return snapshot
        assert transaction.read_version is not None
        if past is None and snapshot.version != transaction.read_version:
            past = transaction.read_version
        return snapshot._replace(version=transaction.read_version, time=transaction.read_time, past=past)

    def oldest_needed(self) -> int | None:
        """Return the earliest time from which an open transaction needs the history, None if none does."""
        with self._lock:
            return min(self._needed.values(), default=None)

    @contextlib.contextmanager
    def ending(self, project: str, database: str, identifier: bytes) -> Iterator[Transaction]:
        """Take the transaction out of the open ones for its commit, and yield it.

        Writes outside any transaction wait until the `with` block ends.
        """
        transaction = self._find(project, database, identifier)
        with self._lock:
            self._open.pop(identifier, None)
            self._ending.add(transaction)
        try:
            with transaction.lock:
                if transaction.ended:
                    raise transaction.ended
                self._end(transaction, _expired())
            yield transaction
        finally:
            with self._lock:
                self._ending.discard(transaction)
            transaction.over.set()

    def rollback(self, project: str, database: str, identifier: bytes) -> None:
        """End the transaction. One that has ended already is no error, since clients roll back failed commits."""
        _check_identifier(identifier)
        with self._lock:
            known = identifier in self._open
        if known:
            with contextlib.suppress(DatastoreError), self.ending(project, database, identifier):
                pass

    def wait_for_readers(self, targets: Set[tuple[Partition, bytes]]) -> None:
        """Wait for the open transactions that have looked up one of the keys; ABORTED if that takes too long.

        A write outside any transaction waits for those that have read before it, as if they held locks on what they
        have read (https://cloud.google.com/datastore/docs/concepts/transactions#concurrency_modes). It does not wait
        for those that read later. Between transactions the first commit wins.
        """
        readers = self._readers(targets)
        if not readers:
            return
        deadline = time.monotonic() + LOCK_SECONDS
        # Each waiter occupies a thread of the server. A limit leaves threads for the commits that they wait for.
        if not self._waiting.acquire(blocking=False):
            raise conflict()
        try:
            for transaction in readers:
                if not transaction.over.wait(max(0.0, deadline - time.monotonic())):
                    raise conflict()
        finally:
            self._waiting.release()

    def _readers(self, targets: Set[tuple[Partition, bytes]]) -> list[Transaction]:
        now = self._clock()
        with self._lock:
            return [
                transaction
                for transaction in (*self._open.values(), *self._ending)
                if not transaction.read_only
                and not transaction.over.is_set()
                and not _is_old(transaction, now)
                and any(target in transaction.lookups for target in targets)
            ]

    def expire(self) -> None:
        """End abandoned transactions, at most once a second.

        Each write calls this: the file keeps the history that an abandoned transaction needs, and grows.
        """
        now = self._clock()
        with self._lock:
            if now < self._next_sweep:
                return
            self._next_sweep = now + _SWEEP_SECONDS
            for identifier, transaction in list(self._open.items()):
                # One that is in use ends in a later call.
                if _is_old(transaction, now) and self._end_unless_in_use(transaction, _expired()):
                    del self._open[identifier]

    def _find(self, project: str, database: str, identifier: bytes) -> Transaction:
        _check_identifier(identifier)
        self.expire()
        with self._lock:
            transaction = self._open.get(identifier)
        if transaction is None or _is_old(transaction, self._clock()):
            raise _expired()
        if (transaction.project, transaction.database) != (project, database):
            raise invalid("The referenced transaction is of another project or database.")
        return transaction

    def _make_room(self) -> None:
        with self._lock:
            if len(self._needed) < _MAX_READING:
                return
            for transaction in sorted(self._needed, key=lambda transaction: transaction.used):
                if self._end_unless_in_use(transaction, conflict()):
                    return

    def _end_unless_in_use(self, transaction: Transaction, reason: DatastoreError) -> bool:
        """End the transaction unless a call holds its lock, and return whether it has ended."""
        if not transaction.lock.acquire(blocking=False):
            return False
        self._end(transaction, reason)
        transaction.over.set()
        transaction.lock.release()
        return True

    def _end(self, transaction: Transaction, reason: DatastoreError) -> None:
        transaction.ended = reason
        with self._lock:
            self._needed.pop(transaction, None)
        if transaction.connection:
            self._storage.drop_connection(transaction.connection)
            transaction.connection = None


def _is_old(transaction: Transaction, now: float) -> bool:
    return now - transaction.used > IDLE_SECONDS or now - transaction.begun > LIFETIME_SECONDS


def _expired() -> DatastoreError:
    return invalid("The referenced transaction has expired or is no longer valid.")


def _check_identifier(identifier: bytes) -> None:
    if len(identifier) != _ID_BYTES or not identifier.startswith(_ID_PREFIX):
        raise invalid("Invalid transaction.")
