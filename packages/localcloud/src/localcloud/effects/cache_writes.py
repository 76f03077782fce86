"""Keys that apps write to caches. Those of ndb's own cache of entities are left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from google.appengine.api.memcache import memcache_service_pb2 as pb

from localcloud.appengine.memcache import NDB_PREFIX
from localcloud.effects.effects import CacheWrite
from localcloud.services.redis_commands import RedisCall

# A longer time is one since 1970: google.appengine.api.memcache.Client.set.
_LONGEST_SECONDS = 30 * 24 * 3600


def read_memcache_call(method: str, payload: bytes, now: float) -> Iterable[CacheWrite]:
    """Return the keys that a call of App Engine's memcache service writes; `now` is the time as the app sees it."""
    return _READERS[method](payload, now) if method in _READERS else ()


def _read_set(payload: bytes, now: float) -> Iterator[CacheWrite]:
    request: Any = pb.MemcacheSetRequest.FromString(payload)
    for item in request.item:
        seconds = item.expiration_time
        if seconds > _LONGEST_SECONDS:
            seconds = max(0, round(seconds - now))
        if not item.key.startswith(NDB_PREFIX):
            yield _write(item.key, request.name_space, seconds=seconds or None)


def _read_delete(payload: bytes, now: float) -> Iterator[CacheWrite]:
    request: Any = pb.MemcacheDeleteRequest.FromString(payload)
    for item in request.item:
        if not item.key.startswith(NDB_PREFIX):
            yield _write(item.key, request.name_space, deleted=True)


def _read_increment(payload: bytes, now: float) -> Iterator[CacheWrite]:
    request: Any = pb.MemcacheIncrementRequest.FromString(payload)
    yield _write(request.key, request.name_space)


def _read_increments(payload: bytes, now: float) -> Iterator[CacheWrite]:
    request: Any = pb.MemcacheBatchIncrementRequest.FromString(payload)
    for item in request.item:
        yield _write(item.key, request.name_space)


def _read_flush(payload: bytes, now: float) -> Iterator[CacheWrite]:
    yield CacheWrite("Memcache", "*", deleted=True)


_READERS = {
    "Set": _read_set,
    "Delete": _read_delete,
    "Increment": _read_increment,
    "BatchIncrement": _read_increments,
    "FlushAll": _read_flush,
}


def _write(key: bytes, namespace: str, *, deleted: bool = False, seconds: int | None = None) -> CacheWrite:
    text = _format(key)
    return CacheWrite("Memcache", f"{text} in {namespace}" if namespace else text, deleted, seconds)


def read_redis_call(call: RedisCall) -> Iterable[CacheWrite]:
    """Return the keys that a command of Redis writes."""
    if not call.writes or call.is_of_ndb:
        return ()
    keys = [_format(key) for key in call.keys]
    if not keys and call.deletes:
        keys = ["*"]
    return [CacheWrite("Redis", key, call.deletes, call.seconds) for key in keys]


def _format(key: bytes) -> str:
    return key.decode("utf-8", "backslashreplace")
