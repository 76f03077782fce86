"""Answer the RPCs of google.datastore.v1.Datastore from one SQLite file."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from datastore_emulator import messages as m
from datastore_emulator import mutations
from datastore_emulator.encoding import keys, masks
from datastore_emulator.encoding.damage import DECODE_ERRORS, damaged_entity
from datastore_emulator.encoding.results import REPLY_BYTES, fill_result
from datastore_emulator.errors import DatastoreError, conflict, invalid
from datastore_emulator.query import (
    QueryRequest,
    Response,
    answer_query,
    fingerprint,
    read_aggregation_query,
    read_query,
    repeat_query,
)
from datastore_emulator.storage import Snapshot, Storage, Writer, Written, file_errors, history, read_state
from datastore_emulator.transactions import Transaction, Transactions

# https://cloud.google.com/datastore/docs/concepts/limits
_MAX_LOOKUP_KEYS = 1000


class _Reading(NamedTuple):
    """The snapshot of a read, the transaction that notes it, and the identifier of a transaction begun for it."""

    snapshot: Snapshot
    transaction: Transaction | None
    begun: bytes


class Engine:
    """A Datastore in the SQLite file at `path`, which is created if it does not exist; ":memory:" keeps nothing.

    Thread-safe. The methods are the service's RPCs on raw messages and raise DatastoreError. A file that cannot be
    used raises UserError. `clock` returns the seconds by which transactions expire.
    """

    def __init__(
        self, path: str | os.PathLike[str] = ":memory:", *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._storage = Storage(path)
        self._transactions = Transactions(self._storage, clock)
        self._observers: list[Callable[[Sequence[Written]], None]] = []

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._storage.close()

    def observe(self, observer: Callable[[Sequence[Written]], None]) -> None:
        """Call `observer` with what each commit has written, before the commit is answered.

        Two commits may be reported at the same time, and the later one first. A reset is not reported.
        """
        self._observers.append(observer)

    def shift_ids(self, blocks: int) -> None:
        """Allocate other ids than another store does for the same commits; their order is the same."""
        self._storage.id_shift = blocks

    def reset(self, project_id: str) -> None:
        """Remove all entities of the project, in every database and namespace, for example between tests.

        The history goes too: reads in the past and open transactions that have read anything fail, in all projects.
        """
        with self._writing() as writer:
            writer.clear(project_id)

    def reset_all(self) -> None:
        """Remove all entities of all projects, as `reset` does for one."""
        with self._writing() as writer:
            for (project,) in writer.connection.execute("SELECT DISTINCT project FROM partitions").fetchall():
                writer.clear(project)

    def stored_kinds(self) -> list[tuple[str, str, str, str]]:
        """Return the project, database, namespace and kind of all entities that are stored, each once."""
        with file_errors(), self._storage.snapshot() as snapshot:
            return snapshot.connection.execute(
                "SELECT p.project, p.database, p.namespace, k.name"
                " FROM kinds AS k JOIN partitions AS p ON p.id = k.partition"
                " WHERE EXISTS (SELECT 1 FROM entities WHERE kind = k.id) ORDER BY 1, 2, 3, 4"
            ).fetchall()

    def lookup(self, request: m.LookupRequest) -> m.LookupResponse:
        """Find entities by key; those that do not fit in one reply are `deferred`, and the client asks again."""
        project, database = request.project_id, request.database_id
        wanted = masks.parse_paths(request.property_mask.paths) if request.HasField("property_mask") else None
        if len(request.keys) > _MAX_LOOKUP_KEYS:
            raise invalid(f"cannot get more than {_MAX_LOOKUP_KEYS} keys in a single call")
        targets = []
        for key in request.keys:
            partition = keys.read_partition(project, database, key.partition_id)
            targets.append((key, partition, keys.encode_path(key)))
        response = m.LookupResponse()
        with self._reading(project, database, request.read_options) as (snapshot, transaction, begun):
            response.transaction = begun
            response.read_time.FromMicroseconds(snapshot.time)
            room = REPLY_BYTES
            for key, partition, path in targets:
                row = self._find(snapshot, partition, path)
                if row and response.found and room < len(row[2]):
                    response.deferred.append(key)
                    continue
                if transaction:
                    transaction.lookups[partition, path] = row[0] if row else 0
                if row:
                    room -= len(row[2])
                    result = response.found.add()
                    try:
                        fill_result(result, *row)
                    except DECODE_ERRORS as error:
                        raise damaged_entity(path) from error
                    if wanted is not None:
                        masks.cut(result.entity, wanted)
                else:
                    result = response.missing.add(version=snapshot.version)
                    result.entity.key.CopyFrom(key)
                    keys.fill_partition(result.entity.key.partition_id, partition)
        return response

    def run_query(self, request: m.RunQueryRequest) -> m.RunQueryResponse:
        """Run a query, as far as one reply holds its results, or explain it."""
        response = m.RunQueryResponse()
        self._answer(read_query(request, response), request.read_options, response)
        return response

    def run_aggregation_query(self, request: m.RunAggregationQueryRequest) -> m.RunAggregationQueryResponse:
        """Count, sum and average over the results of a query, or explain that."""
        response = m.RunAggregationQueryResponse()
        self._answer(read_aggregation_query(request, response), request.read_options, response)
        return response

    def _answer(self, request: QueryRequest, options: m.ReadOptions, response: Response) -> None:
        partition = request.query.partition
        with self._reading(partition.project, partition.database, options) as (snapshot, transaction, begun):
            response.transaction = begun
            answer_query(self._storage, snapshot, request, response)
            if transaction and request.has_results:
                transaction.queries.append((request, fingerprint(response)))

    def begin_transaction(self, request: m.BeginTransactionRequest) -> m.BeginTransactionResponse:
        """Open a read-write or read-only transaction."""
        identifier = self._transactions.begin(request.project_id, request.database_id, request.transaction_options)
        return m.BeginTransactionResponse(transaction=identifier)

    def rollback(self, request: m.RollbackRequest) -> m.RollbackResponse:
        """End a transaction without effect."""
        self._transactions.rollback(request.project_id, request.database_id, request.transaction)
        return m.RollbackResponse()

    def commit(self, request: m.CommitRequest) -> m.CommitResponse:
        """Apply mutations, all or none; ABORTED if something that the transaction has read has changed since."""
        project, database = request.project_id, request.database_id
        if not project:
            raise invalid("missing project id in header")
        selector = request.WhichOneof("transaction_selector")
        transactional = request.mode != m.CommitRequest.NON_TRANSACTIONAL
        if not transactional and selector:
            raise invalid("non-transaction commit cannot specify a transaction")
        if transactional and not selector:
            raise invalid("transactional commit requires a transaction")
        changes = mutations.read_mutations(project, database, request.mutations, transactional=transactional)
        if selector == "transaction":
            with self._transactions.ending(project, database, request.transaction) as transaction:
                return self._apply(changes, transaction, timed=True)
        if selector and request.single_use_transaction.WhichOneof("mode") == "read_only":
            raise invalid("Cannot modify entities in a read-only transaction.")
        self._transactions.wait_for_readers({(change.partition, change.path) for change in changes})
        return self._apply(changes, None, timed=transactional)

    def _apply(
        self, changes: list[mutations.Change], transaction: Transaction | None, *, timed: bool
    ) -> m.CommitResponse:
        response = m.CommitResponse()
        if not changes:
            response.commit_time.GetCurrentTime()
            return response
        if transaction and transaction.read_only:
            raise invalid("Cannot modify entities in a read-only transaction.")
        with self._writing() as writer:
            if transaction:
                self._check_unchanged(transaction, writer.connection)
            for change in changes:
                mutations.apply(change, writer, response.mutation_results.add())
            response.index_updates = writer.index_updates
            if timed:
                response.commit_time.FromMicroseconds(writer.version)
        return response

    def allocate_ids(self, request: m.AllocateIdsRequest) -> m.AllocateIdsResponse:
        """Complete each of the keys with a new id."""
        project, database = request.project_id, request.database_id
        targets = []
        for key in request.keys:
            partition = keys.read_partition(project, database, key.partition_id)
            keys.refuse_complete(key)
            targets.append((key, partition, keys.encode_path(key, complete=False, written=True)))
        response = m.AllocateIdsResponse()
        with self._writing() as writer:
            for key, partition, path in targets:
                completed = response.keys.add()
                completed.CopyFrom(key)
                keys.fill_partition(completed.partition_id, partition)
                completed.path[-1].id = writer.allocate(partition, path)
        return response

    def reserve_ids(self, request: m.ReserveIdsRequest) -> m.ReserveIdsResponse:
        """Reserve the keys' ids, so that they are never allocated."""
        project, database = request.project_id, request.database_id
        targets = [
            (keys.read_partition(project, database, key.partition_id), keys.encode_path(key, written=True))
            for key in request.keys
        ]
        with self._writing() as writer:
            for partition, path in targets:
                writer.reserve(partition, path)
        return m.ReserveIdsResponse()

    @contextlib.contextmanager
    def _reading(self, project: str, database: str, options: m.ReadOptions) -> Iterator[_Reading]:
        if not project:
            raise invalid("missing project id in header")
        which = options.WhichOneof("consistency_type")
        past = history.check_read_time(options.read_time) if which == "read_time" else None
        begun = b""
        identifier = options.transaction
        if which == "new_transaction":
            begun = identifier = self._transactions.begin(project, database, options.new_transaction)
        with file_errors():
            if which in ("transaction", "new_transaction"):
                with self._transactions.reading(project, database, identifier) as (transaction, snapshot):
                    try:
                        history.check_horizon(snapshot)
                    except DatastoreError as error:
                        # A reset removed its snapshot; a time in the request is too old.
                        raise error if transaction.past is not None else conflict() from error
                    yield _Reading(snapshot, None if transaction.read_only else transaction, begun)
            else:
                with self._storage.snapshot(past) as snapshot:
                    history.check_horizon(snapshot)
                    yield _Reading(snapshot, None, begun)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Writer]:
        self._transactions.expire()
        with file_errors(), self._storage.writing() as connection:
            writer = Writer(self._storage, connection, self._transactions.oldest_needed())
            yield writer
            writer.finish()
        if writer.written:
            for observer in self._observers:
                observer(writer.written)

    def _find(self, snapshot: Snapshot, partition: keys.Partition, path: bytes) -> tuple[int, int, bytes] | None:
        """Return the entity's version, creation and body."""
        connection = snapshot.connection
        number = self._storage.partitions.find(connection, *partition)
        if snapshot.past is not None:
            return history.find(connection, number, path, snapshot.past)
        row: tuple[int, int, bytes] | None = connection.execute(
            "SELECT version, created, body FROM entities WHERE partition = ? AND key = ?", (number, path)
        ).fetchone()
        return row

    def _check_unchanged(self, transaction: Transaction, connection: sqlite3.Connection) -> None:
        """Raise ABORTED if a read of the transaction would give another result now."""
        now = read_state(connection)
        if now.version == transaction.read_version:
            return
        for (partition, path), version in transaction.lookups.items():
            row = self._find(now, partition, path)
            if (row[0] if row else 0) != version:
                raise conflict()
        for request, before in transaction.queries:
            if fingerprint(repeat_query(self._storage, now, request)) != before:
                raise conflict()
