"""Both ends of a front end: an app that returns the bytes it received, and visitors on raw sockets."""

from __future__ import annotations

import gzip
import http.client
import re
import socket
import socketserver
import threading
import urllib.parse

from localcloud.frontend import FrontEnd
from tests.support.deadline import DEADLINE

OK = b"HTTP/1.1 200 OK\r\n"


class App(socketserver.ThreadingTCPServer):
    """A server without a framework: it answers with the request's own bytes, or as its path says."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Exchange)
        self.gate = threading.Event()
        self.kept: list[bytes] = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: tests break connections on purpose, and what the visitor gets is what counts."""

    def __exit__(self, *details: object) -> None:
        self.shutdown()
        self.server_close()


class Exchange(socketserver.StreamRequestHandler):
    """One connection to the app, for one request."""

    server: App

    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline()
            if not line:
                return
            head += line
        path = head.split(b" ")[1].decode()
        answer = getattr(self, "answer_" + re.sub(r"\W.*", "", path.removeprefix("/")), self.answer_echo)
        answer(head)

    def answer_echo(self, head: bytes) -> None:
        self.reply(head + self.body(head))

    def reply(self, body: bytes, *headers: bytes) -> None:
        lines = [b"Content-Length: %d" % len(body), b"X-Peer: " + self.client_address[0].encode(), *headers]
        self.wfile.write(OK + b"\r\n".join(lines) + b"\r\n\r\n" + body)

    def body(self, head: bytes) -> bytes:
        if length := re.search(rb"(?i)\r\ncontent-length: *(\d+)", head):
            return self.rfile.read(int(length[1]))
        chunks = b""
        if re.search(rb"(?i)\r\ntransfer-encoding: *chunked", head):
            while size := int(self.rfile.readline(), 16):
                chunks += self.rfile.read(size + 2)[:-2]
            assert self.rfile.readline() == b"\r\n"
        return chunks

    def answer_cookies(self, head: bytes) -> None:
        self.reply(b"", b"Set-Cookie: a=1", b"Set-Cookie: b=2", b"X-Bytes: \xff\xc3\xa9", b"Keep-Alive: timeout=9")

    def answer_gzip(self, head: bytes) -> None:
        self.reply(gzip.compress(b"visits", mtime=0), b"Content-Encoding: gzip")

    def answer_redirect(self, head: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 302 Found Elsewhere\r\nLocation: /cookies\r\nContent-Length: 0\r\n\r\n")

    def answer_blob(self, head: bytes) -> None:
        """Name a blob in the header, with the headers that the query has."""
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(head.split(b" ")[1]).query))
        named = b"X-AppEngine-BlobKey: " + query.pop(b"key", b"key")
        self.reply(b"the app's own body", named, *(b"%s: %s" % pair for pair in query.items()))

    def answer_failing(self, head: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 404 Not Found\r\nX-AppEngine-BlobKey: key\r\nContent-Length: 0\r\n\r\n")

    def answer_head(self, head: bytes) -> None:
        self.wfile.write(OK + b"Content-Length: 1234\r\n\r\n")

    def answer_slow(self, head: bytes) -> None:
        self.wfile.write(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        assert self.server.gate.wait(DEADLINE)
        self.wfile.write(b"6\r\nsecond\r\n0\r\n\r\n")

    def answer_reads(self, head: bytes) -> None:
        first = self.rfile.read(5)
        self.server.gate.set()
        self.reply(first + self.rfile.read(5))

    def answer_keeps(self, head: bytes) -> None:
        """Note a request that has arrived whole, as an app that checks that does."""
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        body = self.body(head)
        if length is None or len(body) == int(length[1]):
            self.server.kept.append(b"/keeps")
        self.reply(b"")

    def answer_refuses(self, head: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nstop")

    def answer_dies(self, head: bytes) -> None:
        pass

    def answer_babbles(self, head: bytes) -> None:
        self.wfile.write(b"this is not HTTP\r\n\r\n")

    def answer_breaks(self, head: bytes) -> None:
        self.wfile.write(OK + b"Content-Length: 100\r\n\r\nten bytes.")

    def answer_splinters(self, head: bytes) -> None:
        self.wfile.write(OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\none chunk\r\n")

    def answer_ends(self, head: bytes) -> None:
        self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end")


class Reply:
    """An answer as a visitor gets it; an echoing app's request is taken apart in `line`, `seen` and `sent`."""

    def __init__(self, connection: socket.socket, method: str) -> None:
        response = http.client.HTTPResponse(connection, method=method)
        response.begin()
        self.status, self.reason, self.headers = response.status, response.reason, response.headers
        self.body = response.read()
        head, _, self.sent = self.body.partition(b"\r\n\r\n")
        self.line, *lines = head.split(b"\r\n")
        self.seen = [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]

    def all(self, name: str) -> list[bytes]:
        return [value for key, value in self.seen if key.lower() == name.lower().encode()]

    def one(self, name: str) -> bytes:
        (value,) = self.all(name)
        return value


def connect(front_end: FrontEnd, source: str = "127.0.0.1") -> socket.socket:
    host = "::1" if ":" in source else "127.0.0.1"
    return socket.create_connection((host, front_end.port), timeout=DEADLINE, source_address=(source, 0))


def visit(
    front_end: FrontEnd,
    *lines: bytes,
    target: bytes = b"/",
    method: bytes = b"GET",
    body: bytes = b"",
    source: str = "127.0.0.1",
) -> Reply:
    with connect(front_end, source) as connection:
        head = [method + b" " + target + b" HTTP/1.1", b"Host: demo.example", *lines, b"Connection: close"]
        connection.sendall(b"\r\n".join(head) + b"\r\n\r\n" + body)
        return Reply(connection, method.decode())
