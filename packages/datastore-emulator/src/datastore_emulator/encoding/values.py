"""Check property values, and encode them as bytes that sort as Datastore sorts values.

The order across types is the one of Firestore in Datastore mode: null, integers and timestamps together (a
timestamp is its microseconds), booleans, text and blobs together by their bytes, doubles, points, keys
(https://cloud.google.com/datastore/docs/concepts/entities#value_type_ordering; that booleans follow all integers is
what Google's emulators do). Values that are equal in a filter have equal bytes.
"""

from __future__ import annotations

import math
import struct

from google.protobuf.struct_pb2 import NULL_VALUE
from google.protobuf.timestamp_pb2 import Timestamp

from datastore_emulator import messages as m
from datastore_emulator.encoding import keys
from datastore_emulator.errors import invalid

MAX_INDEXED_BYTES = 1500
_MAX_UNINDEXED_BYTES = 1_048_487
_MAX_DEPTH = 20
# https://cloud.google.com/datastore/docs/concepts/limits, for the indexed values of one entity.
_MAX_CELLS = 20_000
# Years 1 to 9999, what a protobuf Timestamp may hold.
_MIN_SECONDS = -62_135_596_800
_MAX_SECONDS = 253_402_300_799

_NULL = 0x10
_INTEGER = 0x20
_BOOLEAN = 0x30
_BYTES = 0x40
_DOUBLE = 0x50
_POINT = 0x60
_KEY = 0x70

_SIGN = 1 << 63
_ALL = (1 << 64) - 1

# The `meaning` of a value from an index. Clients turn such integers back into timestamps.
_FROM_INDEX = 18

REPRESENTATIONS = {
    _NULL: "NULL",
    _INTEGER: "INT64",
    _BOOLEAN: "BOOLEAN",
    _BYTES: "STRING",
    _DOUBLE: "DOUBLE",
    _POINT: "POINT",
    _KEY: "REFERENCE",
}
"""The names of types in property metadata, by the first byte of an encoded value."""

IndexedValues = dict[str, list[bytes]]
"""The values with which an entity is in the indexes: by property, encoded, sorted, each once."""


def encode(name: str, value: m.Value) -> bytes:
    """Return the bytes of a filter's value; DatastoreError for a value that no index can have."""
    which = value.WhichOneof("value_type")
    if which is None:
        raise invalid(f'The value "{name}" does not contain a value.')
    if which == "entity_value":
        raise invalid("An entity value is not allowed")
    if which == "array_value":
        raise invalid("A list value is not allowed")
    return _encode(name, which, value)


def decode(data: bytes, value: m.Value) -> None:
    """Fill `value` from its bytes in an index.

    As in the real service's projections, timestamps come back as integers. Text and blobs come back as text if they are
    UTF-8.
    """
    tag = data[0]
    rest = data[1:]
    value.meaning = _FROM_INDEX
    if tag == _NULL:
        value.null_value = NULL_VALUE
    elif tag == _INTEGER:
        value.integer_value = int.from_bytes(rest, "big") - _SIGN
    elif tag == _BOOLEAN:
        value.boolean_value = rest == b"\1"
    elif tag == _BYTES:
        try:
            value.string_value = rest.decode()
        except UnicodeDecodeError:
            value.blob_value = rest
    elif tag == _DOUBLE:
        value.double_value = _decode_double(rest)
    elif tag == _POINT:
        value.geo_point_value.latitude = _decode_double(rest[:8])
        value.geo_point_value.longitude = _decode_double(rest[8:])
    else:
        keys.decode_reference(rest, value.key_value)


def decode_number(data: bytes) -> int | float | None:
    """Return the number in an encoded value, None if it is no number."""
    if data[0] == _INTEGER:
        return int.from_bytes(data[1:], "big") - _SIGN
    return _decode_double(data[1:]) if data[0] == _DOUBLE else None


def check_timestamp(timestamp: Timestamp) -> None:
    """Raise DatastoreError if the timestamp is out of protobuf's range."""
    if not _MIN_SECONDS <= timestamp.seconds <= _MAX_SECONDS:
        raise invalid("Timestamp seconds exceeds limit for field")
    if not 0 <= timestamp.nanos < 1_000_000_000:
        raise invalid("Timestamp nanos exceeds limit for field")


def index_entity(entity: m.Entity) -> IndexedValues:
    """Check the entity, cut its timestamps to microseconds in place, and return its indexed values."""
    found: dict[str, set[bytes]] = {}
    _index_properties(entity, "", True, 0, found)
    if sum(map(len, found.values())) > _MAX_CELLS:
        raise invalid("Too many indexed properties")
    return {name: sorted(values) for name, values in found.items()}


