"""The figures that explain gives for what a query read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from datastore_emulator import messages as m
from datastore_emulator.engine import Engine
from datastore_emulator.query.executor import Meter
from datastore_emulator.query.explain import fill_execution
from tests.datastore.unit.stored import make_request, put


def explain(index_rows: int, entities: int, results: int, seconds: float = 1.5, *, aggregated: bool = False):
    metrics = m.ExplainMetrics()
    fill_execution(metrics, Meter(index_rows, entities), results, seconds, aggregated=aggregated)
    return metrics.execution_stats


@pytest.mark.parametrize(
    ("read", "reads", "billing"),
    [
        pytest.param({"index_rows": 5, "entities": 3, "results": 3}, 3, ("3", "0", "0", "0"), id="entities"),
        pytest.param({"index_rows": 5, "entities": 0, "results": 4}, 1, ("0", "0", "1", "4"), id="keys"),
        pytest.param({"index_rows": 0, "entities": 0, "results": 0}, 1, ("0", "0", "1", "0"), id="nothing"),
        pytest.param(
            {"index_rows": 5, "entities": 0, "results": 1, "aggregated": True}, 1, ("0", "5", "0", "0"), id="count"
        ),
        pytest.param(
            {"index_rows": 1000, "entities": 0, "results": 1, "aggregated": True},
            1,
            ("0", "1000", "0", "0"),
            id="count of a thousand",
        ),
        pytest.param(
            {"index_rows": 1001, "entities": 0, "results": 1, "aggregated": True},
            2,
            ("0", "1001", "0", "0"),
            id="count of more than a thousand",
        ),
        pytest.param(
            {"index_rows": 0, "entities": 0, "results": 1, "aggregated": True}, 1, ("0", "0", "1", "0"), id="count of 0"
        ),
    ],
)
def test_reads_are_billed_by_what_was_read(read, reads, billing):
    stats = explain(**read)
    details = dict(stats.debug_stats["billing_details"])
    assert stats.read_operations == reads
    assert details == dict(
        zip(("documents_billable", "index_entries_billable", "min_query_cost", "small_ops"), billing, strict=True)
    )


def test_what_was_read_is_counted():
    stats = explain(index_rows=7, entities=2, results=2)
    counted = stats.results_returned, stats.debug_stats["index_entries_scanned"], stats.debug_stats["documents_scanned"]
    assert counted == (2, "7", "2")


@pytest.mark.parametrize(
    ("condition", "scope"),
    [
        ("n > 0", "Collection group"),
        ("__key__ HAS ANCESTOR KEY(K, 1) AND n > 0", "Includes ancestors"),
        ("__key__ HAS ANCESTOR KEY(K, 1)", "Collection group"),
    ],
)
def test_plan_says_whether_its_index_has_ancestors(condition, scope):
    request = make_request(f"SELECT * FROM K WHERE {condition}")
    request.explain_options.SetInParent()
    with Engine() as engine:
        put(engine, "K", {1: {"n": 1}})
        (index,) = engine.run_query(request).explain_metrics.plan_summary.indexes_used
    assert index["query_scope"] == scope


def test_plan_begins_with_the_property_that_is_walked():
    request = make_request("SELECT * FROM K WHERE often = 1 AND rare = 1")
    request.explain_options.SetInParent()
    with Engine() as engine:
        put(engine, "K", {number: {"often": 1, "rare": 1 if number == 3 else 2} for number in range(1, 9)})
        (index,) = engine.run_query(request).explain_metrics.plan_summary.indexes_used
    assert index["properties"] == "(rare ASC, often ASC, __name__ ASC)"


def test_aggregation_that_is_only_explained_is_not_run():
    request = m.RunAggregationQueryRequest(project_id="demo")
    request.gql_query.query_string = "SELECT COUNT(*) FROM K"
    request.explain_options.SetInParent()
    with Engine() as engine:
        put(engine, "K", {1: {}})
        response = engine.run_aggregation_query(request)
    assert response.explain_metrics.HasField("plan_summary")
    assert not response.explain_metrics.HasField("execution_stats")
    assert not response.HasField("batch")


def test_entities_of_several_reads_are_counted_together():
    request = make_request("SELECT * FROM K")
    request.explain_options.analyze = True
    with Engine() as engine:
        put(engine, "K", {number: {} for number in range(1, 26)})
        stats = engine.run_query(request).explain_metrics.execution_stats
    assert (stats.read_operations, stats.debug_stats["documents_scanned"]) == (25, "25")


@pytest.mark.parametrize(("seconds", "microseconds"), [(0.0, 1), (0.000002, 2), (1.5, 1_500_000)])
def test_duration_is_in_microseconds_and_never_zero(seconds, microseconds):
    assert explain(1, 1, 1, seconds).execution_duration.ToTimedelta() == timedelta(microseconds=microseconds)
