"""The bytes of blobs, in the Datastore's file, so that a copy of the file is a copy of all that an app has stored."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import IO

from google.appengine.api.blobstore.blob_storage import BlobStorage

from datastore_emulator import messages as m
from datastore_emulator.api.interface import Datastore

DATABASE = "localcloud-blobs"
"""A database of its own: no query of an app sees the pieces."""
_KIND = "Blob"
_PIECE_KIND = "Piece"
# An entity may have 1 MiB, a request 10 MiB.
_PIECE = 1_000_000
_PIECES_AT_ONCE = 8
_MOST_MUTATIONS = 500
_LONGEST_KEY = 1500


class DatastoreBlobStorage(BlobStorage):  # type: ignore[misc]  # the SDK ships no types
    """The bytes of one project's blobs, each blob in pieces that are entities."""

    def __init__(self, datastore: Datastore, project: str) -> None:
        self._datastore = datastore
        self._project = project

    def StoreBlob(self, blob_key: str, blob_stream: IO[bytes]) -> None:  # noqa: N802  # the SDK's names
        """Store what a stream holds."""
        size = 0
        pieces: list[m.Entity] = []
        while data := blob_stream.read(_PIECE):
            piece = m.Entity(key=self._piece_key(blob_key, size // _PIECE))
            piece.properties["data"].blob_value = data
            piece.properties["data"].exclude_from_indexes = True
            pieces.append(piece)
            size += len(data)
            if len(pieces) == _PIECES_AT_ONCE:
                self._commit([m.Mutation(upsert=piece) for piece in pieces])
                pieces.clear()
        # Last, so that a blob that can be opened is whole.
        blob = m.Entity(key=self._key(blob_key))
        blob.properties["size"].integer_value = size
        self._commit([m.Mutation(upsert=entity) for entity in (*pieces, blob)])

    def OpenBlob(self, blob_key: str) -> IO[bytes]:  # noqa: N802
        """Return the bytes of a blob as a file; raises FileNotFoundError."""
        size = self._size(blob_key)
        if size is None:
            raise FileNotFoundError(f"there is no blob {blob_key!r}")
        return io.BufferedReader(_BlobFile(size, lambda number: self._read_piece(blob_key, number)), _PIECE)

    def DeleteBlob(self, blob_key: str) -> None:  # noqa: N802
        """Delete the bytes of a blob; there need not be one."""
        size = self._size(blob_key)
        if size is None:
            return
        keys = [self._key(blob_key), *(self._piece_key(blob_key, number) for number in range(-(-size // _PIECE)))]
        for start in range(0, len(keys), _MOST_MUTATIONS):
            self._commit([m.Mutation(delete=key) for key in keys[start : start + _MOST_MUTATIONS]])

    def _size(self, blob_key: str) -> int | None:
        if not 0 < len(str(blob_key).encode()) <= _LONGEST_KEY:
            return None
        found = self._look_up(self._key(blob_key))
        return found.properties["size"].integer_value if found else None

    def _read_piece(self, blob_key: str, number: int) -> bytes:
        found = self._look_up(self._piece_key(blob_key, number))
        if found is None:
            raise FileNotFoundError(f"the blob {blob_key!r} has been deleted")
        return found.properties["data"].blob_value

    def _look_up(self, key: m.Key) -> m.Entity | None:
        request = m.LookupRequest(project_id=self._project, database_id=DATABASE, keys=[key])
        return next((result.entity for result in self._datastore.lookup(request).found), None)

    def _commit(self, mutations: list[m.Mutation]) -> None:
        self._datastore.commit(
            m.CommitRequest(
                project_id=self._project,
                database_id=DATABASE,
                mode=m.CommitRequest.NON_TRANSACTIONAL,
                mutations=mutations,
            )
        )

    def _key(self, blob_key: str) -> m.Key:
        key = m.Key(path=[m.Key.PathElement(kind=_KIND, name=str(blob_key))])
        key.partition_id.project_id = self._project
        key.partition_id.database_id = DATABASE
        return key

    def _piece_key(self, blob_key: str, number: int) -> m.Key:
        key = self._key(blob_key)
        key.path.add(kind=_PIECE_KIND, id=number + 1)
        return key


class _BlobFile(io.RawIOBase):
    """A blob as a file; `read_piece` returns a piece by its number."""

    def __init__(self, size: int, read_piece: Callable[[int], bytes]) -> None:
        self._size = size
        self._position = 0
        self._read_piece = read_piece

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        number, start = divmod(self._position, _PIECE)
        if self._position >= self._size:
            return 0
        data = self._read_piece(number)[start : start + len(buffer)]
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
