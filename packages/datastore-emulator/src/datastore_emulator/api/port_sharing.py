"""One port for both protocols: gRPC connections are passed on to the gRPC server, HTTP requests answered here."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading

from datastore_emulator.api.interface import Datastore
from datastore_emulator.api.rest import Rest
from datastore_emulator.http.guard import Guard
from datastore_emulator.net.listen import listen

# What every HTTP/2 connection begins with, and no HTTP/1 request: https://www.rfc-editor.org/rfc/rfc9113#preface.
_PREFACE = b"PRI "
_FIRST_BYTES_SECONDS = 10
_CHUNK = 1 << 16


class SharedPort(Rest):
    """Listens on `host` and `port`; `grpc_port` is where the gRPC server does, on loopback.

    The guard is for HTTP/1 alone: no browser speaks HTTP/2 without TLS, so no page can send a gRPC call.
    """

    def __init__(self, host: str, port: int, grpc_port: int, engine: Datastore, guard: Guard) -> None:
        super().__init__(engine, guard)
        self._grpc_port = grpc_port
        self._pumped: set[socket.socket] = set()
        listener = listen(host, port, "the Datastore")
        self.port: int = listener.getsockname()[1]
        self.listen([listener])

    def close(self) -> None:
        """Stop listening and drop the connections."""
        super().close()
        for connection in list(self._pumped):
            _shut(connection)

    async def converse(self, connection: socket.socket, visitor: str, received: bytes = b"") -> None:
        """Pass a gRPC connection on to threads of its own, and serve any other."""
        connection.setblocking(False)
        try:
            received = await self.wait(_first_bytes(connection), _FIRST_BYTES_SECONDS)
        except OSError:
            return
        if received == _PREFACE:
            client = connection.dup()
            self._pumped.add(client)
            threading.Thread(target=self._pass_on, args=(client, received), daemon=True).start()
        elif received:
            await super().converse(connection, visitor, received)

    def _pass_on(self, client: socket.socket, received: bytes) -> None:
        client.setblocking(True)
        with client, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._grpc_port)) as behind:
            for one in (client, behind):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            behind.sendall(received)
            back = threading.Thread(target=_pump, args=(behind, client), daemon=True)
            back.start()
            _pump(client, behind)
            back.join()
        self._pumped.discard(client)


async def _first_bytes(client: socket.socket) -> bytes:
    """Return what a connection begins with, read as far as it takes to know its protocol."""
    first = b""
    while len(first) < len(_PREFACE) and _PREFACE.startswith(first):
        more = await asyncio.get_running_loop().sock_recv(client, len(_PREFACE) - len(first))
        if not more:
            break
        first += more
    return first


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
