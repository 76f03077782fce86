"""The door that the legacy SDK's dev_appserver knocks on when it is told of a Datastore emulator."""

from __future__ import annotations

import grpc
from google.protobuf.message import DecodeError

from localcloud.appengine.rpc import Dispatcher

# google/appengine/tools/devappserver2/grpc_service_pb2.py of the legacy SDK; Google's emulator serves the same. The
# messages have the field numbers of remote_api's.
_SERVICE = "apphosting.tools.devappserver2.CallHandler"
# Nothing in such a call names the app but the datastore_v3 request inside it.
_TICKET = ""


def call_handler(dispatcher: Dispatcher) -> grpc.GenericRpcHandler:
    """Return what answers CallHandler's one RPC, for a gRPC server that serves v1 beside it."""

    def handle(body: bytes, context: grpc.ServicerContext) -> bytes:
        try:
            return dispatcher.handle(body, _TICKET)
        except DecodeError:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the message is not a remote_api Request")
            raise

    # Without a deserializer or a serializer gRPC hands the bytes through.
    return grpc.method_handlers_generic_handler(_SERVICE, {"HandleCall": grpc.unary_unary_rpc_method_handler(handle)})
