"""The services of one project: Datastore, bundled services, caches, and the metadata server."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from localcloud.appengine.api_server import ApiServer
from localcloud.appengine.call_handler import make_call_handler
from localcloud.appengine.callers import CURRENT
from localcloud.frontend import RequestLog
from localcloud.metadata import MetadataServer
from localcloud.runtimes import ServiceAddresses
from localcloud.services import (
    Cache,
    DatastoreService,
    EmbeddedDatastore,
    ExternalDatastore,
    ExternalRedis,
    Memcache,
    Memorystore,
    RedisWatch,
)
from localcloud.services.clock import Clock
from localcloud.services.datastore import Restartable


class ProjectServices:
    """The services of a project, which listen from the start; `Cloud` explains the arguments.

    `datastore`, `memcache` and `redis` are the services of its apps; `redis` is None until an app needs one. `requests`
    has the last requests to the apps, with the calls that each made. Those to Redis are there once `redis_watch` is
    started.
    """

    def __init__(
        self,
        project: str,
        *,
        data: str | Path,
        datastore: str | None,
        datastore_relay: Restartable | None,
        redis: str | None,
        memorystore: Memorystore | None,
        made_up_credentials: bool,
        log: Callable[[str], None],
        observe: Callable[[str], None],
        observe_bundled: Callable[[str], None],
    ) -> None:
        self.project = project
        self.datastore: DatastoreService
        self.redis: Memorystore | ExternalRedis | None = ExternalRedis(redis) if redis else None
        self.requests = RequestLog()
        # Of apps, by ticket.
        self.names: dict[str, str] = {}
        self._memorystore = memorystore
        self._made_up_credentials = made_up_credentials
        self._opening = threading.Lock()
        self._closed = False

        def note(call: str) -> None:
            caller = CURRENT.get()
            self.requests.note(call, self.names.get(caller.ticket) if caller else None)
            observe(call)

        self.redis_watch = RedisWatch(
            lambda: self.redis if isinstance(self.redis, Memorystore) else None,
            lambda call, when: self.requests.note(call, when=when),
        )
        with ExitStack() as stack:
            stack.callback(self.redis_watch.stop)
            if datastore:
                self.datastore = ExternalDatastore(datastore, note, datastore_relay)
            else:
                self.datastore = EmbeddedDatastore(data, note)
            stack.callback(self.datastore.close)
            clock = Clock()
            self.api_server = ApiServer(
                self.datastore.backend, clock=clock.now, observe=note, observe_bundled=observe_bundled
            )
            self.memcache = Memcache(self.api_server.memcache(project), clock)
            self.datastore.start([make_call_handler(self.api_server.datastore_dispatcher)])
            self.api_server.start()
            stack.callback(self.api_server.stop)
            self._metadata = MetadataServer(project, log)
            self._metadata.start()
            stack.callback(self._metadata.stop)
            self._cleanup = stack.pop_all()

    def close_services(self) -> None:
        """End all services; a Redis starts no more."""
        with self._opening:
            self._closed = True
        self._cleanup.close()

    @property
    def caches(self) -> Sequence[Cache]:
        """The project's Memcache, and its Redis if there is one."""
        return (self.memcache, self.redis) if self.redis else (self.memcache,)

    def advance(self, seconds: float) -> None:
        """Let time pass for the caches, so that entries expire."""
        for cache in self.caches:
            cache.advance(seconds)

    def flush_caches(self) -> None:
        """Empty the caches."""
        for cache in self.caches:
            cache.flush()

    def empty_queues(self) -> None:
        """Delete all tasks, so that an app can give their names again."""
        for queues in self.api_server.task_queues():
            queues.empty()

    def overwrite_caches(self, value: bytes, flags: int) -> int:
        """Replace every cached value; `flags` are Memcache's. Return how many there were."""
        return sum(cache.overwrite(value, flags) for cache in self.caches)

    @contextmanager
    def cache_outage(self) -> Iterator[None]:
        """Take the caches away, with all they hold, for the length of the block; they come back empty."""
        with ExitStack() as stack:
            for cache in self.caches:
                stack.enter_context(cache.outage())
            yield

    def redis_calls(self) -> Counter[str]:
        """Return how often apps have called each command of our own Redis, as in "Redis GET"."""
        return self.redis.calls() if self.redis else Counter()

    def addresses(self, project: str, *, instance: str, redis: bool) -> ServiceAddresses:
        """Return the addresses of the services for an app, after starting a Redis if it needs one and none runs."""
        with self._opening:
            if redis and self.redis is None and not self._closed:
                memorystore = self._memorystore or Memorystore()
                memorystore.start()
                self._cleanup.callback(memorystore.stop)
                self.redis = memorystore
        return ServiceAddresses(
            project=project,
            datastore=self.datastore.address,
            api_server=(self.api_server.host, self.api_server.port),
            ticket=self.api_server.ticket(project, instance),
            metadata=self._metadata.address,
            made_up_credentials=self._made_up_credentials,
            redis=(self.redis.host, self.redis.port) if self.redis and redis else None,
            redis_variables=self.redis.variables if self.redis and redis else {},
        )


def own_redis_variables(names: Mapping[str, str], addresses: ServiceAddresses) -> dict[str, str]:
    """Return an app's own variables for the address of Redis; `names` say which part each one holds."""
    if not addresses.redis:
        return {}
    host, port = addresses.redis
    parts = {"host": host, "port": str(port), "url": f"redis://{host}:{port}"}
    return {name: parts[part] for name, part in names.items()}
