"""The values of Memcache as text. Their flags say how the app's client has encoded them.

A pickle is never read: that would run its writer's code.
"""

from __future__ import annotations

import zlib

from google.appengine.api import memcache

from localcloud.appengine.memcache import CachedValue
from localcloud.console.form_text import Control, clip, decode_text, plain_ends, restore_ends, show_bytes

_TYPES = {
    memcache.TYPE_STR: "bytes",
    memcache.TYPE_UNICODE: "text",
    memcache.TYPE_PICKLED: "pickle",
    memcache.TYPE_INT: "integer",
    memcache.TYPE_LONG: "integer",
    memcache.TYPE_BOOL: "boolean",
}
_BOOLEANS = {"true": b"1", "false": b"0"}
_MOST_UNPACKED = 1_000_000


def name_type(cached: CachedValue) -> str:
    """Return the name of a value's type."""
    name = _TYPES.get(cached.flags & memcache.FLAG_TYPE_MASK, f"unknown ({cached.flags})")
    return f"{name}, compressed" if cached.flags & memcache.FLAG_COMPRESSED else name


def show(cached: CachedValue) -> str:
    """Return a value as a short text, for a table."""
    return clip(make_control(cached).text)


def make_control(cached: CachedValue) -> Control:
    """Return the control that edits a value."""
    kind = cached.flags & memcache.FLAG_TYPE_MASK
    data, compressed = cached.value, bool(cached.flags & memcache.FLAG_COMPRESSED)
    if compressed:
        data = _unpack(data)
    text = decode_text(data)
    if kind not in _TYPES or kind == memcache.TYPE_PICKLED or text is None:
        reason = "it is a pickle" if kind == memcache.TYPE_PICKLED else "its bytes are not text"
        return Control("", show_bytes(data), reason)
    if compressed:
        return Control("", text, "it is compressed")
    if kind == memcache.TYPE_BOOL:
        return Control("choice", "true" if text.strip() != "0" else "false")
    return Control("line" if kind in (memcache.TYPE_INT, memcache.TYPE_LONG) else "text", text)


def read_text(cached: CachedValue, text: str) -> bytes:
    """Return the bytes for a form's text, in the encoding of the old value; ValueError for a wrong number."""
    control = make_control(cached)
    if plain_ends(text) == plain_ends(control.text):
        return cached.value
    if control.kind == "choice":
        return _BOOLEANS[text]
    if control.kind == "line":
        return str(int(text)).encode()
    return restore_ends(text, control.text).encode()


def _unpack(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, _MOST_UNPACKED)
    except zlib.error:
        return data
