"""The server: google.datastore.v1.Datastore over gRPC, without TLS, in front of any `Datastore`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent import futures
from typing import Any, NoReturn

import grpc
from google.protobuf.message import DecodeError

from datastore_emulator.api.interface import RPCS, SERVICE, Datastore
from datastore_emulator.api.port_sharing import SharedPort
from datastore_emulator.errors import DatastoreError, UserError
from datastore_emulator.http.guard import Guard
from datastore_emulator.net.listen import listen

_log = logging.getLogger(__name__)

# The service takes requests up to 10 MiB: https://cloud.google.com/datastore/docs/concepts/limits. The rest is room
# for what the message wraps around the entities.
_LARGEST_REQUEST = 11 * 1024 * 1024
_LONGEST_MESSAGE = 1000
# gRPC rounds deadlines up to milliseconds, and a reply may make it within one that was meant to be over at once.
_SHORTEST_DEADLINE_SECONDS = 0.001


class DatastoreServer:
    """Serves a `Datastore` over gRPC. It can be stopped and another started on the same port and engine.

    Port 0 takes a free one; `address` is "HOST:PORT" from start() on, and clients find it through
    DATASTORE_EMULATOR_HOST. `extra_handlers` serve other gRPC services on the same port. With `rest` the port
    answers HTTP requests as well, which costs each gRPC call some tenths of a millisecond. Those must be for this
    machine by name, or for `host`, unless `any_host` is true.
    """

    def __init__(
        self,
        engine: Datastore,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        rest: bool = False,
        any_host: bool = False,
        extra_handlers: Sequence[grpc.GenericRpcHandler] = (),
    ) -> None:
        self._engine = engine
        self._host = host
        self._port = port
        self._rest = rest
        self._any_host = any_host
        self._extra_handlers = extra_handlers
        self._shared_port: SharedPort | None = None
        self._server: grpc.Server | None = None

    @property
    def port(self) -> int:
        """The port it listens on, true from start() on."""
        return self._port

    @property
    def address(self) -> str:
        """Where the server listens, as "127.0.0.1:8081"."""
        return f"{self._host}:{self._port}"

    def start(self) -> None:
        """Listen, and return when the first call would be answered; UserError if the port is taken."""
        server = grpc.server(
            futures.ThreadPoolExecutor(max_workers=16, thread_name_prefix="datastore"),
            options=[
                # Without this a second server on the port would share it silently.
                ("grpc.so_reuseport", 0),
                ("grpc.max_receive_message_length", _LARGEST_REQUEST),
            ],
        )
        handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
            rpc: grpc.unary_unary_rpc_method_handler(
                # The request stays bytes: gRPC's own words for one it cannot read are a traceback in the log.
                _behaviour(getattr(self._engine, method), request),
                response_serializer=response.SerializeToString,
            )
            for method, rpc, request, response in RPCS
        }
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(SERVICE, handlers), *self._extra_handlers)
        )
        try:
            port = server.add_insecure_port("127.0.0.1:0" if self._rest else self.address)
        except RuntimeError as error:
            # gRPC does not say why. If the system has a reason, listen() finds it and raises.
            listen(self._host, self._port, "the Datastore").close()
            raise UserError(f"cannot listen on {self.address} for the Datastore: {error}") from error
        if self._rest:
            hosts = None if self._any_host else frozenset({self._host.strip("[]").lower()})
            self._shared_port = SharedPort(self._host, self._port, port, self._engine, Guard(hosts))
            port = self._shared_port.port
        self._port = port
        server.start()
        self._server = server

    def stop(self) -> None:
        """Stop listening and wait for the calls in progress, a second at most."""
        if self._server:
            self._server.stop(grace=1).wait()
            self._server = None
        if self._shared_port:
            self._shared_port.close()
            self._shared_port = None


def _behaviour(method: Callable[[Any], Any], request_class: Any) -> Callable[[bytes, grpc.ServicerContext], Any]:
    def call(request: bytes, context: grpc.ServicerContext) -> Any:
        remaining = context.time_remaining()
        if remaining is not None and remaining < _SHORTEST_DEADLINE_SECONDS:
            _abort(context, grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded")
        try:
            message = request_class.FromString(request)
        except DecodeError:
            name = request_class.DESCRIPTOR.full_name
            _abort(context, grpc.StatusCode.INVALID_ARGUMENT, f"the request is not a {name} that can be read")
        try:
            return method(message)
        except DatastoreError as error:
            _abort(context, error.code, error.message)
        except Exception:
            _log.exception("%s failed", method.__name__)
            _abort(context, grpc.StatusCode.INTERNAL, "internal error; the server's log has the traceback")

    return call


def _abort(context: grpc.ServicerContext, code: grpc.StatusCode, message: str) -> NoReturn:
    # It travels in a header, which may not be long; a message may quote what the client sent.
    context.abort(code, message[:_LONGEST_MESSAGE])
    raise AssertionError("abort raises")
