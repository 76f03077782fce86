"""A request as a line for a shell."""

from __future__ import annotations

import re

from localcloud.compare.reports.wording import quote_word
from localcloud.traffic import RecordedRequest
from localcloud.traffic.headers import USUAL

_LONGEST_BODY = 2000
_LOCAL = re.compile(r"^http://(?:localhost|127\.0\.0\.1):\d+(?=/|$)")


def curl_line(request: RecordedRequest, url: str) -> str:
    """Return a curl command that sends a request; cookies come from the jar `cookies.txt`, as a session needs them.

    The usual headers of browsers are left out. `Referer` and `Origin` name `url` where they named the app.
    """
    words = ["curl", "--include", "--path-as-is"]
    if request.method == "HEAD":
        words.append("--head")
    elif request.method != ("POST" if request.body else "GET"):
        words += ["--request", request.method]
    if not any(name.lower() == "user-agent" for name, _ in request.headers):
        words += ["--header", "User-Agent:"]  # none: curl sends its own otherwise
    for name, value in request.headers:
        if (name, value) in USUAL:
            continue
        sent = _LOCAL.sub(lambda _: url, value) if name.lower() in {"referer", "origin"} else value
        words += ["--header", f"{name}: {sent}" if sent else f"{name};"]
    note = ""
    if request.body:
        text = _text(request.body)
        words += ["--data-binary", "@body"] if text is None else ["--data-raw", text]
        note = f"  # body: a file with the {len(request.body):,} bytes of the recording" if text is None else ""
    words += ["--cookie", "cookies.txt", "--cookie-jar", "cookies.txt", url + request.target]
    return " ".join(map(quote_word, words)) + note


def _text(body: bytes) -> str | None:
    """Return a body as text for a shell, None if it is too long or no text."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return text if len(text) <= _LONGEST_BODY and "\0" not in text else None
