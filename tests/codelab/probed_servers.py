"""Servers on this machine for `codelab probe` to visit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from codelab.commands.probe import probe

TIME = "Mon Nov  2 09:05:07 2026"
OWN = "right: the page shows 127.0.0.77, the address that this visit came from"


def probed(url: str, *, patience: float = 60) -> tuple[bool, str]:
    """Probe the URL; return if the app is right, and the line that says so."""
    result = probe(url, patience=patience, pause=0)
    return result.right, result.text


@dataclass
class RecordingServer:
    """A server that answers all requests in the same way, and records them."""

    url: str
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)


Respond = Callable[[BaseHTTPRequestHandler, int], None]


@contextmanager
def serving(respond: Respond) -> Iterator[RecordingServer]:
    """Run a server that answers with `respond`, which gets the request and its number."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.requests.append((self.path, dict(self.headers)))
            respond(self, len(site.requests))

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site = RecordingServer(f"http://127.0.0.1:{server.server_port}/")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answer(request: BaseHTTPRequestHandler, status: int, body: str = "", **headers: str) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body.encode())


def listing(*visitors: str) -> str:
    return "<ul>" + "".join(f"<li>{TIME} from {visitor}</li>" for visitor in visitors) + "</ul>"


def right_answer(request: BaseHTTPRequestHandler, _: int) -> None:
    answer(request, 200, listing(f"{request.client_address[0]}: {request.headers['User-Agent']}"))


def endless(request: BaseHTTPRequestHandler, head: bytes, piece: bytes) -> None:
    """Send data until the visitor closes the connection."""
    try:
        request.wfile.write(head)
        while True:
            request.wfile.write(piece)
    except OSError:
        request.close_connection = True
