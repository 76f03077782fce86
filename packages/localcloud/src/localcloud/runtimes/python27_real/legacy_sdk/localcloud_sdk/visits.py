"""The requests that reach dev_appserver through the front end."""

import io
import threading

from cherrypy.wsgiserver import wsgiserver2
from google.appengine.tools.devappserver2 import constants
from google.appengine.tools.devappserver2 import module
from google.appengine.tools.devappserver2.admin import admin_server

# App Engine's own requests come from here, such as those of tasks. The front end lets no visitor use it.
_APP_ENGINE = "0.1.0."
_STARTED = threading.Event()
_MOST_SECONDS = 60
_LARGEST = 1 << 32

_read_headers = wsgiserver2.read_headers


def _read_hyphenated_headers(rfile, hdict=None):
    """Drop `User_Agent`, which WSGI cannot distinguish from `User-Agent`, as other servers do."""
    headers = _read_headers(rfile, hdict)
    for name in [name for name in headers if "_" in name]:
        del headers[name]
    return headers


wsgiserver2.read_headers = _read_hyphenated_headers

_handle_request = module.Module._handle_request


def _handle_request_of_visitor(self, environ, *args, **kwargs):
    """Take the visitor's address from the front end, as python27 in production does; dev_appserver has none.

    App Engine itself may see pages with `login: admin`. All wait until dev_appserver has started every part of itself:
    it listens before.
    """
    environ.pop("HTTP_X_APPENGINE_API_TICKET", None)  # the SDK's deferred library logs each header that begins like this
    if environ.pop("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        _give_length(environ)
    visitor = environ.get("HTTP_X_APPENGINE_USER_IP")
    if visitor:
        environ["REMOTE_ADDR"] = visitor
        # As when the SDK receives the upload itself.
        if visitor.startswith(_APP_ENGINE) or "HTTP_X_APPENGINE_BLOBUPLOAD" in environ:
            environ[constants.FAKE_IS_ADMIN_HEADER] = "1"
        _STARTED.wait(_MOST_SECONDS)
    return _handle_request(self, environ, *args, **kwargs)


def _give_length(environ):
    """Give a body that came in chunks its length, as production does: dev_appserver takes it for an empty one."""
    body = environ["wsgi.input"].read(_LARGEST)  # without a size, the server's reader never ends
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))


module.Module._handle_request = _handle_request_of_visitor
# An app may need longer than 10 seconds for its first import.
module.Module._MAX_REQUEST_WAIT_TIME = _MOST_SECONDS

_start_admin = admin_server.AdminServer.start


def _start_admin_and_tell(self):
    """Start the last part of dev_appserver."""
    _start_admin(self)
    _STARTED.set()


admin_server.AdminServer.start = _start_admin_and_tell
