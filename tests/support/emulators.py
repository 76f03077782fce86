"""Datastores as processes of their own: Google's emulators, started by gcloud, and any other command."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from datastore_emulator import messages as m
from datastore_emulator.errors import UserError
from datastore_emulator.net.ports import free_port
from localcloud.processes.process import Process
from tests.support.deadline import DEADLINE

PROJECT = "demo"


@dataclass(frozen=True)
class RunningDatastore:
    """A Datastore that answers; `ready` is the seconds from its start to its first answer."""

    name: str
    address: str
    process: Process
    ready: float

    def resident_bytes(self) -> int:
        """Return the resident memory of its processes together."""
        return sum(process.memory_info().rss for process in self.process.members())


@contextmanager
def google_datastore(consistency: float = 1.0) -> Iterator[RunningDatastore]:
    """Run Google's Datastore emulator, in memory.

    `consistency` is the share of writes that queries see at once: all of them, as in Datastore today.
    """
    options = [f"--project={PROJECT}", "--no-store-on-disk", f"--consistency={consistency}"]
    with _gcloud("Datastore emulator", ["beta", "emulators", "datastore", "start", *options]) as running:
        yield running


@contextmanager
def google_firestore(mode: str = "datastore-mode") -> Iterator[RunningDatastore]:
    """Run Google's Firestore emulator, in Datastore mode or another."""
    options = [f"--project={PROJECT}", f"--database-mode={mode}"]
    with _gcloud("Firestore emulator", ["emulators", "firestore", "start", *options]) as running:
        yield running


@contextmanager
def run_datastore(
    name: str, command: Sequence[str], environment: Mapping[str, str] | None = None
) -> Iterator[RunningDatastore]:
    """Run this command with --host-port=ADDRESS until the `with` block ends; UserError if it does not answer."""
    port = free_port()
    argv = [*command, f"--host-port=127.0.0.1:{port}"]
    process = Process(name, argv, {**os.environ, **(environment or {})}, Path("/"), lambda name, line: None)
    start = time.perf_counter()
    try:
        process.wait_for_port("127.0.0.1", port, DEADLINE)
        _wait_for_answer(name, f"127.0.0.1:{port}")
        yield RunningDatastore(name, f"127.0.0.1:{port}", process, time.perf_counter() - start)
    finally:
        process.stop()


@contextmanager
def _gcloud(name: str, arguments: Sequence[str]) -> Iterator[RunningDatastore]:
    # A configuration of its own: gcloud asks no question, and leaves nothing behind.
    with (
        tempfile.TemporaryDirectory(prefix="gcloud-") as configuration,
        run_datastore(
            name, [shutil.which("gcloud") or "gcloud", *arguments], {"CLOUDSDK_CONFIG": configuration}
        ) as running,
    ):
        yield running


def _wait_for_answer(name: str, address: str) -> None:
    """Return at the first answer of any kind: in its native mode Firestore answers with an error."""
    request = m.LookupRequest(project_id=PROJECT)
    request.keys.add().path.add(kind="Visit", id=1)
    end = time.monotonic() + DEADLINE
    while True:
        try:
            # A channel of its own: one that was refused waits a second before it tries again.
            with grpc.insecure_channel(address) as channel:
                channel.unary_unary(
                    "/google.datastore.v1.Datastore/Lookup",
                    request_serializer=m.LookupRequest.SerializeToString,
                    response_deserializer=m.LookupResponse.FromString,
                )(request, timeout=5)
        except grpc.RpcError as error:
            if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                return
            if time.monotonic() > end:
                raise UserError(f"{name} listens on {address} and does not answer: {error.details()}") from error
            time.sleep(0.01)  # the deadline is above; this only leaves the core to the server
        else:
            return
