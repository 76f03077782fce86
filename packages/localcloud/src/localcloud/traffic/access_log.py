"""An access log in the Common or the Combined format, as Apache, nginx and gunicorn write it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from localcloud.traffic.logged import Logged, collect
from localcloud.traffic.recording import Recording

_QUOTED = r'"((?:[^"\\]|\\.)*)"'
# Apache's vhost_combined has the host before it; %u may have blanks.
_LINE = re.compile(rf"(?:\S+:\d+ )?(\S+) \S+ .*?\[[^\]]+\] {_QUOTED} (\d{{3}}) (?:\d+|-)(?: {_QUOTED} {_QUOTED})?")
_REQUEST = re.compile(r"([A-Z]+) (\S+) HTTP/\d(?:\.\d)?")
# Apache writes \" and \xhh (mod_log_config, "Format Notes"), nginx \xHH (log_format, escape=default).
_ESCAPE = re.compile(r"\\x([0-9a-fA-F]{2})|\\(.)")


def is_access_log(line: str) -> bool:
    """Return whether a line is one of an access log."""
    return _LINE.match(line) is not None


def read_access_log(path: Path, text: str) -> Recording:
    """Return the requests of a log; lines that are none are counted. Raises UserError if there are none at all."""
    found: list[Logged] = []
    unread = first = 0
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        entry = _LINE.match(line)
        request = _REQUEST.fullmatch(_unescape(entry[2])) if entry else None
        if entry is None or request is None:
            first = first or number
            unread += 1
        else:
            found.append(Logged(request[1], request[2], f"{entry[1]} {entry[5] or ''}", entry[5] or ""))
    return collect(path, found, Counter({f"lines that are no requests (the first is line {first})": unread}))


def _unescape(text: str) -> str:
    """Return a request line as it was sent, with bytes that a log escapes percent-encoded."""
    return _ESCAPE.sub(lambda found: f"%{found[1].upper()}" if found[1] else found[2], text)
