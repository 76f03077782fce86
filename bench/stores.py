"""The Datastores that are measured, each a process of its own, started as its users start it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import grpc
import psutil

from datastore_emulator import messages as m
from datastore_emulator.net.ports import free_port
from localcloud.lanes import LANES, missing

PROJECT = "demo"
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Store:
    """A running Datastore. `ready` is the seconds from its command to its first answer."""

    name: str
    address: str
    process: psutil.Process
    ready: float

    def resident_bytes(self) -> int:
        """Return the resident memory of its processes together."""
        processes = [self.process, *self.process.children(recursive=True)]
        return sum(process.memory_info().rss for process in processes)


@contextlib.contextmanager
def embedded(data: Path, *, rest: bool = False) -> Iterator[Store]:
    """Serve `data` with `localcloud datastore`, as `localcloud run` does for its apps unless `rest` is wanted too."""
    command = [sys.executable, "-m", "localcloud", "datastore", "--data", str(data)]
    command += [] if rest else ["--grpc-only"]
    with _running("localcloud", command) as store:
        yield store


@contextlib.contextmanager
def google_datastore() -> Iterator[Store]:
    """Run Google's Datastore emulator, in memory."""
    flags = [f"--project={PROJECT}", "--no-store-on-disk", "--consistency=1.0"]
    with _gcloud("Datastore emulator", ["beta", "emulators", "datastore", "start", *flags]) as store:
        yield store


@contextlib.contextmanager
def google_firestore() -> Iterator[Store]:
    """Run Google's Firestore emulator in Datastore mode."""
    flags = [f"--project={PROJECT}", "--database-mode=datastore-mode"]
    with _gcloud("Firestore emulator", ["emulators", "firestore", "start", *flags]) as store:
        yield store


def why_not_google() -> str:
    """Return why Google's emulators cannot run on this machine, or ""."""
    reasons = [missing(lane) for lane in LANES if lane.name in ("google-emulator", "firestore-emulator")]
    return next(filter(None, reasons), "")


@contextlib.contextmanager
def _gcloud(name: str, command: list[str]) -> Iterator[Store]:
    # A configuration of its own: gcloud asks nothing, and nothing of it stays.
    with (
        tempfile.TemporaryDirectory(prefix="bench-gcloud-") as config,
        _running(name, ["gcloud", *command], CLOUDSDK_CONFIG=config) as store,
    ):
        yield store


@contextlib.contextmanager
def _running(name: str, command: list[str], **environment: str) -> Iterator[Store]:
    address = f"127.0.0.1:{free_port()}"
    command = [*command, f"--host-port={address}"]
    with tempfile.TemporaryFile() as log, _process(name, address, command, environment, log) as store:
        yield store


@contextlib.contextmanager
def _process(
    name: str, address: str, command: list[str], environment: dict[str, str], log: IO[bytes]
) -> Iterator[Store]:
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        _wait_for_answer(address, process)
        yield Store(name, address, psutil.Process(process.pid), time.perf_counter() - start)
    except TimeoutError:
        log.seek(0)
        sys.stderr.write(log.read().decode(errors="replace"))
        raise
    finally:
        # gcloud's emulators are children of children; the group is theirs alone.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for_answer(address: str, process: subprocess.Popen[bytes]) -> None:
    host, _, port = address.rpartition(":")
    end = time.monotonic() + _PATIENCE_SECONDS
    request = m.LookupRequest(project_id=PROJECT)
    request.keys.add().path.add(kind="Visit", id=1)
    while True:
        if process.poll() is not None or time.monotonic() > end:
            raise TimeoutError(f"{address}: expected a Datastore, found none; its output is above")
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
            # A channel of its own: one that was refused waits a second before it tries again.
            with grpc.insecure_channel(address) as channel:
                channel.unary_unary(
                    "/google.datastore.v1.Datastore/Lookup",
                    request_serializer=m.LookupRequest.SerializeToString,
                    response_deserializer=m.LookupResponse.FromString,
                )(request, timeout=5)
        except (OSError, grpc.RpcError):
            time.sleep(0.01)  # the condition is the answer; this only keeps the loop from taking a core
        else:
            return
