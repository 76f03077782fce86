"""The Datastores that are measured, each a process of its own, started as its users start it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from localcloud import doctor
from tests.support.emulators import PROJECT, RunningDatastore, google_datastore, google_firestore, run_datastore

__all__ = ["PROJECT", "RunningDatastore", "embedded", "google_datastore", "google_firestore", "why_not_google"]

_GOOGLE = (doctor.GCLOUD, doctor.JAVA, doctor.DATASTORE_EMULATOR, doctor.FIRESTORE_EMULATOR)


@contextlib.contextmanager
def embedded(data: Path, *, rest: bool = False) -> Iterator[RunningDatastore]:
    """Serve `data` with `localcloud datastore`, as `localcloud run` does for its apps unless `rest` is wanted too."""
    command = [sys.executable, "-m", "localcloud", "datastore", "--data", str(data)]
    command += [] if rest else ["--grpc-only"]
    with run_datastore("localcloud", command) as running:
        yield running


def why_not_google() -> str:
    """Return why Google's emulators cannot run on this machine, or ""."""
    absent = [tool for tool in _GOOGLE if not doctor.find(tool).path]
    names = ", no ".join(tool.name for tool in absent)
    return f"no {names}; to get it: {doctor.how_to_get(absent)}" if absent else ""
