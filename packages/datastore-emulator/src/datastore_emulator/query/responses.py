"""Answer a query from a snapshot: plan it, execute it, and write its results or its plan into the response."""

from __future__ import annotations

import time
from dataclasses import replace

from datastore_emulator import messages as m
from datastore_emulator.query import explain, metadata
from datastore_emulator.query.aggregation import aggregate
from datastore_emulator.query.executor import Meter, QueryExecutor
from datastore_emulator.query.planner import plan_query
from datastore_emulator.query.requests import QueryRequest
from datastore_emulator.storage import Snapshot, Storage

Response = m.RunQueryResponse | m.RunAggregationQueryResponse


def answer_query(storage: Storage, snapshot: Snapshot, request: QueryRequest, response: Response) -> None:
    """Fill the response with the results of the query, or with its plan."""
    query = request.query
    if isinstance(response, m.RunQueryResponse) and query.kind in metadata.KINDS:
        _stamp(response, snapshot)
        metadata.fetch_batch(storage, snapshot, query, response.batch)
        return
    started = time.perf_counter()
    meter = Meter() if request.explained else None
    plan = plan_query(storage, snapshot, query, counted=request.explained)
    if request.explained:
        explain.fill_plan(response.explain_metrics, plan)
    if not request.executed:
        return
    _stamp(response, snapshot)
    if meter:
        # The next query on the connection would keep the meter, and the function that counts.
        storage.retire(snapshot.connection)
    executor = QueryExecutor(plan, snapshot.connection, meter)
    if isinstance(response, m.RunQueryResponse):
        executor.fetch_batch(response.batch)
        results = len(response.batch.entity_results)
    else:
        response.batch.aggregation_results.append(aggregate(executor, request.aggregations))
        response.batch.more_results = m.QueryResultBatch.NO_MORE_RESULTS
        results = 1
    if meter:
        seconds = time.perf_counter() - started
        aggregated = bool(request.aggregations)
        explain.fill_execution(response.explain_metrics, meter, results, seconds, aggregated=aggregated)


def _stamp(response: Response, snapshot: Snapshot) -> None:
    if isinstance(response, m.RunQueryResponse):
        response.batch.snapshot_version = snapshot.version
    response.batch.read_time.FromMicroseconds(snapshot.time)


def fingerprint(response: Response) -> object:
    """Return what is equal in the response of the same query as long as its results have not changed."""
    batch = response.batch
    if isinstance(batch, m.AggregationResultBatch):
        return batch.aggregation_results[0]
    return (
        batch.more_results,
        batch.skipped_results,
        batch.end_cursor,
        [(result.cursor, result.version) for result in batch.entity_results],
    )


def repeat_query(storage: Storage, snapshot: Snapshot, request: QueryRequest) -> Response:
    """Return the response of the same query on another snapshot."""
    response = m.RunAggregationQueryResponse() if request.aggregations else m.RunQueryResponse()
    answer_query(storage, snapshot, replace(request, explained=False), response)
    return response
