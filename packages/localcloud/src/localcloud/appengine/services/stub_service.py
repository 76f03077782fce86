"""A bundled service that Google's own stub answers, one stub for each app."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, cast

from google.appengine.api import datastore_errors, mail_errors
from google.appengine.runtime.apiproxy_errors import ArgumentError, CallNotFoundError, RPCFailedError
from google.protobuf.message import Message

from datastore_emulator.api.interface import Datastore
from datastore_emulator.errors import DatastoreError
from localcloud.appengine.bundled_service import call_method
from localcloud.appengine.callers import Caller
from localcloud.appengine.datastore_v3 import DatastoreV3Service
from localcloud.appengine.tickets import Tickets

Messages = Mapping[str, tuple[type[Message], type[Message]]]
"""The request and the response of each call."""

# What Google's stubs raise for an argument that the SDK's own client would not send.
_OF_ARGUMENTS = (ValueError, AssertionError, datastore_errors.Error, mail_errors.Error)


@dataclass(frozen=True)
class AddedTask:
    """A task that a queue has got, as a TaskQueueAddRequest.

    `service` is the name of the service that runs it. `delay` is in seconds.
    """

    request: Any
    service: str
    delay: float


@dataclass(frozen=True)
class Surroundings:
    """The parts of the local cloud that stubs use: its clock, its Datastore, and all its apps.

    `datastore` is the Datastore of App Engine's first generation, on the same `entities`. `report_task` is called with
    each task that a queue has got. `runs_tasks_one_by_one` says whether tasks wait for each other.
    """

    clock: Callable[[], float]
    entities: Datastore
    datastore: DatastoreV3Service
    tickets: Tickets = field(default_factory=Tickets)
    report_task: Callable[[AddedTask], None] = lambda task: None
    runs_tasks_one_by_one: Callable[[], bool] = lambda: False


class Definition(Protocol):
    """A module here that defines one service.

    An app may have several services. Each has a stub of its own, unless the module says that they share one: `SHARED`.
    A stub also answers calls for tests, which no cloud has. `MESSAGES` are those of the cloud. A module may have
    `REFUSED`, too: calls that the cloud has and localcloud does not, each with its reason.
    """

    MESSAGES: Messages

    def make_stub(self, caller: Caller, surroundings: Surroundings) -> Any:
        """Make the stub of an app."""
        ...


class StubService:
    """One bundled service by Google's own stub.

    `module` is the name of its definition. It is imported at the first call, because some stubs take a second.
    """

    def __init__(
        self, name: str, module: str, surroundings: Surroundings, observe: Callable[[str], None] = lambda call: None
    ) -> None:
        self.name = name
        self._module = module
        self._surroundings = surroundings
        self._observe = observe
        self._stubs: dict[str, Any] = {}
        self._lock = threading.Lock()

    @property
    def definition(self) -> Definition:
        """The module that defines the service."""
        return cast(Definition, importlib.import_module(f"{__package__}.{self._module}"))

    def call(self, method: str, payload: bytes, caller: Caller) -> bytes:
        """Answer one call of an app."""
        self._observe(f"{self.name} {method}")
        if reason := getattr(self.definition, "REFUSED", {}).get(method):
            raise CallNotFoundError(f"localcloud's {self.name} does not serve {method}(): {reason}")
        stub = self.stub(caller)
        methods = {
            name: (request, partial(self._answer, stub, name, response, caller))
            for name, (request, response) in self.definition.MESSAGES.items()
        }
        return call_method(self.name, methods, method, payload)

    def stub(self, caller: Caller) -> Any:
        """Return the stub of an app."""
        with self._lock:
            owner = self._owner(caller)
            if owner not in self._stubs:
                self._stubs[owner] = self.definition.make_stub(caller, self._surroundings)
            return self._stubs[owner]

    def stubs(self) -> list[Any]:
        """Return the stubs of all apps that have made a call."""
        with self._lock:
            return list(self._stubs.values())

    def forget(self, caller: Caller) -> None:
        """Drop the stub of an app, unless another service of the app shares it."""
        with self._lock:
            if not self._stubs or (self._is_shared and self._surroundings.tickets.peers(caller)[1:]):
                return
            _stop(self._stubs.pop(self._owner(caller), None))

    def stop(self) -> None:
        """End what the stubs do on their own."""
        with self._lock:
            for stub in self._stubs.values():
                _stop(stub)
            self._stubs.clear()

    def _owner(self, caller: Caller) -> str:
        return caller.app if self._is_shared else caller.ticket

    @property
    def _is_shared(self) -> bool:
        return getattr(self.definition, "SHARED", False)

    def _answer(self, stub: Any, method: str, response_class: type[Message], caller: Caller, request: Message) -> Any:
        if name := _find_broken_text(request):
            raise ArgumentError(f"{self.name}.{method}(): {name} is not UTF-8")
        response = response_class()
        # A stub says whether several threads may call it. The lock is its own.
        try:
            with nullcontext() if stub.THREADSAFE else stub._mutex:
                stub.MakeSyncCall(self.name, method, request, response, caller)
        except _OF_ARGUMENTS as error:
            raise ArgumentError(f"{self.name}.{method}(): {error}") from error
        except DatastoreError as error:
            raise RPCFailedError(f"{self.name}.{method}(): the Datastore did not answer: {error.message}") from error
        return response


def _find_broken_text(message: Message) -> str | None:
    """Return the name of a text that is not UTF-8, for which the old protocol buffers give bytes, None if all are."""
    for known, value in message.ListFields():
        values = value if known.is_repeated else [value]
        if known.type == known.TYPE_STRING and any(isinstance(one, bytes) for one in values):
            return str(known.name)
        if known.message_type is not None:
            found = next(filter(None, map(_find_broken_text, values)), None)
            if found:
                return found
    return None


def _stop(stub: Any) -> None:
    if hasattr(stub, "stop"):
        stub.stop()
