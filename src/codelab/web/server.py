"""`codelab serve`: the page on a loopback port, until Ctrl-C."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from codelab.course import Course
from codelab.errors import CodelabError
from codelab.web.site import Site, create_app

# The same on most machines, so that an address can be shared between two people with the same checkout.
_PORTS = range(8800, 8900)


class _Handler(WSGIRequestHandler):
    """Keeps connections open, and the terminal free of a line for each request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_: object) -> None:
        pass


def serve(course: Course, port: int | None, say: Callable[[str], None]) -> None:
    """Serve the course's page until a signal raises; `say` gets the address to click.

    Raises CodelabError if the port, or every one from 8800 to 8899, is taken, or work/ cannot be made.
    """
    site = Site(course)
    try:
        site.saves.start()
    except OSError as error:
        raise CodelabError(f"{error.filename}: expected to make this folder ({error.strerror})") from error
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = _listening(site, port)
    thread = threading.Thread(target=server.serve_forever, name="page", daemon=True)
    thread.start()
    try:
        say(f"Open http://localhost:{server.port}/ (Ctrl-C ends it)")
        while thread.is_alive():
            # In short waits: a signal that comes just before an endless one begins would not interrupt it.
            thread.join(0.2)
    finally:
        site.saves.stop()
        server.shutdown()
        site.stages.close()


def _listening(site: Site, port: int | None) -> BaseWSGIServer:
    app = create_app(site)
    for candidate in _PORTS if port is None else [port]:
        taken = _listen(candidate)
        if taken:
            with taken:
                # werkzeug ends the program when a port is taken, so it gets one that listens already.
                host, number = taken.getsockname()
                return make_server(host, number, app, threaded=True, request_handler=_Handler, fd=taken.fileno())
    where = f"port {port}" if port is not None else f"a port from {_PORTS[0]} to {_PORTS[-1]}"
    raise CodelabError(f"expected {where} that is free, found none; choose one with --port")


def _listen(port: int) -> socket.socket | None:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except OSError:
        listener.close()
        return None
    return listener
