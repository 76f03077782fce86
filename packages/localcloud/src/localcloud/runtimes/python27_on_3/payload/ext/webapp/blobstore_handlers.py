"""google.appengine.ext.webapp.blobstore_handlers on the functions of Google's SDK for Python 3, in ext.blobstore."""

import webapp2
from google.appengine.ext import blobstore

Error = blobstore.Error
RangeFormatError = blobstore.RangeFormatError
UnsupportedRangeFormatError = blobstore.UnsupportedRangeFormatError

_SDK = blobstore.BlobstoreDownloadHandler()


class BlobstoreDownloadHandler(webapp2.RequestHandler):
    """A handler that may send a blob."""

    def send_blob(self, blob_key_or_info, content_type=None, save_as=None, start=None, end=None, **options):
        """Answer with a blob, or a part of it."""
        headers = _SDK.send_blob(
            self.request.environ, blob_key_or_info, content_type, save_as, start=start, end=end, **options
        )
        # The SDK encodes some values, and WSGI wants text.
        self.response.headers.pop("Content-Type", None)
        for name, value in headers.items():
            self.response.headers[name] = value.decode("latin-1") if isinstance(value, bytes) else value
        self.response.clear()

    def get_range(self):
        """Return the first and the last position of the visitor's Range, None if there is none."""
        return _SDK.get_range(self.request.environ)


class BlobstoreUploadHandler(webapp2.RequestHandler):
    """A handler that receives what an upload has left: the fields of the form, and the blobs in place of its files."""

    def get_uploads(self, field_name=None):
        """Return a BlobInfo for each file of the form, or of one of its fields."""
        return self._read(blobstore.parse_blob_info, field_name)

    def get_file_infos(self, field_name=None):
        """Return a FileInfo for each file of the form, or of one of its fields."""
        return self._read(blobstore.parse_file_info, field_name)

    def _read(self, parse, field_name):
        infos = []
        for name, value in self.request.POST.items():
            if "blob-key" in getattr(value, "type_options", ()) and field_name in (None, "", name):
                value.file.seek(0)
                infos.append(parse(value))
        return infos
