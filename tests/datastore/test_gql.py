"""GQL: the results of a text, and the error for a text that cannot be read."""

from __future__ import annotations

import contextlib
import datetime

import pytest
from google.api_core import exceptions
from google.cloud import datastore
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.fixture
def gql(client, project):
    """Run a GQL query and return the response."""

    def run(text, literals=True, rpc="run_query", **bindings):
        request = {
            "project_id": project,
            "partition_id": {"namespace_id": bindings.pop("namespace", "")},
            "gql_query": {"query_string": text, "allow_literals": literals, **bindings},
        }
        return getattr(client._datastore_api, rpc)(request=request)

    return run


@pytest.fixture
def select(gql):
    """Run a GQL query and return the ids it finds."""

    def run(text, **options):
        return [result.entity.key.path[-1].id for result in gql(text, **options).batch.entity_results]

    return run


@pytest.fixture
def things(client, put) -> None:
    for number in range(1, 6):
        put("Thing", number, n=number, name=f"it's {number}", half=number / 2, even=number % 2 == 0, tags=["a", number])
    put("Thing", 6, nothing=None, at=datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc), blob=b"i\xb7")
    client.put(datastore.Entity(client.key("Thing", 1, "Thing", 7)))


@pytest.mark.usefixtures("things")
@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("SELECT * FROM Thing", [1, 7, 2, 3, 4, 5, 6]),
        ("select __key__ from Thing where n = 2", [2]),
        ("SELECT * FROM `Thing` WHERE `n` >= 2 AND n < 4", [2, 3]),
        ("SELECT * FROM Thing WHERE 2 < n AND n != 4", [3, 5]),
        ("SELECT * FROM Thing WHERE name = 'it''s 3'", [3]),
        ('SELECT * FROM Thing WHERE name = "it\'s 3"', [3]),
        (r"SELECT * FROM Thing WHERE name = 'it\'s 3'", [3]),
        ("SELECT * FROM Thing WHERE half = 1.5 OR half = 25e-1", [3, 5]),
        ("SELECT * FROM Thing WHERE (n = 1 OR n = 2) AND even = TRUE", [2]),
        ("SELECT * FROM Thing WHERE n = 1 OR n = 2 AND even = FALSE", [1]),
        ("SELECT * FROM Thing WHERE n IN ARRAY(5, 1)", [1, 5]),
        ("SELECT * FROM Thing WHERE n NOT IN ARRAY(5, 1)", [2, 3, 4]),
        ("SELECT * FROM Thing WHERE tags CONTAINS 3", [3]),
        ("SELECT * FROM Thing WHERE 3 IN tags", [3]),
        ("SELECT * FROM Thing WHERE nothing IS NULL", [6]),
        ("SELECT * FROM Thing WHERE at = DATETIME('2020-01-01T01:00:00+01:00')", [6]),
        ("SELECT * FROM Thing WHERE blob = BLOB('abc')", [6]),
        ("SELECT * FROM Thing WHERE __key__ HAS ANCESTOR KEY(Thing, 1)", [1, 7]),
        ("SELECT * FROM Thing WHERE KEY(Thing, 1) HAS DESCENDANT __key__", [1, 7]),
        ("SELECT * FROM Thing WHERE __key__ = KEY(Thing, 1, Thing, 7)", [7]),
        ("SELECT * WHERE __key__ > KEY(Thing, 4)", [5, 6]),
        ("SELECT * FROM Thing ORDER BY n DESC LIMIT 2 OFFSET 1", [4, 3]),
        ("SELECT * FROM Thing ORDER BY even, n DESC LIMIT 3", [5, 3, 1]),
        ("SELECT n, half FROM Thing WHERE n > 3", [4, 5]),
        ("SELECT DISTINCT even FROM Thing", [1, 2]),
        ("SELECT DISTINCT ON (even) even, n FROM Thing ORDER BY even, n", [1, 2]),
    ],
)
def test_gql_text_finds_its_results(select, text, ids):
    assert select(text) == ids


@pytest.mark.usefixtures("things")
def test_bindings_stand_for_values_and_limits(select):
    two = {"value": {"integer_value": 2}}
    assert select("SELECT * FROM Thing WHERE n = @n", literals=False, named_bindings={"n": two}) == [2]
    assert select("SELECT * FROM Thing LIMIT @1", literals=False, positional_bindings=[two]) == [1, 7]
    values = {"value": {"array_value": {"values": [{"integer_value": 4}, {"integer_value": 3}]}}}
    assert select("SELECT * FROM Thing WHERE n IN @ns", named_bindings={"ns": values}) == [3, 4]


@pytest.mark.usefixtures("things")
def test_cursors_are_bound_to_begin_and_to_end(gql, select):
    cursor = {"cursor": gql("SELECT * FROM Thing ORDER BY n LIMIT 2").batch.end_cursor}
    assert select("SELECT * FROM Thing ORDER BY n OFFSET @c", named_bindings={"c": cursor}) == [3, 4, 5]
    assert select("SELECT * FROM Thing ORDER BY n OFFSET @c + 1", named_bindings={"c": cursor}) == [4, 5]
    assert select("SELECT * FROM Thing ORDER BY n LIMIT @c", named_bindings={"c": cursor}) == [1, 2]
    assert select("SELECT * FROM Thing ORDER BY n LIMIT FIRST(1, @c)", named_bindings={"c": cursor}) == [1]


