"""Routes: requests whose answers are made by the same code, as far as their address shows it."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote

from localcloud.traffic import RecordedRequest

_UUID = re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
# A number, a date or a time, as in 2026-11-27.
_NUMBER = re.compile(r"\d+(?:[-_:.,]\d+)*")
_LONG = 16


def route(request: RecordedRequest) -> str:
    """Return the method and the path with "*" for ids, and the names of the query, as in "GET /posts/*?page"."""
    path, _, query = request.target.partition("?")
    taken = {one.value for one in request.taken}
    segments = ["*" if unquote(part) in taken or _is_id(part) else part for part in path.split("/")]
    names = sorted({name for name, _ in parse_qsl(query, keep_blank_values=True)})
    return f"{request.method} {'/'.join(segments)}" + (f"?{'&'.join(names)}" if names else "")


def _is_id(segment: str) -> bool:
    """Return whether a part of a path names a thing of many: a number, a date, a UUID, or a long random word."""
    if _NUMBER.fullmatch(segment) or _UUID.fullmatch(segment):
        return True
    return len(segment) >= _LONG and any(map(str.isdigit, segment)) and "." not in segment
