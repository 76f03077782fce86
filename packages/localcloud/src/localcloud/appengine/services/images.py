"""The `images` service: images that the app sends along or has in the Blobstore, changed by Pillow."""

from __future__ import annotations

from typing import IO, Any

from google.appengine.api.images import images_service_pb2 as pb
from google.appengine.api.images.images_stub import ImagesServiceStub
from google.appengine.runtime.apiproxy_errors import ApplicationError
from PIL import Image

from localcloud.appengine.callers import Caller
from localcloud.appengine.services.blob_storage import DatastoreBlobStorage
from localcloud.appengine.services.stub_datastore import StubDatastore
from localcloud.appengine.services.stub_service import Messages, Surroundings

MESSAGES: Messages = {
    "Transform": (pb.ImagesTransformRequest, pb.ImagesTransformResponse),
    "Composite": (pb.ImagesCompositeRequest, pb.ImagesCompositeResponse),
    "Histogram": (pb.ImagesHistogramRequest, pb.ImagesHistogramResponse),
    "GetUrlBase": (pb.ImagesGetUrlBaseRequest, pb.ImagesGetUrlBaseResponse),
    "DeleteUrlBase": (pb.ImagesDeleteUrlBaseRequest, pb.ImagesDeleteUrlBaseResponse),
}

_TURNS = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}


def make_stub(caller: Caller, surroundings: Surroundings) -> ImagesServiceStub:
    """Make the stub of an app."""
    # The name that Pillow 10 dropped, and that the stub resizes with.
    Image.ANTIALIAS = Image.Resampling.LANCZOS  # type: ignore[attr-defined]
    return _Stub(caller, surroundings)


class _Stub(ImagesServiceStub):  # type: ignore[misc]  # the SDK ships no types
    """Google's stub, on the Datastore of the app. It turns a whole image; the original cuts off what sticks out."""

    def __init__(self, caller: Caller, surroundings: Surroundings) -> None:
        super().__init__(host_prefix=caller.url)
        self._storage = DatastoreBlobStorage(surroundings.entities, caller.project)
        self._entities = StubDatastore(surroundings.datastore, caller)

    def MakeSyncCall(self, *args: Any, **kwargs: Any) -> None:  # noqa: N802  # the stub's names
        with self._entities.serving():
            super().MakeSyncCall(*args, **kwargs)

    def _Dynamic_GetUrlBase(self, request: Any, response: Any) -> None:  # noqa: N802
        self._open(request.blob_key).close()
        super()._Dynamic_GetUrlBase(request, response)

    def _OpenBlob(self, blob_key: str) -> Image.Image:  # noqa: N802
        try:
            return Image.open(self._open(blob_key))
        except OSError as error:
            raise ApplicationError(pb.ImagesServiceError.BAD_IMAGE_DATA) from error

    def _open(self, blob_key: str) -> IO[bytes]:
        try:
            return self._storage.OpenBlob(blob_key)
        except FileNotFoundError as error:
            raise ApplicationError(pb.ImagesServiceError.INVALID_BLOB_KEY, str(error)) from error

    def _Rotate(self, image: Image.Image, transform: Any) -> Image.Image:  # noqa: N802
        if transform.rotate % 90 or transform.rotate < 0:
            raise ApplicationError(pb.ImagesServiceError.BAD_TRANSFORM_DATA)
        turn = _TURNS.get(transform.rotate % 360)
        return image if turn is None else image.transpose(turn)
