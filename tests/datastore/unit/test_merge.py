"""Alternatives on entities with several values: each comes once, at its first value, also from a cursor on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from datastore_emulator.engine import Engine
from tests.datastore.unit.stored import ids, put, select

ENTITIES = {
    1: {"a": [1, 9], "b": 1},
    2: {"a": 5, "b": [1, 4]},
    3: {"a": [2, 3, 6], "c": 1},
    4: {"b": 2},
    5: {"a": [4, 8], "b": [2, 3]},
    6: {"a": [0, 7, 10], "b": [5, 2]},
}
# The filter, the order, and the ids.
CASES = {
    "two ranges of a property": ("a < 7 OR a > 8", "a", [6, 1, 3, 5, 2]),
    "two ranges, descending": ("a < 7 OR a > 8", "a DESC", [6, 1, 3, 2, 5]),
    "a gap between two ranges": ("a > 2 AND a < 6 OR a > 9", "a", [3, 5, 2, 6]),
    "a gap between two ranges, descending": ("a > 2 AND a < 6 OR a > 9", "a DESC", [6, 2, 5, 3]),
    "two values": ("a IN ARRAY(9, 1, 5)", "a", [1, 2]),
    "two values, descending": ("a IN ARRAY(9, 1, 5)", "a DESC", [1, 2]),
    "values of two properties": ("b = 2 OR c = 1", "a", [6, 3, 5]),
    "values of two properties, descending": ("b = 2 OR c = 1", "a DESC", [6, 5, 3]),
    "a value and a range": ("b = 1 OR a > 5", "a", [1, 2, 3, 6, 5]),
    "a value and a range of another order": ("b = 1 OR a > 5", "a DESC", [6, 1, 5, 3, 2]),
    "a value or a range in the order of a third": ("a = 9 OR a = 2 OR a > 7", "b DESC", [6, 5, 1]),
    "keys and a range": ("__key__ > KEY(K, 4) AND a < 7 OR a > 8", "a", [6, 5, 1]),
    "keys and a range, descending": ("__key__ < KEY(K, 3) AND a < 9 OR a > 9", "a DESC", [6, 2, 1]),
    "two orders": ("b < 3 OR b > 4", "b, a DESC", [1, 2, 6, 5]),
    "by key": ("a < 3 OR a > 8", "__key__", [1, 3, 6]),
    "by key, descending": ("a < 3 OR a > 8", "__key__ DESC", [6, 3, 1]),
}
cases = pytest.mark.parametrize(("condition", "order", "found"), CASES.values(), ids=CASES)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine() as engine:
        put(engine, "K", ENTITIES)
        yield engine


@cases
def test_entity_comes_once_at_its_first_value(engine, condition, order, found):
    assert ids(select(engine, f"SELECT * FROM K WHERE {condition} ORDER BY {order}")) == found


@cases
def test_pages_of_one_join_to_the_whole(engine, condition, order, found):
    text = f"SELECT * FROM K WHERE {condition} ORDER BY {order} LIMIT 1"
    pages, batch = [], select(engine, text)
    while batch.entity_results:
        pages += ids(batch)
        batch = select(engine, f"{text} OFFSET @c", batch.end_cursor)
    assert pages == found


def test_cursor_of_the_opposite_order_begins_with_its_result(engine):
    text = "SELECT * FROM K WHERE a < 2 OR a > 8 ORDER BY a"
    first = select(engine, f"{text} LIMIT 1")
    second = select(engine, f"{text} LIMIT 1 OFFSET @c", first.end_cursor)
    assert ids(first) + ids(second) == [6, 1]
    # At 10 and 9, both have come before the values 0 and 1 of the cursors.
    assert ids(select(engine, f"{text} DESC OFFSET @c", second.end_cursor)) == []
    text = "SELECT * FROM K WHERE a = 5 OR b = 4 ORDER BY a"
    only = select(engine, text)
    assert ids(select(engine, f"{text} DESC OFFSET @c", only.end_cursor)) == ids(only) == [2]


def test_cursor_of_the_opposite_order_begins_with_an_entity_of_several_values(engine):
    text = "SELECT * FROM K WHERE a = 10 OR a = 6 OR a = 8 ORDER BY a"
    whole = select(engine, text)
    assert ids(whole) == [3, 5, 6]
    middle = whole.entity_results[1].cursor
    assert ids(select(engine, f"{text} DESC OFFSET @c", middle)) == [5, 3]


def test_pages_of_a_projection_of_alternatives_join_to_the_whole(engine):
    text = "SELECT a FROM K WHERE a < 3 OR a > 8 ORDER BY a LIMIT 1"
    pages, batch = [], select(engine, text)
    while batch.entity_results:
        pages.append((ids(batch)[0], batch.entity_results[0].entity.properties["a"].integer_value))
        batch = select(engine, f"{text} OFFSET @c", batch.end_cursor)
    assert pages == [(6, 0), (1, 1), (3, 2), (1, 9), (6, 10)]


def test_projection_of_alternatives_has_each_value_that_any_of_them_finds(engine):
    batch = select(engine, "SELECT a FROM K WHERE a < 2 OR a > 8 OR a > 9 ORDER BY a")
    assert [result.entity.properties["a"].integer_value for result in batch.entity_results] == [0, 1, 9, 10]


def test_projection_of_alternatives_has_equal_values_of_different_entities():
    with Engine() as engine:
        put(engine, "K", {1: {"a": 1}, 2: {"a": 1}})
        assert ids(select(engine, "SELECT a FROM K WHERE a < 2 OR a < 3")) == [1, 2]
