"""An HTTP service: a listener with a guard that reads whole requests and answers them with blocking code."""

from __future__ import annotations

import abc
import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import h11

from datastore_emulator.http.guard import Guard, header, media_type
from datastore_emulator.http.listener import Listener, send_answer
from datastore_emulator.http.response import Response, plain
from datastore_emulator.http.wire import VisitorError, Wire
from datastore_emulator.http.workers import Workers

_log = logging.getLogger(__name__)

_BODY_SECONDS = 60.0


@dataclass(frozen=True)
class Request:
    """A whole request: the target as a path with its query, the headers in order, and the body."""

    method: str
    target: str
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    visitor: str

    def header(self, name: bytes) -> str:
        """Return the first value under a name written in lower case; "" if there is none."""
        return (header(self.headers, name) or b"").decode("latin-1")

    @property
    def content_type(self) -> str:
        """The media type of the body, in lower case and without its parameters; "" if there is none."""
        return media_type(self.headers)


class HttpService(Listener):
    """A listener that calls `answer` for each request, on one of a bounded number of threads.

    `answer` gets a request only if the guard accepts it, and once all of it has arrived.
    """

    def __init__(self, name: str, guard: Guard, *, largest_body: int, workers: int = 32) -> None:
        super().__init__()
        self._guard = guard
        self._largest_body = largest_body
        self.workers = Workers(name, workers)

    @abc.abstractmethod
    def answer(self, request: Request) -> Response:
        """Answer a request. `refusal` answers a VisitorError; another exception is a bug, logged and answered 500."""

    def check(self, request: h11.Request) -> None:
        """Raise VisitorError for a request that can be refused before its body is read."""

    def refusal(self, request: h11.Request | None, status: int, reason: str) -> Response:
        """Return the response to a request that is refused; `request` is None if it could not be read."""
        return plain(status, reason)

    def close(self) -> None:
        """Stop listening, and break off requests in progress."""
        super().close()
        self.workers.stop()

    async def respond(self, wire: Wire, request: h11.Request, visitor: str) -> int:
        """Answer the request and return the status."""
        self._guard.check(request.method.decode("ascii"), request.headers)
        if int(header(request.headers, b"content-length") or b"0") > self._largest_body:
            raise VisitorError(f"the body is longer than {self._largest_body} bytes", 413)
        self.check(request)
        try:
            body = await asyncio.wait_for(wire.read_body(self._largest_body), _BODY_SECONDS)
        except asyncio.TimeoutError as error:
            raise VisitorError(f"the body did not arrive within {_BODY_SECONDS:g} seconds", 408) from error
        whole = Request(
            request.method.decode("ascii"),
            origin_form(request.target).decode("ascii"),
            list(request.headers.raw_items()),
            body,
            visitor,
        )
        try:
            answer = await self.workers.run(self.answer, whole)
        except VisitorError:
            raise
        except Exception:
            _log.exception("%s %s failed", whole.method, whole.target)
            answer = self.refusal(request, 500, "internal error; the server's log has the traceback")
        return await send_answer(wire, request, answer)


def origin_form(target: bytes) -> bytes:
    """Return the target as path and query; a client with a proxy setting sends http://host/path."""
    scheme, separator, rest = target.partition(b"://")
    if not separator or scheme.lower() not in {b"http", b"https"}:
        return target
    slash, query = rest.find(b"/"), rest.find(b"?")
    if slash == -1 or -1 < query < slash:
        return b"/" + (rest[query:] if query != -1 else b"")
    return rest[slash:]
