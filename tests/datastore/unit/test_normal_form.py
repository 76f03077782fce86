"""Queries in normal form: the branches of a filter, and the total order."""

from __future__ import annotations

import dataclasses

import pytest

from datastore_emulator import messages as m
from datastore_emulator.encoding.keys import Partition
from datastore_emulator.encoding.values import encode
from datastore_emulator.errors import DatastoreError
from datastore_emulator.query.filters import Range
from datastore_emulator.query.normal_form import NormalQuery, normalize_query

PARTITION = Partition("demo", "", "")
AND, OR = m.CompositeFilter.AND, m.CompositeFilter.OR
P = m.PropertyFilter


def number(value: int) -> bytes:
    return encode("n", m.Value(integer_value=value))


def where(name: str, operator: P.Operator.ValueType, *values: int) -> m.Filter:
    condition = m.Filter()
    condition.property_filter.property.name = name
    condition.property_filter.op = operator
    if operator in (P.IN, P.NOT_IN):
        condition.property_filter.value.array_value.values.extend(m.Value(integer_value=value) for value in values)
    else:
        condition.property_filter.value.integer_value = values[0]
    return condition


def join(operator: m.CompositeFilter.Operator.ValueType, *filters: m.Filter) -> m.Filter:
    joined = m.Filter()
    joined.composite_filter.op = operator
    joined.composite_filter.filters.extend(filters)
    return joined


def normalize(
    condition: m.Filter | None = None,
    *,
    order: tuple[str, ...] = (),
    projection: tuple[str, ...] = (),
    distinct_on: tuple[str, ...] = (),
    aggregated: tuple[str, ...] = (),
) -> NormalQuery:
    query = m.Query()
    query.kind.add().name = "Visit"
    if condition:
        query.filter.CopyFrom(condition)
    for name in order:
        direction = m.PropertyOrder.DESCENDING if name[0] == "-" else m.PropertyOrder.ASCENDING
        query.order.add(direction=direction).property.name = name.lstrip("-")
    for name in projection:
        query.projection.add().property.name = name
    for name in distinct_on:
        query.distinct_on.add().name = name
    return normalize_query(PARTITION, query, aggregated=aggregated)


EQUAL_1, EQUAL_2, ABOVE_1 = where("a", P.EQUAL, 1), where("b", P.EQUAL, 2), where("c", P.GREATER_THAN, 1)


@pytest.mark.parametrize(
    ("condition", "branches"),
    [
        pytest.param(None, [[]], id="no filter"),
        pytest.param(EQUAL_1, [["a"]], id="one condition"),
        pytest.param(join(AND, EQUAL_1, EQUAL_2), [["a", "b"]], id="and"),
        pytest.param(join(AND, EQUAL_1, EQUAL_1), [["a"]], id="the same condition twice"),
        pytest.param(join(OR, EQUAL_1, EQUAL_2), [["a"], ["b"]], id="or"),
        pytest.param(join(OR, EQUAL_1, EQUAL_1), [["a"]], id="the same branch twice"),
        pytest.param(where("a", P.IN, 1, 2, 1), [["a"], ["a"]], id="in"),
        pytest.param(join(AND, EQUAL_1, join(OR, EQUAL_2, ABOVE_1)), [["a", "b"], ["a", "c"]], id="or within and"),
        pytest.param(join(AND, where("a", P.IN, 1, 2), where("b", P.IN, 1, 2)), [["a", "b"]] * 4, id="in times in"),
    ],
)
def test_filter_becomes_branches(condition, branches):
    found = normalize(condition).branches
    assert [sorted({name for name, _ in branch.equals} | set(branch.ranges)) for branch in found] == branches


