"""One port for gRPC and REST: a connection's first bytes decide which of the two serves it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading

from datastore_emulator.api.interface import Datastore
from datastore_emulator.api.rest import Controls, Rest
from datastore_emulator.http.guard import Guard
from datastore_emulator.net.listen import listen
from datastore_emulator.net.relay import hang_up, join

# Every HTTP/2 connection begins with this, and no HTTP/1 request does: https://www.rfc-editor.org/rfc/rfc9113#preface.
_PREFACE = b"PRI "
_FIRST_BYTES_SECONDS = 10


class SharedPort(Rest):
    """A port that serves REST itself and passes gRPC connections on to `grpc_port`, on 127.0.0.1.

    The guard checks HTTP/1 only: no browser speaks HTTP/2 without TLS, so no web page can send a gRPC call.
    """

    def __init__(
        self, host: str, port: int, grpc_port: int, engine: Datastore, guard: Guard, controls: Controls
    ) -> None:
        super().__init__(engine, guard, controls)
        self._grpc_port = grpc_port
        self._grpc_clients: set[socket.socket] = set()
        listener = listen(host, port, "the Datastore")
        self.port: int = listener.getsockname()[1]
        self.listen([listener])

    def close(self) -> None:
        """Stop listening, and close the connections of both protocols."""
        super().close()
        for connection in list(self._grpc_clients):
            hang_up(connection)

    async def converse(self, connection: socket.socket, visitor: str, received: bytes = b"") -> None:
        """Pass a gRPC connection on in threads of its own, and serve any other connection as HTTP/1."""
        connection.setblocking(False)
        try:
            received = await self.wait(_first_bytes(connection), _FIRST_BYTES_SECONDS)
        except OSError:
            return
        if received == _PREFACE:
            client = connection.dup()
            self._grpc_clients.add(client)
            threading.Thread(target=self._pass_on, args=(client, received), daemon=True).start()
        elif received:
            await super().converse(connection, visitor, received)

    def _pass_on(self, client: socket.socket, received: bytes) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._grpc_port)) as server:
            server.sendall(received)
            join(client, server)
        self._grpc_clients.discard(client)


async def _first_bytes(client: socket.socket) -> bytes:
    """Return the first bytes of a connection, as many as show its protocol."""
    first = b""
    while len(first) < len(_PREFACE) and _PREFACE.startswith(first):
        more = await asyncio.get_running_loop().sock_recv(client, len(_PREFACE) - len(first))
        if not more:
            break
        first += more
    return first
