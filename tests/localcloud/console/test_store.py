"""The entities of a Datastore that localcloud did not start, as Google's emulators answer."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from datastore_emulator import messages as m
from datastore_emulator.api.tracing import Call, intercepted
from datastore_emulator.engine import Engine
from datastore_emulator.errors import DatastoreError
from localcloud.console.store import Place, Store


class OtherDatastore:
    """A Datastore service that fails an RPC with a code."""

    def __init__(self, engine: Engine, missing: str, code: grpc.StatusCode) -> None:
        def make(rpc: str, request: Any, call: Call) -> Any:
            if rpc == missing:
                raise DatastoreError(code, f"{rpc} is not here")
            return call(request)

        self.direct = intercepted(engine, make)


def store_of(missing: str = "", code: grpc.StatusCode = grpc.StatusCode.UNIMPLEMENTED) -> Store:
    engine = Engine()
    for namespace, kind in (("", "Visit"), ("n1", "Visit"), ("n1", "Other")):
        entity = m.Entity()
        entity.key.partition_id.project_id = "demo"
        entity.key.partition_id.namespace_id = namespace
        entity.key.path.add(kind=kind, name="a")
        commit = m.CommitRequest(project_id="demo", mode=m.CommitRequest.NON_TRANSACTIONAL)
        commit.mutations.add(upsert=entity)
        engine.commit(commit)
    return Store(OtherDatastore(engine, missing, code), "demo")  # type: ignore[arg-type]


def test_kinds_are_found_by_metadata_queries() -> None:
    assert store_of().places() == [Place("", "", "Visit"), Place("", "n1", "Other"), Place("", "n1", "Visit")]


def test_datastore_that_does_not_count_has_no_numbers() -> None:
    assert store_of().count(Place(kind="Visit")) == "1"
    assert store_of("RunAggregationQuery").count(Place(kind="Visit")) == "?"


def test_other_failure_is_not_hidden() -> None:
    with pytest.raises(DatastoreError):
        store_of("RunAggregationQuery", grpc.StatusCode.INTERNAL).count(Place(kind="Visit"))
