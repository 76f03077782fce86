"""The headers of a request that matter to an app; those of connections, caches and platforms do not."""

from __future__ import annotations

import re
from dataclasses import replace

from localcloud.traffic.recording import Headers, RecordedRequest

_LEFT_OUT = frozenset(
    {
        # Of the connection, and what the client that sends the request again writes itself.
        *("host", "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
        *("content-length", "accept-encoding", "expect", "http2-settings", "priority", "alt-used"),
        # Of the browser's cache: each app is asked for its whole answer.
        *("if-none-match", "if-modified-since", "if-range", "cache-control", "pragma"),
        # Of browsers about themselves.
        *("dnt", "upgrade-insecure-requests", "save-data"),
        # Of platforms and proxies, which add their own to each request.
        *("via", "forwarded", "x-real-ip", "x-cloud-trace-context", "traceparent", "tracestate"),
        *("function-execution-id", "x-client-data"),
        # They are kept apart.
        "cookie",
    }
)
_PREFIXES = (":", "sec-", "x-forwarded-", "x-appengine-", "x-google-", "cf-", "cdn-")
USUAL = (
    ("User-Agent", "Mozilla/5.0 (compatible; localcloud)"),
    ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
    ("Accept-Language", "en-US,en;q=0.9"),
)
"""What an app is sent for a header that a recording leaves out. Some apps fail without a User-Agent."""
# Most browsers are alike to apps; phones and programs are not.
_BROWSER = re.compile(r"Mozilla/5\.0 (?!.*(Mobi|Android|bot))", re.IGNORECASE)
_ORIGIN = re.compile(r"https?://[^/?#]*")


def keep_headers(headers: Headers, host: str) -> Headers:
    """Return the headers of a request to a host that matter. Cookies are kept apart.

    A Referer on that host has only its path: each app has its own host.
    """
    kept = []
    for name, value in headers:
        lower = name.lower()
        if lower in _LEFT_OUT or lower.startswith(_PREFIXES) or _says_nothing(lower, value):
            continue
        own = _ORIGIN.match(value) if lower in ("referer", "origin") else None
        if own and own[0].partition("://")[2].lower() == host.lower():
            if lower == "origin":
                continue
            value = value[own.end() :] or "/"  # noqa: PLW2901
        kept.append((name, value))
    return tuple(kept)


def _says_nothing(name: str, value: str) -> bool:
    """Return whether a header has the value that browsers usually send."""
    if name == "user-agent":
        return _BROWSER.match(value) is not None
    if name == "accept-language":
        return value.startswith("en-US,en;q=")
    return name == "accept" and ("application/xhtml+xml" in value or value.startswith(("image/", "text/css")))


def complete_headers(request: RecordedRequest) -> RecordedRequest:
    """Return a request with the headers that most browsers send, unless it has others."""
    names = {name.lower() for name, _ in request.headers}
    usual = tuple((name, value) for name, value in USUAL if name.lower() not in names)
    return replace(request, headers=usual + request.headers)


def name_own_host(request: RecordedRequest, url: str) -> RecordedRequest:
    """Return a request for the app at a URL, such as "http://localhost:8080": its Referer may be a page of that app."""
    headers = tuple(
        (name, url + value if name.lower() == "referer" and value.startswith("/") else value)
        for name, value in request.headers
    )
    return replace(request, headers=headers)
