"""The reverse proxy: one listener for visitors, and a new connection to the app for each request."""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote_to_bytes

import h11

from datastore_emulator.http.guard import header
from datastore_emulator.http.listener import Listener, send_answer
from datastore_emulator.http.response import Response, plain
from datastore_emulator.http.service import origin_form
from datastore_emulator.http.wire import AppError, VisitorError, Wire
from datastore_emulator.net.addresses import write_address
from localcloud.frontend import headers, transfer
from localcloud.frontend.blobs import IMAGE, UPLOAD, Blobs, Forwarded, answer_with_blob, names_blob
from localcloud.frontend.exchange import Copy
from localcloud.frontend.request_log import LoggedRequest, RequestLog
from localcloud.frontend.sign_in import answer_sign_in, check_login, read_user
from localcloud.frontend.sockets import find_proxy_address, listen_on_localhost
from localcloud.frontend.static import StaticHandlers
from localcloud.launch.plan import Handler, Platform

TICKET = "X-Appengine-Api-Ticket"
"""The header with the app's ticket for the API server, in `extra_headers` of an app that uses bundled services."""
# docs/platform-facts.md, "Uploads to the Blobstore".
_UPLOADED = "X-Appengine-Blobupload"
_TICKET_NAME = TICKET.lower().encode("ascii")

_RETRY_SECONDS = 0.05
# The largest body of a request over HTTP/1: https://cloud.google.com/run/quotas
_LIMITS = {Platform.CLOUD_RUN: 32 << 20, Platform.FUNCTIONS: 32 << 20}
# An upload to the Blobstore is held in memory.
_LARGEST_UPLOAD = 128 << 20