@pytest.mark.parametrize(
    ("conditions", "interval"),
    [
        ([where("a", P.GREATER_THAN, 1)], Range(low=number(1), low_included=False)),
        ([where("a", P.GREATER_THAN, 1), where("a", P.GREATER_THAN_OR_EQUAL, 1)], Range(number(1), low_included=False)),
        ([where("a", P.GREATER_THAN_OR_EQUAL, 1), where("a", P.GREATER_THAN, 1)], Range(number(1), low_included=False)),
        ([where("a", P.GREATER_THAN, 1), where("a", P.GREATER_THAN, 3)], Range(number(3), low_included=False)),
        ([where("a", P.GREATER_THAN_OR_EQUAL, 1), where("a", P.LESS_THAN_OR_EQUAL, 5)], Range(number(1), number(5))),
        ([where("a", P.NOT_EQUAL, 2)], Range(excluded=frozenset([number(2)]))),
        ([where("a", P.NOT_IN, 2, 3)], Range(excluded=frozenset([number(2), number(3)]))),
    ],
)
def test_inequalities_become_one_interval(conditions, interval):
    (branch,) = normalize(join(AND, *conditions)).branches
    assert branch.ranges == {"a": interval}


@pytest.mark.parametrize(
    ("options", "terms"),
    [
        ({}, ["__key__"]),
        ({"order": ("a",)}, ["a", "__key__"]),
        ({"order": ("-a",)}, ["-a", "-__key__"]),
        ({"order": ("-a", "b")}, ["-a", "b", "__key__"]),
        ({"order": ("-a", "__key__")}, ["-a", "__key__"]),
        ({"order": ("__key__", "a")}, ["__key__"]),
        ({"condition": ABOVE_1}, ["c", "__key__"]),
        ({"condition": ABOVE_1, "order": ("-c",)}, ["-c", "-__key__"]),
        ({"condition": ABOVE_1, "order": ("-a",)}, ["-a", "-c", "-__key__"]),
        ({"condition": EQUAL_1, "order": ("a", "b")}, ["b", "__key__"]),
        ({"condition": where("a", P.IN, 1, 2), "order": ("a",)}, ["a", "__key__"]),
        ({"projection": ("b", "a")}, ["a", "b", "__key__"]),
        ({"projection": ("b", "a"), "distinct_on": ("b",)}, ["b", "a", "__key__"]),
        ({"projection": ("__key__",)}, ["__key__"]),
        ({"aggregated": ("b",), "order": ("-a",)}, ["-a", "-b", "-__key__"]),
    ],
)
def test_order_is_total(options, terms):
    assert [("-" if term.descending else "") + term.name for term in normalize(**options).terms] == terms


def test_compared_keys_come_before_what_is_projected():
    key = m.Value()
    key.key_value.path.add(kind="Visit", id=1)
    above = m.Filter()
    above.property_filter.property.name, above.property_filter.op = "__key__", P.GREATER_THAN
    above.property_filter.value.CopyFrom(key)
    under = m.Filter()
    under.CopyFrom(above)
    under.property_filter.op = P.HAS_ANCESTOR
    assert [term.name for term in normalize(above, projection=("a",)).terms] == ["__key__", "a"]
    assert [term.name for term in normalize(under, projection=("a",)).terms] == ["a", "__key__"]
    # Of two alternatives, one is enough to decide the order of both.
    either = join(OR, join(AND, above, ABOVE_1), ABOVE_1)
    assert [term.name for term in normalize(either, projection=("a",)).terms] == ["c", "__key__", "a"]


def test_property_that_is_equal_in_one_alternative_only_is_ordered_by():
    either = join(OR, join(AND, EQUAL_1, EQUAL_2), EQUAL_1)
    assert [term.name for term in normalize(either, order=("a", "b")).terms] == ["b", "__key__"]
    other = join(OR, EQUAL_1, join(AND, EQUAL_1, where("a", P.EQUAL, 2)))
    assert [term.name for term in normalize(other, order=("a",)).terms] == ["a", "__key__"]


def test_property_is_ordered_by_in_its_first_direction():
    assert normalize(order=("a", "-a", "b")).terms[0] == ("a", False)


