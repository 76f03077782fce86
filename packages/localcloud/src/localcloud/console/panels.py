"""A panel of the console: the pages about one subject."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, request, url_for
from werkzeug.datastructures import MultiDict

from localcloud.app import App
from localcloud.cloud import Cloud


@dataclass(frozen=True)
class Panel:
    """The pages about one subject: their name in the navigation, and their routes, of which one is "index"."""

    title: str
    routes: Blueprint

    @property
    def index(self) -> str:
        """The endpoint of the first page."""
        return f"{self.routes.name}.index"


def bundled_apps(cloud: Cloud) -> Sequence[App]:
    """Return the apps that use App Engine's bundled services."""
    return [app for app in cloud.apps if app.plan.bundled_services]


def read_number(values: MultiDict[str, str], name: str, otherwise: int = 0) -> int:
    """Return a number of an address or a form that is not negative, `otherwise` if there is none."""
    text = values.get(name, "")
    # Not more digits than Python turns into a number.
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else otherwise


def read_cursor(values: MultiDict[str, str]) -> bytes:
    """Return the cursor in an address, which `write_cursor` has written."""
    try:
        return base64.b64decode(values.get("cursor", ""), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        abort(404, "this address is not one of the console's; go back to the first page")


def write_cursor(cursor: bytes) -> str:
    """Return a cursor as a part of an address."""
    return base64.urlsafe_b64encode(cursor).decode("ascii")


def back_to(endpoint: str) -> str:
    """Return the page that the form of this request is on, if it is one of the console, else that of the endpoint."""
    back = request.form.get("back", "")
    mine = back.startswith(f"{request.script_root}/") and back.isascii() and back.isprintable()
    return back if mine and request.script_root else url_for(endpoint)
