"""The Flask app: the map of the course, other pages of the repository, and the routes of every track."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, abort, render_template
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter

from codelab.check import RunResult
from codelab.commands.diff import WORK
from codelab.commands.list import list_tracks
from codelab.errors import CodelabError
from codelab.readme.markdown import anchor
from codelab.readme.trees import held
from codelab.web.actions import add_actions
from codelab.web.assessment_pages import add_assessment_pages
from codelab.web.assessments import DESTINATIONS
from codelab.web.calls import explain_call
from codelab.web.course_map import lay_out_map, short_title
from codelab.web.diff_html import highlighted_line
from codelab.web.finding_html import finding_html
from codelab.web.question import describe_sample, read_question
from codelab.web.rendering import Renderer
from codelab.web.source_pages import add_source_pages
from codelab.web.state import PageState, address
from codelab.web.step_states import files_of, view_step
from codelab.web.track_pages import add_track_pages
from datastore_emulator.errors import UserError
from localcloud.pages.app import make_page_app

# Frames show pages of the apps, without their scripts. Drawings and highlighted code have styles of their own.
_POLICY = {
    "style-src": "'self' 'unsafe-inline'",
    "script-src": "'self'",
    "connect-src": "'self'",
    "frame-src": "'self'",
}


class _StepNumber(IntegerConverter):
    """A number in a path: plain digits, and no more of them than Python turns into a number."""

    regex = "[0-9]{1,4}"


def create_app(state: PageState) -> Flask:
    """Make the WSGI app."""
    app = make_page_app(__name__, session="codelab", policy=_POLICY)
    app.url_map.converters["int"] = _StepNumber
    app.jinja_env.globals.update(
        address=address,
        destinations=DESTINATIONS,
        name_state=name_state,
        RunResult=RunResult,
        highlighted_line=highlighted_line,
        view_step=view_step,
        files_of=files_of,
        explain_call=explain_call,
    )
    app.jinja_env.filters.update(
        minutes=lambda seconds: f"{round(seconds / 60)} min",
        anchor=anchor,
        short_title=short_title,
        finding_html=finding_html,
        markdown=Renderer(state.course, "README.md").line,
    )
    _add_course_pages(app, state)
    add_assessment_pages(app, state)
    add_source_pages(app, state)
    _add_error_pages(app)

    tracks = Blueprint("tracks", __name__)
    add_track_pages(tracks, state)
    add_actions(tracks, state)
    app.register_blueprint(tracks, name="main", url_prefix="/<module>", url_defaults={"folder": "START"})
    app.register_blueprint(tracks, name="second", url_prefix="/<module>/<folder>")
    return app


def name_state(state: str) -> str:
    """Return the words for a state of a track, as `read_state` knows it."""
    if state == WORK:
        return "your copy"
    return f"step {state}" if state.isdecimal() else state


def _add_course_pages(app: Flask, state: PageState) -> None:
    @app.get("/")
    def course_map() -> str:
        listing = list_tracks(state.course, state.workspace, state.read_copy)
        return render_template(
            "map.html",
            map=lay_out_map(state.course),
            listing=listing,
            question=read_question(state.course),
            sample=describe_sample(state.course),
            own=state.assessments.last,
        )

    @app.get("/<path:name>.md")
    def page(name: str) -> str:
        found = state.course.other_page(f"{name}.md")
        if found is None:
            abort(404, f"this repository has no page {name}.md")
        text = found.path.read_text(encoding="utf-8")
        return render_template("page.html", title=name, body=Renderer(state.course, found.name).html(text))

    @app.get("/docs/pictures/<name>.png")
    def picture(name: str) -> Response:
        pictures = state.course.root / "docs" / "pictures"
        # Looked up among the files: a name may be longer than a file's may be.
        if name not in {path.stem for path in pictures.glob("*.png")}:
            abort(404, f"this repository has no picture docs/pictures/{name}.png")
        return Response(held(state.course.root, f"docs/pictures/{name}.png").read_bytes(), mimetype="image/png")


def _add_error_pages(app: Flask) -> None:
    @app.errorhandler(CodelabError)
    @app.errorhandler(UserError)
    def show_error(error: Exception) -> tuple[str, int]:
        return render_template("error.html", text=str(error)), 400

    @app.errorhandler(HTTPException)
    def show_refusal(error: HTTPException) -> tuple[str, int]:
        return render_template("error.html", text=error.description or error.name), error.code or 500
