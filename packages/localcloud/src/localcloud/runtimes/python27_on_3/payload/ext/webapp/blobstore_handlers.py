"""google.appengine.ext.webapp.blobstore_handlers: Google's handlers for Python 3, as handlers of webapp2."""

import cgi
import urllib.parse

from google.appengine.ext import blobstore, webapp
from google.appengine.ext.blobstore import blobstore as sdk

RangeFormatError = sdk.RangeFormatError
UnsupportedRangeFormatError = sdk.UnsupportedRangeFormatError


class BlobstoreDownloadHandler(webapp.RequestHandler):
    """A handler that may answer with a blob."""

    def send_blob(self, blob_key_or_info, content_type=None, save_as=None, start=None, end=None, **kwargs):
        """Answer with a blob, or with a part of it; `save_as` is a file name, or True for the blob's own."""
        headers = sdk.BlobstoreDownloadHandler().send_blob(
            self.request.environ, blob_key_or_info, start=start, end=end, **kwargs
        )
        if save_as is True:
            if not isinstance(blob_key_or_info, blobstore.BlobInfo):
                raise ValueError("Expected BlobInfo value for blob_key_or_info.")
            save_as = blob_key_or_info.filename
        if save_as:
            quoted = urllib.parse.quote(save_as)
            headers["Content-Disposition"] = f"attachment; filename*=utf-8''{quoted}"
        self.response.clear()
        self.response.headers.update(headers)
        if content_type:
            self.response.headers["Content-Type"] = content_type
        else:
            self.response.headers.pop("Content-Type", None)  # so that the blob's own counts

    def get_range(self):
        """Return the first and the last byte that the visitor asks for, None without such a header."""
        return sdk.BlobstoreDownloadHandler().get_range(self.request.environ)


class BlobstoreUploadHandler(webapp.RequestHandler):
    """A handler that App Engine calls with the blobs of a form in the place of its files."""

    def get_uploads(self, field_name=None):
        """Return a BlobInfo for each upload, or for those of one field."""
        return [blobstore.parse_blob_info(field) for field in self._fields(field_name)]

    def get_file_infos(self, field_name=None):
        """Return a FileInfo for each upload, or for those of one field."""
        return [blobstore.parse_file_info(field) for field in self._fields(field_name)]

    def _fields(self, wanted):
        return [
            field
            for name, field in self.request.POST.items()
            if isinstance(field, cgi.FieldStorage) and "blob-key" in field.type_options and wanted in (None, name)
        ]
