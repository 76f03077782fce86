"""Bundled services that the local cloud's API server answers, so that apps on all Pythons share them.

There is one Memcache, with a clock that tests can move. Mails and failed tasks are in the log. Tasks and fetches reach
the app at the address that visitors see.
"""

import httplib
import os

from google.appengine.api import apiproxy_stub
from google.appengine.api import apiproxy_stub_map
from google.appengine.api.logservice import logservice_stub
from google.appengine.ext.remote_api import remote_api_pb
from google.appengine.runtime import apiproxy_errors
from google.appengine.tools.devappserver2 import stub_util
from google.appengine.tools.devappserver2 import util

_REMOTE = ("mail", "memcache", "search", "taskqueue", "urlfetch")


class RemoteStub(apiproxy_stub.APIProxyStub):
    """A service of the local cloud's API server."""

    THREADSAFE = True

    def MakeSyncCall(self, service, call, request, response, request_id=None):
        envelope = remote_api_pb.Request()
        envelope.set_service_name(service)
        envelope.set_method(call)
        envelope.set_request(request.Encode())
        connection = httplib.HTTPConnection(os.environ["API_HOST"], int(os.environ["API_PORT"]))
        try:
            connection.request(
                "POST",
                "/",
                envelope.Encode(),
                {
                    "Content-Type": "application/octet-stream",
                    "X-Appengine-Api-Ticket": os.environ["HTTP_X_APPENGINE_API_TICKET"],
                },
            )
            answer = remote_api_pb.Response(connection.getresponse().read())
        finally:
            connection.close()
        if answer.has_application_error():
            error = answer.application_error()
            raise apiproxy_errors.ApplicationError(error.code(), error.detail())
        if answer.has_exception() or answer.has_rpc_error():
            raise apiproxy_errors.RPCFailedError(answer.rpc_error().detail())
        response.ParseFromString(answer.response())

    def Write(self):
        """Save nothing: dev_appserver asks for it at its end."""

    def Shutdown(self):
        """End nothing: dev_appserver asks for it at its end."""


_setup_stubs = stub_util.setup_stubs


def _setup_stubs_of_local_cloud(*args, **options):
    """Use the API server for some services. Addresses of images begin with what the visitor sees."""
    options["images_host_prefix"] = os.environ["LOCALCLOUD_URL"]
    _setup_stubs(*args, **options)
    unused = apiproxy_stub_map.apiproxy.GetStub("taskqueue")
    for name in _REMOTE:
        apiproxy_stub_map.apiproxy.ReplaceStub(name, RemoteStub(name))
    unused.Shutdown()


stub_util.setup_stubs = _setup_stubs_of_local_cloud

# The SDK checks Java's version only for Google's emulator, which is not used.
util.get_java_major_version = lambda: 8

_open_log = logservice_stub.LogServiceStub.__init__


def _open_log_for_bytes(self, *args, **kwargs):
    """Let the request log hold any byte: with sqlite3's default, a User-Agent that is not ASCII is a 500."""
    _open_log(self, *args, **kwargs)
    self._conn.text_factory = str


logservice_stub.LogServiceStub.__init__ = _open_log_for_bytes
