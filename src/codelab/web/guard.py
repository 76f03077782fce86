"""Keeps other sites out: this page starts processes and changes files, and must not be driven by a page elsewhere."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from flask import Flask, abort, request

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
# Nothing but what this server itself serves; frames hold pages of the apps, which run no script here.
_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; frame-src 'self'"
)


def guard(app: Flask, token: str) -> None:
    """Refuse every request that a page of another origin could have sent, and tell browsers what pages may do.

    The Host has to be this machine (a name that was pointed at it has another: DNS rebinding), and whatever changes
    something carries the token that only our own pages know.
    """

    @app.before_request
    def refuse_strangers() -> None:
        if urlsplit(f"//{request.host}").hostname not in _LOOPBACK:
            abort(403, f'expected a request to localhost, found one to "{request.host}"')
        if request.method in ("GET", "HEAD"):
            return
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            abort(403, f"expected a request of this page, found one of {origin}")
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            abort(403, "expected a request of this page, found one of another")
        if not secrets.compare_digest(request.form.get("token", ""), token):
            abort(403, "expected this page's token: reload the page, which this server has not made since it started")

    @app.after_request
    def restrict(response):  # type: ignore[no-untyped-def]
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    app.jinja_env.globals["token"] = token
