"""A Datastore and its server in one: the library's way to run the emulator."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from datastore_emulator.api.grpc_server import DatastoreServer
from datastore_emulator.api.rest import Controls
from datastore_emulator.engine import Engine


@contextmanager
def serve(
    data: str | os.PathLike[str] = ":memory:",
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    rest: bool = True,
    any_host: bool = False,
    shutdown: Callable[[], None] | None = None,
) -> Iterator[DatastoreServer]:
    """Serve a Datastore while the `with` lasts, on a free port unless `port` names one.

    `data` is the file that keeps the entities, created if it does not exist; by default a temporary one, removed at the
    end. Without `rest` the port serves gRPC only. `any_host` accepts HTTP requests for any host name. `shutdown` is
    called after POST /shutdown has been answered; without it, that request is refused.

        with serve() as server:
            os.environ["DATASTORE_EMULATOR_HOST"] = server.address

    Raises UserError if the port cannot be listened on, or if the file is not a Datastore's.
    """
    with Engine(data) as engine:
        server = DatastoreServer(
            engine, host, port, rest=rest, any_host=any_host, controls=Controls(engine.reset_all, shutdown)
        )
        server.start()
        try:
            yield server
        finally:
            server.stop()
