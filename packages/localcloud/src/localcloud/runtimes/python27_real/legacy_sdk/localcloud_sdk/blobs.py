"""Blobs: the local cloud's Blobstore has them. The files of the SDK's Cloud Storage stay with the SDK."""

import functools

from google.appengine.api import blobstore
from google.appengine.api.blobstore import blobstore_stub
from google.appengine.tools.devappserver2 import blob_download
from google.appengine.tools.devappserver2 import constants
from google.appengine.tools.devappserver2 import request_rewriter

from localcloud_sdk.remote_stub import RemoteStub

_STORAGE_PREFIX = blobstore_stub.BlobstoreServiceStub.GS_BLOBKEY_PREFIX


class Blobstore(RemoteStub):
    """The local cloud's Blobstore, in front of the SDK's own for files of Cloud Storage."""

    def __init__(self, own):
        super(Blobstore, self).__init__("blobstore")
        self._own = own
        self.storage = own.storage

    def MakeSyncCall(self, service, call, request, response, request_id=None):
        keys = []
        if call == "DeleteBlob":
            keys = request.blob_key_list()
        elif call == "FetchData":
            keys = [request.blob_key()]
        if call == "CreateEncodedGoogleStorageKey" or any(key.startswith(_STORAGE_PREFIX) for key in keys):
            self._own.MakeSyncCall(service, call, request, response, request_id)
        else:
            super(Blobstore, self).MakeSyncCall(service, call, request, response, request_id)


def _send_file_of_storage(state):
    """Send a file of Cloud Storage. The front end sends blobs, so the header that names one goes on to it."""
    key = state.headers.get(blobstore.BLOB_KEY_HEADER) or ""
    if key.startswith(_STORAGE_PREFIX):
        blob_download.blobstore_download_rewriter(state)
    elif key and "Content-Type" not in state.headers:
        # The front end has the blob's own type. A later part would write text/html.
        state.headers["Content-Type"] = blob_download._AUTO_MIME_TYPE


# Its first parts send blobs, and drop the header.
request_rewriter._FRONTEND_RESPONSE_REWRITER_CHAIN[:2] = [
    _send_file_of_storage,
    functools.partial(
        request_rewriter._ignore_response_headers_rewriter,
        constants.FRONTEND_IGNORED_RESPONSE_HEADERS - {blobstore.BLOB_KEY_HEADER.lower()},
    ),
]
