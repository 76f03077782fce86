"""The pages: the map, a codelab's steps, its apps at work, and comparisons."""

from __future__ import annotations

import posixpath
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, abort, current_app, flash, redirect, render_template, request
from rich.console import Console
from werkzeug.routing import IntegerConverter
from werkzeug.wrappers import Response as AnyResponse

from codelab.check import Checker, Outcome, Progress, RunResult, run_and_compare
from codelab.commands.edits import WORK, Editor, state_of
from codelab.errors import CodelabError
from codelab.readme.course import Course, TrackRef
from codelab.readme.trees import Tree
from codelab.web.comparison import chapters
from codelab.web.guard import guard
from codelab.web.live import Drawing, Events, Saves
from codelab.web.migrations import migrations
from codelab.web.rendering import Renderer, highlighted_line
from codelab.web.stage import ADDRESSES, Stages
from codelab.workspace import Workspace, list_changes
from datastore_emulator.errors import UserError
from datastore_emulator.http.workers import Workers

_NAMES = {WORK: "your copy"}


@dataclass(frozen=True)
class Look:
    """What there is to say of a learner's copy: where it stands, what its last check found, or why neither is known."""

    progress: Progress | None = None
    outcome: Outcome | None = None
    trouble: str = ""


class Site:
    """What the pages know: the course, the learner's copies, and the stage; a checker is made once for each README."""

    def __init__(self, course: Course) -> None:
        self._progress: dict[str, tuple[Checker, Tree, Progress]] = {}
        self.course = course
        self.workspace = Workspace(course.root)
        self.saves = Saves(self.workspace.folder)
        self.stages = Stages()
        # Drawings take turns, so that open pages never keep more than one core from the rest.
        self._drawers = Workers("drawer", 1)
        self._drawings: dict[str, Drawing] = {}
        self._outcomes: dict[str, tuple[Tree, Outcome]] = {}
        self._checkers: dict[tuple[str, int], Checker] = {}
        self._lock = threading.Lock()

    def place(self, module: str, start: str) -> TrackRef:
        """Return the track at an address; 404 for any other."""
        try:
            return self.course.track(f"{module}/{start}")
        except CodelabError as error:
            abort(404, str(error))

    def checker(self, place: TrackRef) -> Checker:
        """Return the track's checker."""
        key = (place.name, place.codelab.readme.stat().st_mtime_ns)
        with self._lock:
            if key not in self._checkers:
                self._checkers[key] = Checker(place)
            return self._checkers[key]

    def look(self, place: TrackRef) -> Look:
        """Return what pages show of the learner's copy; one that cannot be read takes no page down."""
        if not place.copy.is_dir():
            return Look()
        try:
            copy = self.workspace.read(place)
            known = self._progress.get(place.name)
            checker = self.checker(place)
            if known is None or known[0] is not checker or known[1] != copy:
                # Only the newest: the page asks again for each of its parts and each open tab.
                known = self._progress[place.name] = checker, copy, checker.progress(copy)
        except CodelabError as error:
            return Look(trouble=str(error))
        checked, outcome = self._outcomes.get(place.name, (None, None))
        return Look(known[2], outcome if checked == copy else None)

    def keep_outcome(self, place: TrackRef, checked: Tree, outcome: Outcome) -> None:
        """Remember what a check found in these files, and show it on every open page."""
        self._outcomes[place.name] = (checked, outcome)
        self.saves.tell(place.copy)

    def drawing(self, place: TrackRef, draw: Callable[[], str]) -> Drawing:
        """Return the drawing of a track's progress that its open pages share; to be called on the event loop."""
        if place.name not in self._drawings:
            self._drawings[place.name] = Drawing(draw, self._drawers)
        return self._drawings[place.name]

    def editor(self) -> Editor:
        """Return what does and undoes steps; what it would print is not shown."""
        return Editor(self.workspace, Console(quiet=True))


def address(place: TrackRef, *parts: object) -> str:
    """Return the address of a track's page, the same on everybody's machine but for the port."""
    return posixpath.join(f"/{place.name}", *map(str, parts))


class _StepNumber(IntegerConverter):
    """A number in an address, of plain digits and no more of them than Python turns into a number."""

    regex = "[0-9]{1,4}"


