"""Cached values that an app did not write: from another version, from another program, or broken."""

from __future__ import annotations

import pickle
from typing import NamedTuple

# The flags that Memcache's client stores with a value: google/appengine/api/memcache/__init__.py.
_BYTES, _TEXT, _PICKLED, _INTEGER = range(4)


class ForeignValue(NamedTuple):
    """A value as a cache holds it; Redis keeps the bytes only."""

    value: bytes
    memcache_flags: int


FOREIGN_VALUES = (
    *(ForeignValue(value, _TEXT) for value in (b"[1]", b"[{}]", b"[[]]", b'{"a": 1}', b"[]", b"null", b"0", b'"text"')),
    *(ForeignValue(value, _BYTES) for value in (b"", b"[", b"\xff\xfe", b"text")),
    *(ForeignValue(pickle.dumps(value, 2), _PICKLED) for value in ([1], {"a": 1}, 1)),
    ForeignValue(b"cno_such_module\nName\n.", _PICKLED),
    ForeignValue(pickle.dumps([1], 2)[:-2], _PICKLED),
    ForeignValue(b"7", _INTEGER),
    ForeignValue(b"seven", _INTEGER),
)
