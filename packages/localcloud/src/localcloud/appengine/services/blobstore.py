"""The `blobstore` service: blobs that visitors upload, with their bytes in the Datastore's file."""

from __future__ import annotations

from typing import Any

from google.appengine.api.api_base_pb2 import VoidProto
from google.appengine.api.blobstore import blobstore_service_pb2 as pb
from google.appengine.api.blobstore.blobstore_stub import BlobstoreServiceStub
from google.appengine.runtime.apiproxy_errors import ApplicationError, CallNotFoundError

from localcloud.appengine.callers import Caller
from localcloud.appengine.services.blob_storage import DatastoreBlobStorage
from localcloud.appengine.services.request_info import CallerInfo
from localcloud.appengine.services.stub_datastore import StubDatastore
from localcloud.appengine.services.stub_service import Messages, Surroundings

MESSAGES: Messages = {
    "CreateUploadURL": (pb.CreateUploadURLRequest, pb.CreateUploadURLResponse),
    "DeleteBlob": (pb.DeleteBlobRequest, VoidProto),
    "FetchData": (pb.FetchDataRequest, pb.FetchDataResponse),
}

_NO_CLIENT = "none of Google's libraries calls it"
REFUSED = {
    "CloneBlob": _NO_CLIENT,
    "CreateEncodedGoogleStorageKey": "there is no Cloud Storage here; keep the file in the Blobstore",
    "DecodeBlobKey": _NO_CLIENT,
}

# The longest text that the Datastore indexes. The path is a property of the upload's entity.
_LONGEST_PATH = 1500


def make_stub(caller: Caller, surroundings: Surroundings) -> BlobstoreStub:
    """Make the stub of an app."""
    return BlobstoreStub(caller, surroundings)


class BlobstoreStub(BlobstoreServiceStub):  # type: ignore[misc]  # the SDK ships no types
    """Google's stub, on the Datastore of the app. `entities` has the entities that describe its uploads and blobs."""

    def __init__(self, caller: Caller, surroundings: Surroundings) -> None:
        super().__init__(
            DatastoreBlobStorage(surroundings.entities, caller.project),
            time_function=surroundings.clock,
            request_data=CallerInfo(),
            storage_dir="-",  # for a call that is not served here; without it the stub makes a folder
        )
        self.clock = surroundings.clock
        self.entities = StubDatastore(surroundings.datastore, caller)

    def MakeSyncCall(self, *args: Any, **kwargs: Any) -> None:  # noqa: N802  # the stub's name for it
        """Answer one call."""
        with self.entities.serving():
            super().MakeSyncCall(*args, **kwargs)

    def _Dynamic_CreateUploadURL(self, request: Any, response: Any, request_id: Caller) -> None:  # noqa: N802
        if request.HasField("gs_bucket_name"):
            raise CallNotFoundError(
                f"localcloud has no Cloud Storage for uploads to the bucket {request.gs_bucket_name!r}; leave "
                "gs_bucket_name out to keep them in the Blobstore"
            )
        if len(request.success_path.encode()) > _LONGEST_PATH:
            raise ApplicationError(pb.BlobstoreServiceError.URL_TOO_LONG)
        super()._Dynamic_CreateUploadURL(request, response, request_id)

    def _Dynamic_FetchData(self, request: Any, response: Any, request_id: Caller) -> None:  # noqa: N802
        try:
            super()._Dynamic_FetchData(request, response, request_id)
        except FileNotFoundError as error:
            raise ApplicationError(pb.BlobstoreServiceError.BLOB_NOT_FOUND, str(error)) from error
