"""Refuses forms of other sites, since this page starts processes and changes files.

datastore_emulator.http.guard refuses requests that a page of another site may have sent. This adds a token that only
the pages of this server contain.
"""

from __future__ import annotations

import secrets

from flask import Flask, abort, request

# Browsers load only what this server serves. Frames show pages of the apps, without their scripts.
_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; frame-src 'self'"
)


def guard(app: Flask, token: str) -> None:
    """Refuse every form without the token, and send browsers a policy that limits what pages may load."""

    @app.before_request
    def refuse_foreign_forms() -> None:
        if request.method in ("GET", "HEAD"):
            return
        # As bytes, since compare_digest takes only ASCII text.
        if not secrets.compare_digest(request.form.get("token", "").encode(), token.encode()):
            abort(403, "the form is out of date, because the server has restarted; reload the page")

    @app.after_request
    def restrict(response):  # type: ignore[no-untyped-def]
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    app.jinja_env.globals["token"] = token
