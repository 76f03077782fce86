"""Watches the calls to the local cloud's own Redis, by its command MONITOR.

https://redis.io/commands/monitor
"""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import redis

from localcloud.services.memorystore import NOT_COUNTED, Memorystore
from localcloud.services.redis_commands import RedisCall, RedisCommands

_LOOK_SECONDS = 0.5
_FORGET_SECONDS = 60.0
# A mark that was sent before MONITOR began is not seen, so another one is sent.
_MARK_SECONDS = 0.05
_LUA = "lua"


class RedisWatch:
    """Reports each call to a Redis, from `start` to `stop`: `report("Redis GET", time)`, in seconds since the epoch.

    `find()` returns the server, None while there is none. A server that comes later, or comes back, is watched, too.
    """

    def __init__(self, find: Callable[[], Memorystore | None], report: Callable[[str, float], None]) -> None:
        self._find = find
        self._report = report
        self._observers: list[Callable[[RedisCall], None]] = []
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._look = threading.Event()
        # The addresses of our own clients, with the times at which they left.
        self._own: dict[str, float] = {}
        self._lock = threading.Lock()
        # Marks are calls of our own. MONITOR shows calls in their order, so those before a mark have been reported.
        self._mark = b""
        self._marked = threading.Event()
        self._marker: Any = None

    def start(self) -> None:
        """Begin to watch; a second call does nothing."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="redis-watch", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Report nothing more."""
        self._stopped.set()
        self._look.set()
        if self._marker:
            self._marker.close()

    def observe(self, observer: Callable[[RedisCall], None]) -> None:
        """Call `observer` with each command of an app that changes something; those of scripts come one by one."""
        self._observers.append(observer)

    def catch_up(self, seconds: float) -> bool:
        """Wait until all calls before this one are reported; return whether they are, False if it took too long."""
        server = self._find()
        if server is None or not server.is_running:
            return True
        end = time.monotonic() + seconds
        self._marked.clear()
        self._mark = secrets.token_hex(8).encode()
        self._look.set()
        # A server keeps its port, and a client of redis-py connects again.
        self._marker = self._marker or server.client(single_connection_client=True)
        try:
            while time.monotonic() < end:
                self._marker.execute_command("PING", self._mark)
                if self._marked.wait(_MARK_SECONDS):
                    return True
        except redis.RedisError:
            return not server.is_running  # it has gone, and all calls with it
        return False

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
            self._look.clear()
            try:
                if server := self._find():
                    self._listen(server)
            except redis.RedisError:
                pass  # it is not up yet, or it has gone
            self._look.wait(_LOOK_SECONDS)

    def _listen(self, server: Memorystore) -> None:
        with server.client(socket_timeout=None) as client, client.monitor() as monitor:
            commands = RedisCommands(client)
            while not self._stopped.is_set():
                # Not by the monitor's own method, which loses where each argument ends.
                call = commands.read(monitor.connection.read_response(disable_decoding=True))
                if call and call.words == (b"PING", self._mark):
                    self._marked.set()
                elif call and self._own.get(call.address, 0) < call.when:
                    self._pass_on(call)

    def _pass_on(self, call: RedisCall) -> None:
        # What a script calls is a part of the script.
        if call.address != _LUA and call.name.lower() not in NOT_COUNTED:
            self._report(call.title, call.when)
        if call.writes:
            for observer in self._observers:
                observer(call)
