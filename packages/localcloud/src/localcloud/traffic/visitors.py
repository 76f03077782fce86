"""Which requests are of the same browser: it sends the cookies again that it was given."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from localcloud.traffic.recording import Answer, Exchange


class _Cookie(NamedTuple):
    value: str
    path: str
    secure: bool


class Visitors:
    """The sessions of a recording, each with the cookies that apps have set in it. `first` is the first number."""

    def __init__(self, first: int = 1) -> None:
        self._first = first
        self._jars: dict[str, dict[str, _Cookie]] = {}
        self._set_ever: dict[str, set[str]] = {}
        self._owners: dict[tuple[str, str], str] = {}
        self._of_client: dict[str, list[str]] = {}

    @property
    def count(self) -> int:
        """How many visitors there are."""
        return len(self._jars)

    def find(self, seen: Exchange) -> str:
        """Return the session that a request belongs to.

        That is the one that was given a cookie which it sends. A client that sends none of the cookies it would send
        is another visitor: a private window, or another person at the same address.
        """
        sent = split_cookies(seen.cookies)
        for pair in sent:
            if owner := self._owners.get(pair):
                return owner
        sessions = self._of_client.setdefault(seen.request.session, [])
        for session in reversed(sessions):
            if not self._misses_cookies(session, seen, sent):
                return session
        session = str(self._first + len(self._jars))
        sessions.append(session)
        self._jars[session] = {}
        return session

    def _misses_cookies(self, session: str, seen: Exchange, sent: list[tuple[str, str]]) -> bool:
        """Return whether the browser of a session would have sent a cookie that is not there."""
        fetched = next((value for name, value in seen.request.headers if name.lower() == "sec-fetch-dest"), "document")
        if fetched not in ("document", "empty", "iframe"):  # browsers get a manifest, for example, without cookies
            return False
        path = seen.request.target.partition("?")[0]
        jar = self._jars[session].items()
        expected = {(name, one.value) for name, one in jar if path.startswith(one.path) and not one.secure}
        return bool(expected) and expected.isdisjoint(sent)

    def own_cookies(self, session: str, cookies: str) -> str:
        """Return a Cookie header without those cookies that an app has set in the session."""
        known = self._set_ever.get(session, set())
        return "; ".join(f"{name}={value}" for name, value in split_cookies(cookies) if name not in known)

    def note(self, session: str, seen: Exchange) -> None:
        """Note the cookies that an answer sets in a session."""
        jar = self._jars.setdefault(session, {})
        for name, cookie in _read_set_cookies(seen.answer, seen.request.target):
            self._set_ever.setdefault(session, set()).add(name)
            if cookie is None:
                jar.pop(name, None)
            else:
                jar[name] = cookie
                # Two visitors may be given the same value, such as a language: that does not tell them apart.
                if self._owners.setdefault((name, cookie.value), session) != session:
                    self._owners[name, cookie.value] = ""


def split_cookies(header: str) -> list[tuple[str, str]]:
    """Return names and values of a Cookie header."""
    pairs = (pair.strip().partition("=") for pair in header.split(";"))
    return [(name, value) for name, equals, value in pairs if equals]


def _read_set_cookies(answer: Answer, target: str) -> list[tuple[str, _Cookie | None]]:
    """Return the cookies that an answer sets, None for one that it deletes."""
    found: list[tuple[str, _Cookie | None]] = []
    for header, value in answer.headers:
        if header.lower() != "set-cookie":
            continue
        pair, *rest = value.split(";")
        name, _, content = pair.strip().partition("=")
        attributes = {key.strip().lower(): text.strip() for key, _, text in (part.partition("=") for part in rest)}
        path = attributes.get("path", "")
        if not path.startswith("/"):  # RFC 6265, 5.1.4
            path = target.partition("?")[0].rpartition("/")[0] or "/"
        found.append((name, None if _is_over(attributes) else _Cookie(content, path, "secure" in attributes)))
    return found


def _is_over(attributes: dict[str, str]) -> bool:
    """Return whether a cookie with these attributes is one that the browser deletes."""
    if "max-age" in attributes:
        return attributes["max-age"].startswith(("-", "0"))
    try:
        ends = parsedate_to_datetime(attributes.get("expires", "").replace("-", " "))
    except ValueError:
        return False
    return ends.replace(tzinfo=ends.tzinfo or timezone.utc) < datetime.now(timezone.utc)
