"""Events between the requests of a comparison: restarts, outages, the passing of time."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import ExitStack
from typing import NamedTuple, Protocol

from datastore_emulator.errors import UserError
from localcloud.app import App
from localcloud.cloud import Cloud
from localcloud.services import Memorystore


class AppTarget(Protocol):
    """An app's process and the services behind it, as far as events change them."""

    def restart(self) -> bool:
        """Restart the app's process; return whether it has started again."""
        ...

    def advance(self, seconds: float) -> None:
        """Let time pass for the services."""

    def take_caches(self) -> None:
        """Take the caches away, with all they hold."""

    def return_caches(self) -> None:
        """Bring the caches back, empty."""

    def overwrite_caches(self, value: bytes, flags: int) -> int:
        """Replace every cached value by this one; return how many there were. `flags` are Memcache's."""
        ...

    def drop_redis_connections(self) -> None:
        """Close the app's connections to Redis, as a server does that ends idle ones."""

    def stall_redis(self) -> None:
        """Make Redis accept connections and never answer."""

    def resume_redis(self) -> int:
        """Make Redis answer again; return how many connections were made to it meanwhile."""
        ...

    def take_datastore(self) -> None:
        """Take the Datastore away; it keeps what it holds."""

    def return_datastore(self) -> None:
        """Bring the Datastore back."""


class Event(NamedTuple):
    """Something that happens to an app; `title` says it in words. `act` returns what was seen, "" for nothing.

    `away` says that a service is away from then on.
    """

    title: str
    act: Callable[[AppTarget], str]
    away: bool = False


def _event(title: str, act: Callable[[AppTarget], object], away: bool = False) -> Event:
    def run(target: AppTarget) -> str:
        act(target)
        return ""

    return Event(title, run, away)


RESTART = Event(
    "the app is restarted", lambda target: "" if target.restart() else "after the restart: the app does not start"
)
TAKE_CACHES = _event("the caches go away", lambda target: target.take_caches(), away=True)
RETURN_CACHES = _event("the caches are back, and empty", lambda target: target.return_caches())
TAKE_DATASTORE = _event("the Datastore goes away", lambda target: target.take_datastore(), away=True)
RETURN_DATASTORE = _event("the Datastore is back", lambda target: target.return_datastore())
STALL_REDIS = _event("Redis stops answering", lambda target: target.stall_redis(), away=True)
RESUME_REDIS = Event(
    "Redis answers again",
    lambda target: f"connections to Redis while it did not answer: {target.resume_redis()}",
)
DROP_REDIS_CONNECTIONS = _event("Redis closes its connections", lambda target: target.drop_redis_connections())


def pass_time(seconds: float, title: str) -> Event:
    """Return the event that time passes; `title` says how much."""
    return _event(title, lambda target: target.advance(seconds))


def overwrite(value: bytes, flags: int) -> Event:
    """Return the event that another program replaces every cached value."""
    return _event(
        f"another program writes {value[:40]!r} into the caches",
        lambda target: target.overwrite_caches(value, flags),
    )


class CloudTarget:
    """An app that is alone on a local cloud; implements AppTarget. `close` ends all outages.

    `forget` is called after an event that has written to a service itself, so that the app is not taken for the writer.
    """

    def __init__(self, cloud: Cloud, app: App, forget: Callable[[], None]) -> None:
        self._cloud = cloud
        self._app = app
        self._forget = forget
        self._caches = ExitStack()
        self._datastore = ExitStack()
        self._stall = ExitStack()
        self._connections = 0  # that Redis had accepted before it stopped answering

    def close(self) -> None:
        """End all outages."""
        self._stall.close()
        self._caches.close()
        self._datastore.close()

    def restart(self) -> bool:
        """Restart the app's process; return whether it has started again. Its log says why it has not."""
        try:
            self._app.restart()
        except UserError as error:
            self._app.log(str(error))
            return False
        return True

    def advance(self, seconds: float) -> None:
        """Let time pass for the services."""
        self._cloud.advance(seconds)

    def take_caches(self) -> None:
        """Take the caches away, with all they hold."""
        self._caches.enter_context(self._cloud.cache_outage())

    def return_caches(self) -> None:
        """Bring the caches back, empty."""
        self._caches.close()

    def overwrite_caches(self, value: bytes, flags: int) -> int:
        """Replace every cached value by this one; return how many there were. `flags` are Memcache's."""
        overwritten = self._cloud.overwrite_caches(value, flags)
        self._forget()
        return overwritten

    def drop_redis_connections(self) -> None:
        """Close the app's connections to Redis; an app without Redis has none."""
        if isinstance(self._cloud.redis, Memorystore):
            self._cloud.redis.drop_connections()

    def stall_redis(self) -> None:
        """Make Redis accept connections and never answer."""
        if isinstance(self._cloud.redis, Memorystore):
            with self._cloud.redis.client() as client:
                info = client.info()
            self._connections = info["total_connections_received"]
            os.kill(info["process_id"], signal.SIGSTOP)
            self._stall.callback(os.kill, info["process_id"], signal.SIGCONT)

    def resume_redis(self) -> int:
        """Make Redis answer again; return how many connections were made to it meanwhile."""
        self._stall.close()
        if not isinstance(self._cloud.redis, Memorystore):
            return 0
        with self._cloud.redis.client() as client:
            # Those made meanwhile have waited in a queue, so they are counted before this client's own.
            return int(client.info()["total_connections_received"]) - 1 - self._connections

    def take_datastore(self) -> None:
        """Take the Datastore away; it keeps what it holds."""
        self._datastore.enter_context(self._cloud.datastore.outage())

    def return_datastore(self) -> None:
        """Bring the Datastore back."""
        self._datastore.close()
