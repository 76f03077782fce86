"""Keys of entities as a part of an address."""

from __future__ import annotations

import base64
import binascii

from google.protobuf.message import DecodeError

from datastore_emulator import messages as m


def write_key(key: m.Key) -> str:
    """Return a key as one part of an address."""
    data = key.SerializeToString(deterministic=True)
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def read_key(text: str) -> m.Key | None:
    """Return the key that `write_key` has written, None if it has not written this."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        key = m.Key.FromString(data)
    except (binascii.Error, ValueError, DecodeError):
        return None
    return key if key.path else None
