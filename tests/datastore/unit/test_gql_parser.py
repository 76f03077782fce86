"""GQL texts as messages: what each part of a text becomes, and where a text is wrong."""

from __future__ import annotations

import pytest

from datastore_emulator import messages as m
from datastore_emulator.encoding.keys import Partition
from datastore_emulator.errors import DatastoreError
from datastore_emulator.query.gql import parse_aggregation_query, parse_query

PARTITION = Partition("demo", "", "space")
_LARGEST = (1 << 31) - 1


def make_query(text: str, *positional: m.GqlQueryParameter, cursor: bytes = b"") -> m.GqlQuery:
    query = m.GqlQuery(query_string=text, allow_literals=True, positional_bindings=positional)
    query.named_bindings["c"].cursor = cursor
    return query


def parse(text: str, *positional: m.GqlQueryParameter, cursor: bytes = b"") -> m.Query:
    return parse_query(make_query(text, *positional, cursor=cursor), PARTITION)


def parse_value(literal: str, *positional: m.GqlQueryParameter) -> m.Value:
    return parse(f"SELECT * FROM K WHERE p = {literal}", *positional).filter.property_filter.value


def number(value: int) -> m.GqlQueryParameter:
    return m.GqlQueryParameter(value=m.Value(integer_value=value))


@pytest.mark.parametrize(
    ("clause", "limit", "offset"),
    [
        ("LIMIT 0", 0, 0),
        ("LIMIT 1 OFFSET 0", 1, 0),
        (f"LIMIT {_LARGEST} OFFSET {_LARGEST}", _LARGEST, _LARGEST),
        ("OFFSET 3", None, 3),
    ],
)
def test_limit_and_offset_are_read(clause, limit, offset):
    query = parse(f"SELECT * FROM K {clause}")
    assert (query.limit.value if query.HasField("limit") else None, query.offset) == (limit, offset)


@pytest.mark.parametrize(
    ("clause", "offset"), [("OFFSET @c", 0), ("OFFSET @c + 2", 2), ("OFFSET @c +2", 2), ("OFFSET @c+2", 2)]
)
def test_cursor_may_have_an_offset(clause, offset):
    query = parse(f"SELECT * FROM K {clause}", cursor=b"here")
    assert (query.start_cursor, query.offset) == (b"here", offset)


@pytest.mark.parametrize(
    ("clause", "message"),
    [
        ("LIMIT -1", "The limit -1 is < 0."),
        ("OFFSET -1", "The offset -1 is < 0."),
        ("OFFSET @c +-1", "The offset -1 is < 0."),
        (f"LIMIT {_LARGEST + 1}", f"The limit {_LARGEST + 1} is too large."),
        ("OFFSET 'a'", "The offset must be an integer."),
        ("OFFSET @c + 'a'", "The offset must be an integer."),
        ("OFFSET @c 2", 'Encountered "2" at line 1, column 27. Was expecting: <EOF>'),
        ("OFFSET @c 'a'", 'Encountered "a" at line 1, column 27. Was expecting: <EOF>'),
    ],
)
def test_wrong_limit_or_offset_is_refused(clause, message):
    with pytest.raises(DatastoreError) as caught:
        parse(f"SELECT * FROM K {clause}")
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("SELECT * FROM K WHERE n\n<> 1 AND\nm = 2", '">" at line 2, column 2.'),
        ("\nSELECT * FROM", '"<EOF>" at line 2, column 14. Was expecting: a name'),
        ("\n\nSELECT *\n\n\n FROM K ;", '";" at line 6, column 9.'),
        ("SELECT * FROM K LIMIT x", '"x" at line 1, column 23. Was expecting: a value'),
        ("SELECT * FROM K WHERE p = BLOB(1)", '"1" at line 1, column 32. Was expecting: a string'),
        ("SELECT * FROM K WHERE p = 1 OR", '"<EOF>" at line 1, column 31. Was expecting: a name'),
        ("SELECT * FROM K WHERE p ( 1", '"(" at line 1, column 25. Was expecting: <, <=, >, >=, =, !='),
    ],
)
def test_error_has_the_place_in_the_text(text, place):
    with pytest.raises(DatastoreError) as caught:
        parse(text)
    assert place in caught.value.message


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        (r"'a\nb'", "a\nb"),
        (r"'\r\t\b\0'", "\r\t\b\0"),
        (r"'a\\b\q'", "a\\bq"),
        ("'a\\\nb'", "a\nb"),
        ("'it''s'", "it's"),
        ('"say ""it"""', 'say "it"'),
        ("'a''''b'", "a''b"),
    ],
)
def test_string_with_escapes_is_read(literal, text):
    assert parse_value(literal).string_value == text


@pytest.mark.parametrize(
    ("text", "blob"),
    [("", b""), ("YQ", b"a"), ("YQ==", b"a"), ("YWI", b"ab"), ("YWJj", b"abc"), ("_-8", b"\xff\xef")],
)
def test_blob_is_read_with_or_without_padding(text, blob):
    assert parse_value(f"BLOB('{text}')").blob_value == blob


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000),
        ("1970-01-01T00:00:01z", 1_000_000),
        ("1970-01-01T00:00:00.000003Z", 3),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T23:59:59-00:00", -1_000_000),
    ],
)
def test_datetime_is_read_to_the_microsecond(text, microseconds):
    assert parse_value(f"DATETIME('{text}')").timestamp_value.ToMicroseconds() == microseconds


