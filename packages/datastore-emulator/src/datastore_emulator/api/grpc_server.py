"""The server: google.datastore.v1.Datastore over gRPC, without TLS, in front of any `Datastore`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent import futures
from typing import Any, NoReturn

import grpc
from google.protobuf.message import DecodeError

from datastore_emulator.api.interface import LARGEST_REQUEST, RPCS, SERVICE, Datastore
from datastore_emulator.api.port_sharing import SharedPort
from datastore_emulator.api.rest import Controls
from datastore_emulator.errors import DatastoreError, UserError
from datastore_emulator.http.guard import Guard
from datastore_emulator.net.addresses import write_address
from datastore_emulator.net.listen import listen

_log = logging.getLogger(__name__)

_LONGEST_MESSAGE = 1000
# gRPC rounds deadlines up to milliseconds, so a reply could arrive before a deadline that has passed already.
_SHORTEST_DEADLINE_SECONDS = 0.001


class DatastoreServer:
    """A server of a `Datastore` over gRPC; after stop(), start() listens on the same port again.

    Port 0 is any free port. Clients find `address` through DATASTORE_EMULATOR_HOST. `extra_handlers` serve other gRPC
    services on the same port. With `rest` the port also answers HTTP requests, which costs each gRPC call some tenths
    of a millisecond. The Host of an HTTP request must be this machine or `host`, unless `any_host` is true. `controls`
    say what POST /reset and POST /shutdown do, which are refused without them.
    """

    def __init__(
        self,
        engine: Datastore,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        rest: bool = False,
        any_host: bool = False,
        controls: Controls | None = None,
        extra_handlers: Sequence[grpc.GenericRpcHandler] = (),
    ) -> None:
        self._engine = engine
        self._host = host
        self._port = port
        self._rest = rest
        self._any_host = any_host
        self._controls = controls or Controls()
        self._extra_handlers = extra_handlers
        self._shared_port: SharedPort | None = None
        self._server: grpc.Server | None = None

    @property
    def host(self) -> str:
        """The host it listens on, as "127.0.0.1"."""
        return self._host

    @property
    def port(self) -> int:
        """The port it listens on, known once start() has returned."""
        return self._port

    @property
    def address(self) -> str:
        """The host and port, as "127.0.0.1:8081" or "[::1]:8081"."""
        return write_address(self._host, self._port)

    def start(self) -> None:
        """Listen, and return once calls are answered; raises UserError if it cannot listen on the port."""
        server = grpc.server(
            futures.ThreadPoolExecutor(max_workers=16, thread_name_prefix="datastore"),
            options=[
                # Otherwise a second server on the port would share it silently.
                ("grpc.so_reuseport", 0),
                ("grpc.max_receive_message_length", LARGEST_REQUEST),
            ],
        )
        handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
            rpc: grpc.unary_unary_rpc_method_handler(
                # Without a deserializer: gRPC would log a traceback for a request that it cannot read.
                _handler(getattr(self._engine, method), request),
                response_serializer=response.SerializeToString,
            )
            for method, rpc, request, response in RPCS
        }
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(SERVICE, handlers), *self._extra_handlers)
        )
        if not self._rest:
            # gRPC's own error for a port that is in use is a line on stderr and an exception without the reason.
            listen(self._host, self._port, "the Datastore").close()
        try:
            port = server.add_insecure_port("127.0.0.1:0" if self._rest else self.address)
        except RuntimeError as error:
            raise UserError(f"cannot listen on {self.address} for the Datastore: {error}") from error
        if self._rest:
            hosts = None if self._any_host else frozenset({self._host.strip("[]").lower()})
            self._shared_port = SharedPort(self._host, self._port, port, self._engine, Guard(hosts), self._controls)
            port = self._shared_port.port
        self._port = port
        server.start()
        self._server = server

    def stop(self) -> None:
        """Stop listening, and wait for the calls in progress, a second at most."""
        if self._server:
            self._server.stop(grace=1).wait()
            self._server = None
        if self._shared_port:
            self._shared_port.close()
            self._shared_port = None


def _handler(method: Callable[[Any], Any], request_class: Any) -> Callable[[bytes, grpc.ServicerContext], Any]:
    """Return what gRPC calls with the bytes of a request, for one method of a `Datastore`."""

    def call(request: bytes, context: grpc.ServicerContext) -> Any:
        remaining = context.time_remaining()
        if remaining is not None and remaining < _SHORTEST_DEADLINE_SECONDS:
            _abort(context, grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded")
        try:
            message = request_class.FromString(request)
        except DecodeError:
            name = request_class.DESCRIPTOR.full_name
            _abort(context, grpc.StatusCode.INVALID_ARGUMENT, f"the request cannot be read as {name}")
        try:
            return method(message)
        except DatastoreError as error:
            _abort(context, error.code, error.message)
        except Exception:
            _log.exception("%s failed", method.__name__)
            _abort(context, grpc.StatusCode.INTERNAL, "internal error; the server's log has the traceback")

    return call


def _abort(context: grpc.ServicerContext, code: grpc.StatusCode, message: str) -> NoReturn:
    # The message is sent in a header, which must be short; it may quote what the client sent.
    context.abort(code, message[:_LONGEST_MESSAGE])
    raise AssertionError("abort raises")
