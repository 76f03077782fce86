"""The actions of a track's pages: they change the learner's copy, or start, visit and stop the apps."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response

from codelab.commands.apply import apply
from codelab.commands.reset import plan_reset, reset
from codelab.commands.start import start
from codelab.errors import CodelabError
from codelab.readme.course import TrackRef
from codelab.web.state import PageState, address

# The next page has them in its address, where a character takes up to twelve bytes.
_LONGEST_FIELD = 2000


def add_actions(tracks: Blueprint, state: PageState) -> None:
    """Add the routes that change something."""
    _add_copy_actions(tracks, state)
    _add_app_actions(tracks, state)


def _add_copy_actions(tracks: Blueprint, state: PageState) -> None:
    def go_back(ref: TrackRef) -> Response:
        """Redirect to the page that the form is on, if it is one of this track."""
        page = request.form.get("back", "")
        valid = page.startswith(f"{address(ref)}/") and re.fullmatch("[!-~]+", page)
        return redirect(f"{page if valid else address(ref)}#your-copy", 303)

    @tracks.post("/begin", endpoint="begin")
    def start_track(module: str, folder: str) -> Response:
        ref = state.find_track(module, folder)
        if not ref.copy.is_dir():  # another tab may have made it
            start(state.workspace, ref)
        return redirect(address(ref, "step", 1), 303)

    @tracks.post("/check", endpoint="check")
    def check_copy(module: str, folder: str) -> Response:
        ref = state.find_track(module, folder)
        if not ref.copy.exists():  # it was deleted while the page was open, which now offers to make one
            return go_back(ref)
        state.checks.begin(ref)
        if request.form.get("news") != "yes":  # without scripts, no news come to the page while the check runs
            state.checks.wait(ref)
        return go_back(ref)

    @tracks.post("/apply", endpoint="apply")
    def apply_step(module: str, folder: str) -> Response:
        ref = state.find_track(module, folder)
        overwrite = request.form.get("overwrite") == "yes"
        try:
            apply(state.workspace, ref, overwrite=overwrite, checker=state.checker(ref))
        except CodelabError as error:
            flash(str(error))
        state.saves.mark_changed(ref.copy)
        return go_back(ref)

    @tracks.post("/reset", endpoint="reset")
    def reset_copy(module: str, folder: str) -> Response:
        ref = state.find_track(module, folder)
        plan = plan_reset(state.workspace, ref) if ref.copy.exists() else None
        if plan and plan.lost:
            reset(state.workspace, plan)
        state.saves.mark_changed(ref.copy)
        return redirect(address(ref, "step", 1), 303)


def _add_app_actions(tracks: Blueprint, state: PageState) -> None:
    def show_apps(ref: TrackRef) -> Response:
        return redirect(address(ref, "run"), 303)

    @tracks.post("/run/start")
    def start_apps(module: str, folder: str) -> Response:
        ref = state.find_track(module, folder)
        state.apps.start(ref)
        return show_apps(ref)

    @tracks.post("/run/stop")
    def stop_apps(module: str, folder: str) -> Response:
        state.apps.close()
        return show_apps(state.find_track(module, folder))

    @tracks.post("/run/restart")
    def restart_app(module: str, folder: str) -> Response:
        ref = state.find_track(module, folder)
        if apps := state.apps.find(ref):
            apps.restart(request.form.get("pane", ""))
        return show_apps(ref)

    @tracks.post("/run/visit")
    def visit_apps(module: str, folder: str) -> Response:
        ref = state.find_track(module, folder)
        form = {name: request.form.get(name, "")[:_LONGEST_FIELD] for name in ("address", "user_agent")}
        if apps := state.apps.find(ref):
            pane = request.form.get("pane", "")
            for name in apps.running if pane == "all" else [pane]:
                apps.visit(name, form["address"], form["user_agent"])
        return redirect(f"{address(ref, 'run')}?{urlencode(form)}", 303)

    @tracks.post("/run/hour")
    def pass_an_hour(module: str, folder: str) -> Response:
        ref = state.find_track(module, folder)
        if apps := state.apps.find(ref):
            apps.pass_an_hour()
            flash("An hour has passed for the caches.")
        return show_apps(ref)
