"""OR, IN, != and NOT_IN: one answer from several scans, each result once and in order."""

from __future__ import annotations

import pytest
from google.api_core import exceptions
from google.cloud import datastore
from google.cloud.datastore.query import And, Or, PropertyFilter


@pytest.fixture
def search(client):
    """Run a query with a filter made of And and Or, and return the ids it finds."""

    def run(condition, **options):
        limits = {name: options.pop(name) for name in ("limit", "offset", "start_cursor") if name in options}
        query = client.query(kind="Thing", **options)
        query.add_filter(filter=condition)
        return [entity.key.id for entity in query.fetch(**limits)]

    return run


@pytest.fixture
def six(put) -> None:
    for number in range(1, 7):
        put("Thing", number, n=number, parity=number % 2, tag=["low" if number < 4 else "high", "all"])


def eq(name, value):
    return PropertyFilter(name, "=", value)


pytestmark = pytest.mark.usefixtures("six")


def test_or_finds_what_satisfies_either_side(search):
    assert search(Or([eq("n", 2), eq("n", 5)])) == [2, 5]


def test_a_result_that_satisfies_both_sides_comes_once(search):
    assert search(Or([eq("parity", 1), eq("tag", "low")])) == [1, 2, 3, 5]


def test_or_keeps_the_order_that_was_asked_for(search):
    assert search(Or([eq("parity", 1), eq("n", 4)]), order=["-n"]) == [5, 4, 3, 1]


def test_or_within_and_within_or(search):
    even = And([eq("parity", 0), Or([eq("tag", "low"), eq("n", 6)])])
    assert search(Or([even, eq("n", 1)])) == [1, 2, 6]


def test_or_with_an_inequality_is_ordered_by_it(search):
    assert search(Or([eq("parity", 0), PropertyFilter("n", ">", 4)])) == [2, 4, 5, 6]


def test_a_result_has_what_any_of_the_alternatives_compares(search, put):
    put("Thing", 7, parity=0)
    assert search(Or([eq("parity", 0), PropertyFilter("n", ">", 4)]), order=["-__key__"]) == [6, 5, 4, 2]


def test_in_finds_each_of_the_values(find):
    assert find("Thing", ("n", "IN", [6, 1, 1, 3])) == [1, 3, 6]


def test_in_on_an_array_finds_an_entity_once(find):
    assert find("Thing", ("tag", "IN", ["all", "low"])) == [1, 2, 3, 4, 5, 6]


def test_several_ins_combine(find):
    assert find("Thing", ("n", "IN", [1, 2, 3]), ("parity", "IN", [1, 5])) == [1, 3]


def test_not_equal_leaves_a_value_out_and_orders_by_the_property(find):
    assert find("Thing", ("n", "!=", 3)) == [1, 2, 4, 5, 6]


def test_not_equal_holds_for_an_array_with_any_other_value(find, put):
    put("Thing", 7, tag="all")
    assert find("Thing", ("tag", "!=", "all")) == [4, 5, 6, 1, 2, 3]


def test_not_equal_does_not_find_what_lacks_the_property(find, put):
    put("Thing", 7, other=1)
    assert 7 not in find("Thing", ("n", "!=", 3))


def test_not_in_leaves_all_of_the_values_out(find):
    assert find("Thing", ("n", "NOT_IN", [1, 3, 6])) == [2, 4, 5]


def test_not_equal_works_on_keys(client, find):
    assert find("Thing", ("__key__", "!=", client.key("Thing", 2))) == [1, 3, 4, 5, 6]


def test_alternatives_have_limits_and_offsets(search):
    either = Or([eq("parity", 1), eq("tag", "low")])
    assert search(either, order=["-n"], offset=1, limit=2) == [3, 2]


def test_the_pages_of_an_or_join_without_gap_or_repetition(client, search):
    either = Or([eq("parity", 1), eq("tag", "low")])
    query = client.query(kind="Thing")
    query.add_filter(filter=either)
    found, cursor = [], None
    while True:
        page = query.fetch(limit=1, start_cursor=cursor)
        found += [entity.key.id for entity in page]
        cursor = page.next_page_token
        if not cursor:
            break
    assert found == [1, 2, 3, 5]


def test_a_page_does_not_repeat_what_another_value_of_an_array_has_shown(client, put):
    # The first alternative finds the entity at 1, the second at 9.
    put("Thing", 8, a=[1, 9])
    put("Thing", 9, a=5)
    query = client.query(kind="Thing", order=["a"])
    query.add_filter(filter=Or([PropertyFilter("a", "<", 7), PropertyFilter("a", ">", 8)]))
    page = query.fetch(limit=1)
    assert [entity.key.id for entity in page] == [8]
    assert [entity.key.id for entity in query.fetch(start_cursor=page.next_page_token)] == [9]


def test_alternatives_can_be_projected(client):
    query = client.query(kind="Thing", projection=["n"])
    query.add_filter(filter=Or([eq("parity", 1), eq("tag", "low")]))
    assert [entity["n"] for entity in query.fetch()] == [1, 2, 3, 5]


def test_alternatives_stay_under_one_ancestor(client):
    parent = client.key("Thing", 1)
    for number in (1, 2):
        child = datastore.Entity(client.key("Child", number, parent=parent))
        child["n"] = number
        client.put(child)
    query = client.query(kind="Child", ancestor=parent)
    query.add_filter(filter=Or([eq("n", 1), eq("n", 2)]))
    assert len(list(query.fetch())) == 2
    query = client.query(kind="Child", ancestor=client.key("Thing", 2))
    query.add_filter(filter=Or([eq("n", 1), eq("n", 2)]))
    assert not list(query.fetch())


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ([("n", "IN", [])], "IN requires an non-empty ArrayValue."),
        ([("n", "NOT_IN", [])], "NOT_IN requires an non-empty ArrayValue."),
        ([("n", "IN", 5)], "IN requires an ArrayValue."),
        ([("n", "IN", list(range(31)))], "IN supports up to 30 values. There are 31 values"),
        ([("n", "NOT_IN", list(range(11)))], "NOT_IN supports up to 10 values."),
        ([("n", "!=", 1), ("parity", "!=", 1)], "Only a single 'NOT_EQUAL' or 'NOT_IN' is allowed per query."),
        ([("n", "IN", [1]), ("parity", "NOT_IN", [1])], "'NOT_IN' cannot be used in the same query with 'IN' or 'OR'."),
        (
            [("n", "IN", list(range(8))), ("parity", "IN", list(range(4)))],
            "Result had 32 disjunctions which is more than the maximum of 30",
        ),
    ],
)
def test_invalid_combination_is_refused(find, filters, message):
    with pytest.raises(exceptions.InvalidArgument) as caught:
        find("Thing", *filters)
    assert message in str(caught.value)


def test_alternatives_with_different_ancestors_are_refused(client, project):
    def under(number):
        key = {"path": [{"kind": "Thing", "id": number}]}
        return {"property_filter": {"property": {"name": "__key__"}, "op": "HAS_ANCESTOR", "value": {"key_value": key}}}

    either = {"composite_filter": {"op": "OR", "filters": [under(1), under(2)]}}
    with pytest.raises(exceptions.InvalidArgument, match="common and unique ancestor"):
        client._datastore_api.run_query(request={"project_id": project, "query": {"filter": either}})
