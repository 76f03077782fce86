"""Filters as conjunctions: intervals, ancestors, keys, and the filters that no query may have."""

from __future__ import annotations

import pytest

from datastore_emulator import messages as m
from datastore_emulator.encoding import keys
from datastore_emulator.encoding.keys import Partition
from datastore_emulator.errors import DatastoreError
from datastore_emulator.query.filters import ANY, Conjunction, Range, normalize_filter
from datastore_emulator.query.gql import parse_query
from tests.datastore.unit.stored import make_value

PARTITION = Partition("demo", "", "")
_IN, _NOT_IN, _EQUAL = m.PropertyFilter.IN, m.PropertyFilter.NOT_IN, m.PropertyFilter.EQUAL
_AND, _OR = m.CompositeFilter.AND, m.CompositeFilter.OR


def normalize(text: str, kind: str | None = "K") -> tuple[Conjunction, ...]:
    """Return the conjunctions of a condition in GQL."""
    query = m.GqlQuery(query_string=f"SELECT * FROM K WHERE {text}", allow_literals=True)
    return normalize_filter(parse_query(query, PARTITION).filter, PARTITION, kind)


def where(operator: m.PropertyFilter.Operator.ValueType, plain: object, name: str = "p") -> m.Filter:
    condition = m.Filter()
    condition.property_filter.property.name = name
    condition.property_filter.op = operator
    condition.property_filter.value.CopyFrom(make_value(plain))
    return condition


def join(operator: m.CompositeFilter.Operator.ValueType, *filters: m.Filter) -> m.Filter:
    joined = m.Filter()
    joined.composite_filter.op = operator
    joined.composite_filter.filters.extend(filters)
    return joined


def path(*elements: tuple[str, int]) -> bytes:
    key = m.Key()
    for kind, number in elements:
        key.path.add(kind=kind, id=number)
    return keys.encode_path(key)


@pytest.mark.parametrize(
    ("interval", "inside"),
    [
        (ANY, b"abcde"),
        (Range(low=b"b"), b"bcde"),
        (Range(low=b"b", low_included=False), b"cde"),
        (Range(high=b"d"), b"abcd"),
        (Range(high=b"d", high_included=False), b"abc"),
        (Range(low=b"b", high=b"d"), b"bcd"),
        (Range(low=b"b", high=b"d", low_included=False, high_included=False), b"c"),
        (Range(low=b"d", high=b"b"), b""),
        (Range(excluded=frozenset((b"b", b"d"))), b"ace"),
        (Range(low=b"b", excluded=frozenset((b"b",))), b"cde"),
    ],
)
def test_interval_contains_what_is_between_its_ends(interval, inside):
    assert bytes(one for one in b"abcde" if bytes((one,)) in interval) == inside


@pytest.mark.parametrize(
    ("interval", "narrows"),
    [
        (ANY, False),
        (Range(low=b""), True),
        (Range(high=b"a"), True),
        (Range(excluded=frozenset((b"a",))), True),
        (Range(low_included=False), False),
    ],
)
def test_interval_is_true_if_it_leaves_anything_out(interval, narrows):
    assert bool(interval) is narrows


@pytest.mark.parametrize(
    ("bounds", "interval"),
    [
        ([(b"b", True), (b"c", True)], Range(high=b"b")),
        ([(b"c", True), (b"b", True)], Range(high=b"b")),
        ([(b"b", True), (b"b", False)], Range(high=b"b", high_included=False)),
        ([(b"b", False), (b"b", True)], Range(high=b"b", high_included=False)),
    ],
)
def test_upper_bounds_narrow_an_interval(bounds, interval):
    found = ANY
    for bound, included in bounds:
        found = found.below(bound, included)
    assert found == interval


@pytest.mark.parametrize(
    ("text", "interval", "compares"),
    [
        ("__key__ = KEY(K, 1)", Range(path(("K", 1)), path(("K", 1))), False),
        ("__key__ > KEY(K, 1)", Range(path(("K", 1)), low_included=False), True),
        ("__key__ >= KEY(K, 1) AND __key__ < KEY(K, 3)", None, True),
        ("__key__ < KEY(K, 3) AND __key__ = KEY(K, 1)", Range(path(("K", 1)), path(("K", 1))), True),
        ("__key__ = KEY(K, 1) AND __key__ < KEY(K, 3)", Range(path(("K", 1)), path(("K", 1))), True),
        ("__key__ != KEY(K, 1)", Range(excluded=frozenset([path(("K", 1))])), True),
        ("n = 1", ANY, False),
        ("n > 1", ANY, False),
    ],
)
def test_keys_are_in_an_interval_and_may_be_compared(text, interval, compares):
    (found,) = normalize(text)
    if interval is None:
        interval = Range(path(("K", 1)), path(("K", 3)), high_included=False)
    assert (found.keys, found.compares_keys) == (interval, compares)


