"""The query plans of SQLite: an index in the order of the results, never all entities."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from datastore_emulator import messages as m
from datastore_emulator.encoding.keys import Partition
from datastore_emulator.engine import Engine
from datastore_emulator.query.executor import QueryExecutor
from datastore_emulator.query.normal_form import normalize_query
from datastore_emulator.query.planner import plan_query
from datastore_emulator.storage.database import Storage

PARTITION = Partition("demo", "", "")
EQUAL, GREATER = m.PropertyFilter.EQUAL, m.PropertyFilter.GREATER_THAN


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    """A file with visits, fewer from "ann" than an equality filter would have to leave to be sorted."""
    path = tmp_path_factory.mktemp("plan") / "data.db"
    with Engine(path) as engine:
        request = m.CommitRequest(project_id="demo", mode=m.CommitRequest.NON_TRANSACTIONAL)
        for number in range(1, 101):
            entity = request.mutations.add().upsert
            entity.key.path.add(kind="Visit", id=number)
            entity.properties["visitor"].string_value = "ann" if number % 10 == 0 else "bob"
            entity.properties["timestamp"].timestamp_value.FromMicroseconds(number)
        engine.commit(request)
    storage = Storage(path)
    yield storage
    storage.close()


@pytest.fixture
def explain(storage: Storage) -> Callable[..., str]:
    """Return SQLite's plan for a query on "Visit"."""

    def run(*filters: tuple[str, int, object], order: str = "", limit: int = 10, cursor: bool = False) -> str:
        request = m.RunQueryRequest(project_id="demo")
        query = request.query
        query.kind.add().name = "Visit"
        for name, operator, value in filters:
            composite = query.filter.composite_filter
            composite.op = m.CompositeFilter.AND
            condition = composite.filters.add().property_filter
            condition.property.name, condition.op = name, operator
            if isinstance(value, str):
                condition.value.string_value = value
            else:
                condition.value.integer_value = value
        if order:
            term = query.order.add(
                direction=m.PropertyOrder.DESCENDING if order[0] == "-" else m.PropertyOrder.ASCENDING
            )
            term.property.name = order.lstrip("-")
        query.limit.value = limit
        with storage.snapshot() as snapshot:
            if cursor:
                batch = m.QueryResultBatch()
                first_page = plan_query(storage, snapshot, normalize_query(PARTITION, query))
                QueryExecutor(first_page, snapshot.connection).fetch_batch(batch)
                query.start_cursor = batch.end_cursor
            (scan,) = plan_query(storage, snapshot, normalize_query(PARTITION, query)).scans
            rows = snapshot.connection.execute("EXPLAIN QUERY PLAN " + scan.sql, scan.parameters)
            return "\n".join(row[3] for row in rows)

    return run


def test_the_newest_ten_walk_the_index_backwards(explain):
    steps = explain(order="-timestamp")
    assert "SEARCH d USING PRIMARY KEY (property=?)" in steps
    assert "SCAN" not in steps
    assert "TEMP B-TREE" not in steps


def test_the_next_ten_begin_at_the_cursor(explain):
    steps = explain(order="-timestamp", cursor=True)
    assert "SEARCH d USING PRIMARY KEY (property=? AND (value,key)<(?,?))" in steps
    assert "TEMP B-TREE" not in steps


def test_an_equality_filter_walks_its_value(explain):
    steps = explain(("visitor", EQUAL, "bob"))
    assert "SEARCH d USING PRIMARY KEY (property=? AND value=?)" in steps
    assert "SCAN" not in steps
    assert "TEMP B-TREE" not in steps


def test_an_inequality_walks_its_range(explain):
    steps = explain(("timestamp", GREATER, 50))
    assert "SEARCH d USING PRIMARY KEY (property=? AND value>?)" in steps
    assert "TEMP B-TREE" not in steps


def test_a_kind_walks_its_keys(explain):
    steps = explain()
    assert "SEARCH d USING COVERING INDEX entities_by_kind (kind=?)" in steps
    assert "TEMP B-TREE" not in steps


def test_few_entities_that_a_filter_leaves_are_sorted(explain):
    steps = explain(("visitor", EQUAL, "ann"), order="-timestamp")
    assert "SEARCH d USING PRIMARY KEY (property=? AND value=?)" in steps
    assert "SEARCH c1 USING PRIMARY KEY (entity=? AND property=?)" in steps


def test_many_entities_that_a_filter_leaves_are_walked_in_order(explain, monkeypatch):
    monkeypatch.setattr("datastore_emulator.query.planner.FEW", 5)
    steps = explain(("visitor", EQUAL, "ann"), order="-timestamp")
    assert "SEARCH d USING PRIMARY KEY (property=?)" in steps
    assert "TEMP B-TREE" not in steps


def test_no_query_scans_a_table(explain):
    for filters in ([], [("visitor", EQUAL, "bob")], [("timestamp", GREATER, 5)]):
        for order in ("", "timestamp", "-visitor", "-__key__"):
            assert "SCAN" not in explain(*filters, order=order)
