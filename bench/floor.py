"""The floor: the same rows in bare SQLite, and a gRPC call that does nothing.

What a Datastore on SQLite behind Python's gRPC cannot go below: whatever it takes more is its own, or the client's.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from multiprocessing.connection import Connection
from pathlib import Path

import grpc

_METHOD = "/bench.Floor/Nothing"


class BareTable:
    """Visits as a program that needs no Datastore would keep them: one table, one index for each question."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(
            "CREATE TABLE visits (id INTEGER PRIMARY KEY, timestamp INTEGER, visitor TEXT);"
            "CREATE INDEX by_timestamp ON visits (timestamp);"
            "CREATE INDEX by_visitor ON visits (visitor, timestamp);"
        )

    def load(self, visitors: Iterable[str]) -> None:
        """Add visits in one transaction."""
        self._connection.execute("BEGIN")
        self._connection.executemany("INSERT INTO visits (timestamp, visitor) VALUES (?, ?)", map(_row, visitors))
        self._connection.execute("COMMIT")

    def put(self) -> None:
        """Add one visit, in a transaction of its own."""
        self._connection.execute("INSERT INTO visits (timestamp, visitor) VALUES (?, ?)", _row("10.0.0.1: bench"))

    def newest(self) -> list[tuple[int, int, str]]:
        """Return the ten newest visits."""
        return self._connection.execute("SELECT * FROM visits ORDER BY timestamp DESC LIMIT 10").fetchall()

    def equal(self, visitor: str) -> list[tuple[int, int, str]]:
        """Return ten visits of a visitor."""
        return self._connection.execute("SELECT * FROM visits WHERE visitor = ? LIMIT 10", (visitor,)).fetchall()

    def newest_equal(self, visitor: str) -> list[tuple[int, int, str]]:
        """Return a visitor's ten newest visits."""
        sql = "SELECT * FROM visits WHERE visitor = ? ORDER BY timestamp DESC LIMIT 10"
        return self._connection.execute(sql, (visitor,)).fetchall()

    def count(self) -> int:
        """Return how many visits there are."""
        number: int = self._connection.execute("SELECT count(*) FROM visits").fetchone()[0]
        return number


@contextlib.contextmanager
def empty_call() -> Iterator[Callable[[], bytes]]:
    """Run a gRPC server in a process of its own, and yield a call of a method that does nothing."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve_nothing, args=(theirs,), daemon=True)
    process.start()
    try:
        with grpc.insecure_channel(f"127.0.0.1:{ours.recv()}") as channel:
            method = channel.unary_unary(_METHOD)
            yield lambda: method(b"")
    finally:
        ours.send(None)
        process.join()


def _serve_nothing(pipe: Connection) -> None:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    handlers = {"Nothing": grpc.unary_unary_rpc_method_handler(lambda request, context: b"")}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Floor", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    pipe.send(port)
    pipe.recv()
    server.stop(None).wait()


def _row(visitor: str) -> tuple[int, str]:
    return time.time_ns() // 1000, visitor
