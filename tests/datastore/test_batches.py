"""Limits, offsets and cursors: where a batch ends, and what it says of the rest."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import datastore
from google.cloud.datastore_v1.types import QueryResultBatch

More = QueryResultBatch.MoreResultsType


@pytest.fixture
def five(put) -> None:
    for number in range(1, 6):
        put("Thing", number, n=number)


@pytest.fixture
def batch(client, project):
    """Send one RunQuery for "Thing" with these fields, and return its batch."""

    def run(**query: Any) -> QueryResultBatch:
        request = {"project_id": project, "query": {"kind": [{"name": "Thing"}], **query}}
        return client._datastore_api.run_query(request=request).batch

    return run


def _ids(batch: QueryResultBatch) -> list[int]:
    return [result.entity.key.path[-1].id for result in batch.entity_results]


BY_N = {"order": [{"property": {"name": "n"}, "direction": "ASCENDING"}]}
DOWN = {"order": [{"property": {"name": "n"}, "direction": "DESCENDING"}]}


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    ("limits", "ids", "skipped", "more"),
    [
        ({}, [1, 2, 3, 4, 5], 0, More.NO_MORE_RESULTS),
        ({"limit": 3}, [1, 2, 3], 0, More.MORE_RESULTS_AFTER_LIMIT),
        ({"limit": 5}, [1, 2, 3, 4, 5], 0, More.NO_MORE_RESULTS),
        ({"limit": 0}, [], 0, More.MORE_RESULTS_AFTER_LIMIT),
        ({"limit": 2, "offset": 2}, [3, 4], 2, More.MORE_RESULTS_AFTER_LIMIT),
        ({"limit": 2, "offset": 3}, [4, 5], 3, More.NO_MORE_RESULTS),
        ({"offset": 4}, [5], 4, More.NO_MORE_RESULTS),
        ({"offset": 9}, [], 5, More.NO_MORE_RESULTS),
        # How the bundled ndb counts.
        ({"offset": 2147483647, "limit": 0}, [], 5, More.NO_MORE_RESULTS),
    ],
)
def test_batch_has_number_of_skipped_results_and_whether_there_are_more(batch, limits, ids, skipped, more):
    found = batch(**limits, **BY_N)
    assert (_ids(found), found.skipped_results, found.more_results) == (ids, skipped, more)


@pytest.mark.usefixtures("five")
def test_each_result_has_the_cursor_after_it(batch):
    for position, result in enumerate(batch(**DOWN).entity_results):
        assert _ids(batch(start_cursor=result.cursor, **DOWN)) == [5, 4, 3, 2, 1][position + 1 :]


@pytest.mark.usefixtures("five")
def test_the_skipped_cursor_is_after_the_last_skipped_result(batch):
    cursor = batch(offset=2, limit=1, **BY_N).skipped_cursor
    assert _ids(batch(start_cursor=cursor, **BY_N)) == [3, 4, 5]


@pytest.mark.usefixtures("five")
def test_an_end_cursor_ends_the_query_and_says_that_it_goes_on(batch):
    cursor = batch(limit=3, **BY_N).end_cursor
    found = batch(end_cursor=cursor, **BY_N)
    assert (_ids(found), found.more_results) == ([1, 2, 3], More.MORE_RESULTS_AFTER_CURSOR)


@pytest.mark.usefixtures("five")
def test_an_end_cursor_at_the_end_says_that_nothing_is_left(batch):
    cursor = batch(**BY_N).end_cursor
    assert batch(end_cursor=cursor, **BY_N).more_results == More.NO_MORE_RESULTS


@pytest.mark.usefixtures("five")
def test_an_empty_batch_keeps_the_place(batch, put):
    end = batch(start_cursor=batch(**BY_N).end_cursor, **BY_N).end_cursor
    put("Thing", 6, n=6)
    assert _ids(batch(start_cursor=end, **BY_N)) == [6]


def test_the_cursor_of_an_empty_query_is_its_beginning(batch, put):
    end = batch(**BY_N).end_cursor
    put("Thing", 1, n=1)
    assert _ids(batch(start_cursor=end, **BY_N)) == [1]


@pytest.mark.usefixtures("five")
def test_cursor_works_in_the_opposite_order(batch):
    cursor = batch(limit=3, **BY_N).end_cursor
    assert _ids(batch(start_cursor=cursor, **DOWN)) == [3, 2, 1]


@pytest.mark.usefixtures("five")
def test_a_cursor_keeps_its_place_when_results_before_it_go(batch, client):
    cursor = batch(limit=2, **BY_N).end_cursor
    client.delete_multi([client.key("Thing", 1), client.key("Thing", 2)])
    assert _ids(batch(start_cursor=cursor, **BY_N)) == [3, 4, 5]


@pytest.mark.usefixtures("five")
def test_a_cursor_of_another_order_is_refused(batch):
    cursor = batch(limit=1).end_cursor
    with pytest.raises(exceptions.InvalidArgument, match="cursor does not match query"):
        batch(start_cursor=cursor, **BY_N)


@pytest.mark.parametrize("damage", [lambda cursor: cursor[:-1], lambda cursor: cursor + b"\0", lambda cursor: b"?"])
@pytest.mark.usefixtures("five")
def test_a_damaged_cursor_is_refused(batch, damage):
    cursor = batch(limit=1, **BY_N).end_cursor
    with pytest.raises(exceptions.InvalidArgument, match="cursor"):
        batch(start_cursor=damage(cursor), **BY_N)


@pytest.mark.parametrize("field", ["limit", "offset"])
def test_negative_limits_are_refused(batch, field):
    with pytest.raises(exceptions.InvalidArgument, match="must be non-negative"):
        batch(**{field: -1})


def test_a_query_larger_than_a_reply_comes_in_several(client):
    for number in range(1, 9):
        entity = datastore.Entity(client.key("Large", number), exclude_from_indexes=("data",))
        entity["data"] = b"x" * 1_000_000
        client.put(entity)
    pages = [len(list(page)) for page in client.query(kind="Large").fetch(limit=7).pages]
    assert (sum(pages), len(pages) > 1) == (7, True)


def test_a_large_offset_in_a_large_query_skips_so_many(client):
    for start in range(1, 2001, 500):
        client.put_multi([datastore.Entity(client.key("Many", number)) for number in range(start, start + 500)])
    found = [entity.key.id for entity in client.query(kind="Many").fetch(offset=850, limit=1100)]
    assert found == list(range(851, 1951))
