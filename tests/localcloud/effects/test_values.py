"""Values as text."""

from __future__ import annotations

import zlib

import pytest
from google.protobuf import json_format

from datastore_emulator import messages as m
from localcloud.effects.values import describe, is_indexed

OWNER = {"entityValue": {"properties": {"email": {"stringValue": "a@b.c", "excludeFromIndexes": True}}}, "meaning": 20}
INNER = {"properties": {"n": {"integerValue": "1"}, "t": {"stringValue": "x", "excludeFromIndexes": True}}}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"nullValue": None}, "null"),
        ({"booleanValue": True}, "boolean true"),
        ({"integerValue": "5"}, "integer 5"),
        ({"doubleValue": 0.1}, "double 0.1"),
        ({"timestampValue": "2026-01-02T03:04:05.678901Z"}, "timestamp 2026-01-02T03:04:05.678901Z"),
        ({"stringValue": 'say "é"\nagain'}, 'string "say \\"é\\"\\nagain"'),
        ({"geoPointValue": {"latitude": 1.5, "longitude": -2}}, "geo point 1.5, -2.0"),
        (
            {
                "keyValue": {
                    "partitionId": {"namespaceId": "en"},
                    "path": [{"kind": "Album", "id": "7"}, {"kind": "Song", "name": "x"}],
                }
            },
            'key Album:7 > Song:"x" in en',
        ),
        ({"arrayValue": {"values": [{"integerValue": "1"}, {"nullValue": None}]}}, "list [integer 1, null]"),
        ({"entityValue": INNER}, 'entity {n: integer 1, t: string "x" (not indexed)}'),
        ({"entityValue": INNER, "excludeFromIndexes": True}, 'entity {n: integer 1, t: string "x"}'),
        (OWNER, 'user {email: string "a@b.c"}'),
    ],
)
def test_value_is_described_with_its_type(value: object, text: str) -> None:
    assert describe(json_format.ParseDict(value, m.Value())) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\0\1", "bytes (2 bytes, sha256 b413f47d13ee2fe6)"),
        (b'{"b": 1, "a": "\xc3\xa9"}', 'bytes {"a": "é", "b": 1}'),
        (b"[" * 100_000, "bytes (100,000 bytes, sha256 13f86ea1e7edd116)"),
        (b"{broken", "bytes (7 bytes, sha256 be302461cda285db)"),
    ],
    ids=["bytes", "JSON", "deep JSON", "no JSON"],
)
def test_bytes_are_described_by_hash_or_as_json(data: bytes, text: str) -> None:
    assert describe(m.Value(blob_value=data)) == text


def test_compressed_bytes_do_not_depend_on_the_compression() -> None:
    texts = {describe(m.Value(blob_value=zlib.compress(b"x" * 1000, level), meaning=22)) for level in (1, 9)}
    assert texts == {"compressed bytes (1,000 bytes, sha256 44f8354494a5ba03)"}
    assert describe(m.Value(blob_value=b"x", meaning=22)) == "compressed bytes (1 byte, sha256 2d711642b726b044)"


def test_list_is_indexed_if_one_of_its_values_is() -> None:
    value = m.Value()
    value.array_value.values.add(integer_value=1, exclude_from_indexes=True)
    assert not is_indexed(value)
    value.array_value.values.add(integer_value=2)
    assert is_indexed(value)
