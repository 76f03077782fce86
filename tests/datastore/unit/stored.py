"""A Datastore without a server for unit tests: plain values in, GQL in, messages out."""

from __future__ import annotations

from collections.abc import Mapping

from datastore_emulator import messages as m
from datastore_emulator.engine import Engine


def make_value(plain: object) -> m.Value:
    """Return the value for a None, bool, int, float, str or bytes, or for a list of them."""
    if plain is None:
        return m.Value(null_value=0)
    if isinstance(plain, list):
        value = m.Value()
        value.array_value.values.extend(make_value(one) for one in plain)
        return value
    names = {bool: "boolean", int: "integer", float: "double", str: "string", bytes: "blob"}
    return m.Value(**{f"{names[type(plain)]}_value": plain})


def put(engine: Engine, kind: str, entities: Mapping[int, Mapping[str, object]], namespace: str = "") -> None:
    """Write entities of a kind by their ids."""
    request = m.CommitRequest(project_id="demo", mode=m.CommitRequest.NON_TRANSACTIONAL)
    for number, properties in entities.items():
        entity = request.mutations.add().upsert
        entity.key.partition_id.namespace_id = namespace
        entity.key.path.add(kind=kind, id=number)
        for name, plain in properties.items():
            entity.properties[name].CopyFrom(make_value(plain))
    engine.commit(request)


def make_request(text: str, cursor: bytes = b"", namespace: str = "") -> m.RunQueryRequest:
    """Return the request for a GQL query; @c in it is the cursor."""
    request = m.RunQueryRequest(project_id="demo")
    request.partition_id.namespace_id = namespace
    request.gql_query.query_string = text
    request.gql_query.allow_literals = True
    request.gql_query.named_bindings["c"].cursor = cursor
    return request


def select(engine: Engine, text: str, cursor: bytes = b"") -> m.QueryResultBatch:
    """Run a GQL query, in which @c is the cursor, and return its batch."""
    return engine.run_query(make_request(text, cursor)).batch


def ids(batch: m.QueryResultBatch) -> list[int]:
    """Return the ids in a batch."""
    return [result.entity.key.path[-1].id for result in batch.entity_results]
