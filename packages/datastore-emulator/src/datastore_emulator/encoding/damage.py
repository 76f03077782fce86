"""Stored bytes that cannot be read: what shows it, and what a client is told."""

from __future__ import annotations

import struct

from google.protobuf.message import DecodeError
from grpc import StatusCode

from datastore_emulator import messages as m
from datastore_emulator.encoding import keys
from datastore_emulator.errors import DatastoreError

DECODE_ERRORS = (DecodeError, ValueError, IndexError, OverflowError, TypeError, struct.error)
"""What reading damaged bytes raises. A request's own bytes raise the same, and are not meant."""


def damaged_entity(path: bytes) -> DatastoreError:
    """Return the error of an entity that is stored under the key `path` and cannot be read."""
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
