"""`codelab probe`: visit a deployed app with forged headers, and find out if it shows the right address."""

from __future__ import annotations

import queue
import re
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import httpx

from codelab.commands.probe_result import (
    FORGED_ENTRIES,
    FORGED_HEADERS,
    Address,
    AppAnswer,
    NoAnswer,
    ProbeResult,
    explain,
    read_address,
)
from codelab.errors import CodelabError
from codelab.invocation import suggest

T = TypeVar("T")

_VISITS = 3
# Seconds for one visit (a cold start may take that long), for all visits together, and between two visits.
_PATIENCE, _ALL_VISITS, _PAUSE = 60.0, 90.0, 2.0
_LONGEST_PAGE = 1 << 17  # bytes
# The local cloud's proxies have addresses such as 127.0.0.1, so a visitor on this machine needs a different one.
_LOCAL_VISITOR = "127.0.0.77"
_PLACEHOLDER = re.compile(r"PROJECT_ID|PROJECT_NUMBER|REGION_ID|REGION|SERVICE|VERSION|HASH|\.\.\.|…")


def probe(text: str, *, patience: float = _PATIENCE, pause: float = _PAUSE) -> ProbeResult:
    """Visit the app at this URL, and return what it shows and if that is right.

    One visit is enough, unless its result may pass; then there are up to three. A visit may take `patience` seconds;
    `pause` is the time between two. Raises CodelabError for a text that is not the URL of an app.
    """
    url = read_url(text)
    if placeholder := _PLACEHOLDER.search(text):
        raise CodelabError(f'"{placeholder[0]}" in the URL is a placeholder; replace it with your own value')
    name = f"codelab-probe/{secrets.token_hex(8)}"
    end = time.monotonic() + _ALL_VISITS
    for number in range(1, _VISITS + 1):
        seconds = min(patience, end - time.monotonic())
        # A new visitor each time, since an app may answer a returning one from a cache.
        result = explain(url.host, _visit(url, f"{name}.{number}", seconds), name)
        if not result.may_pass or time.monotonic() + pause >= end:
            break
        if number < _VISITS:
            time.sleep(pause)
    return result


def _example() -> str:
    return suggest("probe", url="https://...")


def read_url(text: str) -> httpx.URL:
    """Read the URL of an app; raises CodelabError, which says what to write, for any other text."""
    if not text:
        raise CodelabError(f"no URL to visit; write {_example()}")
    if "://" not in text:
        scheme = "http" if re.match(r"localhost\b|127\.", text) else "https"
        raise CodelabError(f'"{text}" has no scheme; write {scheme}://{text}')
    try:
        url = httpx.URL(text).copy_with(fragment=None)
    except httpx.InvalidURL as error:
        raise CodelabError(f'"{text}" is not a URL ({error}); write {_example()}') from error
    if url.scheme not in ("http", "https"):
        raise CodelabError(f'"{url.scheme}:" is not supported; write https:// or, on this machine, http://')
    if not url.host or "%" in url.host:
        raise CodelabError(f'"{text}" has no host; write {_example()}')
    if url.userinfo:
        raise CodelabError(f"the URL has a user name or a password; write {url.copy_with(userinfo=b'')}")
    if not 0 < (url.port or 80) < 65536:
        raise CodelabError(f'"{url.port}" is not a port; write one from 1 to 65535')
    return url


def _visit(url: httpx.URL, user_agent: str, seconds: float) -> AppAnswer | NoAnswer:
    """Fetch the page within these seconds. Not even a name server that hangs can take longer."""
    try:
        return _within(seconds, lambda: _fetch(url, user_agent, seconds))
    except (httpx.TimeoutException, TimeoutError):
        return NoAnswer(f"the app did not answer within {seconds:.0f} seconds", in_log=True)


