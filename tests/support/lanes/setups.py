"""The components that each lane puts into the local cloud, started and stopped by context managers."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from datastore_emulator.errors import UserError
from datastore_emulator.net.addresses import read_server
from datastore_emulator.net.relay import Relay
from datastore_emulator.scratch import Scratch
from localcloud.runtimes import Runtime
from localcloud.runtimes.python27_real import Python27RealRuntime, find_python27
from localcloud.services import Memorystore, Security
from tests.support import containers as container
from tests.support import emulators


@dataclass(frozen=True)
class Setup:
    """The components that replace the local cloud's own: runtimes, a Redis, a relay in front of a Datastore."""

    runtimes: Sequence[Runtime] = ()
    memorystore: Memorystore | None = None
    datastore: Relay | None = None


@contextmanager
def python3() -> Iterator[Setup]:
    """Change nothing: the local cloud as users have it."""
    yield Setup()


@contextmanager
def python27() -> Iterator[Setup]:
    """Run python27 folders on CPython 2.7, those of App Engine under the legacy SDK."""
    yield Setup(runtimes=[Python27RealRuntime(find_python27())])


@contextmanager
def redis_server() -> Iterator[Setup]:
    """Use `redis-server` with a password and TLS, as Memorystore offers both."""
    with Scratch("localcloud-certificates-") as directory:
        security = Security(secrets.token_hex(16), *_certificate(Path(directory)))
        yield Setup(memorystore=Memorystore(binary=shutil.which("redis-server"), security=security))


@contextmanager
def google_emulator(consistency: float = 1.0) -> Iterator[Setup]:
    """Use Google's Datastore emulator, for python27 folders on CPython 2.7 too if there is one."""
    with emulators.google_datastore(consistency) as running, _relay_to(running) as relay:
        yield Setup(datastore=relay, runtimes=_python27_if_here())


@contextmanager
def firestore_emulator(mode: str = "datastore-mode") -> Iterator[Setup]:
    """Use Google's Firestore emulator in Datastore mode."""
    with emulators.google_firestore(mode) as running, _relay_to(running) as relay:
        yield Setup(datastore=relay)


@contextmanager
def containers() -> Iterator[Setup]:
    """Run folders with a Dockerfile in a container, python27 folders on CPython 2.7 if there is one."""
    tool = container.find_tool()
    if tool is None:
        raise UserError(f"no {container.TOOL}")
    container.sweep(tool)
    try:
        yield Setup(runtimes=[container.ContainerRuntime(tool), *_python27_if_here()])
    finally:
        container.sweep(tool)


def _python27_if_here() -> Sequence[Runtime]:
    try:
        return [Python27RealRuntime(find_python27())]
    except UserError:
        return []


@contextmanager
def _relay_to(running: emulators.RunningDatastore) -> Iterator[Relay]:
    """Put a relay in front of the emulator, so that a scenario can cut it off without stopping it."""
    relay = Relay(read_server(running.address, running.name))
    relay.start()
    try:
        yield relay
    finally:
        relay.stop()


def _certificate(directory: Path) -> tuple[Path, Path]:
    """Return a new key for 127.0.0.1 and its certificate, which is its own authority.

    As in Memorystore's, the address is the common name only: https://github.com/envoyproxy/ratelimit/pull/409.
    """
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    subprocess.run(
        [
            *["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"],
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return key, certificate
