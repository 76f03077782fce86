"""Entity results: stored entities as Lookup and RunQuery return them."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp

from datastore_emulator import messages as m

# Clients take replies up to 4 MB, gRPC's default; the last entity of a reply may have 1 MiB.
REPLY_BYTES = 3_000_000


def fill_result(result: m.EntityResult, version: int, created: int, body: bytes) -> None:
    """Write a stored entity into a result; one of DECODE_ERRORS if it cannot be read."""
    result.entity.ParseFromString(body)
    result.version = version
    _set_time(result.update_time, version)
    _set_time(result.create_time, created)


def _set_time(timestamp: Timestamp, micros: int) -> None:
    # FromMicroseconds() checks what a stored time has passed already, and takes twice as long.
    seconds, rest = divmod(micros, 1_000_000)
    timestamp.seconds = seconds
    timestamp.nanos = rest * 1000
