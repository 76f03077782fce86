"""`codelab serve`: the page on a loopback port, until Ctrl-C."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

from codelab.errors import CodelabError
from codelab.readme.course import Course
from codelab.web.site import Site, create_app
from codelab.web.wsgi import WsgiServer
from datastore_emulator.net.listen import ListenError, listen

# The same on most machines, so that an address can be shared between two people with the same checkout.
_PORTS = range(8800, 8900)


def serve(course: Course, port: int | None, say: Callable[[str], None]) -> None:
    """Serve the course's page until a signal raises; `say` gets the address to click.

    Raises CodelabError if the port, or every one from 8800 to 8899, is taken, or work/ cannot be made.
    """
    site = Site(course)
    try:
        site.saves.start()
    except OSError as error:
        raise CodelabError(f"{error.filename}: expected to make this folder ({error.strerror})") from error
    app = create_app(site)
    # The first pages read the course and compile templates: before there is an address, nobody waits for that.
    for path in ("/", f"/{course.modules[0]}/step/1"):
        app.test_client().get(path)
    listener = _listening(port)
    number = listener.getsockname()[1]
    server = WsgiServer(app, number)
    server.listen([listener])
    try:
        say(f"Open http://localhost:{number}/ (Ctrl-C ends it)")
        while True:
            # In short waits: a signal that comes just before an endless one begins would not interrupt it.
            time.sleep(0.2)
    finally:
        site.saves.stop()
        server.close()
        site.stages.close()


def _listening(port: int | None) -> socket.socket:
    for candidate in _PORTS if port is None else [port]:
        try:
            return listen("127.0.0.1", candidate, "the page", option="--port")
        except ListenError as error:
            if port is not None:
                raise CodelabError(str(error)) from error
    raise CodelabError(f"no port from {_PORTS[0]} to {_PORTS[-1]} is free; choose one with --port")
