"""The Blobstore of one app, as its front end uses it: uploads, blobs to send, and images by address."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from io import BytesIO
from typing import Any
from urllib.parse import quote, urlsplit

from google.appengine.api import datastore_errors, datastore_types
from google.appengine.api.blobstore import blobstore
from google.appengine.api.images import images_service_pb2 as pb
from google.appengine.api.images.images_blob_stub import BLOB_SERVING_URL_KIND
from google.appengine.runtime import apiproxy_errors
from PIL import Image

from datastore_emulator.errors import DatastoreError
from datastore_emulator.http.response import Response, plain
from datastore_emulator.http.wire import AppError
from localcloud.appengine.forms import FormError, Part, join_form, read_form
from localcloud.appengine.services.blobstore import BlobstoreStub
from localcloud.frontend.blobs import Blob, Forwarded

_IMAGE = re.compile(r"([-\w]{1,500})(?:=s(\d{1,5})(-c)?)?", re.ASCII)
# Google's addresses of images: https://cloud.google.com/appengine/docs/standard/services/images
_LARGEST_SIDE = 1600
# The longest text that the Datastore indexes in the SDK's terms.
_LONGEST_NAME = 500
_SAFE = "/%:@!$&'()*+,;=~?"
_TYPE = re.compile(r"[^/; ]+/[^/; ]+")


class AppBlobs:
    """Gives a front end the blobs of the app that the two stubs belong to."""

    def __init__(self, blobstore_stub: BlobstoreStub, images_stub: Any) -> None:
        self._stub = blobstore_stub
        self._images = images_stub
        self._entities = blobstore_stub.entities

    def receive(self, upload: str, content_type: str, body: bytes) -> Forwarded | Response:
        """Store the files of an upload; return the request for the app, or the answer to one that is refused.

        Raises AppError, as the other methods do, if the Datastore does not answer.
        """
        with _reaching_datastore():
            session = self._find_session(upload)
            if session is None:
                return plain(404, "there is no such upload; load the page with the form again.")
            received = self._receive(session, content_type, body)
            if isinstance(received, Forwarded):
                self._entities.delete(session.key())
            return received

    def _receive(self, session: Any, content_type: str, body: bytes) -> Forwarded | Response:
        url = urlsplit(session["success_path"])
        target = quote(url.path or "/", safe=_SAFE) + (f"?{quote(url.query, safe=_SAFE)}" if url.query else "")
        if not content_type.lower().startswith("multipart/form-data"):
            return Forwarded(target.encode(), content_type.encode("latin-1"), body)
        try:
            parts = [part for part in read_form(content_type, body) if part.filename != ""]
            _check_names(parts)
        except FormError as error:
            return plain(400, f"the upload cannot be read: {error}.")
        files = [part for part in parts if part.filename is not None]
        largest = session["max_bytes_per_blob"]
        if largest is not None and any(len(file.content) > largest for file in files):
            return plain(413, f"the app takes at most {largest} bytes in a file.")
        most = session["max_bytes_total"]
        if most is not None and sum(len(file.content) for file in files) > most:
            return plain(413, f"the app takes at most {most} bytes in an upload.")
        now = datetime.fromtimestamp(self._stub.clock(), timezone.utc).replace(tzinfo=None)
        form = join_form([part if part.filename is None else self._store(part, now) for part in parts])
        return Forwarded(target.encode(), *form)

    def open(self, key: str) -> Blob | None:
        """Return the blob of this key, if there is one."""
        with _reaching_datastore(), suppress(FileNotFoundError, datastore_errors.BadValueError):
            info = self._entities.get(self._entities.key(blobstore.BLOB_INFO_KIND, key))
            if info is not None:
                file = self._stub.storage.OpenBlob(key)
                return Blob(info.get("content_type") or "application/octet-stream", info["size"], file)
        return None

    def image(self, name: str) -> Response:
        """Answer the address of an image, which get_serving_url() has made: its blob's key, perhaps with a size."""
        match = _IMAGE.fullmatch(name)
        if match is None or int(match[2] or 0) > _LARGEST_SIDE:
            return plain(400, f"an image's address may end in =s and a size up to {_LARGEST_SIDE}, and then in -c.")
        key, size, crop = match.groups()
        with _reaching_datastore():
            served = self._entities.get(self._entities.key(BLOB_SERVING_URL_KIND, key))
        if served is None:
            return plain(404, "get_serving_url() has not made this address, or the app has deleted it.")
        blob = self.open(key)
        if blob is None:
            return plain(404, "the image is not in the Blobstore any more.")
        if not int(size or 0) and not crop:
            with blob.file:
                return Response(200, blob.file.read(), {"Content-Type": blob.content_type})
        try:
            return self._resize(key, int(size), cropped=bool(crop))
        except (apiproxy_errors.ApplicationError, OSError, Image.DecompressionBombError):
            return plain(400, "the blob is not an image that the images service can read.")

    def _find_session(self, upload: str) -> Any:
        try:
            key = datastore_types.Key(upload)
        except datastore_errors.BadKeyError:
            return None
        if key.kind() != "__BlobUploadSession__" or not key.has_id_or_name():
            return None
        # With the app's own id, whatever the key says.
        return self._entities.get(
            datastore_types.Key.from_path(key.kind(), key.id_or_name(), namespace="", _app=self._entities.app_id)
        )

    def _store(self, file: Part, now: datetime) -> Part:
        """Store a file, and return the part that the app gets instead."""
        key = secrets.token_urlsafe(24)
        digest = hashlib.md5(file.content, usedforsecurity=False).hexdigest()
        self._stub.storage.StoreBlob(key, BytesIO(file.content))
        info = self._entities.entity(blobstore.BLOB_INFO_KIND, key)
        info["content_type"] = file.content_type
        info["creation"] = now
        info["filename"] = file.filename
        info["md5_hash"] = digest
        info["size"] = len(file.content)
        self._entities.put(info)
        about = [
            f"Content-Type: {file.content_type}",
            f"Content-Length: {len(file.content)}",
            # The hash in hexadecimal, and that in base64, as production has it.
            f"Content-MD5: {base64.urlsafe_b64encode(digest.encode()).decode()}",
            f"Content-Disposition: {file.disposition}",
            f"{blobstore.UPLOAD_INFO_CREATION_HEADER}: {blobstore._format_creation(now)}",
            "",
            "",
        ]
        outer = f'message/external-body; blob-key="{key}"; access-type="{blobstore.BLOB_KEY_HEADER}"'
        return Part(file.disposition, outer, "\r\n".join(about).encode(), file.filename)

    def _resize(self, key: str, side: int, *, cropped: bool) -> Response:
        stub = self._images
        with stub._mutex:
            image = stub._OpenImageData(pb.ImageData(blob_key=key, content=b""))
            output = pb.OutputSettings.PNG if image.format in ("PNG", "GIF") else pb.OutputSettings.JPEG
            width, height = image.size
            if cropped and width != height:
                image = stub._Crop(image, _make_square(width, height))
            if side:
                image = stub._Resize(image, pb.Transform(width=side, height=side))
            data = stub._EncodeImage(image, pb.OutputSettings(mime_type=output))
        kind = "image/png" if output == pb.OutputSettings.PNG else "image/jpeg"
        return Response(200, data, {"Content-Type": kind, "Cache-Control": "public, max-age=600, no-transform"})


