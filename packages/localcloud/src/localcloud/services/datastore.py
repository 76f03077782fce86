"""The Datastore of a local cloud: embedded, or a server that localcloud did not start."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import grpc

from datastore_emulator.api.grpc_server import DatastoreServer
from datastore_emulator.api.interface import Datastore
from datastore_emulator.api.remote import RemoteDatastore
from datastore_emulator.api.rest import Controls
from datastore_emulator.api.tracing import traced
from datastore_emulator.engine import Engine
from datastore_emulator.errors import DatastoreError, UserError
from datastore_emulator.net.addresses import read_server
from datastore_emulator.net.ports import hold
from datastore_emulator.storage import Written

Observe = Callable[[str], None]


class Restartable(Protocol):
    """A listener that returns to its port after it was stopped."""

    @property
    def port(self) -> int:
        """The port it listens on."""
        ...

    def start(self) -> None:
        """Listen."""
        ...

    def stop(self) -> None:
        """Stop listening and hang up."""
        ...


class DatastoreService(Protocol):
    """A Datastore that apps share: clients reach it at `address`, the API server of bundled services by `backend`.

    `direct` has the RPCs for others than apps. Nobody is told of its calls, and an outage does not concern it.
    """

    direct: Datastore

    @property
    def address(self) -> str:
        """HOST:PORT, as DATASTORE_EMULATOR_HOST takes it; true from `start` on."""
        ...

    @property
    def backend(self) -> Datastore:
        """The RPCs."""
        ...

    def start(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """Listen; `handlers` answer other gRPC services on the same port, if this object owns the port."""
        ...

    def close(self) -> None:
        """Stop listening, and close the data."""
        ...

    def outage(self) -> AbstractContextManager[None]:
        """Take the Datastore away for the length of the block; what it holds stays."""
        ...


class EmbeddedDatastore:
    """The emulator in this process; `data` is its file, ":memory:" for none.

    `observe` is called before each RPC, as in "Datastore RunQuery".
    """

    def __init__(self, data: str | Path, observe: Observe) -> None:
        self._engine = Engine(data)
        self.direct: Datastore = self._engine
        self._observe = observe
        self._away = False
        self._server: DatastoreServer | None = None
        self.backend = traced(self._engine, self._before_call)

    @property
    def address(self) -> str:
        """HOST:PORT, as DATASTORE_EMULATOR_HOST takes it; true from `start` on."""
        return self._listening().address

    def start(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """Listen on a free port; `handlers` answer other gRPC services on it.

        An app or its tests may reset the Datastore, and cannot end it: the cloud does.
        """
        controls = Controls(reset=self._engine.reset_all)
        server = DatastoreServer(self.backend, rest=True, controls=controls, extra_handlers=handlers)
        server.start()
        self._server = server

    def close(self) -> None:
        """Stop listening, and close the file."""
        if self._server:
            self._server.stop()
        self._engine.close()

    def stored_kinds(self) -> list[tuple[str, str, str, str]]:
        """Return the project, database, namespace and kind of all entities that are stored, each once."""
        return self._engine.stored_kinds()

    def observe_writes(self, observer: Callable[[Sequence[Written]], None]) -> None:
        """Call `observer` with what each commit has written, as `Engine.observe` does."""
        self._engine.observe(observer)

    def shift_ids(self, blocks: int) -> None:
        """Allocate other ids than another store does, as `Engine.shift_ids` says."""
        self._engine.shift_ids(blocks)

    def empty(self) -> None:
        """Remove all entities, of every project."""
        self._engine.reset_all()

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Take the Datastore away for the length of the block; what it holds stays.

        Its port refuses connections. A bundled service's client gets the error that App Engine gives it when the
        Datastore is unavailable, and still reaches Memcache.
        """
        server = self._listening()
        self._away = True
        server.stop()
        try:
            with hold(server.port):
                yield
        finally:
            server.start()
            self._away = False

    def _listening(self) -> DatastoreServer:
        if self._server is None:
            raise RuntimeError("the Datastore has no address before start()")
        return self._server

    def _before_call(self, call: str) -> None:
        self._observe(call)
        if self._away:
            raise DatastoreError(
                grpc.StatusCode.UNAVAILABLE, "the Datastore is down, because localcloud was asked for an outage"
            )


class ExternalDatastore:
    """A Datastore that localcloud did not start, such as Google's emulator, at `address`.

    `relay` is what listens at that address in front of the server, so that an outage can be made. Raises UserError if
    nothing listens there.
    """

    def __init__(self, address: str, observe: Observe, relay: Restartable | None = None) -> None:
        read_server(address, "--datastore")
        self.address = address
        self._relay = relay
        self._remote = RemoteDatastore(address)
        self.direct: Datastore = self._remote
        self.backend = traced(self._remote, observe)

    def start(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """Do nothing: the server is running, and its port serves what it serves."""

    def close(self) -> None:
        """Hang up."""
        self._remote.close()

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Stop the relay for the length of the block; raises UserError without one."""
        if self._relay is None:
            raise UserError(
                f"--datastore {self.address}: localcloud cannot make an outage of a Datastore that it did not start; "
                "stop that server yourself, or leave the option out to use the embedded one"
            )
        self._relay.stop()
        try:
            with hold(self._relay.port):
                yield
        finally:
            self._relay.start()