def _index_properties(entity: m.Entity, prefix: str, indexed: bool, depth: int, found: dict[str, set[bytes]]) -> None:
    if depth > _MAX_DEPTH:
        raise invalid(f"At most {_MAX_DEPTH} nested entity values are supported.")
    for name, value in entity.properties.items():
        keys.check_name("property.name", name)
        keys.check_not_reserved("property.name", name)
        which = value.WhichOneof("value_type")
        if which != "array_value":
            _index_value(prefix, name, which, value, indexed, depth, found)
            continue
        if value.exclude_from_indexes:
            raise invalid("Exclude from indexes cannot be set on a list value")
        for element in value.array_value.values:
            which = element.WhichOneof("value_type")
            if which == "array_value":
                raise invalid("list_value cannot contain a Value containing another list_value.")
            _index_value(prefix, name, which, element, indexed, depth, found)


def _index_value(
    prefix: str,
    name: str,
    which: str | None,
    value: m.Value,
    indexed: bool,
    depth: int,
    found: dict[str, set[bytes]],
) -> None:
    indexed = indexed and not value.exclude_from_indexes
    if which is None:
        raise invalid(f'The value "{name}" does not contain a value.')
    if which == "entity_value":
        _index_properties(value.entity_value, f"{prefix}{name}.", indexed, depth + 1, found)
        return
    if which == "timestamp_value":
        timestamp = value.timestamp_value
        check_timestamp(timestamp)
        if timestamp.nanos % 1000:
            timestamp.nanos -= timestamp.nanos % 1000
    elif which == "geo_point_value":
        point = value.geo_point_value
        # Written so that NaN fails too.
        if not -90 <= point.latitude <= 90:
            raise invalid("Geo point latitude outside permitted range -90.0 to 90.0.")
        if not -180 <= point.longitude <= 180:
            raise invalid("Geo point longitude outside permitted range -180.0 to 180.0.")
    if indexed:
        found.setdefault(prefix + name, set()).add(_encode(name, which, value))
    elif which in ("string_value", "blob_value"):
        data = value.string_value.encode() if which == "string_value" else value.blob_value
        if len(data) > _MAX_UNINDEXED_BYTES:
            raise invalid(f'The value of property "{name}" is longer than {_MAX_UNINDEXED_BYTES} bytes.')


def _encode(name: str, which: str, value: m.Value) -> bytes:
    if which in ("string_value", "blob_value"):
        data = value.string_value.encode() if which == "string_value" else bytes(value.blob_value)
        if len(data) > MAX_INDEXED_BYTES:
            raise invalid(f'The value of property "{name}" is longer than {MAX_INDEXED_BYTES} bytes.')
        body, tag = data, _BYTES
    elif which == "timestamp_value":
        timestamp = value.timestamp_value
        micros = timestamp.seconds * 1_000_000 + timestamp.nanos // 1000
        # A filter's timestamp may be out of range. It compares as the nearest one in range then.
        body, tag = (max(-_SIGN, min(micros, _SIGN - 1)) + _SIGN).to_bytes(8, "big"), _INTEGER
    elif which == "integer_value":
        body, tag = (value.integer_value + _SIGN).to_bytes(8, "big"), _INTEGER
    elif which == "double_value":
        body, tag = _encode_double(value.double_value), _DOUBLE
    elif which == "boolean_value":
        body, tag = (b"\1" if value.boolean_value else b"\0"), _BOOLEAN
    elif which == "null_value":
        body, tag = b"", _NULL
    elif which == "geo_point_value":
        point = value.geo_point_value
        body, tag = _encode_double(point.latitude) + _encode_double(point.longitude), _POINT
    else:
        body, tag = keys.encode_reference(value.key_value), _KEY
    return bytes((tag,)) + body


def _encode_double(number: float) -> bytes:
    # IEEE 754 bits sort as numbers once the sign bit is flipped and negatives are inverted; every NaN is the same
    # one and sorts last.
    bits: int = struct.unpack(">Q", struct.pack(">d", math.nan if math.isnan(number) else number))[0]
    return (bits ^ (_ALL if bits & _SIGN else _SIGN)).to_bytes(8, "big")


def _decode_double(data: bytes) -> float:
    bits = int.from_bytes(data, "big")
    number: float = struct.unpack(">d", (bits ^ (_SIGN if bits & _SIGN else _ALL)).to_bytes(8, "big"))[0]
    return number
