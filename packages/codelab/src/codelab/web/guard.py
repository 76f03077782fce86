"""Keeps other sites out: this page starts processes and changes files, and must not be driven by a page elsewhere.

datastore_emulator.http.guard refuses what another site's page may have sent. This adds what only our own pages know.
"""

from __future__ import annotations

import secrets

from flask import Flask, abort, request

# Nothing but what this server itself serves; frames hold pages of the apps, which run no script here.
_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; frame-src 'self'"
)


def guard(app: Flask, token: str) -> None:
    """Refuse every form without the token that only our own pages know, and tell browsers what pages may do."""

    @app.before_request
    def refuse_strangers() -> None:
        if request.method in ("GET", "HEAD"):
            return
        # As bytes: of text, only ASCII can be compared.
        if not secrets.compare_digest(request.form.get("token", "").encode(), token.encode()):
            abort(403, "the form has no valid token, as after a restart of this server; reload the page")

    @app.after_request
    def restrict(response):  # type: ignore[no-untyped-def]
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    app.jinja_env.globals["token"] = token
