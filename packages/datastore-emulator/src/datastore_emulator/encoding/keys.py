"""Check keys, and encode them as bytes that sort as Datastore sorts keys.

A path is encoded element by element, so the bytes of an ancestor are a prefix of those of its descendants and
sort before them: an ancestor query is a range. Within an element kinds sort first, then ids before names, ids by
number and names by their UTF-8 bytes: https://cloud.google.com/datastore/docs/concepts/entities.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from datastore_emulator import messages as m
from datastore_emulator.errors import invalid

KEY = "__key__"
"""The name under which filters, orders, masks and projections name an entity's key."""

MAX_NAME_BYTES = 1500
_MAX_PATH_ELEMENTS = 100
# https://cloud.google.com/datastore/docs/concepts/limits
_MAX_KEY_BYTES = 6144

# Text ends with \0\1 and a \0 inside it becomes \0\xff, so a text sorts before every longer one it begins.
_END = b"\0\1"
_ID = 1
_NAME = 2
_SIGN = 1 << 63
# Sorts after every element: a kind's UTF-8 never begins with it.
AFTER_DESCENDANTS = b"\xff"

_RESERVED = re.compile(r"__.*__", re.DOTALL)
# The kinds of App Engine's Blobstore, and of Google's stub of it. It keeps them in the app's Datastore.
_BLOBSTORE_KINDS = frozenset({"__BlobInfo__", "__BlobUploadSession__", "__BlobServingUrl__", "__GsFileInfo__"})
_DIMENSION = re.compile(r"[A-Za-z\d.\-_]{0,100}")


class Partition(NamedTuple):
    """The project, database and namespace of a key; the default database and namespace are ""."""

    project: str
    database: str
    namespace: str


def read_partition(project: str, database: str, partition: m.PartitionId) -> Partition:
    """Return the partition of a key or query; it gets the project and database of the request if it has none.

    Raises DatastoreError if it names another project or database, or an invalid namespace.
    """
    if not project:
        raise invalid("missing project id in header")
    named = (partition.project_id or project, partition.database_id or database)
    if named != (project, database):
        expected = "/".join(filter(None, (project, database)))
        raise invalid(f"mismatched databases within request: {expected} vs. {'/'.join(filter(None, named))}")
    if not _DIMENSION.fullmatch(partition.namespace_id):
        raise invalid(f'Illegal string "{partition.namespace_id}" in namespace id.')
    return Partition(project, database, partition.namespace_id)


def is_complete(key: m.Key) -> bool:
    """Return whether the key's last element has an id or name."""
    return bool(key.path) and key.path[-1].WhichOneof("id_type") is not None


def check_name(what: str, name: str) -> None:
    """Raise DatastoreError unless the name is valid; `what` is its role in the error's text."""
    if not name:
        raise invalid(f"The {what} is the empty string.")
    if len(name) * 4 > MAX_NAME_BYTES and len(name.encode()) > MAX_NAME_BYTES:
        raise invalid(f"The {what} is longer than {MAX_NAME_BYTES} bytes.")


def check_not_reserved(what: str, name: str) -> None:
    """Raise DatastoreError if only the service may write the name."""
    if name.startswith("__") and _RESERVED.fullmatch(name):
        raise invalid(f'The {what} "{name}" is reserved.')


def encode_path(key: m.Key, *, complete: bool = True, written: bool = False) -> bytes:
    """Return the path's bytes. A key that need not be `complete` may lack the id of its last element.

    Keys that are `written` may not have reserved names. Raises DatastoreError for an invalid path.
    """
    path = key.path
    if not path:
        raise invalid("Key path is empty.")
    if len(path) > _MAX_PATH_ELEMENTS:
        raise invalid(f"Key path is too long. Cannot exceed {_MAX_PATH_ELEMENTS} elements.")
    parts = []
    last = len(path) - 1
    for index, element in enumerate(path):
        kind = element.kind
        check_name("kind", kind)
        if written and kind not in _BLOBSTORE_KINDS:
            check_not_reserved("kind", kind)
        parts.append(_encode_text(kind))
        identity = element.WhichOneof("id_type")
        if identity == "id":
            if element.id == 0:
                raise invalid("Key path id is invalid. Must not be zero.")
            parts.append(encode_id(element.id))
        elif identity == "name":
            check_name("key path element name", element.name)
            if written:
                check_not_reserved("key path element name", element.name)
            parts.append(bytes((_NAME,)) + _encode_text(element.name))
        elif complete or index < last:
            raise invalid(f"Key path element must not be incomplete: [{describe(key)}]")
    encoded = b"".join(parts)
    # The encoding is never shorter than the size that counts.
    if written and len(encoded) > _MAX_KEY_BYTES and _size(key) > _MAX_KEY_BYTES:
        raise invalid(f"The key is longer than {_MAX_KEY_BYTES} bytes.")
    return encoded


def _size(key: m.Key) -> int:
    """Return the size of the path in bytes: https://cloud.google.com/datastore/docs/concepts/storage-size."""
    return sum(
        len(element.kind.encode())
        + 1
        + (len(element.name.encode()) + 1 if element.WhichOneof("id_type") == "name" else 8)
        for element in key.path
    )


def encode_id(number: int) -> bytes:
    """Return the bytes that complete an incomplete path with the id `number`."""
    return bytes((_ID,)) + (number + _SIGN).to_bytes(8, "big")


def refuse_complete(key: m.Key) -> None:
    """Raise DatastoreError if the key has an id or name already, and so cannot get one."""
    if is_complete(key):
        raise invalid(f"Key path element must not be complete: [{describe(key)}]")


def decode_path(data: bytes, partition: Partition, key: m.Key) -> None:
    """Fill `key` from what encode_path() returned."""
    fill_partition(key.partition_id, partition)
    position = 0
    while position < len(data):
        kind, position = _decode_text(data, position)
        element = key.path.add()
        element.kind = kind
        tag = data[position]
        position += 1
        if tag == _ID:
            element.id = int.from_bytes(data[position : position + 8], "big") - _SIGN
            position += 8
        else:
            element.name, position = _decode_text(data, position)


def fill_partition(message: m.PartitionId, partition: Partition) -> None:
    """Write the partition into a key's partition_id."""
    message.project_id = partition.project
    # Assigning "" would still mark the field as set in some of the protobuf runtimes.
    if partition.database:
        message.database_id = partition.database
    if partition.namespace:
        message.namespace_id = partition.namespace


def encode_reference(key: m.Key) -> bytes:
    """Return the bytes of a key that is a property's value: partition and path, in the order of such values."""
    partition = key.partition_id
    head = b"".join(
        _encode_text(text) for text in (partition.project_id, partition.database_id, partition.namespace_id)
    )
    return head + encode_path(key)


def decode_reference(data: bytes, key: m.Key) -> None:
    """Fill `key` from what encode_reference() returned."""
    project, position = _decode_text(data, 0)
    database, position = _decode_text(data, position)
    namespace, position = _decode_text(data, position)
    decode_path(data[position:], Partition(project, database, namespace), key)


def _encode_text(text: str) -> bytes:
    return text.encode().replace(b"\0", b"\0\xff") + _END


def _decode_text(data: bytes, position: int) -> tuple[str, int]:
    end = data.index(_END, position)
    return data[position:end].replace(b"\0\xff", b"\0").decode(), end + len(_END)


def describe(key: m.Key) -> str:
    """Return the key's path for a message, as in "Visit: 1, Note: x"."""
    return ", ".join(f"{element.kind}: {element.name or element.id or ''}" for element in key.path)
