"""The remote_api envelope: finds the service that a request names, and wraps its answer or error."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Mapping
from typing import NamedTuple

from google.appengine.ext.remote_api.remote_api_bytes_pb2 import Request, Response, RpcError
from google.appengine.runtime import apiproxy_errors

from localcloud.appengine.bundled_service import BundledService
from localcloud.appengine.callers import Caller

logger = logging.getLogger(__name__)

# The app's SDK chooses its exception by the table in google.appengine.runtime.default_api_stub; this is the reverse.
_RPC_ERROR_CODES: dict[type[Exception], int] = {
    apiproxy_errors.CallNotFoundError: RpcError.CALL_NOT_FOUND,
    apiproxy_errors.ArgumentError: RpcError.PARSE_ERROR,
    apiproxy_errors.RequestTooLargeError: RpcError.REQUEST_TOO_LARGE,
    apiproxy_errors.RPCFailedError: RpcError.UNKNOWN,
}

# Python 2's pickle reads protocols 0 to 2; 0 is what Google's own API server sent.
_PICKLE_PROTOCOL = 0


class AnsweredCall(NamedTuple):
    """A call of an app that a service has answered, and not refused."""

    service: str
    method: str
    request: bytes


class Dispatcher:
    """Answers remote_api requests that came over HTTP or a gRPC CallHandler.

    Each of the `observers` is called with a call that a service has answered, before the app has the answer.
    """

    def __init__(self, services: Mapping[str, BundledService]) -> None:
        self._services = services
        self.observers: list[Callable[[AnsweredCall], None]] = []

    def handle(self, request: Request, caller: Caller) -> bytes:
        """Answer one Request with a serialized Response, which also holds any error.

        What localcloud does not have is also in the app's log, because an app may hide the error from its visitor.
        """
        response = Response()
        try:
            response.response = self._call(request, caller)
        except apiproxy_errors.ApplicationError as error:
            response.application_error.code = error.application_error
            response.application_error.detail = error.error_detail
        except apiproxy_errors.CallNotFoundError as error:
            caller.log(str(error))
            _set_rpc_error(response, error)
        except apiproxy_errors.Error as error:
            _set_rpc_error(response, error)
        except Exception as error:
            logger.exception("%s.%s() failed", request.service_name, request.method)
            summary = f"localcloud failed in {request.service_name}.{request.method}(): {error!r}"
            _set_rpc_error(response, apiproxy_errors.RPCFailedError(summary))
        return bytes(response.SerializeToString())

    def _call(self, request: Request, caller: Caller) -> bytes:
        service = self._services.get(request.service_name)
        if service is None:
            *others, last = sorted(self._services)
            served = f"{', '.join(others)} and {last}" if others else last
            raise apiproxy_errors.CallNotFoundError(
                f"localcloud does not have the bundled service {request.service_name!r} "
                f"(called for {request.method}()); it has {served}"
            )
        answer = service.call(request.method, request.request, caller)
        for observer in self.observers:
            observer(AnsweredCall(request.service_name, request.method, request.request))
        return answer


def _set_rpc_error(response: Response, error: apiproxy_errors.Error) -> None:
    """Put `error` into the response twice: Python 3's SDK reads `rpc_error`, Python 2's unpickles `exception`."""
    response.rpc_error.code = _RPC_ERROR_CODES.get(type(error), RpcError.UNKNOWN)
    response.rpc_error.detail = str(error)
    response.exception = pickle.dumps(error, protocol=_PICKLE_PROTOCOL)
