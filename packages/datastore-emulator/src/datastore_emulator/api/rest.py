"""The REST API: the same RPCs as HTTP requests, with protobuf or JSON in their bodies.

A request is POST /v1/projects/PROJECT:METHOD, as google-cloud-datastore sends it without gRPC:
https://cloud.google.com/datastore/docs/reference/data/rest
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

import h11
from google.protobuf import json_format
from google.protobuf.message import DecodeError
from google.rpc.status_pb2 import Status
from grpc import StatusCode

from datastore_emulator.api.interface import LARGEST_REQUEST, RPCS, Datastore
from datastore_emulator.errors import DatastoreError, invalid
from datastore_emulator.http.guard import Guard, header, media_type
from datastore_emulator.http.response import Response
from datastore_emulator.http.service import HttpService, Request
from datastore_emulator.http.wire import VisitorError

_PATH = re.compile(r"/v1(?:beta\d)?/projects/([^/:?]+):(\w+)(?:\?.*)?")
_PROTOBUF, _JSON = "application/x-protobuf", "application/json"

_HTTP_CODES = {
    StatusCode.INVALID_ARGUMENT: HTTPStatus.BAD_REQUEST,
    StatusCode.FAILED_PRECONDITION: HTTPStatus.BAD_REQUEST,
    StatusCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    StatusCode.ALREADY_EXISTS: HTTPStatus.CONFLICT,
    StatusCode.ABORTED: HTTPStatus.CONFLICT,
    StatusCode.RESOURCE_EXHAUSTED: HTTPStatus.TOO_MANY_REQUESTS,
    StatusCode.UNIMPLEMENTED: HTTPStatus.NOT_IMPLEMENTED,
    StatusCode.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    StatusCode.DEADLINE_EXCEEDED: HTTPStatus.GATEWAY_TIMEOUT,
    StatusCode.PERMISSION_DENIED: HTTPStatus.FORBIDDEN,
}
# The codes of refused requests; every other is INVALID_ARGUMENT.
_CODES = {
    HTTPStatus.FORBIDDEN: StatusCode.PERMISSION_DENIED,
    HTTPStatus.NOT_FOUND: StatusCode.NOT_FOUND,
    HTTPStatus.REQUEST_TIMEOUT: StatusCode.DEADLINE_EXCEEDED,
    HTTPStatus.INTERNAL_SERVER_ERROR: StatusCode.INTERNAL,
    HTTPStatus.NOT_IMPLEMENTED: StatusCode.UNIMPLEMENTED,
}
_READ_ONLY = ("GET", "HEAD")
# What Google's emulators answer and this server does not, by the end of the path.
_ABSENT = {
    "/reset": "delete the entities",
    "/shutdown": "end the program that it is part of",
    ":export": "copy the file of --data while the emulator is stopped, or the entities with a client",
    ":import": "start it with --data FILE, another run's file, or copy the entities of Google's emulator with a client",
}


@dataclass(frozen=True)
class Controls:
    """What the requests besides the RPCs do, which Google's emulators answer, too; None refuses them.

    `shutdown` is called after its request has been answered.
    """

    reset: Callable[[], None] | None = None
    shutdown: Callable[[], None] | None = None


class Rest(HttpService):
    """An HTTP service that answers requests from a `Datastore`."""

    def __init__(self, engine: Datastore, guard: Guard, controls: Controls) -> None:
        super().__init__("datastore-rest", guard, largest_body=LARGEST_REQUEST)
        self._controls = controls
        self._rpcs = {
            f"{rpc[0].lower()}{rpc[1:]}": (getattr(engine, method), request, response)
            for method, rpc, request, response in RPCS
        }

    def check(self, request: h11.Request) -> None:
        """Refuse other methods than POST, GET and HEAD, and content types that any web page can send."""
        method = request.method.decode("ascii")
        if method not in ("POST", *_READ_ONLY):
            raise VisitorError(f"Expected POST, found {method}.", 405)
        # A page in a browser can send plain text to any server, but not these types. Without a body, the guard's rule
        # for its Origin is enough: browsers send one with each POST.
        kind = media_type(request.headers)
        if method == "POST" and kind not in (_PROTOBUF, _JSON) and _has_body(request):
            raise VisitorError(f"Expected Content-Type {_JSON} or {_PROTOBUF}, found {kind or 'none'}.", 415)

    def answer(self, request: Request) -> Response:
        """Answer one RPC, or one of the requests that Google's emulators answer besides, in the same words."""
        path = request.target.partition("?")[0]
        if request.method in _READ_ONLY:  # a client waits for the server
            return _words(200, "Ok\n") if path == "/" else _words(404, "Not Found\n")
        text = request.content_type != _PROTOBUF
        try:
            if path == "/reset" and self._controls.reset:
                self._controls.reset()
                return _words(200, "Resetting...\n")
            if path == "/shutdown" and self._controls.shutdown:
                return _words(200, "Shutting down...\n", self._controls.shutdown)
            return self._call(request, path, text)
        except DatastoreError as error:
            return _error(_HTTP_CODES.get(error.code, HTTPStatus.INTERNAL_SERVER_ERROR), error, text)

    def refusal(self, request: h11.Request | None, status: int, reason: str) -> Response:
        """Return the error for a request that comes to no RPC, in the format of its body."""
        error = DatastoreError(_CODES.get(HTTPStatus(status), StatusCode.INVALID_ARGUMENT), reason)
        return _error(status, error, request is None or media_type(request.headers) != _PROTOBUF)

    def _call(self, request: Request, path: str, text: bool) -> Response:
        for end, advice in _ABSENT.items():
            if path.endswith(end):
                raise DatastoreError(StatusCode.UNIMPLEMENTED, f"This emulator has no {end}; {advice}.")
        match = _PATH.fullmatch(request.target)
        if not match or match[2] not in self._rpcs:
            raise DatastoreError(StatusCode.NOT_FOUND, f"Expected /v1/projects/PROJECT:METHOD, found {request.target}.")
        method, request_class, _ = self._rpcs[match[2]]
        body = _decoded(request)
        try:
            message = json_format.Parse(body or b"{}", request_class()) if text else request_class.FromString(body)
        except RecursionError as error:
            raise invalid("Error parsing the request: it is nested too deeply.") from error
        except (json_format.ParseError, DecodeError, ValueError) as error:
            raise invalid(f"Error parsing the request: {error}") from error
        message.project_id = match[1]
        response = method(message)
        if text:
            return Response(200, json_format.MessageToJson(response).encode(), {"Content-Type": _JSON})
        return Response(200, response.SerializeToString(), {"Content-Type": _PROTOBUF})


