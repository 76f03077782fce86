"""Watches the calls to the local cloud's own Redis, by its command MONITOR.

https://redis.io/commands/monitor
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import redis

from localcloud.services.memorystore import NOT_COUNTED, Memorystore

_LOOK_SECONDS = 0.5
_FORGET_SECONDS = 60.0


class RedisWatch:
    """Reports each call to a Redis, from `start` to `stop`: `report("Redis GET", time)`, in seconds since the epoch.

    `find()` returns the server, None while there is none. A server that comes later, or comes back, is watched, too.
    """

    def __init__(self, find: Callable[[], Memorystore | None], report: Callable[[str, float], None]) -> None:
        self._find = find
        self._report = report
        self._stopped = threading.Event()
        # The addresses of our own clients, with the times at which they left.
        self._own: dict[str, float] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin to watch."""
        threading.Thread(target=self._watch, name="redis-watch", daemon=True).start()

    def stop(self) -> None:
        """Report nothing more."""
        self._stopped.set()

    @contextmanager
    def client(self, server: Memorystore, database: int) -> Iterator[Any]:
        """Yield a client of the server whose calls are not reported."""
        with server.client(database, single_connection_client=True) as client:
            address = client.client_info()["addr"]
            with self._lock:
                self._own[address] = math.inf
            try:
                yield client
            finally:
                now = time.time()
                with self._lock:
                    self._own[address] = now
                    # Other programs may get these addresses.
                    self._own = {known: left for known, left in self._own.items() if left > now - _FORGET_SECONDS}

    def _watch(self) -> None:
        while not self._stopped.is_set():
            try:
                if server := self._find():
                    self._listen(server)
            except redis.RedisError:
                pass  # it is not up yet, or it has gone
            self._stopped.wait(_LOOK_SECONDS)

    def _listen(self, server: Memorystore) -> None:
        with server.client(socket_timeout=None) as client, client.monitor() as monitor:
            for event in monitor.listen():
                if self._stopped.is_set():
                    return
                name = event["command"].split(" ", 1)[0]
                address = f"{event['client_address']}:{event['client_port']}"
                # What a script calls is a part of the script.
                scripted = event["client_type"] == "lua"
                if not scripted and name.lower() not in NOT_COUNTED and self._own.get(address, 0) < event["time"]:
                    self._report(f"Redis {name.upper()}", event["time"])
