"""A proxy in front of Redis: it can speak TLS, and can forget its connections as a network does."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from types import TracebackType

_CHUNK = 1 << 16
_RESET_WHEN_CLOSED = struct.pack("ii", 1, 0)


class RedisProxy:
    """Passes connections on to a port of 127.0.0.1, behind TLS if it has a certificate; a context manager."""

    def __init__(self, target: int, tls: ssl.SSLContext | None = None) -> None:
        self.port = 0
        self._target = target
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._forgotten: set[asyncio.Task[None]] = set()

    def __enter__(self) -> RedisProxy:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def forget_connections(self) -> int:
        """Answer the next bytes of each open connection with a reset, as if nothing were known of it.

        Until then its other end cannot tell. Return how many there are.
        """
        self._forgotten |= self._tasks
        return len(self._forgotten)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        redis_reader, redis_writer = await asyncio.open_connection("127.0.0.1", self._target)
        answers = asyncio.ensure_future(_pump(redis_reader, writer))
        try:
            while data := await reader.read(_CHUNK):
                if task in self._forgotten:
                    connection = writer.get_extra_info("socket")
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_WHEN_CLOSED)
                    writer.transport.abort()
                    break
                redis_writer.write(data)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            answers.cancel()
            for end in (redis_writer, writer):
                end.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(_CHUNK):
            sink.write(data)
        sink.close()
