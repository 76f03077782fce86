"""The Blobstore's part of App Engine's front end: it receives uploads, and puts a blob in the place of an answer.

An app never sees the bytes of an upload. It gets the request with the blob's key instead, and sends a blob by naming it
in a header of its answer.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import IO, Protocol

from datastore_emulator.http.guard import header
from datastore_emulator.http.response import Response, plain

UPLOAD = "/_ah/upload/"
IMAGE = "/_ah/img/"

RawHeaders = Iterable[tuple[bytes, bytes]]

_KEY = b"x-appengine-blobkey"
_RANGE = b"x-appengine-blobrange"
# An app that leaves the type to the Blobstore sends this one.
_AUTO_TYPE = "application/vnd.google.appengine.auto"
_OF_BODY = frozenset({_KEY, _RANGE, b"content-length", b"content-range", b"content-encoding", b"content-type"})
_OF_UPLOAD = frozenset({b"content-length", b"content-type", b"content-md5", b"transfer-encoding"})
_PART = 1 << 20


@dataclass(frozen=True)
class Forwarded:
    """What the app receives in the place of an upload."""

    target: bytes
    content_type: bytes
    body: bytes

    def replace(self, received: RawHeaders) -> list[tuple[bytes, bytes]]:
        """Return an upload's headers as those of this request."""
        kept = [(name, value) for name, value in received if name.lower() not in _OF_UPLOAD]
        return [*kept, (b"Content-Type", self.content_type), (b"Content-Length", b"%d" % len(self.body))]


@dataclass(frozen=True)
class Blob:
    """A blob that can be read."""

    content_type: str
    size: int
    file: IO[bytes]


class Blobs(Protocol):
    """The Blobstore of one app. Its methods may block. They raise AppError if they cannot reach it."""

    def receive(self, upload: str, content_type: str, body: bytes) -> Forwarded | Response:
        """Store the files of an upload; return the request for the app, or the answer to one that is refused."""
        ...

    def open(self, key: str) -> Blob | None:
        """Return the blob of this key, if there is one."""
        ...

    def image(self, name: str) -> Response:
        """Answer the address of an image: its blob's key, perhaps with a size."""
        ...


def names_blob(headers: RawHeaders) -> bool:
    """Return whether an app's answer is to be replaced by a blob."""
    return bool(header(headers, _KEY))


def answer_with_blob(
    blobs: Blobs, status: int, headers: Sequence[tuple[bytes, bytes]], asked: bytes | None
) -> Response:
    """Return the blob that an app's answer names, with the rest of the answer's headers.

    `asked` is the visitor's Range. The app's own range beats it.
    """
    key = (header(headers, _KEY) or b"").decode("latin-1")
    if status != 200:
        return plain(500, f"the app sends a blob with status {status}; App Engine sends blobs with status 200 only.")
    blob = blobs.open(key)
    if blob is None:
        return plain(500, f"the app sends the blob {key}, which is not in the Blobstore.")
    kept = [(_text(name), _text(value)) for name, value in headers if name.lower() not in _OF_BODY]
    wanted = header(headers, _RANGE)
    wanted = asked if wanted is None else wanted
    part = range(blob.size) if wanted is None else _read_range(wanted, blob.size)
    if part is None:
        blob.file.close()
        return Response(416, b"", [*kept, ("Content-Range", f"bytes */{blob.size}")])
    own_type = _text(header(headers, b"content-type") or b"")
    kept.append(("Content-Type", blob.content_type if own_type in ("", _AUTO_TYPE) else own_type))
    kept.append(("Content-Length", str(len(part))))
    if wanted is None:
        return Response(200, b"", kept, _stream(blob.file, part))
    kept.append(("Content-Range", f"bytes {part.start}-{part.stop - 1}/{blob.size}"))
    return Response(206, b"", kept, _stream(blob.file, part))


def _read_range(text: bytes, size: int) -> range | None:
    """Return the one range of bytes that a Range header asks for, None if a blob of this size does not have it."""
    match = re.fullmatch(rb"bytes=\s*(\d*)-\s*(\d*)\s*", text)
    if match is None or match[1] == match[2] == b"":
        return None
    if not match[1]:
        start, stop = max(0, size - int(match[2])), size
    else:
        start, stop = int(match[1]), min(size, int(match[2]) + 1) if match[2] else size
    return range(start, stop) if start < stop else None


async def _stream(file: IO[bytes], part: range) -> AsyncIterator[bytes]:
    """Yield a part of a file piece by piece, without blocking the event loop."""
    with file:
        await asyncio.to_thread(file.seek, part.start)
        left = len(part)
        while left:
            try:
                data = await asyncio.to_thread(file.read, min(left, _PART))
            except OSError:  # the app has deleted the blob; the visitor sees that the answer is not whole
                return
            left -= len(data)
            yield data


def _text(value: bytes) -> str:
    return value.decode("latin-1")
