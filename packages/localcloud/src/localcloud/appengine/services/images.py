"""The `images` service: images that the app sends along, changed by Pillow."""

from __future__ import annotations

from typing import Any

from google.appengine.api.images import images_service_pb2 as pb
from google.appengine.api.images.images_stub import ImagesServiceStub
from google.appengine.runtime.apiproxy_errors import ApplicationError, CallNotFoundError
from PIL import Image

from localcloud.appengine.callers import Caller
from localcloud.appengine.services.stub_service import Messages, Surroundings

# Without GetUrlBase and DeleteUrlBase, which are about images in the Blobstore.
MESSAGES: Messages = {
    "Transform": (pb.ImagesTransformRequest, pb.ImagesTransformResponse),
    "Composite": (pb.ImagesCompositeRequest, pb.ImagesCompositeResponse),
    "Histogram": (pb.ImagesHistogramRequest, pb.ImagesHistogramResponse),
}

_TURNS = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}


def make_stub(caller: Caller, surroundings: Surroundings) -> ImagesServiceStub:
    """Make the stub of an app."""
    # The name that Pillow 10 dropped, and that the stub resizes with.
    Image.ANTIALIAS = Image.Resampling.LANCZOS  # type: ignore[attr-defined]
    return _Stub()


class _Stub(ImagesServiceStub):  # type: ignore[misc]  # the SDK ships no types
    """Google's stub, for images without a blob. It turns a whole image; the original cuts off what sticks out."""

    def _OpenBlob(self, blob_key: str) -> None:  # noqa: N802  # the stub's name for it
        raise CallNotFoundError(f"localcloud has no Blobstore, so images cannot open the blob {blob_key!r}")

    def _Rotate(self, image: Image.Image, transform: Any) -> Image.Image:  # noqa: N802
        if transform.rotate % 90 or transform.rotate < 0:
            raise ApplicationError(pb.ImagesServiceError.BAD_TRANSFORM_DATA)
        turn = _TURNS.get(transform.rotate % 360)
        return image if turn is None else image.transpose(turn)
