"""Values of entities as text for people, which says of each what type it has."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable

from datastore_emulator import messages as m

# The meanings that App Engine's first generation gives to an embedded entity of google.appengine.api.users.User, and to
# bytes that zlib has compressed: google.appengine.datastore.datastore_pbs.
_USER = 20
_ZLIB = 22

TYPE_NAMES = {
    "null_value": "null",
    "boolean_value": "boolean",
    "integer_value": "integer",
    "double_value": "double",
    "timestamp_value": "timestamp",
    "key_value": "key",
    "string_value": "string",
    "blob_value": "bytes",
    "geo_point_value": "geo point",
    "array_value": "list",
    "entity_value": "entity",
}
_HASH_DIGITS = 16
_LONGEST_JSON = 100_000
_MOST_UNPACKED = 16_000_000


def name_type(value: m.Value) -> str:
    """Return the name of a value's type."""
    which = value.WhichOneof("value_type")
    if which == "entity_value" and value.meaning == _USER:
        return "user"
    return TYPE_NAMES[which] if which else "none"


def format_key(key: m.Key) -> str:
    """Return the path of a key, as in `Album:7 > Song:"name"`, with its namespace if it has one."""
    namespace = key.partition_id.namespace_id
    return f"{format_path(key)} in {namespace}" if namespace else format_path(key)


def format_path(key: m.Key) -> str:
    """Return the path of a key, as in `Album:7 > Song:"name"`."""
    return " > ".join(f"{step.kind}:{_format_id(step)}" for step in key.path)


def _format_id(step: m.Key.PathElement) -> str:
    which = step.WhichOneof("id_type")
    return json.dumps(step.name, ensure_ascii=False) if which == "name" else str(step.id) if which else "?"


def format_scalar(value: m.Value) -> str:
    """Return a boolean, a number, a time or null as text."""
    which = value.WhichOneof("value_type")
    if which == "boolean_value":
        return "true" if value.boolean_value else "false"
    if which == "integer_value":
        return str(value.integer_value)
    if which == "double_value":
        return repr(value.double_value)
    if which == "timestamp_value":
        try:
            return value.timestamp_value.ToJsonString()
        except ValueError:  # another server than ours may hold times that are none
            return f"{value.timestamp_value.seconds} s {value.timestamp_value.nanos} ns since 1970"
    return "null"


def format_point(value: m.Value) -> str:
    """Return a geo point as text."""
    return f"{value.geo_point_value.latitude!r}, {value.geo_point_value.longitude!r}"


def describe_bytes(data: bytes) -> str:
    """Return the size and the hash of bytes."""
    size = "1 byte" if len(data) == 1 else f"{len(data):,} bytes"
    return f"{size}, sha256 {hashlib.sha256(data).hexdigest()[:_HASH_DIGITS]}"


def is_indexed(value: m.Value) -> bool:
    """Return whether queries can find an entity by a property of this value."""
    if value.WhichOneof("value_type") == "array_value" and value.array_value.values:
        return any(map(is_indexed, value.array_value.values))
    return not value.exclude_from_indexes


def describe(value: m.Value) -> str:
    """Return a whole value with its type on one line, as in `integer 5` or `list [string "a", null]`.

    Bytes are JSON in one spelling, or their size and hash; compressed ones are unpacked before. Properties of an
    embedded entity that is indexed say if they are not.
    """
    kind = name_type(value)
    if kind in ("null", "none"):
        return kind
    text = _WRITERS.get(value.WhichOneof("value_type") or "", format_scalar)(value)
    return f"compressed {kind} {text}" if value.meaning == _ZLIB else f"{kind} {text}"


def _write_bytes(value: m.Value) -> str:
    data = _unpack(value.blob_value) if value.meaning == _ZLIB else value.blob_value
    return _normalize_json(data) or f"({describe_bytes(data)})"


def _unpack(data: bytes) -> bytes:
    """Return what zlib has compressed, since each version of it compresses in its own way."""
    unpacking = zlib.decompressobj()
    try:
        unpacked = unpacking.decompress(data, _MOST_UNPACKED)
    except zlib.error:
        return data
    return unpacked if unpacking.eof else data


def _normalize_json(data: bytes) -> str | None:
    """Return an object or array of JSON with sorted names, since Python 2 writes them in no order; None for others."""
    if not data.startswith((b"{", b"[")) or len(data) > _LONGEST_JSON:
        return None
    try:
        return json.dumps(json.loads(data), ensure_ascii=False, sort_keys=True)
    except (ValueError, RecursionError):
        return None


def _write_list(value: m.Value) -> str:
    return f"[{', '.join(map(describe, value.array_value.values))}]"


def _write_entity(value: m.Value) -> str:
    entity = value.entity_value
    parts = [f"key {format_key(entity.key)}"] if _has_full_key(entity) else []
    tells_index = not value.exclude_from_indexes and value.meaning != _USER
    for name, one in sorted(entity.properties.items()):
        hidden = tells_index and not is_indexed(one)
        parts.append(f"{name}: {describe(one)}{' (not indexed)' if hidden else ''}")
    return f"{{{', '.join(parts)}}}"


def _has_full_key(entity: m.Entity) -> bool:
    """Return whether an embedded entity has a key that names one: ndb gives each of them a key without an id."""
    return bool(entity.key.path) and entity.key.path[-1].WhichOneof("id_type") is not None


_WRITERS: dict[str, Callable[[m.Value], str]] = {
    "string_value": lambda value: json.dumps(value.string_value, ensure_ascii=False),
    "blob_value": _write_bytes,
    "key_value": lambda value: format_key(value.key_value),
    "geo_point_value": format_point,
    "array_value": _write_list,
    "entity_value": _write_entity,
}