def create_app(site: Site) -> Flask:
    """Return the WSGI app."""
    app = Flask(__name__)
    token = secrets.token_urlsafe()
    app.secret_key = token
    app.url_map.converters["int"] = _StepNumber
    app.config.update(SESSION_COOKIE_SAMESITE="Strict", SESSION_COOKIE_HTTPONLY=True)
    app.jinja_env.globals.update(address=address, names=_NAMES, RunResult=RunResult, highlighted_line=highlighted_line)
    app.jinja_env.filters["minutes"] = lambda seconds: f"{round(seconds / 60)} min"
    guard(app, token)

    @app.get("/")
    def course_map() -> str:
        finished = site.workspace.finished()
        found = migrations(site.course)
        looks = {node.place.name: site.look(node.place) for node in found.nodes}
        return render_template("map.html", map=found, looks=looks, finished=finished, current=site.workspace.current)

    @app.get("/<path:name>.md")
    def page(name: str) -> str:
        found = [other for other in site.course.other_pages() if other.name == f"{name}.md"]
        if not found:
            abort(404, f"expected a page of this repository, found {name}.md")
        text = found[0].path.read_text(encoding="utf-8")
        return render_template("page.html", title=name, body=Renderer(site.course, found[0].name).html(text))

    @app.errorhandler(CodelabError)
    @app.errorhandler(UserError)
    def mistake(error: Exception) -> tuple[str, int]:
        return render_template("mistake.html", text=str(error)), 400

    @app.errorhandler(403)
    @app.errorhandler(404)
    def refused(error: Exception) -> tuple[str, int]:
        return render_template("mistake.html", text=getattr(error, "description", "")), getattr(error, "code", 400)

    tracks = Blueprint("tracks", __name__)
    _add_codelab(tracks, site)
    _add_actions(tracks, site)
    _add_stage(tracks, site)
    app.register_blueprint(tracks, name="main", url_prefix="/<module>", url_defaults={"start": "START"})
    app.register_blueprint(tracks, name="second", url_prefix="/<module>/<start>")
    return app


def _frame(site: Site, place: TrackRef, **more: object) -> dict[str, object]:
    """Return what every page of a track shows around its text."""
    look = site.look(place)
    return {
        "place": place,
        "progress": look.progress,
        "trouble": look.trouble,
        "outcome": look.outcome,
        "following": site.course.after(place),
        "back": request.path,
        **more,
    }


def _add_codelab(tracks: Blueprint, site: Site) -> None:
    def renderer(place: TrackRef) -> Renderer:
        return Renderer(site.course, f"{place.codelab.module}/README.md")

    @tracks.get("/")
    def overview(module: str, start: str) -> str:
        place = site.place(module, start)
        main = place.track is place.codelab.tracks[0]
        render = renderer(place).html
        introduction = render(place.codelab.introduction if main else place.track.text)
        sections = [(section, render(section.text)) for section in place.codelab.sections_before_steps]
        return render_template("overview.html", **_frame(site, place, introduction=introduction, sections=sections))

    @tracks.get("/step/<int:number>")
    def step(module: str, start: str, number: int) -> str:
        place = site.place(module, start)
        if not 1 <= number <= len(place.track.steps):
            abort(404, f"expected a step from 1 to {len(place.track.steps)}, found {number}")
        found = place.track.steps[number - 1]
        render = renderer(place).html
        return render_template(
            "step.html", **_frame(site, place, step=found, text=render(found.text), hint=render(found.hint))
        )

    @tracks.get("/more")
    def more(module: str, start: str) -> str:
        place = site.place(module, start)
        render = renderer(place).html
        sections = [(section, render(section.text)) for section in place.codelab.sections_after_steps]
        return render_template("more.html", **_frame(site, place, sections=sections))

    @tracks.get("/compare")
    def compare(module: str, start: str) -> str:
        place = site.place(module, start)
        copied = place.copy.is_dir()
        old = request.args.get("old", place.track.start)
        new = request.args.get("new", WORK if copied else place.track.finish)
        states = [place.track.start, *([WORK] if copied else []), place.track.finish]
        render = renderer(place).html
        try:
            trees = [state_of(site.workspace, place, name) for name in (old, new)]
        except CodelabError as error:
            abort(404, str(error))
        found = [(chapter, render(chapter.reason)) for chapter in chapters(place.track, *trees)]
        view = "split" if request.args.get("view") == "split" else "unified"
        return render_template(
            "compare.html", **_frame(site, place, chapters=found, old=old, new=new, states=states, view=view)
        )

    @tracks.get("/events")
    def events(module: str, start: str) -> Response:
        place = site.place(module, start)

        def draw() -> str:
            with app.test_request_context(address(place, "events")):
                return render_template("standing.html", **_frame(site, place))

        app = current_app._get_current_object()  # type: ignore[attr-defined]
        return Response(
            Events(site.saves, place.copy, lambda: site.drawing(place, draw)),  # type: ignore[arg-type]
            mimetype="text/event-stream",
            headers={"Cache-Control": "no-store"},
            direct_passthrough=True,
        )


