"""Read the requests of RunQuery and RunAggregationQuery: GQL or a message, its mask, its aggregations."""

from __future__ import annotations

from dataclasses import dataclass

from datastore_emulator import messages as m
from datastore_emulator.encoding import keys, masks
from datastore_emulator.errors import invalid, unimplemented
from datastore_emulator.query import aggregation, gql, metadata
from datastore_emulator.query.aggregation import NormalAggregation
from datastore_emulator.query.normal_form import NormalQuery, normalize_query


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """A query in normal form with what its answer must have."""

    query: NormalQuery
    aggregations: tuple[NormalAggregation, ...] = ()
    """The aggregations over the results; none to return the results themselves."""
    explained: bool = False
    """Whether the answer has the plan."""
    executed: bool = True
    """Whether the query runs; one that is only explained does not."""

    @property
    def has_results(self) -> bool:
        """True if the answer has entities or aggregations that another commit can change."""
        return self.executed and self.query.kind not in metadata.KINDS


def read_query(request: m.RunQueryRequest, response: m.RunQueryResponse) -> QueryRequest:
    """Return the query of the request; one that is in GQL goes into the response as a message too."""
    partition = keys.read_partition(request.project_id, request.database_id, request.partition_id)
    message = request.query
    which = request.WhichOneof("query_type")
    if which == "gql_query":
        message = gql.parse_query(request.gql_query, partition)
        response.query.CopyFrom(message)
    elif which is None:
        raise invalid("one of fields Query.query and Query.gql_query must be set")
    mask = masks.parse_paths(request.property_mask.paths) if request.HasField("property_mask") else None
    query = normalize_query(partition, message, mask=mask)
    explained = request.HasField("explain_options")
    if explained and query.kind in metadata.KINDS:
        raise unimplemented("Explain of a metadata query")
    return QueryRequest(query, (), explained, not explained or request.explain_options.analyze)


def read_aggregation_query(
    request: m.RunAggregationQueryRequest, response: m.RunAggregationQueryResponse
) -> QueryRequest:
    """Return the aggregation query of the request; one that is in GQL goes into the response as a message too."""
    partition = keys.read_partition(request.project_id, request.database_id, request.partition_id)
    message = request.aggregation_query
    which = request.WhichOneof("query_type")
    if which == "gql_query":
        message = gql.parse_aggregation_query(request.gql_query, partition)
        response.query.CopyFrom(message)
    elif which is None:
        raise invalid("one of fields AggregationQuery.aggregation_query and gql_query must be set")
    aggregations = aggregation.read_aggregations(message)
    aggregated = [one.name for one in aggregations if one.name]
    query = normalize_query(partition, message.nested_query, aggregated=aggregated)
    if query.kind in metadata.KINDS:
        raise unimplemented("Aggregation over a metadata query")
    explained = request.HasField("explain_options")
    return QueryRequest(query, aggregations, explained, not explained or request.explain_options.analyze)
