"""The gRPC service that the legacy SDK's dev_appserver calls at a Datastore emulator."""

from __future__ import annotations

import grpc
from google.appengine.ext.remote_api.remote_api_bytes_pb2 import Request
from google.protobuf.message import DecodeError

from localcloud.appengine.callers import Caller
from localcloud.appengine.rpc import Dispatcher

# google/appengine/tools/devappserver2/grpc_service_pb2.py of the legacy SDK; Google's emulator serves the same. The
# messages have the field numbers of remote_api's.
_SERVICE = "apphosting.tools.devappserver2.CallHandler"
# A call has no ticket; a datastore_v3 request names its app itself.
_CALLER = Caller("")


def make_call_handler(dispatcher: Dispatcher) -> grpc.GenericRpcHandler:
    """Make the handler of CallHandler's one RPC, for a gRPC server that also serves v1.

    The calls come without a ticket, so `dispatcher` must not have services that depend on one.
    """

    def handle(body: bytes, context: grpc.ServicerContext) -> bytes:
        try:
            call = Request.FromString(body)
        except DecodeError:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the message is not a remote_api Request")
            raise
        return dispatcher.handle(call, _CALLER)

    # Without a deserializer and a serializer gRPC passes bytes.
    return grpc.method_handlers_generic_handler(_SERVICE, {"HandleCall": grpc.unary_unary_rpc_method_handler(handle)})
