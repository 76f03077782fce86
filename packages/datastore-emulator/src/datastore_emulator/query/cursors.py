"""Cursors: positions in a query's order, as opaque bytes that clients send back.

A cursor holds the encoded value of each of the query's terms at a result, and means the position right after that
result. In the same query with the opposite order, it means the position right before it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import NamedTuple

from datastore_emulator.errors import invalid
from datastore_emulator.query.normal_form import Term

_FORMAT = b"\1"
_LENGTH = struct.Struct(">I")


class Position(NamedTuple):
    """A position in an order: right after the result with these values, or right before it.

    Without values it is the beginning. In the opposite order that is right before the end.
    """

    values: tuple[bytes, ...]
    after: bool


class Cursors:
    """Encode and decode the cursors of one order."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._count = len(terms)
        self._header = _header(terms)
        self._opposite_header = _header([Term(term.name, not term.descending) for term in terms])

    def encode(self, values: Sequence[bytes]) -> bytes:
        """Return the cursor right after the result with these values; without values, the cursor of the beginning."""
        parts = [self._header]
        for value in values:
            parts += (_LENGTH.pack(len(value)), value)
        return b"".join(parts)

    def decode(self, cursor: bytes) -> Position:
        """Return the cursor's position in this order; DatastoreError if it is from a query with another order."""
        header = cursor[: len(self._header)]
        if header not in (self._header, self._opposite_header):
            raise invalid("cursor does not match query")
        values = []
        at = len(header)
        try:
            while at < len(cursor):
                (length,) = _LENGTH.unpack_from(cursor, at)
                at += _LENGTH.size
                values.append(cursor[at : at + length])
                at += length
        except struct.error:
            at = -1
        if at != len(cursor) or len(values) not in (0, self._count):
            raise invalid("Error parsing cursor")
        return Position(tuple(values), after=header == self._header)


def _header(terms: Sequence[Term]) -> bytes:
    shape = "\0".join(f"{'-' if term.descending else '+'}{term.name}" for term in terms)
    return _FORMAT + zlib.crc32(shape.encode()).to_bytes(4, "big")
