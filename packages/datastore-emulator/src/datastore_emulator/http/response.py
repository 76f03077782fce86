"""A response to an HTTP request, and errors as plain text."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus


@dataclass(frozen=True)
class Response:
    """A response; its length is set when it is sent. What `stream` yields, if there is one, is sent after `body`.

    `when_sent` is called in the event loop after all of it has been sent, or could not be.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = field(default_factory=dict)
    stream: AsyncIterable[bytes] | None = None
    when_sent: Callable[[], None] = lambda: None

    def header_items(self) -> Iterable[tuple[str, str]]:
        """Return the headers as pairs; a name may come twice."""
        return self.headers.items() if isinstance(self.headers, Mapping) else self.headers


def plain(status: int, words: str) -> Response:
    """Return an error as plain text: the status, its name and one sentence."""
    name = HTTPStatus(status).phrase
    return Response(status, f"{status} {name}: {words}\n".encode(), {"Content-Type": "text/plain; charset=utf-8"})
