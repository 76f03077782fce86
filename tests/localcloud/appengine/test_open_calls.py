"""The table of open transactions and queries."""

from localcloud.appengine.open_calls import OpenCalls


def test_entry_is_found_by_its_number_until_it_is_popped():
    calls = OpenCalls(2)
    number = calls.put("entry")
    assert calls.get(number) == "entry"
    assert calls.pop(number) == "entry"
    assert calls.get(number) is None
    assert calls.pop(number) is None


def test_least_recently_used_entry_is_dropped_beyond_the_capacity():
    calls = OpenCalls(2)
    first, second = calls.put("first"), calls.put("second")
    calls.get(first)
    third = calls.put("third")
    assert [calls.get(number) for number in (first, second, third)] == ["first", None, "third"]
