"""docs/memcache-to-redis.md: each row does the same with Memcache and with Redis, and its other lines run."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis

from localcloud.services.memorystore import Memorystore
from tests.localcloud.appengine.bundled_app import memcache
from tests.support.course import ROOT

PAGE = (ROOT / "docs" / "memcache-to-redis.md").read_text(encoding="utf-8")
_, _, BELOW = PAGE.partition("| Memcache | Redis | note |\n|---|---|---|\n")
ROWS = [
    [re.findall("`([^`]+)`", cell) for cell in row.split(" | ")[:2]] for row in BELOW.partition("\n\n")[0].split("\n")
]
CLIENT, SCRIPTS, CAS, WATCH, EXPIRE, *STRUCTURES = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
# What both caches hold before a row. Another app's key is in Redis only.
BEFORE: dict[str, str | int] = {"page": "old", "hits": 5, "p:a": "first"}
OTHER = "other:page"
KEYS = [*BEFORE, "a", "b", "p:b", "lock", "new", "nothing"]
# Seconds after which the rest of the entries is compared: a minute, and the absolute time of its row, have passed.
LATER = (0, 61, 61)
WHEN = 90


@pytest.fixture(scope="module")
def memorystore():
    server = Memorystore()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def cache(memorystore):
    """A client like the page's, on a Redis with the entries of BEFORE."""
    memorystore.flush()
    names: dict[str, Any] = {"redis": redis, "host": memorystore.host, "port": memorystore.port}
    exec(CLIENT, names)
    with names["cache"] as client:
        client.mset({**{f"visitme:{key}": value for key, value in BEFORE.items()}, OTHER: "theirs"})
        yield client


@pytest.fixture
def memcached(app, server):
    """The app, on a Memcache with the entries of BEFORE."""
    server.memcache("demo").flush()
    app.run(fill, entries=BEFORE)
    return app


def fill(entries):
    memcache.set_multi(entries)


def evaluate(lines, when):
    *before, last = lines
    names = {"memcache": memcache, "when": when}
    for line in before:
        exec(line, names)
    return eval(last, names)


def left_in_memcache(keys):
    guests = memcache.get("page", namespace="guests")
    return {**memcache.get_multi(keys), **({} if guests is None else {"guests:page": guests})}


def left_in_redis(cache) -> dict[str, str]:
    """Return what the app has in Redis: the page says that its code takes the empty text for a missing key."""
    entries = {key.removeprefix("visitme:"): cache.get(key) for key in cache.scan_iter("visitme:*")}
    return {key: value for key, value in entries.items() if value}


# What two different results mean, by the first call of the row.
MEANINGS: dict[str, Callable[[Any, Any], bool]] = {
    "delete_multi": lambda by_memcache, by_redis: by_memcache is True and by_redis == 1,  # of two keys, one was there
    "flush_all": lambda by_memcache, by_redis: by_memcache is True and len(by_redis) == len(BEFORE),
    "get_multi": lambda by_memcache, by_redis: list(by_memcache.values()) == [one for one in by_redis if one],
    "get_stats": lambda by_memcache, by_redis: isinstance(by_memcache, int) and isinstance(by_redis, int),
    "offset_multi": lambda by_memcache, by_redis: list(by_memcache.values()) == by_redis,
    "set_multi": lambda by_memcache, by_redis: by_memcache == [] and by_redis in (True, [True, True]),
}


def agree(row: list[str], by_memcache: Any, by_redis: Any) -> bool:
    """Return whether two results mean the same, by the notes of the table."""
    call = row[0].removeprefix("memcache.").partition("(")[0]
    if meaning := MEANINGS.get(call):
        return meaning(by_memcache, by_redis)
    if call == "delete" and len(row) == 1:
        return bool(by_memcache == by_redis + 1)
    return by_memcache == by_redis or (by_memcache is False and by_redis is None)


@pytest.mark.parametrize(("by_memcache", "by_redis"), ROWS, ids=["; ".join(row) for row, _ in ROWS])
def test_row_does_the_same_in_both_caches(memcached, clock, memorystore, cache, by_memcache, by_redis):
    expected = memcached.run(evaluate, lines=by_memcache, when=int(clock.now()) + WHEN)
    names = {"cache": cache, "json": json, "when": int(time.time()) + WHEN}
    exec(SCRIPTS, names)
    for line in by_redis[:-1]:
        exec(line, names)
    found = eval(by_redis[-1], names)
    assert agree(by_memcache, expected, found), (expected, found)
    for seconds in LATER:
        clock.advance(seconds)
        memorystore.advance(seconds)
        left = memcached.run(left_in_memcache, keys=KEYS)
        as_text = {key: json.dumps(value) if isinstance(value, dict) else str(value) for key, value in left.items()}
        assert left_in_redis(cache) == as_text
    assert cache.get(OTHER) == "theirs"


def test_table_has_every_call_of_the_client():
    calls = {call for row, _ in ROWS for call in re.findall(r"memcache\.(\w+)\(", " ".join(row))}
    assert calls == {
        *("add", "decr", "delete", "delete_multi", "flush_all", "get", "get_multi", "get_stats", "incr"),
        *("offset_multi", "replace", "set", "set_multi"),
    }


def test_row_may_differ_from_the_plain_command_as_its_note_says(cache):
    assert cache.incr("visitme:nothing") == 1
    assert cache.decrby("visitme:hits", 7) == -2


