"""Counts and sums over one scan, over several, and over distinct values: the offset, the limit and COUNT_UP_TO."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from datastore_emulator import messages as m
from datastore_emulator.engine import Engine
from tests.datastore.unit.stored import put

ONE_SCAN, DISTINCT = "SELECT * FROM K", "SELECT DISTINCT ON (d) * FROM K"
BRANCHES = "SELECT * FROM K WHERE n < 3 OR n > 3"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine() as engine:
        put(engine, "K", {n: {"n": n, "d": n} for n in (1, 2, 4, 5, 6)})
        put(engine, "Least", {1: {"n": -(2**63)}, 2: {"n": 0}})
        put(engine, "Largest", {1: {"n": 2**63 - 1}, 2: {"n": 0}})
        put(engine, "Larger", {1: {"n": 2**63 - 1}, 2: {"n": 1}})
        put(engine, "Infinite", {1: {"n": float("inf")}, 2: {"n": 1}})
        put(engine, "Mixed", {1: {"n": 0.5}, 2: {"n": 2}, 3: {"n": "two"}})
        yield engine


def aggregate(engine: Engine, text: str) -> m.Value:
    request = m.RunAggregationQueryRequest(project_id="demo")
    request.gql_query.query_string = text
    request.gql_query.allow_literals = True
    (result,) = engine.run_aggregation_query(request).batch.aggregation_results
    return result.aggregate_properties["property_1"]


@pytest.mark.parametrize("query", [ONE_SCAN, BRANCHES, DISTINCT])
@pytest.mark.parametrize(
    ("aggregation", "clause", "count"),
    [
        ("COUNT(*)", "", 5),
        ("COUNT(*)", "LIMIT 3", 3),
        ("COUNT(*)", "LIMIT 9", 5),
        ("COUNT(*)", "LIMIT 0", 0),
        ("COUNT(*)", "OFFSET 2", 3),
        ("COUNT(*)", "LIMIT 2 OFFSET 2", 2),
        ("COUNT(*)", "LIMIT 2 OFFSET 4", 1),
        ("COUNT(*)", "OFFSET 9", 0),
        ("COUNT_UP_TO(2)", "", 2),
        ("COUNT_UP_TO(2)", "LIMIT 3 OFFSET 1", 2),
        ("COUNT_UP_TO(2)", "LIMIT 1", 1),
        ("COUNT_UP_TO(9)", "OFFSET 3", 2),
    ],
)
def test_count_is_of_the_results_within_offset_and_limit(engine, query, aggregation, clause, count):
    assert aggregate(engine, f"AGGREGATE {aggregation} OVER ({query} {clause})").integer_value == count


@pytest.mark.parametrize("query", [ONE_SCAN, BRANCHES, DISTINCT])
@pytest.mark.parametrize(
    ("clause", "total"), [("", 18), ("LIMIT 3", 7), ("OFFSET 2", 15), ("LIMIT 2 OFFSET 2", 9), ("LIMIT 0", 0)]
)
def test_sum_is_of_the_results_within_offset_and_limit(engine, query, clause, total):
    assert aggregate(engine, f"AGGREGATE SUM(n) OVER ({query} {clause})").integer_value == total


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("Least", m.Value(integer_value=-(2**63))),
        ("Largest", m.Value(integer_value=2**63 - 1)),
        ("Larger", m.Value(double_value=2.0**63)),
        ("Infinite", m.Value(double_value=float("inf"))),
        ("Mixed", m.Value(double_value=2.5)),
    ],
)
def test_sum_is_an_integer_if_it_fits_and_a_double_otherwise(engine, kind, value):
    assert aggregate(engine, f"SELECT SUM(n) FROM {kind}") == value


def test_average_leaves_out_what_is_no_number(engine):
    assert aggregate(engine, "SELECT AVG(n) FROM Mixed") == m.Value(double_value=1.25)
