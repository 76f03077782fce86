"""Errors for stored bytes that cannot be decoded."""

from __future__ import annotations

import struct

from google.protobuf.message import DecodeError
from grpc import StatusCode

from datastore_emulator import messages as m
from datastore_emulator.encoding import keys
from datastore_emulator.errors import DatastoreError

DECODE_ERRORS = (DecodeError, ValueError, IndexError, OverflowError, TypeError, struct.error)
"""The exceptions of decoding damaged bytes. Catch them only where stored bytes are decoded."""


def damaged_entity(path: bytes) -> DatastoreError:
    """Return the error for the entity with the key `path` whose stored bytes cannot be decoded."""
    key = m.Key()
    try:
        keys.decode_path(path, keys.Partition("", "", ""), key)
        which = f"the entity [{keys.describe(key)}]"
    except DECODE_ERRORS:
        which = "an entity"
    return DatastoreError(
        StatusCode.DATA_LOSS,
        f"the Datastore's file: {which} is damaged; delete it, put it again, or stop the Datastore and restore its "
        "file from a copy",
    )
