"""Makes the Flask app of a local page."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from flask import Blueprint, Flask

from localcloud.pages.guard import guard


def make_page_app(package: str, *, session: str, policy: Mapping[str, str] | None = None) -> Flask:
    """Make the Flask app of a package, with the guard, and with the templates and styles of `localcloud.pages`.

    `session` names its cookie: the pages and the apps on this machine share the cookies of localhost. `policy` has what
    these pages may load, as directives of Content-Security-Policy.
    """
    app = Flask(package)
    app.secret_key = secrets.token_bytes()
    app.config.update(SESSION_COOKIE_NAME=session, SESSION_COOKIE_SAMESITE="Strict", SESSION_COOKIE_HTTPONLY=True)
    guard(app, secrets.token_urlsafe(), policy or {})
    shared = Blueprint("shared", __name__, template_folder="templates", static_folder="static", static_url_path="/base")
    app.register_blueprint(shared)
    return app
