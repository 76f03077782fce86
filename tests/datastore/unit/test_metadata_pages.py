"""Pages of metadata queries: cursors, offsets and limits in both orders."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from datastore_emulator import messages as m
from datastore_emulator.engine import Engine
from tests.datastore.unit.stored import put, select

BATCH = m.QueryResultBatch
UP, DOWN = "SELECT * FROM __kind__ ORDER BY __key__", "SELECT * FROM __kind__ ORDER BY __key__ DESC"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine() as engine:
        for kind in "ABCD":
            put(engine, kind, {1: {}})
        yield engine


def names(batch: m.QueryResultBatch) -> str:
    return "".join(result.entity.key.path[-1].name for result in batch.entity_results)


def cursors(engine: Engine) -> dict[str, bytes]:
    """Return the cursor right after each kind in the ascending order."""
    return {result.entity.key.path[-1].name: result.cursor for result in select(engine, UP).entity_results}


@pytest.mark.parametrize(
    ("text", "after", "found"),
    [
        (f"{UP} OFFSET @c", "B", "CD"),
        (f"{UP} OFFSET @c", "D", ""),
        # In the opposite order the cursor is right before its result.
        (f"{DOWN} OFFSET @c", "B", "BA"),
        (f"{DOWN} OFFSET @c", "D", "DCBA"),
        (f"{UP} LIMIT @c", "B", "AB"),
        (f"{DOWN} LIMIT @c", "B", "DC"),
        (f"{DOWN} LIMIT @c", "D", ""),
        (f"{UP} LIMIT FIRST(1, @c)", "B", "A"),
    ],
)
def test_cursor_begins_and_ends_a_page_in_both_orders(engine, text, after, found):
    assert names(select(engine, text, cursors(engine)[after])) == found


@pytest.mark.parametrize("text", [UP, DOWN])
def test_pages_of_one_join_to_the_whole(engine, text):
    found, batch = "", select(engine, f"{text} LIMIT 1")
    while batch.entity_results:
        assert batch.end_cursor == batch.entity_results[0].cursor
        found += names(batch)
        batch = select(engine, f"{text} LIMIT 1 OFFSET @c", batch.end_cursor)
    assert found == names(select(engine, text))


@pytest.mark.parametrize(
    ("clause", "more"),
    [
        ("", BATCH.NO_MORE_RESULTS),
        ("LIMIT 4", BATCH.NO_MORE_RESULTS),
        ("LIMIT 3", BATCH.MORE_RESULTS_AFTER_LIMIT),
        ("LIMIT @c", BATCH.MORE_RESULTS_AFTER_CURSOR),
    ],
)
def test_batch_says_whether_there_is_more(engine, clause, more):
    assert select(engine, f"{UP} {clause}", cursors(engine)["B"]).more_results == more


def test_skipped_results_are_counted_and_have_a_cursor(engine):
    batch = select(engine, f"{UP} LIMIT 1 OFFSET 2")
    assert (batch.skipped_results, batch.skipped_cursor, names(batch)) == (2, cursors(engine)["B"], "C")
    batch = select(engine, f"{UP} OFFSET 9")
    assert (batch.skipped_results, batch.end_cursor, names(batch)) == (4, cursors(engine)["D"], "")


def test_kinds_beyond_a_batch_come_in_the_next(monkeypatch, engine):
    monkeypatch.setattr("datastore_emulator.query.metadata.BATCH_RESULTS", 3)
    batch = select(engine, UP)
    assert (names(batch), batch.more_results) == ("ABC", BATCH.NOT_FINISHED)
    batch = select(engine, f"{UP} OFFSET @c", batch.end_cursor)
    assert (names(batch), batch.more_results) == ("D", BATCH.NO_MORE_RESULTS)


def test_key_is_all_that_a_query_for_keys_returns(engine):
    put(engine, "A", {1: {"n": 1}})
    text = "SELECT {} FROM __property__"
    (whole,) = select(engine, text.format("*")).entity_results
    (key,) = select(engine, text.format("__key__")).entity_results
    assert (list(whole.entity.properties), list(key.entity.properties)) == (["property_representation"], [])
    assert whole.version == key.version == 1


def test_representation_is_of_each_type_that_the_property_has(engine):
    put(engine, "E", {1: {"n": [1, "a"]}, 2: {"n": True}})
    results = select(engine, "SELECT * FROM __property__ WHERE __key__ HAS ANCESTOR KEY(__kind__, 'E')").entity_results
    (array,) = [result.entity.properties["property_representation"].array_value for result in results]
    assert [value.string_value for value in array.values] == ["BOOLEAN", "INT64", "STRING"]
