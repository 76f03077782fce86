"""The API server: the HTTP endpoints in front of the bundled services."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h11
from google.appengine.ext.remote_api.remote_api_bytes_pb2 import Request as Envelope
from google.protobuf.message import DecodeError

from datastore_emulator.api.interface import Datastore
from datastore_emulator.api.tracing import traced
from datastore_emulator.http.guard import Guard
from datastore_emulator.http.response import Response
from datastore_emulator.http.service import HttpService, Request, origin_form
from datastore_emulator.http.wire import VisitorError
from datastore_emulator.net.listen import listen
from localcloud.appengine.callers import CURRENT, Caller
from localcloud.appengine.datastore_v3 import DatastoreV3Service
from localcloud.appengine.memcache import MemcacheService, ProjectCache
from localcloud.appengine.rpc import AnsweredCall, Dispatcher
from localcloud.appengine.services import AddedTask, Surroundings, make_services
from localcloud.appengine.tickets import Tickets, UnknownTicketError

if TYPE_CHECKING:
    from localcloud.appengine.blobs import AppBlobs
    from localcloud.appengine.services.taskqueue import TaskQueues

# The Python 3 SDK posts its calls to the first, Python 2's remote_api stub to the second.
_PATHS = (b"/rpc_http", b"/")
_CONTENT_TYPE = "application/octet-stream"

# Memcache has the largest calls: 32 MB (google.appengine.api.memcache.memcache_stub.MAX_REQUEST_SIZE).
_MAX_BODY = 33 << 20


class ApiServer:
    """Serves the bundled services of App Engine apps over HTTP, at the SDK's `API_HOST` and `API_PORT`.

    Every call carries the ticket of its app, which `ticket` issues. `observe` is called before each call to Memcache,
    `observe_bundled` before each one to Datastore that comes through here, as in "Datastore RunQuery".
    """

    def __init__(
        self,
        datastore: Datastore,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], float] = time.time,
        observe: Callable[[str], None] = lambda call: None,
        observe_bundled: Callable[[str], None] = lambda call: None,
    ) -> None:
        self.host = host
        self.port = port
        self._tickets = Tickets()
        self._memcache = MemcacheService(clock, observe)
        datastore_v3 = DatastoreV3Service(traced(datastore, observe_bundled))
        # For callers without a ticket. The Datastore's own port needs none either.
        self.datastore_dispatcher = Dispatcher({"datastore_v3": datastore_v3})
        self._task_observers: list[Callable[[AddedTask], None]] = []
        surroundings = Surroundings(
            clock, datastore, datastore_v3, self._tickets, self._report_task, lambda: bool(self._task_observers)
        )
        self._services = make_services(surroundings, observe)
        self._dispatcher = Dispatcher({"datastore_v3": datastore_v3, "memcache": self._memcache, **self._services})
        self._http = _Http(self._dispatcher, self._tickets)

    def ticket(self, app: str, instance: str = "") -> str:
        """Return the ticket that the calls of `app` (a project id or an application id) must carry.

        `instance` tells apps of one project apart.
        """
        return self._tickets.ticket(app, instance)

    def connect(
        self, ticket: str, url: str, directory: Path, log: Callable[[str], None], service: str = "default"
    ) -> None:
        """Say where the app that has a ticket is served, where its files are, and where its log is."""
        self._tickets.connect(ticket, url, directory, log, service)

    def disconnect(self, ticket: str) -> None:
        """Forget the app that has a ticket, with what its services keep for it alone."""
        for one in self._services.values():
            one.forget(self._tickets.caller(ticket))
        self._tickets.disconnect(ticket)

    def dispatch(self, choose_service: Callable[[str, str], str | None]) -> None:
        """Give App Engine's own requests to the service whose ticket `choose_service(host, path)` returns, if any."""
        self._tickets.choose_service = choose_service

    def memcache(self, app: str) -> ProjectCache:
        """Return the cache of `app` (a project id or an application id)."""
        return self._memcache.cache(app)

    def caller(self, ticket: str) -> Caller:
        """Return the app that has a ticket."""
        return self._tickets.caller(ticket)

    def stub(self, service: str, ticket: str) -> Any:
        """Return Google's stub of a service for the app that has a ticket; it has methods to look at what it holds."""
        return self._services[service].stub(self._tickets.caller(ticket))

    def observe(self, calls: Callable[[AnsweredCall], None], tasks: Callable[[AddedTask], None]) -> None:
        """Call `calls` with each call that a service has answered, and `tasks` with each task that a queue has got.

        From then on tasks run one by one, so that what they do does not depend on the machine's speed.
        """
        self._dispatcher.observers.append(calls)
        self._task_observers.append(tasks)

    def _report_task(self, task: AddedTask) -> None:
        for observer in self._task_observers:
            observer(task)

    def task_queues(self) -> list[TaskQueues]:
        """Return the task queues of all apps that have used some."""
        return self._services["taskqueue"].stubs()

    def blobs(self, ticket: str) -> AppBlobs:
        """Return the blobs of the app that has a ticket, for its front end."""
        # Imported here, since the stubs of both services take a second.
        from localcloud.appengine.blobs import AppBlobs

        return AppBlobs(self.stub("blobstore", ticket), self.stub("images", ticket))

    def start(self) -> None:
        """Listen, and set `port`; raises UserError if the port is taken."""
        listener = listen(self.host, self.port, "the API server")
        self.port = listener.getsockname()[1]
        self._http.listen([listener])

    def stop(self) -> None:
        """Stop listening and hang up on every client; start() may follow, on the same port."""
        self._http.close()
        for service in self._services.values():
            service.stop()


class _Http(HttpService):
    """The HTTP side of the API server."""

    def __init__(self, dispatcher: Dispatcher, tickets: Tickets) -> None:
        super().__init__("api-server", Guard(), largest_body=_MAX_BODY)
        self._dispatcher = dispatcher
        self._tickets = tickets

    def check(self, request: h11.Request) -> None:
        if request.method != b"POST":
            raise VisitorError("calls are posted", 405)
        if origin_form(request.target) not in _PATHS:
            raise VisitorError("calls are posted to /rpc_http or /", 404)

    def answer(self, request: Request) -> Response:
        if request.content_type != _CONTENT_TYPE:
            raise VisitorError(f"calls are {_CONTENT_TYPE}", 415)
        try:
            call = Envelope.FromString(request.body)
        except DecodeError as error:
            raise VisitorError("the body is not a remote_api Request", 400) from error
        # The Python 3 SDK puts the ticket into the call itself.
        ticket = request.header(b"x-appengine-api-ticket") or call.request_id
        try:
            caller = self._tickets.caller(ticket)
        except UnknownTicketError as error:
            raise VisitorError(str(error), 403) from error
        token = CURRENT.set(caller)
        try:
            answer = self._dispatcher.handle(call, caller)
        finally:
            CURRENT.reset(token)
        return Response(200, answer, {"Content-Type": _CONTENT_TYPE})

    def refusal(self, request: h11.Request | None, status: int, reason: str) -> Response:
        headers = {"Content-Type": "text/plain; charset=utf-8", **({"Allow": "POST"} if status == 405 else {})}
        return Response(status, f"localcloud API server: {reason}\n".encode(), headers)