def test_response_has_the_parsed_query(gql):
    query = gql("SELECT a.b FROM Thing ORDER BY a.b LIMIT 3").query
    assert (query.kind[0].name, query.projection[0].property.name, query.limit) == ("Thing", "a.b", 3)


def test_keys_are_of_the_namespace_unless_they_name_one(connect, select):
    other = connect(namespace="other")
    other.put(datastore.Entity(other.key("Thing", 1)))
    assert select("SELECT * FROM Thing WHERE __key__ = KEY(Thing, 1)", namespace="other") == [1]
    named = "SELECT * FROM Thing WHERE __key__ = KEY(NAMESPACE('other'), Thing, 1)"
    assert select(named, namespace="other") == [1]


@pytest.mark.usefixtures("things")
@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("SELECT COUNT(*) FROM Thing", {"property_1": 7}),
        ("SELECT COUNT(*) AS total, SUM(n) AS sum FROM Thing WHERE even = TRUE", {"total": 2, "sum": 6}),
        ("SELECT COUNT_UP_TO(3) AS few FROM Thing", {"few": 3}),
        ("AGGREGATE COUNT(*) AS total OVER (SELECT * FROM Thing WHERE n > 1 LIMIT 3)", {"total": 3}),
    ],
)
def test_aggregations_can_be_written_in_gql(gql, text, values):
    batch = gql(text, rpc="run_aggregation_query").batch
    found = {name: value.integer_value for name, value in batch.aggregation_results[0].aggregate_properties.items()}
    assert found == values


def test_an_average_in_gql_is_a_double(gql, put):
    put("Thing", 1, n=1)
    put("Thing", 2, n=2)
    batch = gql("SELECT AVG(n) AS mean FROM Thing", rpc="run_aggregation_query").batch
    assert batch.aggregation_results[0].aggregate_properties["mean"].double_value == 1.5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("selec * FROM Thing", 'Encountered "selec" at line 1, column 1. Was expecting: SELECT'),
        ("SELECT * FROM Thing WHERE", 'Encountered "<EOF>" at line 1, column 26.'),
        ("SELECT *\nFROM Thing WHERE n <> 1", 'Encountered ">" at line 2, column 21.'),
        ("SELECT * FROM Thing;", 'Lexical error: encountered ";" at line 1, column 20.'),
        ("SELECT * FROM Thing WHERE n = 'open", "Lexical error"),
        ("SELECT * FROM Thing LIMIT -1", "The limit -1 is < 0."),
        ("SELECT * FROM Thing WHERE n = @x", "Absent named binding: x."),
        ("SELECT * FROM Thing WHERE n = @1", "Absent positional binding: 1."),
        ("SELECT * FROM Thing WHERE n = 99999999999999999999", "does not fit 64 bits"),
        ("SELECT * FROM Thing WHERE n = DATETIME('noon')", "Invalid datetime literal"),
        ("SELECT * FROM Thing LIMIT FIRST(2, 3)", "LIMIT FIRST expects one number and one cursor."),
        ("SELECT COUNT(*) FROM Thing", "use RunAggregationQuery"),
        ("SELECT * FROM Thing trailing", 'Encountered "trailing"'),
    ],
)
def test_invalid_gql_is_refused_with_line_and_column(gql, text, message):
    with pytest.raises(exceptions.InvalidArgument) as caught:
        gql(text)
    assert message in str(caught.value)


VOCABULARY = (
    "SELECT * FROM WHERE ORDER BY LIMIT OFFSET DISTINCT ON ( ) , . = != < IN NOT HAS ANCESTOR DESCENDANT CONTAINS IS "
    "NULL AND OR KEY ARRAY BLOB DATETIME PROJECT NAMESPACE FIRST AGGREGATE OVER COUNT SUM AVG COUNT_UP_TO AS Thing "
    "n `n` 'text' \"text\" 1 -1 1.5 TRUE @1 @x @99999999999999999999 + ; ' ` \\ é"
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(st.sampled_from(VOCABULARY.split()), max_size=12),
    rpc=st.sampled_from(["run_query", "run_aggregation_query"]),
)
def test_random_words_are_a_query_or_refused(gql, words, rpc):
    with contextlib.suppress(exceptions.InvalidArgument):
        gql(" ".join(["SELECT", *words]), rpc=rpc)


def test_a_text_that_is_nested_too_deeply_is_refused(gql):
    with pytest.raises(exceptions.InvalidArgument, match="nested too deeply"):
        gql("SELECT * FROM Thing WHERE " + "(" * 5000 + "n = 1" + ")" * 5000)


def test_literals_are_refused_unless_they_are_allowed(gql):
    with pytest.raises(exceptions.InvalidArgument, match="Disallowed literal: 1"):
        gql("SELECT * FROM Thing WHERE n = 1", literals=False)
