"""What commits have changed in all: each entity once, as it was at first and as it is now."""

from __future__ import annotations

from collections.abc import Iterable

from datastore_emulator import messages as m
from datastore_emulator.storage import Written
from localcloud.appengine.services.blob_storage import DATABASE as BLOBS
from localcloud.effects.effects import EntityChange, PropertyValue
from localcloud.effects.values import describe, format_path, is_indexed

# Google's stubs of the Blobstore and of images keep them for themselves.
_OF_STUBS = frozenset({"__BlobUploadSession__", "__BlobServingUrl__"})


def net_changes(commits: Iterable[Written]) -> tuple[EntityChange, ...]:
    """Return the entities that are not any more as they were before the commits, in the order of their first write.

    The entities that services keep for themselves are left out, such as the bytes of blobs. So are empty lists:
    App Engine's ndb does not write them, Cloud NDB does, and neither a query nor a model tells the difference.
    """
    changed: dict[tuple[object, bytes], tuple[bytes | None, bytes | None]] = {}
    for written in sorted(commits, key=lambda one: one.version):
        if written.partition.database != BLOBS:
            entity = (written.partition, written.path)
            before, _ = changed.get(entity, (written.before, None))
            changed[entity] = before, written.after
    changes = (_describe(before, after) for before, after in changed.values() if before != after)
    return tuple(change for change in changes if change.kind not in _OF_STUBS)


def _describe(before: bytes | None, after: bytes | None) -> EntityChange:
    entity = m.Entity.FromString(after or before or b"")
    partition = entity.key.partition_id
    properties = {
        name: PropertyValue(describe(value), is_indexed(value))
        for name, value in entity.properties.items()
        if value.WhichOneof("value_type") != "array_value" or value.array_value.values
    }
    return EntityChange(
        entity.key.path[-1].kind,
        format_path(entity.key),
        after is None,
        dict(sorted(properties.items())) if after is not None else {},
        partition.database_id,
        partition.namespace_id,
    )
