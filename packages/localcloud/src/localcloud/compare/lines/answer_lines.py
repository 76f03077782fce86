"""An answer as lines: its status, redirect, type, headers and cookies, and its body."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from localcloud.compare.lines.document import document_lines, media_type
from localcloud.compare.lines.places import general_name
from localcloud.compare.observation import Aspect, Line
from localcloud.traffic import Answer
from localcloud.traffic.values import is_json

# Headers of the connection, of the server and of the platform, and those that are aspects of their own.
_NOT_COMPARED = {
    "alt-svc",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "keep-alive",
    "location",
    "server",
    "set-cookie",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-cloud-trace-context",
}
_SETS = {"vary", "allow", "cache-control", "access-control-allow-methods", "access-control-allow-headers"}
_COOKIE_FLAGS = {
    "path": "Path",
    "domain": "Domain",
    "samesite": "SameSite",
    "httponly": "HttpOnly",
    "secure": "Secure",
    "partitioned": "Partitioned",
}
_LOCALHOST = r"(localhost|127\.0\.0\.1|\[::1\])"


def answer_lines(answer: Answer | None, port: int) -> dict[Aspect, tuple[Line, ...]]:
    """Return an answer as lines, None for no answer. `port` is the app's own, which its answers may name."""
    if answer is None:
        return {Aspect.STATUS: (Line("status", "no answer"),)}
    answer = _without_port(answer, port)
    return {
        Aspect.STATUS: (Line("status", _status(answer.status)),),
        Aspect.REDIRECT: tuple(_redirect(answer)),
        Aspect.CONTENT_TYPE: tuple(_content_type(answer)),
        Aspect.HEADERS: tuple(_headers(answer)),
        Aspect.COOKIES: tuple(_cookies(answer)),
        # Browsers show no page with a redirect; frameworks write one of their own.
        Aspect.DOCUMENT: () if answer.header("Location") else document_lines(answer),
    }


def _without_port(answer: Answer, port: int) -> Answer:
    """Return the answer with the app's own address replaced by one that all apps share."""
    own = re.compile(rf"\b{_LOCALHOST}(:|%3[Aa]){port}\b")
    shared = r"localhost"
    headers = tuple((name, own.sub(shared, value)) for name, value in answer.headers)
    body = re.sub(own.pattern.encode(), shared.encode(), answer.body)
    return replace(answer, headers=headers, body=body)


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _redirect(answer: Answer) -> Iterator[Line]:
    location = answer.header("Location")
    if location:
        # Werkzeug writes a path where webapp2 writes an address: both lead to the same place.
        yield Line("Location", re.sub(r"^https?://localhost(?=/|$)", "", location) or "/")


def _content_type(answer: Answer) -> Iterator[Line]:
    value = answer.header("Content-Type")
    if value:
        kind, charset = media_type(value)
        if charset == "utf-8" and is_json(kind):
            charset = ""  # JSON is UTF-8 (RFC 8259, 8.1), and some frameworks say so
        yield Line("Content-Type", f"{kind}; charset={charset}" if charset else kind)


def _headers(answer: Answer) -> Iterator[Line]:
    found = [(name.lower(), value.strip()) for name, value in answer.headers if name.lower() not in _NOT_COMPARED]
    for name, value in sorted(found):
        if name == "expires" and _is_never_kept(answer):
            continue  # adds nothing, and App Engine's SDK for Python 2.7 sends it with each cookie
        shown = "-".join(part.capitalize() for part in name.split("-"))
        yield Line(shown, f"{shown}: {_in_order(name, value) if name in _SETS else value}")


def _is_never_kept(answer: Answer) -> bool:
    """Return whether no cache may show an answer again without asking the app."""
    return bool({"no-cache", "no-store"} & {part.strip().lower() for part in answer.header("Cache-Control").split(",")})


def _in_order(name: str, value: str) -> str:
    """Return the members of a header that is a set, in an order of ours."""
    members = {part.strip() for part in (value.lower() if name == "vary" else value).split(",")}
    return ", ".join(sorted(members))


def _cookies(answer: Answer) -> Iterator[Line]:
    """Yield the names and flags of the cookies that an answer sets; their values are the app's own affair."""
    set_cookies = sorted(value for name, value in answer.headers if name.lower() == "set-cookie")
    for cookie in set_cookies:
        pair, *attributes = (part.strip() for part in cookie.split(";"))
        name, _, value = pair.partition("=")
        place = general_name(name)
        flags = {key.strip().lower(): text.strip() for key, _, text in (part.partition("=") for part in attributes)}
        life = _lifetime(flags, answer.header("Date"))
        if life is not None and life <= 0:
            yield Line(place, f"{name} is deleted")
            continue
        yield Line(place, f"{name} is set" + ("" if value.strip('"') else ", to nothing"))
        for key, word in _COOKIE_FLAGS.items():
            if key in flags:
                text = flags[key].capitalize() if key == "samesite" else flags[key]
                yield Line(f"{place} {key}", f"{name}: {word}" + (f"={text}" if text else ""))
        lasts = "until the browser is closed" if life is None else f"for {_round(life)}"
        yield Line(f"{place} lifetime", f"{name}: {lasts}")


def _lifetime(flags: dict[str, str], date: str) -> float | None:
    """Return how many seconds a cookie lives, None until the browser is closed."""
    if "max-age" in flags:
        try:
            return float(flags["max-age"])
        except ValueError:
            return None
    if not flags.get("expires"):
        return None
    expires = _read_date(flags["expires"])
    now = _read_date(date) or datetime.now(timezone.utc)
    return (expires - now).total_seconds() if expires else None


def _read_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=timezone.utc)


def _round(seconds: float) -> str:
    """Return a time in words. Expires has whole seconds, so the same time may come out as one second less."""
    minutes = (seconds + 5) // 60
    return f"{minutes:,.0f} minutes" if minutes else f"{seconds:.0f} seconds"
