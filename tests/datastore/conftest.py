"""A running Datastore, and Google's own clients on a project that each test has for itself."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import datastore, ndb
from google.cloud.datastore import helpers

from datastore_emulator import serve
from tests.datastore.clock import ManualClock

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The address of the shared server, set as the variable that clients read."""
    with serve(rest=False) as server, pytest.MonkeyPatch.context() as environment:
        environment.setenv("DATASTORE_EMULATOR_HOST", server.address)
        yield server.address


@pytest.fixture
def project() -> str:
    """A project that no other test writes to."""
    return f"project-{os.getpid()}-{next(_numbers)}"


@pytest.fixture
def connect(address: str, project: str) -> Callable[..., datastore.Client]:
    """Make clients of the test's project; `address` may be that of another server."""

    def make(address: str = address, **options: str) -> datastore.Client:
        client = datastore.Client(**{"project": project, **options})
        client.base_url = f"http://{address}"
        return client

    return make


@pytest.fixture
def clock() -> ManualClock:
    """A clock that the test sets."""
    return ManualClock()


@pytest.fixture
def client(connect: Callable[..., datastore.Client]) -> datastore.Client:
    """google-cloud-datastore on the test's project."""
    return connect()


@pytest.fixture
def ndb_client(address: str, project: str) -> ndb.Client:
    """google-cloud-ndb on the test's project."""
    return ndb.Client(project=project, credentials=AnonymousCredentials())


@pytest.fixture
def ndb_context(ndb_client: ndb.Client) -> Iterator[ndb.context.Context]:
    """A context of the test's project that always asks the Datastore."""
    with ndb_client.context(cache_policy=False) as context:
        yield context


@pytest.fixture
def put(client: datastore.Client) -> Callable[..., datastore.Entity]:
    """Write one entity of a kind: put("Visit", 1, visitor="ann"); without a name its id is allocated."""

    def write(kind: str, name: int | str | None = None, /, **properties: object) -> datastore.Entity:
        key = client.key(kind, name) if name is not None else client.key(kind)
        entity = datastore.Entity(key)
        entity.update(properties)
        client.put(entity)
        return entity

    return write


@pytest.fixture
def find(client: datastore.Client) -> Callable[..., list[int | str]]:
    """Run a query and return the ids or names of what it finds: find("Visit", ("n", ">", 1), order=["-n"])."""

    def run(kind: str | None, *filters: tuple[str, str, object], **options: object) -> list[int | str]:
        fetched = {name: options.pop(name) for name in ("limit", "offset") if name in options}
        query = client.query(kind=kind, **options)
        for name, operator, value in filters:
            query.add_filter(filter=datastore.query.PropertyFilter(name, operator, value))
        return [entity.key.id_or_name for entity in query.fetch(**fetched)]

    return run


@pytest.fixture
def commit(client: datastore.Client, project: str) -> Callable[..., Any]:
    """Commit mutations as the API has them, outside a transaction: commit({"insert": entity, "base_version": 1})."""

    def run(*mutations: dict[str, Any]) -> Any:
        return client._datastore_api.commit(
            request={
                "project_id": project,
                "mode": "NON_TRANSACTIONAL",
                "mutations": [{name: _to_message(value) for name, value in mutation.items()} for mutation in mutations],
            }
        )

    return run


def _to_message(value: Any) -> Any:
    if isinstance(value, datastore.Entity):
        return helpers.entity_to_protobuf(value)
    return value.to_protobuf() if isinstance(value, datastore.Key) else value