@pytest.mark.parametrize(
    ("literal", "message"),
    [
        ("DATETIME('1970-01-01T00:00:01')", "expected an offset from UTC"),
        ("DATETIME('soon')", "expected RFC 3339"),
        ("BLOB('a')", "expected URL-safe base64"),
        ("KEY(K, 1.5)", "Expected an integer or a string"),
        ("@c", "Expected a value, found a cursor in binding: c."),
        ("@0", "Absent positional binding: 0."),
        ("@3", "Absent positional binding: 3."),
        ("@99999999999999999999", "Absent positional binding: 99999999999999999999."),
    ],
)
def test_wrong_literal_is_refused(literal, message):
    with pytest.raises(DatastoreError) as caught:
        parse_value(literal, number(1), number(2))
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("NULL", m.Value(null_value=0)),
        ("true", m.Value(boolean_value=True)),
        ("FALSE", m.Value(boolean_value=False)),
        ("-7", m.Value(integer_value=-7)),
        ("-.5e1", m.Value(double_value=-5.0)),
        ("ARRAY(1)", m.Value(array_value={"values": [m.Value(integer_value=1)]})),
    ],
)
def test_literal_has_its_type(literal, value):
    assert parse_value(literal) == value


def test_positional_binding_counts_from_one():
    assert [parse_value(f"@{at}", number(7), number(8)).integer_value for at in (1, 2)] == [7, 8]


@pytest.mark.parametrize(
    ("literal", "project", "namespace", "path"),
    [
        ("KEY(K, 1)", "demo", "space", [("K", 1)]),
        ("KEY(K, 1, `L`, 'x')", "demo", "space", [("K", 1), ("L", "x")]),
        ("KEY(PROJECT('other'), K, 1)", "other", "space", [("K", 1)]),
        ("KEY(NAMESPACE('none'), K, 1)", "demo", "none", [("K", 1)]),
        ("KEY(PROJECT('other'), NAMESPACE(''), K, 1)", "other", "", [("K", 1)]),
    ],
)
def test_key_has_its_partition_and_path(literal, project, namespace, path):
    key = parse_value(literal).key_value
    assert (key.partition_id.project_id, key.partition_id.namespace_id) == (project, namespace)
    assert [(one.kind, one.id or one.name) for one in key.path] == path


def test_aggregations_have_their_operators_limits_and_aliases():
    text = "SELECT COUNT(*), COUNT_UP_TO(5) AS few, SUM(a.b) AS sum, AVG(c) FROM K WHERE __key__ > KEY(K, 1)"
    query = parse_aggregation_query(make_query(text), PARTITION)
    count, few, total, mean = query.aggregations
    assert (count.WhichOneof("operator"), count.count.HasField("up_to"), count.alias) == ("count", False, "")
    assert (few.count.up_to.value, few.alias) == (5, "few")
    assert (total.sum.property.name, total.alias, mean.avg.property.name) == ("a.b", "sum", "c")
    key = query.nested_query.filter.property_filter.value.key_value
    assert key.partition_id.namespace_id == "space"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT * FROM K", "The GQL query has no aggregation; use RunQuery."),
        ("AGGREGATE MAX(a) OVER (SELECT * FROM K)", "Was expecting: COUNT, COUNT_UP_TO, SUM, AVG"),
        ("SELECT COUNT_UP_TO('a') FROM K", "The limit must be an integer."),
        ("SELECT COUNT(a) FROM K", "Was expecting: *"),
        ("AGGREGATE COUNT(*) OVER (SELECT * FROM K", "Was expecting: )"),
    ],
)
def test_wrong_aggregation_is_refused(text, message):
    with pytest.raises(DatastoreError) as caught:
        parse_aggregation_query(make_query(text), PARTITION)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "projection", "distinct"),
    [
        ("SELECT a, b.c FROM K", ["a", "b.c"], []),
        ("SELECT DISTINCT a, b FROM K", ["a", "b"], ["a", "b"]),
        ("SELECT DISTINCT ON (a) a, b FROM K", ["a", "b"], ["a"]),
        ("SELECT DISTINCT ON (a, b) * FROM K", [], ["a", "b"]),
        ("SELECT `select` FROM K", ["select"], []),
    ],
)
def test_projection_and_distinct_are_read(text, projection, distinct):
    query = parse(text)
    assert [one.property.name for one in query.projection] == projection
    assert [one.name for one in query.distinct_on] == distinct


def test_order_is_ascending_unless_it_says_descending():
    orders = parse("SELECT * FROM K ORDER BY a, b ASC, c DESC").order
    up, down = m.PropertyOrder.ASCENDING, m.PropertyOrder.DESCENDING
    assert [(one.property.name, one.direction) for one in orders] == [("a", up), ("b", up), ("c", down)]
