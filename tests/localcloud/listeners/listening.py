"""A running listener, and requests that it accepts."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from datastore_emulator import messages as m
from tests.support.deadline import DEADLINE


@dataclass
class Listening:
    """A listener: its port, requests that it accepts, and what has reached the code behind it."""

    port: int
    requests: dict[str, bytes]
    acted: list[str] = field(default_factory=list)

    def connect(self) -> socket.socket:
        """Open a connection to the listener."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)

    def exchange(self, data: bytes) -> bytes:
        """Send this and nothing more, and return the answer once the server has closed the connection."""
        with self.connect() as connection:
            answer = b""
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                while part := connection.recv(1 << 16):
                    answer += part
            except ConnectionError:
                pass  # refused before all of it was sent
            return answer


def post(path: str, body: bytes, content_type: str, *, chunked: bool = False) -> bytes:
    """Return a POST request, with its length or in chunks."""
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n{framing}\r\n\r\n"
    if chunked:
        half = len(body) // 2
        parts = [body[:half], body[half:], b""]
        body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return head.encode() + body


def thing(number: int) -> m.Entity:
    """Return an entity with this id."""
    entity = m.Entity()
    entity.key.path.add(kind="Thing", id=number)
    return entity


def holds(condition: Callable[[], bool]) -> bool:
    """Wait for a condition, and return whether it came true."""
    end = time.monotonic() + DEADLINE
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()
