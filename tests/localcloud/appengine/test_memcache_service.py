"""The bundled Memcache client, answered by the API server."""

import time

import pytest
from google.appengine.api.memcache.memcache_service_pb2 import MemcacheGetRequest

from localcloud.appengine.callers import Caller
from localcloud.appengine.memcache import MemcacheService
from tests.localcloud.appengine.bundled_app import memcache


@pytest.fixture
def cache(server):
    """The app's cache, to switch off; on again after the test."""
    yield server.memcache("demo")
    server.memcache("demo").available = True


def test_get_finds_what_set_stored(app):
    def value():
        memcache.set("visits", [{"visitor": "Zoë"}, 1.5])
        return memcache.get("visits")

    assert app.run(value) == [{"visitor": "Zoë"}, 1.5]


def test_get_of_a_missing_key_is_none(app):
    def value():
        return memcache.get("nobody")

    assert app.run(value) is None


def test_value_is_kept_between_requests(app):
    def remember():
        memcache.set("visits", 1)

    def recall():
        return memcache.get("visits")

    app.run(remember)
    assert app.run(recall) == 1


def test_add_does_not_replace(app):
    def outcome():
        return memcache.add("key", "first"), memcache.add("key", "second"), memcache.get("key")

    assert app.run(outcome) == (True, False, "first")


def test_replace_does_not_add(app):
    def outcome():
        return memcache.replace("key", "value"), memcache.get("key")

    assert app.run(outcome) == (False, None)


def test_incr_counts(app):
    def values():
        return [
            memcache.incr("counter", initial_value=10),
            memcache.incr("counter", 5),
            memcache.decr("counter"),
        ]

    assert app.run(values) == [11, 16, 15]


def test_incr_counts_several_keys_at_once(app):
    def values():
        memcache.set("a", 1)
        return memcache.offset_multi({"a": 2, "b": 3}, initial_value=0)

    assert app.run(values) == {"a": 3, "b": 3}


def test_incr_of_a_text_is_none(app):
    def outcome():
        memcache.set("name", "Ada")
        return memcache.incr("name"), memcache.get("name")

    assert app.run(outcome) == (None, "Ada")


def test_cas_stores_an_unchanged_value(app):
    def outcome():
        memcache.set("key", 1)
        client = memcache.Client()
        client.gets("key")
        return client.cas("key", 2), memcache.get("key")

    assert app.run(outcome) == (True, 2)


def test_cas_does_not_store_over_a_change(app):
    def outcome():
        memcache.set("key", 1)
        client = memcache.Client()
        client.gets("key")
        memcache.set("key", 10)
        return client.cas("key", 2), memcache.get("key")

    assert app.run(outcome) == (False, 10)


def test_deleted_key_is_missing(app):
    def outcome():
        memcache.set("key", 1)
        return memcache.delete("key"), memcache.get("key")

    assert app.run(outcome) == (memcache.DELETE_SUCCESSFUL, None)


def test_set_multi_and_get_multi(app):
    def found():
        memcache.set_multi({"a": 1, "b": 2}, key_prefix="p:")
        return memcache.get_multi(["a", "b", "c"], key_prefix="p:")

    assert app.run(found) == {"a": 1, "b": 2}


def test_namespaces_do_not_mix(app):
    def value():
        memcache.set("key", 1, namespace="elsewhere")
        return memcache.get("key")

    assert app.run(value) is None


def test_value_is_kept_until_its_expiry(app, clock):
    app.run(set_for_an_hour)
    clock.advance(3599)
    assert app.run(get_key) == "value"


def test_value_is_missing_after_its_expiry(app, clock):
    app.run(set_for_an_hour)
    clock.advance(3600)
    assert app.run(get_key) is None


def test_a_flushed_cache_is_empty(app, cache):
    app.run(set_for_an_hour)
    cache.flush()
    assert app.run(get_key) is None


def test_an_app_can_flush_its_cache(app):
    def value():
        memcache.set("key", 1)
        memcache.flush_all()
        return memcache.get("key")

    assert app.run(value) is None


def test_a_value_still_expires_after_a_flush(app, cache, clock):
    cache.flush()
    app.run(set_for_an_hour)
    clock.advance(3600)
    assert app.run(get_key) is None


def test_an_overwritten_value_is_read_by_its_new_flags(app, cache):
    def remember():
        memcache.set("visits", "ours")
        memcache.set("visits", "ours", namespace="other")

    def recall():
        return memcache.get("visits"), memcache.get("visits", namespace="other")

    app.run(remember)
    integer = 3  # TYPE_INT in google/appengine/api/memcache/__init__.py
    assert cache.overwrite(b"7", integer) >= 2
    assert app.run(recall) == (7, 7)


def test_entities_that_ndb_has_cached_are_not_overwritten(app, cache):
    app.run(lambda: memcache.set("NDB9:key", "of ndb"))
    cache.overwrite(b"7", 3)
    assert app.run(lambda: memcache.get("NDB9:key")) == "of ndb"


def test_stats_count_hits(app):
    def hits():
        memcache.set("key", 1)
        before = memcache.get_stats()["hits"]
        memcache.get("key")
        return memcache.get_stats()["hits"] - before

    assert app.run(hits) == 1


def test_get_is_none_while_memcache_is_down(app, cache):
    app.run(set_for_an_hour)
    cache.available = False
    assert app.run(get_key) is None


def test_set_is_false_while_memcache_is_down(app, cache):
    cache.available = False
    assert app.run(set_for_an_hour) is False


def test_values_are_kept_during_an_outage(app, cache):
    app.run(set_for_an_hour)
    cache.available = False
    cache.available = True
    assert app.run(get_key) == "value"


def set_for_an_hour():
    return memcache.set("key", "value", time=3600)


def get_key():
    return memcache.get("key")


@pytest.mark.parametrize(
    ("keys", "call"),
    [
        ([b"visits"], "Memcache Get"),
        ([b"NDB9:visit"], "Memcache Get by ndb"),
        ([b"NDB9:visit", b"visits"], "Memcache Get"),
    ],
)
def test_calls_of_ndb_for_its_own_cache_are_observed_as_such(keys, call):
    calls = []
    MemcacheService(time.time, calls.append).call(
        "Get", MemcacheGetRequest(key=keys).SerializeToString(), Caller("demo")
    )
    assert calls == [call]
