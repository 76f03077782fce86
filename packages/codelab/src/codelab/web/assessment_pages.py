"""The form for an app of the user's own, and the page with what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from html import escape

from flask import Blueprint, Flask, Response, abort, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from codelab.web.assessments import DESTINATIONS, OwnApp
from codelab.web.page_links import find_address
from codelab.web.state import PageState

# In the page of an app that is being read: here come its progress and its result.
_HERE = Markup("<!-- here -->")
_LOOK_SECONDS = 0.1


def add_assessment_pages(app: Flask, state: PageState) -> None:
    """Add the routes. Only a form of this server can name a folder, so that no other page makes this one read it."""

    app.register_blueprint(Blueprint("reports", "codelab.assess", static_folder="static", url_prefix="/reports"))

    @app.post("/assess")
    def begin() -> BaseResponse:
        destination = request.form.get("to", "")
        if destination not in DESTINATIONS:
            abort(400, f"an app moves to one of {', '.join(DESTINATIONS)}")
        number = state.assessments.begin(request.form.get("folder", "").strip(), destination)
        return redirect(f"/assess/{number}", 303)

    @app.get("/assess/<int:number>")
    def show(number: int) -> str | Response:
        own = find(number)
        path = request.path

        def render_end() -> str:
            with app.test_request_context(path):
                return render_template("assessed.html", **values_of(number, own))

        if own.ended:
            return render_template("assess.html", **values_of(number, own), here="")
        begun = render_template("assess.html", **values_of(number, own), here=_HERE)
        return Response(
            _Stream(own, begun, partial(state.renderers.run, render_end)),  # type: ignore[arg-type]
            mimetype="text/html",
            headers={"Cache-Control": "no-store"},
            direct_passthrough=True,
        )

    @app.get("/assess/<int:number>/report.html")
    def download(number: int) -> Response:
        result = find(number).result
        if result is None:
            abort(404, "this app has not been read to its end")
        from codelab.assess.html import render

        headers = {"Content-Disposition": 'attachment; filename="report.html"'}
        return Response(render(result), mimetype="text/html", headers=headers)

    def find(number: int) -> OwnApp:
        return state.assessments.find(number) or abort(404, "this report is no longer kept; ask for it again")

    def values_of(number: int, own: OwnApp) -> dict[str, object]:
        report = Markup()
        if own.result:
            from codelab.assess.html import render_part

            report = Markup(render_part(own.result, partial(find_address, state.course)))
        return {"own": own, "number": number, "report": report}


class _Stream:
    """A page that is sent while its app is being read: the progress as it comes, and then the end of the page."""

    def __init__(self, own: OwnApp, page: str, render_end: Callable[[], Awaitable[str]]) -> None:
        self._own = own
        self._before, _, self._after = page.partition(_HERE)
        self._render_end = render_end

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._before.encode()
        shown = ""
        while not self._own.ended:
            if self._own.progress != shown:
                shown = self._own.progress
                yield f'<p class="progress facts" aria-hidden="true">{escape(shown)}</p>\n'.encode()
            await asyncio.sleep(_LOOK_SECONDS)
        yield (await self._render_end()).encode()
        yield self._after.encode()
