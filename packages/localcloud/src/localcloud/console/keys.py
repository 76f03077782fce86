"""Keys of entities as text for people, and as a part of an address."""

from __future__ import annotations

import base64
import binascii
import json

from google.protobuf.message import DecodeError

from datastore_emulator import messages as m


def format_key(key: m.Key) -> str:
    """Return the path of a key, as in `Album:7 > Song:"name"`, with its namespace if it has one."""
    steps = " > ".join(f"{step.kind}:{_format_id(step)}" for step in key.path)
    namespace = key.partition_id.namespace_id
    return f"{steps} in {namespace}" if namespace else steps


def _format_id(step: m.Key.PathElement) -> str:
    which = step.WhichOneof("id_type")
    return json.dumps(step.name, ensure_ascii=False) if which == "name" else str(step.id) if which else "?"


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
