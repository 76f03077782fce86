"""Check the mutations of a commit, and apply them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from grpc import StatusCode

from datastore_emulator import messages as m
from datastore_emulator.encoding import keys, masks, transforms, values
from datastore_emulator.encoding.damage import DECODE_ERRORS, damaged_entity
from datastore_emulator.encoding.keys import Partition
from datastore_emulator.encoding.values import IndexedValues
from datastore_emulator.errors import DatastoreError, invalid
from datastore_emulator.storage import StoredEntity, Writer

# https://cloud.google.com/datastore/docs/concepts/limits: 1 MiB less 4 bytes.
_MAX_ENTITY_BYTES = 1_048_572

# Pairs that may not follow each other on one entity: google.datastore.v1.CommitRequest.mutations.
_FORBIDDEN_SEQUENCES = {
    ("insert", "insert"),
    ("update", "insert"),
    ("upsert", "insert"),
    ("delete", "update"),
}


class Change(NamedTuple):
    """One mutation, checked and encoded before the write transaction begins, so that it is short."""

    operation: str
    partition: Partition
    path: bytes
    complete: bool
    entity: m.Entity
    """A copy with a full key; the entity of a delete is empty."""
    indexed: IndexedValues
    base_version: int | None
    """The version that the stored entity must have, 0 if there must be none; None for any."""
    fail_on_conflict: bool
    mask: list[masks.PropertyPath] | None
    """The properties to write; None for the whole entity."""
    transforms: list[tuple[masks.PropertyPath, m.PropertyTransform]]


def read_mutations(
    project: str, database: str, mutations: Iterable[m.Mutation], *, transactional: bool
) -> list[Change]:
    """Return the changes that the mutations describe; DatastoreError if they are invalid whatever is stored."""
    changes = [_read_mutation(project, database, mutation) for mutation in mutations]
    operations: dict[tuple[Partition, bytes], str] = {}
    for change in changes:
        if not change.complete:
            continue
        target = (change.partition, change.path)
        before = operations.get(target)
        if before and not transactional:
            raise invalid("A non-transactional commit may not contain multiple mutations affecting the same entity.")
        if (before, change.operation) in _FORBIDDEN_SEQUENCES:
            raise invalid(f"Cannot {before} then {change.operation} an entity in the same request.")
        operations[target] = change.operation
    return changes


def apply(change: Change, writer: Writer, result: m.MutationResult) -> None:
    """Apply the change and fill its result; DatastoreError if it does not fit the stored entity."""
    path = change.path
    old = None
    if change.complete:
        old = writer.read(change.partition, path)
    else:
        number = writer.allocate(change.partition, path)
        path += keys.encode_id(number)
        change.entity.key.path[-1].id = number
        result.key.CopyFrom(change.entity.key)
    stored_version = old.version if old else 0
    if change.base_version not in (None, stored_version):
        if change.fail_on_conflict:
            raise DatastoreError(
                StatusCode.FAILED_PRECONDITION,
                f"the stored version ({stored_version}) does not match "
                f"the required base version ({change.base_version})",
            )
        result.conflict_detected = True
        _fill_times(result, stored_version, old.created if old else 0)
        return
    if change.operation == "delete":
        writer.delete(change.partition, path, old)
        result.version = writer.version
        return
    if old and change.operation == "insert":
        raise DatastoreError(StatusCode.ALREADY_EXISTS, "entity already exists")
    if not old and change.operation == "update":
        raise DatastoreError(StatusCode.NOT_FOUND, "no entity to update")
    entity, indexed = change.entity, change.indexed
    if change.mask is not None or change.transforms:
        entity = _apply_mask_and_transforms(change, old, writer.version, result)
        indexed = values.index_entity(entity)
    body = entity.SerializeToString(deterministic=True)
    if len(body) > _MAX_ENTITY_BYTES:
        raise invalid(f"maximum entity size is {_MAX_ENTITY_BYTES} bytes")
    if old and old.body == body:
        # "If the mutation doesn't change anything on the server, then the version will be the version of the
        # current entity": google.datastore.v1.MutationResult.version.
        _fill_times(result, old.version, old.created)
        return
    writer.put(change.partition, entity.key.path[-1].kind, path, body, indexed, old)
    _fill_times(result, writer.version, old.created if old else writer.version)


def _apply_mask_and_transforms(
    change: Change, old: StoredEntity | None, now: int, result: m.MutationResult
) -> m.Entity:
    """Return the entity after the change's mask and transforms, and write the transforms' results into `result`."""
    entity = change.entity
    if change.mask is not None:
        try:
            entity = m.Entity.FromString(old.body) if old else m.Entity(key=change.entity.key)
        except DECODE_ERRORS as error:
            raise damaged_entity(change.path) from error
        masks.overlay(entity, change.entity, change.mask)
    for path, transform in change.transforms:
        result.transform_results.append(transforms.apply(entity, path, transform, now))
    return entity


def _read_mutation(project: str, database: str, mutation: m.Mutation) -> Change:
    operation = mutation.WhichOneof("operation")
    if operation is None:
        raise invalid("Mutation is missing operation.")
    entity = m.Entity()
    indexed: IndexedValues = {}
    complete = True
    if operation == "delete":
        key = mutation.delete
        partition = keys.read_partition(project, database, key.partition_id)
    else:
        entity.CopyFrom(getattr(mutation, operation))
        if not entity.HasField("key"):
            raise invalid("Entity is missing key.")
        key = entity.key
        partition = keys.read_partition(project, database, key.partition_id)
        keys.fill_partition(key.partition_id, partition)
        complete = operation == "update" or keys.is_complete(key)
        indexed = values.index_entity(entity)
    return Change(
        operation,
        partition,
        keys.encode_path(key, complete=complete, written=True),
        complete,
        entity,
        indexed,
        _read_base_version(mutation),
        mutation.conflict_resolution_strategy == m.Mutation.FAIL,
        _read_mask(mutation),
        transforms.check(mutation.property_transforms),
    )


def _read_mask(mutation: m.Mutation) -> list[masks.PropertyPath] | None:
    if not mutation.HasField("property_mask") or mutation.WhichOneof("operation") == "delete":
        return None
    return masks.parse_paths(mutation.property_mask.paths, written=True)


def _read_base_version(mutation: m.Mutation) -> int | None:
    # A version is the microsecond of the commit, so an update time is the same number.
    strategy = mutation.WhichOneof("conflict_detection_strategy")
    if strategy == "base_version":
        return int(mutation.base_version)
    if strategy == "update_time":
        values.check_timestamp(mutation.update_time)
        return int(mutation.update_time.seconds) * 1_000_000 + int(mutation.update_time.nanos) // 1000
    return None


def _fill_times(result: m.MutationResult, version: int, created: int) -> None:
    result.version = version
    if version:
        result.update_time.FromMicroseconds(version)
        result.create_time.FromMicroseconds(created)
