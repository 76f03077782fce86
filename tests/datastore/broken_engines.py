"""Engines that are each broken in one way, to show that a test detects it.

Each changes the messages of RPCs and leaves the rest to the engine, so that everything else works.
"""

from __future__ import annotations

from typing import TypeVar

from datastore_emulator import messages as m
from datastore_emulator.engine import Engine

_Read = TypeVar("_Read", m.LookupRequest, m.RunQueryRequest)


class ForgetsDeletes(Engine):
    """Acknowledges deletes and keeps the entities."""

    def commit(self, request: m.CommitRequest) -> m.CommitResponse:
        """Commit all mutations but the deletes."""
        deletes = [mutation.WhichOneof("operation") == "delete" for mutation in request.mutations]
        kept = m.CommitRequest()
        kept.CopyFrom(request)
        kept.ClearField("mutations")
        kept.mutations.extend(
            mutation for mutation, is_delete in zip(request.mutations, deletes, strict=True) if not is_delete
        )
        response = super().commit(kept)
        results = iter(list(response.mutation_results))
        response.ClearField("mutation_results")
        response.mutation_results.extend(
            m.MutationResult(version=1) if is_delete else next(results) for is_delete in deletes
        )
        return response


class IgnoresRanges(Engine):
    """Runs a query without its inequality filters."""

    def run_query(self, request: m.RunQueryRequest) -> m.RunQueryResponse:
        """Run what is left of the query."""
        changed = m.RunQueryRequest()
        changed.CopyFrom(request)
        if changed.query.HasField("filter") and not _remove_ranges(changed.query.filter):
            changed.query.ClearField("filter")
        return super().run_query(changed)


class CannotDescend(Engine):
    """Sorts everything in ascending order."""

    def run_query(self, request: m.RunQueryRequest) -> m.RunQueryResponse:
        """Run the query in ascending order."""
        changed = m.RunQueryRequest()
        changed.CopyFrom(request)
        for order in changed.query.order:
            order.direction = m.PropertyOrder.ASCENDING
        return super().run_query(changed)


class IgnoresConflicts(Engine):
    """Commits a transaction although others have changed what it has read: it reads in a read-only one."""

    def __init__(self) -> None:
        super().__init__()
        self._readers: dict[bytes, bytes] = {}

    def begin_transaction(self, request: m.BeginTransactionRequest) -> m.BeginTransactionResponse:
        """Begin the transaction, and one that reads for it."""
        response = super().begin_transaction(request)
        reader = m.BeginTransactionRequest()
        reader.CopyFrom(request)
        reader.transaction_options.read_only.SetInParent()
        self._readers[response.transaction] = super().begin_transaction(reader).transaction
        return response

    def lookup(self, request: m.LookupRequest) -> m.LookupResponse:
        """Look up in the transaction that reads."""
        return super().lookup(self._redirected(request))

    def run_query(self, request: m.RunQueryRequest) -> m.RunQueryResponse:
        """Query in the transaction that reads."""
        return super().run_query(self._redirected(request))

    def _redirected(self, request: _Read) -> _Read:
        changed = type(request)()
        changed.CopyFrom(request)
        if request.read_options.transaction:
            changed.read_options.transaction = self._readers[request.read_options.transaction]
        return changed


def _remove_ranges(condition: m.Filter) -> bool:
    """Remove the inequalities from the filter, and return whether anything is left."""
    if condition.HasField("property_filter"):
        return condition.property_filter.op in (m.PropertyFilter.EQUAL, m.PropertyFilter.HAS_ANCESTOR)
    filters = condition.composite_filter.filters
    kept = [one for one in filters if _remove_ranges(one)]
    del filters[:]
    filters.extend(kept)
    return bool(kept)
