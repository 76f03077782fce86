"""The SQL statements that a query costs, and what it leaves on its connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from datastore_emulator import messages as m
from datastore_emulator.engine import Engine
from datastore_emulator.query.requests import read_query
from datastore_emulator.query.responses import answer_query
from datastore_emulator.storage.database import Snapshot, Storage


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    """A file with fifty visits."""
    with Engine(tmp_path / "data.db") as engine:
        request = m.CommitRequest(project_id="demo", mode=m.CommitRequest.NON_TRANSACTIONAL)
        for number in range(1, 51):
            entity = request.mutations.add().upsert
            entity.key.path.add(kind="Visit", id=number)
            entity.properties["timestamp"].timestamp_value.FromMicroseconds(number)
        engine.commit(request)
    storage = Storage(tmp_path / "data.db")
    yield storage
    storage.close()


def newest(limit: int) -> m.RunQueryRequest:
    request = m.RunQueryRequest(project_id="demo")
    request.query.kind.add().name = "Visit"
    request.query.order.add(direction=m.PropertyOrder.DESCENDING).property.name = "timestamp"
    request.query.limit.value = limit
    return request


def run(storage: Storage, snapshot: Snapshot, request: m.RunQueryRequest) -> m.RunQueryResponse:
    response = m.RunQueryResponse()
    answer_query(storage, snapshot, read_query(request, response), response)
    return response


@pytest.mark.parametrize(("limit", "statements"), [(10, 2), (20, 2), (40, 3)])
def test_newest_entities_cost_a_scan_and_a_read_of_twenty_each(storage, limit, statements):
    with storage.snapshot() as snapshot:
        run(storage, snapshot, newest(limit))  # the names' numbers are in memory from now on
        executed: list[str] = []
        snapshot.connection.set_trace_callback(executed.append)
        response = run(storage, snapshot, newest(limit))
        snapshot.connection.set_trace_callback(None)
    assert [result.entity.key.path[0].id for result in response.batch.entity_results] == list(range(50, 50 - limit, -1))
    assert len(executed) == statements, executed


def test_explain_leaves_no_function_to_later_queries(storage):
    request = newest(10)
    request.explain_options.analyze = True
    with storage.snapshot() as snapshot:
        response = run(storage, snapshot, request)
        assert response.explain_metrics.execution_stats.results_returned == 10
    with (
        storage.snapshot() as snapshot,
        pytest.raises(sqlite3.OperationalError, match="no such function: count_row"),
    ):
        snapshot.connection.execute("SELECT count_row(1)")
