"""Explain a query: which indexes it reads, and how much it read there when it was run.

The terms are the service's, the figures are this engine's own. An index is named by the properties whose values are
read from `postings` or `cells`, in the order in which they are used.
https://cloud.google.com/datastore/docs/query-explain-analyze
"""

from __future__ import annotations

import math

from datastore_emulator import messages as m
from datastore_emulator.encoding.keys import KEY
from datastore_emulator.query.executor import Meter
from datastore_emulator.query.planner import QueryPlan

# The service bills one read for so many index entries of an aggregation.
_ENTRIES_PER_READ = 1000


def fill_plan(metrics: m.ExplainMetrics, plan: QueryPlan) -> None:
    """Write the indexes of the plan into the metrics."""
    described: list[dict[str, str]] = []
    for index in (scan.index for scan in plan.scans):
        by_key_only = [term.name for term in index] == [KEY]
        scope = "Includes ancestors" if plan.query.ancestor is not None and not by_key_only else "Collection group"
        columns = ", ".join(f"{_name(term.name)} {'DESC' if term.descending else 'ASC'}" for term in index)
        entry = {"query_scope": scope, "properties": f"({columns})"}
        if entry not in described:
            described.append(entry)
    metrics.plan_summary.SetInParent()
    for entry in described:
        metrics.plan_summary.indexes_used.add().update(entry)


def fill_execution(metrics: m.ExplainMetrics, meter: Meter, results: int, seconds: float, *, aggregated: bool) -> None:
    """Write what the query read for so many results into the metrics."""
    stats = metrics.execution_stats
    stats.results_returned = results
    stats.execution_duration.FromMicroseconds(max(1, round(seconds * 1_000_000)))
    entries_billable = meter.index_rows if aggregated else 0
    small = results if not aggregated and not meter.entities else 0
    # A query costs one read at least; keys and projections are small operations.
    stats.read_operations = max(1, meter.entities, math.ceil(entries_billable / _ENTRIES_PER_READ))
    stats.debug_stats.update(
        {
            "billing_details": {
                "documents_billable": str(meter.entities),
                "index_entries_billable": str(entries_billable),
                "min_query_cost": str(int(not meter.entities and not entries_billable)),
                "small_ops": str(small),
            },
            "documents_scanned": str(meter.entities),
            "index_entries_scanned": str(meter.index_rows),
        }
    )


def _name(name: str) -> str:
    return "__name__" if name == KEY else name
