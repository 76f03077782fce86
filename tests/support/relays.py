"""Relays that record, or that act like a server which does not answer or has forgotten its connections."""

from __future__ import annotations

import select
import socket
import ssl
import struct
import threading

from datastore_emulator.net.relay import Relay, join

_CHUNK = 1 << 16
_RESET_WHEN_CLOSED = struct.pack("ii", 1, 0)


class StallingRelay(Relay):
    """A relay that can keep connections open and pass nothing on, as a server that does not answer."""

    def __init__(self, target: tuple[str, int]) -> None:
        super().__init__(target)
        self._flowing = threading.Event()
        self._flowing.set()

    def stall(self) -> None:
        """Pass nothing on until resume()."""
        self._flowing.clear()

    def resume(self) -> None:
        """Pass on what has come since stall(), and go on."""
        self._flowing.set()

    def stop(self) -> None:
        self._flowing.set()  # otherwise the threads that wait would outlive the relay
        super().stop()

    def forward(self, target: socket.socket, data: bytes) -> None:
        self._flowing.wait()
        super().forward(target, data)


class RecordingRelay(Relay):
    """A relay that keeps what clients send in `sent`."""

    def __init__(self, target: tuple[str, int]) -> None:
        super().__init__(target)
        self.sent = bytearray()

    def serve(self, client: socket.socket, server: socket.socket) -> None:
        def forward(target: socket.socket, data: bytes) -> None:
            if target is server:
                self.sent += data
            target.sendall(data)

        join(client, server, forward)


class RedisRelay(Relay):
    """A relay in front of Redis on `port` of 127.0.0.1 that can speak TLS and reset connections."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", port))
        self._tls = tls
        self._clients: set[socket.socket] = set()
        self._forgotten: set[socket.socket] = set()

    def __enter__(self) -> RedisRelay:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def forget_connections(self) -> int:
        """Answer the next bytes of each open connection with a reset, as a server that does not know it.

        Until then the client cannot notice. Return how many connections there are.
        """
        self._forgotten |= self._clients
        return len(self._forgotten)

    def serve(self, client: socket.socket, server: socket.socket) -> None:
        if self._tls is None:
            self._serve(client, server)
            return
        with self._tls.wrap_socket(client.dup(), server_side=True) as encrypted:
            self._serve(encrypted, server)

    def _serve(self, client: socket.socket, server: socket.socket) -> None:
        """Pass bytes both ways in one thread, because OpenSSL's connections are not made for two at once."""
        self._clients.add(client)
        try:
            while True:
                pending = isinstance(client, ssl.SSLSocket) and client.pending()
                ready = [client] if pending else select.select([client, server], [], [])[0]
                for source in ready:
                    data = source.recv(_CHUNK)
                    if not data:
                        return
                    if source is client and client in self._forgotten:
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_WHEN_CLOSED)
                        return
                    (server if source is client else client).sendall(data)
        finally:
            self._clients.discard(client)
            self._forgotten.discard(client)
