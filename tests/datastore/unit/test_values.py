"""Values as bytes: their order, their way back, and what no index or entity may have."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from datastore_emulator import messages as m
from datastore_emulator.encoding import values
from datastore_emulator.errors import DatastoreError
from tests.datastore.unit.stored import make_value


def make_time(seconds: int, nanos: int = 0) -> m.Value:
    value = m.Value()
    value.timestamp_value.seconds, value.timestamp_value.nanos = seconds, nanos
    return value


def make_point(latitude: float, longitude: float) -> m.Value:
    value = m.Value()
    value.geo_point_value.latitude, value.geo_point_value.longitude = latitude, longitude
    return value


def make_key(*path: tuple[str, int | str], project: str = "demo", database: str = "", namespace: str = "") -> m.Value:
    value = m.Value()
    partition = value.key_value.partition_id
    partition.project_id = project
    # A set field would differ from one that is left out.
    if database:
        partition.database_id = database
    if namespace:
        partition.namespace_id = namespace
    for kind, identity in path:
        if isinstance(identity, int):
            value.key_value.path.add(kind=kind, id=identity)
        else:
            value.key_value.path.add(kind=kind, name=identity)
    return value


ASCENDING = [
    make_value(None),
    make_value(-(2**63)),
    make_time(-62_135_596_800),
    make_value(-1),
    make_value(0),
    make_time(0, 1_000),
    make_value(2),
    make_time(1),
    make_time(253_402_300_799, 999_999_999),
    make_value(2**63 - 1),
    make_value(False),
    make_value(True),
    make_value(""),
    make_value("\0"),
    make_value("a"),
    make_value("a\0"),
    make_value(b"a\1"),
    make_value("b"),
    make_value(b"\xff"),
    make_value(-math.inf),
    make_value(-1.5),
    make_value(-5e-324),
    make_value(-0.0),
    make_value(0.0),
    make_value(5e-324),
    make_value(1.5),
    make_value(math.inf),
    make_value(math.nan),
    make_point(-90, 180),
    make_point(0, -180),
    make_point(0, 1),
    make_point(90, -1),
    make_key(("K", 1)),
    make_key(("K", 1), ("A", 1)),
    make_key(("K", 2)),
    make_key(("K", "a")),
    make_key(("K", "a\0")),
    make_key(("K", "a\0b")),
    make_key(("K", "ab")),
    make_key(("K\0", 1)),
    make_key(("L", 1)),
    make_key(("K", 1), namespace="space"),
    make_key(("K", 1), database="other"),
    make_key(("K", 1), project="demo2"),
]


def encode(value: m.Value) -> bytes:
    return values.encode("p", value)


def test_bytes_sort_as_the_values_sort():
    encoded = [encode(value) for value in ASCENDING]
    assert encoded == sorted(encoded)
    assert len(set(encoded)) == len(encoded)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (make_value("a"), make_value(b"a")),
        (make_value(1_000_000), make_time(1)),
        (make_value(1), make_time(0, 1_999)),
        (make_value(math.nan), make_value(-math.nan)),
        (make_time(2**62), make_time(2**61)),
        (make_time(-(2**62)), make_value(-(2**63))),
    ],
)
def test_values_that_a_filter_takes_for_equal_have_equal_bytes(one, other):
    assert encode(one) == encode(other)


@pytest.mark.parametrize("value", [value for value in ASCENDING if value.WhichOneof("value_type") != "timestamp_value"])
def test_value_comes_back_from_its_bytes(value):
    decoded = m.Value()
    values.decode(encode(value), decoded)
    assert decoded.meaning == 18
    decoded.meaning = 0
    if value.WhichOneof("value_type") == "blob_value" and value.blob_value == b"a\1":
        value = make_value("a\1")
    assert decoded.SerializeToString() == value.SerializeToString()


def test_timestamp_comes_back_as_its_microseconds():
    decoded = m.Value()
    values.decode(encode(make_time(1, 2_000)), decoded)
    assert decoded.integer_value == 1_000_002


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (make_value(-3), -3),
        (make_value(2.5), 2.5),
        (make_time(1), 1_000_000),
        (make_value("3"), None),
        (make_value(True), None),
        (make_value(None), None),
    ],
)
def test_number_is_read_from_its_bytes(value, number):
    assert values.decode_number(encode(value)) == number


def nest(depth: int) -> m.Value:
    value = make_value(1)
    for _ in range(depth):
        outer = m.Value()
        outer.entity_value.properties["p"].CopyFrom(value)
        value = outer
    return value


def index(value: m.Value, *, excluded: bool = False) -> values.IndexedValues:
    entity = m.Entity()
    entity.properties["p"].CopyFrom(value)
    if excluded:
        entity.properties["p"].exclude_from_indexes = True
    return values.index_entity(entity)


LIST_IN_A_LIST = m.Value()
LIST_IN_A_LIST.array_value.values.add().array_value.SetInParent()


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (make_value(1), {"p": [encode(make_value(1))]}),
        (make_value([2, 1, 2]), {"p": [encode(make_value(1)), encode(make_value(2))]}),
        (make_value([]), {}),
        (nest(2), {"p.p.p": [encode(make_value(1))]}),
        (make_value("a" * 1500), {"p": [encode(make_value("a" * 1500))]}),
    ],
)
def test_indexed_values_are_sorted_and_each_once(value, found):
    assert index(value) == found


def test_excluded_value_is_in_no_index_nor_is_what_it_embeds():
    assert index(make_value(1), excluded=True) == {}
    assert index(nest(2), excluded=True) == {}


def test_timestamp_of_an_entity_is_cut_to_microseconds():
    entity = m.Entity()
    entity.properties["p"].CopyFrom(make_time(5, 1_999))
    values.index_entity(entity)
    assert entity.properties["p"] == make_time(5, 1_000)


@pytest.mark.parametrize(
    "value",
    [
        make_point(-90, -180),
        make_point(90, 180),
        nest(20),
        make_time(-62_135_596_800),
        make_time(253_402_300_799, 999_999_999),
    ],
)
def test_value_at_a_limit_is_accepted(value):
    index(value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: encode(m.Value()), "does not contain a value"),
        (lambda: encode(nest(1)), "An entity value is not allowed"),
        (lambda: encode(make_value([1])), "A list value is not allowed"),
        (lambda: encode(make_value("a" * 1501)), "longer than 1500 bytes"),
        (lambda: index(m.Value()), "does not contain a value"),
        (lambda: index(LIST_IN_A_LIST), "cannot contain a Value containing another list_value"),
        (lambda: index(make_value([1]), excluded=True), "Exclude from indexes cannot be set on a list value"),
        (lambda: index(make_value("é" * 751)), "longer than 1500 bytes"),
        (lambda: index(make_value("a" * 1_048_488), excluded=True), "longer than 1048487 bytes"),
        (lambda: index(make_value(b"a" * 1_048_488), excluded=True), "longer than 1048487 bytes"),
        (lambda: index(nest(21)), "At most 20 nested entity values"),
        (lambda: index(make_point(90.1, 0)), "latitude outside"),
        (lambda: index(make_point(-90.1, 0)), "latitude outside"),
        (lambda: index(make_point(math.nan, 0)), "latitude outside"),
        (lambda: index(make_point(0, 180.1)), "longitude outside"),
        (lambda: index(make_point(0, -180.1)), "longitude outside"),
        (lambda: index(make_point(0, math.nan)), "longitude outside"),
        (lambda: index(make_time(-62_135_596_801)), "seconds exceeds limit"),
        (lambda: index(make_time(253_402_300_800)), "seconds exceeds limit"),
        (lambda: index(make_time(0, -1)), "nanos exceeds limit"),
        (lambda: index(make_time(0, 1_000_000_000)), "nanos exceeds limit"),
    ],
)
def test_value_beyond_a_limit_is_refused(call: Callable[[], object], message):
    with pytest.raises(DatastoreError, match=message):
        call()


@pytest.mark.parametrize("size", [1_048_487, 1501])
def test_long_value_that_is_not_indexed_is_accepted(size):
    assert index(make_value("a" * size), excluded=True) == {}
