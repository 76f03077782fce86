"""Passing bytes between two TCP connections, and a relay in front of a server that this process cannot stop."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

from datastore_emulator.net.listen import listen

_CHUNK = 1 << 16
_Forward = Callable[[socket.socket, bytes], None]


def join(one: socket.socket, other: socket.socket, forward: _Forward | None = None) -> None:
    """Pass bytes both ways between two connections until either ends, then end both; blocks until then.

    `forward` sends what has arrived to its target, socket.sendall by default.
    """
    forward = forward or socket.socket.sendall
    for connection in (one, other):
        connection.setblocking(True)
        with contextlib.suppress(OSError):  # macOS, if the other end has closed already
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    back = threading.Thread(target=_pump, args=(other, one, forward), daemon=True)
    back.start()
    _pump(one, other, forward)
    back.join()


def hang_up(connection: socket.socket) -> None:
    """End both directions of a connection, so that a thread that reads from it returns."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _pump(source: socket.socket, target: socket.socket, forward: _Forward) -> None:
    """Forward what the source sends until either ends, and end the other."""
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            forward(target, data)
    hang_up(target)
    hang_up(source)


class Relay:
    """Passes TCP connections on to `target`, as if it were that server.

    After stop() connections are closed and new ones refused, as if the server had ended; start() is back on the same
    port. A subclass may change what happens to a connection in `serve` and to bytes in `forward`.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._port = 0
        self._listener: socket.socket | None = None
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()

    @property
    def port(self) -> int:
        """The port it listens on, known once start() has returned."""
        return self._port

    @property
    def address(self) -> str:
        """The host and port, as "127.0.0.1:8081"."""
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Listen, on the same port as before if there was one; raises UserError if it cannot."""
        listener = listen("127.0.0.1", self._port, "the relay")
        listener.setblocking(True)
        self._port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening and close every connection; start() may follow."""
        with self._lock:
            listener, self._listener = self._listener, None
            connections = list(self._connections)
        if listener:
            hang_up(listener)  # wakes accept
            listener.close()
        for connection in connections:
            hang_up(connection)

    def serve(self, client: socket.socket, server: socket.socket) -> None:
        """Pass on what a client and the server send each other, until either ends the connection."""
        join(client, server, self.forward)

    def forward(self, target: socket.socket, data: bytes) -> None:
        """Send what has arrived from one end to the other."""
        target.sendall(data)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._connect, args=(client, listener), daemon=True).start()

    def _connect(self, client: socket.socket, listener: socket.socket) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(self._target) as server:
            both = {client, server}
            with self._lock:
                if self._listener is not listener:  # stopped in between
                    return
                self._connections |= both
            try:
                self.serve(client, server)
            finally:
                with self._lock:
                    self._connections -= both
