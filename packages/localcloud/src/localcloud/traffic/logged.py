"""Requests that a log has: what is left of a request there, and what is left out of a recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from datastore_emulator.errors import UserError
from localcloud.traffic.recorder import Recorder
from localcloud.traffic.recording import Answer, Exchange, RecordedRequest, Recording
from localcloud.traffic.static_files import REPEATED

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_SAFE = "!$%&'()*+,/:;=?@[]~"
# What an app's own page does not hold: a visitor did not send it.
_APP_ENGINE = "AppEngine-Google"


class Logged(NamedTuple):
    """A request in a log. `client` tells visitors apart; `app` names the service if the log has several."""

    method: str
    target: str
    client: str
    agent: str = ""
    app: str = ""
    own: bool = False


def collect(path: Path, found: Iterable[Logged], left_out: Counter[str]) -> Recording:
    """Return what visitors sent; `left_out` counts what has been left out already, and why.

    Raises UserError if nothing remains.
    """
    recorder = Recorder()
    requests: list[RecordedRequest] = []
    for one in found:
        target = _read_target(one.target)
        if target is None:
            left_out["requests to other servers"] += 1
        elif one.own or one.agent.startswith(_APP_ENGINE) or target.startswith("/_ah/"):
            left_out["requests of App Engine itself, such as tasks and cron jobs"] += 1
        elif one.method in _WITH_BODY:
            left_out[f"requests with a body, which a log does not have ({', '.join(sorted(_WITH_BODY))})"] += 1
        else:
            request = RecordedRequest(target, one.method, session=one.client, app=one.app)
            if recorded := recorder.add(Exchange(request, Answer(200, (), b""))):
                requests.append(recorded)
    if not requests:
        reasons = "; ".join(_describe(left_out)) or "it is empty"
        raise UserError(f"{path}: there are no requests in this log that can be sent again: {reasons}")
    left_out[REPEATED] = recorder.repeated
    origin = f"{path.name}, a log of {recorder.visitors.count} visitors"
    return Recording(tuple(requests), origin, tuple(_describe(left_out)))


def _describe(left_out: Counter[str]) -> list[str]:
    return [f"left out {what}: {count:,}" for what, count in left_out.items() if count]


def _read_target(text: str) -> str | None:
    """Return the path and query of a request's target or URL; None if it is for no app, as the "*" of OPTIONS is."""
    try:
        parts = urlsplit(text if not text.startswith("//") else f"/.{text}")
    except ValueError:
        return None
    if parts.scheme not in ("", "http", "https") or (not parts.netloc and not text.startswith("/")):
        return None
    target = (
        text.partition("#")[0] if not parts.netloc else (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    )
    return quote(target, safe=_SAFE)