@pytest.mark.parametrize("script", ["incr_existing", "decr_to_zero"])
def test_script_keeps_the_time_of_a_key(cache, script):
    names: dict[str, Any] = {"cache": cache}
    exec(SCRIPTS, names)
    cache.expire("visitme:hits", 60)
    names[script](keys=["visitme:hits"], args=[7])
    assert 0 < cache.ttl("visitme:hits") <= 60


@pytest.mark.parametrize(("seconds", "added"), [(59, False), (61, True)])
def test_delete_with_seconds_blocks_add_for_so_long(memcached, clock, memorystore, cache, seconds, added):
    ((by_memcache, by_redis),) = (row for row in ROWS if "memcache.delete('page', seconds=60)" in row[0])
    memcached.run(evaluate, lines=by_memcache[:1], when=0)
    exec(by_redis[0], {"cache": cache})
    clock.advance(seconds)
    memorystore.advance(seconds)
    assert memcached.run(evaluate, lines=by_memcache[1:], when=0) is added
    assert (eval(by_redis[1], {"cache": cache}) is True) == added


def test_counting_keeps_the_expiry_in_both(memcached, clock, memorystore, cache):
    lines = ["memcache.set('hits', 5, time=60)", "memcache.incr('hits')"]
    assert memcached.run(evaluate, lines=lines, when=0) == 6
    cache.set("visitme:hits", 5, ex=60)
    assert cache.incr("visitme:hits") == 6
    clock.advance(61)
    memorystore.advance(61)
    assert memcached.run(evaluate, lines=["memcache.get('hits')"], when=0) is None
    assert cache.get("visitme:hits") is None


def test_decr_of_a_missing_key_is_none(memcached, cache):
    names: dict[str, Any] = {"cache": cache}
    exec(SCRIPTS, names)
    assert memcached.run(evaluate, lines=["memcache.decr('nothing')"], when=0) is None
    assert names["decr_to_zero"](keys=["visitme:nothing"], args=[1]) is None
    assert not cache.exists("visitme:nothing")


@pytest.mark.parametrize("disturbed", [False, True])
def test_compare_and_set_fails_if_another_client_writes_in_between(memcached, cache, memorystore, disturbed):
    def by_memcache(code, disturbed):
        def change(page):
            if disturbed:
                memcache.set("page", "theirs")
            return page + "!"

        names = {"memcache": memcache, "change": change}
        exec(code, names)
        return names["stored"], memcache.get("page")

    def change(page):
        if disturbed:
            with memorystore.client() as other:
                other.set("visitme:page", "theirs")
        return page + "!"

    names = {"redis": redis, "cache": cache, "change": change}
    exec(WATCH, names)
    expected = (False, "theirs") if disturbed else (True, "old!")
    assert (names["stored"], cache.get("visitme:page")) == expected
    assert memcached.run(by_memcache, code=CAS, disturbed=disturbed) == expected


def test_memcache_takes_a_time_above_30_days_for_a_date(memcached):
    days = "memcache.set('page', 'new', time={} * 86400)"
    assert memcached.run(evaluate, lines=[days.format(30), "memcache.get('page')"], when=0) == "new"
    assert memcached.run(evaluate, lines=[days.format(31), "memcache.get('page')"], when=0) is None


def test_memcache_counts_to_64_bits_and_redis_to_63(memcached, cache):
    lines = [f"memcache.set('hits', {2**64 - 1})", "memcache.incr('hits')"]
    assert memcached.run(evaluate, lines=lines, when=0) == 0
    cache.set("visitme:hits", 2**63 - 1)
    with pytest.raises(redis.ResponseError, match="overflow"):
        cache.incr("visitme:hits")


def test_memcache_refuses_a_value_above_a_million_bytes(memcached, app_error, cache):
    assert memcached.run(evaluate, lines=["memcache.set('page', 'x' * 1000000)"], when=0) is True
    with pytest.raises(app_error, match="ValueError: Values may not be more than 1000000 bytes"):
        memcached.run(evaluate, lines=["memcache.set('page', 'x' * 1000001)"], when=0)
    assert cache.set("visitme:page", "x" * 1000001)


def test_long_key_works_in_both(memcached, cache):
    assert memcached.run(evaluate, lines=["memcache.set('k' * 251, 'v')", "memcache.get('k' * 251)"], when=0) == "v"
    cache.set("visitme:" + "k" * 251, "v")
    assert cache.get("visitme:" + "k" * 251) == "v"


def test_redis_refuses_none_and_memcache_stores_it(memcached, cache):
    assert memcached.run(evaluate, lines=["memcache.set('page', None)"], when=0) is True
    with pytest.raises(redis.DataError):
        cache.set("visitme:page", None)


def test_expire_sets_a_new_time(cache):
    names: dict[str, Any] = {"cache": cache}
    exec(EXPIRE, names)
    assert (names["left"], cache.get("visitme:page")) == (60, "old")


def test_structures_hold_what_the_page_says(cache):
    names: dict[str, Any] = {"cache": cache}
    for code in STRUCTURES:
        exec(code, names)
        exec(code, names)  # as for a second visit
    assert names["top"] == [("Ann", 2.0)]
    assert names["user"] == {"name": "Ann", "visits": "2"}
    assert names["last"] == ["Ann", "Ann"]
    assert [event for _, event in names["events"]] == [{"visitor": "Ann"}, {"visitor": "Ann"}]


def test_list_is_cut_to_ten(cache):
    names: dict[str, Any] = {"cache": cache}
    (code,) = (code for code in STRUCTURES if "ltrim" in code)
    for _ in range(11):
        exec(code, names)
    assert (names["last"], cache.llen("visitme:last")) == (["Ann"] * 10, 10)
