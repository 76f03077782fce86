"""Serves a WSGI app on a guarded listener.

Not werkzeug's server: it has a thread for each connection, and takes half a request for a whole one.
"""

from __future__ import annotations

import io
import sys
from collections.abc import AsyncIterable, Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

from datastore_emulator.http.guard import Guard
from datastore_emulator.http.response import Response
from datastore_emulator.http.service import HttpService, Request

# Forms of a few fields; https://flask.palletsprojects.com/en/stable/config/ has the same for a form in memory.
_LARGEST_FORM = 500_000


class WsgiServer(HttpService):
    """Answers requests by a WSGI app, whose pages may send requests back to it.

    The app may return an asynchronous iterable: a stream, which holds no thread while nothing happens.
    """

    def __init__(self, app: Callable[..., Any], port: int, *, largest_form: int = _LARGEST_FORM) -> None:
        super().__init__("page", Guard(own_pages=True), largest_body=largest_form)
        self._app = app
        self._port = port

    def answer(self, request: Request) -> Response:
        """Run the app for one request."""
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], error: object = None) -> None:
            started[:] = [(status, headers)]

        body: Iterable[bytes] | AsyncIterable[bytes] = self._app(self._environ(request), start_response)
        content, stream = b"", None
        if isinstance(body, AsyncIterable):
            stream = body
        else:
            try:
                content = b"".join(body)
            finally:
                if close := getattr(body, "close", None):
                    close()
        status, headers = started[0]
        kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
        return Response(int(status.split()[0]), content, kept, stream)

    def _environ(self, request: Request) -> dict[str, Any]:
        path, _, query = request.target.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "CONTENT_TYPE": request.header(b"content-type"),
            "CONTENT_LENGTH": str(len(request.body)),
            "SERVER_NAME": "localhost",
            "SERVER_PORT": str(self._port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": request.visitor,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(request.body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for raw_name, raw_value in request.headers:
            name, value = raw_name.decode("ascii"), raw_value.decode("latin-1")
            # In WSGI a name with underscores looks like one with hyphens. The other two are set above.
            if "_" in name or name.lower() in ("content-type", "content-length"):
                continue
            key = f"HTTP_{name.upper().replace('-', '_')}"
            joint = "; " if key == "HTTP_COOKIE" else ","
            environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
        return environ
