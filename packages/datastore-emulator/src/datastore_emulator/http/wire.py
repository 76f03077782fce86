"""One HTTP/1.1 connection, to a visitor or to an app: h11's protocol on a non-blocking socket.

h11 decides what a bad request is, for every listener: a header that ends before its blank line, a body shorter than
its length, a length that is not plain digits, a line that no header has.

h11 and not a web framework, because frameworks read headers as text: a User-Agent that is not UTF-8 would reach
the app changed or not at all. A socket and not asyncio's streams, because a stream that fails to write forgets
what there is to read: the answer of an app that did not want to hear the whole body.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

import h11

# Google's front ends take request headers of some tens of kilobytes; more is answered 431.
MAX_HEAD_BYTES = 64 * 1024
LINGER_SECONDS = 2.0
_READ_BYTES = 64 * 1024


class WireError(Exception):
    """The other end broke the protocol (`status` says how to answer it) or went away (`status` is None)."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class VisitorError(WireError):
    """The visitor's connection is of no more use."""


class AppError(WireError):
    """The app's connection is of no more use."""


class SendError(Exception):
    """What was to be sent is no HTTP: an app's answer that breaks its own word, as a rule."""


class Wire:
    """Sends and receives h11 events; every failure of the other end is raised as `error`."""

    def __init__(
        self, role: type[h11.CLIENT] | type[h11.SERVER], connection: socket.socket, error: type[WireError]
    ) -> None:
        connection.setblocking(False)
        with contextlib.suppress(OSError):  # macOS, when the other end has gone already
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.state = h11.Connection(role, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._connection = connection
        self._error = error
        self._broken_off = False

    async def receive(self) -> object:
        """The next h11 event; a visitor who waits for "100 Continue" before sending a body gets it here."""
        try:
            while True:
                event = self.state.next_event()
                if event is not h11.NEED_DATA:
                    return event
                if self.state.they_are_waiting_for_100_continue:
                    await self.send(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue"))
                self.state.receive_data(await self._read())
        except h11.RemoteProtocolError as error:
            raise self._error(str(error), error.error_status_hint) from error
        except OSError as error:
            raise self._error(str(error)) from error

    async def read_body(self, largest: int) -> bytes:
        """The rest of a request's body, whole; raises `error` if it is longer than `largest` or breaks off."""
        body = bytearray()
        while isinstance(event := await self.receive(), h11.Data):
            body += event.data
            if len(body) > largest:
                raise self._error(f"the body is longer than {largest} bytes", 413)
        if not isinstance(event, h11.EndOfMessage):
            raise self._error("the connection ended before the body did")
        return bytes(body)

    async def send(self, *events: h11.Event) -> None:
        """Sends events in one piece; an answer in three would cost its reader three wake-ups."""
        try:
            data = b"".join(self.state.send(event) or b"" for event in events)
        except h11.LocalProtocolError as error:
            raise SendError(str(error)) from error
        if not data:
            return
        try:
            await asyncio.get_running_loop().sock_sendall(self._connection, data)
        except OSError as error:
            raise self._error(str(error)) from error

    @property
    def unanswered(self) -> bool:
        """Whether an answer can still be sent."""
        return self.state.our_state in {h11.IDLE, h11.SEND_RESPONSE}

    def has_whole_request(self) -> bool:
        """Whether the request has arrived to its end; drops what has arrived of a body nobody read."""
        with contextlib.suppress(h11.RemoteProtocolError):
            # The end must be seen even when the body is empty.
            while self.state.their_state is h11.SEND_BODY and isinstance(self.state.next_event(), h11.Data):
                pass
        return self.state.their_state in {h11.DONE, h11.MUST_CLOSE}

    def next_cycle(self) -> bool:
        """Makes ready for the next request on this connection; False if there cannot be one."""
        self.has_whole_request()
        if self.state.our_state is h11.DONE and self.state.their_state is h11.DONE:
            self.state.start_next_cycle()
            return True
        return False

    async def linger(self) -> None:
        """Ends our half and lets the other end finish speaking: closing on unread bytes would reset the
        connection, and the reset may overtake the answer just sent."""
        if self._broken_off or self.state.their_state not in {h11.SEND_BODY, h11.ERROR}:
            return
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            self._connection.shutdown(socket.SHUT_WR)
            await asyncio.wait_for(self._discard(), LINGER_SECONDS)

    async def left(self) -> None:
        """Returns when the other end leaves, or says what it should not while it is being answered."""
        with contextlib.suppress(OSError):
            await self._read()

    def hang_up(self) -> None:
        """Ends both halves; a `receive` under way sees the end."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def break_off(self) -> None:
        """Makes `close` a reset, so that the other end cannot take what it has for the whole."""
        self._broken_off = True
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def close(self) -> None:
        self._connection.close()

    async def _discard(self) -> None:
        while await self._read():
            pass

    async def _read(self) -> bytes:
        return await asyncio.get_running_loop().sock_recv(self._connection, _READ_BYTES)
