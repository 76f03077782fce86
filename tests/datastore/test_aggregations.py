"""Count, sum and average: over whole queries, from the indexes."""

from __future__ import annotations

import pytest
from google.api_core import exceptions
from google.cloud.datastore.query import PropertyFilter


@pytest.fixture
def aggregate(client):
    """Run aggregations over a query for "Thing": aggregate(("sum", "n"), ("count", "all"), filters=[...])."""

    def run(*aggregations, filters=(), limit=None, **options):
        nested = client.query(kind="Thing", **options)
        for one in filters:
            nested.add_filter(filter=PropertyFilter(*one))
        query = client.aggregation_query(nested)
        for name, *arguments in aggregations:
            getattr(query, name)(*arguments)
        (results,) = query.fetch(limit=limit)
        return {result.alias: result.value for result in results}

    return run


@pytest.fixture
def send(client, project):
    """Send one RunAggregationQuery for "Thing" and return the values by alias."""

    def run(*aggregations, **nested):
        query = {"nested_query": {"kind": [{"name": "Thing"}], **nested}, "aggregations": list(aggregations)}
        request = {"project_id": project, "aggregation_query": query}
        (result,) = client._datastore_api.run_aggregation_query(request=request).batch.aggregation_results
        return dict(result.aggregate_properties)

    return run


@pytest.fixture
def five(put) -> None:
    for number in range(1, 6):
        put("Thing", number, n=number, even=number % 2 == 0)


@pytest.mark.usefixtures("five")
def test_count_counts_the_results(aggregate):
    assert aggregate(("count", "all")) == {"all": 5}
    assert aggregate(("count", "all"), filters=[("even", "=", True)]) == {"all": 2}


@pytest.mark.usefixtures("five")
def test_sum_and_average_are_of_the_results(aggregate):
    found = aggregate(("sum", "n", "total"), ("avg", "n", "mean"), filters=[("n", ">", 1)])
    assert found == {"total": 14, "mean": 3.5}


@pytest.mark.usefixtures("five")
def test_aggregations_without_an_alias_are_numbered(aggregate):
    assert aggregate(("count",), ("sum", "n", "total"), ("avg", "n")) == {"property_1": 5, "total": 15, "property_2": 3}


@pytest.mark.usefixtures("five")
def test_count_stops_at_its_limit(aggregate, send):
    assert aggregate(("count", "all"), limit=3) == {"all": 3}
    found = send({"alias": "few", "count": {"up_to": 2}}, {"alias": "all", "count": {}})
    assert (found["few"].integer_value, found["all"].integer_value) == (2, 5)


@pytest.mark.usefixtures("five")
def test_a_limit_takes_the_first_of_the_order(aggregate):
    assert aggregate(("sum", "n", "total"), limit=2) == {"total": 3}
    assert aggregate(("sum", "n", "total"), limit=2, order=["-n"]) == {"total": 9}


@pytest.mark.usefixtures("five")
def test_offsets_and_cursors_leave_results_out(send):
    assert send({"alias": "all", "count": {}}, offset=2)["all"].integer_value == 3
    assert send({"alias": "all", "count": {}}, offset=9)["all"].integer_value == 0


@pytest.mark.usefixtures("five")
def test_alternatives_are_counted_once(aggregate):
    assert aggregate(("count", "all"), filters=[("n", "IN", [1, 2, 2, 9])]) == {"all": 2}


def test_the_sum_of_nothing_is_zero_and_its_average_null(send):
    found = send({"alias": "s", "sum": {"property": {"name": "n"}}}, {"alias": "a", "avg": {"property": {"name": "n"}}})
    assert "integer_value" in found["s"]
    assert found["s"].integer_value == 0
    assert "null_value" in found["a"]


def test_a_sum_of_integers_is_one_and_with_a_double_it_is_a_double(send, put):
    put("Thing", 1, i=1, d=1)
    put("Thing", 2, i=2, d=0.5)
    found = send({"alias": "i", "sum": {"property": {"name": "i"}}}, {"alias": "d", "sum": {"property": {"name": "d"}}})
    assert found["i"].integer_value == 3
    assert found["d"].double_value == 1.5


def test_a_sum_too_large_for_an_integer_is_a_double(send, put):
    put("Thing", 1, n=2**62)
    put("Thing", 2, n=2**62)
    assert send({"alias": "s", "sum": {"property": {"name": "n"}}})["s"].double_value == 2.0**63


def test_only_numbers_are_summed_but_all_are_counted(aggregate, put):
    for number, value in enumerate([1, "two", None, True, 2.5], start=1):
        put("Thing", number, n=value)
    assert aggregate(("sum", "n", "s"), ("avg", "n", "a"), ("count", "c")) == {"s": 3.5, "a": 1.75, "c": 5}


def test_an_entity_without_the_property_does_not_count(aggregate, put):
    put("Thing", 1, n=1)
    put("Thing", 2, other=1)
    assert aggregate(("count", "c"), ("sum", "n", "s")) == {"c": 1, "s": 1}


def test_each_value_of_an_array_counts(aggregate, put):
    put("Thing", 1, n=[1, 2])
    assert aggregate(("sum", "n", "s"), ("count", "c")) == {"s": 3, "c": 2}


def test_a_kindless_query_can_be_counted(client, put):
    put("Thing", 1)
    put("Other", 1)
    (results,) = client.aggregation_query(client.query()).count(alias="all").fetch()
    assert results[0].value == 2


@pytest.mark.usefixtures("five")
def test_an_aggregation_in_a_transaction_aborts_it_when_it_would_change(client, connect, aggregate):
    other = connect()

    def collide() -> None:
        with client.transaction() as transaction:
            aggregate(("count", "all"))
            with other.transaction():
                other.delete(other.key("Thing", 1))
            transaction.delete(client.key("Elsewhere", 1))

    with pytest.raises(exceptions.Aborted):
        collide()


@pytest.mark.parametrize(
    ("aggregations", "message"),
    [
        ([], "Aggregations can not be empty."),
        ([{"alias": "x"}], "Operator field in Aggregation is not set."),
        ([{"alias": "x", "count": {}}, {"alias": "x", "count": {}}], "Aggregation aliases contain duplicate alias: x."),
        ([{"alias": "__x__", "count": {}}], 'The property.name "__x__" is reserved.'),
        ([{"count": {"up_to": -1}}], "must be greater than or equal to zero."),
        ([{"sum": {"property": {"name": "__key__"}}}], "Aggregations are not supported for the property: __key__"),
        ([{"count": {}}] * 6, "The maximum number of aggregations allowed in an aggregation query is 5. Received: 6"),
    ],
)
def test_invalid_aggregation_is_refused(send, aggregations, message):
    with pytest.raises(exceptions.InvalidArgument) as caught:
        send(*aggregations)
    assert message in str(caught.value)


def test_a_sum_over_keys_alone_is_refused(send):
    with pytest.raises(exceptions.InvalidArgument, match="base query that only returns keys"):
        send({"sum": {"property": {"name": "n"}}}, projection=[{"property": {"name": "__key__"}}])
