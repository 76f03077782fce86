"""A visitor: an HTTP client with an address and a user agent of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from typing import NamedTuple

import httpx

from codelab.compare.page import Page, document, parse, visits

# A long time-out: Google's clients retry for a while when the Datastore is down.
PATIENCE = 90


@dataclass(frozen=True)
class Visitor:
    """The address that a request comes from, the bytes of its User-Agent (None: no such header), and other headers."""

    user_agent: bytes | None = b"suite"
    address: str = "127.0.0.1"
    headers: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def line(self) -> str:
        """The page's text for this visitor. Header bytes are Latin-1 in WSGI (PEP 3333)."""
        return f"{self.address}: {(self.user_agent or b'').decode('latin-1')}".strip()


class Document(NamedTuple):
    """An answer as a person sees it; `nodes` is the parsed page, empty if there is none."""

    status: int
    content_type: str
    nodes: list[tuple[str, ...]]


@dataclass(frozen=True)
class Answer:
    """An answer, and when its request started and ended."""

    visitor: Visitor
    status: int
    headers: httpx.Headers
    text: str
    started: datetime
    ended: datetime

    @cached_property
    def page(self) -> Page:
        """The parsed page."""
        return parse(self.text)

    @cached_property
    def visits(self) -> list[tuple[datetime, str]]:
        """The visits that the page lists, in its order: their time, and the visitor's line."""
        return [(time, visitor.strip()) for time, visitor in visits(self.page)]

    @property
    def listed(self) -> list[str]:
        """The visitors that the page lists, in its order."""
        return [visitor for _, visitor in self.visits]

    def document(self) -> Document:
        """Return the parts that START and FINISH must have in common."""
        content_type = self.headers.get("Content-Type", "").replace("UTF-8", "utf-8")
        return Document(self.status, content_type, document(self.page) if self.text else [])


@dataclass
class Browser:
    """Sends requests to one app, over connections that it keeps."""

    url: str
    patience: float = PATIENCE
    _clients: dict[str, httpx.Client] = field(default_factory=dict)

    def request(self, visitor: Visitor, method: str = "GET", path: str = "/") -> Answer:
        """Send this visitor's request and return the answer."""
        url = self.url.replace("localhost", "[::1]" if visitor.address == "::1" else "127.0.0.1")
        client = self._client(visitor.address)
        request = client.build_request(method, url + path, headers=[(b"Accept", b"text/html"), *visitor.headers])
        request.headers.pop("User-Agent", None)
        if visitor.user_agent is not None:
            request.headers = httpx.Headers([*request.headers.raw, (b"User-Agent", visitor.user_agent)])
        started = datetime.now(timezone.utc)
        response = client.send(request)
        return Answer(
            visitor,
            response.status_code,
            response.headers,
            response.content.decode("utf-8-sig"),  # a browser skips a byte order mark, too
            started,
            datetime.now(timezone.utc),
        )

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()

    def _client(self, address: str) -> httpx.Client:
        if address not in self._clients:
            # verify=False: no app here has TLS, and loading the certificates takes longer than a visit.
            transport = httpx.HTTPTransport(local_address=address, verify=False)
            self._clients[address] = httpx.Client(transport=transport, timeout=self.patience)
        return self._clients[address]
