"""Bundled services that the local cloud's API server answers, so that apps on all Pythons share them.

There is one Datastore, and one Memcache with a clock that tests can move. Mails and failed tasks are in the log. Tasks
and fetches reach the app at the address that visitors see.
"""

from google.appengine.api import apiproxy_stub_map
from google.appengine.api.logservice import logservice_stub
from google.appengine.tools.devappserver2 import stub_util

from localcloud_sdk.blobs import Blobstore
from localcloud_sdk.remote_stub import RemoteStub

_REMOTE = ("datastore_v3", "images", "mail", "memcache", "search", "taskqueue", "urlfetch")

_setup_stubs = stub_util.setup_stubs


def _setup_stubs_of_local_cloud(*args, **options):
    """Use the API server for some services."""
    _setup_stubs(*args, **options)
    stubs = apiproxy_stub_map.apiproxy
    stubs.GetStub("taskqueue").Shutdown()
    for name in _REMOTE:
        stubs.ReplaceStub(name, RemoteStub(name))
    stubs.ReplaceStub("blobstore", Blobstore(stubs.GetStub("blobstore")))


stub_util.setup_stubs = _setup_stubs_of_local_cloud

_open_log = logservice_stub.LogServiceStub.__init__


def _open_log_for_bytes(self, *args, **kwargs):
    """Let the request log hold any byte: with sqlite3's default, a User-Agent that is not ASCII is a 500."""
    _open_log(self, *args, **kwargs)
    self._conn.text_factory = str


logservice_stub.LogServiceStub.__init__ = _open_log_for_bytes
