"""An app on the local cloud, with the services behind it for scenarios to use."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timezone
from typing import cast

from google.auth.credentials import AnonymousCredentials
from google.cloud import datastore

from codelab.compare.app_under_test import AppUnderTest
from codelab.compare.visitor import PATIENCE
from localcloud import App, Cloud
from localcloud.services import Memorystore
from localcloud.services.datastore import EmbeddedDatastore

KIND = "Visit"

# Far from UTC, so that an app that stores or shows local time is noticed.
FAR_FROM_UTC = {"TZ": "America/Los_Angeles"}


class LocalBackend:
    """The services behind an app on the local cloud; implements app_under_test.Backend."""

    def __init__(self, cloud: Cloud, app: App) -> None:
        self.app = app
        self._cloud = cloud
        self._stalled = 0, 0  # Redis's process, and the connections it had accepted
        self._client = _client_of(cloud)

    def reset(self) -> None:
        """Empty the store and the caches."""
        if isinstance(self._cloud.datastore, EmbeddedDatastore):
            self._cloud.datastore.empty()
        else:
            query = self._client.query(kind=KIND)
            query.keys_only()
            self._client.delete_multi([entity.key for entity in query.fetch()])
        self._cloud.flush_caches()

    def describe_other_place(self) -> tuple[str, bool] | None:
        """Return where the app keeps its visits, in words, if that is not where the old ones are.

        The second part is true if only the project is another: the old visits may be there.
        """
        if not isinstance(self._cloud.datastore, EmbeddedDatastore):
            return None
        expected = self._cloud.project, "", "", KIND
        places = self._cloud.datastore.stored_kinds()
        if not places or expected in places:
            return None
        place = min(places, key=lambda one: sum(part != wanted for part, wanted in zip(one, expected, strict=True)))
        names = ("project", "database", "namespace", "kind")
        differing = [
            f'{name} "{part}", where START uses "{wanted}"'.replace('""', "the default one")
            for name, part, wanted in zip(names, place, expected, strict=True)
            if part != wanted
        ]
        return ", and ".join(differing), place[1:] == expected[1:]

    def restart(self) -> None:
        """Restart the app's process."""
        self.app.restart()

    def advance(self, seconds: float) -> None:
        """Let time pass for the caches."""
        self._cloud.advance(seconds)

    def cache_outage(self) -> AbstractContextManager[None]:
        """Take the caches away, with all they hold, and bring them back empty."""
        return self._cloud.cache_outage()

    def stall_redis(self) -> None:
        """Make Redis accept connections and never answer."""
        info = self._redis_info()
        self._stalled = info["process_id"], info["total_connections_received"]
        os.kill(info["process_id"], signal.SIGSTOP)

    def resume_redis(self) -> int:
        """Make Redis answer again; return how many connections were made to it meanwhile."""
        process, connections = self._stalled
        os.kill(process, signal.SIGCONT)
        # Connections made meanwhile have waited in a queue, so they are counted before this request's own.
        return self._redis_info()["total_connections_received"] - 1 - connections

    def drop_redis_connections(self) -> None:
        """Close the apps' connections to Redis, as a server does that ends idle ones."""
        self._redis().drop_connections()

    def overwrite_caches(self, value: bytes, flags: int) -> int:
        """Replace every cached value by this one; return how many there were. `flags` are Memcache's."""
        return self._cloud.overwrite_caches(value, flags)

    def _redis(self) -> Memorystore:
        if not isinstance(self._cloud.redis, Memorystore):
            raise RuntimeError("no app here uses a Redis that this cloud has started")
        return self._cloud.redis

    def _redis_info(self) -> dict[str, int]:
        with self._redis().client() as client:
            return cast("dict[str, int]", client.info())

    def datastore_outage(self) -> AbstractContextManager[None]:
        """Take the Datastore away; it keeps what it holds."""
        return self._cloud.datastore.outage()

    def count_visits(self) -> int:
        """Return how many visits the Datastore holds."""
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


def _client_of(cloud: Cloud) -> datastore.Client:
    """Return a client of the cloud's Datastore, whatever DATASTORE_EMULATOR_HOST says."""
    # With that variable set, the client brings these credentials itself and refuses to be given any.
    credentials = None if "DATASTORE_EMULATOR_HOST" in os.environ else AnonymousCredentials()  # type: ignore[no-untyped-call]
    client = datastore.Client(project=cloud.project, credentials=credentials)
    client.base_url = f"http://{cloud.datastore.address}"
    return client


@contextmanager
def fresh_app(backend: LocalBackend, cache: str | None, patience: float = PATIENCE) -> Iterator[AppUnderTest]:
    """Empty the store and the caches, and yield the app ready for a scenario. `cache` is the one it answers from."""
    backend.reset()
    app = AppUnderTest(backend.app.name, backend.app.url, backend, cache=cache, patience=patience)
    try:
        yield app
    finally:
        app.close()
