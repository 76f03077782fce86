"""Pages of queries with one scan: cursors begin and end them in each order, and in the opposite order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from datastore_emulator import messages as m
from datastore_emulator.engine import Engine
from tests.datastore.unit.stored import ids, put, select

ENTITIES = {
    1: {"p": 1, "q": 1},
    2: {"p": 1, "q": 2},
    3: {"p": 1, "q": 2},
    4: {"p": 2, "q": 1},
    5: {"p": 2, "q": 2},
    6: {"p": 2, "q": 1},
}
# An order, the opposite one, and the ids in the first.
ORDERS = [
    ("p, q", "p DESC, q DESC", [1, 2, 3, 4, 6, 5]),
    ("p DESC, q", "p, q DESC", [4, 6, 5, 1, 2, 3]),
    ("p, q DESC", "p DESC, q", [3, 2, 1, 5, 6, 4]),
    ("p, __key__ DESC", "p DESC, __key__", [3, 2, 1, 6, 5, 4]),
    ("q DESC, p, __key__ DESC", "q, p DESC, __key__", [3, 2, 5, 1, 6, 4]),
    ("__key__", "__key__ DESC", [1, 2, 3, 4, 5, 6]),
]
orders = pytest.mark.parametrize(("order", "opposite", "whole"), ORDERS, ids=[order for order, _, _ in ORDERS])


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine() as engine:
        put(engine, "K", ENTITIES)
        yield engine


def find(engine: Engine, order: str, clause: str = "", cursor: bytes = b"") -> list[int]:
    return ids(select(engine, f"SELECT * FROM K ORDER BY {order} {clause}", cursor))


def cursors(engine: Engine, order: str) -> list[bytes]:
    """Return the cursor of the beginning, and the one after each result."""
    beginning = select(engine, f"SELECT * FROM K ORDER BY {order} LIMIT 0").end_cursor
    results = select(engine, f"SELECT * FROM K ORDER BY {order}").entity_results
    return [beginning, *(result.cursor for result in results)]


@orders
def test_results_are_in_order(engine, order, opposite, whole):
    assert find(engine, order) == whole
    assert find(engine, opposite) == whole[::-1]


@orders
def test_page_begins_after_its_cursor(engine, order, opposite, whole):
    for at, cursor in enumerate(cursors(engine, order)):
        assert find(engine, order, "OFFSET @c", cursor) == whole[at:]


@orders
def test_page_ends_at_its_cursor(engine, order, opposite, whole):
    for at, cursor in enumerate(cursors(engine, order)):
        assert find(engine, order, "LIMIT @c", cursor) == whole[:at]


@orders
def test_page_of_the_opposite_order_begins_with_what_comes_before_the_cursor(engine, order, opposite, whole):
    for at, cursor in enumerate(cursors(engine, order)):
        assert find(engine, opposite, "OFFSET @c", cursor) == whole[:at][::-1]


@orders
def test_page_of_the_opposite_order_ends_before_what_comes_before_the_cursor(engine, order, opposite, whole):
    for at, cursor in enumerate(cursors(engine, order)):
        assert find(engine, opposite, "LIMIT @c", cursor) == whole[at:][::-1]


@pytest.mark.parametrize("text", ["SELECT * FROM K", "SELECT * FROM K WHERE p < 2 OR p > 1"])
@pytest.mark.parametrize(("offset", "skipped"), [(0, 0), (2, 2), (6, 6), (9, 6)])
def test_offset_skips_and_leaves_the_cursor_after_the_last_skipped(engine, text, offset, skipped):
    results = select(engine, text).entity_results
    batch = select(engine, f"{text} OFFSET {offset}")
    assert (batch.skipped_results, ids(batch)) == (skipped, [1, 2, 3, 4, 5, 6][skipped:])
    assert batch.skipped_cursor == (results[skipped - 1].cursor if skipped else b"")
    assert batch.end_cursor == results[-1].cursor


@pytest.mark.parametrize("text", ["SELECT * FROM K", "SELECT * FROM K WHERE p < 2 OR p > 1"])
@pytest.mark.parametrize(
    ("clause", "more"),
    [
        ("", "NO_MORE_RESULTS"),
        ("LIMIT 6", "NO_MORE_RESULTS"),
        ("LIMIT 5", "MORE_RESULTS_AFTER_LIMIT"),
        ("LIMIT 3 OFFSET 3", "NO_MORE_RESULTS"),
        ("LIMIT 2 OFFSET 3", "MORE_RESULTS_AFTER_LIMIT"),
        ("LIMIT FIRST(9, @c)", "MORE_RESULTS_AFTER_CURSOR"),
    ],
)
def test_batch_says_whether_there_is_more(engine, text, clause, more):
    cursor = select(engine, f"{text} LIMIT 4").end_cursor
    batch = select(engine, f"{text} {clause}", cursor)
    assert m.QueryResultBatch.MoreResultsType.Name(batch.more_results) == more


def test_distinct_results_go_on_after_the_cursor_of_their_group(engine):
    text = "SELECT DISTINCT ON (p) p, q FROM K ORDER BY p, q"
    first = select(engine, f"{text} LIMIT 1")
    assert ids(first) == [1]
    assert ids(select(engine, f"{text} OFFSET @c", first.end_cursor)) == [4]
    # In the opposite order, the cursor is right before its result.
    opposite = "SELECT DISTINCT ON (p) p, q FROM K ORDER BY p DESC, q DESC"
    assert ids(select(engine, f"{opposite} OFFSET @c", first.end_cursor)) == [1]
