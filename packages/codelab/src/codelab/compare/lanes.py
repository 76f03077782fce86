"""The lanes: each makes the world around the apps of other genuine parts, for the same scenarios."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datastore_emulator.errors import UserError
from datastore_emulator.net.ports import free_port
from datastore_emulator.net.relay import Relay
from datastore_emulator.scratch import Scratch
from localcloud.processes.process import Process
from localcloud.runtimes import Runtime
from localcloud.runtimes import containers as container
from localcloud.runtimes.python27_real import Python27RealRuntime, find_python27
from localcloud.services.memorystore import Memorystore, Security

_EMULATOR_SECONDS = 60


@dataclass(frozen=True)
class Surroundings:
    """What a lane puts in the place of the local cloud's parts: Cloud's options, and the Datastore's door."""

    options: Mapping[str, Any] = field(default_factory=dict)
    datastore: Relay | None = None


@contextmanager
def python3() -> Iterator[Surroundings]:
    """Everything the local cloud's own."""
    yield Surroundings()


@contextmanager
def python27() -> Iterator[Surroundings]:
    """python27 folders on CPython 2.7, those of App Engine under the legacy SDK."""
    yield Surroundings({"runtimes": [Python27RealRuntime(find_python27())]})


@contextmanager
def redis_server() -> Iterator[Surroundings]:
    """`redis-server` with a password and TLS, as Memorystore offers both."""
    with Scratch("localcloud-certificates-") as directory:
        security = Security(secrets.token_hex(16), *_certificate(Path(directory)))
        yield Surroundings({"memorystore": Memorystore(binary=shutil.which("redis-server"), security=security)})


@contextmanager
def google_emulator(consistency: float = 1.0) -> Iterator[Surroundings]:
    """Google's Datastore emulator, for python27 folders on CPython 2.7 too if there is one.

    `consistency` is the share of writes that queries see at once: all of them, as Datastore is today.
    """
    command = f"beta emulators datastore start --project=demo --no-store-on-disk --consistency={consistency}"
    with _emulator(command) as relay:
        yield Surroundings({"datastore": relay.address, "runtimes": _python27_if_here()}, relay)


@contextmanager
def firestore_emulator(mode: str = "datastore-mode") -> Iterator[Surroundings]:
    """Google's Firestore emulator in Datastore mode."""
    with _emulator(f"beta emulators firestore start --project=demo --database-mode={mode}") as relay:
        yield Surroundings({"datastore": relay.address}, relay)


@contextmanager
def containers() -> Iterator[Surroundings]:
    """Folders with a Dockerfile in a container; python27 folders on CPython 2.7 if there is one."""
    tool = container.find_tool()
    if tool is None:
        raise UserError(f"no {container.TOOL}")
    container.sweep(tool)
    try:
        yield Surroundings({"runtimes": [container.ContainerRuntime(tool), *_python27_if_here()]})
    finally:
        container.sweep(tool)


WORLDS: Mapping[str, Callable[[], AbstractContextManager[Surroundings]]] = {
    "python3": python3,
    "python27": python27,
    "redis-server": redis_server,
    "google-emulator": google_emulator,
    "firestore-emulator": firestore_emulator,
    "containers": containers,
}


def _python27_if_here() -> Sequence[Runtime]:
    try:
        return [Python27RealRuntime(find_python27())]
    except UserError:
        return []


@contextmanager
def _emulator(command: str) -> Iterator[Relay]:
    port = free_port()
    gcloud = shutil.which("gcloud") or "gcloud"
    argv = [gcloud, *command.split(), f"--host-port=127.0.0.1:{port}"]
    process = Process("emulator", argv, dict(os.environ), Path("/"), lambda name, line: None)
    try:
        process.wait_for_port("127.0.0.1", port, _EMULATOR_SECONDS)
        relay = Relay(("127.0.0.1", port))
        relay.start()
        try:
            yield relay
        finally:
            relay.stop()
    finally:
        process.stop()


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
