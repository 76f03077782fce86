"""The raw protobuf messages of google.datastore.v1, under the names the rest of the package uses.

They are the classes inside google-cloud-datastore's proto-plus wrappers: parsing and filling them is several
times faster than the wrappers. Nothing else in this package imports google.cloud, whose import takes most of the
start-up time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    # The library ships no types for the raw classes.
    Aggregation: TypeAlias = Any
    AggregationQuery: TypeAlias = Any
    AggregationResult: TypeAlias = Any
    AllocateIdsRequest: TypeAlias = Any
    AllocateIdsResponse: TypeAlias = Any
    BeginTransactionRequest: TypeAlias = Any
    BeginTransactionResponse: TypeAlias = Any
    CommitRequest: TypeAlias = Any
    CommitResponse: TypeAlias = Any
    CompositeFilter: TypeAlias = Any
    Entity: TypeAlias = Any
    EntityResult: TypeAlias = Any
    ExplainMetrics: TypeAlias = Any
    Filter: TypeAlias = Any
    GqlQuery: TypeAlias = Any
    GqlQueryParameter: TypeAlias = Any
    Key: TypeAlias = Any
    LookupRequest: TypeAlias = Any
    LookupResponse: TypeAlias = Any
    Mutation: TypeAlias = Any
    MutationResult: TypeAlias = Any
    PartitionId: TypeAlias = Any
    PropertyFilter: TypeAlias = Any
    PropertyOrder: TypeAlias = Any
    PropertyTransform: TypeAlias = Any
    Query: TypeAlias = Any
    QueryResultBatch: TypeAlias = Any
    ReadOptions: TypeAlias = Any
    ReserveIdsRequest: TypeAlias = Any
    ReserveIdsResponse: TypeAlias = Any
    RollbackRequest: TypeAlias = Any
    RollbackResponse: TypeAlias = Any
    RunAggregationQueryRequest: TypeAlias = Any
    RunAggregationQueryResponse: TypeAlias = Any
    RunQueryRequest: TypeAlias = Any
    RunQueryResponse: TypeAlias = Any
    TransactionOptions: TypeAlias = Any
    Value: TypeAlias = Any
else:
    from google.cloud.datastore_v1 import types

    Aggregation = types.AggregationQuery.Aggregation.pb()
    AggregationQuery = types.AggregationQuery.pb()
    AggregationResult = types.AggregationResult.pb()
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
