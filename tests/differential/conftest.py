"""The Datastores that are compared: the embedded one, and Google's emulators, each started once in a run."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator

import pytest

from datastore_emulator.api.grpc_server import DatastoreServer
from datastore_emulator.engine import Engine
from tests.differential.comparison import Pair
from tests.differential.differences import Emulator
from tests.differential.store import Store
from tests.support import emulators as google
from tests.support.lanes import why_not_run

STARTS: dict[Emulator, Callable[[], contextlib.AbstractContextManager[google.RunningDatastore]]] = {
    "datastore": google.google_datastore,
    "firestore": google.google_firestore,
}


@pytest.fixture(scope="session")
def embedded() -> Iterator[Store]:
    """The engine under test."""
    with Engine() as engine:
        server = DatastoreServer(engine)
        server.start()
        yield Store(server.address)
        server.stop()


@pytest.fixture(scope="session")
def emulators() -> Iterator[Callable[[Emulator], Store]]:
    """Google's emulators by name, started when first asked for."""
    with contextlib.ExitStack() as running:
        yield functools.cache(lambda name: Store(running.enter_context(STARTS[name]()).address))


LANE: dict[Emulator, str] = {"datastore": "google-emulator", "firestore": "firestore-emulator"}
# Each has a worker to itself, so that it is started once and they run side by side.
EMULATORS = {
    name: pytest.param(name, marks=[pytest.mark.xdist_group(f"differential-{name}"), pytest.mark.lane(lane)])
    for name, lane in LANE.items()
}


@pytest.fixture(params=EMULATORS.values())
def pair(request: pytest.FixtureRequest, embedded: Store, emulators: Callable[[Emulator], Store]) -> Pair:
    """The embedded engine and one of Google's emulators."""
    if reason := why_not_run(LANE[request.param]):
        pytest.skip(reason)
    return Pair(request.param, embedded, emulators(request.param))
