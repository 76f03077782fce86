"""The `urlfetch` service: real requests, from this machine."""

from __future__ import annotations

from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

from google.appengine.api import urlfetch_service_pb2 as pb
from google.appengine.api import urlfetch_stub

from localcloud.appengine.callers import Caller
from localcloud.appengine.services.stub_service import Messages, Surroundings

MESSAGES: Messages = {"Fetch": (pb.URLFetchRequest, pb.URLFetchResponse)}


def make_stub(caller: Caller, surroundings: Surroundings) -> urlfetch_stub.URLFetchServiceStub:
    """Make the stub of an app."""
    # The stub looks for the legacy SDK's own certificates. None makes Python check with those of this machine.
    urlfetch_stub.CERT_PATH = None
    return _Stub(f"s~{caller.project}")


class _Stub(urlfetch_stub.URLFetchServiceStub):  # type: ignore[misc]  # the SDK ships no types
    """Google's stub, whose user agent names the app."""

    def __init__(self, app_id: str) -> None:
        super().__init__()
        self._app_id = app_id

    def MakeSyncCall(self, *args: Any, **kwargs: Any) -> None:  # noqa: N802  # the stub's name for it
        token = _app_id.set(self._app_id)
        try:
            super().MakeSyncCall(*args, **kwargs)
        finally:
            _app_id.reset(token)


_app_id: ContextVar[str] = ContextVar("_app_id")
# The stub takes the app's id from the environment, which has one at most.
urlfetch_stub.full_app_id = SimpleNamespace(get=_app_id.get)
