"""A whole answer to a request, and errors in plain words."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus


@dataclass(frozen=True)
class Answer:
    """A response: the length is set when it is sent. `stream`, if there is one, is sent after `body` as it comes."""

    status: int
    body: bytes
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = field(default_factory=dict)
    stream: AsyncIterable[bytes] | None = None

    def header_items(self) -> Iterable[tuple[str, str]]:
        """Return the headers as pairs; a name may come twice."""
        return self.headers.items() if isinstance(self.headers, Mapping) else self.headers


def plain(status: int, words: str) -> Answer:
    """Return an error for people: the status, its name and one sentence, as text."""
    name = HTTPStatus(status).phrase
    return Answer(status, f"{status} {name}: {words}\n".encode(), {"Content-Type": "text/plain; charset=utf-8"})
