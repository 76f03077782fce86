"""RunQuery: which entities a query finds, and in which order."""

from __future__ import annotations

import datetime
import math

import pytest
from google.api_core import exceptions
from google.cloud import datastore
from google.cloud.datastore.helpers import GeoPoint


def _moment(microseconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(0, datetime.timezone.utc) + datetime.timedelta(microseconds=microseconds)


def test_a_kind_is_listed_in_key_order(put, find):
    for name in ("b", 10, "a", 2, "aa"):
        put("Thing", name)
    assert find("Thing") == [2, 10, "a", "aa", "b"]


def test_names_with_zero_bytes_sort_and_come_back(put, find):
    for name in ("a\1", "a\0b", "a", "a\0"):
        put("Thing", name)
    assert find("Thing") == ["a", "a\0", "a\0b", "a\1"]


def test_the_newest_is_listed_first(put, find):
    for number in range(1, 13):
        put("Visit", number, timestamp=_moment(number))
    assert find("Visit", order=["-timestamp"], limit=10) == list(range(12, 2, -1))


def test_values_of_all_types_sort_as_in_datastore_mode(client, put, find):
    ordered = [
        None,
        -5,
        _moment(3),
        4,
        False,
        True,
        b"",
        "a",
        b"a\x00",
        "b",
        b"\xff",
        float("-inf"),
        -0.5,
        1.0,
        float("nan"),
        GeoPoint(1.0, -2.0),
        GeoPoint(1.0, 2.0),
        client.key("A", 1),
        client.key("A", 1, "B", 1),
        client.key("A", "x"),
        client.key("B", 1),
    ]
    for position, value in reversed(list(enumerate(ordered, start=1))):
        put("Mixed", position, value=value)
    assert find("Mixed", order=["value"]) == list(range(1, len(ordered) + 1))


def test_an_integer_and_a_timestamp_of_so_many_microseconds_are_equal(put, find):
    put("Thing", 1, value=_moment(7))
    put("Thing", 2, value=7)
    put("Thing", 3, value=7.0)
    assert find("Thing", ("value", "=", 7)) == [1, 2]


def test_one_nan_equals_another(put, find):
    put("Thing", 1, value=math.copysign(math.nan, -1))
    assert find("Thing", ("value", "=", math.nan)) == [1]


def test_text_and_blobs_of_the_same_bytes_are_equal(put, find):
    put("Thing", 1, value="é")
    put("Thing", 2, value="é".encode())
    assert find("Thing", ("value", "=", "é")) == [1, 2]


def test_entities_without_the_ordered_property_are_left_out(put, find):
    put("Thing", 1, n=1)
    put("Thing", 2, other=1)
    assert find("Thing", order=["n"]) == [1]


def test_order_by_unknown_property_finds_nothing(put, find):
    put("Thing", 1, n=1)
    assert find("Thing", order=["never"]) == []


def test_excluded_values_are_not_found(client, find):
    entity = datastore.Entity(client.key("Thing", 1), exclude_from_indexes=("n",))
    entity["n"] = 1
    client.put(entity)
    assert find("Thing", ("n", "=", 1)) == []


def test_excluded_values_are_not_ordered(client, find):
    entity = datastore.Entity(client.key("Thing", 1), exclude_from_indexes=("n",))
    entity["n"] = 1
    client.put(entity)
    assert find("Thing", order=["n"]) == []


@pytest.mark.parametrize(
    ("operator", "expected"), [("<", [1, 2]), ("<=", [1, 2, 3]), ("=", [3]), (">=", [3, 4]), (">", [4])]
)
def test_comparisons_compare(put, find, operator, expected):
    for number in range(1, 5):
        put("Thing", number, n=number)
    assert find("Thing", ("n", operator, 3)) == expected


def test_filters_on_several_properties_all_hold(put, find):
    for number in range(1, 13):
        put("Thing", number, two=number % 2, three=number % 3, n=number)
    assert find("Thing", ("two", "=", 0), ("three", "=", 0), ("n", ">", 6)) == [12]


def test_inequalities_on_several_properties_all_hold_and_order_by_name(put, find):
    for number in range(1, 6):
        put("Thing", number, up=number, down=10 - number)
    assert find("Thing", ("up", ">", 2), ("down", ">", 5)) == [4, 3]


@pytest.mark.parametrize(
    ("operators", "expected"),
    [((">=", ">"), [3]), ((">", ">="), [3]), (("<", "<="), [1]), (("<=", "<"), [1])],
)
def test_the_narrower_of_two_bounds_holds(put, find, operators, expected):
    for number in (1, 2, 3):
        put("Thing", number, n=number)
    assert find("Thing", *(("n", operator, 2) for operator in operators)) == expected


def test_an_inequality_orders_in_the_direction_of_the_last_order(put, find):
    for number in (1, 2, 3):
        put("Thing", number, same=0, n=-number)
    assert find("Thing", ("n", "<", 0), order=["-same"]) == [1, 2, 3]


def test_an_equality_filter_goes_with_an_order_on_something_else(put, find):
    for number in range(1, 9):
        put("Thing", number, odd=number % 2, n=-number)
    assert find("Thing", ("odd", "=", 1), order=["n"], limit=3) == [7, 5, 3]


def test_several_orders_apply_one_after_the_other(put, find):
    for number in range(1, 7):
        put("Thing", number, half=number // 2, n=number)
    assert find("Thing", order=["-half", "n"]) == [6, 4, 5, 2, 3, 1]


def test_ties_follow_the_key_in_the_direction_of_the_order(put, find):
    for number in (1, 2, 3):
        put("Thing", number, same=0)
    assert find("Thing", order=["-same"]) == [3, 2, 1]


def test_ties_follow_the_requested_key_order(put, find):
    for number in (1, 2, 3):
        put("Thing", number, same=0)
    assert find("Thing", order=["-same", "__key__"]) == [1, 2, 3]


def test_order_after_the_key_still_requires_its_property(put, find):
    put("Thing", 1, n=2)
    put("Thing", 2)
    put("Thing", 3, n=1)
    assert find("Thing", order=["__key__", "n"]) == [1, 3]
    assert find("Thing", ("n", "=", 1), order=["-__key__", "n"]) == [3]


def test_keys_that_are_compared_come_before_what_is_projected(client, put, find):
    for number in (1, 2, 3):
        put("Thing", number, n=-number)
    after_the_first = ("__key__", ">", client.key("Thing", 1))
    assert find("Thing", after_the_first, projection=["n"]) == [2, 3]
    assert find("Thing", after_the_first, projection=["n"], order=["n"]) == [3, 2]


def test_any_element_of_an_array_is_found(put, find):
    put("Thing", 1, tags=["a", "b"])
    put("Thing", 2, tags=["b", "c"])
    assert find("Thing", ("tags", "=", "b")) == [1, 2]


def test_several_elements_of_an_array_are_found_together(put, find):
    put("Thing", 1, tags=["a", "b"])
    put("Thing", 2, tags=["b", "c"])
    put("Thing", 3, tags=["c"])
    assert find("Thing", ("tags", "=", "b"), ("tags", "=", "c")) == [2]


def test_one_element_may_be_equal_and_another_greater(put, find):
    for number, values in enumerate([[1, 5], [1], [5], [6]], start=1):
        put("Thing", number, n=values)
    assert find("Thing", ("n", "=", 1), ("n", ">", 3)) == [1]


def test_one_element_of_an_array_has_to_be_between_two_bounds(put, find):
    put("Thing", 1, n=[1, 9])
    put("Thing", 2, n=[1, 5])
    assert find("Thing", ("n", ">", 3), ("n", "<", 7)) == [2]


def test_an_array_is_listed_once_by_its_least_element_going_up(put, find):
    put("Thing", 1, n=[5, 1, 9])
    put("Thing", 2, n=[2, 3])
    assert find("Thing", order=["n"]) == [1, 2]


def test_an_array_is_listed_once_by_its_greatest_element_going_down(put, find):
    put("Thing", 1, n=[1, 5])
    put("Thing", 2, n=[2, 9])
    assert find("Thing", order=["-n"]) == [2, 1]


def test_an_array_is_listed_by_its_least_element_within_the_filter(put, find):
    put("Thing", 1, n=[1, 8])
    put("Thing", 2, n=[2, 7])
    assert find("Thing", ("n", ">", 4), order=["n"]) == [2, 1]


def test_an_array_is_listed_by_its_greatest_element_within_the_filter_going_down(put, find):
    put("Thing", 1, n=[1, 8])
    put("Thing", 2, n=[2, 7])
    assert find("Thing", ("n", "<", 6), order=["-n"]) == [2, 1]


def test_an_empty_array_is_not_indexed(put, find):
    put("Thing", 1, n=[])
    assert find("Thing", order=["n"]) == []


def test_properties_of_embedded_entities_are_found_by_dotted_names(put, find):
    inner = datastore.Entity()
    inner.update(city="Oslo", tags=["a", "b"])
    put("Thing", 1, address=inner)
    assert find("Thing", ("address.city", "=", "Oslo"), ("address.tags", "=", "b")) == [1]


def test_an_excluded_embedded_entity_is_not_indexed(client, find):
    inner = datastore.Entity()
    inner["city"] = "Oslo"
    entity = datastore.Entity(client.key("Thing", 1), exclude_from_indexes=("address",))
    entity["address"] = inner
    client.put(entity)
    assert find("Thing", ("address.city", "=", "Oslo")) == []


def test_an_ancestor_query_finds_the_ancestor_and_all_below_it(client):
    family = [
        client.key("Kind", 1),
        client.key("Kind", 1, "Kind", 2),
        client.key("Kind", 1, "Other", 3, "Kind", 4),
    ]
    client.put_multi([datastore.Entity(key) for key in (*family, client.key("Kind", 2, "Kind", 1))])
    found = client.query(kind="Kind", ancestor=family[0]).fetch()
    assert [entity.key for entity in found] == family


def test_an_ancestor_query_can_be_filtered_and_ordered(client):
    parent = client.key("Parent", "p")
    for number in range(1, 6):
        for key in (client.key("Kind", number, parent=parent), client.key("Kind", number)):
            entity = datastore.Entity(key)
            entity.update(n=number, odd=number % 2)
            client.put(entity)
    query = client.query(kind="Kind", ancestor=parent, order=["-n"])
    query.add_filter(filter=datastore.query.PropertyFilter("odd", "=", 1))
    assert [entity.key.path[-1]["id"] for entity in query.fetch(limit=2)] == [5, 3]


def test_keys_are_filtered_and_ordered(client, put, find):
    for number in range(1, 6):
        put("Thing", number)
    filters = [("__key__", ">", client.key("Thing", 1)), ("__key__", "<=", client.key("Thing", 4))]
    assert find("Thing", *filters, order=["-__key__"]) == [4, 3, 2]


def test_a_key_filter_goes_with_an_order_by_a_property(client, put, find):
    for number in range(1, 6):
        put("Thing", number, n=-number)
    assert find("Thing", ("__key__", ">", client.key("Thing", 2)), order=["n"]) == [5, 4, 3]


def test_a_kindless_query_finds_all_kinds(client, put, find):
    put("B", 1)
    put("A", 2)
    assert find(None) == [2, 1]
    assert find(None, ("__key__", ">", client.key("A", 2))) == [1]


def test_a_kindless_query_cannot_filter_by_a_property(find):
    with pytest.raises(exceptions.InvalidArgument, match="kind is required for filter: n"):
        find(None, ("n", "=", 1))


def test_keys_only_results_have_no_properties(client, put):
    put("Thing", 1, n=1)
    query = client.query(kind="Thing")
    query.keys_only()
    assert [(entity.key.id, dict(entity)) for entity in query.fetch()] == [(1, {})]


def test_a_projection_has_only_its_properties(client, put):
    put("Thing", 1, n=1, text="x", other=2)
    query = client.query(kind="Thing", projection=["text", "n"])
    assert [dict(entity) for entity in query.fetch()] == [{"n": 1, "text": "x"}]


def test_projected_value_is_marked_as_from_an_index(client, put, project):
    # Meaning 18; by it clients know that a number may be a timestamp.
    put("Thing", 1, moment=_moment(7))
    query = {"kind": [{"name": "Thing"}], "projection": [{"property": {"name": "moment"}}]}
    batch = client._datastore_api.run_query(request={"project_id": project, "query": query}).batch
    value = batch.entity_results[0].entity.properties["moment"]
    assert (value.integer_value, value.meaning) == (7, 18)


def test_a_projection_leaves_out_entities_that_lack_one_of_its_properties(client, put):
    put("Thing", 1, n=1, text="x")
    put("Thing", 2, n=1)
    assert len(list(client.query(kind="Thing", projection=["n", "text"]).fetch())) == 1


def test_a_projection_lists_an_array_once_for_each_element(client, put):
    put("Thing", 1, tags=["b", "a"], n=[2, 1])
    query = client.query(kind="Thing", projection=["tags", "n"])
    assert [(e["tags"], e["n"]) for e in query.fetch()] == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]


def test_ties_go_by_what_is_projected_in_the_direction_of_the_last_order(client, put):
    for number, (n, b, a) in enumerate([(1, 1, 2), (1, 2, 1), (2, 0, 0)], start=1):
        put("Thing", number, n=n, b=b, a=a)
    up = client.query(kind="Thing", projection=["b", "a"], order=["n"])
    down = client.query(kind="Thing", projection=["b", "a"], order=["-n"])
    assert [entity.key.id for entity in up.fetch()] == [2, 1, 3]
    assert [entity.key.id for entity in down.fetch()] == [3, 1, 2]


def test_a_projection_on_an_array_shows_only_what_the_filter_holds_for(client, put):
    put("Thing", 1, n=[1, 5, 9])
    query = client.query(kind="Thing", projection=["n"])
    query.add_filter(filter=datastore.query.PropertyFilter("n", ">", 3))
    assert [entity["n"] for entity in query.fetch()] == [5, 9]


def test_a_projection_of_a_property_with_an_equality_filter_is_refused(client):
    query = client.query(kind="Thing", projection=["n"])
    query.add_filter(filter=datastore.query.PropertyFilter("n", "=", 3))
    with pytest.raises(exceptions.InvalidArgument, match="Cannot use projection"):
        list(query.fetch())


def test_distinct_on_gives_the_first_of_each_group(client, put):
    for number in range(1, 7):
        put("Thing", number, group=number % 2, n=number)
    query = client.query(kind="Thing", projection=["group", "n"], distinct_on=["group"], order=["group", "-n"])
    assert [(entity["group"], entity["n"]) for entity in query.fetch()] == [(0, 6), (1, 5)]


def test_distinct_on_counts_groups_for_offset_limit_and_cursor(client, put):
    for number in range(1, 9):
        put("Thing", number, group=number // 2)
    query = client.query(kind="Thing", projection=["group"], distinct_on=["group"])
    page = query.fetch(offset=1, limit=2)
    groups = [entity["group"] for entity in page]
    rest = query.fetch(start_cursor=page.next_page_token)
    assert (groups, [entity["group"] for entity in rest]) == ([1, 2], [3, 4])


def test_an_order_that_does_not_begin_with_distinct_on_is_refused(client):
    query = client.query(kind="Thing", projection=["a", "b"], distinct_on=["a"], order=["b"])
    with pytest.raises(exceptions.InvalidArgument, match="group by orderings"):
        list(query.fetch())
