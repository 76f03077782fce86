"""Both sides of a pair on one local cloud, whatever parts a lane makes it of."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import cast
from unittest import mock

from google.cloud import datastore

from codelab.compare.lanes import Surroundings
from codelab.compare.side import Side
from localcloud import App, Cloud
from localcloud.services import Memorystore

# Far from UTC, so that an app that stores or shows local time is found out.
FAR_FROM_UTC = {"TZ": "America/Los_Angeles"}


class LocalWorld:
    """What scenarios do to an app on the local cloud; see side.World."""

    def __init__(self, cloud: Cloud, app: App) -> None:
        self._cloud = cloud
        self._app = app
        self._stalled = 0, 0  # Redis's process, and the connections it had accepted
        with mock.patch.dict(os.environ, DATASTORE_EMULATOR_HOST=cloud.datastore.address):
            self._client = datastore.Client(project=cloud.project)

    def reset(self) -> None:
        """Empty the store and the caches."""
        query = self._client.query(kind="Visit")
        query.keys_only()
        self._client.delete_multi([entity.key for entity in query.fetch()])
        self._cloud.flush_caches()

    def restart(self) -> None:
        self._app.restart()

    def advance(self, seconds: float) -> None:
        self._cloud.advance(seconds)

    def cache_outage(self) -> AbstractContextManager[None]:
        return self._cloud.cache_outage()

    def stall_redis(self) -> None:
        """Have Redis accept connections and never answer."""
        info = self._redis_info()
        self._stalled = info["process_id"], info["total_connections_received"]
        os.kill(info["process_id"], signal.SIGSTOP)

    def resume_redis(self) -> int:
        """Have Redis answer again; return how many connections were made to it meanwhile."""
        process, connections = self._stalled
        os.kill(process, signal.SIGCONT)
        # Those made meanwhile have waited in a queue, so they are counted before the one that asks.
        return self._redis_info()["total_connections_received"] - 1 - connections

    def drop_redis_connections(self) -> None:
        """Close the apps' connections to Redis, as a server does that ends idle ones."""
        self._redis().drop_connections()

    def overwrite_caches(self, value: bytes, flags: int) -> int:
        return self._cloud.overwrite_caches(value, flags)

    def _redis(self) -> Memorystore:
        if not isinstance(self._cloud.redis, Memorystore):
            raise RuntimeError("no app here has a Redis of the cloud's own")
        return self._cloud.redis

    def _redis_info(self) -> dict[str, int]:
        with self._redis().client() as client:
            return cast("dict[str, int]", client.info())

    def datastore_outage(self) -> AbstractContextManager[None]:
        return self._cloud.datastore.outage()

    def count_visits(self) -> int:
        query = self._client.query(kind="Visit")
        query.keys_only()
        return len(list(query.fetch()))

    def store_as_older_version(self, visitor: str) -> datetime:
        """Store a visit as when `visitor` was indexed and visits had one more property; return its time."""
        when = datetime.now(timezone.utc)
        visit = datastore.Entity(self._client.key("Visit"))
        visit.update(visitor=visitor, timestamp=when, referrer="https://example.com/")
        self._client.put(visit)
        return when


@contextmanager
def local_sides(
    folders: Mapping[str, Path], function: str, lane: Surroundings | None = None
) -> Iterator[dict[str, tuple[App, LocalWorld]]]:
    """Run these folders on a cloud of their own; yield each one's app and world by its name.

    `function` is the target of those that have no deployment file. The apps' log is printed at the end.
    """
    log: list[str] = []
    lane = lane or Surroundings()
    with lane.open_cloud(lambda name, line: log.append(f"{name} | {line}")) as cloud:
        try:
            apps = {
                name: cloud.add(folder, name=name, function=function, environment=FAR_FROM_UTC)
                for name, folder in folders.items()
            }
            cloud.start()
            yield {name: (app, LocalWorld(cloud, app)) for name, app in apps.items()}
        finally:
            print("\n".join(log))


@contextmanager
def fresh_side(name: str, app: App, world: LocalWorld, cache: str | None) -> Iterator[Side]:
    """Empty the world and yield the side, ready for a scenario."""
    world.reset()
    side = Side(name, app.url, world, cache=cache)
    try:
        yield side
    finally:
        side.close()
