"""The RPCs of the Datastore API as a protocol, for the engine, a remote server and what wraps either."""

from __future__ import annotations

from typing import Protocol

from datastore_emulator import messages as m


class Datastore(Protocol):
    """The RPCs of google.datastore.v1.Datastore on raw messages; each raises DatastoreError on failure."""

    def lookup(self, request: m.LookupRequest) -> m.LookupResponse:
        """Find entities by key."""

    def run_query(self, request: m.RunQueryRequest) -> m.RunQueryResponse:
        """Return a batch of a query's results."""

    def run_aggregation_query(self, request: m.RunAggregationQueryRequest) -> m.RunAggregationQueryResponse:
        """Return counts, sums and averages over a query's results."""

    def begin_transaction(self, request: m.BeginTransactionRequest) -> m.BeginTransactionResponse:
        """Begin a transaction."""

    def commit(self, request: m.CommitRequest) -> m.CommitResponse:
        """Write mutations, in a transaction or without one."""

    def rollback(self, request: m.RollbackRequest) -> m.RollbackResponse:
        """End a transaction without writing."""

    def allocate_ids(self, request: m.AllocateIdsRequest) -> m.AllocateIdsResponse:
        """Complete keys with ids that no other call gets."""

    def reserve_ids(self, request: m.ReserveIdsRequest) -> m.ReserveIdsResponse:
        """Keep ids from being allocated."""

    def close(self) -> None:
        """Release what the Datastore holds: its file or its channel."""


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

LARGEST_REQUEST = 11 * 1024 * 1024
"""In bytes. The service accepts 10 MiB: https://cloud.google.com/datastore/docs/concepts/limits. The rest is room for
what the message wraps around the entities."""
