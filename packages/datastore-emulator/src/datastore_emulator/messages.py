"""The protobuf messages of google.datastore.v1, under the names that the rest of the package uses.

They are the raw classes inside google-cloud-datastore's proto-plus wrappers: parsing and filling them is several times
faster than the wrappers. Nothing else in this package imports google.cloud, whose import takes most of the start-up
time.

The library has no types for the raw classes. messages_pb2.pyi has them, generated from the library's own descriptors by
`python -m tests.datastore.message_types`; there is no such module at run time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = [
    "AggregationQuery",
    "AggregationResult",
    "AggregationResultBatch",
    "AllocateIdsRequest",
    "AllocateIdsResponse",
    "BeginTransactionRequest",
    "BeginTransactionResponse",
    "CommitRequest",
    "CommitResponse",
    "CompositeFilter",
    "Entity",
    "EntityResult",
    "ExplainMetrics",
    "Filter",
    "GqlQuery",
    "GqlQueryParameter",
    "Key",
    "LookupRequest",
    "LookupResponse",
    "Mutation",
    "MutationResult",
    "PartitionId",
    "PropertyFilter",
    "PropertyOrder",
    "PropertyTransform",
    "Query",
    "QueryResultBatch",
    "ReadOptions",
    "ReserveIdsRequest",
    "ReserveIdsResponse",
    "RollbackRequest",
    "RollbackResponse",
    "RunAggregationQueryRequest",
    "RunAggregationQueryResponse",
    "RunQueryRequest",
    "RunQueryResponse",
    "TransactionOptions",
    "Value",
]

if TYPE_CHECKING:
    from datastore_emulator.messages_pb2 import (
        AggregationQuery,
        AggregationResult,
        AggregationResultBatch,
        AllocateIdsRequest,
        AllocateIdsResponse,
        BeginTransactionRequest,
        BeginTransactionResponse,
        CommitRequest,
        CommitResponse,
        CompositeFilter,
        Entity,
        EntityResult,
        ExplainMetrics,
        Filter,
        GqlQuery,
        GqlQueryParameter,
        Key,
        LookupRequest,
        LookupResponse,
        Mutation,
        MutationResult,
        PartitionId,
        PropertyFilter,
        PropertyOrder,
        PropertyTransform,
        Query,
        QueryResultBatch,
        ReadOptions,
        ReserveIdsRequest,
        ReserveIdsResponse,
        RollbackRequest,
        RollbackResponse,
        RunAggregationQueryRequest,
        RunAggregationQueryResponse,
        RunQueryRequest,
        RunQueryResponse,
        TransactionOptions,
        Value,
    )
else:
    from google.cloud.datastore_v1 import types

    globals().update({name: getattr(types, name).pb() for name in __all__})

Aggregation = AggregationQuery.Aggregation
__all__ += ["Aggregation"]
