"""Datastore errors in the terms of datastore_v3, from which the app's SDK chooses the exception it raises."""

from __future__ import annotations

import grpc
from google.appengine.datastore.datastore_pb import Error
from google.appengine.runtime.apiproxy_errors import ApplicationError

# UNAVAILABLE is a Timeout to the app, as it is in the cloud: "... timed out, or the data was temporarily unavailable".
# Codes without a row become INTERNAL_ERROR; the caller has to fix UNIMPLEMENTED.
_CODES = {
    grpc.StatusCode.INVALID_ARGUMENT: Error.BAD_REQUEST,
    grpc.StatusCode.NOT_FOUND: Error.BAD_REQUEST,
    grpc.StatusCode.ALREADY_EXISTS: Error.BAD_REQUEST,
    grpc.StatusCode.OUT_OF_RANGE: Error.BAD_REQUEST,
    grpc.StatusCode.UNIMPLEMENTED: Error.BAD_REQUEST,
    grpc.StatusCode.PERMISSION_DENIED: Error.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED: Error.PERMISSION_DENIED,
    grpc.StatusCode.ABORTED: Error.CONCURRENT_TRANSACTION,
    grpc.StatusCode.FAILED_PRECONDITION: Error.NEED_INDEX,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Error.RESOURCE_EXHAUSTED,
    grpc.StatusCode.UNAVAILABLE: Error.TIMEOUT,
    grpc.StatusCode.DEADLINE_EXCEEDED: Error.TIMEOUT,
    grpc.StatusCode.DATA_LOSS: Error.INTERNAL_ERROR,
}


def convert_error(code: grpc.StatusCode, message: str) -> ApplicationError:
    """Return the error that the app receives for a Datastore error."""
    return ApplicationError(_CODES.get(code, Error.INTERNAL_ERROR), message)


def bad_request(message: str) -> ApplicationError:
    """Return the refusal of a call; ndb raises it as `BadRequestError`."""
    return ApplicationError(Error.BAD_REQUEST, message)
