"""Property transforms: what each makes of a stored value."""

from __future__ import annotations

import math

import pytest

from datastore_emulator import messages as m
from datastore_emulator.encoding import transforms
from datastore_emulator.errors import DatastoreError
from tests.datastore.unit.stored import make_value

LEAST, LARGEST = -(2**63), 2**63 - 1
NAN = math.nan
NOTHING = object()
T = m.PropertyTransform


def make(operation: str, given: object) -> m.PropertyTransform:
    value = make_value(given)
    transform = T(property="p")
    getattr(transform, operation).CopyFrom(value.array_value if isinstance(given, list) else value)
    return transform


def apply(operation: str, old: object, given: object) -> tuple[m.Value, m.Value]:
    """Apply a transform to an entity with the old value; return the new value and the result."""
    entity = m.Entity()
    if old is not NOTHING:
        entity.properties["p"].CopyFrom(make_value(old))
    result = transforms.apply(entity, ("p",), make(operation, given), now=0)
    return entity.properties["p"], result


@pytest.mark.parametrize(
    ("operation", "old", "given", "new"),
    [
        ("increment", 1, 2, 3),
        ("increment", 1, 0.5, 1.5),
        ("increment", 0.5, 1, 1.5),
        ("increment", LARGEST, 1, LARGEST),
        ("increment", LEAST, -1, LEAST),
        ("increment", NOTHING, 2, 2),
        ("increment", None, 2, 2),
        ("increment", "text", 2, 2),
        ("maximum", 1, 2, 2),
        ("maximum", 2, 1, 2),
        ("maximum", 2, 2.5, 2.5),
        ("maximum", 3, 3.0, 3),
        ("maximum", 3.0, 3, 3.0),
        ("maximum", NOTHING, -1, -1),
        ("maximum", "text", -1, -1),
        ("maximum", 1, NAN, NAN),
        ("maximum", NAN, 1, NAN),
        ("minimum", 1, 2, 1),
        ("minimum", 2, 1, 1),
        ("minimum", 3, 3.0, 3),
        ("minimum", 3.0, 3, 3.0),
        ("minimum", NOTHING, 5, 5),
        ("minimum", 1, NAN, NAN),
        ("minimum", NAN, 1, NAN),
        ("append_missing_elements", [1, 2], [2, 3, 3], [1, 2, 3]),
        ("append_missing_elements", [3], [3.0, "3"], [3, "3"]),
        ("append_missing_elements", [NAN], [NAN, None], [NAN, None]),
        ("append_missing_elements", NOTHING, [1], [1]),
        ("append_missing_elements", 1, [1], [1]),
        ("remove_all_from_array", [1, 2, 1, 3], [1, 3], [2]),
        ("remove_all_from_array", [3.0, "a", NAN], [3, NAN], ["a"]),
        ("remove_all_from_array", [1], [2], [1]),
        ("remove_all_from_array", NOTHING, [1], []),
        ("remove_all_from_array", 1, [1], []),
    ],
)
def test_transform_changes_the_stored_value(operation, old, given, new):
    value, result = apply(operation, old, given)
    expected = make_value(new)
    if isinstance(new, list):
        expected.array_value.SetInParent()
    assert value.SerializeToString() == expected.SerializeToString()
    reported = make_value(None) if isinstance(new, list) else expected
    assert result.SerializeToString() == reported.SerializeToString()


@pytest.mark.parametrize(("now", "microseconds"), [(5_000, 5_000), (5_999, 5_000), (0, 0)])
def test_server_value_is_the_time_in_whole_milliseconds(now, microseconds):
    entity = m.Entity()
    entity.properties["p"].string_value = "before"
    result = transforms.apply(entity, ("p",), T(property="p", set_to_server_value=T.REQUEST_TIME), now)
    assert entity.properties["p"].timestamp_value.ToMicroseconds() == microseconds
    assert result == entity.properties["p"]


@pytest.mark.parametrize("transform", [make("increment", 1), T(property="p", set_to_server_value=T.REQUEST_TIME)])
def test_property_that_is_not_indexed_stays_so(transform):
    entity = m.Entity()
    entity.properties["p"].integer_value = 1
    entity.properties["p"].exclude_from_indexes = True
    result = transforms.apply(entity, ("p",), transform, now=0)
    assert (entity.properties["p"].exclude_from_indexes, result.exclude_from_indexes) == (True, False)


def test_number_of_an_indexed_property_is_indexed_whatever_the_transform_says():
    transform = make("increment", 1)
    transform.increment.exclude_from_indexes = True
    entity = m.Entity()
    transforms.apply(entity, ("p",), transform, now=0)
    assert entity.properties["p"] == m.Value(integer_value=1)


def test_elements_are_equal_if_only_their_indexing_or_meaning_differs():
    entity = m.Entity()
    entity.properties["p"].array_value.values.add(string_value="a", exclude_from_indexes=True, meaning=15)
    transforms.apply(entity, ("p",), make("append_missing_elements", ["a"]), now=0)
    assert len(entity.properties["p"].array_value.values) == 1


def test_transform_changes_an_embedded_property():
    entity = m.Entity()
    for _ in range(2):
        transforms.apply(entity, ("a", "b"), make("increment", 2), now=0)
    assert entity.properties["a"].entity_value.properties["b"].integer_value == 4


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        (T(property="p"), "missing its type"),
        (T(property="p", set_to_server_value=0), "must be REQUEST_TIME"),
        (make("increment", "a"), "Input must be int64 or double."),
        (make("maximum", True), "Input must be int64 or double."),
        (make("minimum", None), "Input must be int64 or double."),
        (T(property="__p__", increment=m.Value(integer_value=1)), "is reserved"),
        (T(property="a..b", increment=m.Value(integer_value=1)), "Invalid property path"),
    ],
)
def test_invalid_transform_is_refused(transform, message):
    with pytest.raises(DatastoreError, match=message):
        transforms.check([transform])


def test_elements_of_arrays_count_towards_the_limit_of_transforms():
    most = [make("append_missing_elements", [1] * 498), make("increment", 1), make("append_missing_elements", [])]
    assert len(transforms.check(most)) == 3
    with pytest.raises(DatastoreError, match="found 501"):
        transforms.check([*most, make("maximum", 1)])