def test_ancestor_is_the_interval_of_its_key_and_descendants():
    (found,) = normalize("__key__ HAS ANCESTOR KEY(P, 1)")
    ancestor = path(("P", 1))
    assert (found.ancestor, found.compares_keys) == (ancestor, False)
    assert ancestor in found.keys
    assert path(("P", 1), ("K", 1)) in found.keys
    assert path(("P", 2)) not in found.keys
    assert ancestor + keys.AFTER_DESCENDANTS not in found.keys


@pytest.mark.parametrize(
    "condition",
    [
        where(_IN, list(range(30))),
        join(_AND, where(_IN, list(range(15))), where(_IN, [1, 2], "q")),
        join(_OR, where(_IN, list(range(29))), where(_EQUAL, 99)),
        join(_OR, *(where(_EQUAL, n) for n in range(30))),
        join(_AND, *(where(_EQUAL, n) for n in range(40))),
        where(_NOT_IN, list(range(10))),
        join(_AND, where(_NOT_IN, [1, 2]), where(_EQUAL, 1, "q")),
        join(_AND, where(_NOT_IN, [1]), join(_OR, where(_EQUAL, 1, "q"))),
    ],
)
def test_filter_at_a_limit_is_accepted(condition):
    assert normalize_filter(condition, PARTITION, "K")


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (where(_IN, list(range(31))), "There are 31 values in the IN filter"),
        (where(_NOT_IN, list(range(11))), "NOT_IN supports up to 10 values."),
        (where(_IN, []), "IN requires an non-empty ArrayValue."),
        (where(_NOT_IN, []), "NOT_IN requires an non-empty ArrayValue."),
        (where(_IN, 1), "IN requires an ArrayValue."),
        (where(_NOT_IN, 1), "NOT_IN requires an ArrayValue."),
        (join(_OR, *(where(_EQUAL, n) for n in range(31))), "Result had 31 disjunctions"),
        (join(_AND, where(_IN, list(range(16))), where(_IN, [1, 2])), "Result had 32 disjunctions"),
        (join(_AND, where(_IN, [1]), where(_NOT_IN, [1]), where(_EQUAL, 1)), "'NOT_IN' cannot be used"),
        (join(_AND, where(_EQUAL, 1), where(_NOT_IN, [1]), where(_IN, [1])), "'NOT_IN' cannot be used"),
        (join(_AND, where(_NOT_IN, [1]), join(_OR, where(_EQUAL, 1), where(_EQUAL, 2))), "'NOT_IN' cannot be used"),
        (join(_OR, where(_NOT_IN, [1]), where(_EQUAL, 1)), "'NOT_IN' cannot be used"),
        (join(_AND, where(_NOT_IN, [1]), where(m.PropertyFilter.NOT_EQUAL, 1)), "Only a single"),
        (m.Filter(), "A filter must have a type."),
        (join(_AND, where(_EQUAL, 1), m.Filter()), "A filter must have a type."),
        (where(0, 1), "a property filter must specify an operator"),
        (where(_EQUAL, 1, ""), "The property.name is the empty string."),
        (where(_EQUAL, 1, "__key__"), "__key__ filter value must be a Key"),
        (where(m.PropertyFilter.HAS_ANCESTOR, 1, "__key__"), "HAS_ANCESTOR requires a key value"),
        (where(m.PropertyFilter.HAS_ANCESTOR, 1, "p"), "property must be __key__"),
    ],
)
def test_invalid_filter_is_refused(condition, message):
    with pytest.raises(DatastoreError) as caught:
        normalize_filter(condition, PARTITION, "K")
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("__key__ HAS ANCESTOR KEY(P, 1) AND __key__ HAS ANCESTOR KEY(P, 2)", "common and unique ancestor"),
        ("__key__ HAS ANCESTOR KEY(P, 1) OR __key__ HAS ANCESTOR KEY(P, 2)", "common and unique ancestor"),
        ("__key__ HAS ANCESTOR KEY(P, 1) OR n = 1", "common and unique ancestor"),
        ("__key__ = KEY(NAMESPACE('other'), K, 1)", "__key__ filter namespace is other but query namespace is "),
        ("__key__ = KEY(PROJECT('other'), K, 1)", "mismatched databases within request"),
    ],
)
def test_keys_of_another_place_are_refused(text, message):
    with pytest.raises(DatastoreError, match=message):
        normalize(text)


def test_same_ancestor_twice_is_one():
    (found,) = normalize("__key__ HAS ANCESTOR KEY(P, 1) AND __key__ HAS ANCESTOR KEY(P, 1)")
    assert found.ancestor == path(("P", 1))


def test_query_without_a_kind_has_filters_on_keys_alone():
    assert normalize("__key__ > KEY(K, 1)", kind=None)
    with pytest.raises(DatastoreError, match="kind is required for filter: n"):
        normalize("n > 1", kind=None)


def test_no_filter_is_one_conjunction_without_conditions():
    assert normalize_filter(None, PARTITION, "K") == (Conjunction(),)
