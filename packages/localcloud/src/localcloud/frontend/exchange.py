"""An exchange between a visitor and an app, copied while it passes through the front end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import h11

LARGEST_BODY = 10_000_000
"""Bytes of a body that are copied."""


@dataclass(frozen=True)
class SeenExchange:
    """A request for an app with its answer, as they were sent. `visitor` is an address.

    `whole` is false if the request's body did not arrive, was not read, or is longer than LARGEST_BODY. The answer may
    be cut off; `status` is 0 if there was none.
    """

    app: str
    visitor: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    whole: bool
    status: int
    answer_headers: tuple[tuple[str, str], ...]
    answer_body: bytes


class Copy:
    """Copies the events of one exchange from the wire to a visitor, as its `Watcher`."""

    def __init__(self, request: h11.Request) -> None:
        self._request = request
        self._body = bytearray()
        self._whole = not _has_body(request)
        self._head: h11.Response | None = None
        self._answer = bytearray()

    def received(self, event: object) -> None:
        """Copy what the visitor sends."""
        if isinstance(event, h11.Data):
            self._body += event.data[: LARGEST_BODY + 1 - len(self._body)]
        elif isinstance(event, h11.EndOfMessage):
            self._whole = True

    def sent(self, event: h11.Event) -> None:
        """Copy what the visitor is sent."""
        if isinstance(event, h11.Response):
            self._head = event
        elif isinstance(event, h11.Data):
            self._answer += event.data[: LARGEST_BODY - len(self._answer)]

    def exchange(self, app: str, visitor: str) -> SeenExchange:
        """Return the exchange, which has ended."""
        head = self._head
        return SeenExchange(
            app,
            visitor,
            self._request.method.decode("ascii"),
            self._request.target.decode("ascii"),
            _decode(self._request.headers.raw_items()),
            bytes(self._body),
            self._whole and len(self._body) <= LARGEST_BODY,
            head.status_code if head else 0,
            _decode(head.headers.raw_items()) if head else (),
            bytes(self._answer),
        )


def _has_body(request: h11.Request) -> bool:
    headers = dict(request.headers)
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"


def _decode(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
