"""The protobuf messages of google.datastore.v1, under the names that the rest of the package uses.

They are the raw classes inside google-cloud-datastore's proto-plus wrappers: parsing and filling them is several times
faster than the wrappers. Nothing else in this package imports google.cloud, whose import takes most of the start-up
time.

The library has no types for the raw classes. messages_pb2.pyi has them, generated from the library's own descriptors by
`python -m tests.datastore.message_types`; there is no such module at run time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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

    AggregationQuery = types.AggregationQuery.pb()
    AggregationResult = types.AggregationResult.pb()
    AggregationResultBatch = types.AggregationResultBatch.pb()
    AllocateIdsRequest = types.AllocateIdsRequest.pb()
    AllocateIdsResponse = types.AllocateIdsResponse.pb()
    BeginTransactionRequest = types.BeginTransactionRequest.pb()
    BeginTransactionResponse = types.BeginTransactionResponse.pb()
    CommitRequest = types.CommitRequest.pb()
    CommitResponse = types.CommitResponse.pb()
    CompositeFilter = types.CompositeFilter.pb()
    Entity = types.Entity.pb()
    EntityResult = types.EntityResult.pb()
    ExplainMetrics = types.ExplainMetrics.pb()
    Filter = types.Filter.pb()
    GqlQuery = types.GqlQuery.pb()
    GqlQueryParameter = types.GqlQueryParameter.pb()
    Key = types.Key.pb()
    LookupRequest = types.LookupRequest.pb()
    LookupResponse = types.LookupResponse.pb()
    Mutation = types.Mutation.pb()
    MutationResult = types.MutationResult.pb()
    PartitionId = types.PartitionId.pb()
    PropertyFilter = types.PropertyFilter.pb()
    PropertyOrder = types.PropertyOrder.pb()
    PropertyTransform = types.PropertyTransform.pb()
    Query = types.Query.pb()
    QueryResultBatch = types.QueryResultBatch.pb()
    ReadOptions = types.ReadOptions.pb()
    ReserveIdsRequest = types.ReserveIdsRequest.pb()
    ReserveIdsResponse = types.ReserveIdsResponse.pb()
    RollbackRequest = types.RollbackRequest.pb()
    RollbackResponse = types.RollbackResponse.pb()
    RunAggregationQueryRequest = types.RunAggregationQueryRequest.pb()
    RunAggregationQueryResponse = types.RunAggregationQueryResponse.pb()
    RunQueryRequest = types.RunQueryRequest.pb()
    RunQueryResponse = types.RunQueryResponse.pb()
    TransactionOptions = types.TransactionOptions.pb()
    Value = types.Value.pb()

Aggregation = AggregationQuery.Aggregation

__all__ = [
    "Aggregation",
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
