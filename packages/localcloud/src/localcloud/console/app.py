"""Makes the Flask app of the console."""

from __future__ import annotations

import redis
from flask import Flask, redirect, render_template, request, url_for
from flask import Response as FlaskResponse
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from datastore_emulator.errors import DatastoreError, UserError
from localcloud.cloud import Cloud
from localcloud.console import (
    blob_pages,
    entity_pages,
    mail_pages,
    memcache_pages,
    redis_pages,
    request_pages,
    task_pages,
)
from localcloud.pages.app import make_page_app

_PANELS = (entity_pages, task_pages, mail_pages, blob_pages, memcache_pages, redis_pages, request_pages)


def create_app(cloud: Cloud, root: str, largest_form: int) -> Flask:
    """Make the WSGI app. It is mounted at the path `root`, and reads forms of at most so many bytes."""
    app = make_page_app(__name__, session="localcloud_console")
    app.config.update(SESSION_COOKIE_PATH=root)  # so that the apps on localhost do not get the cookie
    app.config.update(MAX_CONTENT_LENGTH=largest_form, MAX_FORM_MEMORY_SIZE=largest_form)
    panels = [module.make_panel(cloud) for module in _PANELS]
    for panel in panels:
        app.register_blueprint(panel.routes, url_prefix=f"/{panel.routes.name}")
    app.jinja_env.globals.update(panels=panels, project=cloud.project, here=_here)

    @app.get("/")
    def index() -> Response:
        return redirect(url_for(panels[0].index))

    @app.after_request
    def forbid_caching(response: FlaskResponse) -> FlaskResponse:
        if request.endpoint and not request.endpoint.endswith("static"):
            response.headers["Cache-Control"] = "no-store"
        return response

    _add_error_pages(app)
    return app


def _here() -> str:
    """Return the address of the page, to come back to it from a form."""
    query = request.query_string.decode("latin-1")
    return f"{request.script_root}{request.path}{'?' if query else ''}{query}"


def _add_error_pages(app: Flask) -> None:
    def show_error(text: str, status: int) -> tuple[str, int]:
        return render_template("error.html", text=" ".join(text.split())), status

    @app.errorhandler(UserError)
    def show_user_error(error: UserError) -> tuple[str, int]:
        return show_error(str(error), 400)

    @app.errorhandler(DatastoreError)
    def show_datastore_error(error: DatastoreError) -> tuple[str, int]:
        return show_error(f"the Datastore refuses this: {error.message} ({error.code.name})", 400)

    @app.errorhandler(redis.RedisError)
    def show_redis_error(error: redis.RedisError) -> tuple[str, int]:
        return show_error(f"Redis: {error}", 502)

    @app.errorhandler(HTTPException)
    def show_refusal(error: HTTPException) -> tuple[str, int]:
        return show_error(error.description or error.name, error.code or 500)
