"""The headers that each platform's front end removes from a request, and those it adds.

Names and values stay bytes: a visitor may send any byte, and the app must receive that byte.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping

from localcloud.frontend.sign_in import User
from localcloud.launch.plan import Platform

RawHeaders = list[tuple[bytes, bytes]]

APP_ENGINE = frozenset({Platform.APP_ENGINE, Platform.APP_ENGINE_PYTHON27})

# The addresses after the visitor's in X-Forwarded-For. App Engine's Python 3 runtimes were always seen to append the
# first. A load balancer appends its own public address; here it is an address of this machine that no visitor has.
APP_ENGINE_HOP = "169.254.1.1"
LOAD_BALANCER = "127.0.0.253"

# https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1, and Trailer because trailers are not passed on.
_HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
)
# A `Connection` header may not name these: a message cannot be read without them.
_ALWAYS_KEPT = frozenset({b"host", b"content-length"})
# The front end answers "100 Continue" itself.
_ENDS_HERE = frozenset({b"expect", b"proxy-authorization"})

# Headers that a client cannot send. Google's page on App Engine's request headers also names Accept-Encoding, but apps
# on Python 3 were seen to receive it: localcloud/platforms has the sources.
_REMOVED = {
    Platform.APP_ENGINE: re.compile(rb"x-appengine-.*|x-google-.*", re.DOTALL),
    Platform.APP_ENGINE_PYTHON27: re.compile(rb"x-appengine-.*|x-google-.*|accept-encoding", re.DOTALL),
    Platform.FUNCTIONS: re.compile(rb"x-google-.*", re.DOTALL),
}

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
_CLOUD_TRACE = re.compile(rb"([0-9a-f]{32})(?:/.*)?", re.IGNORECASE)


def for_app(
    platform: Platform,
    received: Iterable[tuple[bytes, bytes]],
    *,
    visitor: str,
    hostname: str,
    chunked: bool,
    extra: Mapping[str, str],
    behind_load_balancer: bool = False,
    user: User | None = None,
    from_app_engine: bool = False,
) -> RawHeaders:
    """Return the headers for the app: the visitor's own in their order, without the reserved ones, then the platform's.

    `hostname` is the app's public address. `chunked` says that the body has no announced length. `extra` are the
    launcher's headers. `behind_load_balancer` says that the visitor comes through one. Cloud Run and functions keep a
    client's X-Appengine-* headers, since these platforms do not reserve them. `user` has signed in. A request that is
    `from_app_engine` itself, such as a task, keeps its X-Appengine-* headers.
    """
    headers = list(received)
    added = _added(platform, headers, visitor, hostname, behind_load_balancer)
    added += user.headers if user and platform in APP_ENGINE else []
    added += [(name.encode("ascii"), value.encode("latin-1")) for name, value in extra.items()]
    if chunked:
        added.append((b"Transfer-Encoding", b"chunked"))
    # To a WSGI app X_Appengine_User_Ip and X-Appengine-User-Ip are one name, so they are one name here, too.
    owned = {_canonical(name) for name, _ in added} | _HOP_BY_HOP | _ENDS_HERE | _named_by_connection(headers)
    if chunked:
        owned.add(b"content-length")
    removed = None if from_app_engine else _REMOVED.get(platform)
    kept = []
    for name, value in headers:
        canonical = _canonical(name)
        if canonical in owned or (removed and removed.fullmatch(canonical)):
            continue
        kept.append((name, value))
    if not any(name.lower() == b"host" for name, _ in kept):  # HTTP/1.0 has no Host, and the app receives HTTP/1.1
        kept.insert(0, (b"Host", hostname.encode("ascii")))
    return [*kept, *added, (b"Connection", b"close")]


def for_visitor(received: Iterable[tuple[bytes, bytes]]) -> RawHeaders:
    """Return the headers for the visitor: the app's in their order, without those of its connection."""
    headers = list(received)
    dropped = _HOP_BY_HOP | _named_by_connection(headers)
    return [(name, value) for name, value in headers if name.lower() not in dropped]


def has_app_engine_headers(received: Iterable[tuple[bytes, bytes]]) -> bool:
    """Return whether there are headers that App Engine reserves."""
    return any(_canonical(name).startswith(b"x-appengine-") for name, _ in received)


def wants_websocket(received: Iterable[tuple[bytes, bytes]]) -> bool:
    """Return whether the visitor asks for a WebSocket."""
    return any(name.lower() == b"upgrade" and value.lower() == b"websocket" for name, value in received)


def _added(
    platform: Platform, received: RawHeaders, visitor: str, hostname: str, behind_load_balancer: bool
) -> RawHeaders:
    trace = _trace_id(received)
    span = secrets.token_hex(8)
    # https://cloud.google.com/trace/docs/trace-context: one trace in two notations, the span in decimal here.
    added = [(b"X-Cloud-Trace-Context", f"{trace}/{int(span, 16)};o=0".encode("ascii"))]
    if platform in APP_ENGINE:
        added += [
            (b"X-Appengine-User-Ip", visitor.encode("ascii")),
            (b"X-Appengine-Https", b"off"),
            (b"X-Appengine-Country", b"ZZ"),  # documented as "unknown country"
            (b"X-Appengine-Default-Version-Hostname", hostname.encode("ascii")),
            (b"X-Appengine-Request-Log-Id", secrets.token_hex(32).encode("ascii")),
        ]
    if platform is Platform.APP_ENGINE_PYTHON27:
        return added  # this runtime has the visitor in REMOTE_ADDR, and was seen to receive no header about proxies
    hops = [visitor]
    if platform is Platform.APP_ENGINE:
        hops.append(APP_ENGINE_HOP)
        added.append((b"X-Appengine-Timeout-Ms", b"599999"))
    if behind_load_balancer:
        hops.append(LOAD_BALANCER)
        added.append((b"Via", b", ".join([*_all(received, b"via"), b"1.1 google"])))
    node = f"[{visitor}]" if ":" in visitor else visitor
    return [
        *added,
        (b"X-Forwarded-For", b", ".join([*_all(received, b"x-forwarded-for"), *(hop.encode("ascii") for hop in hops)])),
        (b"X-Forwarded-Proto", b"http"),
        (b"Forwarded", f'for="{node}";proto=http'.encode("ascii")),
        (b"Traceparent", f"00-{trace}-{span}-00".encode("ascii")),
    ]


def _all(received: RawHeaders, wanted: bytes) -> list[bytes]:
    """Return the values that a client sent under a name, in their order, without empty ones."""
    return [value for name, value in received if name.lower() == wanted and value]


def _trace_id(received: RawHeaders) -> str:
    """Return the trace id that the visitor sent, or a new one."""
    for name, value in received:
        pattern = {b"traceparent": _TRACEPARENT, b"x-cloud-trace-context": _CLOUD_TRACE}.get(name.lower())
        match = pattern.fullmatch(value) if pattern else None
        if match and match[1].strip(b"0"):  # all zeros is the standard's "no trace"
            return match[1].decode("ascii").lower()
    return secrets.token_hex(16)


def _named_by_connection(headers: RawHeaders) -> frozenset[bytes]:
    named = (
        option.strip().lower()
        for name, value in headers
        if name.lower() == b"connection"
        for option in value.split(b",")
    )
    return frozenset(named) - _ALWAYS_KEPT


def _canonical(name: bytes) -> bytes:
    return name.lower().replace(b"_", b"-")
