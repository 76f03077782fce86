"""Requests that App Engine itself sends to an app: cron jobs, and mails that somebody has sent to it."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Sequence
from datetime import datetime, timezone
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import quote

from datastore_emulator.errors import UserError
from localcloud.events.event import Request
from localcloud.frontend.sign_in import ADMINISTRATOR

# docs/platform-facts.md, "App Engine's own requests".
_CRON_ADDRESS = "0.1.0.1"
_MAIL_ADDRESS = "0.1.0.20"
_CRON_AGENT = "AppEngine-Google; (+http://code.google.com/appengine)"


def make_cron_request() -> Request:
    """Return the request of a cron job."""
    return Request(
        {
            "Cookie": ADMINISTRATOR,
            "User-Agent": _CRON_AGENT,
            "X-Appengine-Cron": "true",
            "X-Appengine-QueueName": "__cron",
            "X-Appengine-User-Ip": _CRON_ADDRESS,
        },
        method="GET",
    )


def make_mail_request(message: bytes) -> Request:
    """Return the request of a mail, for the path that `mail_path` returns."""
    return Request(
        {"Cookie": ADMINISTRATOR, "Content-Type": "message/rfc822", "X-Appengine-User-Ip": _MAIL_ADDRESS}, message
    )


def mail_path(to: str) -> str:
    """Return the path at which an app receives mails to an address."""
    return f"/_ah/mail/{quote(to, safe='@+')}"


def make_mail(sender: str, to: str, subject: str, text: str, html: str | None, files: Sequence[Path]) -> bytes:
    """Return a mail as it is sent; raises UserError for an address that is none, or a file that cannot be read."""
    message = EmailMessage(SMTP)
    for name, value in (("From", sender), ("To", to), ("Subject", subject)):
        try:
            message[name] = value
        except ValueError as error:
            shown = json.dumps(value, ensure_ascii=False)
            raise UserError(f"--{name.lower()} {shown}: it cannot be in a mail ({error})") from error
    message["Date"] = format_datetime(datetime.now(timezone.utc))
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    for file in files:
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        main, _, sub = kind.partition("/")
        try:
            data = file.read_bytes()
        except OSError as error:
            raise UserError(f"--attach {file}: cannot be read ({error.strerror})") from error
        message.add_attachment(data, maintype=main, subtype=sub, filename=file.name)
    return bytes(message)
