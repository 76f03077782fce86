"""The client of a comparison: sends requests exactly as they are recorded, with the cookies that the app has set."""

from __future__ import annotations

import contextlib
import http.client
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from localcloud.traffic import Answer, RecordedRequest
from localcloud.traffic.given import decompress

# Google's clients retry for a while when a service is away.
_PATIENCE_SECONDS = 60
# Longer bodies are cut, so that all three fit into memory, and so is a stream that does not end.
_LARGEST_BODY = 32 * 1024 * 1024
_AT_ONCE = 256 * 1024
# What belongs to a connection, or to the browser that was recorded.
_NOT_SENT = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "expect", "keep-alive"}


@dataclass
class _Cookie:
    value: str
    path: str
    expires: float | None


@dataclass
class Jar:
    """The cookies of one session, as a browser keeps those of one host.

    A Secure cookie is sent over HTTP, too, as browsers do for localhost.
    """

    _cookies: dict[tuple[str, str], _Cookie] = field(default_factory=dict)

    def header(self, target: str) -> str:
        """Return the Cookie header for a target, "" for none. Longer paths come first (RFC 6265, 5.4)."""
        path = target.partition("?")[0]
        now = time.time()
        sent = [
            (name, cookie)
            for (name, _), cookie in self._cookies.items()
            if _covers(cookie.path, path) and (cookie.expires is None or cookie.expires > now)
        ]
        return "; ".join(f"{name}={cookie.value}" for name, cookie in sorted(sent, key=lambda one: -len(one[1].path)))

    def keep(self, target: str, answer: Answer) -> None:
        """Keep the cookies that an answer sets, and forget those that it deletes."""
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                self._set(target.partition("?")[0], value)

    def _set(self, requested: str, header: str) -> None:
        pair, *attributes = header.split(";")
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not equals or not name:
            return
        flags = {key.strip().lower(): text.strip() for key, _, text in (part.partition("=") for part in attributes)}
        path = flags.get("path", "")
        if not path.startswith("/"):
            path = requested.rpartition("/")[0] or "/"
        expires = None
        if "max-age" in flags:
            with contextlib.suppress(ValueError):
                expires = time.time() + float(flags["max-age"])
        elif flags.get("expires"):
            with contextlib.suppress(ValueError, OverflowError):
                expires = parsedate_to_datetime(flags["expires"]).timestamp()
        if expires is not None and expires <= time.time():
            self._cookies.pop((name, path), None)
        else:
            self._cookies[name, path] = _Cookie(value, path, expires)


def _covers(cookie: str, path: str) -> bool:
    return path == cookie or (path.startswith(cookie) and (cookie.endswith("/") or path[len(cookie)] == "/"))


class Browser:
    """Sends requests to one app, each on a connection of its own. Each session has its own cookies."""

    def __init__(self, url: str) -> None:
        self.port = urlsplit(url).port or 80
        self._jars: dict[str, Jar] = {}

    def send(self, request: RecordedRequest) -> Answer | None:
        """Send a request and return the answer; None if there is none."""
        jar = self._jars.setdefault(request.session, Jar())
        connection = http.client.HTTPConnection(
            "::1" if ":" in request.address else "127.0.0.1",
            self.port,
            timeout=_PATIENCE_SECONDS,
            source_address=(request.address, 0) if request.address else None,
        )
        try:
            answer = _exchange(connection, request, jar.header(request.target))
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        jar.keep(request.target, answer)
        return answer


def _exchange(connection: http.client.HTTPConnection, request: RecordedRequest, cookies: str) -> Answer:
    connection.putrequest(request.method, request.target, skip_accept_encoding=True)
    for name, value in request.headers:
        if name.lower() == "cookie":
            cookies = f"{cookies}; {value}" if cookies else value
        elif name.lower() not in _NOT_SENT:
            connection.putheader(name, _on_one_line(value))
    if cookies:
        connection.putheader("Cookie", _on_one_line(cookies))
    if request.body or request.method in ("POST", "PUT", "PATCH"):
        connection.putheader("Content-Length", str(len(request.body)))
    connection.endheaders(request.body or None)
    response = connection.getresponse()
    body = decompress(_read_body(response), response.getheader("Content-Encoding", "").lower())
    return Answer(response.status, tuple(response.getheaders()), body)


def _on_one_line(value: str) -> bytes:
    """Return a header's value; one that an app has given out may have line ends, which would begin another header."""
    return " ".join(value.splitlines()).encode("latin-1", "replace")


def _read_body(response: http.client.HTTPResponse) -> bytes:
    """Return a body, or its beginning; raises HTTPException if the app has not sent all that it announced."""
    end = time.monotonic() + _PATIENCE_SECONDS
    body = bytearray()
    while len(body) < _LARGEST_BODY and time.monotonic() < end:
        piece = response.read1(_AT_ONCE)
        if not piece:
            if response.length:
                raise http.client.IncompleteRead(bytes(body), response.length)
            break
        body += piece
    return bytes(body[:_LARGEST_BODY])
