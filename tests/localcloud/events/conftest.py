"""A listener that keeps what `localcloud event` sends."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from localcloud.cli import main


@dataclass
class Listener:
    address: str = ""
    status: int = 200
    reply: bytes = b""
    line: str = ""
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def attributes(self) -> dict[str, str]:
        """Return the CloudEvent's attributes that were sent."""
        return {name[3:].lower(): value for name, value in self.headers.items() if name.lower().startswith("ce-")}


@pytest.fixture
def listener() -> Iterator[Listener]:
    kept = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.line, kept.path, kept.headers = f"{self.command} {self.path}", self.path, dict(self.headers)
            kept.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(kept.status)
            self.send_header("Content-Type", "text/plain")
            self.end_headers()
            self.wfile.write(kept.reply)

        do_GET = do_POST  # noqa: N815  # the name that http.server calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        kept.address = f"http://127.0.0.1:{server.server_port}"
        yield kept
        server.shutdown()
        thread.join()


@pytest.fixture
def event(command):
    """Run `localcloud event` in this process; return its exit code and its one line."""
    return functools.partial(command, "event")


@pytest.fixture
def command(monkeypatch, capsys):
    """Run `localcloud` in this process; return its exit code and its one line."""
    monkeypatch.setenv("GRPC_EXPERIMENTS", "-event_engine_listener")  # or the command would set it for the whole run

    def run(*arguments):
        code = main([*map(str, arguments)])
        printed = capsys.readouterr()
        (line,) = (printed.err if code else printed.out).splitlines()
        return code, line.removeprefix("localcloud: ")

    return run
