"""One port for both protocols: gRPC connections are passed on to the gRPC server, HTTP requests answered here."""

from __future__ import annotations

import contextlib
import logging
import socket
import socketserver
import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

from localcloud.errors import LocalCloudError

_log = logging.getLogger(__name__)

# What every HTTP/2 connection begins with, and no HTTP/1 request: https://www.rfc-editor.org/rfc/rfc9113#preface.
_PREFACE = b"PRI "
_FIRST_BYTES_SECONDS = 10
_PEEK_SECONDS = 0.01
_CHUNK = 1 << 16


class Door:
    """Listens on `host` and `port`; `grpc_port` is where the gRPC server does, on loopback."""

    def __init__(self, host: str, port: int, grpc_port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        self._grpc_port = grpc_port
        self._handler = handler
        self._connections: set[socket.socket] = set()
        door = self

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
            request_queue_size = 128

            def finish_request(self, request: Any, client_address: Any) -> None:
                door._serve(request, client_address, self)

            def handle_error(self, request: Any, client_address: Any) -> None:
                # A client that went away, as a rule.
                _log.debug("a connection from %s ended", client_address, exc_info=True)

        try:
            self._server = Server((host.strip("[]"), port), handler)
        except OSError as error:
            raise LocalCloudError(
                f"Datastore: cannot listen on {host}:{port}: {error.strerror}; choose another port, or 0 for a free one"
            ) from error
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="datastore-door", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and drop the connections."""
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._connections):
            _shut(connection)
        self._thread.join()

    def _serve(self, client: socket.socket, address: Any, server: socketserver.BaseServer) -> None:
        self._connections.add(client)
        try:
            client.settimeout(_FIRST_BYTES_SECONDS)
            if not _speaks_http2(client):
                self._handler(client, address, server)
                return
            client.settimeout(None)
            with socket.create_connection(("127.0.0.1", self._grpc_port)) as behind:
                for one in (client, behind):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                back = threading.Thread(target=_pump, args=(behind, client), daemon=True)
                back.start()
                _pump(client, behind)
                back.join()
        finally:
            self._connections.discard(client)


def _speaks_http2(client: socket.socket) -> bool:
    """Whether the connection begins as HTTP/2 does; nothing of it is taken."""
    deadline = time.monotonic() + _FIRST_BYTES_SECONDS
    first = b""
    while time.monotonic() < deadline:
        first = client.recv(len(_PREFACE), socket.MSG_PEEK)
        if first == _PREFACE or not first or not _PREFACE.startswith(first):
            break
        # Some of it is there, and a peek would not wait for the rest.
        time.sleep(_PEEK_SECONDS)
    return first == _PREFACE


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Copy what comes until one side ends, and end the other."""
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    _shut(target)
    _shut(source)


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
