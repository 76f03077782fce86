"""The Datastores that are compared: the embedded one, and Google's emulators, each started once in a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench import stores
from localcloud.datastore.engine import Engine
from localcloud.datastore.server import DatastoreServer
from tests.differential.comparison import Pair
from tests.differential.store import Store

STARTS = {"datastore": stores.google_datastore, "firestore": stores.google_firestore}


@pytest.fixture(scope="session")
def embedded() -> Iterator[Store]:
    """The engine under test."""
    with Engine() as engine:
        server = DatastoreServer(engine)
        server.start()
        yield Store(server.address)
        server.stop()


@pytest.fixture(
    scope="session",
    # Each has a worker to itself, so that it is started once and they run side by side.
    params=[pytest.param(name, marks=pytest.mark.xdist_group(f"google-{name}")) for name in STARTS],
)
def pair(request: pytest.FixtureRequest, embedded: Store) -> Iterator[Pair]:
    """The embedded engine and one of Google's emulators."""
    if reason := stores.why_not_google():
        pytest.skip(f"google-emulator: {reason}")
    with STARTS[request.param]() as emulator:
        yield Pair(request.param, embedded, Store(emulator.address))
