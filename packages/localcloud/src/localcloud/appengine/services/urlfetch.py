"""The `urlfetch` service: real requests, from this machine."""

from __future__ import annotations

from google.appengine.api import urlfetch_service_pb2 as pb
from google.appengine.api import urlfetch_stub

from localcloud.appengine.callers import Caller
from localcloud.appengine.services.stub_service import Messages, Surroundings

MESSAGES: Messages = {"Fetch": (pb.URLFetchRequest, pb.URLFetchResponse)}


def make_stub(caller: Caller, surroundings: Surroundings) -> urlfetch_stub.URLFetchServiceStub:
    """Make the stub of an app."""
    # The stub looks for the legacy SDK's own certificates. None makes Python check with those of this machine.
    urlfetch_stub.CERT_PATH = None
    return urlfetch_stub.URLFetchServiceStub()
