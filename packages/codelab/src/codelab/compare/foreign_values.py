"""Cached values that the app did not write: from another version, from another program, or broken."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

# The flags that Memcache's client stores with a value: google/appengine/api/memcache/__init__.py.
_BYTES, _TEXT, _PICKLED, _INTEGER, _LONG, _BOOLEAN = range(6)

_WHEN = "Thu Nov 26 12:00:00 2026"
_VISIT = {"timestamp": _WHEN, "visitor": "203.0.113.7: another version"}


class Foreign(NamedTuple):
    """A value as a cache holds it; Redis keeps the bytes only."""

    value: bytes
    memcache_flags: int = _BYTES


def _json() -> Iterator[object]:
    """Yield values that another version may have cached as JSON."""
    yield from (None, True, False, 0, 1, -1.5, "", "visits", [], {})
    yield from ([None], [1], [[]], ["203.0.113.7: another version"], [[_WHEN, "203.0.113.7: another version"]])
    yield {"visits": [_VISIT]}
    yield {"0": _VISIT}
    yield _VISIT
    yield [{}]
    yield [{"timestamp": _WHEN}]
    yield [{"visitor": "203.0.113.7: another version"}]
    yield [{"Timestamp": _WHEN, "Visitor": "203.0.113.7: another version"}]
    yield [{"timestamp": None, "visitor": None}]
    yield [{"timestamp": 1795694400, "visitor": ["203.0.113.7", "another version"]}]
    yield [_VISIT, None]
    yield [_VISIT, {"timestamp": _WHEN}]


def _broken_json() -> Iterator[bytes]:
    """Yield bytes that are not JSON, or not text."""
    whole = json.dumps([_VISIT]).encode()
    yield from (whole[:1], whole[: len(whole) // 2], whole[:-1], whole + b"]", whole + whole)
    yield b"[" * 100_000
    yield from (b" ", b"\0", b"visits", b"NaN", b"undefined", b"'visits'", b"<visits/>")
    yield from (b"\xff\xfe", b"\x80\x81\x82", b"\xef\xbb\xbf[]", "[“visits”]".encode("utf-16"), b'["caf\xe9"]')
    yield from (b"\x1f\x8b\x08\x00", b"x\x9c\x8b\x8e\x05\x00\x01\x15\x00\xb9")


def _pickles() -> Iterator[bytes]:
    """Yield pickles of both Pythons, some of which Memcache's client cannot load."""
    for protocol in (0, 2, pickle.HIGHEST_PROTOCOL):
        for python in ([_VISIT], [], 1, datetime(2026, 11, 26)):
            yield pickle.dumps(python, protocol)
    yield b"cmodels\nVisit\n."  # a class of a missing module
    yield b"cjson\nNoSuchName\n."
    yield b"cgoogle.appengine.ext.db\nModel\n."
    yield b"(lp0\nS'caf\\xe9'\np1\na."  # bytes of Python 2's str
    yield pickle.dumps([_VISIT], 2)[:-3]
    yield b""
    yield b"not a pickle"


FOREIGN_VALUES = [
    *(Foreign(json.dumps(value).encode(), _TEXT) for value in _json()),
    *(Foreign(value) for value in _broken_json()),
    Foreign(b"\xff\xfe", _TEXT),
    *(Foreign(value, _PICKLED) for value in _pickles()),
    Foreign(b"7", _INTEGER),
    Foreign(b"seven", _INTEGER),
    Foreign(b"7", _LONG),
    Foreign(b"1", _BOOLEAN),
    Foreign(b"0", _BOOLEAN),
    Foreign(b"[]", 7),  # not a type that the client can read
]