@contextmanager
def _reaching_datastore() -> Iterator[None]:
    """Turn an error of the Datastore into one that a visitor may see."""
    try:
        yield
    except (apiproxy_errors.Error, DatastoreError) as error:
        raise AppError(f"the Datastore, which has the blobs, does not answer as it should: {error}.", 503) from error


def _check_names(parts: list[Part]) -> None:
    """Raise FormError for a name or a type that a blob's entity cannot hold."""
    for part in parts:
        if part.filename is None:
            continue
        if not _TYPE.fullmatch(part.content_type.partition(";")[0].strip()):
            raise FormError(f'"{part.content_type}" is no media type')
        for what, text in (("name", part.filename), ("media type", part.content_type)):
            if len(text) > _LONGEST_NAME:
                raise FormError(f"the {what} of a file is longer than {_LONGEST_NAME} characters")


def _make_square(width: int, height: int) -> pb.Transform:
    """Return the cut to a square: the middle of a wide image, and more of the top of a tall one, as dev_appserver."""
    if width > height:
        side = (width - height) / (2 * width)
        return pb.Transform(crop_left_x=side, crop_right_x=1 - side)
    side = (height - width) / (2 * height)
    top = max(0.0, side - 0.25)
    return pb.Transform(crop_top_y=top, crop_bottom_y=1 - 2 * side + top)
