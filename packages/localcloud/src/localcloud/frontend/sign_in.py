"""The sign-in page of App Engine's users service, and `login:` of app.yaml.

As under dev_appserver, there is no password: a visitor chooses any address, and may write the cookie by hand. Page,
parameters and cookie have dev_appserver's names, so the legacy SDK behind a front end knows the same user.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, quote, urlsplit

from datastore_emulator.http.guard import header
from datastore_emulator.http.response import Response, plain

LOGIN, LOGOUT = "/_ah/login", "/_ah/logout"
_COOKIE = "dev_appserver_login"
ADMINISTRATOR = f'{_COOKIE}="localcloud@example.com:True:0"'
"""The Cookie header of an administrator, for requests of App Engine itself."""

_ADDRESS = re.compile(r"[^\s:;,\"\\<>@]+@[^\s:;,\"\\<>@]+")

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in</title></head>
<body style="font-family: sans-serif; width: 20em; margin: 4em auto">
<form method="get" action="/_ah/login">
<h1>{heading}</h1>
<p><label>Email: <input type="text" name="email" value="{email}"></label></p>
<p><label><input type="checkbox" name="admin" value="True"{checked}> Sign in as administrator</label></p>
<p><input type="submit" name="action" value="Login"> <input type="submit" name="action" value="Logout"></p>
<input type="hidden" name="continue" value="{onward}">
<p>localcloud asks for no password. Any address will do.</p>
</form></body></html>
"""


@dataclass(frozen=True)
class User:
    """A visitor who has signed in."""

    email: str
    admin: bool

    @property
    def id(self) -> str:
        """The id that dev_appserver gives to this address."""
        digest = hashlib.md5(self.email.lower().encode(), usedforsecurity=False).digest()
        return "1" + "".join(f"{byte:02d}" for byte in digest)[:20]

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers in which App Engine tells the app who has signed in."""
        return [
            (b"X-Appengine-User-Email", self.email.encode()),
            (b"X-Appengine-User-Id", self.id.encode()),
            (b"X-Appengine-User-Nickname", self.email.partition("@")[0].encode()),
            (b"X-Appengine-User-Is-Admin", b"1" if self.admin else b"0"),
        ]


def read_user(headers: Sequence[tuple[bytes, bytes]]) -> User | None:
    """Return the user whom a request's cookie names."""
    cookies: SimpleCookie = SimpleCookie()
    for name, value in headers:
        if name.lower() == b"cookie":
            try:
                cookies.load(value.decode("latin-1"))
            except CookieError:
                continue
    if _COOKIE not in cookies:
        return None
    email, admin, _ = [*cookies[_COOKIE].value.split(":"), "", ""][:3]
    return User(email, admin == "True") if _is_address(email) else None


def answer_sign_in(path: str, target: str, headers: Sequence[tuple[bytes, bytes]]) -> Response | None:
    """Answer a request for the sign-in page; None if it is for another one."""
    if path not in (LOGIN, LOGOUT):
        return None
    query = {name: values[-1] for name, values in parse_qs(urlsplit(target).query).items()}
    onward = _onward(query.get("continue", ""), headers)
    action = "logout" if path == LOGOUT else query.get("action", "").lower()
    if action == "logout":
        return _redirect(onward, f"{_COOKIE}=; Path=/; Max-Age=0")
    if action == "login":
        email = query.get("email", "")
        if not _is_address(email):
            return plain(400, "this is not an email address; go back and write one such as test@example.com.")
        user = User(email, query.get("admin", "").lower() == "true")
        return _redirect(onward, f'{_COOKIE}="{user.email}:{user.admin}:{user.id}"; Path=/; HttpOnly; SameSite=Lax')
    user_now = read_user(headers)
    page = _PAGE.format(
        heading=f"Signed in as {html.escape(user_now.email)}" if user_now else "Not signed in",
        email=html.escape(user_now.email if user_now else "test@example.com"),
        checked=" checked" if user_now and user_now.admin else "",
        onward=html.escape(onward),
    )
    return Response(200, page.encode(), {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"})


def check_login(login: str, redirects: bool, target: str, user: User | None) -> Response | None:
    """Answer a visitor who may not see a page of `login: required` or `login: admin`; None for one who may."""
    if user is None:
        if not redirects:
            return plain(401, "sign in to see this page.")
        return Response(302, b"", {"Location": f"{LOGIN}?continue={quote(target, safe='')}"})
    if login == "admin" and not user.admin:
        return plain(401, f"{user.email} is not an administrator; sign in as one at {LOGIN}.")
    return None


def _is_address(text: str) -> bool:
    """Return whether a text is like an address, and can be in a header: a quoted cookie may hold any character."""
    return text.isascii() and text.isprintable() and _ADDRESS.fullmatch(text) is not None


def _onward(wanted: str, headers: Sequence[tuple[bytes, bytes]]) -> str:
    """Return where to go after signing in: a page of this app, whatever a link asks for."""
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return "/"
    host = (header(headers, b"host") or b"").decode("latin-1")
    if parts.netloc not in ("", host) or not parts.path.startswith("/") or parts.path.startswith(("//", "/\\")):
        return "/"
    return quote(parts.path + (f"?{parts.query}" if parts.query else ""), safe="/?&=%:;@+,!$'()*~")


def _redirect(onward: str, cookie: str) -> Response:
    return Response(302, b"", [("Location", onward), ("Set-Cookie", cookie)])
