"""The services of the local cloud that an app has called."""

from __future__ import annotations

import threading
from collections import Counter
from enum import Enum


class Service(Enum):
    """A service that apps call; the value is its name in messages."""

    BUNDLED_DATASTORE = "Datastore through App Engine's bundled services"
    DATASTORE = "Datastore through its API"
    MEMCACHE = "App Engine's Memcache"
    REDIS = "Redis"


# Scenarios never call these themselves, so that every call is the app's.
ONLY_CALLED_BY_APPS = frozenset({Service.BUNDLED_DATASTORE, Service.MEMCACHE})


class CallCounts:
    """Counts the calls to each service. Safe to use from several threads."""

    def __init__(self) -> None:
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    def count(self, call: str) -> None:
        """Count a call to Datastore, in whatever way it comes, or to Memcache: as in "Datastore RunQuery".

        Calls that ndb makes for its own cache are not the app's, as in "Memcache Get by ndb".
        """
        if not call.endswith(" by ndb"):
            self._add(call.partition(" ")[0])

    def count_bundled(self, call: str) -> None:
        """Count a call to Datastore that comes through the bundled services; `count` counts it too."""
        self._add("bundled")

    def read(self) -> Counter[Service]:
        """Return how often each service was called."""
        with self._lock:
            bundled = self._calls["bundled"]
            return Counter(
                {
                    Service.BUNDLED_DATASTORE: bundled,
                    Service.DATASTORE: self._calls["Datastore"] - bundled,
                    Service.MEMCACHE: self._calls["Memcache"],
                }
            )

    def _add(self, name: str) -> None:
        with self._lock:
            self._calls[name] += 1
