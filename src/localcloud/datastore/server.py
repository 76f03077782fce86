"""The gRPC door: google.datastore.v1.Datastore in front of any `Datastore`, in cleartext, on loopback."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent import futures
from typing import Any, NoReturn

import grpc

from localcloud.datastore.errors import DatastoreError
from localcloud.datastore.service import RPCS, SERVICE, Datastore
from localcloud.errors import LocalCloudError

_log = logging.getLogger(__name__)

# The service takes requests up to 10 MiB: https://cloud.google.com/datastore/docs/concepts/limits. The rest is room
# for what the message wraps around the entities.
_LARGEST_REQUEST = 11 * 1024 * 1024
_LONGEST_MESSAGE = 1000


class DatastoreServer:
    """Serves a `Datastore` over gRPC. It can be stopped and another started on the same port and engine.

    Port 0 takes a free one; `address` is "HOST:PORT" from start() on, and clients find it through
    DATASTORE_EMULATOR_HOST. `doors` answer what other services on the same port are called.
    """

    def __init__(
        self,
        engine: Datastore,
        host: str = "127.0.0.1",
        port: int = 0,
        doors: Sequence[grpc.GenericRpcHandler] = (),
    ) -> None:
        self._engine = engine
        self._host = host
        self._port = port
        self._doors = doors
        self._server: grpc.Server | None = None

    @property
    def address(self) -> str:
        """Where the server listens, as "127.0.0.1:8081"."""
        return f"{self._host}:{self._port}"

    def start(self) -> None:
        """Listen, and return when the first call would be answered; LocalCloudError if the port is taken."""
        server = grpc.server(
            futures.ThreadPoolExecutor(max_workers=16, thread_name_prefix="datastore"),
            options=[
                # Without this a second server on the port would share it silently.
                ("grpc.so_reuseport", 0),
                ("grpc.max_receive_message_length", _LARGEST_REQUEST),
            ],
        )
        handlers = {
            rpc: grpc.unary_unary_rpc_method_handler(
                _behaviour(getattr(self._engine, method)),
                request_deserializer=request.FromString,
                response_serializer=response.SerializeToString,
            )
            for method, rpc, request, response in RPCS
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers), *self._doors))
        try:
            port = server.add_insecure_port(self.address)
        except RuntimeError:
            port = 0
        if not port:
            raise LocalCloudError(
                f"Datastore: cannot listen on {self.address}: the port is taken or not yours; "
                "choose another, or 0 for a free one"
            )
        self._port = port
        server.start()
        self._server = server

    def stop(self) -> None:
        """Stop listening and wait for the calls in progress, a second at most."""
        if self._server:
            self._server.stop(grace=1).wait()
            self._server = None


def _behaviour(method: Callable[[Any], Any]) -> Callable[[Any, grpc.ServicerContext], Any]:
    def call(request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(request)
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
