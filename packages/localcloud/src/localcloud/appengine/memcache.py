"""The `memcache` service: Google's own Memcache stub, one for each project."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.appengine.api.memcache import memcache_service_pb2 as pb
from google.appengine.api.memcache.memcache_stub import MemcacheServiceStub
from google.appengine.runtime import apiproxy_errors
from google.protobuf.message import Message

from localcloud.appengine.applications import read_project
from localcloud.appengine.bundled_service import Method, call_method
from localcloud.appengine.callers import Caller

# The calls of the service. The stub also answers test-only ones (SetClock and others), which no cloud has.
_METHODS: dict[str, tuple[type[Message], type[Message]]] = {
    "Get": (pb.MemcacheGetRequest, pb.MemcacheGetResponse),
    "Set": (pb.MemcacheSetRequest, pb.MemcacheSetResponse),
    "Delete": (pb.MemcacheDeleteRequest, pb.MemcacheDeleteResponse),
    "Increment": (pb.MemcacheIncrementRequest, pb.MemcacheIncrementResponse),
    "BatchIncrement": (pb.MemcacheBatchIncrementRequest, pb.MemcacheBatchIncrementResponse),
    "FlushAll": (pb.MemcacheFlushRequest, pb.MemcacheFlushResponse),
    "Stats": (pb.MemcacheStatsRequest, pb.MemcacheStatsResponse),
}
# What google.appengine.ext.ndb.context puts before the keys of the entities that it caches.
NDB_PREFIX = b"NDB9:"
_OF_NDB = " by ndb"


@dataclass(frozen=True)
class CachedValue:
    """A value in a cache; `expires` is in seconds since the epoch, None for never."""

    namespace: str
    key: bytes
    value: bytes
    flags: int
    expires: float | None


class ProjectCache:
    """One project's cache.

    While `available` is False every call fails, and the app's memcache client does what it does in an outage of the
    cloud: `get` returns None, `set` returns False. The cached values stay.
    """

    def __init__(self, clock: Callable[[], float], observe: Callable[[str], None] = lambda call: None) -> None:
        self.available = True
        self._observe = observe
        self._stub = _Stub(clock)
        self._methods = {name: self._bind(name, *classes) for name, classes in _METHODS.items()}

    def flush(self) -> None:
        """Empty the cache."""
        self._stub.Clear()

    def overwrite(self, value: bytes, flags: int) -> int:
        """Replace every value, as another version of the app might; return how many there were.

        ndb's own entries stay: no program but ndb writes them.
        """
        return self._stub.overwrite(value, flags)

    def list_values(self, prefix: bytes, most: int) -> list[CachedValue]:
        """Return values whose keys begin with `prefix`, by namespace and key, at most so many."""
        return self._stub.list_values(prefix, most)

    def find(self, namespace: str, key: bytes) -> CachedValue | None:
        """Return the value under a key, None if there is none."""
        return self._stub.find(namespace, key)

    def replace(self, old: CachedValue, value: bytes) -> bool:
        """Put a value in the place of another; flags and expiry stay. Return whether the other is still there."""
        return self._stub.replace(old, value)

    def delete(self, namespace: str, key: bytes) -> None:
        """Delete the value under a key, if there is one."""
        request = pb.MemcacheDeleteRequest(name_space=namespace)
        request.item.add(key=key)
        self._stub.MakeSyncCall("memcache", "Delete", request, pb.MemcacheDeleteResponse())

    def statistics(self) -> pb.MergedNamespaceStats:
        """Return hits, misses and sizes."""
        response = pb.MemcacheStatsResponse()
        self._stub.MakeSyncCall("memcache", "Stats", pb.MemcacheStatsRequest(), response)
        return response.stats

    def call(self, method: str, payload: bytes) -> bytes:
        """Answer one call of the memcache service."""
        return call_method("memcache", self._methods, method, payload)

    def _bind(self, name: str, request_class: type[Message], response_class: type[Message]) -> Method:
        def answer(request: Message) -> Message:
            self._observe(f"Memcache {name}{_OF_NDB if _is_of_ndb(request) else ''}")
            if not self.available:
                raise apiproxy_errors.ApplicationError(
                    pb.MemcacheServiceError.UNAVAILABLE, "Memcache is switched off in localcloud"
                )
            response = response_class()
            self._stub.MakeSyncCall("memcache", name, request, response)
            return response

        return request_class, answer


class MemcacheService:
    """Gives each project its own cache, as App Engine does.

    `observe` is called before each call, as in "Memcache Get". It is called with "Memcache Get by ndb" if ndb makes the
    call for its own cache of entities.
    """

    def __init__(self, clock: Callable[[], float], observe: Callable[[str], None] = lambda call: None) -> None:
        self._clock = clock
        self._observe = observe
        self._caches: dict[str, ProjectCache] = {}
        self._lock = threading.Lock()

    def cache(self, app: str) -> ProjectCache:
        """Return the cache of `app` ("demo", "s~demo": the same one), which begins empty."""
        project = read_project(app)
        with self._lock:
            if project not in self._caches:
                self._caches[project] = ProjectCache(self._clock, self._observe)
            return self._caches[project]

    def call(self, method: str, payload: bytes, caller: Caller) -> bytes:
        """Answer one call of an app."""
        return self.cache(caller.project).call(method, payload)


class _Stub(MemcacheServiceStub):  # type: ignore[misc]  # the SDK ships no types
    """Google's stub, which keeps its clock.

    The original `Clear`, which FlushAll calls, goes back to `time.time`. The stub has a lock of its own and holds it in
    every method.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(gettime=clock)
        self._clock = clock

    def overwrite(self, value: bytes, flags: int) -> int:
        with self._mutex:
            entries = [
                entry
                for namespace in self._the_cache.values()
                for key, entry in namespace.items()
                if not key.startswith(NDB_PREFIX)
            ]
            for entry in entries:
                entry.value, entry.flags = value, flags
        return len(entries)

    def list_values(self, prefix: bytes, most: int) -> list[CachedValue]:
        with self._mutex:
            # Counts no hit and leaves the order of eviction, unlike a call.
            names = [
                (namespace, key)
                for namespace, entries in self._the_cache.items()
                for key in entries
                if key.startswith(prefix)
            ]
            found = (self.find(*name) for name in heapq.nsmallest(most, names))
            return [value for value in found if value]

    def find(self, namespace: str, key: bytes) -> CachedValue | None:
        with self._mutex:
            entry = self._GetKey(namespace, key, for_peek=True)
            if entry is None or entry.CheckLocked():
                return None
            expires = entry.expiration_time if entry.will_expire else None
            return CachedValue(namespace, key, entry.value, entry.flags, expires)

    def replace(self, old: CachedValue, value: bytes) -> bool:
        with self._mutex:
            if self.find(old.namespace, old.key) != old:
                return False
            request = pb.MemcacheSetRequest(name_space=old.namespace)
            # Seconds since the epoch, since they are more than a month's.
            request.item.add(key=old.key, value=value, flags=old.flags, expiration_time=int(old.expires or 0))
            self.MakeSyncCall("memcache", "Set", request, pb.MemcacheSetResponse())
            return True

    def Clear(self) -> None:  # noqa: N802  # the stub's name for it
        with self._mutex:
            super().Clear()
            self._gettime = self._clock


def _is_of_ndb(request: Any) -> bool:
    """Return whether all keys of a call are those of ndb's own cache."""
    if isinstance(request, pb.MemcacheGetRequest):
        keys = request.key
    elif isinstance(request, (pb.MemcacheSetRequest, pb.MemcacheDeleteRequest)):
        keys = [item.key for item in request.item]
    else:
        return False
    return bool(keys) and all(key.startswith(NDB_PREFIX) for key in keys)
