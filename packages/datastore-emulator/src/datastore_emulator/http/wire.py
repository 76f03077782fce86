"""One HTTP/1.1 connection, to a visitor or to an app: h11's protocol on a non-blocking socket.

h11 decides for every listener which requests are malformed, such as a head without its end, a body shorter than its
Content-Length, or a Content-Length that is not a number.

This uses h11 instead of a web framework, because frameworks read headers as text: a User-Agent that is not UTF-8 would
reach the app changed or not at all. It uses a socket instead of asyncio's streams, because a stream that fails to write
drops what it has read: the response of an app that did not read the whole body.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import Protocol

import h11

# Google's front ends accept request headers of some tens of kilobytes; the answer to more is 431.
MAX_HEAD_BYTES = 64 * 1024
LINGER_SECONDS = 2.0
_READ_BYTES = 64 * 1024


class WireError(Exception):
    """The other end broke the protocol (answer it with `status`) or has left (`status` is None)."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class VisitorError(WireError):
    """A request is refused, or the connection to its visitor is lost."""


class AppError(WireError):
    """The connection to the app is lost, or what came from it is not HTTP."""


class SendError(Exception):
    """The message to send is not valid HTTP, such as an app's response that is longer than its Content-Length."""


class Watcher(Protocol):
    """What is told the events of a connection, after they were received or sent."""

    def received(self, event: object) -> None:
        """Take note of an event of the other end."""

    def sent(self, event: h11.Event) -> None:
        """Take note of an event of this end."""


class Wire:
    """A connection that sends and receives h11 events; a failure of the other end is raised as `error`.

    `watcher`, if it is set, is told each event.
    """

    def __init__(
        self, role: type[h11.CLIENT] | type[h11.SERVER], connection: socket.socket, error: type[WireError]
    ) -> None:
        connection.setblocking(False)
        with contextlib.suppress(OSError):  # macOS, if the other end has closed already
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.state = h11.Connection(role, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._connection = connection
        self._error = error
        self._broken_off = False
        self.watcher: Watcher | None = None

    async def receive(self) -> object:
        """Return the next h11 event; send "100 Continue" to a visitor that expects it."""
        try:
            while True:
                event = self.state.next_event()
                if event is not h11.NEED_DATA:
                    if self.watcher:
                        self.watcher.received(event)
                    return event
                if self.state.they_are_waiting_for_100_continue:
                    await self.send(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue"))
                self.state.receive_data(await self._read())
        except h11.RemoteProtocolError as error:
            raise self._error(str(error), error.error_status_hint) from error
        except OSError as error:
            raise self._error(str(error)) from error

    async def read_body(self, largest: int) -> bytes:
        """Return the rest of a request's body; raises `error` if it is longer than `largest` or breaks off."""
        body = bytearray()
        while isinstance(event := await self.receive(), h11.Data):
            body += event.data
            if len(body) > largest:
                raise self._error(f"the body is longer than {largest} bytes", 413)
        if not isinstance(event, h11.EndOfMessage):
            raise self._error("the connection ended before the body did")
        return bytes(body)

    async def send(self, *events: h11.Event) -> None:
        """Send events in one piece, so that the reader wakes up once."""
        try:
            data = b"".join(self.state.send(event) or b"" for event in events)
        except h11.LocalProtocolError as error:
            raise SendError(str(error)) from error
        try:
            if data:
                await asyncio.get_running_loop().sock_sendall(self._connection, data)
        except OSError as error:
            raise self._error(str(error)) from error
        if self.watcher:
            for event in events:
                self.watcher.sent(event)

    @property
    def unanswered(self) -> bool:
        """True while no response has been begun."""
        return self.state.our_state in {h11.IDLE, h11.SEND_RESPONSE}

    def has_whole_request(self) -> bool:
        """Return whether the whole request has arrived; drops what has arrived of an unread body."""
        with contextlib.suppress(h11.RemoteProtocolError):
            # The end must be seen even when the body is empty.
            while self.state.their_state is h11.SEND_BODY and isinstance(self.state.next_event(), h11.Data):
                pass
        return self.state.their_state in {h11.DONE, h11.MUST_CLOSE}

    def next_cycle(self) -> bool:
        """Prepare for the next request on this connection; return False if there cannot be one."""
        self.has_whole_request()
        if self.state.our_state is h11.DONE and self.state.their_state is h11.DONE:
            self.state.start_next_cycle()
            return True
        return False

    async def linger(self) -> None:
        """End the sending half, and read what the other end still sends.

        To close a connection with unread bytes resets it, and the reset may overtake the response.
        """
        if self._broken_off or self.state.their_state not in {h11.SEND_BODY, h11.ERROR}:
            return
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            self._connection.shutdown(socket.SHUT_WR)
            await asyncio.wait_for(self._discard(), LINGER_SECONDS)

    async def left(self) -> None:
        """Wait until the other end leaves, or sends something before the response has ended."""
        with contextlib.suppress(OSError):
            await self._read()

    def hang_up(self) -> None:
        """End both halves; a `receive` in progress sees the end."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def break_off(self) -> None:
        """Make `close` a reset, so that the other end does not take a part for the whole response."""
        self._broken_off = True
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    async def _discard(self) -> None:
        while await self._read():
            pass

    async def _read(self) -> bytes:
        return await asyncio.get_running_loop().sock_recv(self._connection, _READ_BYTES)
