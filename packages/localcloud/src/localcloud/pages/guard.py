"""Refuses forms of other sites, since local pages start processes and change data.

datastore_emulator.http.guard refuses requests that a page of another site may have sent. This adds a token that only
the pages of this server contain.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from flask import Flask, abort, request

# Browsers load only what this server serves, and no scripts.
_POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def guard(app: Flask, token: str, policy: Mapping[str, str]) -> None:
    """Refuse every form without the token, and send browsers a policy that limits what pages may load.

    `policy` has directives of Content-Security-Policy, besides those that all pages have.
    """
    directives = "; ".join(f"{name} {value}" for name, value in {**_POLICY, **policy}.items())

    @app.before_request
    def refuse_foreign_forms() -> None:
        if request.method in ("GET", "HEAD"):
            return
        # As bytes, since compare_digest takes only ASCII text.
        if not secrets.compare_digest(request.form.get("token", "").encode(), token.encode()):
            abort(403, "the form is out of date, because the server has restarted; go back, and reload the page")

    @app.after_request
    def restrict(response):  # type: ignore[no-untyped-def]
        response.headers["Content-Security-Policy"] = directives
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    app.jinja_env.globals["token"] = token
