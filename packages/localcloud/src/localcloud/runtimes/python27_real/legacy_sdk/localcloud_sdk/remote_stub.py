"""A bundled service of the local cloud's API server, as a stub of the SDK."""

import httplib
import os
import pickle

from google.appengine.api import apiproxy_stub
from google.appengine.ext.remote_api import remote_api_pb
from google.appengine.runtime import apiproxy_errors


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
        if answer.has_exception():
            raise pickle.loads(answer.exception())
        response.ParseFromString(answer.response())

    def Write(self):
        """Save nothing: dev_appserver asks for it at its end."""

    def Shutdown(self):
        """End nothing: dev_appserver asks for it at its end."""
