"""Converts datastore_v3 queries to v1, and v1 batches to QueryResults."""

from __future__ import annotations

from dataclasses import dataclass

from google.appengine.datastore.datastore_pb import CompiledCursor, Query, QueryResult

from datastore_emulator import messages as m
from datastore_emulator.api.interface import Datastore
from localcloud.appengine.conversion import Converter, get_converter
from localcloud.appengine.error_codes import bad_request

# The size of a batch if the app does not set it. ndb asks for 20 at first and sets nothing later.
_DEFAULT_BATCH = 300

# The comparisons, which have equal numbers in v3 and v1: < <= > >= =. (IN is split up by the SDK.)
_OPERATORS = {
    Query.Filter.LESS_THAN: m.PropertyFilter.LESS_THAN,
    Query.Filter.LESS_THAN_OR_EQUAL: m.PropertyFilter.LESS_THAN_OR_EQUAL,
    Query.Filter.GREATER_THAN: m.PropertyFilter.GREATER_THAN,
    Query.Filter.GREATER_THAN_OR_EQUAL: m.PropertyFilter.GREATER_THAN_OR_EQUAL,
    Query.Filter.EQUAL: m.PropertyFilter.EQUAL,
}

# Fields of a v3 Query that change its answer and that v1 does not have. Hints and read policies may be ignored, since
# every query is strongly consistent.
_REFUSED = ("database_id", "search_query", "shallow", "distinct", "read_time_us", "read_time_epoch_micros")


@dataclass
class OpenQuery:
    """A query that has begun: the v1 request for the results to come, and how many of them the app still accepts."""

    converter: Converter
    request: m.RunQueryRequest
    remaining: int | None
    """Results the app's limit still allows; None if it set no limit."""


def convert_query(query: Query, transaction: bytes | None) -> OpenQuery:
    """Convert `query`; `transaction` is the v1 transaction it reads in."""
    for field in _REFUSED:
        if query.HasField(field) and getattr(query, field):
            raise bad_request(f"localcloud's bundled Datastore API does not support queries with {field}")
    converter = get_converter(query.app)
    request = m.RunQueryRequest(project_id=converter.project_id)
    request.partition_id.project_id = converter.project_id
    request.partition_id.namespace_id = query.name_space
    if transaction is not None:
        request.read_options.transaction = transaction
    v1 = request.query
    if query.HasField("kind"):
        v1.kind.add().name = query.kind
    for name in (*query.property_name, *(["__key__"] if query.keys_only else [])):
        v1.projection.add().property.name = name
    for name in query.group_by_property_name:
        v1.distinct_on.add().name = name
    for order in query.order:
        v1.order.add(direction=order.direction).property.name = order.property
    v1.offset = query.offset
    v1.start_cursor = _v1_cursor(query.compiled_cursor)
    v1.end_cursor = _v1_cursor(query.end_compiled_cursor)
    _add_filters(query, converter, v1)
    return OpenQuery(converter, request, query.limit if query.HasField("limit") else None)


def read_batch(open_query: OpenQuery, datastore: Datastore, count: int, *, with_cursors: bool) -> QueryResult:
    """Read the next batch and move the query behind it.

    `count` is the number of results the app asks for, 0 if it does not. The answer's `more_results` is True only if the
    query goes on, and then at least one result was read: an app that keeps asking always reaches the end.
    """
    wanted = count or _DEFAULT_BATCH
    if open_query.remaining is not None:
        wanted = min(wanted, open_query.remaining)
    v1 = open_query.request.query
    v1.limit.value = wanted
    result = QueryResult(skipped_results=0, more_results=False)
    while True:
        batch = datastore.run_query(open_query.request).batch
        result.skipped_results += batch.skipped_results
        _add_results(result, batch, open_query.converter, with_cursors)
        v1.start_cursor = batch.end_cursor or batch.skipped_cursor or v1.start_cursor
        v1.offset -= batch.skipped_results
        if batch.entity_results or batch.more_results != m.QueryResultBatch.NOT_FINISHED:
            break
    if open_query.remaining is not None:
        open_query.remaining -= len(batch.entity_results)
    # Google's emulator says MORE_RESULTS_AFTER_LIMIT at the end of every limited query, so only a full batch counts.
    result.more_results = open_query.remaining != 0 and (
        batch.more_results == m.QueryResultBatch.NOT_FINISHED
        or (batch.more_results == m.QueryResultBatch.MORE_RESULTS_AFTER_LIMIT and len(batch.entity_results) == wanted)
    )
    if with_cursors and v1.start_cursor:
        result.compiled_cursor.CopyFrom(_v3_cursor(v1.start_cursor))
    return result


def _add_filters(query: Query, converter: Converter, v1: m.Query) -> None:
    composite = v1.filter.composite_filter
    composite.op = m.CompositeFilter.AND
    if query.HasField("ancestor"):
        ancestor = composite.filters.add().property_filter
        ancestor.property.name = "__key__"
        ancestor.op = m.PropertyFilter.HAS_ANCESTOR
        ancestor.value.key_value.CopyFrom(converter.key(query.ancestor))
    for v3_filter in query.filter:
        if v3_filter.op not in _OPERATORS or len(v3_filter.property) != 1:
            name = Query.Filter.Operator.Name(v3_filter.op)
            raise bad_request(f"localcloud's bundled Datastore API does not support {name} filters; use < <= > >= =")
        prop = v3_filter.property[0]
        comparison = composite.filters.add().property_filter
        comparison.property.name = prop.name
        comparison.op = _OPERATORS[v3_filter.op]
        converter.filter_value(prop, comparison.value)
    if not composite.filters:
        v1.ClearField("filter")


def _add_results(result: QueryResult, batch: m.QueryResultBatch, converter: Converter, with_cursors: bool) -> None:
    result.keys_only = batch.entity_result_type == m.EntityResult.KEY_ONLY
    result.index_only = projected = batch.entity_result_type == m.EntityResult.PROJECTION
    if with_cursors and batch.skipped_cursor:
        result.skipped_results_compiled_cursor.CopyFrom(_v3_cursor(batch.skipped_cursor))
    for entity_result in batch.entity_results:
        result.result.append(converter.proto(entity_result.entity, projected=projected))
        if with_cursors:
            result.result_compiled_cursor.append(_v3_cursor(entity_result.cursor))


def _v1_cursor(cursor: CompiledCursor) -> bytes:
    if cursor.ByteSize() and not cursor.absolute_position.key:
        raise bad_request("invalid cursor: localcloud resumes queries only from its own cursors")
    return bytes(cursor.absolute_position.key)


def _v3_cursor(cursor: bytes) -> CompiledCursor:
    """Wrap a v1 cursor in the one bytes field of a CompiledCursor that v1 cursors fit in."""
    compiled = CompiledCursor()
    compiled.absolute_position.key = cursor
    return compiled