class FrontEnd(Listener):
    """The front end of one app: visitors reach it at `url`, and the app receives what the platform would send.

    `upstream` is the app's own address. `port` 0 means any free one. `handlers` are app.yaml's, with files relative to
    `directory`. `extra_headers` are added to every request for the app, and a visitor cannot send them.
    `blobs` returns the app's Blobstore, for an app that uses bundled services.
    `behind_load_balancer` puts an external load balancer between visitors and the platform.
    `requests` logs every request under `name`. `patience` is how many seconds a request waits for an app that does not
    listen yet; once `ended()` is true, it waits no more, and `explain()` says why nothing listens there.
    """

    def __init__(
        self,
        platform: Platform,
        upstream: tuple[str, int],
        *,
        directory: Path,
        port: int = 0,
        handlers: Sequence[Handler] = (),
        extra_headers: Mapping[str, str] | None = None,
        blobs: Callable[[], Blobs] | None = None,
        behind_load_balancer: bool = False,
        name: str = "",
        requests: RequestLog | None = None,
        patience: float = 15.0,
        ended: Callable[[], bool] = lambda: False,
        explain: Callable[[], str] = lambda: "it is still starting or has ended; see its log",
    ) -> None:
        super().__init__()
        self.port = port
        self._upstream = upstream
        self.change(platform, directory=directory, handlers=handlers, extra_headers=extra_headers)
        self._blobs = blobs
        self._behind_load_balancer = behind_load_balancer
        self._name = name
        self._requests = requests or RequestLog()
        self._patience = patience
        self._ended = ended
        self._explain = explain
        # By host and path, the front end of another service to which App Engine's dispatch.yaml gives a request.
        self.choose_service: Callable[[str, str], FrontEnd | None] | None = None

    def change(
        self,
        platform: Platform,
        *,
        directory: Path,
        handlers: Sequence[Handler] = (),
        extra_headers: Mapping[str, str] | None = None,
    ) -> None:
        """Serve another version of the app from the next request on."""
        self._platform = platform
        self._handlers = StaticHandlers(directory, handlers)
        self._extra_headers = dict(extra_headers or {})
        self.upstream = self._upstream  # the address to connect from depends on the platform, too

    @property
    def upstream(self) -> tuple[str, int]:
        """The app's own address."""
        return self._upstream

    @upstream.setter
    def upstream(self, address: tuple[str, int]) -> None:
        self._upstream = address
        self._local_address = find_proxy_address(self._platform, address[0])

    @property
    def url(self) -> str:
        """The address for a browser, as in "http://localhost:8080"."""
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        """Listen on 127.0.0.1 and, if this machine has IPv6, on ::1; raises UserError if the port is taken."""
        sockets = listen_on_localhost(self.port)
        self.port = sockets[0].getsockname()[1]
        self.listen(sockets)

    def stop(self) -> None:
        """Stop listening and break off the requests under way; `start` may follow, on the same port."""
        self.close()

    async def respond(self, wire: Wire, request: h11.Request, visitor: str) -> int:
        """Answer a request, with the app's answer or our own; an error of the app becomes a page that explains it."""
        target = request.target.decode("ascii")
        copy = wire.watcher = Copy(request) if self._requests.tell else None
        with self._requests.record(self._name, request.method.decode("ascii"), target, visitor) as logged:
            try:
                logged.status = await self._respond(wire, request, visitor, logged)
            except AppError as error:
                logged.status = error.status or 502
                if wire.unanswered:
                    return await send_answer(wire, request, plain(logged.status, str(error)))
                wire.break_off()
            except VisitorError as error:
                logged.status = error.status
                raise
            finally:
                wire.watcher = None
                if copy and self._requests.tell and not self._from_app_engine(request):
                    self._requests.tell(copy.exchange(logged.app, visitor))
            return logged.status

    async def _respond(self, wire: Wire, request: h11.Request, visitor: str, logged: LoggedRequest) -> int:
        if request.method == b"CONNECT":
            return await send_answer(
                wire, request, plain(405, "this is an app; it does not forward requests to other hosts.")
            )
        if self._platform not in headers.APP_ENGINE and headers.wants_websocket(request.headers):
            return await send_answer(
                wire,
                request,
                plain(501, f"localcloud does not support WebSockets here; connect to the app at {self._app} directly."),
            )
        target = origin_form(request.target)
        path = _read_path(target)
        service = self
        if self._has_ticket(request):
            logged.visitor = "App Engine"  # such as a task, whose service has been chosen already
        elif self.choose_service:
            service = self.choose_service(_hostname(request), path) or self
            logged.app = service._name
        if service._has_blobs and path.startswith(UPLOAD):
            return await service._receive_upload(wire, request, path, visitor)
        answer = await asyncio.to_thread(service._answer, request, target, path)
        if answer is not None:
            return await send_answer(wire, request, answer)
        return await service._proxy(wire, request, target, visitor)

    @property
    def _has_blobs(self) -> bool:
        return self._blobs is not None and TICKET in self._extra_headers

    async def _receive_upload(self, wire: Wire, request: h11.Request, path: str, visitor: str) -> int:
        """Put the files of an upload into the Blobstore, and pass the rest of it on to the app."""
        if request.method != b"POST":
            return await send_answer(wire, request, Response(405, b"", {"Allow": "POST"}))
        body = await wire.read_body(_LARGEST_UPLOAD)
        kind = (header(request.headers, b"content-type") or b"").decode("latin-1")

        def receive() -> Forwarded | Response:
            assert self._blobs
            forwarded = self._blobs().receive(path.removeprefix(UPLOAD), kind, body)
            if isinstance(forwarded, Response):
                return forwarded
            # The app has asked for this request, so no `login:` stands before it.
            return self._handlers.answer("POST", _read_path(forwarded.target)) or forwarded

        forwarded = await asyncio.to_thread(receive)
        if isinstance(forwarded, Response):
            return await send_answer(wire, request, forwarded)
        return await self._proxy(wire, request, forwarded.target, visitor, forwarded)

    def _answer(self, request: h11.Request, target: bytes, path: str) -> Response | None:
        """Return the answer that App Engine gives for the app, or None. Reads files, so it may block."""
        if self._platform in headers.APP_ENGINE and not self._from_app_engine(request):
            received = request.headers.raw_items()
            if self._has_blobs and path.startswith(IMAGE):
                assert self._blobs
                if request.method not in (b"GET", b"HEAD"):
                    return Response(405, b"", {"Allow": "GET, HEAD"})
                return self._blobs().image(path.removeprefix(IMAGE))
            text = target.decode("ascii")
            signs_in = self._extra_headers or self._handlers.has_login
            page = answer_sign_in(path, text, received) if signs_in else None
            handler = self._handlers.behind_login(path)
            if page is None and handler and handler.login:
                page = check_login(handler.login, handler.login_redirects, text, read_user(received))
            if page is not None:
                return page
        return self._handlers.answer(request.method.decode("ascii"), path)

    def _from_app_engine(self, request: h11.Request) -> bool:
        """Return whether a request passes for one of App Engine itself.

        That has the app's ticket, or App Engine's headers and an administrator.
        See docs/platform-facts.md, "App Engine's own requests".
        """
        if self._has_ticket(request):
            return True
        received = request.headers.raw_items()
        if self._platform not in headers.APP_ENGINE or not headers.has_app_engine_headers(received):
            return False
        user = read_user(received)
        return user is not None and user.admin

    def _has_ticket(self, request: h11.Request) -> bool:
        """Return whether a request has the app's ticket, which no visitor knows."""
        ticket = self._extra_headers.get(TICKET)
        if not ticket:
            return False
        return secrets.compare_digest(ticket.encode(), header(request.headers, _TICKET_NAME) or b"")

    async def _proxy(
        self, wire: Wire, request: h11.Request, target: bytes, visitor: str, forwarded: Forwarded | None = None
    ) -> int:
        """Pass a request on to the app, or what is `forwarded` in its place."""
        received = request.headers.raw_items()
        extra = self._extra_headers
        if forwarded:
            received = forwarded.replace(received)
            extra = {**extra, _UPLOADED: "true"}
        from_app_engine = self._from_app_engine(request)
        if from_app_engine:
            received = [(name, value) for name, value in received if name.lower() != b"cookie"]
            visitor = (header(received, b"x-appengine-user-ip") or visitor.encode()).decode("latin-1")
        limit = _LIMITS.get(self._platform)
        if limit and int(header(request.headers, b"content-length") or b"0") > limit:
            raise transfer.too_large(limit)
        head = h11.Request(
            method=request.method,
            target=target,
            headers=headers.for_app(
                self._platform,
                received,
                visitor=visitor,
                hostname=f"localhost:{self.port}",
                chunked=any(name.lower() == b"transfer-encoding" for name, _ in received),
                extra=extra,
                behind_load_balancer=self._behind_load_balancer,
                user=read_user(received) if self._extra_headers else None,
                from_app_engine=from_app_engine,
            ),
        )
        app = await self._connect()
        # At the same time, because an app may answer before it has read the whole body.
        upload = asyncio.ensure_future(
            transfer.send(app, head, forwarded.body) if forwarded else transfer.upload(wire, app, head, limit)
        )
        try:
            answer = await transfer.receive_head(app)
            if self._has_blobs and names_blob(answer.headers):
                return await self._send_blob(wire, request, answer)
            return await transfer.download(app, answer, wire)
        except AppError as error:
            if upload.done() and (cause := upload.exception()) is not None:
                raise cause from error  # the visitor broke off first, so `upload` had to break with the app
            raise AppError(
                "the app closed the connection before it answered; see its log for the reason.", 502
            ) from error
        finally:
            upload.cancel()
            try:
                await asyncio.gather(upload, return_exceptions=True)
            finally:
                app.close()  # also if the front end is stopped during the wait

    async def _send_blob(self, wire: Wire, request: h11.Request, answer: h11.Response) -> int:
        """Send the blob that the app's answer names in its place."""
        sent = headers.for_visitor(answer.headers.raw_items())
        asked = header(request.headers, b"range")

        def find() -> Response:
            assert self._blobs
            return answer_with_blob(self._blobs(), answer.status_code, sent, asked)

        try:
            blob = await asyncio.to_thread(find)
        except AppError as error:
            blob = plain(error.status or 502, str(error))
        return await send_answer(wire, request, blob)

    async def _connect(self) -> Wire:
        """Connect to the app, waiting until it listens.

        A connection serves one request: an app server may close an idle one just when the next request is written to
        it, and that request could not be repeated safely.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience
        while True:
            connection = socket.socket(socket.AF_INET6 if ":" in self.upstream[0] else socket.AF_INET)
            wire = Wire(h11.CLIENT, connection, AppError)
            try:
                if self._local_address:
                    connection.bind(self._local_address)
                await loop.sock_connect(connection, self.upstream)
            except OSError as error:
                wire.close()
                if loop.time() >= deadline or self._ended():
                    text = f"no app listens on {self._app}: {self._explain()}."
                    raise AppError(text, 503) from error
                await asyncio.sleep(_RETRY_SECONDS)
            except asyncio.CancelledError:
                wire.close()
                raise
            else:
                return wire

    @property
    def _app(self) -> str:
        return write_address(*self.upstream)


def _read_path(target: bytes) -> str:
    """Return the decoded path of a request's target."""
    return unquote_to_bytes(target.partition(b"?")[0]).decode("utf-8", "surrogateescape")


def _hostname(request: h11.Request) -> str:
    """Return the host that a visitor asks for, without its port."""
    host = (header(request.headers, b"host") or b"").decode("latin-1").lower()
    return (re.sub(r":\d*$", "", host) if not host.endswith("]") else host).strip("[]")
