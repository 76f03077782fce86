"""The `capability_service` service: everything is available."""

from __future__ import annotations

from google.appengine.api.capabilities import capability_service_pb2 as pb
from google.appengine.api.capabilities.capability_stub import CapabilityServiceStub

from localcloud.appengine.callers import Caller
from localcloud.appengine.services.stub_service import Messages, Surroundings

MESSAGES: Messages = {"IsEnabled": (pb.IsEnabledRequest, pb.IsEnabledResponse)}


def make_stub(caller: Caller, surroundings: Surroundings) -> CapabilityServiceStub:
    """Make the stub of an app."""
    return CapabilityServiceStub()
