"""Serves the console at an address with a secret."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from datastore_emulator.errors import UserError
from localcloud.cloud import Cloud
from localcloud.frontend.sockets import listen_on_localhost
from localcloud.pages.wsgi import WsgiServer

# dev_appserver's admin server used 8000.
_PORTS = range(8000, 8080)
LARGEST_FORM = 16 << 20
"""In bytes. An entity has up to 1 MiB, and a form writes up to nine characters for one."""
_REFUSAL = b"403 Forbidden: open the address of the console that `localcloud run` has printed\n"


class Console:
    """The console of a cloud: it listens at `url` from `start` on, and ends with the block of its `with` statement.

    The first part of its path is a secret, so other users of this machine cannot open it.
    """

    def __init__(self, cloud: Cloud) -> None:
        self.url = ""
        self._cloud = cloud
        self._root = f"/{secrets.token_urlsafe(16)}"
        self._server: WsgiServer | None = None
        self._app: Callable[..., Any] | None = None
        self._making = threading.Lock()

    def __enter__(self) -> Console:
        return self

    def __exit__(self, *_: object) -> None:
        if self._server:
            self._server.close()

    def start(self) -> None:
        """Listen, set `url`, and watch the calls to Redis; raises UserError if no port is free."""
        self._cloud.redis_watch.start()
        sockets = _listen()
        port = sockets[0].getsockname()[1]
        self._server = WsgiServer(self._answer, port, largest_form=LARGEST_FORM)
        self._server.listen(sockets)
        self.url = f"http://localhost:{port}{self._root}/"

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with self._making:
            # At the first request: most runs never open the console.
            self._app = self._app or self._make_app()
        answer: Iterable[bytes] = self._app(environ, start_response)
        return answer

    def _make_app(self) -> Callable[..., Any]:
        from werkzeug.middleware.dispatcher import DispatcherMiddleware

        from localcloud.console.app import create_app

        return DispatcherMiddleware(_refuse, {self._root: create_app(self._cloud, self._root, LARGEST_FORM)})


def _listen() -> list[socket.socket]:
    """Listen on the first of the ports that is free, else on any."""
    for port in _PORTS:
        with suppress(UserError):
            return listen_on_localhost(port)
    return listen_on_localhost(0)


def _refuse(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
    return [_REFUSAL]
