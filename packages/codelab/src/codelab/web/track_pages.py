"""The pages of a track: overview, steps, what comes after them, comparisons, the running apps, and live progress."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, abort, current_app, render_template, request

from codelab.commands.diff import WORK, read_state
from codelab.commands.reset import plan_reset
from codelab.errors import CodelabError
from codelab.readme.course import Place
from codelab.web.app_runner import ADDRESSES
from codelab.web.live import PageEvents
from codelab.web.rendering import Renderer
from codelab.web.state import PageState, address
from codelab.web.step_changes import group_by_step

# Sections that stand before a codelab's steps; the others come after them.
_BEFORE_STEPS = ("What you will learn", "What you need", "START and FINISH")


@dataclass(frozen=True)
class _VisitForm:
    """The values of the form that sends a visit to the running apps."""

    address: str
    user_agent: str


def add_track_pages(tracks: Blueprint, state: PageState) -> None:
    """Add the routes that only show something."""
    _add_texts(tracks, state)
    _add_comparison(tracks, state)
    _add_events(tracks, state)

    @tracks.get("/run")
    def run(module: str, folder: str) -> str:
        place = state.find_track(module, folder)
        form = _VisitForm(request.args.get("address", ADDRESSES[0]), request.args.get("user_agent", "Ann"))
        apps = state.apps.find(place)
        return render_template("run.html", **_frame(state, place, apps=apps, addresses=ADDRESSES, form=form))

    @tracks.get("/reset")
    def ask_to_reset(module: str, folder: str) -> str:
        place = state.find_track(module, folder)
        plan = plan_reset(state.workspace, place, judge=state.judge(place))
        return render_template("reset.html", **_frame(state, place, plan=plan))


def _frame(state: PageState, place: Place, **more: object) -> dict[str, object]:
    """Return the values that every page of a track needs around its text."""
    copy, outcome = state.read_copy_and_outcome(place)
    return {
        "place": place,
        "copy": copy,
        "outcome": outcome,
        "following": state.course.after(place),
        "back": request.path,
        **more,
    }


def _renderer(state: PageState, place: Place) -> Renderer:
    return Renderer(state.course, f"{place.codelab.module}/README.md")


def _add_texts(tracks: Blueprint, state: PageState) -> None:
    @tracks.get("/")
    def overview(module: str, folder: str) -> str:
        place = state.find_track(module, folder)
        main = place.track is place.codelab.tracks[0]
        html = _renderer(state, place).html
        introduction = html(place.codelab.introduction if main else place.track.text)
        sections = [
            (section, html(section.text)) for section in place.codelab.sections if section.title in _BEFORE_STEPS
        ]
        return render_template("overview.html", **_frame(state, place, introduction=introduction, sections=sections))

    @tracks.get("/step/<int:number>")
    def step(module: str, folder: str, number: int) -> str:
        place = state.find_track(module, folder)
        if not 1 <= number <= len(place.track.steps):
            abort(404, f"{place.name} has no step {number}; its steps are 1 to {len(place.track.steps)}")
        found = place.track.steps[number - 1]
        html = _renderer(state, place).html
        return render_template(
            "step.html", **_frame(state, place, step=found, text=html(found.text), hint=html(found.hint))
        )

    @tracks.get("/more")
    def more(module: str, folder: str) -> str:
        place = state.find_track(module, folder)
        html = _renderer(state, place).html
        sections = [
            (section, html(section.text)) for section in place.codelab.sections if section.title not in _BEFORE_STEPS
        ]
        return render_template("more.html", **_frame(state, place, sections=sections))


def _add_comparison(tracks: Blueprint, state: PageState) -> None:
    @tracks.get("/compare")
    def compare(module: str, folder: str) -> str:
        place = state.find_track(module, folder)
        copied = place.copy.is_dir()
        old = request.args.get("old", place.track.start)
        new = request.args.get("new", WORK if copied else place.track.finish)
        states = [place.track.start, *([WORK] if copied else []), place.track.finish]
        html = _renderer(state, place).html
        try:
            trees = [read_state(state.workspace, place, name) for name in (old, new)]
        except CodelabError as error:
            abort(404, str(error))
        changes = [(group, html(group.reason)) for group in group_by_step(place.track, *trees)]
        view = "split" if request.args.get("view") == "split" else "unified"
        return render_template(
            "compare.html", **_frame(state, place, changes=changes, old=old, new=new, states=states, view=view)
        )


def _add_events(tracks: Blueprint, state: PageState) -> None:
    @tracks.get("/events")
    def events(module: str, folder: str) -> Response:
        place = state.find_track(module, folder)
        app = current_app._get_current_object()  # type: ignore[attr-defined]

        def render() -> str:
            with app.test_request_context(address(place, "events")):
                return render_template("progress.html", **_frame(state, place))

        return Response(
            PageEvents(state.saves, place.copy, lambda: state.share_rendering(place, render)),  # type: ignore[arg-type]
            mimetype="text/event-stream",
            headers={"Cache-Control": "no-store"},
            direct_passthrough=True,
        )