def _words(status: int, words: str, when_sent: Callable[[], None] = lambda: None) -> Response:
    return Response(status, words.encode(), {"Content-Type": "text/plain"}, when_sent=when_sent)


def _has_body(request: h11.Request) -> bool:
    length = header(request.headers, b"content-length") or b"0"
    return int(length) > 0 or header(request.headers, b"transfer-encoding") is not None


def _decoded(request: Request) -> bytes:
    """Return the body, decompressed if it is gzip, up to the length that any body may have."""
    encoding = request.header(b"content-encoding").strip().lower()
    if encoding in ("", "identity"):
        return request.body
    if encoding != "gzip":
        raise VisitorError(f"Expected Content-Encoding gzip or none, found {encoding}.", 415)
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        body = unpacker.decompress(request.body, LARGEST_REQUEST + 1)
    except zlib.error as error:
        raise invalid(f"The body is not gzip: {error}.") from error
    if len(body) > LARGEST_REQUEST:
        raise VisitorError(f"the body is longer than {LARGEST_REQUEST} bytes", 413)
    if not unpacker.eof:
        raise invalid("The body is not gzip: it ends too early.")
    return body


def _error(status: int, error: DatastoreError, text: bool) -> Response:
    if text:
        body = {"code": int(status), "message": error.message, "status": error.code.name}
        return Response(status, json.dumps({"error": body}).encode(), {"Content-Type": _JSON})
    number: int = error.code.value[0]
    return Response(status, Status(code=number, message=error.message).SerializeToString(), {"Content-Type": _PROTOBUF})
