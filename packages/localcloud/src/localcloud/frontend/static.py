"""App Engine's static files, and its page for paths that no handler matches."""

from __future__ import annotations

import html
import mimetypes
import posixpath
import re
from collections.abc import Sequence
from pathlib import Path

from datastore_emulator.errors import UserError
from datastore_emulator.http.response import Response, plain
from localcloud.files.paths import OutsideError, resolve_inside
from localcloud.files.reading import NotReadError, read_file
from localcloud.launch.patterns import Pattern, PatternError
from localcloud.launch.plan import Handler

# The front end holds a static file in memory while it sends it.
_LARGEST = 64_000_000

_NOT_FOUND = """<html><head><title>404 Not Found</title></head><body>
<h1>Error: Not Found</h1>
<p>The requested URL <code>{path}</code> was not found on this server.</p>
</body></html>
"""


class StaticHandlers:
    """App Engine's `handlers`: serves static files, and decides which paths are for the app.

    A `static_dir` handler's `url` is a prefix and serves what lies below it; every other `url` must match the
    whole path (https://cloud.google.com/appengine/docs/standard/reference/app-yaml#handlers_element).
    """

    def __init__(self, directory: Path, handlers: Sequence[Handler]) -> None:
        self._directory = directory
        self._handlers = [(_pattern(handler), Pattern(handler.upload or ".*"), handler) for handler in handlers]
        self.has_login = any(handler.login for handler in handlers)

    def behind_login(self, path: str) -> Handler | None:
        """Return the handler of a decoded path if its pages are behind a login."""
        if self.has_login:
            found = next((handler for pattern, _, handler in self._handlers if pattern.fullmatch(path)), None)
            return found if found and found.login else None
        return None

    def answer(self, method: str, path: str) -> Response | None:
        """Return the answer to a decoded path, or None if the app has to give it. Reads files, so it may block."""
        if not self._handlers:
            return None
        for pattern, upload, handler in self._handlers:
            match = pattern.fullmatch(path)
            if match is None:
                continue
            if handler.refused is not None:
                return plain(501, handler.refused)
            if handler.static_dir is not None:
                return _file(self._directory, handler.static_dir, match["below"], method, path, handler)
            if handler.static_files is not None:
                name = match.expand(handler.static_files)
                # App Engine has no copy of other files.
                uploaded = upload.fullmatch(name) is not None
                return _file(self._directory, ".", name, method, path, handler) if uploaded else _not_found(path)
            return None
        return _not_found(path)


def _pattern(handler: Handler) -> Pattern:
    source = handler.url
    if handler.static_dir is not None:
        source = f"(?:{source.rstrip('/')})/(?P<below>.*)"
    try:
        pattern = Pattern(source)
    except PatternError as error:
        raise UserError(
            f"handlers: url {handler.url!r} is not a regular expression that App Engine accepts ({error}); fix app.yaml"
        ) from error
    wanted = max((int(group) for group in re.findall(r"\\(\d+)", handler.static_files or "")), default=0)
    if wanted > pattern.groups:
        raise UserError(
            f"handlers: static_files {handler.static_files!r} uses group {wanted} of url {handler.url!r}, "
            f"which has {pattern.groups}; add the group or lower the number in app.yaml"
        )
    return pattern


def _file(directory: Path, root: str, name: str, method: str, path: str, handler: Handler) -> Response:
    if method not in {"GET", "HEAD"}:
        return Response(405, b"", {"Allow": "GET, HEAD"})
    if name.endswith("/"):  # the name of no file
        return _not_found(path)
    try:
        folder = directory if posixpath.normpath(root) == "." else resolve_inside(directory, root)
        file = resolve_inside(folder, name)
        body = read_file(file, _LARGEST)
    except NotReadError as error:
        if file.is_file():
            return plain(500, f"localcloud serves static files of {error}.")
        return _not_found(path)
    except (OSError, OutsideError):  # outside the folder, a name that is too long, or no permission
        return _not_found(path)
    kind, encoding = mimetypes.guess_type(file.name)
    if kind is None or encoding is not None:
        kind = "application/octet-stream"
    # App Engine lets browsers keep static files for ten minutes; here the next edit must show at once.
    headers = {"Content-Type": handler.mime_type or kind, "Cache-Control": "no-cache"}
    for header, value in handler.http_headers.items():
        headers = {key: kept for key, kept in headers.items() if key.lower() != header.lower()} | {header: value}
    return Response(200, body, headers)


def _not_found(path: str) -> Response:
    page = _NOT_FOUND.format(path=html.escape(path)).encode("utf-8", "surrogateescape")
    return Response(404, page, {"Content-Type": "text/html; charset=utf-8"})
