"""The `datastore_v3` service of the bundled SDKs, answered by a Datastore v1 engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from google.appengine.api.api_base_pb2 import VoidProto
from google.appengine.datastore import datastore_pb as v3

from datastore_emulator import messages as m
from datastore_emulator.api.interface import Datastore
from datastore_emulator.encoding.keys import is_complete
from datastore_emulator.errors import DatastoreError
from localcloud.appengine.applications import read_project
from localcloud.appengine.bundled_service import Method, call_method
from localcloud.appengine.callers import Caller
from localcloud.appengine.conversion import Converter, get_converter, serialize_key
from localcloud.appengine.error_codes import bad_request, convert_error
from localcloud.appengine.open_calls import OpenCalls
from localcloud.appengine.queries import OpenQuery, convert_query, read_batch
from localcloud.appengine.transactions import OpenTransaction, last_writes

# The limit of unfinished transactions and queries: clients leave some behind.
_OPEN_AT_ONCE = 1000

# The tasks of one transaction: google/appengine/datastore/datastore_stub_util.py of the legacy SDK, as in production.
_MOST_ACTIONS = 5

# Each id of a range is reserved by itself, which takes too long for millions.
_LARGEST_ID_RANGE = 1000


class DatastoreV3Service:
    """Converts each call to v1, so that ndb and every v1 client read each other's entities.

    The names and meanings of the calls are those of the SDK's google.appengine.datastore.datastore_rpc, their only
    public description. Calls that are not in the table (GetIndices, AddActions, ...) are refused by name.
    """

    def __init__(self, datastore: Datastore) -> None:
        self._datastore = datastore
        self._transactions: OpenCalls[OpenTransaction] = OpenCalls(_OPEN_AT_ONCE)
        self._queries: OpenCalls[OpenQuery] = OpenCalls(_OPEN_AT_ONCE)
        self._methods: dict[str, Method] = {
            "Get": (v3.GetRequest, self._get),
            "Put": (v3.PutRequest, self._put),
            "Delete": (v3.DeleteRequest, self._delete),
            "RunQuery": (v3.Query, self._run_query),
            "Next": (v3.NextRequest, self._next),
            "BeginTransaction": (v3.BeginTransactionRequest, self._begin_transaction),
            "Commit": (v3.Transaction, self._commit),
            "Rollback": (v3.Transaction, self._rollback),
            "AllocateIds": (v3.AllocateIdsRequest, self._allocate_ids),
        }

    def call(self, method: str, payload: bytes, caller: Caller) -> bytes:
        """Answer one call. `caller` is not used: every Datastore message names its app."""
        try:
            return call_method("datastore_v3", self._methods, method, payload)
        except DatastoreError as error:
            raise convert_error(error.code, error.message) from error

    def on_commit(self, handle: int, actions: Sequence[Callable[[], None]]) -> None:
        """Call each action once the transaction of this number has been committed, and never if it is not."""
        transaction = _check_known(self._transactions.get(handle))
        if len(transaction.actions) + len(actions) > _MOST_ACTIONS:
            raise bad_request(f"Too many messages, maximum allowed {_MOST_ACTIONS}")
        transaction.actions.extend(actions)

    def _get(self, request: v3.GetRequest) -> v3.GetResponse:
        response = v3.GetResponse(in_order=True)
        if not request.key:
            return response
        converter = get_converter(request.key[0].app)
        keys = [converter.key(reference) for reference in request.key]
        lookup = m.LookupRequest(project_id=converter.project_id)
        if request.HasField("transaction"):
            lookup.read_options.transaction = self._transaction(request).v1_id
        found = self._look_up(lookup, keys)
        for reference, key in zip(request.key, keys, strict=True):
            entity = found.get(serialize_key(key))
            if entity is None:
                response.entity.add().key.CopyFrom(reference)
            else:
                response.entity.add().entity.CopyFrom(converter.proto(entity))
        return response

    def _look_up(self, lookup: m.LookupRequest, keys: Iterable[m.Key]) -> dict[bytes, m.Entity]:
        """Look up `keys`, again while the engine defers some; return the entities that exist, by their key."""
        found: dict[bytes, m.Entity] = {}
        wanted = list({serialize_key(key): key for key in keys}.values())
        while wanted:
            del lookup.keys[:]
            lookup.keys.extend(wanted)
            answer = self._datastore.lookup(lookup)
            found.update((serialize_key(result.entity.key), result.entity) for result in answer.found)
            wanted = list(answer.deferred)
        return found

    def _put(self, request: v3.PutRequest) -> v3.PutResponse:
        response = v3.PutResponse()
        if not request.entity:
            return response
        converter = get_converter(request.entity[0].key.app)
        mutations = [m.Mutation(upsert=converter.entity(proto)) for proto in request.entity]
        if request.HasField("transaction"):
            transaction = self._transaction(request)
            # The app uses the keys before it commits, so they get their ids now.
            self._complete([mutation.upsert.key for mutation in mutations], converter)
            transaction.mutations.extend(mutations)
        else:
            self._write(mutations, converter)
        response.key.extend(converter.reference(mutation.upsert.key) for mutation in mutations)
        return response

    def _delete(self, request: v3.DeleteRequest) -> v3.DeleteResponse:
        if request.key:
            converter = get_converter(request.key[0].app)
            mutations = [m.Mutation(delete=converter.key(reference)) for reference in request.key]
            if request.HasField("transaction"):
                self._transaction(request).mutations.extend(mutations)
            else:
                self._write(mutations, converter)
        return v3.DeleteResponse()

    def _write(self, mutations: Sequence[m.Mutation], converter: Converter) -> None:
        """Commit outside any transaction, and put allocated ids into the mutations' keys."""
        writes = last_writes(mutations)
        commit = m.CommitRequest(
            project_id=converter.project_id, mode=m.CommitRequest.NON_TRANSACTIONAL, mutations=writes
        )
        results = self._datastore.commit(commit).mutation_results
        for mutation, result in zip(writes, results, strict=True):
            if result.HasField("key"):
                mutation.upsert.key.CopyFrom(result.key)

    def _complete(self, keys: Iterable[m.Key], converter: Converter) -> None:
        """Give ids to those of `keys` that have none."""
        incomplete = [key for key in keys if not is_complete(key)]
        if incomplete:
            allocate = m.AllocateIdsRequest(project_id=converter.project_id, keys=incomplete)
            for key, complete in zip(incomplete, self._datastore.allocate_ids(allocate).keys, strict=True):
                key.CopyFrom(complete)

    def _allocate_ids(self, request: v3.AllocateIdsRequest) -> v3.AllocateIdsResponse:
        if request.reserve:
            converter = get_converter(request.reserve[0].app)
            self._reserve([converter.key(reference) for reference in request.reserve], converter)
            return v3.AllocateIdsResponse(start=0, end=0)
        if not 0 < request.size <= _LARGEST_ID_RANGE:
            raise bad_request(
                f"localcloud allocates 1 to {_LARGEST_ID_RANGE} ids at a time, allocate_ids(size=...); there is no "
                "allocate_ids(max=...), because automatic ids do not start from 1"
            )
        # v3 promises a range and v1 gives single ids. These are so far apart that the numbers after one are free;
        # reserving them keeps them free.
        converter = get_converter(request.model_key.app)
        first = converter.key(request.model_key)
        if not first.path:
            raise bad_request("allocate_ids() needs a key that names a kind")
        first.path[-1].ClearField("id_type")
        self._complete([first], converter)
        start = first.path[-1].id
        rest = [m.Key() for _ in range(request.size - 1)]
        for number, key in enumerate(rest, start + 1):
            key.CopyFrom(first)
            key.path[-1].id = number
        self._reserve(rest, converter)
        return v3.AllocateIdsResponse(start=start, end=start + request.size - 1)

    def _reserve(self, keys: Sequence[m.Key], converter: Converter) -> None:
        if keys:
            self._datastore.reserve_ids(m.ReserveIdsRequest(project_id=converter.project_id, keys=keys))

    def _run_query(self, query: v3.Query) -> v3.QueryResult:
        transaction = self._transaction(query).v1_id if query.HasField("transaction") else None
        open_query = convert_query(query, transaction)
        result = read_batch(open_query, self._datastore, query.count, with_cursors=query.compile)
        if result.more_results:
            result.cursor.cursor = self._queries.put(open_query)
            result.cursor.app = query.app
        return result

    def _next(self, request: v3.NextRequest) -> v3.QueryResult:
        open_query = self._queries.get(request.cursor.cursor)
        if open_query is None:
            raise bad_request("this query has ended, or localcloud was restarted in the middle of it; run it again")
        open_query.request.query.offset = request.offset
        result = read_batch(open_query, self._datastore, request.count, with_cursors=request.compile)
        if result.more_results:
            result.cursor.CopyFrom(request.cursor)
        else:
            self._queries.pop(request.cursor.cursor)
        return result

    def _begin_transaction(self, request: v3.BeginTransactionRequest) -> v3.Transaction:
        # allow_multiple_eg can be ignored: Firestore in Datastore mode lets every transaction cross groups.
        project_id = read_project(request.app)
        begin = m.BeginTransactionRequest(project_id=project_id)
        if request.mode == v3.BeginTransactionRequest.READ_ONLY:
            begin.transaction_options.read_only.SetInParent()
        else:
            begin.transaction_options.read_write.SetInParent()
        v1_id = self._datastore.begin_transaction(begin).transaction
        handle = self._transactions.put(OpenTransaction(project_id, v1_id))
        return v3.Transaction(handle=handle, app=request.app)

    def _commit(self, handle: v3.Transaction) -> v3.CommitResponse:
        transaction = self._end(handle)
        self._datastore.commit(
            m.CommitRequest(
                project_id=transaction.project_id,
                mode=m.CommitRequest.TRANSACTIONAL,
                transaction=transaction.v1_id,
                mutations=last_writes(transaction.mutations),
            )
        )
        for action in transaction.actions:
            action()
        return v3.CommitResponse()

    def _rollback(self, handle: v3.Transaction) -> VoidProto:
        transaction = self._end(handle)
        self._datastore.rollback(m.RollbackRequest(project_id=transaction.project_id, transaction=transaction.v1_id))
        return VoidProto()

    def _transaction(self, request: Any) -> OpenTransaction:
        """Return the open transaction that a request belongs to."""
        return _check_known(self._transactions.get(request.transaction.handle))

    def _end(self, handle: v3.Transaction) -> OpenTransaction:
        return _check_known(self._transactions.pop(handle.handle))


def _check_known(transaction: OpenTransaction | None) -> OpenTransaction:
    if transaction is None:
        raise bad_request("The referenced transaction has expired or is no longer valid.")
    return transaction
