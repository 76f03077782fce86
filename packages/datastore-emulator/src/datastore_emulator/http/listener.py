"""A listener: it accepts connections and answers their requests on the shared event loop."""

from __future__ import annotations

import abc
import asyncio
import contextlib
import functools
import socket
from collections.abc import AsyncIterable, Coroutine, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

import h11

from datastore_emulator.http.eventloop import EventLoopThread
from datastore_emulator.http.guard import header, read_host
from datastore_emulator.http.response import Response, plain
from datastore_emulator.http.wire import SendError, VisitorError, Wire

T = TypeVar("T")

_RETRY_SECONDS = 0.05
_MOST_CONNECTIONS = 1000
_TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nConnection: close\r\n"
    b"Content-Length: 40\r\n\r\n503 Service Unavailable: try again later"
)


def visitor_address(host: str) -> str:
    """Return an address without its `%lo` scope, and IPv4 that came through an IPv6 socket as IPv4."""
    return host.partition("%")[0].removeprefix("::ffff:")


def _open_files() -> int:
    """Return how many files and connections this program may have open; the default of macOS is 256."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return 2 * _MOST_CONNECTIONS
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


class Listener(abc.ABC):
    """A server that accepts connections and reads requests; a subclass answers them in `respond`.

    No connection has a thread of its own. A connection that sends no request for `idle_seconds` is closed. If
    `most_connections` are open, the one that has been idle longest is closed for a new one.
    """

    idle_seconds = 75.0
    most_connections = _MOST_CONNECTIONS

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = 0
        self._closing = False
        # The connections that wait for a request, the longest first.
        self._idle: dict[asyncio.Task[None], None] = {}

    @abc.abstractmethod
    async def respond(self, wire: Wire, request: h11.Request, visitor: str) -> int:
        """Answer the request and return the status. `refusal` gives the response to a VisitorError."""

    def refusal(self, request: h11.Request | None, status: int, reason: str) -> Response:
        """Return the response to a request that is refused; `request` is None if it could not be read."""
        return plain(status, f"the request cannot be read ({reason}).")

    def noted(self, method: str, path: str, status: int, visitor: str) -> None:  # noqa: B027 - a hook that may stay empty
        """Note a response that has been sent; method and path are "-" if the request could not be read."""

    def listen(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections on sockets that listen already."""
        EventLoopThread.shared().run(self._listen(sockets))

    def close(self) -> None:
        """Stop listening, and break off requests in progress."""
        EventLoopThread.shared().run(self._close())

    async def _listen(self, sockets: Sequence[socket.socket]) -> None:
        self._closing = False
        for listener in sockets:
            self._spawn(self._accept(listener))

    async def _close(self) -> None:
        self._closing = True  # before Python 3.12, asyncio.wait_for may swallow a cancellation
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _spawn(self, coroutine: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _accept(self, listener: socket.socket) -> None:
        most = min(self.most_connections, _open_files() // 2)
        with listener:
            while True:
                try:
                    connection, peer = await _accept_one(listener)
                except OSError:  # the client has left already, or no file descriptor is free for a while
                    await asyncio.sleep(_RETRY_SECONDS)
                    continue
                if self._open >= most and not self._make_room():
                    with connection, contextlib.suppress(OSError):
                        connection.send(_TOO_MANY)
                    continue
                self._open += 1
                task = self._spawn(self.converse(connection, visitor_address(peer[0])))
                # Not in the task: one that is cancelled before its first step runs no code at all.
                task.add_done_callback(functools.partial(self._release, connection))

    def _make_room(self) -> bool:
        for task in self._idle:
            del self._idle[task]
            task.cancel()
            return True
        return False

    def _release(self, connection: socket.socket, _task: asyncio.Task[None]) -> None:
        connection.close()
        self._open -= 1

    async def converse(self, connection: socket.socket, visitor: str, received: bytes = b"") -> None:
        """Serve one connection until it ends; `received` are bytes that have been read from it already."""
        wire = Wire(h11.SERVER, connection, VisitorError)
        if received:
            wire.state.receive_data(received)
        while await self._exchange(wire, visitor) and not self._closing:
            pass

    async def wait(self, coroutine: Coroutine[None, None, T], seconds: float) -> T:
        """Wait for bytes of the other end; after that time, or if a new connection needs the room, drop this one."""
        task = asyncio.current_task()
        assert task is not None
        self._idle[task] = None
        # Not asyncio.wait_for, which makes a task for each request before Python 3.12.
        timer = asyncio.get_running_loop().call_later(seconds, task.cancel)
        try:
            return await coroutine
        finally:
            timer.cancel()
            self._idle.pop(task, None)

    async def _exchange(self, wire: Wire, visitor: str) -> bool:
        """Serve one request; return whether the connection can take another."""
        method, path = "-", "-"
        request = None
        try:
            try:
                received = await self.wait(wire.receive(), self.idle_seconds)
                if not isinstance(received, h11.Request):
                    return False
                request = received
                method, path = request.method.decode("ascii"), request.target.decode("ascii")
                if (host := header(request.headers, b"host")) is not None:
                    read_host(host)
                status = await self.respond(wire, request, visitor)
            except VisitorError as error:
                if error.status is None or not wire.unanswered:
                    raise
                refusal = self.refusal(request, error.status, str(error))
                status = await send_answer(wire, request, refusal, close=True)
        except SendError:
            wire.break_off()
            return False
        except VisitorError:
            return False
        self.noted(method, path, status, visitor)
        if wire.next_cycle():
            return True
        await wire.linger()
        return False


async def _accept_one(listener: socket.socket) -> tuple[socket.socket, Any]:
    """Wait for a connection and accept it.

    Not with asyncio's sock_accept: cancelled at the moment of a connection, it leaves the connection open.
    """
    loop = asyncio.get_running_loop()
    accepted: asyncio.Future[tuple[socket.socket, Any]] = loop.create_future()
    loop.add_reader(listener, _accept_into, accepted, listener)
    try:
        connection, peer = await accepted
    except asyncio.CancelledError:
        if not accepted.cancelled() and accepted.exception() is None:
            accepted.result()[0].close()
        raise
    finally:
        loop.remove_reader(listener)
    connection.setblocking(False)
    return connection, peer


def _accept_into(accepted: asyncio.Future[tuple[socket.socket, Any]], listener: socket.socket) -> None:
    if accepted.done():
        return
    try:
        accepted.set_result(listener.accept())
    except BlockingIOError:
        pass  # the client has left already
    except OSError as error:
        accepted.set_exception(error)


async def send_answer(wire: Wire, request: h11.Request | None, answer: Response, *, close: bool = False) -> int:
    """Send a response and return its status.

    The connection closes after it if `close` is true, or if some of the request has not arrived; it then says so.
    """
    sent = [(name.encode("ascii"), value.encode("latin-1")) for name, value in answer.header_items()]
    if answer.stream is None and answer.status not in (204, 304):
        sent.append((b"Content-Length", str(len(answer.body)).encode("ascii")))
    if not wire.has_whole_request() or close:
        sent.append((b"Connection", b"close"))
    reason = HTTPStatus(answer.status).phrase.encode("ascii")
    head = h11.Response(status_code=answer.status, headers=sent, reason=reason)
    shown = request is None or request.method != b"HEAD"
    body = [h11.Data(data=answer.body)] if shown and answer.body else []
    try:
        if answer.stream is None or not shown:
            await wire.send(head, *body, h11.EndOfMessage())
        else:
            await wire.send(head, *body)
            if any(name.lower() == b"content-length" for name, _ in sent):
                # The other end knows the last byte, and may send its next request before we see that it was the last.
                await _send_parts(wire, answer.stream)
            else:
                await _send_stream(wire, answer.stream)
            await wire.send(h11.EndOfMessage())
    finally:
        answer.when_sent()
    return answer.status


async def _send_parts(wire: Wire, stream: AsyncIterable[bytes]) -> None:
    async for part in stream:
        await wire.send(h11.Data(data=part))


async def _send_stream(wire: Wire, stream: AsyncIterable[bytes]) -> None:
    """Send what the stream yields, until it ends or the other end leaves."""
    sending = asyncio.ensure_future(_send_parts(wire, stream))
    leaving = asyncio.ensure_future(wire.left())
    try:
        await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not sending.done():
            raise VisitorError("the visitor closed the connection")
        sending.result()
    finally:
        for task in (sending, leaving):
            task.cancel()
        await asyncio.gather(sending, leaving, return_exceptions=True)
