"""The pages of a track: overview, steps, what comes after them, comparisons, the running apps, and live progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from codelab.commands.diff import WORK, read_state
from codelab.commands.reset import plan_reset
from codelab.errors import CodelabError
from codelab.readme.course import TrackRef
from codelab.readme.model import Section, Step
from codelab.readme.sections import NEED
from codelab.web.app_runner import ADDRESSES
from codelab.web.live import PageEvents
from codelab.web.page_links import PageOfTrack
from codelab.web.rendering import Renderer
from codelab.web.state import PageState, address
from codelab.web.step_changes import group_by_step


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
        ref = state.find_track(module, folder)
        form = _VisitForm(request.args.get("address", ADDRESSES[0]), request.args.get("user_agent", "Ann"))
        return render_template("run.html", **_frame(state, ref, addresses=ADDRESSES, form=form))

    @tracks.get("/reset")
    def ask_to_reset(module: str, folder: str) -> str | BaseResponse:
        ref = state.find_track(module, folder)
        if not ref.copy.exists():  # it was deleted while the page with the link was open
            return redirect(f"{address(ref)}#your-copy", 303)
        plan = plan_reset(state.workspace, ref)
        return render_template("reset.html", **_frame(state, ref, plan=plan))


def _frame(state: PageState, ref: TrackRef, **more: object) -> dict[str, object]:
    """Return the values that every page of a track needs around its text."""
    copy, last = state.read_copy_and_outcome(ref)
    return {
        "ref": ref,
        "copy": copy,
        "last": last,
        "check": state.checks.state(ref),
        "apps": state.apps.find(ref),
        "following": state.course.after(ref),
        "back": request.path,
        "step": None,
        **more,
    }


def _renderer(state: PageState, ref: TrackRef, below_diff: Callable[[str], str] = lambda file: "") -> Renderer:
    apps = state.apps.find(ref)
    shown_on = PageOfTrack(ref, address(ref), apps.panes["work"].url if apps else None)
    return Renderer(state.course, f"{ref.codelab.module}/README.md", shown_on, below_diff)


def _sections_to_begin_with(ref: TrackRef) -> list[Section]:
    """Return the sections before the steps. For a second track, what the main one has and teaches is left out."""
    sections = ref.codelab.sections_before_steps
    return sections if ref.is_main else [section for section in sections if section.title == NEED]


def _add_texts(tracks: Blueprint, state: PageState) -> None:
    @tracks.get("/")
    def overview(module: str, folder: str) -> str:
        ref = state.find_track(module, folder)
        html = _renderer(state, ref).html
        introduction = html(ref.introduction)
        sections = [(section, html(section.text)) for section in _sections_to_begin_with(ref)]
        return render_template("overview.html", **_frame(state, ref, introduction=introduction, sections=sections))

    @tracks.get("/step/<int:number>")
    def step(module: str, folder: str, number: int) -> str:
        ref = state.find_track(module, folder)
        if not 1 <= number <= len(ref.track.steps):
            abort(404, f"{ref.name} has no step {number}; its steps are 1 to {len(ref.track.steps)}")
        shown = ref.track.steps[number - 1]
        values = _frame(state, ref, step=shown)
        html = _renderer(state, ref, lambda file: _findings_below(file, shown, values)).html
        return render_template("step.html", **values, text=html(shown.text), hint=html(shown.hint))

    @tracks.get("/more")
    def more(module: str, folder: str) -> str:
        ref = state.find_track(module, folder)
        html = _renderer(state, ref).html
        sections = [(section, html(section.text)) for section in ref.codelab.sections_after_steps]
        return render_template("more.html", **_frame(state, ref, sections=sections))


def _findings_below(file: str, step: Step, values: dict[str, object]) -> str:
    """Return the place under a file's diff for what the learner's copy misses there, with what it misses now."""
    return render_template("findings.html", **{**values, "file": file, "step": step})


def _add_comparison(tracks: Blueprint, state: PageState) -> None:
    @tracks.get("/compare")
    def compare(module: str, folder: str) -> str:
        ref = state.find_track(module, folder)
        copied = ref.copy.is_dir()
        old = request.args.get("old", ref.track.start)
        new = request.args.get("new", WORK if copied else ref.track.finish)
        if not copied:  # a link in the text may come before the copy, which begins as START
            old, new = (ref.track.start if name == WORK else name for name in (old, new))
        # The two that are shown may be others, such as a step of a link in the text.
        states = list(dict.fromkeys([ref.track.start, *([WORK] if copied else []), ref.track.finish, old, new]))
        html = _renderer(state, ref).html
        try:
            trees = [read_state(state.workspace, ref, name) for name in (old, new)]
        except CodelabError as error:
            abort(404, str(error))
        changes = [(group, html(group.reason)) for group in group_by_step(ref.track, *trees)]
        view = "split" if request.args.get("view") == "split" else "unified"
        return render_template(
            "compare.html", **_frame(state, ref, changes=changes, old=old, new=new, states=states, view=view)
        )


def _add_events(tracks: Blueprint, state: PageState) -> None:
    @tracks.get("/events")
    def events(module: str, folder: str) -> Response:
        ref = state.find_track(module, folder)
        app = current_app._get_current_object()  # type: ignore[attr-defined]

        def render() -> str:
            with app.test_request_context(address(ref, "events")):
                return render_template("news.html", **_frame(state, ref))

        return Response(
            PageEvents(state.saves, ref.copy, lambda: state.share_rendering(ref, render)),  # type: ignore[arg-type]
            mimetype="text/event-stream",
            headers={"Cache-Control": "no-store"},
            direct_passthrough=True,
        )