@pytest.mark.parametrize(
    ("options", "keys_only", "expanded"),
    [
        ({}, False, False),
        ({"projection": ("__key__",)}, True, False),
        ({"projection": ("__key__", "a")}, False, True),
        ({"projection": ("a",)}, False, True),
        ({"distinct_on": ("a",)}, False, True),
        ({"aggregated": ("a",)}, False, True),
    ],
)
def test_query_gives_keys_entities_or_a_result_for_each_value(options, keys_only, expanded):
    query = normalize(**options)
    assert (query.keys_only, query.expanded) == (keys_only, expanded)


def test_cursors_offset_limit_and_mask_are_kept():
    message = m.Query(offset=2, start_cursor=b"s", end_cursor=b"e")
    message.limit.value = 0
    query = normalize_query(PARTITION, message, mask=[("a",)])
    assert (query.offset, query.limit, query.start, query.end, query.mask) == (2, 0, b"s", b"e", (("a",),))
    assert (normalize().limit, normalize().mask) == (None, None)


_A = {"name": "a"}


@pytest.mark.parametrize(
    ("message", "aggregated", "words"),
    [
        (m.Query(offset=-1), (), "Offset must be non-negative."),
        (m.Query(limit={"value": -1}), (), "Limit must be non-negative."),
        (m.Query(kind=[{"name": "A"}, {"name": "B"}]), (), "multiple kinds not supported"),
        (m.Query(kind=[{"name": ""}]), (), "The kind is the empty string."),
        (m.Query(find_nearest={}), (), "Query.find_nearest is not implemented"),
        (m.Query(projection=[{"property": _A}]), (), "kind is required for projection: a"),
        (m.Query(distinct_on=[_A]), (), "kind is required for projection: a"),
        (m.Query(), ("a",), "kind is required for aggregation: a"),
        (m.Query(order=[{"property": _A}]), (), "kind is required for all orders except __key__ ascending"),
        (m.Query(order=[{"property": {"name": "__key__"}, "direction": "DESCENDING"}]), (), "kind is required for all"),
        (m.Query(kind=[{"name": "A"}], order=[{"property": {"name": ""}}]), (), "The property.name is the empty"),
        (m.Query(kind=[{"name": "A"}], projection=[{"property": {"name": ""}}]), (), "The property.name is the empty"),
    ],
)
def test_query_that_no_index_can_answer_is_refused(message, aggregated, words):
    with pytest.raises(DatastoreError, match=words):
        normalize_query(PARTITION, message, aggregated=aggregated)


def test_query_without_a_kind_may_be_ordered_by_keys():
    message = m.Query(order=[{"property": {"name": "__key__"}}], projection=[{"property": {"name": "__key__"}}])
    assert normalize_query(PARTITION, message).terms == (("__key__", False),)


def test_property_that_is_named_after_the_key_must_exist():
    (branch,) = normalize(order=("__key__", "a")).branches
    assert branch.ranges == {"a": Range()}


def test_equality_on_an_ordered_property_fixes_its_position():
    query = normalize(where("a", P.IN, 1, 2), order=("a",))
    assert [branch.ranges for branch in query.branches] == [
        {"a": Range(number(1), number(1))},
        {"a": Range(number(2), number(2))},
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"projection": ("a", "a")}, "multiple times"),
        ({"condition": EQUAL_1, "projection": ("a",)}, "equality filter"),
        ({"distinct_on": ("a",), "order": ("b",)}, "group by orderings"),
        ({"condition": where("a", P.IN, *range(31))}, "30"),
        ({"condition": join(AND, *[where("a", P.NOT_EQUAL, 1)] * 2)}, "Only a single"),
        ({"condition": join(m.CompositeFilter.OPERATOR_UNSPECIFIED, EQUAL_1)}, "must specify an operator"),
        ({"condition": join(AND)}, "at least one sub-filter"),
    ],
)
def test_invalid_query_is_refused(options, message):
    with pytest.raises(DatastoreError, match=message):
        normalize(**options)


def test_normal_query_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        normalize().limit = 1  # type: ignore[misc]
