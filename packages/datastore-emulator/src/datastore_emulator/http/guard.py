"""Refusal of requests that a web page of another site may have sent.

A browser sends requests of any page to any address, also to this machine. `Origin` and `Sec-Fetch-Site` say which page
sent one. A page may also point its own name at 127.0.0.1 (DNS rebinding); `Host` then has that name.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from datastore_emulator.http.wire import VisitorError

RawHeaders = Iterable[tuple[bytes, bytes]]

# As in https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2, except for names: they may have every visible character
# that does not end a host in a URL, because an app behind a front end must cope with a Host such as `<script>`.
_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[^\x00-\x20/?#@:\[\]\\\x7f-\xff]*)(?::([0-9]{0,5}))?")
_HIGHEST_PORT = 65535


def read_host(value: bytes) -> str:
    """Return the name or address in a Host header, in lower case; raises VisitorError (400) if it is not a host."""
    match = _HOST.fullmatch(value)
    if match is None or int(match[2] or b"0") > _HIGHEST_PORT:
        raise VisitorError("the Host header is not a host and a port", 400)
    host = match[1].decode("ascii").lower()
    if host.startswith("["):
        host = host[1:-1]
        try:
            ipaddress.IPv6Address(host)
        except ValueError as error:
            raise VisitorError("the Host header is not a host and a port", 400) from error
    return host


def header(headers: RawHeaders, wanted: bytes) -> bytes | None:
    """Return the first value under a name written in lower case, None if there is none."""
    return next((value for name, value in headers if name.lower() == wanted), None)


def media_type(headers: RawHeaders) -> str:
    """Return the media type of the body, in lower case and without its parameters; "" if there is none."""
    return (header(headers, b"content-type") or b"").decode("latin-1").partition(";")[0].strip().lower()


@dataclass(frozen=True)
class Guard:
    """The rule for the requests that a listener accepts.

    `hosts` are names that it has besides `localhost` and the loopback addresses; None allows any name. Set `own_pages`
    for a listener that serves pages, which may send requests back to it.
    """

    hosts: frozenset[str] | None = frozenset()
    own_pages: bool = False

    def check(self, method: str, headers: RawHeaders) -> None:
        """Raise VisitorError (403) for a request that a page of another site may have sent."""
        headers = list(headers)
        host = header(headers, b"host")
        if host is None:
            raise VisitorError("the request has no Host header", 400)
        name = read_host(host)
        if not self._is_own_name(name):
            raise VisitorError(f"the request is for {name}, but this server accepts localhost only", 403)
        origin = header(headers, b"origin")
        if origin is not None and not (self.own_pages and origin == b"http://" + host):
            raise VisitorError(f"the request comes from a page at {_shown(origin)}", 403)
        site = header(headers, b"sec-fetch-site") or b"none"
        if site not in (b"none", b"same-origin") and not _follows_link(method, headers):
            raise VisitorError("the request comes from a page of another site", 403)

    def _is_own_name(self, name: str) -> bool:
        if self.hosts is None or name == "localhost" or name in self.hosts:
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False


def _follows_link(method: str, headers: RawHeaders) -> bool:
    """Return whether a user followed a link on another page; the browser then shows the response to no script."""
    navigates = header(headers, b"sec-fetch-mode") == b"navigate" and header(headers, b"sec-fetch-dest") == b"document"
    return method in ("GET", "HEAD") and navigates


def _shown(value: bytes) -> str:
    return value.decode("ascii", "backslashreplace")[:200]