def _add_actions(tracks: Blueprint, site: Site) -> None:
    def back(place: TrackRef) -> AnyResponse:
        """Return to the page that was asked from, if it is one of this track."""
        asked = request.form.get("back", "")
        ours = asked.startswith(f"{address(place)}/") and re.fullmatch("[!-~]+", asked)
        return redirect(asked if ours else address(place), 303)

    @tracks.post("/begin")
    def begin(module: str, start: str) -> AnyResponse:
        place = site.place(module, start)
        site.workspace.start(place, site.checker(place).trees[0])
        site.workspace.remember(place)
        return redirect(address(place, "step", 1), 303)

    @tracks.post("/check")
    def check(module: str, start: str) -> AnyResponse:
        place = site.place(module, start)
        checker = site.checker(place)
        checked = site.workspace.read(place)  # what is saved from here on is not what is judged
        outcome = run_and_compare(checker, checker.progress(checked))
        site.keep_outcome(place, checked, outcome)
        site.workspace.remember(place, finished=outcome.finished)
        return back(place)

    @tracks.post("/apply")
    def apply(module: str, start: str) -> AnyResponse:
        place = site.place(module, start)
        try:
            site.editor().apply(place, overwrite=request.form.get("overwrite") == "yes")
        except CodelabError as error:
            flash(str(error))
        site.saves.tell(place.copy)
        return back(place)

    @tracks.get("/reset")
    def ask_to_reset(module: str, start: str) -> str:
        place = site.place(module, start)
        lost = list_changes(site.checker(place).trees[0], site.workspace.read(place))
        return render_template("reset.html", **_frame(site, place, lost=lost))

    @tracks.post("/reset")
    def reset(module: str, start: str) -> AnyResponse:
        place = site.place(module, start)
        site.editor().reset(place, 0, lambda: True)
        site.saves.tell(place.copy)
        return redirect(address(place, "step", 1), 303)


@dataclass(frozen=True)
class _Visitor:
    """Who a learner pretends to be."""

    address: str
    user_agent: str


def _add_stage(tracks: Blueprint, site: Site) -> None:
    def done(place: TrackRef) -> AnyResponse:
        return redirect(address(place, "run"), 303)

    @tracks.get("/run")
    def run(module: str, start: str) -> str:
        place = site.place(module, start)
        visitor = _Visitor(request.args.get("address", ADDRESSES[0]), request.args.get("user_agent", "Ann"))
        stage = site.stages.of(place)
        return render_template("run.html", **_frame(site, place, stage=stage, addresses=ADDRESSES, visitor=visitor))

    @tracks.post("/run/start")
    def start_apps(module: str, start: str) -> AnyResponse:
        place = site.place(module, start)
        site.stages.open(place)
        return done(place)

    @tracks.post("/run/stop")
    def stop_apps(module: str, start: str) -> AnyResponse:
        site.stages.close()
        return done(site.place(module, start))

    @tracks.post("/run/restart")
    def restart(module: str, start: str) -> AnyResponse:
        place = site.place(module, start)
        if stage := site.stages.of(place):
            stage.restart(request.form.get("pane", ""))
        return done(place)

    @tracks.post("/run/visit")
    def visit(module: str, start: str) -> AnyResponse:
        place = site.place(module, start)
        visitor = _Visitor(request.form.get("address", ""), request.form.get("user_agent", ""))
        if stage := site.stages.of(place):
            wanted = request.form.get("pane", "")
            for name in [pane.name for pane in stage.panes.values() if pane.url] if wanted == "all" else [wanted]:
                stage.visit(name, visitor.address, visitor.user_agent)
        query = {"address": visitor.address, "user_agent": visitor.user_agent}
        return redirect(f"{address(place, 'run')}?{urlencode(query)}", 303)

    @tracks.post("/run/hour")
    def hour(module: str, start: str) -> AnyResponse:
        place = site.place(module, start)
        if stage := site.stages.of(place):
            stage.pass_an_hour()
            flash("An hour has passed for the caches.")
        return done(place)
