"""The panel about requests: the last ones to all apps, with the calls that each of them made."""

from __future__ import annotations

from datetime import datetime, timezone

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from localcloud.cloud import Cloud
from localcloud.console.panels import Panel


def make_panel(cloud: Cloud) -> Panel:
    """Make the panel."""
    routes = Blueprint("requests", __name__)

    @routes.get("/")
    def index() -> str:
        outside = cloud.requests.outside.most_common()
        return render_template("requests.html", requests=cloud.requests.newest(), outside=outside, clock=_clock)

    @routes.post("/clear")
    def clear() -> Response:
        cloud.requests.clear()
        flash("The requests are removed.")
        return redirect(url_for("requests.index"), 303)

    return Panel("Requests", routes)


def _clock(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%H:%M:%S}"