def _fetch(url: httpx.URL, user_agent: str, seconds: float) -> AppAnswer | NoAnswer:
    addresses = _resolve(url)
    local = bool(addresses) and all(address.is_loopback or address.is_unspecified for address in addresses)
    # Without an explicit transport, httpx uses the proxy of the environment, which this machine does not need.
    transport = httpx.HTTPTransport(local_address=_local_visitor(addresses)) if local else None
    try:
        with (
            httpx.Client(transport=transport, timeout=seconds) as client,
            client.stream("GET", url, headers=_headers(user_agent)) as response,
        ):
            own = _own_address(response)
            page = bytearray()
            for piece in response.iter_bytes():
                page += piece
                if len(page) > _LONGEST_PAGE:
                    break
            return AppAnswer(
                response.status_code,
                page.decode("utf-8", "replace"),
                _target(url, response),
                # If the visit left by a proxy on this machine, the app has to show another address.
                own if local or not (own and own.is_loopback) else None,
                addresses,
            )
    except httpx.TimeoutException:
        raise
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        return _explain_error(url, error, bool(addresses))


def _headers(user_agent: str) -> dict[str, str]:
    return {
        **FORGED_HEADERS,
        "Forwarded": f"for={FORGED_HEADERS['Forwarded']}",
        "X-Forwarded-For": ", ".join(FORGED_ENTRIES),
        "User-Agent": user_agent,
        "Accept": "text/html",
        # An uncompressed page cannot grow on arrival.
        "Accept-Encoding": "identity",
    }


def _explain_error(url: httpx.URL, error: BaseException, resolved: bool) -> NoAnswer:
    """Explain a missing answer by the error at the bottom of httpx's."""
    causes = [error]
    while cause := causes[-1].__cause__ or causes[-1].__context__:
        causes.append(cause)
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            why = getattr(cause, "verify_message", "") or cause.reason or "no TLS"
            return NoAnswer(f"TLS with {url.host} failed ({why}). An app on this machine has an http:// URL")
        unnamed = isinstance(cause, socket.gaierror | UnicodeError)
        if unnamed and not resolved:
            return NoAnswer(f"there is no host {url.host}. Compare the URL with the one that the deployment printed")
        # The host may be 127.0.0.1, which refused, and then ::1, where the local visitor's address does not fit.
        if unnamed or isinstance(cause, ConnectionRefusedError):
            return NoAnswer(f"{url.netloc.decode()} refused the connection. Is the app running there?")
    return NoAnswer(f"the connection broke off ({str(error) or type(error).__name__})", in_log=True)


def _target(url: httpx.URL, response: httpx.Response) -> str | None:
    """Return the whole URL that the answer redirects to."""
    location = str(response.headers.get("Location", ""))
    try:
        return str(url.join(location)) if location else None
    except httpx.InvalidURL:
        return location


def _resolve(url: httpx.URL) -> frozenset[Address]:
    """Return the addresses of the URL's host; none if its name is unknown here. A proxy may know it."""
    try:
        found = socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return frozenset()
    addresses = (read_address(str(end[0])) for *_, end in found)
    return frozenset(address for address in addresses if address is not None)


def _local_visitor(addresses: frozenset[Address]) -> str | None:
    """Return the address for visits to this machine; None for the default, since only Linux has all of 127/8."""
    if not any(address.version == 4 and address.is_loopback for address in addresses):
        return None
    with socket.socket() as trial:
        try:
            trial.bind((_LOCAL_VISITOR, 0))
        except OSError:
            return None
    return _LOCAL_VISITOR


def _own_address(response: httpx.Response) -> Address | None:
    """Return the address of this end of the connection."""
    stream = response.extensions.get("network_stream")
    end = stream.get_extra_info("client_addr") if stream else None
    return read_address(str(end[0])) if end else None


def _within(seconds: float, get: Callable[[], T]) -> T:
    """Return what `get` returns, or raise TimeoutError and leave its thread behind, which ends with the command.

    It waits in short pieces, so that Ctrl-C ends it at once.
    """
    outcome: queue.SimpleQueue[T | BaseException] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcome.put(get())
        except BaseException as error:
            outcome.put(error)

    threading.Thread(target=run, daemon=True).start()
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        try:
            found = outcome.get(timeout=min(left, 0.2))
        except queue.Empty:
            continue
        if isinstance(found, BaseException):
            raise found
        return found
    raise TimeoutError
