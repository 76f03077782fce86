"""The bundled-services API server: the HTTP doors in front of the dispatcher."""

from __future__ import annotations

import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

from google.protobuf.message import DecodeError

from localcloud.appengine.datastore_v3 import DatastoreV3Service
from localcloud.appengine.memcache import Memcache, MemcacheService
from localcloud.appengine.rpc import Dispatcher
from localcloud.datastore.service import Datastore
from localcloud.errors import LocalCloudError

# Where the Python 3 SDK posts its calls, and where Python 2's remote_api stub does.
_PYTHON3_PATH = "/rpc_http"
_PYTHON2_PATH = "/"

# The app that calls from Python 2, where `request_id` names the request and nothing names the app.
_PYTHON2_APP = ""

# The largest call of all is Memcache's: 32 MB (google.appengine.api.memcache.memcache_stub.MAX_REQUEST_SIZE).
_MAX_BODY = 33 << 20


class ApiServer:
    """Serves the bundled services of App Engine apps over HTTP, as `API_HOST` and `API_PORT` tell the SDK.

    A thread for each connection, on the standard library's server: the engine and the Memcache stub block, and an
    app keeps at most a handful of connections, so an event loop would only hand every call on to a thread.
    """

    def __init__(
        self,
        datastore: Datastore,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], float] = time.time,
        observe: Callable[[str], None] = lambda call: None,
    ) -> None:
        self.host = host
        self.port = port
        self._memcache = MemcacheService(clock, observe)
        self.dispatcher = Dispatcher({"datastore_v3": DatastoreV3Service(datastore), "memcache": self._memcache})
        self._http: _HttpServer | None = None
        self._thread: threading.Thread | None = None

    def memcache(self, app: str) -> Memcache:
        """Return the cache of `app` (a project id or an application id), to flush it or switch it off.

        Apps that call from Python 2 and send no X-Appengine-Api-Ticket share the cache of the app "".
        """
        return self._memcache.cache(app)

    def start(self) -> None:
        """Listen, and return once calls are answered; `port` is then the true one. A port taken is LocalCloudError."""
        try:
            self._http = _HttpServer((self.host, self.port), self.dispatcher)
        except OSError as error:
            raise LocalCloudError(
                f"API server: cannot listen on {self.host}:{self.port}: {error.strerror}; choose another port"
            ) from error
        self.port = self._http.server_address[1]
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, name="api-server", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and hang up on every client; start() may follow, on the same port."""
        if self._http is None or self._thread is None:
            return
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
        self._http = self._thread = None


class _HttpServer(socketserver.ThreadingTCPServer):
    """A thread for each connection; remembers them, since keep-alive leaves them open, to close them at the end.

    Not http.server's own, which looks the host's name up when it starts; that can take seconds.
    """

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], dispatcher: Dispatcher) -> None:
        self.dispatcher = dispatcher
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._connections_lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._connections_lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing when a client hangs up; anything else is a bug and keeps its traceback."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        super().server_close()
        with self._connections_lock:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the client was faster


class _Handler(BaseHTTPRequestHandler):
    """One connection: reads a call, has it answered, writes the answer in one piece."""

    server: _HttpServer
    protocol_version = "HTTP/1.1"
    # Buffered, so that headers and body leave in one packet: unbuffered, Nagle and delayed ACKs cost 40 ms a call.
    wbufsize = -1

    def do_POST(self) -> None:
        if self.path not in (_PYTHON3_PATH, _PYTHON2_PATH):
            return self._refuse(HTTPStatus.NOT_FOUND, f"calls are posted to {_PYTHON3_PATH} or {_PYTHON2_PATH}")
        # A web page can make a visitor's browser post plain text here unasked, but not this type.
        if self.headers.get_content_type() != "application/octet-stream":
            return self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "calls are application/octet-stream")
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            return self._refuse(HTTPStatus.LENGTH_REQUIRED, "calls need a Content-Length")
        if int(length) > _MAX_BODY:
            return self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"calls are at most {_MAX_BODY} bytes long")
        body = self.rfile.read(int(length))
        ticket = self.headers.get("X-Appengine-Api-Ticket", _PYTHON2_APP if self.path == _PYTHON2_PATH else None)
        try:
            answer = self.server.dispatcher.handle(body, ticket)
        except DecodeError:
            return self._refuse(HTTPStatus.BAD_REQUEST, "the body is not a remote_api Request")
        return self._send(HTTPStatus.OK, "application/octet-stream", answer)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the app's log the app's."""

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        self.close_connection = True  # the body was not read, so what follows on this connection is not a request
        self._send(status, "text/plain; charset=utf-8", f"localcloud API server: {reason}\n".encode())

    def _send(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
