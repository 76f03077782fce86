"""Query explain: the plan, and figures that count what was read."""

from __future__ import annotations

import pytest
from google.cloud.datastore.query import PropertyFilter
from google.cloud.datastore.query_profile import ExplainOptions, QueryExplainError


@pytest.fixture
def explain(client):
    """Run a query for "Thing" with explain and return its results and metrics."""

    def run(*filters, analyze=True, limit=None, sum_of=None, **options):
        query = client.query(kind="Thing", explain_options=ExplainOptions(analyze=analyze), **options)
        for one in filters:
            query.add_filter(filter=PropertyFilter(*one))
        if sum_of:
            nested = client.query(kind="Thing", **options)
            query = client.aggregation_query(nested, explain_options=ExplainOptions(analyze=analyze)).sum(sum_of)
        iterator = query.fetch(limit=limit)
        return list(iterator), iterator.explain_metrics

    return run


@pytest.fixture
def ten(put) -> None:
    for number in range(1, 11):
        put("Thing", number, n=number, even=number % 2 == 0)


pytestmark = pytest.mark.usefixtures("ten")


def _figures(metrics):
    debug = metrics.execution_stats.debug_stats
    return int(debug["index_entries_scanned"]), int(debug["documents_scanned"])


def _indexes(metrics):
    return [index["properties"] for index in metrics.plan_summary.indexes_used]


def test_plan_without_analysis_names_the_index_and_reads_nothing(explain):
    results, metrics = explain(analyze=False)
    assert not results
    assert metrics.plan_summary.indexes_used == [{"properties": "(__name__ ASC)", "query_scope": "Collection group"}]
    with pytest.raises(QueryExplainError):
        _ = metrics.execution_stats


def test_analysis_counts_the_entries_read(explain):
    results, metrics = explain()
    stats = metrics.execution_stats
    assert (len(results), stats.results_returned, stats.read_operations) == (10, 10, 10)
    assert _figures(metrics) == (10, 10)
    assert stats.execution_duration.total_seconds() > 0


def test_a_limited_query_in_the_order_of_an_index_reads_no_more_than_it_needs(explain):
    results, metrics = explain(order=["-n"], limit=3)
    assert _indexes(metrics) == ["(n DESC, __name__ DESC)"]
    assert len(results) == 3
    # One more entry shows whether there is more.
    assert _figures(metrics) == (4, 3)


def test_a_filter_without_an_index_for_it_shows_in_the_entries_that_were_passed_over(explain):
    results, metrics = explain(("n", ">", 5), ("even", "=", True), order=["n"])
    assert (len(results), _figures(metrics)) == (3, (5, 3))


def test_each_alternative_has_its_index(explain):
    _, metrics = explain(("n", "IN", [1, 2]))
    assert _indexes(metrics) == ["(n ASC, __name__ ASC)"]
    assert _figures(metrics) == (2, 2)


def test_a_projection_reads_no_entities(explain):
    results, metrics = explain(projection=["n"])
    assert (len(results), _figures(metrics), metrics.execution_stats.read_operations) == (10, (10, 0), 1)


def test_an_aggregation_is_billed_by_its_index_entries(explain):
    results, metrics = explain(sum_of="n")
    assert results[0][0].value == 55
    assert (_indexes(metrics), _figures(metrics)) == (["(n ASC, __name__ ASC)"], (10, 0))
    stats = metrics.execution_stats
    assert (stats.results_returned, stats.read_operations) == (1, 1)
    assert stats.debug_stats["billing_details"]["index_entries_billable"] == "10"


def test_an_ancestor_shows_in_the_scope(client, explain):
    _, metrics = explain(("n", ">", 0), ancestor=client.key("Thing", 1))
    assert metrics.plan_summary.indexes_used[0]["query_scope"] == "Includes ancestors"
