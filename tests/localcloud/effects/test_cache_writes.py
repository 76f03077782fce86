"""Keys that are written to Memcache and Redis."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from google.appengine.api.memcache import memcache_service_pb2 as pb

from localcloud.cloud import Cloud
from localcloud.effects import CacheWrite
from localcloud.services import Memorystore
from tests.localcloud.effects.watched import Watched, fill_folder


def set_items(watched: Watched, *items: dict[str, Any], namespace: str = "") -> None:
    request = pb.MemcacheSetRequest(name_space=namespace)
    for item in items:
        request.item.add(value=b"v", **item)
    watched.call("memcache", "Set", request)


def test_keys_of_memcache_are_told_with_namespace_and_time(watched: Watched) -> None:
    watched.cloud.advance(1_000_000)
    set_items(watched, {"key": b"a"}, {"key": "é".encode(), "expiration_time": 60})
    set_items(watched, {"key": b"\xff", "expiration_time": round(time.time() + 90)}, namespace="en")
    request = pb.MemcacheDeleteRequest()
    request.item.add(key=b"missing")
    watched.call("memcache", "Delete", request)
    watched.call("memcache", "Increment", pb.MemcacheIncrementRequest(key=b"n", initial_value=1))
    batch = pb.MemcacheBatchIncrementRequest()
    batch.item.add(key=b"m", initial_value=1)
    watched.call("memcache", "BatchIncrement", batch)
    watched.call("memcache", "Get", pb.MemcacheGetRequest(key=[b"a"]))
    watched.call("memcache", "FlushAll", pb.MemcacheFlushRequest())
    effects = watched.watch.read()
    assert effects.cache_writes == (
        CacheWrite("Memcache", "a"),
        CacheWrite("Memcache", "é", seconds=60),
        CacheWrite("Memcache", "\\xff in en", seconds=90),
        CacheWrite("Memcache", "missing", deleted=True),
        CacheWrite("Memcache", "n"),
        CacheWrite("Memcache", "m"),
        CacheWrite("Memcache", "*", deleted=True),
    )
    assert effects.calls["Memcache Set"] == 2


def test_keys_of_ndb_are_left_out_and_its_calls_are_named(watched: Watched) -> None:
    set_items(watched, {"key": b"NDB9:key"})
    effects = watched.watch.read()
    assert (effects.cache_writes, effects.calls) == ((), {"Memcache Set by ndb": 1})


@pytest.fixture(scope="module")
def with_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with Cloud() as cloud:
        app = cloud.add(fill_folder(tmp_path_factory.mktemp("app")), redis_names={"CACHE": "url"})
        watched = Watched(cloud, app)
        watched.watch.begin()
        yield watched


@pytest.fixture
def server(with_redis: Watched) -> Memorystore:
    assert isinstance(with_redis.cloud.redis, Memorystore)
    with_redis.watch.begin()
    return with_redis.cloud.redis


def test_keys_of_redis_are_told_with_their_time(with_redis: Watched, server: Memorystore) -> None:
    with server.client() as client:
        client.set("a", b'"\\\r\n\xff', px=90_000)
        client.execute_command("SETEX", b'\xff" \n', 60, "v")
        client.set("until", "v", exat=round(time.time()) + 30)
        client.mset({"m1": "v", "m2": "EX"})
        client.get("a")
        client.hset("h", "field", "v")
        client.expire("h", 120)
        client.delete("a", "m1")
        client.expire("m2", 0)
        client.rpush("l", "3", "1")
        client.sort("l")
        client.sort("l", store="sorted")
        client.zadd("z", {"x": 1})
        client.zmpop(1, ["z"], min=True)
        client.eval("redis.call('SET', KEYS[1], 1, 'EX', 5) return redis.call('GET', KEYS[1])", 1, "scripted")
        with client.pipeline() as pipeline:
            pipeline.incr("n").lpush("l", "x").execute()
        client.flushdb()
    effects = with_redis.watch.read()
    assert [(write.key, write.seconds, write.deleted) for write in effects.cache_writes] == [
        ("a", 90, False),
        ('\\xff" \n', 60, False),
        ("until", 30, False),
        ("m1", None, False),
        ("m2", None, False),
        ("h", None, False),
        ("h", 120, False),
        ("a", None, True),
        ("m1", None, True),
        ("m2", 0, True),
        ("l", None, False),
        ("sorted", None, False),
        ("z", None, False),
        ("z", None, False),
        ("scripted", 5, False),
        ("n", None, False),
        ("l", None, False),
        ("*", None, True),
    ]
    assert {write.cache for write in effects.cache_writes} == {"Redis"}
    assert (effects.calls["Redis SET"], effects.calls["Redis SORT"], effects.calls["Redis MULTI"]) == (2, 2, 1)


def test_keys_of_cloud_ndb_are_left_out_and_its_calls_are_named(with_redis: Watched, server: Memorystore) -> None:
    with server.client() as client:
        client.set(b"NDB30\x0a\x01", b"entity")
        client.mget([b"NDB30a", b"NDB30b"])
    effects = with_redis.watch.read()
    assert (effects.cache_writes, effects.calls) == ((), {"Redis SET by ndb": 1, "Redis MGET by ndb": 1})


def test_no_call_to_redis_is_missed_however_many_there_are(with_redis: Watched, server: Memorystore) -> None:
    for number in range(3):
        with server.client() as client, client.pipeline(transaction=False) as pipeline:
            for key in range(2000):
                pipeline.set(f"{number}-{key}", "x" * 100)
            pipeline.execute()
        assert with_redis.watch.read().calls == {"Redis SET": 2000}


def test_redis_that_is_away_is_not_waited_for(with_redis: Watched, server: Memorystore) -> None:
    with with_redis.cloud.cache_outage():
        assert with_redis.watch.read().unfinished == ""
    with_redis.watch.begin()
    with server.client() as client:
        client.set("after", "v")
    assert with_redis.watch.read().cache_writes == (CacheWrite("Redis", "after"),)
