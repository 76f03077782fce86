"""The REST door: the same RPCs as HTTP requests, with protobuf or JSON in their bodies.

A request is POST /v1/projects/PROJECT:METHOD, as google-cloud-datastore sends it where it has no gRPC:
https://cloud.google.com/datastore/docs/reference/data/rest
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from google.rpc.status_pb2 import Status
from grpc import StatusCode

from localcloud.datastore.errors import DatastoreError, invalid
from localcloud.datastore.service import RPCS, Datastore

_log = logging.getLogger(__name__)

_PATH = re.compile(r"/v1(?:beta\d)?/projects/([^/:?]+):(\w+)(?:\?.*)?")
_PROTOBUF, _JSON = "application/x-protobuf", "application/json"
_LARGEST_BODY = 11 * 1024 * 1024

_HTTP_CODES = {
    StatusCode.INVALID_ARGUMENT: HTTPStatus.BAD_REQUEST,
    StatusCode.FAILED_PRECONDITION: HTTPStatus.BAD_REQUEST,
    StatusCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    StatusCode.ALREADY_EXISTS: HTTPStatus.CONFLICT,
    StatusCode.ABORTED: HTTPStatus.CONFLICT,
    StatusCode.RESOURCE_EXHAUSTED: HTTPStatus.TOO_MANY_REQUESTS,
    StatusCode.UNIMPLEMENTED: HTTPStatus.NOT_IMPLEMENTED,
    StatusCode.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}


def handler(engine: Datastore) -> type[BaseHTTPRequestHandler]:
    """Return what answers the HTTP requests of one connection from `engine`."""
    methods = {
        f"{rpc[0].lower()}{rpc[1:]}": (getattr(engine, method), request, response)
        for method, rpc, request, response in RPCS
    }

    class Handler(_Handler):
        rpcs = methods

    return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A connection that says nothing for so long is closed.
    timeout = 60
    rpcs: dict[str, tuple[Callable[[Any], Any], Any, Any]]

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet: the gRPC door logs no requests either."""

    def do_GET(self) -> None:
        """Answer as Google's emulators do, for who waits until there is an answer."""
        if self.path == "/":
            self._send(HTTPStatus.OK, "text/plain", b"Ok\n")
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"Not Found\n")

    def do_POST(self) -> None:
        """Answer one RPC."""
        text = self.headers.get_content_type() != _PROTOBUF
        try:
            self._refuse_web_pages()
            self._answer(text)
        except DatastoreError as error:
            self._refuse(error, text)
        except Exception:
            _log.exception("%s failed", self.path)
            self._refuse(
                DatastoreError(StatusCode.INTERNAL, "internal error; the server's log has the traceback"), text
            )

    def _refuse_web_pages(self) -> None:
        """Raise DatastoreError for what a page in a browser could send from anywhere on the web."""
        kind = self.headers.get_content_type()
        if "Origin" in self.headers or kind not in (_PROTOBUF, _JSON):
            self.close_connection = True
            raise invalid(f"Expected Content-Type {_JSON} or {_PROTOBUF} and no Origin, found {kind}.")

    def _answer(self, text: bool) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _LARGEST_BODY:
            self.close_connection = True
            raise invalid(f"Expected a Content-Length of at most {_LARGEST_BODY} bytes, found {length or 'none'}.")
        body = self.rfile.read(int(length))
        match = _PATH.fullmatch(self.path)
        if not match or match[2] not in self.rpcs:
            raise DatastoreError(StatusCode.NOT_FOUND, f"Expected /v1/projects/PROJECT:METHOD, found {self.path}.")
        method, request_class, _ = self.rpcs[match[2]]
        try:
            request = json_format.Parse(body or b"{}", request_class()) if text else request_class.FromString(body)
        except (json_format.ParseError, DecodeError, UnicodeDecodeError) as error:
            raise invalid(f"Error parsing the request: {error}") from error
        request.project_id = match[1]
        response = method(request)
        if text:
            self._send(HTTPStatus.OK, _JSON, json_format.MessageToJson(response).encode())
        else:
            self._send(HTTPStatus.OK, _PROTOBUF, response.SerializeToString())

    def _refuse(self, error: DatastoreError, text: bool) -> None:
        code = _HTTP_CODES.get(error.code, HTTPStatus.INTERNAL_SERVER_ERROR)
        if text:
            told = {"code": code.value, "message": error.message, "status": error.code.name}
            self._send(code, _JSON, json.dumps({"error": told}).encode())
        else:
            number: int = error.code.value[0]
            self._send(code, _PROTOBUF, Status(code=number, message=error.message).SerializeToString())

    def _send(self, code: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
