"""Fixtures for pytest: a Datastore that starts by itself, and an empty project for each test.

pytest loads this module in every run of an environment that has the package, so it imports nothing heavy. The server
starts when the first test asks for one of the fixtures. With pytest-xdist, each worker has a server of its own.
"""

from __future__ import annotations

import importlib
import os
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from google.cloud import datastore

    from datastore_emulator.api.grpc_server import DatastoreServer


@pytest.fixture(scope="session")
def datastore_emulator() -> Iterator[DatastoreServer]:
    """A Datastore server that runs until the session ends and keeps nothing; clients find it at its `address`."""
    from datastore_emulator.api.serving import serve

    with serve() as server:
        yield server


@pytest.fixture
def datastore_project(datastore_emulator: DatastoreServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of an empty project; clients that the test creates find the emulator and this project by themselves."""
    project = f"test-{uuid.uuid4().hex[:12]}"
    monkeypatch.setenv("DATASTORE_EMULATOR_HOST", datastore_emulator.address)
    # The first two are what `gcloud beta emulators datastore env-init` sets; the clients also read the third.
    for variable in ("DATASTORE_DATASET", "DATASTORE_PROJECT_ID", "GOOGLE_CLOUD_PROJECT"):
        monkeypatch.setenv(variable, project)
    # gRPC sends even calls to 127.0.0.1 through a proxy, unless one of these names the host. The first one set counts.
    direct = os.environ.get("no_grpc_proxy") or os.environ.get("no_proxy")  # noqa: SIM112 - gRPC reads lower case
    monkeypatch.setenv("no_grpc_proxy", ",".join(filter(None, (direct, datastore_emulator.host))))
    return project


@pytest.fixture
def datastore_client(datastore_project: str) -> datastore.Client:
    """A client of google-cloud-datastore for the test's own project."""
    from google.cloud import datastore

    return datastore.Client()


@pytest.fixture
def ndb_client(datastore_project: str) -> Any:
    """A client of google-cloud-ndb, which must be installed, for the test's own project."""
    return importlib.import_module("google.cloud.ndb").Client()


@pytest.fixture
def ndb_context(ndb_client: Any) -> Iterator[Any]:
    """An NDB context of the test's own project; for code that does not open a context itself."""
    with ndb_client.context() as context:
        yield context
