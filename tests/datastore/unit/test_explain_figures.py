"""The figures that explain gives for what a query read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from datastore_emulator import messages as m
from datastore_emulator.query.executor import Meter
from datastore_emulator.query.explain import fill_execution


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


@pytest.mark.parametrize(("seconds", "microseconds"), [(0.0, 1), (0.000002, 2), (1.5, 1_500_000)])
def test_duration_is_in_microseconds_and_never_zero(seconds, microseconds):
    assert explain(1, 1, 1, seconds).execution_duration.ToTimedelta() == timedelta(microseconds=microseconds)
