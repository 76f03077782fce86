"""The panel about mails: what apps have sent by App Engine's mail service, and nobody has received."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from google.appengine.api import mail
from werkzeug.wrappers import Response

from localcloud.cloud import Cloud
from localcloud.console.form_text import clip
from localcloud.console.panels import Panel, bundled_apps

_MOST = 100
_LONGEST_BODY = 20_000
_HEADERS = ("sender", "to", "cc", "bcc", "reply_to", "subject")


def make_panel(cloud: Cloud) -> Panel:
    """Make the panel."""
    routes = Blueprint("mails", __name__)

    def stubs() -> list[tuple[str, Any]]:
        """Return the mail stubs of all apps, with the apps' names."""
        return [(app.name, cloud.api_server.stub("mail", app.ticket)) for app in bundled_apps(cloud)]

    @routes.get("/")
    def index() -> str:
        sent = [(name, stub.get_sent_messages()) for name, stub in stubs()]
        apps = [(name, len(mails), [_lay_out(mail) for mail in reversed(mails[-_MOST:])]) for name, mails in sent]
        return render_template("mails.html", apps=apps)

    @routes.post("/clear")
    def clear() -> Response:
        for _, stub in stubs():
            stub.Clear()
        flash("The mails are removed.")
        return redirect(url_for("mails.index"), 303)

    return Panel("Mails", routes)


def _lay_out(message: mail.EmailMessage) -> dict[str, Any]:
    return {
        "headers": [(name, _join(getattr(message, name))) for name in _HEADERS if getattr(message, name, None)],
        "bodies": [(name, _decode(getattr(message, name))) for name in ("body", "html") if hasattr(message, name)],
        "attachments": [_name_attachment(attachment) for attachment in _attachments(message)],
    }


def _join(value: Any) -> str:
    return value if isinstance(value, str) else ", ".join(map(str, value))


def _decode(payload: Any) -> str:
    if isinstance(payload, mail.EncodedPayload):
        try:
            payload = payload.decode()
        except (LookupError, ValueError, mail.mail_errors.Error):
            payload = payload.payload
    text = payload.decode("utf-8", "backslashreplace") if isinstance(payload, bytes) else str(payload)
    return clip(text, _LONGEST_BODY)


def _attachments(message: mail.EmailMessage) -> list[Any]:
    found = getattr(message, "attachments", [])
    return [found] if isinstance(found, mail.Attachment) else list(found)


def _name_attachment(attachment: Any) -> str:
    name, payload = attachment
    data = payload.payload if isinstance(payload, mail.EncodedPayload) else payload
    return f"{name} ({len(data):,} bytes)"
