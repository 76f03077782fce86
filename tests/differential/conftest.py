"""The Datastores that are compared: the embedded one, and Google's emulators, each started once in a run."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator

import pytest

from datastore_emulator.api.grpc_server import DatastoreServer
from datastore_emulator.engine import Engine
from tests.differential.comparison import StorePair
from tests.differential.differences import Emulator
from tests.differential.store import ProgramRunner
from tests.support import emulators as google

STARTS: dict[Emulator, Callable[[], contextlib.AbstractContextManager[google.RunningDatastore]]] = {
    "datastore": google.google_datastore,
    "firestore": google.google_firestore,
}


@contextlib.contextmanager
def serving(engine: Engine) -> Iterator[ProgramRunner]:
    """Serve the engine for the length of a `with` block, and close it."""
    with engine:
        server = DatastoreServer(engine)
        server.start()
        yield ProgramRunner(server.address)
        server.stop()


@pytest.fixture(scope="session")
def embedded() -> Iterator[ProgramRunner]:
    """The engine under test."""
    with serving(Engine()) as runner:
        yield runner


@pytest.fixture(scope="session")
def emulators() -> Iterator[Callable[[Emulator], ProgramRunner]]:
    """Google's emulators by name, started when first asked for."""
    with contextlib.ExitStack() as running:
        yield functools.cache(lambda name: ProgramRunner(running.enter_context(STARTS[name]()).address))


LANE: dict[Emulator, str] = {"datastore": "google-emulator", "firestore": "firestore-emulator"}
# Each has a worker to itself, so that it is started once and they run side by side.
EMULATORS = {
    name: pytest.param(name, marks=[pytest.mark.xdist_group(f"differential-{name}"), pytest.mark.lane(lane)])
    for name, lane in LANE.items()
}


@pytest.fixture(params=EMULATORS.values())
def pair(
    request: pytest.FixtureRequest, embedded: ProgramRunner, emulators: Callable[[Emulator], ProgramRunner]
) -> StorePair:
    """The embedded engine and one of Google's emulators."""
    return StorePair(request.param, embedded, emulators(request.param))
