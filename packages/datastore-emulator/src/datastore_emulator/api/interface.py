"""What every Datastore can do, be it the embedded engine or a server somewhere else."""

from __future__ import annotations

from typing import Protocol

from datastore_emulator import messages as m


class Datastore(Protocol):
    """The RPCs of google.datastore.v1.Datastore on raw messages; each raises DatastoreError on failure."""

    def lookup(self, request: m.LookupRequest) -> m.LookupResponse: ...

    def run_query(self, request: m.RunQueryRequest) -> m.RunQueryResponse: ...

    def run_aggregation_query(self, request: m.RunAggregationQueryRequest) -> m.RunAggregationQueryResponse: ...

    def begin_transaction(self, request: m.BeginTransactionRequest) -> m.BeginTransactionResponse: ...

    def commit(self, request: m.CommitRequest) -> m.CommitResponse: ...

    def rollback(self, request: m.RollbackRequest) -> m.RollbackResponse: ...

    def allocate_ids(self, request: m.AllocateIdsRequest) -> m.AllocateIdsResponse: ...

    def reserve_ids(self, request: m.ReserveIdsRequest) -> m.ReserveIdsResponse: ...

    def close(self) -> None: ...


# The method of `Datastore`, the RPC's name on the wire, and its messages.
RPCS = (
    ("lookup", "Lookup", m.LookupRequest, m.LookupResponse),
    ("run_query", "RunQuery", m.RunQueryRequest, m.RunQueryResponse),
    (
        "run_aggregation_query",
        "RunAggregationQuery",
        m.RunAggregationQueryRequest,
        m.RunAggregationQueryResponse,
    ),
    ("begin_transaction", "BeginTransaction", m.BeginTransactionRequest, m.BeginTransactionResponse),
    ("commit", "Commit", m.CommitRequest, m.CommitResponse),
    ("rollback", "Rollback", m.RollbackRequest, m.RollbackResponse),
    ("allocate_ids", "AllocateIds", m.AllocateIdsRequest, m.AllocateIdsResponse),
    ("reserve_ids", "ReserveIds", m.ReserveIdsRequest, m.ReserveIdsResponse),
)

SERVICE = "google.datastore.v1.Datastore"
