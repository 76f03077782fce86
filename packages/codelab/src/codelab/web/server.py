"""`codelab serve`: serve the page on a loopback port, until Ctrl-C."""

from __future__ import annotations

import socket
from collections.abc import Callable

from codelab.errors import CodelabError
from codelab.readme.course import Course
from codelab.web.app import create_app
from codelab.web.state import PageState
from datastore_emulator.net.listen import ListenError, listen
from datastore_emulator.stopping import wait_for_stop
from localcloud.pages.wsgi import WsgiServer

# The same on most machines, so that an address can be shared between two people with the same checkout.
_PORTS = range(8800, 8900)


def serve(course: Course, port: int | None, on_ready: Callable[[str], None]) -> None:
    """Serve the course's page until a signal raises; `on_ready` is called with the URL once the page answers.

    Raises CodelabError if the port (by default each one from 8800 to 8899) is taken, or work/ cannot be made.
    """
    state = PageState(course)
    try:
        state.saves.start()
    except OSError as error:
        raise CodelabError(f"cannot make {error.filename}: {(error.strerror or str(error)).lower()}") from error
    app = create_app(state)
    # The first pages read the course and compile templates. Do that before a reader waits for a page.
    for path in ("/", f"/{course.modules[0]}/step/1"):
        app.test_client().get(path)
    listener = _listen(port)
    number = listener.getsockname()[1]
    server = WsgiServer(app, number)
    server.listen([listener])
    try:
        on_ready(f"http://localhost:{number}/")
        wait_for_stop()
    finally:
        state.saves.stop()
        server.close()
        state.close()


def _listen(port: int | None) -> socket.socket:
    for candidate in _PORTS if port is None else [port]:
        try:
            return listen("127.0.0.1", candidate, "the page", option="--port")
        except ListenError as error:
            if port is not None:
                raise CodelabError(str(error)) from error
    raise CodelabError(f"no port from {_PORTS[0]} to {_PORTS[-1]} is free; choose one with --port")
